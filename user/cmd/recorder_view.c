// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/recorder_view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct line {
	enum live_state state;
	int64_t since_mono_ns, wire_to_app_ns;
	uint64_t head, last_packets;
	char reason[160];
};

struct recorder_view {
	const struct site *site;
	struct live *live;
	struct live_view view;
	struct line *lines; /* feeds, then chains */
	struct live_feed *feeds;
	struct live_chain *chains;
	struct live_loss *losses;
};

struct recorder_view *recorder_view_new(const struct site *site, const char *path, int64_t duration_ns)
{
	size_t n = site->feed_count + site->chain_count;
	size_t per_connection = PL_COUNTER_MAX + STREAM_COUNTER_MAX + COLLECT_COUNTER_MAX + CHAIN_COUNTER_MAX +
				READS_COUNTER_MAX;
	struct recorder_view *v = calloc(1, sizeof(*v));

	if (!v)
		return NULL;
	v->site = site;
	v->live = live_new(stderr);
	v->lines = calloc(n, sizeof(*v->lines));
	v->feeds = calloc(site->feed_count + 1, sizeof(*v->feeds));
	v->chains = calloc(site->chain_count + 1, sizeof(*v->chains));
	v->losses = calloc((n + 1) * per_connection, sizeof(*v->losses));
	if (!v->live || !v->lines || !v->feeds || !v->chains || !v->losses) {
		recorder_view_free(v);
		return NULL;
	}
	for (size_t i = 0; i < n; i++) {
		bool passive = i < site->feed_count && !site->feeds[i].url;

		v->lines[i] = (struct line){.state = passive ? LIVE_LISTENING : LIVE_DOWN,
					    .since_mono_ns = passive ? TIME_UNKNOWN : clock_mono_ns(),
					    .wire_to_app_ns = TIME_UNKNOWN,
					    .reason = "connecting"};
	}
	v->view = (struct live_view){.site = site->name,
				     .path = path,
				     .started_mono_ns = clock_mono_ns(),
				     .duration_ns = duration_ns ? duration_ns : TIME_UNKNOWN,
				     .feeds = v->feeds,
				     .feed_count = site->feed_count,
				     .chains = v->chains,
				     .chain_count = site->chain_count,
				     .losses = v->losses};
	return v;
}

void recorder_view_state(struct recorder_view *v, size_t i, const char *reason)
{
	v->lines[i].state = reason ? LIVE_DOWN : LIVE_UP;
	v->lines[i].since_mono_ns = clock_mono_ns();
	snprintf(v->lines[i].reason, sizeof(v->lines[i].reason), "%s", reason ? reason : "");
}

const char *recorder_view_reason(const struct recorder_view *v, size_t i)
{
	return v->lines[i].reason;
}

void recorder_view_wire_to_app(struct recorder_view *v, size_t i, int64_t ns)
{
	v->lines[i].wire_to_app_ns = ns;
}

void recorder_view_head(struct recorder_view *v, size_t i, uint64_t number)
{
	v->lines[i].head = number;
}

void recorder_view_note(struct recorder_view *v, const char *text)
{
	live_note(v->live, text);
}

static void add_losses(struct recorder_view *v, const char *source, const struct loss_counter *table,
		       const uint64_t *counts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].is_loss)
			v->losses[v->view.loss_count++] = (struct live_loss){source, table[i].name, counts[i]};
}

static void fill_feed(struct recorder_view *v, size_t i, const struct recorder_counts *counts, int64_t now)
{
	const struct block_decoder *decoder = v->site->collect[i].block_decoder;
	const struct site_feed *feed = &v->site->feeds[i];
	bool watched = decoder && decoder->frame; /* its packets are no messages */
	struct line *line = &v->lines[i];

	if (line->state == LIVE_LISTENING && counts->tap[PL_COUNTER_PACKETS] != line->last_packets) {
		line->last_packets = counts->tap[PL_COUNTER_PACKETS];
		line->since_mono_ns = now;
	}
	v->feeds[i] = (struct live_feed){
		.name = v->site->collect[i].name,
		.state = line->state,
		.since_mono_ns = line->since_mono_ns,
		.reason = line->reason,
		.messages = feed->url || watched ? counts->stream[STREAM_COUNTER_MESSAGES] : counts->tap[PL_COUNTER_PACKETS],
		.updates = counts->collect[COLLECT_COUNTER_UPDATES] + counts->collect[COLLECT_COUNTER_BLOCK_MESSAGES] +
			   counts->reads[READS_COUNTER_PACKETS],
		.wire_to_app_ns = line->wire_to_app_ns,
	};
}

void recorder_view_paint(struct recorder_view *v, const struct recorder_counts *counts,
			 const uint64_t none[PL_COUNTER_MAX], int64_t now)
{
	const struct site *site = v->site;

	v->view.loss_count = 0;
	for (size_t i = 0; i < site->feed_count; i++) {
		const char *name = site->collect[i].name;

		fill_feed(v, i, &counts[i], now);
		add_losses(v, name, loss_tap, counts[i].tap, PL_COUNTER_MAX);
		add_losses(v, name, loss_stream, counts[i].stream, STREAM_COUNTER_MAX);
		add_losses(v, name, loss_collect, counts[i].collect, COLLECT_COUNTER_MAX);
		add_losses(v, name, loss_reads, counts[i].reads, READS_COUNTER_MAX);
	}
	for (size_t i = 0; i < site->chain_count; i++) {
		const struct recorder_counts *c = &counts[site->feed_count + i];
		const struct line *line = &v->lines[site->feed_count + i];

		v->chains[i] = (struct live_chain){site->chains[i].name,
						   line->state,
						   line->since_mono_ns,
						   line->reason,
						   c->chain[CHAIN_COUNTER_HEADS],
						   c->chain[CHAIN_COUNTER_LOGS],
						   line->head};
		add_losses(v, site->chains[i].name, loss_tap, c->tap, PL_COUNTER_MAX);
		add_losses(v, site->chains[i].name, loss_stream, c->stream, STREAM_COUNTER_MAX);
		add_losses(v, site->chains[i].name, loss_chain, c->chain, CHAIN_COUNTER_MAX);
	}
	add_losses(v, LOSS_SOURCE_TAP, loss_tap, none, PL_COUNTER_MAX);
	live_paint(v->live, &v->view, now);
}

void recorder_view_free(struct recorder_view *v)
{
	if (!v)
		return;
	live_free(v->live);
	free(v->lines);
	free(v->feeds);
	free(v->chains);
	free(v->losses);
	free(v);
}
