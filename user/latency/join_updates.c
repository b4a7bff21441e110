// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The updates on chain: those that were not undone, each once, by asset and in the order in which they landed. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "latency/join_tables.h"
#include "latency/join_lookup.h"

/*
 * Nodes of one network tell of the same blocks and logs: chains are looked at as their networks.
 *
 * An update of which no block's hash is known (Solana's) is the same where slot and key are: an account has one of them.
 * An update's block by its hash; by its number only where one of the two has no hash and there is one block of that
 * number: another hash is another block. Several rows of a block (of several nodes, or after a reconnect) count as their earliest stamps.
 * Solana's are also looked for inside the blocks: the packets of the update itself are nearer than those that told of its slot.
 * All that was told of one log stands together, in the order in which it was told.
 *
 * Pending is its transaction, or one that carries the same message: a sender may raise his fee, which makes it another one.
 */
static const char update_query[] =
	"WITH block AS (SELECT ifnull(c.network, b.chain) AS network, hash, number, max(block_ns) AS block_ns,"
	"  min(block_wire_mono_ns) AS wire, min(block_complete_mono_ns) AS complete"
	"  FROM chain_block b LEFT JOIN chain c ON c.name = b.chain GROUP BY 1, hash, number),"
	" lone AS (SELECT network, number, max(hash) AS hash, max(block_ns) AS block_ns, min(wire) AS wire,"
	"  min(complete) AS complete FROM block GROUP BY network, number HAVING count(nullif(hash, '')) < 2),"
	" waiting AS (SELECT ifnull(c.network, p.chain) AS network, tx_hash, digest,"
	"  min(ifnull(wire_mono_ns, app_mono_ns)) AS at FROM chain_pending p LEFT JOIN chain c ON c.name = p.chain GROUP BY 1, 2, 3),"
	" itself AS (SELECT network, tx_hash, min(at) AS at FROM waiting GROUP BY 1, 2),"
	" alike AS (SELECT w.network, d.tx_hash, d.message_id, min(w.at) AS at FROM chain_calldata d"
	"  LEFT JOIN chain c ON c.name = d.chain JOIN waiting w ON w.digest = d.digest AND w.network = ifnull(c.network, d.chain)"
	"  GROUP BY 1, 2, 3),"
	" told AS (SELECT ifnull(c.network, u.chain) AS network, u.* FROM chain_update u LEFT JOIN chain c ON c.name = u.chain)"
	"SELECT u.id, u.asset, u.key, u.price, u.exponent, u.published_ns,"
	" coalesce(u.block_ns, b.block_ns, l.block_ns), coalesce(n.wire_mono_ns, b.wire, l.wire),"
	" coalesce(n.complete_mono_ns, b.complete, l.complete),"
	" u.seen_mono_ns, u.removed, u.network, u.block_number, u.network || ' ' || u.tx_hash, u.type, u.network || ' ' || u.address,"
	" u.network || ' ' || u.address || ' ' || iif(u.block_hash = '', u.block_number || ' ' || ifnull(u.key, ''),"
	"  u.block_hash || ' ' || u.tx_hash || ' ' || u.log_index),"
	" min(ifnull(i.at, a.at), ifnull(a.at, i.at))"
	" FROM told u LEFT JOIN block b ON b.hash = u.block_hash AND b.network = u.network AND u.block_hash <> ''"
	" LEFT JOIN lone l ON l.number = u.block_number AND l.network = u.network AND (u.block_hash = '' OR l.hash = '')"
	" LEFT JOIN temp.join_inside n ON n.number = u.block_number AND n.message_id = u.message_id AND n.key = u.key AND u.block_hash = ''"
	" LEFT JOIN itself i ON i.network = u.network AND i.tx_hash = u.tx_hash"
	" LEFT JOIN alike a ON a.network = u.network AND a.tx_hash = u.tx_hash AND a.message_id IS u.message_id"
	" ORDER BY 17, u.id";

/* Columns as above. The moment at which it came stands for that of landing. */
static const char inside_query[] =
	"SELECT -i.id, asset, key, price, exponent, published_ns, NULL, wire_mono_ns, complete_mono_ns, NULL, 0, '', number, '', '',"
	" i.message_id, number || ' ' || i.message_id || ' ' || key || ' ' || asset, NULL FROM " JOIN_INSIDE_UPDATES;

enum column { COLUMN_ID, COLUMN_ASSET, COLUMN_KEY, COLUMN_PRICE, COLUMN_EXPONENT, COLUMN_PUBLISHED, COLUMN_BLOCK, COLUMN_BLOCK_WIRE,
	      COLUMN_BLOCK_COMPLETE, COLUMN_SEEN, COLUMN_REMOVED, COLUMN_NETWORK, COLUMN_NUMBER, COLUMN_TX, COLUMN_TYPE, COLUMN_PLACE,
	      COLUMN_LOG, COLUMN_PENDING };

/* What holds of a log, as far as it was read. */
struct told {
	struct join_update update;
	char *log, *key;
	bool live;
};

struct loader {
	struct join *join;
	struct join_lookup *lookup;
	sqlite3_stmt *insert;
	struct told told;
};

static int64_t column_utc(const struct join *join, sqlite3_stmt *row, int column)
{
	return clockmap_utc(join->clock, column_ns(row, column));
}

static void set_stamps(const struct join *join, sqlite3_stmt *row, struct join_update *update)
{
	update->published_ns = column_ns(row, COLUMN_PUBLISHED);
	update->block_ns = column_ns(row, COLUMN_BLOCK);
	update->block_wire_ns = column_utc(join, row, COLUMN_BLOCK_WIRE);
	update->block_complete_ns = column_utc(join, row, COLUMN_BLOCK_COMPLETE);
	update->seen_ns = column_utc(join, row, COLUMN_SEEN);
	/* A node may send a log before the head of its block: then the log is what first told of the block. */
	if (update->seen_ns != TIME_UNKNOWN && update->seen_ns < update->block_wire_ns)
		update->block_wire_ns = update->seen_ns;
	update->pending_ns = column_utc(join, row, COLUMN_PENDING);
	/* Gossip about a transaction goes on when it has been included. */
	if (update->seen_ns != TIME_UNKNOWN && update->pending_ns > update->seen_ns)
		update->pending_ns = TIME_UNKNOWN;
	update->landed_ns = update->seen_ns;
	if (update->landed_ns == TIME_UNKNOWN && update->block_ns != TIME_UNKNOWN &&
	    update->block_ns <= INT64_MAX - BLOCK_GRID_NS)
		update->landed_ns = update->block_ns + BLOCK_GRID_NS;
	if (update->id < 0)
		update->landed_ns = update->block_wire_ns;
}

static int read_update(struct loader *loader, sqlite3_stmt *row, struct join_update *update)
{
	struct join *join = loader->join;

	*update = (struct join_update){.id = sqlite3_column_int64(row, COLUMN_ID), .price = column_number(row, COLUMN_PRICE)};
	update->asset = intern_find(&join->names, column_text(row, COLUMN_ASSET));
	update->place = intern_find(&join->names, column_text(row, COLUMN_PLACE));
	if (sqlite3_column_type(row, COLUMN_EXPONENT) != SQLITE_NULL)
		update->half_digit = 0.5 * pow(10, sqlite3_column_double(row, COLUMN_EXPONENT));
	set_stamps(join, row, update);
	if (join_lookup_final(loader->lookup, column_text(row, COLUMN_NETWORK), sqlite3_column_int64(row, COLUMN_NUMBER),
			      &update->final_ns))
		return -EIO;
	return join_lookup_carried(loader->lookup, column_text(row, COLUMN_TX), column_text(row, COLUMN_TYPE), update);
}

/* What is live when all of a log was read, stands. */
static int end_log(struct loader *loader)
{
	struct told *told = &loader->told;
	int status = 0;

	if (told->live) {
		join_update_bind(loader->insert, &told->update, told->key);
		status = join_insert(loader->join, loader->insert);
		loader->join->updates[told->update.asset].count++;
	}
	free(told->log);
	free(told->key);
	*told = (struct told){.live = false};
	return status;
}

static int keep(struct told *told, const struct join_update *update, const char *key)
{
	char *copy = strdup(key);

	if (!copy)
		return -ENOMEM;
	free(told->key);
	told->key = copy;
	told->update = *update;
	told->live = true;
	return 0;
}

/*
 * An update and its removal both go; if the same block comes back, that is a new one. Delivered twice, by two nodes or after a
 * reconnect: the earliest one with a stamp stands.
 */
static int take_row(struct loader *loader, sqlite3_stmt *row)
{
	struct told *told = &loader->told;
	struct join_update update;
	int status;

	if (told->log && strcmp(told->log, column_text(row, COLUMN_LOG))) {
		status = end_log(loader);
		if (status)
			return status;
	}
	if (!told->log)
		told->log = strdup(column_text(row, COLUMN_LOG));
	if (!told->log)
		return -ENOMEM;
	if (sqlite3_column_int(row, COLUMN_REMOVED)) {
		told->live = false;
		return 0;
	}
	status = read_update(loader, row, &update);
	if (!status && (!told->live || (update.seen_ns != TIME_UNKNOWN && (told->update.seen_ns == TIME_UNKNOWN ||
									    update.seen_ns < told->update.seen_ns))))
		status = keep(told, &update, column_text(row, COLUMN_KEY));
	return status;
}

/* Unknown times stand first. */
static const char sort_sql[] =
	"INSERT INTO temp.join_update (" JOIN_UPDATE_COLUMNS ") SELECT " JOIN_UPDATE_COLUMNS " FROM temp.join_found"
	" ORDER BY asset, landed_ns, id; DELETE FROM temp.join_found";

static int sort(struct join *join, struct error *err)
{
	int64_t row = 1;

	for (uint32_t asset = 0; asset <= join->names.count; asset++) {
		join->updates[asset].first = row;
		row += join->updates[asset].count;
	}
	join->updated = row > 1;
	return join_execute(join, sort_sql, err);
}

static int load(struct loader *loader, const char *query)
{
	sqlite3_stmt *rows = join_prepare(loader->join, query);
	int step = SQLITE_ERROR, status = 0;

	while (rows && !status && (step = sqlite3_step(rows)) == SQLITE_ROW)
		status = take_row(loader, rows);
	if (!status)
		status = step == SQLITE_DONE ? end_log(loader) : -EIO;
	sqlite3_finalize(rows);
	return status;
}

int join_load_updates(struct join *join, struct error *err)
{
	struct join_lookup lookup;
	struct loader loader = {.join = join, .lookup = &lookup};
	int status = join_lookup_open(&lookup, join, err);

	if (status) {
		join_lookup_close(&lookup);
		return status;
	}
	loader.insert = join_prepare(join, "INSERT INTO temp.join_found (" JOIN_UPDATE_COLUMNS ")"
					   " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
	status = loader.insert ? load(&loader, update_query) : -EIO;
	if (!status)
		status = load(&loader, inside_query);
	if (status == -EIO)
		join_sql_error(join, err);
	else if (status)
		join_no_memory(err);
	free(loader.told.log);
	free(loader.told.key);
	sqlite3_finalize(loader.insert);
	join_lookup_close(&lookup);
	return status ? status : sort(join, err);
}
