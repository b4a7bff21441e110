/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A site's feeds, chains and keeper over capture files: what `replay` and the export of packets share. The calls back come
 * from within offline_next(), for the packet that offline_capture() has in hand, and from within offline_finish().
 */
#ifndef PL_CMD_OFFLINE_H
#define PL_CMD_OFFLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cmd/flows.h"
#include "cmd/site.h"
#include "tap/capture.h"

struct offline_handlers {
	void *context;
	tap_handle_fn on_record; /* as capture_handlers */
	tap_set_fn on_set; /* NULL, as on_slot and on_segment: nobody wants to know */
	tap_slot_fn on_slot;
	/* A TCP segment of a feed's or chain's connection, before what it completes. */
	void (*on_segment)(void *context, const char *name, bool is_chain, uint64_t stamp_ns);
	void (*on_message)(void *context, uint32_t feed, const struct stream_message *message); /* of an active feed */
	void (*on_update)(void *context, const char *chain, const struct chain_update *update);
	void (*on_block)(void *context, const char *chain, const struct chain_block *block);
	void (*on_round)(void *context, const char *chain, const struct chain_round *round); /* NULL, as the next four: … */
	void (*on_calldata)(void *context, const char *chain, const struct chain_calldata *calldata);
	void (*on_pending)(void *context, const char *chain, const struct chain_pending *pending);
	void (*on_final)(void *context, const char *chain, const struct chain_final *final);
	void (*on_mention)(void *context, const char *chain, const struct chain_mention *mention);
	void (*on_chain_slot)(void *context, const char *chain, const struct chain_slot_event *event); /* … nobody wants to know */
};

struct offline_input {
	const struct site *site; /* must outlive it */
	char *const *files;
	size_t file_count;
	const char *keylog; /* or NULL */
	bool each_shred;    /* a record of each shred, whatever the site says */
};

struct offline;

int offline_open(struct offline **out, const struct offline_input *input, const struct offline_handlers *handlers,
		 struct error *err);
int offline_next(struct offline *offline); /* as capture_next() */
void offline_finish(struct offline *offline);
const struct capture *offline_capture(const struct offline *offline);

/* A line on a terminal, a few times a second at most, once there was time to wonder; `last` ends it. */
void offline_progress(struct offline *offline, bool last);

/* Of a feed or chain: feeds first, then chains, in the site's order. */
struct offline_counts {
	const char *name;
	bool is_active, is_chain;
	uint64_t tap[PL_COUNTER_MAX];
	struct flow_totals flow;	   /* if active */
	uint64_t chain[CHAIN_COUNTER_MAX]; /* if a chain */
};
void offline_counts(const struct offline *offline, size_t source, struct offline_counts *out);
uint64_t offline_not_followed(const struct offline *offline);
void offline_close(struct offline *offline);

#endif
