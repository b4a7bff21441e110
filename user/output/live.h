/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The live view of `record`: a small block on stderr, painted anew about once a second where stderr is a terminal, and
 * plain lines (each 10 s, and whenever a state or a loss changes) where it is not.
 *
 * The caller fills a struct live_view from its counters each time; rates are worked out here, from one paint to the next.
 */
#ifndef PL_OUTPUT_LIVE_H
#define PL_OUTPUT_LIVE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum live_state {
	LIVE_UP,	/* a connection that is open, since since_mono_ns */
	LIVE_DOWN,	/* … that is not, with the reason */
	LIVE_LISTENING, /* a passive feed: since_mono_ns is its last packet, TIME_UNKNOWN before the first */
};

struct live_feed {
	const char *name;
	enum live_state state;
	int64_t since_mono_ns;
	const char *reason;	/* why it is down; NULL or "" where that is not known */
	uint64_t messages;	/* for a block feed: packets */
	uint64_t updates;	/* for a block feed: FEC sets that became decodable */
	int64_t wire_to_app_ns; /* of the last message; TIME_UNKNOWN */
};

struct live_chain {
	const char *name;
	enum live_state state;
	int64_t since_mono_ns;
	const char *reason;
	uint64_t heads, updates;
	uint64_t head; /* number of the newest block; 0 = none yet */
};

struct live_loss {
	const char *source; /* feed, chain or LOSS_SOURCE_* */
	const char *name;   /* of the counter: shown in words (loss_words.h) */
	uint64_t count;	    /* zeros are not shown */
};

struct live_view {
	const char *site, *path; /* of the session file */
	int64_t started_mono_ns;
	int64_t duration_ns; /* at which the run will end by itself; TIME_UNKNOWN: by Ctrl-C */
	const struct live_feed *feeds;
	size_t feed_count;
	const struct live_chain *chains;
	size_t chain_count;
	const struct live_loss *losses;
	size_t loss_count;
};

struct live;

/* NULL if out of memory (the other functions accept that and do nothing). */
struct live *live_new(FILE *out);

/* Paints `view` as of now_mono_ns. Feeds keep their order from call to call. */
void live_paint(struct live *live, const struct live_view *view, int64_t now_mono_ns);

/* A line that stays (a warning): goes above the block. */
void live_note(struct live *live, const char *text);

/* Leaves the last block standing, with the cursor below it. */
void live_free(struct live *live);

#endif
