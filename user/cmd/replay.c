// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag replay: capture files in, the session out that a recording of the same packets would have made. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "cmd/offline.h"
#include "cmd/pace.h"
#include "cmd/summary.h"
#include "session/loss.h"
#include "version.h"

#define LOOK_EVERY 4096		     /* packets between two looks at the clock and at the writer */
#define LOSS_SOURCE_CAPTURE "capture" /* what is wrong with the files themselves */

struct arguments {
	const char *site, *output, *keylog;
	char **files;
	size_t file_count;
};

struct replay {
	const struct arguments *arguments;
	struct site site;
	struct offline *offline;
	struct session *session;
	struct collector *collector;
	struct pace *pace;
	int status; /* of the first failure inside a callback */
	struct error err;
};

static const struct argp_option options[] = {
	{"config", 'c', "SITE.yaml", 0, "what to measure, as for record (docs/site.md)", 0},
	{"output", 'o', "S.db", 0, "session file to create", 0},
	{"keylog", 'k', "FILE", 0, "TLS secrets of the captured connections, as SSLKEYLOGFILE has them written", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'c':
		a->site = arg;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case 'k':
		a->keylog = arg;
		return 0;
	case ARGP_KEY_ARGS:
		a->files = state->argv + state->next;
		a->file_count = (size_t)(state->argc - state->next);
		return 0;
	case ARGP_KEY_END:
		if (!a->site)
			argp_error(state, "-c SITE.yaml is missing");
		if (!a->output)
			argp_error(state, "-o S.db is missing");
		if (!a->file_count)
			argp_error(state, "the capture files are missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options, parse, "FILE.pcap[ng]...",
	"Makes the session that 'record' would have made of the packets in capture files (pcap, pcapng, '-' for standard "
	"input), merged in time order. Needs no privileges."
	"\vStamps are those of the files, taken as UTC. Connections of active feeds and chains are found by the address, port "
	"and path of their url; encrypted ones need --keylog. Capture whole packets (tcpdump -s 0) and, for a keeper, both "
	"directions; pcapng (dumpcap) says which packets its program lost, and those are counted.",
	NULL, NULL, NULL};

/* ---- rows --------------------------------------------------------------------------------------------------------- */

static void rows(struct replay *r, uint64_t count)
{
	if (!r->status)
		r->status = pace_rows(r->pace, count, &r->err);
}

/* How many rows the collector has made of a feed. */
static uint64_t rows_of(const struct replay *r, uint32_t feed)
{
	uint64_t counts[COLLECT_COUNTER_MAX];

	collector_counters(r->collector, feed, counts);
	return counts[COLLECT_COUNTER_UPDATES] + counts[COLLECT_COUNTER_BLOCK_MESSAGES] + counts[COLLECT_COUNTER_WATCHED];
}

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	struct replay *r = context;
	uint64_t before;

	(void)len;
	switch (record->type) {
	case PL_RECORD_DATAGRAM:
		before = rows_of(r, record->feed);
		collector_datagram(r->collector, (const struct pl_datagram *)record,
				   (const uint8_t *)((const struct pl_datagram *)record + 1));
		rows(r, rows_of(r, record->feed) - before);
		break;
	case PL_RECORD_SHRED:
		before = rows_of(r, record->feed);
		collector_shred(r->collector, (const struct pl_shred_record *)record);
		rows(r, rows_of(r, record->feed) - before + 1);
		break;
	case PL_RECORD_STREAM:
		before = rows_of(r, record->feed);
		collector_stream(r->collector, (const struct pl_stream *)record,
				 (const uint8_t *)((const struct pl_stream *)record + 1));
		rows(r, rows_of(r, record->feed) - before);
		break;
	case PL_RECORD_EGRESS:
		collector_egress(r->collector, (const struct pl_egress *)record);
		rows(r, 1);
		break;
	}
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	struct replay *r = context;

	collector_set(r->collector, key, set);
	rows(r, 1);
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	struct replay *r = context;
	uint64_t before = rows_of(r, key->feed);

	collector_slot(r->collector, key, slot);
	rows(r, rows_of(r, key->feed) - before + 2); /* of the slot, of what its block held, and of what was read only now */
}

static void on_message(void *context, uint32_t feed, const struct stream_message *message)
{
	struct replay *r = context;
	uint64_t before = rows_of(r, feed);

	collector_stream_message(r->collector, feed, message);
	rows(r, rows_of(r, feed) - before);
}

static void on_update(void *context, const char *chain, const struct chain_update *update)
{
	struct replay *r = context;

	session_put_chain_update(r->session, chain, update);
	rows(r, 1);
}

static void on_block(void *context, const char *chain, const struct chain_block *block)
{
	struct replay *r = context;

	session_put_chain_block(r->session, chain, block);
	rows(r, 1);
}

static void on_round(void *context, const char *chain, const struct chain_round *round)
{
	struct replay *r = context;

	session_put_chain_round(r->session, chain, round);
	rows(r, 1);
}

static void on_calldata(void *context, const char *chain, const struct chain_calldata *calldata)
{
	struct replay *r = context;

	session_put_chain_calldata(r->session, chain, calldata);
	rows(r, 1);
}

static void on_final(void *context, const char *chain, const struct chain_final *final)
{
	struct replay *r = context;

	session_put_chain_final(r->session, chain, final);
	rows(r, 1);
}

static void on_chain_slot(void *context, const char *chain, const struct chain_slot_event *event)
{
	struct replay *r = context;

	session_put_slot_event(r->session, chain, event);
	rows(r, 1);
}

static void on_mention(void *context, const char *chain, const struct chain_mention *mention)
{
	struct replay *r = context;

	session_put_chain_mention(r->session, chain, mention);
	rows(r, 1);
}

static void on_pending(void *context, const char *chain, const struct chain_pending *pending)
{
	struct replay *r = context;

	session_put_chain_pending(r->session, chain, pending);
	rows(r, 1);
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static int open_files(struct replay *r, struct error *err)
{
	struct offline_input input = {
		.site = &r->site,
		.files = r->arguments->files,
		.file_count = r->arguments->file_count,
		.keylog = r->arguments->keylog,
	};
	struct offline_handlers handlers = {
		.context = r,
		.on_record = on_record,
		.on_set = on_set,
		.on_slot = on_slot,
		.on_message = on_message,
		.on_update = on_update,
		.on_block = on_block,
		.on_round = on_round,
		.on_calldata = on_calldata,
		.on_pending = on_pending,
		.on_final = on_final,
		.on_chain_slot = on_chain_slot,
		.on_mention = on_mention,
	};

	return offline_open(&r->offline, &input, &handlers, err);
}

static int open_session(struct replay *r, struct error *err)
{
	const struct site *site = &r->site;
	char *files;
	size_t size = 1;
	int status = session_create(&r->session, r->arguments->output, err);

	if (!status)
		status = pace_new(&r->pace, r->session, r->arguments->output, err);
	if (!status)
		status = collector_new(&r->collector, r->session, site->collect, site->feed_count, err);
	if (status)
		return status;
	session_put_meta(r->session, "kind", "replay");
	session_put_meta(r->session, "site", site->name);
	session_put_meta(r->session, "version", PL_VERSION);
	session_put_meta(r->session, "keeper_after", keeper_trigger_name(site->keeper_after));
	session_put_meta(r->session, "keeper_assets", site->keeper_assets);
	for (size_t i = 0; i < r->arguments->file_count; i++)
		size += strlen(r->arguments->files[i]) + 1;
	files = calloc(1, size);
	if (!files)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < r->arguments->file_count; i++)
		sprintf(files + strlen(files), "%s%s", i ? "\n" : "", r->arguments->files[i]);
	session_put_meta(r->session, "files", files);
	free(files);
	for (size_t i = 0; i < site->feed_count; i++) {
		const struct collect_feed *feed = &site->collect[i];

		session_put_feed(r->session, &(struct session_feed){(uint32_t)i, feed->name, feed->role,
								    collect_feed_type(feed), feed->transport});
	}
	for (size_t i = 0; i < site->chain_count; i++)
		session_put_chain(r->session, &(struct session_chain){(uint32_t)i, site->chains[i].name, site->chains[i].network});
	return 0;
}

/* ---- running ------------------------------------------------------------------------------------------------------ */

static int run(struct replay *r, struct error *err)
{
	for (uint64_t packets = 0; !r->status && offline_next(r->offline); packets++) {
		if (packets % LOOK_EVERY)
			continue;
		offline_progress(r->offline, false);
		r->status = session_status(r->session, &r->err);
	}
	if (!r->status) {
		offline_finish(r->offline);
		collector_finish(r->collector);
	}
	offline_progress(r->offline, true);
	if (r->status)
		*err = r->err;
	return r->status;
}

/* ---- closing ------------------------------------------------------------------------------------------------------ */

/* The files' stamps are UTC already, of a clock about which nothing is known. */
static void put_clock(struct replay *r, int64_t at_ns)
{
	struct clock_reading reading = {.mono_ns = at_ns, .real_ns = at_ns, .max_error_ns = TIME_UNKNOWN};

	session_put_clock(r->session, &reading);
}

static void put_meta_number(struct replay *r, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	session_put_meta(r->session, key, text);
}

static void put_span(struct replay *r, const struct capture_totals *totals)
{
	int64_t first = totals->packets ? totals->first_ns : 0, last = totals->packets ? totals->last_ns : 0;

	put_clock(r, first);
	if (last != first)
		put_clock(r, last);
	put_meta_number(r, "start_ns", first);
	put_meta_number(r, "start_mono_ns", first);
	put_meta_number(r, "end_ns", last);
	put_meta_number(r, "end_mono_ns", last);
}

/* What one should know of a source that gave less than it might. */
static void remark(const struct offline_counts *source)
{
	const struct flow_totals *flow = &source->flow;

	if (!source->is_active) {
		if (!source->tap[PL_COUNTER_PACKETS])
			fprintf(stderr, "%s: no packet of the capture matches\n", source->name);
		return;
	}
	if (!flow->connections)
		fprintf(stderr, "%s: no connection to its url is in the capture\n", source->name);
	if (flow->stream[STREAM_COUNTER_ENCRYPTED])
		fprintf(stderr, "%s: %llu of %llu connections are encrypted and gave no message: give their secrets with "
				"--keylog\n",
			source->name, (unsigned long long)flow->stream[STREAM_COUNTER_ENCRYPTED],
			(unsigned long long)flow->connections);
}

static void put_losses(struct replay *r)
{
	uint64_t tap[PL_COUNTER_MAX], stream[STREAM_COUNTER_MAX], collect[COLLECT_COUNTER_MAX];
	struct offline_counts counts;

	for (size_t i = 0; i < r->site.feed_count + r->site.chain_count; i++) {
		offline_counts(r->offline, i, &counts);
		loss_put_tap(r->session, counts.name, counts.tap);
		if (counts.is_active)
			loss_put_stream(r->session, counts.name, counts.flow.stream);
		if (counts.is_chain) {
			loss_put_chain(r->session, counts.name, counts.chain);
		} else {
			collector_counters(r->collector, (uint32_t)i, collect);
			loss_put_collect(r->session, counts.name, collect);
			if (collector_stream_counters(r->collector, (uint32_t)i, stream))
				loss_put_stream(r->session, counts.name, stream);
		}
		remark(&counts);
	}
	capture_counters(offline_capture(r->offline), PL_FEED_NONE, tap);
	loss_put_tap(r->session, LOSS_SOURCE_TAP, tap);
}

static void put_capture_losses(struct replay *r, const struct capture_totals *totals)
{
	session_put_loss(r->session, LOSS_SOURCE_CAPTURE, "cut_files", totals->cut_files, true);
	session_put_loss(r->session, LOSS_SOURCE_CAPTURE, "bad_stamps", totals->bad_stamps, true);
	session_put_loss(r->session, LOSS_SOURCE_CAPTURE, "unknown_link", totals->unknown_link, true);
	session_put_loss(r->session, LOSS_SOURCE_CAPTURE, "dropped", totals->dropped, true);
	session_put_loss(r->session, LOSS_SOURCE_CAPTURE, "backwards", totals->backwards, false);
	session_put_loss(r->session, LOSS_SOURCE_CAPTURE, "packets_read", totals->packets, false);
	session_put_loss(r->session, LOSS_SOURCE_CAPTURE, "connections_not_followed", offline_not_followed(r->offline), true);
	session_put_loss(r->session, LOSS_SOURCE_SESSION, "rows_lost", session_rows_lost(r->session), true);
	for (size_t i = 0; capture_broken(offline_capture(r->offline), i); i++)
		fprintf(stderr, "%s\n", capture_broken(offline_capture(r->offline), i));
	for (uint32_t i = 0; i < r->site.feed_count; i++)
		if (collector_last_error(r->collector, i)[0])
			fprintf(stderr, "%s: last message that could not be decoded: %s\n", r->site.collect[i].name,
				collector_last_error(r->collector, i));
}

static void close_all(struct replay *r)
{
	if (r->collector)
		collector_free(r->collector);
	offline_close(r->offline);
	site_free(&r->site);
}

int cmd_replay(int argc, char **argv)
{
	struct arguments a = {0};
	struct replay r = {.arguments = &a};
	struct capture_totals totals;
	struct error err, close_err;
	int status, closed = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = site_load(&r.site, a.site, &err);
	if (status) {
		fprintf(stderr, "pricelag replay: %s\n", err.text);
		return EXIT_FAILED;
	}
	/* The files first: a session is created only where there is something to fill it. */
	status = open_files(&r, &err);
	if (!status)
		status = open_session(&r, &err);
	if (!status) {
		status = run(&r, &err);
		capture_totals(offline_capture(r.offline), &totals);
		put_span(&r, &totals);
		put_losses(&r);
		put_capture_losses(&r, &totals);
	}
	/* Before the session: the last connection to a file removes its write-ahead log. */
	pace_free(r.pace);
	if (r.session)
		closed = session_close(r.session, &close_err);
	if (!status && closed) {
		status = closed;
		err = close_err;
	}
	close_all(&r);
	if (status) {
		fprintf(stderr, "pricelag replay: %s\n", err.text);
		return EXIT_FAILED;
	}
	return summary_print(a.output);
}
