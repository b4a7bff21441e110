// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a read pays for being seen: a byte sent and read again over loopback, without the tap's tracepoints, with them where
 * nobody asked for the socket, and where somebody did. The kernel's own count of the programs' time stands beside it. Then
 * the same for a record of TLS, with the uprobes that read its plaintext.
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <openssl/ssl.h>

#include "tap/internal.h"

#define ROUNDS 15
#define READS 20000 /* in a round */
#define PORT 7100

enum mode { ABSENT, OTHERS, ASKED, MODES };
static const char *const mode_names[] = {"no tracepoint", "of a socket nobody asked for", "of a socket somebody asked for"};

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void die(const char *what)
{
	fprintf(stderr, "bench reads: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* A connected pair over loopback; the reading side has PORT. */
static void open_pair(int type, int pair[2])
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int server = socket(AF_INET, type, 0), one = 1;

	setsockopt(server, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(server, (void *)&at, sizeof(at)) || (type == SOCK_STREAM && listen(server, 1)))
		die("loopback");
	pair[0] = socket(AF_INET, type, 0);
	if (connect(pair[0], (void *)&at, sizeof(at)))
		die("loopback");
	pair[1] = type == SOCK_STREAM ? accept(server, NULL, NULL) : server;
	if (type == SOCK_STREAM)
		close(server);
}

static double round_ns(const int pair[2])
{
	int64_t start = now_ns();
	char byte = 0;

	for (int i = 0; i < READS; i++)
		if (write(pair[0], &byte, 1) != 1 || read(pair[1], &byte, 1) != 1)
			die("loopback");
	return (double)(now_ns() - start) / READS;
}

static struct tap *open_tap(enum mode mode, enum pl_port_space space, bool plaintext)
{
	struct match match = {.space = space, .port_low = mode == ASKED ? PORT : PORT + 1, .port_high = mode == ASKED ? PORT : PORT + 1};
	struct tap_options options = {.reads = TAP_READS_TCP | TAP_READS_UDP, .plaintext = plaintext};
	struct error err;
	struct tap *tap;

	if (tap_open(&tap, &options, &err) || tap_add_match(tap, &match, 0, PL_ACTION_ARRIVAL, 0, &err) || tap_attach_reads(tap, &err)) {
		fprintf(stderr, "bench reads: %s\n", err.text);
		exit(1);
	}
	return tap;
}

static void forget(void *context, const struct pl_record *record, size_t len)
{
	(void)context;
	(void)record;
	(void)len;
}

/* What the kernel counted of one program. */
static void program_time(const struct bpf_program *program, double *ns, uint64_t *runs)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (!bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len)) {
		*ns += (double)info.run_time_ns;
		*runs += info.run_cnt;
	}
}

static void measure(int type, const char *name)
{
	double least[MODES] = {1e18, 1e18, 1e18}, own_ns[MODES] = {0}, passed_ns = 0;
	uint64_t runs[MODES] = {0}, passed = 0;
	int pair[2], stats;

	open_pair(type, pair);
	round_ns(pair);
	for (int round = 0; round < ROUNDS; round++) {
		for (enum mode mode = ABSENT; mode < MODES; mode++) {
			struct tap *tap = mode == ABSENT ? NULL : open_tap(mode, type == SOCK_STREAM ? PL_PORT_TCP : PL_PORT_UDP, false);
			double ns = round_ns(pair);

			if (ns < least[mode])
				least[mode] = ns;
			if (!tap)
				continue;
			tap_drain(tap, forget, NULL);
			stats = bpf_enable_stats(BPF_STATS_RUN_TIME);
			round_ns(pair);
			program_time(type == SOCK_STREAM ? tap->kernel->progs.pl_read_stream : tap->kernel->progs.pl_read_datagram,
				     &own_ns[mode], &runs[mode]);
			if (type == SOCK_STREAM) /* its program for UDP runs as well, and sees at once that this is none */
				program_time(tap->kernel->progs.pl_read_datagram, &passed_ns, &passed);
			close(stats);
			tap_close(tap);
		}
	}
	for (enum mode mode = ABSENT; mode < MODES; mode++) {
		printf("%-4s a byte sent and read, %-32s %7.0f ns", name, mode_names[mode], least[mode]);
		if (mode != ABSENT)
			printf("  %+5.0f ns (%+.1f %%); by the kernel's count %.0f ns a run", least[mode] - least[ABSENT],
			       100 * (least[mode] / least[ABSENT] - 1), own_ns[mode] / (double)runs[mode]);
		putchar('\n');
	}
	if (passed)
		printf("     the count itself, with a program that leaves at once: %.0f ns a run\n", passed_ns / (double)passed);
	close(pair[0]);
	close(pair[1]);
}

/* ---- TLS ---- */

/* Which file this process has libssl from. */
static void find_library(char *out, size_t size)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4352], *slash;

	out[0] = '\0';
	while (maps && fgets(line, sizeof(line), maps))
		if (strstr(line, "libssl") && (slash = strchr(line, '/')))
			snprintf(out, size, "%.*s", (int)strcspn(slash, "\n"), slash);
	if (maps)
		fclose(maps);
}

static double tls_round_ns(SSL *const ends[2])
{
	int64_t start = now_ns();
	char price[200] = "";

	for (int i = 0; i < READS / 4; i++)
		if (SSL_write(ends[0], price, sizeof(price)) != sizeof(price) || SSL_read(ends[1], price, sizeof(price)) != sizeof(price))
			die("TLS");
	return (double)(now_ns() - start) / (READS / 4);
}

/* Without a certificate: the cost of a record is the same. */
static void open_tls(const int pair[2], SSL *ends[2])
{
	SSL_CTX *context = SSL_CTX_new(TLS_method());
	int done[2] = {0};

	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_cipher_list(context, "aNULL:@SECLEVEL=0");
	for (int i = 0; i < 2; i++) {
		ends[i] = SSL_new(context);
		SSL_set_fd(ends[i], pair[i]);
		fcntl(pair[i], F_SETFL, O_NONBLOCK);
	}
	SSL_set_connect_state(ends[0]);
	SSL_set_accept_state(ends[1]);
	for (int i = 0; i < 100000 && !(done[0] && done[1]); i++) {
		done[i & 1] |= SSL_do_handshake(ends[i & 1]) == 1;
		usleep(100);
	}
	for (int i = 0; i < 2; i++)
		fcntl(pair[i], F_SETFL, 0);
	SSL_CTX_free(context);
}

static void measure_tls(void)
{
	static const char *const names[MODES] = {"no probe", "of a connection nobody asked for", "of a connection somebody asked for"};
	double least[MODES] = {1e18, 1e18, 1e18};
	char library[4096];
	int pair[2];
	SSL *ends[2];

	find_library(library, sizeof(library));
	open_pair(SOCK_STREAM, pair);
	open_tls(pair, ends);
	for (int round = 0; round < ROUNDS; round++) {
		for (enum mode mode = ABSENT; mode < MODES; mode++) {
			struct tap *tap = mode == ABSENT ? NULL : open_tap(mode, PL_PORT_TCP, true);
			struct error err;
			double ns;

			if (tap && tap_attach_plaintext(tap, library, 0, &err)) {
				fprintf(stderr, "bench reads: %s\n", err.text);
				exit(1);
			}
			ns = tls_round_ns(ends);
			if (ns < least[mode])
				least[mode] = ns;
			tap_close(tap);
		}
	}
	for (enum mode mode = ABSENT; mode < MODES; mode++)
		printf("TLS  200 bytes sent and read, %-34s %7.0f ns  %+5.0f ns (%+.1f %%)\n", names[mode], least[mode],
		       least[mode] - least[ABSENT], 100 * (least[mode] / least[ABSENT] - 1));
	for (int i = 0; i < 2; i++)
		SSL_free(ends[i]);
}

int main(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd;

	if (unshare(CLONE_NEWNET))
		die("a network namespace of its own (needs root)");
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (ioctl(fd, SIOCSIFFLAGS, &request))
		die("loopback");
	close(fd);
	measure(SOCK_STREAM, "TCP");
	measure(SOCK_DGRAM, "UDP");
	measure_tls();
	return 0;
}
