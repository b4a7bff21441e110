// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a packet costs in the kernel programs, by BPF_PROG_TEST_RUN, while another thread drains the ring every
 * millisecond as the tap does. Each case is measured in turn with the one that it stands above, several times over: its row
 * has the medians of the pairs, and comes as soon as it is measured. Packets come far faster here than off any wire: they are sent in pieces that the ring holds, and it is empty before the next.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "frames.h"
#include "record.h"
#include "tap/match.h"

#include "bench.skel.h"

#define ROUNDS 9
#define PIECE 8000 /* of the largest records, 12.5 of the ring's 16 MiB */
#define PIECES 20  /* a call takes 20 ms, whatever it measures: the kernel waits for all CPUs to have seen the program */

#define SETS_BYTES (PL_SET_BUCKETS * sizeof(struct pl_set_bucket))

#define PORT_DATAGRAM 7001
#define PORT_SHRED 7002
#define PORT_LOCAL 7003
#define PORT_KEEPER 7004
#define PORT_NOBODY 7005
#define PORT_SHRED_EACH 7006
#define PORT_SHRED_PAYLOAD 7007
#define PORT_BEGINNING 7008

#define BUDGET_UNMATCHED_NS 15
#define BUDGET_MATCHED_NS 80

struct bench_case {
	const char *name;
	const char *goes; /* where the time goes */
	struct bpf_program *program;
	int base;	/* the case that is subtracted; -1: none */
	int budget_ns;	/* 0: none stated */
	struct frame_spec frame;
};

static struct bench *kernel;
static void *sets; /* the kernel's table of them */
static atomic_bool stop;
static atomic_uint drained; /* times that the ring was drained */

static int ignore_record(void *context, void *data, size_t len)
{
	(void)context;
	(void)data;
	(void)len;
	return 0;
}

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set); /* with one CPU only the other choice is no better */
}

static void *drain(void *context)
{
	on_cpu(0);
	while (!atomic_load(&stop)) {
		ring_buffer__consume(context);
		atomic_fetch_add(&drained, 1);
		usleep(1000);
	}
	return NULL;
}

static void clear_sets(void)
{
	memset(sets, 0, SETS_BYTES);
}

static uint64_t counter(uint32_t feed, enum pl_counter which)
{
	uint64_t values[256][PL_COUNTER_MAX], sum = 0;
	int cpus = libbpf_num_possible_cpus(), cpu;

	if (cpus < 0 || cpus > 256 || bpf_map_lookup_elem(bpf_map__fd(kernel->maps.counters), &feed, values))
		return 0;
	for (cpu = 0; cpu < cpus; cpu++)
		sum += values[cpu][which];
	return sum;
}

/* Until whatever lies in the ring now has been taken out: the drain that may be under way, and the next. */
static void wait_drained(void)
{
	unsigned int before = atomic_load(&drained);

	while (atomic_load(&drained) - before < 2)
		usleep(100);
}

/* Mean nanoseconds per packet. The first piece warms the caches up. */
static int run(const struct bench_case *one, double *ns)
{
	uint8_t frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .repeat = PIECE);
	double sum = 0;
	int i;

	clear_sets();
	options.data_size_in = frame_build(&one->frame, frame);
	for (i = -1; i < PIECES; i++) {
		if (bpf_prog_test_run_opts(bpf_program__fd(one->program), &options))
			return -errno;
		if (i >= 0)
			sum += options.duration;
		wait_drained();
	}
	*ns = sum / PIECES;
	return 0;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void fill_tables(void)
{
	struct match match = {}, beginning = {.capture = 24};
	struct pl_flow *flow = &kernel->bss->flows[0];

	match_to_rule(&match, 0, PL_ACTION_DATAGRAM, 0, &kernel->bss->rules[0]);
	match_to_rule(&match, 1, PL_ACTION_SHRED, 0, &kernel->bss->rules[1]);
	match_to_rule(&match, 2, PL_ACTION_EGRESS, 0, &kernel->bss->rules[2]);
	kernel->bss->ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_UDP, PORT_DATAGRAM)] = 1;
	kernel->bss->ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_UDP, PORT_SHRED)] = 2;
	kernel->bss->ports[PL_PORT_INDEX(PL_EGRESS, PL_PORT_TCP, PORT_KEEPER)] = 3;
	inet_pton(AF_INET, "192.0.2.1", flow->key.remote + 12);
	memset(flow->key.remote + 10, 0xff, 2);
	match_to_rule(&match, 4, PL_ACTION_SHRED_EACH, 0, &kernel->bss->rules[3]);
	match_to_rule(&match, 4, PL_ACTION_SHRED_PAYLOAD, 0, &kernel->bss->rules[4]);
	kernel->bss->ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_UDP, PORT_SHRED_EACH)] = 4;
	kernel->bss->ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_UDP, PORT_SHRED_PAYLOAD)] = 5;
	match_to_rule(&beginning, 0, PL_ACTION_DATAGRAM, 0, &kernel->bss->rules[5]);
	kernel->bss->ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_UDP, PORT_BEGINNING)] = 6;
	flow->key.remote_port = 443;
	flow->key.local_port = PORT_LOCAL;
	flow->id = 3;
	kernel->bss->ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_TCP, PORT_LOCAL)] = 1;
}

/* Measures a case beside its base (NULL: it is one itself), and prints its row. */
static int bench(const struct bench_case *one, const struct bench_case *base)
{
	double ns[ROUNDS], above[ROUNDS];
	int code = 0, round;

	for (round = 0; !code && round < ROUNDS; round++) {
		above[round] = 0;
		if (base)
			code = run(base, &above[round]);
		if (!code)
			code = run(one, &ns[round]);
		above[round] = ns[round] - above[round];
	}
	if (code) {
		fprintf(stderr, "%s: BPF_PROG_TEST_RUN: %s\n", one->name, strerror(-code));
		return code;
	}
	printf("%-44s %6.0f ", one->name, median(ns));
	if (!base) {
		printf("%8s %15s %7s  %s\n", "-", "", "-", one->goes);
	} else {
		double more = median(above);

		printf("%+8.0f (%+5.0f … %+4.0f) ", more, above[0], above[ROUNDS - 1]);
		if (one->budget_ns)
			printf("%3d %-4s %s\n", one->budget_ns, more <= one->budget_ns ? "in" : "OVER", one->goes);
		else
			printf("%7s  %s\n", "-", one->goes);
	}
	fflush(stdout);
	return 0;
}

int main(void)
{
	static const uint8_t zeroes[2048];
	static uint8_t shred[1228];
	struct ring_buffer *ring;
	pthread_t drainer;
	size_t i;
	int code = 0;

	kernel = bench__open_and_load();
	if (!kernel) {
		fprintf(stderr, "skip: the kernel programs do not load here: %s (root is needed)\n", strerror(errno));
		return 0;
	}
	fill_tables();
	shred[64] = 0x96;
	shred[85] = 0x40;

	enum { PASS, PARSE, PARSE_TCP, SETS_PARSE, TC_PASS, TC_PARSE };
	const struct frame_spec nobody = {.dest_port = PORT_NOBODY, .payload = zeroes, .len = 96};
	const struct frame_spec nobody_tcp = {.tcp = true, .source_port = 443, .dest_port = PORT_NOBODY, .payload = zeroes,
					      .len = 96};
	const struct frame_spec segment = {.tcp = true, .source_port = 443, .dest_port = PORT_LOCAL, .payload = zeroes,
					   .len = 96};
	const struct frame_spec keeper = {.tcp = true, .source_port = 40000, .dest_port = PORT_KEEPER, .payload = zeroes,
					  .len = 96};
	const struct frame_spec data_shred = {.dest_port = PORT_SHRED, .payload = shred, .len = 1203};
	const struct frame_spec any_shred = {.dest_port = PORT_SHRED, .payload = shred, .len = 1228};
	struct bench_case cases[] = {
		[PASS] = {"XDP: return only", "the harness", kernel->progs.bench_pass, -1, 0, nobody},
		[PARSE] = {"XDP: bare parse, UDP", "headers to ports and payload", kernel->progs.bench_parse, PASS, 0, nobody},
		[PARSE_TCP] = {"XDP: bare parse, TCP", "headers to ports and payload", kernel->progs.bench_parse, PASS, 0,
			       nobody_tcp},
		[SETS_PARSE] = {"XDP: bare parse, changing shreds", "writing the next shred, parse",
				kernel->progs.bench_sets_parse, PASS, 0, any_shred},
		[TC_PASS] = {"tc: return only", "the harness", kernel->progs.bench_tc_pass, -1, 0, nobody},
		[TC_PARSE] = {"tc: bare parse, TCP", "headers to ports and payload", kernel->progs.bench_tc_parse, TC_PASS, 0,
			      nobody_tcp},
		{"XDP: nobody's, UDP", "one load from the port table", kernel->progs.pl_xdp, PARSE, BUDGET_UNMATCHED_NS, nobody},
		{"XDP: nobody's, TCP", "one load from the port table", kernel->progs.pl_xdp, PARSE_TCP, BUDGET_UNMATCHED_NS,
		 nobody_tcp},
		{"XDP: datagram of 32 bytes", "rule, clock, ring record, copy", kernel->progs.pl_xdp, PARSE, BUDGET_MATCHED_NS,
		 {.dest_port = PORT_DATAGRAM, .payload = zeroes, .len = 32}},
		{"XDP: datagram of 96 bytes", "rule, clock, ring record, copy", kernel->progs.pl_xdp, PARSE, BUDGET_MATCHED_NS,
		 {.dest_port = PORT_DATAGRAM, .payload = zeroes, .len = 96}},
		{"XDP: datagram of 400 bytes", "rule, clock, ring record, copy", kernel->progs.pl_xdp, PARSE, BUDGET_MATCHED_NS,
		 {.dest_port = PORT_DATAGRAM, .payload = zeroes, .len = 400}},
		{"XDP: datagram of 1400 bytes", "rule, clock, ring record, copy", kernel->progs.pl_xdp, PARSE, BUDGET_MATCHED_NS,
		 {.dest_port = PORT_DATAGRAM, .payload = zeroes, .len = 1400}},
		{"XDP: datagram of 1400 bytes, 24 are read", "the same as one of 32", kernel->progs.pl_xdp, PARSE, BUDGET_MATCHED_NS,
		 {.dest_port = PORT_BEGINNING, .payload = zeroes, .len = 1400}},
		{"XDP: segment of an own connection", "flow, clock, ring record", kernel->progs.pl_xdp, PARSE_TCP,
		 BUDGET_MATCHED_NS, segment},
		{"XDP: shred, all duplicates", "rule, clock, the table of sets, one atomic", kernel->progs.pl_xdp, PARSE,
		 BUDGET_MATCHED_NS, data_shred},
		{"XDP: shreds, sets of 64, none twice", "the same; a new set and a record in 64", kernel->progs.bench_sets,
		 SETS_PARSE, BUDGET_MATCHED_NS, any_shred},
		{"XDP: shred, duplicates, packets: all", "the same as duplicates, and a ring record", kernel->progs.pl_xdp, PARSE, 0,
		 {.dest_port = PORT_SHRED_EACH, .payload = shred, .len = 1203}},
		{"XDP: shred, duplicates, payload: true", "the same, and 1203 bytes copied", kernel->progs.pl_xdp, PARSE, 0,
		 {.dest_port = PORT_SHRED_PAYLOAD, .payload = shred, .len = 1203}},
		{"tc egress: nobody's, TCP", "one load from the port table", kernel->progs.pl_tc_egress, TC_PARSE,
		 BUDGET_UNMATCHED_NS, nobody_tcp},
		{"tc egress: the keeper's", "rule, clock, ring record", kernel->progs.pl_tc_egress, TC_PARSE, BUDGET_MATCHED_NS,
		 keeper},
	};
	const size_t count = sizeof(cases) / sizeof(*cases);

	sets = mmap(NULL, SETS_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(kernel->maps.sets), 0);
	if (sets == MAP_FAILED) {
		fprintf(stderr, "table of sets: %s\n", strerror(errno));
		return 1;
	}
	ring = ring_buffer__new(bpf_map__fd(kernel->maps.ring), ignore_record, NULL, NULL);
	if (!ring || pthread_create(&drainer, NULL, drain, ring)) {
		fprintf(stderr, "ring: %s\n", strerror(errno));
		return 1;
	}
	on_cpu(1);
	printf("%-44s %6s %8s %15s %7s\n", "case (medians of 9 runs of 160,000 packets)", "ns", "above", "(least … most)", "budget");
	for (i = 0; !code && i < count; i++)
		code = bench(&cases[i], cases[i].base < 0 ? NULL : &cases[cases[i].base]);
	atomic_store(&stop, true);
	pthread_join(drainer, NULL);
	for (i = 0; i < 5; i++) {
		uint64_t full = counter(i, PL_COUNTER_RING_FULL), sets = counter(i, PL_COUNTER_MAP_FULL);

		if (full || sets)
			printf("NOT VALID: of %llu packets of case group %zu, %llu found the ring and %llu the table full\n",
			       (unsigned long long)counter(i, PL_COUNTER_PACKETS), i, (unsigned long long)full,
			       (unsigned long long)sets);
	}
	ring_buffer__free(ring);
	bench__destroy(kernel);
	return code ? 1 : 0;
}
