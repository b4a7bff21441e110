// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which on-chain update belongs to which message, feed by feed and asset by asset. The rules are told in docs/session.md. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "latency/join_group.h"

/* ---- results ---- */

/* An update of before the feed's first message: by publish time where both have one, else by when it landed. */
static bool is_before_start(const struct group *group, const struct join_update *update)
{
	const struct join_carrier *carrier = group->carrier;

	if (carrier->start_published_ns != INT64_MAX && update->published_ns != TIME_UNKNOWN)
		return update->published_ns < carrier->start_published_ns;
	return update->landed_ns != TIME_UNKNOWN && update->landed_ns < carrier->start_arrival_ns;
}

static int add_unmatched(struct join *join, uint32_t feed, uint32_t update)
{
	if (array_grow((void **)&join->unmatched, join->unmatched_count, &join->unmatched_room, sizeof(*join->unmatched)))
		return -ENOMEM;
	join->unmatched[join->unmatched_count++] = (struct join_unmatched){feed, update};
	return 0;
}

/* A message goes with the first update that took it; updates come in the order in which they landed. *unmatched: how many found none. */
static int settle(struct group *group, struct join_summary *summary, uint64_t *unmatched)
{
	uint32_t newest = NOTHING; /* position of the newest message that landed */

	for (size_t i = 0; i < group->update_count; i++) {
		uint32_t position = group->target[i];
		struct join_message *message;

		if (position == NOTHING) {
			if (is_before_start(group, update_at(group, i)))
				summary->before_start++;
			else if (add_unmatched(group->join, group->carrier->feed, group->updates[i]))
				return -ENOMEM;
			else
				++*unmatched;
			continue;
		}
		message = message_at(group, position);
		if (message->update != NOTHING) {
			summary->repeated++;
			continue;
		}
		message->update = group->updates[i];
		message->method = group->method[i];
		summary->by[group->method[i]]++;
		if (newest == NOTHING || position > newest)
			newest = position;
	}
	if (newest == NOTHING)
		return 0;
	group->carrier->landed = true;
	group->carrier->newest_arrival_ns = message_at(group, newest)->arrival_ns;
	group->carrier->newest_id = message_at(group, newest)->id;
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

/* By bytes, and by key where keys were found to mean the same. True where every update has its message. */
static bool match_exactly(struct group *group)
{
	if (group->carrier->by_key)
		match_by_key(group);
	else
		for (size_t i = 0; i < group->update_count; i++)
			group->target[i] = NOTHING;
	return match_by_bytes(group);
}

static int match_group(struct group *group)
{
	struct join_summary *summary;
	struct join *join = group->join;
	uint64_t unmatched = 0;
	int status = 0;

	if (array_grow((void **)&join->summaries, join->summary_count, &join->summary_room, sizeof(*summary)))
		return -ENOMEM;
	summary = &join->summaries[join->summary_count++];
	*summary = (struct join_summary){.feed = group->carrier->feed, .asset = group->carrier->asset};
	match_exactly(group);
	if (group->carrier->by_price)
		status = match_by_price(group);
	summary->false_matches = false_matches_by_key(group);
	if (!status)
		status = settle(group, summary, &unmatched);
	if (!status && summary->by[JOIN_BY_PRICE])
		status = false_matches_by_price(group, unmatched, &summary->false_matches);
	if (!status)
		share_of_all(summary);
	return status;
}

/* Prices decide but where a key does, or every update has its bytes. */
static int decide_group(struct group *group)
{
	group->carrier->by_key = match_by_key(group);
	group->carrier->by_price = !match_exactly(group) && !group->carrier->by_key;
	return 0;
}

/* ---- all groups ---- */

static int by_group_then_arrival(const void *a, const void *b, void *context)
{
	const struct join *join = context;
	const struct join_message *x = &join->messages[*(const uint32_t *)a], *y = &join->messages[*(const uint32_t *)b];

	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	if (x->feed != y->feed)
		return x->feed < y->feed ? -1 : 1;
	if (x->arrival_ns != y->arrival_ns)
		return x->arrival_ns < y->arrival_ns ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int by_asset_then_landing(const void *a, const void *b, void *context)
{
	const struct join *join = context;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	uint32_t x_asset = join->updates[x].asset, y_asset = join->updates[y].asset;

	if (x_asset != y_asset)
		return x_asset < y_asset ? -1 : 1;
	return (x > y) - (x < y);
}

static int by_asset_then_feed(const void *a, const void *b, void *context)
{
	const struct join *join = context;
	const struct join_carrier *x = &join->carriers[*(const uint32_t *)a], *y = &join->carriers[*(const uint32_t *)b];

	if (x->asset != y->asset)
		return x->asset < y->asset ? -1 : 1;
	return (x->feed > y->feed) - (x->feed < y->feed);
}

static bool is_of(const struct join_message *message, const struct join_carrier *carrier)
{
	return message->asset == carrier->asset && message->feed == carrier->feed;
}

/* All in the order of assets, and within one asset of feeds: carriers, messages and updates are walked together. */
static int each_group(struct group *group, const uint32_t *carriers, const uint32_t *messages, size_t message_count,
		      const uint32_t *updates, int (*each)(struct group *group))
{
	struct join *join = group->join;
	size_t m = 0, u = 0;
	int status = 0;

	for (size_t c = 0; !status && c < join->carrier_count; c++) {
		group->carrier = &join->carriers[carriers[c]];
		while (u < join->update_count && join->updates[updates[u]].asset < group->carrier->asset)
			u++;
		group->updates = updates + u;
		for (group->update_count = 0; u + group->update_count < join->update_count &&
		     join->updates[updates[u + group->update_count]].asset == group->carrier->asset; group->update_count++)
			;
		group->messages = messages + m;
		for (group->message_count = 0; m < message_count && is_of(&join->messages[messages[m]], group->carrier); m++)
			group->message_count++;
		status = each(group);
	}
	return status;
}

static void number(uint32_t *out, size_t count)
{
	for (uint32_t i = 0; i < count; i++)
		out[i] = i;
}

static int walk(struct join *join, int (*each)(struct group *group), struct error *err)
{
	size_t message_count = join->message_count; /* what is held on the way stands behind them */
	size_t messages_size = (message_count + 1) * sizeof(uint32_t);
	size_t updates_size = (join->update_count + 1) * sizeof(uint32_t);
	uint32_t *messages = malloc(messages_size), *updates = malloc(updates_size);
	uint32_t *carriers = malloc((join->carrier_count + 1) * sizeof(*carriers));
	struct group group = {.join = join, .held = message_count, .target = malloc(updates_size),
			      .method = malloc(join->update_count + 1),
			      .keys = {offsetof(struct join_message, key), malloc(messages_size), 0},
			      .digests = {offsetof(struct join_message, digest), malloc(messages_size), 0},
			      .found = malloc((join->update_count + 1) * sizeof(*group.found)), .taken = malloc(updates_size)};
	int status = -ENOMEM;

	if (messages && updates && carriers && group.target && group.method && group.keys.positions && group.digests.positions &&
	    group.found && group.taken) {
		number(messages, message_count);
		number(updates, join->update_count);
		number(carriers, join->carrier_count);
		qsort_r(messages, message_count, sizeof(*messages), by_group_then_arrival, join);
		qsort_r(updates, join->update_count, sizeof(*updates), by_asset_then_landing, join);
		qsort_r(carriers, join->carrier_count, sizeof(*carriers), by_asset_then_feed, join);
		status = each_group(&group, carriers, messages, message_count, updates, each);
	}
	free(messages);
	free(updates);
	free(carriers);
	free(group.target);
	free(group.method);
	free(group.keys.positions);
	free(group.digests.positions);
	free(group.found);
	free(group.taken);
	if (status == -EIO)
		return join_sql_error(join, err);
	return status ? error_set(err, status, "session: no memory for the join of %zu messages", join->message_count) : 0;
}

/* Keys that match by chance, or not at all: what was held for their sake alone is not needed. */
static void drop_by_price(struct join *join)
{
	size_t kept = 0;

	for (size_t i = 0; i < join->message_count; i++)
		if (join->messages[i].digest != INTERN_NONE ||
		    !join_carrier_of(join, join->messages[i].feed, join->messages[i].asset)->by_price)
			join->messages[kept++] = join->messages[i];
	join->message_count = kept;
}

int join_decide(struct join *join, struct error *err)
{
	int status = walk(join, decide_group, err);

	if (!status)
		drop_by_price(join);
	return status;
}

static int by_id(const void *a, const void *b)
{
	const struct join_message *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* Updates of an asset that no feed carries are nobody's. */
static int add_uncarried(struct join *join)
{
	bool *carried = calloc((size_t)join->names.count + 1, sizeof(*carried));
	int status = carried ? 0 : -ENOMEM;

	for (size_t i = 0; !status && i < join->carrier_count; i++)
		carried[join->carriers[i].asset] = true;
	for (size_t i = 0; !status && i < join->update_count; i++)
		if (!carried[join->updates[i].asset])
			status = add_unmatched(join, NOTHING, (uint32_t)i);
	free(carried);
	return status;
}

int join_match(struct join *join, struct error *err)
{
	int status = walk(join, match_group, err);

	if (!status && add_uncarried(join))
		status = error_set(err, -ENOMEM, "session: no memory for the join of %zu updates", join->update_count);
	if (!status && join->message_count)
		qsort(join->messages, join->message_count, sizeof(*join->messages), by_id);
	for (size_t i = 0; !status && join->keeper_after_seen && i < join->message_count; i++) {
		const struct join_message *message = &join->messages[i];

		if (message->update != NOTHING && join_reacts(join, message->asset))
			join_trigger(join, message->feed, join->updates[message->update].seen_ns);
	}
	return status;
}
