/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The stages of one update's life: names, meaning and clock. Every table, plot axis and JSON key uses these names. */
#ifndef PL_LATENCY_STAGE_H
#define PL_LATENCY_STAGE_H

#include <stdbool.h>

enum stage {
	STAGE_PUBLISHED,
	STAGE_NIC,
	STAGE_WIRE,
	STAGE_APP,
	STAGE_SENT,
	STAGE_PENDING,
	STAGE_BLOCK,
	STAGE_BLOCK_WIRE,
	STAGE_BLOCK_COMPLETE,
	STAGE_SEEN,
	STAGE_FINAL,
	STAGE_MAX
};

enum stage_clock { STAGE_CLOCK_PUBLISHER, STAGE_CLOCK_NIC, STAGE_CLOCK_KERNEL, STAGE_CLOCK_CHAIN };

struct stage_info {
	const char *name;    /* "published" … "final" */
	const char *column;  /* in table timeline: "published_ns" … */
	const char *meaning; /* one sentence */
	enum stage_clock clock;
};

extern const struct stage_info stages[STAGE_MAX];

/* True for what the chain does to an update: pending, block, block_wire, block_complete, seen, final. */
bool stage_is_of_chain(enum stage stage);

/* -EINVAL if no stage has that name. */
int stage_parse(const char *name, enum stage *out);

/* "published, nic, wire, …" for messages. */
const char *stage_names(void);

#endif
