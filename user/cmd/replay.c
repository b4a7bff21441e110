// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag replay: capture files in, the session out that a recording of the same packets would have made. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/flows.h"
#include "cmd/pace.h"
#include "cmd/site.h"
#include "cmd/summary.h"
#include "session/loss.h"
#include "tap/capture.h"
#include "version.h"

#define SECOND_NS 1000000000L
#define SLOT_IDLE_NS (5 * SECOND_NS) /* as in a recording */
#define LOOK_EVERY 4096		     /* packets between two looks at the clock and at the writer */
#define LOSS_SOURCE_CAPTURE "capture" /* what is wrong with the files themselves */

struct arguments {
	const char *site, *output, *keylog;
	char **files;
	size_t file_count;
};

/* A feed or chain of the site; the active ones are targets of flows. */
struct source {
	struct replay *replay;
	const char *name;
	uint32_t feed;
	struct chain *chain; /* NULL: a feed */
};

struct replay {
	const struct arguments *arguments;
	struct site site;
	struct capture *capture;
	struct flows *flows;
	struct session *session;
	struct collector *collector;
	struct pace *pace;
	struct source *sources; /* feeds first, then chains */
	struct flow_target *targets;
	size_t *target_source; /* index in sources */
	size_t source_count, target_count;
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
	return counts[COLLECT_COUNTER_UPDATES] + counts[COLLECT_COUNTER_BLOCK_MESSAGES];
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
		collector_shred(r->collector, (const struct pl_shred_record *)record);
		rows(r, 1);
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

	collector_slot(r->collector, key, slot);
	rows(r, 1);
}

static bool on_segment(void *context, const struct capture_segment *segment)
{
	return flows_segment(((struct replay *)context)->flows, segment);
}

static void on_message(void *context, const struct stream_message *message)
{
	struct source *source = context;
	struct replay *r = source->replay;
	uint64_t before;

	if (source->chain) {
		struct chain_stamps stamps = {message->first_mono_ns, message->wire_mono_ns, message->app_mono_ns};

		chain_message(source->chain, message->data, message->len, &stamps);
		return;
	}
	before = rows_of(r, source->feed);
	collector_stream_message(r->collector, source->feed, message);
	rows(r, rows_of(r, source->feed) - before);
}

static void on_chain_update(void *context, const struct chain_update *update)
{
	struct source *source = context;

	session_put_chain_update(source->replay->session, source->name, update);
	rows(source->replay, 1);
}

static void on_chain_block(void *context, const struct chain_block *block)
{
	struct source *source = context;

	session_put_chain_block(source->replay->session, source->name, block);
	rows(source->replay, 1);
}

static void on_chain_warning(void *context, const char *text)
{
	fprintf(stderr, "%s: %s\n", ((struct source *)context)->name, text);
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

static int open_capture(struct replay *r, struct error *err)
{
	struct capture_options capture_options = {.idle_ns = SLOT_IDLE_NS};
	struct capture_handlers handlers = {r, on_record, on_set, on_slot, on_segment};
	const struct site *site = &r->site;
	int status = capture_new(&r->capture, &capture_options, &handlers, err);

	for (size_t i = 0; !status && i < site->feed_count; i++)
		for (size_t k = 0; !status && k < site->feeds[i].match_count; k++)
			status = capture_add_match(r->capture, &site->feeds[i].matches[k], (uint32_t)i,
						   site->feeds[i].action, site->feeds[i].shred_version, err);
	for (size_t k = 0; !status && k < site->keeper_match_count; k++)
		status = capture_add_match(r->capture, &site->keeper[k], PL_FEED_NONE, PL_ACTION_EGRESS, 0, err);
	for (size_t i = 0; !status && i < r->arguments->file_count; i++)
		status = capture_add_file(r->capture, r->arguments->files[i], err);
	return status;
}

static void add_target(struct replay *r, size_t source, const struct site_feed *how)
{
	r->target_source[r->target_count] = source;
	r->targets[r->target_count++] = (struct flow_target){
		.name = r->sources[source].name,
		.url = how->url,
		.max_message_bytes = how->max_message_bytes,
		.context = &r->sources[source],
		.on_message = on_message,
	};
}

static int open_sources(struct replay *r, struct error *err)
{
	const struct site *site = &r->site;
	int status = 0;

	r->source_count = site->feed_count + site->chain_count;
	r->sources = calloc(r->source_count, sizeof(*r->sources));
	r->targets = calloc(r->source_count, sizeof(*r->targets));
	r->target_source = calloc(r->source_count, sizeof(*r->target_source));
	if (!r->sources || !r->targets || !r->target_source)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; !status && i < r->source_count; i++) {
		struct source *source = &r->sources[i];
		size_t chain = i - site->feed_count;

		source->replay = r;
		if (i < site->feed_count) {
			source->name = site->collect[i].name;
			source->feed = (uint32_t)i;
			if (site->feeds[i].url)
				add_target(r, i, &site->feeds[i]);
		} else {
			struct chain_callbacks callbacks = {source, on_chain_update, on_chain_block, NULL, on_chain_warning};

			source->name = site->chains[chain].name;
			status = chain_new(&source->chain, &site->chains[chain], &callbacks, err);
			add_target(r, i, &site->chain_connections[chain]);
		}
	}
	if (!status)
		status = flows_new(&r->flows, r->targets, r->target_count, r->arguments->keylog, err);
	if (!status)
		flows_watch(r->flows, r->capture);
	return status;
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
	return 0;
}

/* ---- running ------------------------------------------------------------------------------------------------------ */

static void show_progress(const struct replay *r, int64_t started_ns, bool last)
{
	static int64_t next_ns;
	int64_t now = clock_mono_ns();
	struct capture_totals totals;

	if (!isatty(STDERR_FILENO) || now < started_ns + SECOND_NS || (now < next_ns && !last))
		return;
	next_ns = now + SECOND_NS / 4;
	capture_totals(r->capture, &totals);
	fprintf(stderr, "\r%llu packets", (unsigned long long)totals.packets);
	if (totals.bytes_all)
		fprintf(stderr, ", %.0f %%", 100.0 * (double)totals.bytes_read / (double)totals.bytes_all);
	fputs(last ? "\n" : " ", stderr);
}

static int run(struct replay *r, struct error *err)
{
	int64_t started_ns = clock_mono_ns();

	for (uint64_t packets = 0; !r->status && capture_next(r->capture); packets++) {
		if (packets % LOOK_EVERY)
			continue;
		show_progress(r, started_ns, false);
		r->status = session_status(r->session, &r->err);
	}
	if (!r->status) {
		capture_finish(r->capture);
		flows_finish(r->flows);
	}
	show_progress(r, started_ns, true);
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

/* The packets of a passive feed are counted by the capture, those of an active one by its connections. */
static void put_losses(struct replay *r)
{
	uint64_t tap[PL_COUNTER_MAX], collect[COLLECT_COUNTER_MAX], chain[CHAIN_COUNTER_MAX];
	struct flow_totals totals;

	for (size_t i = 0; i < r->site.feed_count; i++) {
		if (!r->site.feeds[i].url) {
			capture_counters(r->capture, (uint32_t)i, tap);
			loss_put_tap(r->session, r->sources[i].name, tap);
			if (!tap[PL_COUNTER_PACKETS])
				fprintf(stderr, "%s: no packet of the capture matches\n", r->sources[i].name);
		}
		collector_counters(r->collector, (uint32_t)i, collect);
		loss_put_collect(r->session, r->sources[i].name, collect);
	}
	for (size_t i = 0; i < r->target_count; i++) {
		const struct source *source = &r->sources[r->target_source[i]];

		flows_totals(r->flows, i, &totals);
		loss_put_tap(r->session, source->name, totals.tap);
		loss_put_stream(r->session, source->name, totals.stream);
		if (source->chain) {
			chain_counters(source->chain, chain);
			loss_put_chain(r->session, source->name, chain);
		}
		if (!totals.connections)
			fprintf(stderr, "%s: no connection to its url is in the capture\n", source->name);
		if (totals.stream[STREAM_COUNTER_ENCRYPTED])
			fprintf(stderr, "%s: %llu of %llu connections are encrypted and gave no message: give their secrets "
					"with --keylog\n",
				source->name, (unsigned long long)totals.stream[STREAM_COUNTER_ENCRYPTED],
				(unsigned long long)totals.connections);
	}
	capture_counters(r->capture, PL_FEED_NONE, tap);
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
	session_put_loss(r->session, LOSS_SOURCE_CAPTURE, "connections_not_followed", flows_not_followed(r->flows), true);
	session_put_loss(r->session, LOSS_SOURCE_SESSION, "rows_lost", session_rows_lost(r->session), true);
	for (size_t i = 0; capture_broken(r->capture, i); i++)
		fprintf(stderr, "%s\n", capture_broken(r->capture, i));
	for (uint32_t i = 0; i < r->site.feed_count; i++)
		if (collector_last_error(r->collector, i)[0])
			fprintf(stderr, "%s: last message that could not be decoded: %s\n", r->site.collect[i].name,
				collector_last_error(r->collector, i));
}

static void close_all(struct replay *r)
{
	if (r->collector)
		collector_free(r->collector);
	flows_free(r->flows);
	for (size_t i = 0; i < r->source_count && r->sources; i++)
		if (r->sources[i].chain)
			chain_free(r->sources[i].chain);
	capture_free(r->capture);
	free(r->sources);
	free(r->targets);
	free(r->target_source);
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
	status = open_capture(&r, &err);
	if (!status)
		status = open_sources(&r, &err);
	if (!status)
		status = open_session(&r, &err);
	if (!status) {
		status = run(&r, &err);
		capture_totals(r.capture, &totals);
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
