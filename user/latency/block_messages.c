// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/block_messages.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "session/clockmap.h"
#include "session/query.h"

/*
 * The messages of one block and feed stand together, those of one kind and part among them, the earliest first. A block's
 * name is of h… or n…, which hash and number cannot share. The heads that a node tells are messages of its chain, whose
 * number is negative here, to be no feed's. 0x is not part of a hash (Solana's, in base58, never begin so); one that nobody
 * told is empty there.
 */
#define BARE(hash) "iif(substr(" hash ", 1, 2) = '0x', substr(" hash ", 3), nullif(" hash ", ''))"
static const char query[] =
	"WITH message AS (SELECT f.name AS feed, m.kind, m.part, m.parts_needed, m.hash, m.parent, m.number, m.published_ns,"
	"  m.first_mono_ns, m.wire_mono_ns, m.feed_id FROM block_message m JOIN feed f ON f.id = m.feed_id"
	" UNION ALL SELECT b.chain, 'head', NULL, NULL, " BARE("b.hash") ", " BARE("b.parent") ", b.number, b.block_ns,"
	"  b.block_wire_mono_ns, b.block_complete_mono_ns, -1 - c.id FROM chain_block b JOIN chain c ON c.name = b.chain)"
	"SELECT iif(hash IS NOT NULL, 'h' || hash, 'n' || number), * FROM message WHERE hash IS NOT NULL OR number IS NOT NULL"
	" ORDER BY 1, feed_id, kind, part, wire_mono_ns IS NULL, wire_mono_ns";

enum { NAME, FEED, KIND, PART, NEEDED, HASH, PARENT, NUMBER, PUBLISHED, FIRST, WIRE, FEED_ID };

struct loader {
	struct told_blocks *out;
	size_t room;
	const struct clockmap *clock;
	struct told_block *block; /* the one whose messages are being read */
	char name[BLOCK_HASH_MAX + 1];
	int64_t feed_id;
	bool has_part;
	int64_t part; /* of the last message, and its kind */
	int kind;
	int64_t *arrivals; /* of the block's distinct parts */
	size_t arrival_count, arrival_room;
};

static void earliest(int64_t *time, int64_t ns)
{
	if (ns != TIME_UNKNOWN && (*time == TIME_UNKNOWN || ns < *time))
		*time = ns;
}

static int kind_of(const char *name)
{
	for (int i = 0; i < BLOCK_KINDS_MAX; i++)
		if (!strcmp(block_kinds[i].name, name))
			return i;
	return -1;
}

/* All messages of the block are in. */
static void finish(struct loader *loader)
{
	struct told_block *block = loader->block;
	bool announced = false, parts = false;

	if (!block)
		return;
	for (int i = 0; i < BLOCK_KINDS_MAX; i++) {
		announced |= block->kinds[i] && block_kinds[i].body == BLOCK_BODY_ANNOUNCED;
		parts |= block->kinds[i] && block_kinds[i].body == BLOCK_BODY_PART && block->parts_needed;
		if (block->kinds[i] && block_kinds[i].body == BLOCK_BODY_WHOLE)
			block->state = TOLD_COMPLETE;
	}
	if (block->state == TOLD_UNKNOWN && (parts ? block->parts < block->parts_needed : announced))
		block->state = TOLD_INCOMPLETE;
	if (block->parts_needed && loader->arrival_count >= block->parts_needed) {
		sort_int64(loader->arrivals, loader->arrival_count);
		block->enough_ns = clockmap_utc(loader->clock, loader->arrivals[block->parts_needed - 1]);
	}
	block->first_ns = clockmap_utc(loader->clock, block->first_ns);
	block->complete_ns = clockmap_utc(loader->clock, block->complete_ns);
	block->last_ns = clockmap_utc(loader->clock, block->last_ns);
	loader->block = NULL;
	loader->arrival_count = 0;
	loader->has_part = false;
}

static int begin(struct loader *loader, sqlite3_stmt *row)
{
	struct told_blocks *out = loader->out;

	if (array_grow((void **)&out->items, out->count, &loader->room, sizeof(*out->items)))
		return -ENOMEM;
	loader->block = &out->items[out->count++];
	*loader->block = (struct told_block){
		.published_ns = TIME_UNKNOWN,
		.first_ns = TIME_UNKNOWN,
		.enough_ns = TIME_UNKNOWN,
		.complete_ns = TIME_UNKNOWN,
		.last_ns = TIME_UNKNOWN,
		.behind_ns = TIME_UNKNOWN,
	};
	column_copy(row, NAME, loader->name, sizeof(loader->name));
	column_copy(row, FEED, loader->block->feed, sizeof(loader->block->feed));
	column_copy(row, HASH, loader->block->hash, sizeof(loader->block->hash));
	loader->feed_id = sqlite3_column_int64(row, FEED_ID);
	return 0;
}

static int add_arrival(struct loader *loader, int64_t wire)
{
	if (array_grow((void **)&loader->arrivals, loader->arrival_count, &loader->arrival_room, sizeof(*loader->arrivals)))
		return -ENOMEM;
	loader->arrivals[loader->arrival_count++] = wire;
	return 0;
}

/* A kind that this version does not know (a newer file's) counts among the messages only. */
static int add(struct loader *loader, sqlite3_stmt *row)
{
	struct told_block *block = loader->block;
	int64_t wire = column_ns(row, WIRE), part = column_ns(row, PART);
	int kind = kind_of(column_text(row, KIND));
	bool repeat = loader->has_part && loader->part == part && loader->kind == kind;

	loader->has_part = true;
	loader->part = part;
	loader->kind = kind;
	block->messages++;
	block->repeats += repeat;
	if (kind >= 0)
		block->kinds[kind]++;
	if (!*block->parent)
		snprintf(block->parent, sizeof(block->parent), "%s", column_text(row, PARENT));
	if (sqlite3_column_type(row, NUMBER) != SQLITE_NULL) {
		block->has_number = true;
		block->number = (uint64_t)sqlite3_column_int64(row, NUMBER);
	}
	if ((uint64_t)sqlite3_column_int64(row, NEEDED) > block->parts_needed)
		block->parts_needed = (uint64_t)sqlite3_column_int64(row, NEEDED);
	earliest(&block->published_ns, column_ns(row, PUBLISHED));
	if (kind >= 0 && block_kinds[kind].body == BLOCK_BODY_ASKED)
		return 0;
	earliest(&block->first_ns, column_ns(row, FIRST));
	if (wire != TIME_UNKNOWN && (block->last_ns == TIME_UNKNOWN || wire > block->last_ns))
		block->last_ns = wire;
	if (kind >= 0 && block_kinds[kind].body == BLOCK_BODY_WHOLE)
		earliest(&block->complete_ns, wire);
	if (repeat || part == TIME_UNKNOWN)
		return 0;
	block->parts++;
	return wire == TIME_UNKNOWN ? 0 : add_arrival(loader, wire);
}

/* While the blocks still stand by name: what each is behind, and, for the order, when the first feed had it. */
struct order {
	struct told_block *block;
	int64_t first_ns;
	size_t name;
};

/* What was never stamped comes last. */
static bool earlier(int64_t a, int64_t b)
{
	return a != TIME_UNKNOWN && (b == TIME_UNKNOWN || a < b);
}

static int by_first(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->first_ns != y->first_ns)
		return earlier(x->first_ns, y->first_ns) ? -1 : 1;
	if (x->name != y->name)
		return x->name < y->name ? -1 : 1;
	if (x->block->first_ns != y->block->first_ns)
		return earlier(x->block->first_ns, y->block->first_ns) ? -1 : 1;
	return strcmp(x->block->feed, y->block->feed);
}

static bool same_block(const struct told_block *a, const struct told_block *b)
{
	return *a->hash || *b->hash ? !strcmp(a->hash, b->hash) : a->number == b->number;
}

static int arrange(struct told_blocks *out)
{
	struct order *order = calloc(out->count + 1, sizeof(*order));
	struct told_block *sorted = calloc(out->count + 1, sizeof(*sorted));

	if (!order || !sorted) {
		free(order);
		free(sorted);
		return -ENOMEM;
	}
	for (size_t i = 0, end; i < out->count; i = end) {
		int64_t first = TIME_UNKNOWN;

		for (end = i; end < out->count && same_block(&out->items[i], &out->items[end]); end++)
			earliest(&first, out->items[end].first_ns);
		for (size_t k = i; k < end; k++) {
			struct told_block *block = &out->items[k];

			order[k] = (struct order){block, first, i};
			if (end > i + 1 && block->first_ns != TIME_UNKNOWN)
				block->behind_ns = block->first_ns - first;
		}
	}
	qsort(order, out->count, sizeof(*order), by_first);
	for (size_t i = 0; i < out->count; i++)
		sorted[i] = *order[i].block;
	free(order);
	free(out->items);
	out->items = sorted;
	return 0;
}

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	int status = 0;

	if (loader->block &&
	    (loader->feed_id != sqlite3_column_int64(row, FEED_ID) || strcmp(loader->name, column_text(row, NAME))))
		finish(loader);
	if (!loader->block)
		status = begin(loader, row);
	return status ? status : add(loader, row);
}

static int read_rows(sqlite3 *db, struct loader *loader, struct error *err)
{
	int status = query_each(db, query, NULL, "tables block_message and chain_block", add_row, loader, err);

	finish(loader);
	return status;
}

static int count_nameless(sqlite3 *db, uint64_t *out, struct error *err)
{
	sqlite3_stmt *row = NULL;
	int status = -EIO;

	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM block_message WHERE hash IS NULL AND number IS NULL", -1, &row,
			       NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW) {
		*out = (uint64_t)sqlite3_column_int64(row, 0);
		status = 0;
	}
	sqlite3_finalize(row);
	return status ? error_set(err, status, "session: table block_message: %s", sqlite3_errmsg(db)) : 0;
}

int told_blocks_load(sqlite3 *db, struct told_blocks *out, struct error *err)
{
	struct loader loader = {.out = out};
	struct clockmap *clock = NULL;
	int status;

	memset(out, 0, sizeof(*out));
	status = clockmap_load(&clock, db, err);
	loader.clock = clock;
	if (!status)
		status = read_rows(db, &loader, err);
	if (!status)
		status = count_nameless(db, &out->nameless, err);
	if (!status && arrange(out))
		status = error_set(err, -ENOMEM, "no memory for %zu blocks", out->count);
	free(loader.arrivals);
	clockmap_free(clock);
	if (status)
		told_blocks_free(out);
	return status;
}

void told_blocks_free(struct told_blocks *blocks)
{
	free(blocks->items);
	memset(blocks, 0, sizeof(*blocks));
}
