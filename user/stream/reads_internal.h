/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What reads.c (TCP connections, and the whole) and reads_datagram.c (UDP sockets) share. */
#ifndef PL_STREAM_READS_INTERNAL_H
#define PL_STREAM_READS_INTERNAL_H

#include <stdbool.h>

#include "stream/reads.h"

struct datagram_socket;
struct datagram;

struct datagrams {
	struct datagram_socket *sockets[READS_SOCKETS_MAX];
	size_t socket_count;
	struct datagram *recent; /* READS_RECENT_MAX, with the first one; the next goes to recent[recent_count % READS_RECENT_MAX] */
	uint64_t recent_count;
};

struct reads_flow;

#ifdef PL_SMALL_TABLES /* of the fuzzer, which makes thousands a second and is to fill them */
#define READS_BUCKETS 16
#else
#define READS_BUCKETS 4096
#endif

struct reads {
	struct reads_callbacks callbacks;
	size_t feed_count;
	uint64_t (*counters)[READS_COUNTER_MAX];
	struct reads_flow *buckets[READS_BUCKETS];
	size_t flow_count, swept;
	uint32_t readers; /* ids given out */
	uint32_t lost;	  /* as the latest read told */
	int64_t now_ns;	  /* of the latest record */
	struct datagrams datagrams;
};

/* The reader's id is kept in *reader; a process other than the last one there gets a new one. */
void reads_see_reader(struct reads *reads, const struct pl_read *event, enum pl_port_space space, struct reader *reader);

void datagrams_arrival(struct reads *reads, const struct pl_stream *packet);
void datagrams_event(struct reads *reads, const struct pl_read *event);
void datagrams_finish(struct reads *reads);
void datagrams_free(struct datagrams *datagrams);

#endif
