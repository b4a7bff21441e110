/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What other tables say of an update: which messages its transaction carries (join_carried.c), since when its block was final
 * (join_final.c), when its packets came (join_inside.c).
 */
#ifndef PL_LATENCY_JOIN_LOOKUP_H
#define PL_LATENCY_JOIN_LOOKUP_H

#include "latency/join_data.h"

struct join_lookup {
	const struct join *join;
	sqlite3_stmt *carried, *final;
};

/* 0 or -EIO with its text; join_lookup_close() either way. */
int join_lookup_open(struct join_lookup *lookup, const struct join *join, struct error *err);
void join_lookup_close(struct join_lookup *lookup);

/* Fill the temporary tables that are looked into. */
int join_load_carried(struct join *join, struct error *err);
int join_load_finals(struct join *join, struct error *err);
int join_load_inside(struct join *join, struct error *err);

/* Updates that blocks alone tell of: join_inside with `asset`. */
#define JOIN_INSIDE_UPDATES "temp.join_inside i JOIN temp.join_inside_asset n ON n.message_id = i.message_id"

/* Those of a transaction's messages that an update of an oracle of that type may come of. 0 or -EIO. */
int join_lookup_carried(struct join_lookup *lookup, const char *tx, const char *oracle_type, struct join_update *update);
/* When the block became final for the first of the network's nodes that saw it become so; TIME_UNKNOWN: for none. 0 or -EIO. */
int join_lookup_final(struct join_lookup *lookup, const char *network, int64_t number, int64_t *out_ns);

#endif
