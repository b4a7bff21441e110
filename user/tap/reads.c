// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The tracepoints at which reads of other processes are seen (bpf/read.bpf.h). */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <bpf/bpf.h>

#include "tap/internal.h"

enum { POINTS = 3 };

static const struct {
	const char *tracepoint, *group;
	unsigned int of;
	const char *since;
} points[POINTS] = {
	{"tcp_rcv_space_adjust", "tcp", TAP_READS_TCP, "4.17"},
	{"sock_recv_length", "sock", TAP_READS_UDP, "6.3"},
	{"udp_fail_queue_rcv_skb", "udp", TAP_READS_UDP, "3.2"},
};

static void programs_of(const struct tap *tap, struct bpf_program *out[POINTS])
{
	out[0] = tap->kernel->progs.pl_read_stream;
	out[1] = tap->kernel->progs.pl_read_datagram;
	out[2] = tap->kernel->progs.pl_read_dropped;
}

int tap_reads_check(unsigned int reads, struct error *err)
{
	for (size_t i = 0; i < POINTS; i++)
		if ((points[i].of & reads) && libbpf_find_vmlinux_btf_id(points[i].tracepoint, BPF_TRACE_RAW_TP) < 0)
			return error_set(err, -EOPNOTSUPP,
					 "this kernel does not offer the tracepoint %s:%s, at which reads of %s sockets are seen (Linux "
					 "%s, with BTF)", points[i].group, points[i].tracepoint, points[i].of == TAP_READS_TCP ? "TCP" : "UDP",
					 points[i].since);
	return 0;
}

int reads_prepare(struct tap *tap, unsigned int reads, struct error *err)
{
	struct bpf_program *programs[POINTS];
	struct stat own;
	int code;

	if (!reads)
		return 0;
	code = tap_reads_check(reads, err);
	if (code)
		return code;
	if (stat("/proc/self/ns/net", &own))
		return error_set(err, -errno, "/proc/self/ns/net: %s; which sockets are those of this network namespace cannot be told",
				 strerror(errno));
	tap->kernel->rodata->own_netns = (__u32)own.st_ino;
	programs_of(tap, programs);
	for (size_t i = 0; i < POINTS; i++)
		if (points[i].of & reads)
			bpf_program__set_autoload(programs[i], true);
	return 0;
}

int tap_attach_reads(struct tap *tap, struct error *err)
{
	struct bpf_program *programs[POINTS];

	programs_of(tap, programs);
	for (size_t i = 0; i < POINTS; i++) {
		int fd;

		if (!bpf_program__autoload(programs[i]))
			continue;
		if (tap->link_count == TAP_LINKS_MAX)
			return error_set(err, -ENOSPC, "more than %d programs attached", TAP_LINKS_MAX);
		fd = bpf_raw_tracepoint_open(NULL, bpf_program__fd(programs[i]));
		if (fd < 0)
			return error_set(err, -errno, "tracepoint %s:%s: %s; tracing reads needs CAP_BPF and CAP_PERFMON", points[i].group,
					 points[i].tracepoint, strerror(errno));
		tap->links[tap->link_count++] = fd;
	}
	return 0;
}
