// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/offline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

#define SECOND_NS 1000000000L

/* A feed or chain of the site; the active ones are targets of flows. */
struct source {
	struct offline *offline;
	const char *name;
	uint32_t feed;	     /* index, if it is one */
	struct chain *chain; /* NULL: a feed */
	bool active;
	size_t target;
};

struct offline {
	const struct site *site;
	struct offline_handlers handlers;
	struct capture *capture;
	struct flows *flows;
	struct source *sources; /* feeds first, then chains */
	struct flow_target *targets;
	size_t source_count, target_count;
	int64_t progress_ns; /* when progress is to be shown next */
	bool shown;
};

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	const struct offline_handlers *handlers = &((struct offline *)context)->handlers;

	handlers->on_record(handlers->context, record, len);
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	const struct offline_handlers *handlers = &((struct offline *)context)->handlers;

	if (handlers->on_set)
		handlers->on_set(handlers->context, key, set);
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	const struct offline_handlers *handlers = &((struct offline *)context)->handlers;

	if (handlers->on_slot)
		handlers->on_slot(handlers->context, key, slot);
}

static bool on_segment(void *context, const struct capture_segment *segment)
{
	return flows_segment(((struct offline *)context)->flows, segment);
}

static void on_message(void *context, const struct stream_message *message)
{
	struct source *source = context;
	const struct offline_handlers *handlers = &source->offline->handlers;

	if (source->chain) {
		struct chain_stamps stamps = {message->first_mono_ns, message->wire_mono_ns, message->app_mono_ns};

		chain_message(source->chain, message->data, message->len, &stamps);
	} else {
		handlers->on_message(handlers->context, source->feed, message);
	}
}

static void on_packet(void *context, const struct capture_segment *segment)
{
	const struct source *source = context;
	const struct offline_handlers *handlers = &source->offline->handlers;

	if (handlers->on_segment)
		handlers->on_segment(handlers->context, source->name, source->chain, segment->stamp_ns);
}

static void on_chain_update(void *context, const struct chain_update *update)
{
	const struct source *source = context;

	source->offline->handlers.on_update(source->offline->handlers.context, source->name, update);
}

static void on_chain_block(void *context, const struct chain_block *block)
{
	const struct source *source = context;

	source->offline->handlers.on_block(source->offline->handlers.context, source->name, block);
}

static void on_chain_round(void *context, const struct chain_round *round)
{
	const struct source *source = context;

	if (source->offline->handlers.on_round)
		source->offline->handlers.on_round(source->offline->handlers.context, source->name, round);
}

static void on_chain_calldata(void *context, const struct chain_calldata *calldata)
{
	const struct source *source = context;

	if (source->offline->handlers.on_calldata)
		source->offline->handlers.on_calldata(source->offline->handlers.context, source->name, calldata);
}

static void on_chain_final(void *context, const struct chain_final *final)
{
	const struct source *source = context;
	const struct offline_handlers *handlers = &source->offline->handlers;

	if (handlers->on_final)
		handlers->on_final(handlers->context, source->name, final);
}

static void on_chain_mention(void *context, const struct chain_mention *mention)
{
	const struct source *source = context;

	if (source->offline->handlers.on_mention)
		source->offline->handlers.on_mention(source->offline->handlers.context, source->name, mention);
}

static void on_chain_slot(void *context, const struct chain_slot_event *event)
{
	const struct source *source = context;
	const struct offline_handlers *handlers = &source->offline->handlers;

	if (handlers->on_chain_slot)
		handlers->on_chain_slot(handlers->context, source->name, event);
}

static void on_chain_pending(void *context, const struct chain_pending *pending)
{
	const struct source *source = context;

	if (source->offline->handlers.on_pending)
		source->offline->handlers.on_pending(source->offline->handlers.context, source->name, pending);
}

static void on_chain_warning(void *context, const char *text)
{
	(void)context;
	fprintf(stderr, "%s\n", text);
}

static int open_capture(struct offline *offline, const struct offline_input *input, struct error *err)
{
	struct capture_options options = {.idle_ns = TAP_SLOT_IDLE_NS};
	struct capture_handlers handlers = {offline, on_record, on_set, on_slot, on_segment};
	const struct site *site = input->site;
	int status = capture_new(&offline->capture, &options, &handlers, err);

	for (size_t i = 0; !status && i < site->feed_count; i++) {
		if (site->collect[i].reads)
			fprintf(stderr, "%s: when a process read a packet is in no capture: nothing can be said of this feed\n",
				site->collect[i].name);
		for (size_t k = 0; !status && k < site->feeds[i].match_count; k++) {
			const struct match *match = &site->feeds[i].matches[k];
			enum pl_rule_action action = site_action(&site->feeds[i], match);

			if (action == PL_ACTION_ARRIVAL)
				continue;
			if (input->each_shred && action == PL_ACTION_SHRED)
				action = PL_ACTION_SHRED_EACH;
			status = capture_add_match(offline->capture, match, (uint32_t)i, action, site->feeds[i].shred_version,
						   err);
		}
	}
	for (size_t k = 0; !status && k < site->keeper_match_count; k++)
		status = capture_add_match(offline->capture, &site->keeper[k], PL_FEED_NONE, PL_ACTION_EGRESS, 0, err);
	for (size_t i = 0; !status && i < input->file_count; i++)
		status = capture_add_file(offline->capture, input->files[i], err);
	return status;
}

static void add_target(struct offline *offline, struct source *source, const struct site_feed *how)
{
	source->active = true;
	source->target = offline->target_count;
	offline->targets[offline->target_count++] = (struct flow_target){
		.name = source->name,
		.url = how->url,
		.max_message_bytes = how->max_message_bytes,
		.context = source,
		.on_message = on_message,
		.on_packet = on_packet,
	};
}

static int open_sources(struct offline *offline, const char *keylog, struct error *err)
{
	const struct site *site = offline->site;
	int status = 0;

	offline->source_count = site->feed_count + site->chain_count;
	offline->sources = calloc(offline->source_count, sizeof(*offline->sources));
	offline->targets = calloc(offline->source_count, sizeof(*offline->targets));
	if (!offline->sources || !offline->targets)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; !status && i < offline->source_count; i++) {
		struct source *source = &offline->sources[i];
		size_t chain = i - site->feed_count;

		source->offline = offline;
		if (i < site->feed_count) {
			source->name = site->collect[i].name;
			source->feed = (uint32_t)i;
			if (site->feeds[i].url)
				add_target(offline, source, &site->feeds[i]);
		} else {
			struct chain_callbacks callbacks = {
				.context = source,
				.on_update = on_chain_update,
				.on_block = on_chain_block,
				.on_round = on_chain_round,
				.on_calldata = on_chain_calldata,
				.on_final = on_chain_final,
				.on_slot = on_chain_slot,
				.on_mention = on_chain_mention,
				.on_pending = on_chain_pending,
				.on_warning = on_chain_warning,
			};

			source->name = site->chains[chain].name;
			status = chain_new(&source->chain, &site->chains[chain], &callbacks, err);
			add_target(offline, source, &site->chain_connections[chain]);
		}
	}
	if (!status)
		status = flows_new(&offline->flows, offline->targets, offline->target_count, keylog, err);
	if (!status)
		flows_watch(offline->flows, offline->capture);
	return status;
}

int offline_open(struct offline **out, const struct offline_input *input, const struct offline_handlers *handlers,
		 struct error *err)
{
	struct offline *offline = calloc(1, sizeof(*offline));
	int status;

	if (!offline)
		return error_set(err, -ENOMEM, "out of memory");
	offline->site = input->site;
	offline->handlers = *handlers;
	offline->progress_ns = clock_mono_ns() + SECOND_NS;
	status = open_capture(offline, input, err);
	if (!status)
		status = open_sources(offline, input->keylog, err);
	if (status)
		offline_close(offline);
	else
		*out = offline;
	return status;
}

int offline_next(struct offline *offline)
{
	return capture_next(offline->capture);
}

void offline_finish(struct offline *offline)
{
	capture_finish(offline->capture);
	flows_finish(offline->flows);
	for (size_t i = 0; i < offline->source_count; i++)
		if (offline->sources[i].chain)
			chain_finish(offline->sources[i].chain);
}

const struct capture *offline_capture(const struct offline *offline)
{
	return offline->capture;
}

void offline_progress(struct offline *offline, bool last)
{
	int64_t now = clock_mono_ns();
	struct capture_totals totals;

	if (!isatty(STDERR_FILENO) || (last ? !offline->shown : now < offline->progress_ns))
		return;
	offline->progress_ns = now + SECOND_NS / 4;
	offline->shown = true;
	capture_totals(offline->capture, &totals);
	fprintf(stderr, "\r%llu packets", (unsigned long long)totals.packets);
	if (totals.bytes_all)
		fprintf(stderr, ", %.0f %%", 100.0 * (double)totals.bytes_read / (double)totals.bytes_all);
	fputs(last ? "\n" : " ", stderr);
}

/* The packets of a passive feed are counted by the capture, those of an active one by its connections. */
void offline_counts(const struct offline *offline, size_t i, struct offline_counts *out)
{
	const struct source *source = &offline->sources[i];

	*out = (struct offline_counts){.name = source->name, .is_active = source->active, .is_chain = source->chain};
	if (source->active) {
		flows_totals(offline->flows, source->target, &out->flow);
		memcpy(out->tap, out->flow.tap, sizeof(out->tap));
	} else {
		capture_counters(offline->capture, (uint32_t)i, out->tap);
	}
	if (source->chain)
		chain_counters(source->chain, out->chain);
}

uint64_t offline_not_followed(const struct offline *offline)
{
	return flows_not_followed(offline->flows);
}

void offline_close(struct offline *offline)
{
	if (!offline)
		return;
	flows_free(offline->flows);
	for (size_t i = 0; i < offline->source_count && offline->sources; i++)
		if (offline->sources[i].chain)
			chain_free(offline->sources[i].chain);
	capture_free(offline->capture);
	free(offline->sources);
	free(offline->targets);
	free(offline);
}
