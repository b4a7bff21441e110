// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Reading what the join needs out of a session. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "latency/join_lookup.h"
#include "latency/join_tables.h"
#include "session/session.h"

const char *join_sql_text(const struct join *join)
{
	return join->failure[0] ? join->failure : sqlite3_errmsg(join->db);
}

int join_sql_error(struct join *join, struct error *err)
{
	return error_set(err, -EIO, "session: the join cannot read its tables, or sort them, for which SQLite needs room in its folder for"
			 " temporary files (SQLITE_TMPDIR, TMPDIR, /var/tmp): %s", join_sql_text(join));
}

int join_no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "session: no memory for the join");
}

/* ---- feeds and keeper ---- */

static int load_feeds(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	size_t room = 0;
	int step = SQLITE_ERROR, status = 0;

	if (sqlite3_prepare_v2(join->db, "SELECT id, name FROM feed ORDER BY id", -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			struct join_feed feed = {.id = sqlite3_column_int64(rows, 0)};

			status = intern_add(&join->names, column_text(rows, 1), &feed.name);
			if (!status)
				status = array_grow((void **)&join->feeds, join->feed_count, &room, sizeof(feed));
			if (!status)
				join->feeds[join->feed_count++] = feed;
		}
	}
	if (!status && step != SQLITE_DONE)
		join_sql_error(join, err);
	sqlite3_finalize(rows);
	return status ? join_no_memory(err) : step == SQLITE_DONE ? 0 : -EIO;
}

uint32_t join_find_feed(const struct join *join, int64_t id)
{
	size_t low = 0, high = join->feed_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (join->feeds[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < join->feed_count && join->feeds[low].id == id ? (uint32_t)low : NOTHING;
}

/* ---- which assets matter ---- */

/* Assets and places of updates get their numbers, and the sieve their keys. */
static int name_all(struct join *join, const char *query, struct error *err)
{
	sqlite3_stmt *rows = join_prepare(join, query);
	int step = SQLITE_ERROR, status = 0;
	uint32_t number;

	while (rows && !status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		status = intern_add(&join->names, column_text(rows, 0), &number);
		if (!status)
			status = intern_add(&join->names, column_text(rows, 1), &number);
		if (!status)
			status = sieve_add(&join->sieve, column_text(rows, 2));
	}
	if (status)
		join_no_memory(err);
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	return status;
}

static int name_updates(struct join *join, struct error *err)
{
	int status = name_all(join, "SELECT asset, ifnull(c.network, u.chain) || ' ' || address, key FROM chain_update u"
				    " LEFT JOIN chain c ON c.name = u.chain ORDER BY u.id", err);

	return status ? status : name_all(join, "SELECT asset, i.message_id, key FROM " JOIN_INSIDE_UPDATES, err);
}

static int mark_assets(struct join *join, struct error *err)
{
	char assets[4096], after[16], *rest = assets, *name;
	size_t numbers;

	session_meta(join->db, "keeper_after", after, sizeof(after));
	join->keeper_after_seen = !strcmp(after, "seen");
	session_meta(join->db, "keeper_assets", assets, sizeof(assets));
	join->keeper_all = !assets[0];
	for (char *at = strdupa(assets), *one; (one = strsep(&at, ","));) {
		uint32_t number;

		if (intern_add(&join->names, one + strspn(one, " "), &number))
			return join_no_memory(err);
	}
	numbers = (size_t)join->names.count + 1;
	join->updates = calloc(numbers, sizeof(*join->updates));
	join->kept = calloc(numbers, sizeof(bool));
	if (!join->updates || !join->kept)
		return join_no_memory(err);
	while ((name = strsep(&rest, ",")))
		join->kept[intern_find(&join->names, name + strspn(name, " "))] = true;
	join->kept[INTERN_NONE] = false; /* an asset without a name is no asset */
	return 0;
}

/* ---- packets ---- */

static int by_flow(const void *a, const void *b)
{
	const struct join_packet *x = a, *y = b;

	if (x->flow != y->flow)
		return x->flow < y->flow ? -1 : 1;
	return x->time_ns < y->time_ns ? -1 : x->time_ns > y->time_ns;
}

static int by_time(const void *a, const void *b)
{
	const struct join_packet *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static void drop_retransmissions(struct join *join)
{
	size_t kept = 0;

	if (!join->packet_count)
		return;
	qsort(join->packets, join->packet_count, sizeof(*join->packets), by_flow);
	for (size_t i = 0; i < join->packet_count; i++)
		if (!join->packets[i].flow || !kept || join->packets[i].flow != join->packets[kept - 1].flow)
			join->packets[kept++] = join->packets[i];
	join->packet_count = kept;
	qsort(join->packets, kept, sizeof(*join->packets), by_time);
}

static int load_packets(struct join *join, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	size_t room = 0;
	int step = SQLITE_ERROR, status = 0;

	if (sqlite3_prepare_v2(join->db, "SELECT id, mono_ns, seq, local_port FROM sent", -1, &rows, NULL) == SQLITE_OK) {
		while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
			uint32_t seq = (uint32_t)sqlite3_column_int64(rows, 2);
			uint64_t port = (uint16_t)sqlite3_column_int(rows, 3);

			status = array_grow((void **)&join->packets, join->packet_count, &room, sizeof(*join->packets));
			if (!status)
				join->packets[join->packet_count++] = (struct join_packet){
					.id = sqlite3_column_int64(rows, 0),
					.time_ns = clockmap_utc(join->clock, column_ns(rows, 1)),
					.flow = seq ? port << 32 | seq : 0,
				};
		}
	}
	if (status)
		join_no_memory(err);
	else if (step != SQLITE_DONE)
		status = join_sql_error(join, err);
	sqlite3_finalize(rows);
	drop_retransmissions(join);
	return status;
}

int join_load(struct join *join, struct error *err)
{
	int (*const steps[])(struct join *, struct error *) = {
		join_tables_new, load_feeds, join_load_finals, join_load_carried, join_load_inside, name_updates, mark_assets,
		join_load_updates, load_packets, join_triggers_new, join_load_messages,
	};
	int status = clockmap_load(&join->clock, join->db, err);

	if (!status)
		status = nicmap_load(&join->nics, join->db, err);
	for (size_t i = 0; !status && i < sizeof(steps) / sizeof(steps[0]); i++)
		status = steps[i](join, err);
	return status;
}

void join_free(struct join *join)
{
	clockmap_free(join->clock);
	nicmap_free(join->nics);
	intern_free(&join->names);
	intern_free(&join->nodes);
	sieve_free(&join->sieve);
	free(join->feeds);
	free(join->packets);
	free(join->triggers);
	free(join->summaries);
	free(join->carriers);
	free(join->carrier_at);
	free(join->updates);
	free(join->kept);
	memset(join, 0, sizeof(*join));
}
