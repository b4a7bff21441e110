// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Prices that posts inside blocks brought (Solana, feeds with `payload: true` and a `watch`): when their packets had come, for the
 * updates that a node tells of; and for assets of which no chain tells, as updates of their own.
 */
#include "latency/join_lookup.h"
#include "latency/join_tables.h"

/*
 * Of several block feeds, transactions or copies the earliest packet counts. A block is complete when the last set of one that is whole
 * became decodable. Which asset it is say the messages of oracle feeds with the same id.
 */
static const char fill_sql[] =
	"INSERT INTO temp.join_inside SELECT number, message_id, key, min(id), price, exponent, published_ns, min(block_wire_mono_ns), NULL"
	" FROM main.block_transaction WHERE message_id <> '' AND key <> '' GROUP BY number, message_id, key;"
	"UPDATE temp.join_inside SET complete_mono_ns = (SELECT min(at) FROM (SELECT max(s.decodable_mono_ns) AS at FROM main.feed f"
	"  JOIN main.block_arrival b ON b.feed_id = f.id AND b.number = join_inside.number AND ifnull(b.fec_set, -1) = -1 AND b.complete = 1"
	"  JOIN main.block_arrival s ON s.feed_id = f.id AND s.number = join_inside.number AND s.fec_set IS NOT NULL GROUP BY f.id));"
	"INSERT INTO temp.join_inside_asset SELECT DISTINCT message_id, asset FROM main.oracle_message"
	" WHERE EXISTS (SELECT 1 FROM temp.join_inside) AND message_id IN (SELECT message_id FROM temp.join_inside)"
	" AND asset <> '' AND asset NOT IN (SELECT asset FROM main.chain_update)";

int join_load_inside(struct join *join, struct error *err)
{
	return join_execute(join, fill_sql, err);
}
