/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * When each byte of a TCP stream arrived. Pure: fed with segments, asked about byte offsets.
 *
 * offset of a sequence number = seq - (ISN + 1), modulo 2^32, brought near the in-order frontier (a window is < 2^31).
 * arrival of a byte     = stamp of the first segment that carried it; copies that come later do not count.
 * completion of a byte  = latest arrival of it and of every byte before it: when TCP could hand it over.
 * stall of a byte       = completion - arrival: head-of-line blocking.
 */
#ifndef PL_STREAM_SEGMENTS_H
#define PL_STREAM_SEGMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ranges kept at most (1 MiB); the oldest are forgotten first. A 16 MiB message on Ethernet takes 11,600. */
#define SEGMENTS_MAX 32768

struct segments_range {
	uint64_t start, end;
	int64_t arrival_ns;
	int64_t completion_ns; /* set once the frontier has passed it */
};

struct segments {
	bool synchronized; /* the SYN-ACK was seen */
	uint32_t isn;
	uint64_t frontier;  /* every byte before it has arrived (or was given up) */
	int64_t latest_ns;  /* completion of the byte before the frontier */
	struct segments_range *ranges; /* [head, count) in use, ordered, disjoint; [head, next) lie before the frontier */
	size_t head, next, count, capacity;
	uint64_t retransmits; /* segments without a new byte */
	uint64_t reordered;   /* segments that left a hole before them */
};

struct segments_time {
	int64_t first_ns; /* TIME_UNKNOWN where the first byte's range was forgotten or lost */
	int64_t wire_ns;  /* completion of the last byte */
	int64_t stall_ns;
};

enum segments_answer {
	SEGMENTS_KNOWN,
	SEGMENTS_WAIT, /* not yet covered in order */
	SEGMENTS_LOST, /* given up or forgotten: no time will come */
};

/* Offset of `seq` in a stream with this ISN, nearest to `near`; negative for what lies before the first byte. */
static inline int64_t segments_offset(uint32_t isn, uint64_t near, uint32_t seq)
{
	return (int64_t)near + (int32_t)(seq - (isn + 1 + (uint32_t)near));
}

/* A new connection. The counters go on. All zero is a valid empty state. */
void segments_reset(struct segments *segments);
void segments_free(struct segments *segments);

/*
 * A segment: flags are PL_TCP_*, seq that of the first payload byte, or of the SYN itself. Before the SYN(-ACK) was seen
 * nothing can be placed and segments are ignored.
 */
void segments_add(struct segments *segments, uint32_t seq, uint32_t len, uint32_t flags, int64_t stamp_ns);

/* Times of the message that lies in [first, end), end > 0. */
enum segments_answer segments_find(const struct segments *segments, uint64_t first, uint64_t end,
				   struct segments_time *out);

/*
 * Bytes before `upto` were read from the socket at known_ns; where they are still not covered, their records were lost.
 * All bytes from the hole to `upto`, and those behind it that arrived by known_ns, are given up: the lost segment may
 * have come after them and held them back, so their completion cannot be known. What arrives later is exact again.
 */
void segments_give_up(struct segments *segments, uint64_t upto, int64_t known_ns);

/* The oldest range before the frontier that was not forgotten; NULL: there is none. */
const struct segments_range *segments_oldest(const struct segments *segments);

/* Nobody will ask about bytes before `offset` any more. */
void segments_forget(struct segments *segments, uint64_t offset);

#endif
