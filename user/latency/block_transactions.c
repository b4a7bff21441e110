// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/block_transactions.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "feed/build.h"
#include "session/clockmap.h"
#include "session/query.h"

enum column {
	FEED, NUMBER, ENTRY, POSITION, SHRED, WATCH, SIGNATURE, BLOCK_WIRE, READABLE, RECOVERED, FIRST, MESSAGE_ID, KEY, MANTISSA,
	EXPONENT, PRICE, PUBLISHED, ORACLE_WIRE,
};

static const char query[] =
	"SELECT f.name, t.number, t.entry, t.position, t.shred, t.watch, t.signature, t.block_wire_mono_ns,"
	" t.readable_mono_ns, t.recovered, b.first_mono_ns, t.message_id, t.key, t.mantissa, t.exponent, t.price, t.published_ns, o.wire_mono_ns"
	" FROM block_transaction t LEFT JOIN (SELECT message_id, key, mantissa, min(wire_mono_ns) AS wire_mono_ns"
	"  FROM oracle_message WHERE message_id IN (SELECT message_id FROM block_transaction) GROUP BY message_id, key, mantissa) o"
	" ON o.message_id = t.message_id AND o.key = t.key AND o.mantissa = t.mantissa JOIN feed f ON f.id = t.feed_id LEFT JOIN block_arrival b"
	" ON b.feed_id = t.feed_id AND b.number = t.number AND ifnull(b.fec_set, -1) = -1"
	" ORDER BY t.number, t.position IS NULL, t.position, f.id, t.id";

static int64_t read_index(sqlite3_stmt *row, int column)
{
	return sqlite3_column_type(row, column) == SQLITE_NULL ? -1 : sqlite3_column_int64(row, column);
}

static void read_message(sqlite3_stmt *row, struct feed_message *out)
{
	message_clear(out);
	column_copy(row, MESSAGE_ID, out->id, sizeof(out->id));
	column_copy(row, KEY, out->key, sizeof(out->key));
	column_copy(row, MANTISSA, out->mantissa, sizeof(out->mantissa));
	out->has_exponent = sqlite3_column_type(row, EXPONENT) != SQLITE_NULL;
	out->exponent = sqlite3_column_int(row, EXPONENT);
	out->price = column_number(row, PRICE);
	out->published_ns = column_ns(row, PUBLISHED);
}

static void read_row(sqlite3_stmt *row, const struct clockmap *clock, struct block_transaction *out)
{
	int64_t first_ns = clockmap_utc(clock, column_ns(row, FIRST)), oracle_ns = clockmap_utc(clock, column_ns(row, ORACLE_WIRE));

	memset(out, 0, sizeof(*out));
	column_copy(row, FEED, out->feed, sizeof(out->feed));
	out->number = (uint64_t)sqlite3_column_int64(row, NUMBER);
	out->entry = read_index(row, ENTRY);
	out->position = read_index(row, POSITION);
	out->shred = (uint32_t)sqlite3_column_int64(row, SHRED);
	column_copy(row, WATCH, out->watch, sizeof(out->watch));
	column_copy(row, SIGNATURE, out->signature, sizeof(out->signature));
	out->block_wire_ns = clockmap_utc(clock, column_ns(row, BLOCK_WIRE));
	out->readable_ns = clockmap_utc(clock, column_ns(row, READABLE));
	out->after_first_ns = first_ns == TIME_UNKNOWN ? TIME_UNKNOWN : out->block_wire_ns - first_ns;
	out->after_oracle_ns = oracle_ns == TIME_UNKNOWN ? TIME_UNKNOWN : out->block_wire_ns - oracle_ns;
	out->recovered = sqlite3_column_int(row, RECOVERED);
	read_message(row, &out->message);
}

struct loader {
	struct block_transaction_list *out;
	const struct clockmap *clock;
	size_t room;
};

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	struct block_transaction_list *out = loader->out;

	if (array_grow((void **)&out->items, out->count, &loader->room, sizeof(*out->items)))
		return -ENOMEM;
	read_row(row, loader->clock, &out->items[out->count++]);
	return 0;
}

int block_transactions_load(sqlite3 *db, struct block_transaction_list *out, struct error *err)
{
	struct clockmap *clock = NULL;
	int status = clockmap_load(&clock, db, err);

	memset(out, 0, sizeof(*out));
	if (status)
		return status;
	status = query_each(db, query, NULL, "table block_transaction", add_row, &(struct loader){.out = out, .clock = clock}, err);
	clockmap_free(clock);
	if (status)
		block_transaction_list_free(out);
	return status;
}

void block_transaction_list_free(struct block_transaction_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}
