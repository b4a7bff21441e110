// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/samples.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "latency/intern.h"
#include "latency/latency.h"
#include "session/clockmap.h"
#include "session/query.h"
#include "session/session.h"

/* Steele, Lea and Flood (2014): SplitMix64. The same session draws the same. */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

/* Of each two neighbours one. */
static void halve(struct pair_samples *pair)
{
	size_t kept = 0;

	for (size_t i = 0; i + 1 < pair->series_count; i += 2, kept++)
		pair->series[kept] = pair->series[i + (mix(kept ^ (uint64_t)pair->halvings << 32) & 1)];
	if (pair->series_count % 2)
		pair->series[kept++] = pair->series[pair->series_count - 1];
	pair->series_count = kept;
	pair->halvings++;
}

/* Whether the duration of that number is the one that is drawn of its neighbours. */
static bool is_drawn(const struct pair_samples *pair, uint64_t number)
{
	uint64_t mask = ((uint64_t)1 << pair->halvings) - 1;

	return (number & mask) == (mix(number >> pair->halvings) & mask);
}

static void count_duration(struct pair_samples *pair, int64_t ns, bool open)
{
	if (open) {
		pair->open_count++;
		return;
	}
	if (!pair->end_count || ns < pair->min_ns)
		pair->min_ns = ns;
	if (!pair->end_count || ns > pair->max_ns)
		pair->max_ns = ns;
	pair->sum_ns += ns;
	pair->negative += ns < 0;
	pair->end_count++;
}

static int add_duration(struct pair_samples *pair, int64_t at_ns, int64_t ns, bool open)
{
	uint64_t number = pair->end_count + pair->open_count;

	count_duration(pair, ns, open);
	if (pair->series_count == SAMPLES_MAX)
		halve(pair);
	if (!is_drawn(pair, number))
		return 0;
	if (array_grow((void **)&pair->series, pair->series_count, &pair->series_room, sizeof(*pair->series)))
		return -ENOMEM;
	pair->series[pair->series_count++] = (struct observation){.at_ns = at_ns, .ns = ns, .open = open};
	return 0;
}

/* Times out of a file may be anything: the difference saturates at ±146 years, which an observation still holds. */
static int64_t difference(int64_t to, int64_t from)
{
	int64_t limit = INT64_MAX / 2, result;

	if (__builtin_sub_overflow(to, from, &result))
		return to > from ? limit : -limit;
	return result > limit ? limit : result < -limit ? -limit : result;
}

/* ---- groups ---- */

struct loader {
	struct sample_set *set;
	size_t room;
	struct intern names;
	struct clockmap *clock;
	const struct stage_pair *pairs;
	size_t pair_count;
	int64_t end_ns;
	int64_t final_step_ns; /* 0: nobody asked for the final block */
	int64_t final_since_ns; /* when somebody first did */
	size_t held, held_max;	/* durations in all series; SIZE_MAX: as many as there are */
};

static struct sample_group *group_of(struct loader *loader, const char *feed, const char *asset)
{
	struct sample_set *set = loader->set;
	char name[200];
	uint32_t number;

	/* Names are cut where a group's fields end; what is the same after that is one group. */
	snprintf(name, sizeof(name), "%.95s\n%.95s", feed ? feed : "", asset ? asset : "");
	if (intern_add(&loader->names, name, &number))
		return NULL;
	if (number > set->count) {
		if (set->count == loader->room) {
			size_t wanted = loader->room ? 2 * loader->room : 16;
			struct sample_group *grown = realloc(set->groups, wanted * sizeof(*grown));

			if (!grown)
				return NULL;
			set->groups = grown;
			loader->room = wanted;
		}
		memset(&set->groups[set->count], 0, sizeof(*set->groups));
		set->groups[set->count].final_step_ns = loader->final_step_ns;
		snprintf(set->groups[set->count].feed, sizeof(set->groups->feed), "%s", feed ? feed : "");
		snprintf(set->groups[set->count++].asset, sizeof(set->groups->asset), "%s", asset ? asset : "");
	}
	return &set->groups[number - 1];
}

/* What a publisher's stamps resolve is nowhere said, but shows: Hermes tells whole seconds, exchanges milliseconds. */
static void see_published(struct sample_group *group, int64_t published_ns)
{
	int64_t step_ns = group->published_step_ns ? group->published_step_ns : 1000000000;

	while (published_ns % step_ns)
		step_ns /= 1000;
	group->published_step_ns = step_ns;
}

/*
 * An open message is one that waits for the chain: a reaction that was not sent, or a stamp that is missing, is no late
 * one. One that landed still waits for its block to become final, if anybody asked; what came before may have been so already.
 */
static bool is_open(const struct loader *loader, size_t p, int64_t from, const char *status)
{
	if (loader->pairs[p].to == STAGE_PENDING) /* most are never seen so: they go to the block's builder alone */
		return false;
	if (loader->pairs[p].to != STAGE_FINAL)
		return !strcmp(status, "censored") && stage_is_of_chain(loader->pairs[p].to);
	return strcmp(status, "superseded") && loader->final_step_ns && from > loader->final_since_ns;
}

static int hold(struct loader *loader, struct pair_samples *pair, int64_t at_ns, int64_t ns, bool open)
{
	size_t before = pair->series_count;
	int failed = add_duration(pair, at_ns, ns, open);

	loader->held += pair->series_count - before;
	return failed;
}

static void forget(struct sample_group *group)
{
	for (size_t p = 0; p < SAMPLE_PAIRS_MAX; p++)
		pair_samples_free(&group->pairs[p]);
	group->unmatched = group->superseded = 0;
	group->published_step_ns = 0;
}

/* The groups that came last wait for another pass; one always goes on. */
static void put_off(struct loader *loader)
{
	size_t first = 0, last = loader->set->count;

	while (first < last && loader->set->groups[first].state != SAMPLES_WANTED)
		first++;
	while (loader->held > loader->held_max && --last > first) {
		struct sample_group *group = &loader->set->groups[last];

		if (group->state != SAMPLES_WANTED)
			continue;
		for (size_t p = 0; p < SAMPLE_PAIRS_MAX; p++)
			loader->held -= group->pairs[p].series_count;
		forget(group);
		group->state = SAMPLES_PUT_OFF;
	}
}

static int add_pair(struct loader *loader, struct sample_group *group, size_t p, const int64_t times[STAGE_MAX],
		    const char *status)
{
	struct pair_samples *pair = &group->pairs[p];
	int64_t from = times[loader->pairs[p].from], to = times[loader->pairs[p].to], waited;
	bool has_message = strcmp(status, "unmatched");

	if (from == TIME_UNKNOWN)
		return 0;
	/* Of an update without a message, what happened on chain is still measured; what a feed did is not. */
	if (!has_message && group->feed[0] && !stage_is_of_chain(loader->pairs[p].from))
		return 0;
	pair->landed += !strcmp(status, "matched");
	pair->overtaken += !strcmp(status, "superseded");
	if (to != TIME_UNKNOWN)
		return hold(loader, pair, from, difference(to, from), false);
	if (!is_open(loader, p, from, status) || loader->end_ns == TIME_UNKNOWN)
		return 0;
	waited = difference(loader->end_ns, from);
	return hold(loader, pair, from, waited > 0 ? waited : 0, true);
}

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	const char *status = (const char *)sqlite3_column_text(row, 2);
	struct sample_group *group = group_of(loader, (const char *)sqlite3_column_text(row, 0),
					      (const char *)sqlite3_column_text(row, 1));
	int64_t times[STAGE_MAX];
	int failed = 0;

	if (!group)
		return -ENOMEM;
	if (!status || group->state != SAMPLES_WANTED)
		return 0;
	for (int s = 0; s < STAGE_MAX; s++)
		times[s] = column_ns(row, 3 + s);
	if (times[STAGE_PUBLISHED] != TIME_UNKNOWN)
		see_published(group, times[STAGE_PUBLISHED]);
	group->unmatched += !strcmp(status, "unmatched");
	group->superseded += !strcmp(status, "superseded");
	for (size_t p = 0; p < loader->pair_count && !failed; p++)
		failed = add_pair(loader, group, p, times, status);
	if (loader->held > loader->held_max)
		put_off(loader);
	return failed;
}

static int add_summary(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	struct sample_group *group = group_of(loader, (const char *)sqlite3_column_text(row, 0),
					      (const char *)sqlite3_column_text(row, 1));

	if (!group)
		return -ENOMEM;
	group->before_start += (uint64_t)sqlite3_column_int64(row, 2);
	return 0;
}

/* The recorder says when it ended; if it was killed, the last stamp of any table does. And what is known of finality. */
static const char end_query[] =
	"SELECT coalesce((SELECT CAST(value AS INTEGER) FROM session WHERE key = 'end_mono_ns'), max(t)),"
	" (SELECT min(app_mono_ns) FROM chain_final),"
	" (SELECT max(ifnull(seen_mono_ns, app_mono_ns) - after_mono_ns) FROM chain_final WHERE level = 'finalized') FROM"
	" (SELECT max(mono_ns) AS t FROM clock UNION ALL SELECT max(mono_ns) FROM sent"
	"  UNION ALL SELECT max(max(ifnull(wire_mono_ns, 0), ifnull(app_mono_ns, 0))) FROM oracle_message"
	"  UNION ALL SELECT max(max(ifnull(seen_mono_ns, 0), ifnull(app_mono_ns, 0))) FROM chain_update"
	"  UNION ALL SELECT max(app_mono_ns) FROM chain_block UNION ALL SELECT max(app_mono_ns) FROM chain_final UNION ALL SELECT max(last_mono_ns) FROM block_arrival)";

static int load_end(struct loader *loader, sqlite3 *db, struct error *err)
{
	struct clockmap *clock;
	sqlite3_stmt *row = NULL;
	int status = clockmap_load(&loader->clock, db, err);

	if (status)
		return status;
	clock = loader->clock;
	loader->end_ns = loader->final_since_ns = TIME_UNKNOWN;
	if (sqlite3_prepare_v2(db, end_query, -1, &row, NULL) != SQLITE_OK || sqlite3_step(row) != SQLITE_ROW) {
		status = error_set(err, -EIO, "session: when it ended cannot be read: %s", sqlite3_errmsg(db));
	} else {
		if (sqlite3_column_type(row, 0) != SQLITE_NULL)
			loader->end_ns = clockmap_utc(clock, sqlite3_column_int64(row, 0));
		if (sqlite3_column_type(row, 1) != SQLITE_NULL)
			loader->final_since_ns = clockmap_utc(clock, sqlite3_column_int64(row, 1));
		loader->final_step_ns = sqlite3_column_int64(row, 2); /* NULL reads as 0 */
	}
	sqlite3_finalize(row);
	return status;
}

/* ---- packets that other processes read: they are no updates, and have no asset ---- */

static const char reads_query[] =
	"SELECT f.name, p.wire_mono_ns, p.app_mono_ns FROM packet_read p JOIN reader r ON r.id = p.reader_id"
	" JOIN feed f ON f.id = r.feed_id";

static int add_read(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	struct sample_group *group = group_of(loader, (const char *)sqlite3_column_text(row, 0), NULL);
	bool read = sqlite3_column_type(row, 2) != SQLITE_NULL;
	int64_t wire_ns = clockmap_utc(loader->clock, sqlite3_column_int64(row, 1));
	int64_t app_ns = read ? clockmap_utc(loader->clock, sqlite3_column_int64(row, 2)) : loader->end_ns;
	int failed = 0;

	if (!group)
		return -ENOMEM;
	if (group->state != SAMPLES_WANTED)
		return 0;
	for (size_t p = 0; p < loader->pair_count && !failed && app_ns != TIME_UNKNOWN; p++)
		if (loader->pairs[p].from == STAGE_WIRE && loader->pairs[p].to == STAGE_APP)
			failed = hold(loader, &group->pairs[p], wire_ns, difference(app_ns, wire_ns), !read);
	if (loader->held > loader->held_max)
		put_off(loader);
	return failed;
}

/* ---- the whole ---- */

static int by_name(const void *a, const void *b)
{
	const struct sample_group *x = a, *y = b;
	int feeds = strcmp(x->feed, y->feed);

	return feeds ? feeds : strcmp(x->asset, y->asset);
}

/* What the series holds, as two lists in ascending order. */
static int list_series(struct pair_samples *pair)
{
	int64_t *values = realloc(pair->ends.values, (pair->series_count + 1) * sizeof(*values));
	size_t ends = 0, opens = 0;

	if (!values)
		return -ENOMEM;
	/* ends from the beginning, opens from the end */
	for (size_t i = 0; i < pair->series_count; i++) {
		if (pair->series[i].open)
			values[pair->series_count - ++opens] = pair->series[i].ns;
		else
			values[ends++] = pair->series[i].ns;
	}
	sort_int64(values, ends);
	sort_int64(values + ends, opens);
	pair->ends = (struct durations){values, ends};
	pair->opens = (struct durations){values + ends, opens};
	return 0;
}

int pair_samples_thin(struct pair_samples *pair, unsigned int halvings)
{
	if (pair->halvings >= halvings)
		return 0;
	while (pair->halvings < halvings)
		halve(pair);
	return list_series(pair);
}

int samples_even(struct sample_set *set, size_t pair)
{
	unsigned int most = 0;
	int status = 0;

	for (size_t i = 0; i < set->count; i++)
		most = set->groups[i].pairs[pair].halvings > most ? set->groups[i].pairs[pair].halvings : most;
	for (size_t i = 0; !status && i < set->count; i++)
		status = pair_samples_thin(&set->groups[i].pairs[pair], most);
	return status;
}

static int sort_group(struct sample_group *group)
{
	for (size_t p = 0; p < SAMPLE_PAIRS_MAX; p++) {
		struct pair_samples *pair = &group->pairs[p];

		if (!pair->series_count)
			continue;
		qsort(pair->series, pair->series_count, sizeof(*pair->series), observation_order);
		if (list_series(pair))
			return -ENOMEM;
	}
	return 0;
}

static int loader_open(struct loader *loader, sqlite3 *db, struct error *err)
{
	int status = join_if_needed(db, err);

	if (!status)
		status = load_end(loader, db, err);
	if (!status)
		status = query_each(db, "SELECT feed, asset, before_start FROM timeline_summary", NULL, "table timeline_summary", add_summary,
				    loader, err);
	return status;
}

static void loader_close(struct loader *loader)
{
	intern_free(&loader->names);
	clockmap_free(loader->clock);
}

/* Reads the groups that are wanted, as many as may be held. */
static int read_groups(struct loader *loader, sqlite3 *db, struct error *err)
{
	char sql[640] = "SELECT feed, asset, status";
	int status;

	for (int s = 0; s < STAGE_MAX; s++)
		snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), ", %s", stages[s].column);
	snprintf(sql + strlen(sql), sizeof(sql) - strlen(sql), " FROM timeline");
	status = query_each(db, sql, NULL, "table timeline", add_row, loader, err);
	if (!status)
		status = query_each(db, reads_query, NULL, "table packet_read", add_read, loader, err);
	return status;
}

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "session: no memory for the latencies");
}

int samples_load(struct sample_set *out, sqlite3 *db, const struct stage_pair *pairs, size_t pair_count,
		 struct error *err)
{
	struct loader loader = {.set = out, .pairs = pairs, .pair_count = pair_count, .held_max = SIZE_MAX};
	int status;

	memset(out, 0, sizeof(*out));
	status = loader_open(&loader, db, err);
	if (!status)
		status = read_groups(&loader, db, err);
	for (size_t i = 0; !status && i < out->count; i++)
		if (sort_group(&out->groups[i]))
			status = no_memory(err);
	if (!status && out->count)
		qsort(out->groups, out->count, sizeof(*out->groups), by_name);
	loader_close(&loader);
	if (status)
		samples_free(out);
	return status;
}

/* Gives away the groups that were read; those that were put off are wanted next. *more: whether there are any. */
static int give_groups(struct loader *loader, sample_group_fn each, void *context, bool *more, struct error *err)
{
	int status = 0;

	*more = false;
	for (size_t i = 0; i < loader->set->count && !status; i++) {
		struct sample_group *group = &loader->set->groups[i];

		if (group->state == SAMPLES_WANTED) {
			status = sort_group(group) ? no_memory(err) : each(context, group);
			forget(group);
			group->state = SAMPLES_DONE;
		} else if (group->state == SAMPLES_PUT_OFF) {
			group->state = SAMPLES_WANTED;
			*more = true;
		}
	}
	loader->held = 0;
	return status;
}

int samples_each(sqlite3 *db, const struct stage_pair *pairs, size_t pair_count, size_t held_max, sample_group_fn each,
		 void *context, struct error *err)
{
	struct sample_set set = {0};
	struct loader loader = {.set = &set, .pairs = pairs, .pair_count = pair_count, .held_max = held_max};
	bool more = true;
	int status = loader_open(&loader, db, err);

	while (!status && more) {
		status = read_groups(&loader, db, err);
		if (!status)
			status = give_groups(&loader, each, context, &more, err);
	}
	loader_close(&loader);
	samples_free(&set);
	return status;
}

void pair_samples_free(struct pair_samples *pair)
{
	free(pair->ends.values); /* opens stand behind them */
	free(pair->series);
	memset(pair, 0, sizeof(*pair));
}

void samples_free(struct sample_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		for (size_t p = 0; p < SAMPLE_PAIRS_MAX; p++)
			pair_samples_free(&set->groups[i].pairs[p]);
	free(set->groups);
	memset(set, 0, sizeof(*set));
}

struct survival samples_survival(const struct pair_samples *samples)
{
	uint64_t decided = samples->landed + samples->overtaken;

	return (struct survival){
		.ends = samples->ends.values,
		.end_count = samples->ends.count,
		.opens = samples->opens.values,
		.open_count = samples->opens.count,
		.open_weight = decided ? (double)samples->landed / (double)decided : 1,
	};
}
