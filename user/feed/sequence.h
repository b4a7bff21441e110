/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Feeds that number what they send, so that a receiver can tell what it lost. A reader takes the numbers out of one
 * datagram; what they say together is for session/numbering.h.
 */
#ifndef PL_FEED_SEQUENCE_H
#define PL_FEED_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed/decoder.h"

#define SEQUENCE_SESSION_MAX 16

struct sequence {
	char session[SEQUENCE_SESSION_MAX]; /* what the numbers belong to, beside source and port; "" where the feed has none */
	uint64_t first;	   /* number of the first message; of the next one to come where count is 0 */
	uint32_t count;	   /* numbers that the datagram takes up; 0 for a heartbeat. first + count does not overflow */
	uint32_t messages; /* messages in the datagram */
	int64_t time_ns;   /* UTC, when it was sent; TIME_UNKNOWN where the feed does not say */
};

/* False where the datagram carries no number: the decoder says why. */
typedef bool (*sequence_fn)(const uint8_t *data, size_t len, struct sequence *out);

/* NULL for a decoder (or none) whose feeds are not numbered. */
sequence_fn sequence_reader(const struct decoder *decoder);

/* user/feed/mdp3.c and moldudp64.c */
bool mdp3_sequence(const uint8_t *data, size_t len, struct sequence *out);
bool moldudp64_sequence(const uint8_t *data, size_t len, struct sequence *out);

#endif
