// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join by key and by bytes. The rules are told in docs/session.md. */
#include <errno.h>
#include <string.h>

#include "latency/join_group.h"
#include "latency/join_tables.h"

const char *const join_method_names[JOIN_METHODS] = {"bytes", "key", "price"};

/* Of a row that begins with id, arrival and price. */
static void read_message(sqlite3_stmt *row, struct join_message *out)
{
	*out = (struct join_message){.id = sqlite3_column_int64(row, 0), .arrival_ns = column_ns(row, 1),
				     .price = column_number(row, 2), .found = true};
}

/* ---- by key ---- */

/* The earliest message with the update's key and price (a publish time in whole seconds has several messages), else the earliest with its key. */
int find_by_key(struct group *group, const struct join_update *update, struct join_message *out)
{
	int step;

	*out = NO_MESSAGE;
	if (!group->carrier->keyed || sqlite3_column_type(group->updates, JOIN_UPDATE_KEY) == SQLITE_NULL)
		return 0;
	sqlite3_bind_int64(group->by_key, 1, group->carrier - group->join->carriers);
	sqlite3_bind_value(group->by_key, 2, sqlite3_column_value(group->updates, JOIN_UPDATE_KEY));
	while ((step = sqlite3_step(group->by_key)) == SQLITE_ROW) {
		bool same = price_equals(column_number(group->by_key, 2), update);

		if (same || !out->found)
			read_message(group->by_key, out);
		if (same)
			break;
	}
	sqlite3_reset(group->by_key);
	return step == SQLITE_ROW || step == SQLITE_DONE ? 0 : -EIO;
}

void count_keyed(const struct join_update *update, const struct join_message *message, struct keyed *counts)
{
	counts->matched++;
	if (isnan(update->price) || isnan(message->price))
		return;
	counts->priced++;
	counts->contradicted += !price_equals(message->price, update);
}

/* ---- by bytes ---- */

/* How well a message with bytes of the update's transaction fits it: its key counts more than its price. */
static int rank_of(const struct group *group, const struct join_update *update, const struct join_message *message)
{
	const char *wanted = (const char *)sqlite3_column_text(group->updates, JOIN_UPDATE_KEY);
	const char *key = (const char *)sqlite3_column_text(group->by_digest, 3);

	return 2 * (wanted && key && !strcmp(wanted, key)) + price_equals(message->price, update);
}

/* The first message that was delivered with these bytes. 1, 0: there is none, or -EIO; sqlite3_reset() what it read. */
static int step_to_digest(struct group *group, sqlite3_value *digest)
{
	int step;

	sqlite3_bind_int64(group->by_digest, 1, group->carrier - group->join->carriers);
	sqlite3_bind_value(group->by_digest, 2, digest);
	step = sqlite3_step(group->by_digest);
	return step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : -EIO;
}

/*
 * The message whose signed bytes the update's transaction carries. There may be several: a transaction can carry several
 * updates of one feed, of which the one with the update's key and price is it; and the same bytes may have come twice,
 * of which the first did.
 */
int find_by_bytes(struct group *group, const struct join_update *update, struct join_message *out)
{
	int best_rank = -1, step, found = 0;

	*out = NO_MESSAGE;
	if (!group->carrier->signs || !update->carried_count)
		return 0;
	sqlite3_bind_int64(group->carried, 1, update->carried);
	sqlite3_bind_int64(group->carried, 2, update->carried + update->carried_count);
	while (found >= 0 && (step = sqlite3_step(group->carried)) == SQLITE_ROW) {
		struct join_message message;
		int rank;

		found = step_to_digest(group, sqlite3_column_value(group->carried, 0));
		if (found > 0) {
			read_message(group->by_digest, &message);
			rank = rank_of(group, update, &message);
			if (rank > best_rank || (rank == best_rank && message_before(&message, out))) {
				best_rank = rank;
				*out = message;
			}
		}
		sqlite3_reset(group->by_digest);
	}
	sqlite3_reset(group->carried);
	return found >= 0 && step == SQLITE_DONE ? 0 : -EIO;
}
