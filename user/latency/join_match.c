// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which on-chain update belongs to which message, feed by feed and asset by asset. The rules are told in docs/session.md. */
#include <errno.h>
#include <stdlib.h>

#include "base/array.h"
#include "latency/join_group.h"
#include "latency/join_tables.h"

/* ---- the walk ---- */

static bool group_open(struct group *group)
{
	const struct join *join = group->join;

	group->updates = join_prepare(join, "SELECT " JOIN_UPDATE_COLUMNS ", rowid FROM temp.join_update"
					    " WHERE rowid >= ?1 AND rowid < ?2 ORDER BY rowid");
	group->by_key = join_prepare(join, "SELECT message, arrival_ns, price FROM temp.join_named WHERE carrier = ?1 AND key = ?2"
					   " ORDER BY arrival_ns, message");
	group->carried = join_prepare(join, "SELECT digest FROM temp.join_carried WHERE rowid >= ?1 AND rowid < ?2");
	group->by_digest = join_prepare(join, "SELECT message, arrival_ns, price, key FROM temp.join_named"
					      " WHERE carrier = ?1 AND digest = ?2 ORDER BY arrival_ns, message LIMIT 1");
	group->take = join_prepare(join, "INSERT OR IGNORE INTO temp.join_match VALUES (?1, ?2, ?3)");
	group->leave = join_prepare(join, "INSERT INTO temp.join_unmatched VALUES (?1, ?2)");
	return group->updates && group->by_key && group->carried && group->by_digest && group->take && group->leave;
}

static void group_close(struct group *group)
{
	sqlite3_stmt *const all[] = {group->updates, group->by_key, group->carried, group->by_digest, group->take, group->leave};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		sqlite3_finalize(all[i]);
}

void group_rewind(struct group *group)
{
	const struct join_span *span = &group->join->updates[group->carrier->asset];

	sqlite3_reset(group->updates);
	sqlite3_bind_int64(group->updates, 1, span->first);
	sqlite3_bind_int64(group->updates, 2, span->first + span->count);
}

int group_next(struct group *group, struct join_update *update)
{
	int step = sqlite3_step(group->updates);

	if (step == SQLITE_ROW)
		join_update_read(group->updates, 0, update);
	return step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : -EIO;
}

static int by_asset_then_feed(const void *a, const void *b, void *context)
{
	const struct join *join = context;
	const struct join_carrier *x = &join->carriers[*(const uint32_t *)a], *y = &join->carriers[*(const uint32_t *)b];

	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	return (x->feed > y->feed) - (x->feed < y->feed);
}

static int walk(struct join *join, int (*each)(struct group *group), struct error *err)
{
	uint32_t *order = malloc((join->carrier_count + 1) * sizeof(*order));
	struct group group = {.join = join};
	int status = !order ? -ENOMEM : group_open(&group) ? 0 : -EIO;

	for (uint32_t c = 0; !status && c < join->carrier_count; c++)
		order[c] = c;
	if (!status)
		qsort_r(order, join->carrier_count, sizeof(*order), by_asset_then_feed, join);
	for (size_t c = 0; !status && c < join->carrier_count; c++) {
		group.carrier = &join->carriers[order[c]];
		status = each(&group);
	}
	if (status == -EIO)
		join_sql_error(join, err);
	else if (status)
		join_no_memory(err);
	group_close(&group);
	free(order);
	return status;
}

/* ---- what decides ---- */

/* Whether keys of messages and updates mean the same: some match, and their prices do not say that it is by chance. */
static int decide_key(struct group *group)
{
	struct keyed counts = {0};
	struct join_update update;
	struct join_message message;
	int status = 0, more;

	group_rewind(group);
	while (!status && (more = group_next(group, &update)) > 0) {
		status = find_by_key(group, &update, &message);
		if (message.found)
			count_keyed(&update, &message, &counts);
	}
	group->carrier->by_key = counts.matched && !(counts.priced >= KEY_DOUBT_COUNT && 2 * counts.contradicted > counts.priced);
	return status ? status : more;
}

/* Prices decide but where a key does, or every update has its bytes. */
static int decide_price(struct group *group)
{
	struct join_update update;
	struct join_message message = {.found = true};
	int status = 0, more = 0;

	group_rewind(group);
	while (!status && message.found && (more = group_next(group, &update)) > 0)
		status = find_by_bytes(group, &update, &message);
	group->carrier->by_price = !message.found;
	return status ? status : more < 0 ? more : 0;
}

static int decide_group(struct group *group)
{
	int status = group->carrier->keyed ? decide_key(group) : 0;

	return status || group->carrier->by_key ? status : decide_price(group);
}

int join_decide(struct join *join, struct error *err)
{
	return walk(join, decide_group, err);
}

/* ---- results ---- */

/* An update of before the feed's first message: by publish time where both have one, else by when it landed. */
static bool is_before_start(const struct group *group, const struct join_update *update)
{
	const struct join_carrier *carrier = group->carrier;

	if (carrier->start_published_ns != INT64_MAX && update->published_ns != TIME_UNKNOWN)
		return update->published_ns < carrier->start_published_ns;
	return update->landed_ns != TIME_UNKNOWN && update->landed_ns < carrier->start_arrival_ns;
}

static int leave(struct group *group, const struct join_update *update, struct join_summary *summary)
{
	if (is_before_start(group, update)) {
		summary->before_start++;
		return 0;
	}
	summary->unmatched++;
	sqlite3_bind_int64(group->leave, 1, group->carrier->feed);
	sqlite3_bind_int64(group->leave, 2, sqlite3_column_int64(group->updates, JOIN_UPDATE_COLUMN_COUNT));
	return join_insert(group->join, group->leave);
}

/* A message goes with the first update that took it. */
static int take(struct group *group, const struct join_update *update, const struct join_message *message, enum join_method method,
		struct join_summary *summary)
{
	struct join *join = group->join;

	sqlite3_bind_int64(group->take, 1, message->id);
	sqlite3_bind_int64(group->take, 2, sqlite3_column_int64(group->updates, JOIN_UPDATE_COLUMN_COUNT));
	sqlite3_bind_int(group->take, 3, (int)method);
	if (join_insert(join, group->take))
		return -EIO;
	if (!sqlite3_changes(join->db)) {
		summary->repeated++;
		return 0;
	}
	summary->by[method]++;
	if (!group->carrier->newest.found || message_before(&group->carrier->newest, message))
		group->carrier->newest = *message;
	if (join->keeper_after_seen && join_reacts(join, group->carrier->asset))
		join_trigger(join, group->carrier->feed, update->seen_ns);
	return 0;
}

/* Matches by bytes are right: the share of wrong ones among the others is less among all. */
static void share_of_all(struct join_summary *summary)
{
	uint64_t all = 0;
	double others;

	for (int m = 0; m < JOIN_METHODS; m++)
		all += summary->by[m];
	others = all ? (double)(all - summary->by[JOIN_BY_BYTES]) / (double)all : 1;
	summary->false_matches.share = others > 0 ? others * summary->false_matches.share : 0;
	for (int i = 0; i < 2; i++)
		summary->false_matches.ci95[i] = others > 0 ? others * summary->false_matches.ci95[i] : 0;
}

/* By bytes, by key where keys were found to mean the same, or by price. `pricing` is NULL where prices do not decide. */
static int find(struct group *group, const struct join_update *update, struct pricing *pricing, struct join_message *message,
		enum join_method *method)
{
	int status = find_by_bytes(group, update, message);

	*method = message->found ? JOIN_BY_BYTES : group->carrier->by_key ? JOIN_BY_KEY : JOIN_BY_PRICE;
	if (!status && !message->found && group->carrier->by_key)
		status = find_by_key(group, update, message);
	if (!status && pricing)
		status = match_by_price(pricing, update, message);
	return status;
}

static int match_updates(struct group *group, struct pricing *pricing, struct join_summary *summary)
{
	struct keyed counts = {0};
	struct join_update update;
	int status = 0, more;

	group_rewind(group);
	while (!status && (more = group_next(group, &update)) > 0) {
		struct join_message message;
		enum join_method method;

		status = find(group, &update, pricing, &message, &method);
		if (!status && message.found && method == JOIN_BY_KEY)
			count_keyed(&update, &message, &counts);
		if (!status)
			status = message.found ? take(group, &update, &message, method, summary) : leave(group, &update, summary);
	}
	summary->false_matches = proportion_of(counts.contradicted, counts.priced);
	return status ? status : more;
}

static int match_group(struct group *group)
{
	struct join *join = group->join;
	struct join_summary *summary;
	struct pricing pricing = {0}, *priced = group->carrier->by_price ? &pricing : NULL;
	int status = 0;

	if (array_grow((void **)&join->summaries, join->summary_count, &join->summary_room, sizeof(*summary)))
		return -ENOMEM;
	summary = &join->summaries[join->summary_count++];
	*summary = (struct join_summary){.feed = group->carrier->feed, .asset = group->carrier->asset};
	if (priced)
		status = pricing_new(priced, group);
	if (!status)
		status = match_updates(group, priced, summary);
	if (!status && summary->by[JOIN_BY_PRICE])
		status = false_matches_by_price(group, priced, summary->unmatched, &summary->false_matches);
	if (!status)
		share_of_all(summary);
	pricing_free(&pricing);
	return status;
}

/* Updates of an asset that no feed carries are nobody's. */
static int add_uncarried(struct join *join)
{
	sqlite3_stmt *insert = join_prepare(join, "INSERT INTO temp.join_unmatched SELECT NULL, rowid FROM temp.join_update"
						  " WHERE rowid >= ?1 AND rowid < ?2 ORDER BY rowid");
	int status = insert ? 0 : -EIO;

	for (uint32_t asset = 0; !status && asset <= join->names.count; asset++) {
		const struct join_span *span = &join->updates[asset];
		bool carried = false;

		for (size_t c = 0; c < join->carrier_count && !carried; c++)
			carried = join->carriers[c].asset == asset;
		if (!span->count || carried)
			continue;
		sqlite3_bind_int64(insert, 1, span->first);
		sqlite3_bind_int64(insert, 2, span->first + span->count);
		status = join_insert(join, insert);
	}
	sqlite3_finalize(insert);
	return status;
}

int join_match(struct join *join, struct error *err)
{
	int status = walk(join, match_group, err);

	if (!status && add_uncarried(join))
		status = join_sql_error(join, err);
	return status;
}
