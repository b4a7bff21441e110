/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * From packets that came for other processes, and what the kernel says of their reads, to how long each packet waited for
 * its reader. Pure: fed with records of the ring, in their order. No byte of any payload is needed.
 *
 * TCP: the kernel tells up to which sequence number a process has read. A packet is read with the read that takes its
 * last byte; its `wire` is its in-order completion (segments.h), since nobody could have read it before.
 *
 * UDP: a socket's datagrams are read in the order in which they came, and the kernel tells with each read how many bytes
 * it gave and how many datagrams wait behind it. That number keeps the order in step where a datagram never reached the
 * socket: at a read with q behind it, exactly q of the datagrams that came later are still there (READS_SETTLE_NS aside).
 */
#ifndef PL_STREAM_READS_H
#define PL_STREAM_READS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record.h"

#define READS_FLOWS_MAX	  16384		  /* TCP connections followed at once; further ones are counted */
#define READS_SOCKETS_MAX 256		  /* UDP sockets; the one that was silent for longest makes room */
#define READS_QUEUE_MAX	  65536		  /* datagrams that wait in one socket */
#define READS_RECENT_MAX  4096		  /* datagrams kept for a socket that is seen for the first time */
#define READS_IDLE_NS	  600000000000LL  /* a connection without packet and read for this long has ended, … */
#define READS_ENDED_NS	  60000000000LL	  /* … or for this long after its last packet or a socket's last read */
#define READS_ALIVE_NS	  5000000000LL	  /* a process that read within this time of the end may yet read what waits for it */
#define READS_SETTLE_NS	  1000000LL	  /* from the stamp of a datagram until it is in the socket's queue, at most */

#define READS_COUNTERS(X)                                                                                              \
	X(PACKETS, reads_measured, "packets whose read by a process was measured", 0)                                                \
	X(UNSTAMPED, reads_unstamped, "reads of bytes whose packet was not stamped, or could not be told", 1)          \
	X(BLURRED, reads_blurred, "packets read while the ring had lost reads: when they were read is not known", 1)   \
	X(ELSEWHERE, reads_elsewhere, "reads of connections whose packets do not come over a listed interface", 0)     \
	X(SOCKET_FULL, socket_full, "datagrams that no process got: the buffer of their socket was full", 1)           \
	X(NEVER_READ, never_read, "packets that no process read: it ended, or they did not reach its socket", 0)       \
	X(NOT_TRACED, not_traced, "connections beyond what is followed: their reads were not measured", 1)

enum reads_counter {
#define X(ID, name, text, is_loss) READS_COUNTER_##ID,
	READS_COUNTERS(X)
#undef X
		READS_COUNTER_MAX
};

/* A process at one end of a connection, or at a UDP socket. A connection that another process takes over has two. */
struct reader {
	uint32_t id; /* counts from 1 */
	uint32_t feed;
	enum pl_port_space space;
	uint8_t local[16], remote[16]; /* as in pl_stream; all zero: none */
	uint16_t local_port, remote_port;
	uint32_t pid;
	char comm[16]; /* of the thread that read first */
};

struct packet_read {
	uint32_t feed, reader;
	int64_t first_mono_ns; /* the packet's own arrival */
	int64_t wire_mono_ns;  /* since when its bytes could be read; of a datagram the same */
	int64_t app_mono_ns;   /* read; TIME_UNKNOWN: still unread at the end */
	uint32_t bytes;	       /* of its payload, less what had come before */
};

struct reads_callbacks {
	void *context;
	void (*on_reader)(void *context, const struct reader *reader); /* before its first packet */
	void (*on_read)(void *context, const struct packet_read *read);
};

struct reads;

int reads_new(struct reads **out, size_t feed_count, const struct reads_callbacks *callbacks, struct error *err);

/* A PL_RECORD_ARRIVAL, and a PL_RECORD_READ. */
void reads_arrival(struct reads *reads, const struct pl_stream *packet);
void reads_event(struct reads *reads, const struct pl_read *event);

/*
 * When the packet came that completed what a process had read of a connection by `text`'s moment; TIME_UNKNOWN: the
 * connection is not followed, its packet was not stamped, or more was read since.
 */
int64_t reads_wire_ns(struct reads *reads, const struct pl_plaintext *text);

/* Nothing more comes: what is still unread is given out without `app`, if its process was reading until then. */
void reads_finish(struct reads *reads);

void reads_counters(const struct reads *reads, uint32_t feed, uint64_t out[READS_COUNTER_MAX]);
void reads_free(struct reads *reads);

#endif
