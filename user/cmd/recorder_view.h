/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the live view shows of a recording: kept up to date as events come, painted once a second. */
#ifndef PL_CMD_RECORDER_VIEW_H
#define PL_CMD_RECORDER_VIEW_H

#include <stdint.h>

#include "cmd/site.h"
#include "output/live.h"
#include "session/loss.h"

/* Counters of one feed or chain, read once a second. */
struct recorder_counts {
	uint64_t tap[PL_COUNTER_MAX], stream[STREAM_COUNTER_MAX], collect[COLLECT_COUNTER_MAX], chain[CHAIN_COUNTER_MAX],
		reads[READS_COUNTER_MAX];
};

struct recorder_view;

/* NULL if out of memory. `path` and `site` must outlive it. */
struct recorder_view *recorder_view_new(const struct site *site, const char *path, int64_t duration_ns);

/* Connection i: feeds first, then chains. reason NULL = it is up. */
void recorder_view_state(struct recorder_view *view, size_t i, const char *reason);
const char *recorder_view_reason(const struct recorder_view *view, size_t i); /* why it is down; "" where it is up */
void recorder_view_wire_to_app(struct recorder_view *view, size_t i, int64_t ns);
void recorder_view_head(struct recorder_view *view, size_t i, uint64_t number);
void recorder_view_note(struct recorder_view *view, const char *text);

/* counts[feed_count + chain_count], and those of no feed. */
void recorder_view_paint(struct recorder_view *view, const struct recorder_counts *counts,
			 const uint64_t none[PL_COUNTER_MAX], int64_t now_mono_ns);
void recorder_view_free(struct recorder_view *view);

#endif
