// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The two ends of tests/bench/tap, and probes that do nothing.
 *	live send INTERFACE DEST SECONDS	shreds for UDP port 8001 as live frames (BPF_F_TEST_XDP_LIVE_FRAMES) into one end of
 *					a veth pair, as fast as this CPU can; prints "sent WALL_SECONDS CPU_SECONDS PACKETS"
 *	live sink			a UDP socket on port 8001 that is read as fast as it can; at SIGTERM or SIGINT prints
 *					"received PACKETS"
 *	live pass INTERFACE		an XDP program that only returns, until SIGTERM or SIGINT; says "attached" on stderr
 *	live drop INTERFACE		the same, and no packet goes on
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "frames.h"
#include "record.h"

#include "bench.skel.h"

#define PORT 8001
#define BATCH 64
#define CALL 262144 /* frames in a call: its set-up takes milliseconds */
#define SINK_BATCH 64

static volatile sig_atomic_t stop;

static void on_signal(int signal)
{
	(void)signal;
	stop = 1;
}

static double seconds(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static int send_frames(const char *interface, const char *dest, double duration)
{
	static uint8_t payload[1228], frame[FRAME_MAX];
	struct frame_spec spec = {.dest_port = PORT, .source = "10.98.1.1", .dest = dest, .payload = payload, .len = sizeof(payload)};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = frame_build(&spec, frame), .repeat = CALL,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
	struct bench *bench = bench__open();
	uint16_t word;
	double began, used;

	if (!bench)
		return -errno;
	bench->rodata->live_ifindex = if_nametoindex(interface);
	for (int i = 0; i < 20; i += 2) {
		memcpy(&word, frame + 14 + i, sizeof(word));
		if (i != 2 && i != 10) /* length and checksum */
			bench->rodata->live_ip_sum += word;
	}
	if (!bench->rodata->live_ifindex) {
		fprintf(stderr, "live: there is no interface %s\n", interface);
		return -ENODEV;
	}
	if (bench__load(bench))
		return -errno;
	began = seconds(CLOCK_MONOTONIC);
	used = seconds(CLOCK_PROCESS_CPUTIME_ID);
	while (seconds(CLOCK_MONOTONIC) - began < duration) {
		if (bpf_prog_test_run_opts(bpf_program__fd(bench->progs.bench_live), &run)) {
			fprintf(stderr, "live: BPF_PROG_TEST_RUN: %s\n", strerror(errno));
			return -errno;
		}
	}
	printf("sent %.6f %.6f %llu\n", seconds(CLOCK_MONOTONIC) - began, seconds(CLOCK_PROCESS_CPUTIME_ID) - used,
	       (unsigned long long)bench->bss->live_sent);
	bench__destroy(bench);
	return 0;
}

static int sink(void)
{
	static uint8_t buffers[SINK_BATCH][64]; /* the payload is copied only as far as a receiver needs to tell shreds apart */
	struct mmsghdr messages[SINK_BATCH] = {0};
	struct iovec vectors[SINK_BATCH];
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sigaction action = {.sa_handler = on_signal};
	struct timeval patience = {.tv_usec = 100000}; /* for a signal that came just before it began to wait */
	unsigned long long received = 0;
	int bytes = 64 << 20, fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		fprintf(stderr, "live: port %d: %s\n", PORT, strerror(errno));
		return -errno;
	}
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	for (int i = 0; i < SINK_BATCH; i++) {
		vectors[i] = (struct iovec){buffers[i], sizeof(buffers[i])};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
	}
	while (!stop) {
		int count = recvmmsg(fd, messages, SINK_BATCH, MSG_WAITFORONE, NULL);

		if (count > 0)
			received += (unsigned int)count;
	}
	printf("received %llu\n", received);
	return 0;
}

static int hook(const char *interface, bool drop)
{
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = XDP_FLAGS_DRV_MODE);
	struct bench *bench = bench__open_and_load();
	struct bpf_program *program;
	sigset_t end;
	int link, signal;

	if (!bench)
		return -errno;
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	program = drop ? bench->progs.bench_drop : bench->progs.bench_pass;
	link = bpf_link_create(bpf_program__fd(program), (int)if_nametoindex(interface), BPF_XDP, &options);
	if (link < 0) {
		fprintf(stderr, "live: %s: XDP: %s\n", interface, strerror(errno));
		return -errno;
	}
	fprintf(stderr, "attached\n");
	sigwait(&end, &signal);
	close(link);
	bench__destroy(bench);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "send"))
		return send_frames(argv[2], argv[3], atof(argv[4])) ? 1 : 0;
	if (argc == 2 && !strcmp(argv[1], "sink"))
		return sink() ? 1 : 0;
	if (argc == 3 && (!strcmp(argv[1], "pass") || !strcmp(argv[1], "drop")))
		return hook(argv[2], !strcmp(argv[1], "drop")) ? 1 : 0;
	fprintf(stderr, "usage: live send INTERFACE DEST SECONDS | live sink | live pass|drop INTERFACE\n");
	return 2;
}
