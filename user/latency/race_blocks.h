/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The same blocks over several block feeds: who had what of them first, and by how much. Four races, from the table of
 * each packet (shred_arrival) and from that of sets and slots (block_arrival).
 */
#ifndef PL_LATENCY_RACE_BLOCKS_H
#define PL_LATENCY_RACE_BLOCKS_H

#include "latency/course.h"

enum block_race {
	BLOCK_RACE_SHREDS,    /* each shred, repair responses left out; needs packets: all */
	BLOCK_RACE_SETS,      /* each FEC set, when it became decodable; a feed that could not decode it did not carry it */
	BLOCK_RACE_FIRST,     /* each slot, its first packet */
	BLOCK_RACE_DECODABLE, /* each slot, when all of its sets, as far as any feed knows them, were decodable */
	BLOCK_RACES
};

/* "shreds" as a key, and what people read. */
struct block_race_name {
	const char *key, *title;
};
extern const struct block_race_name block_race_names[BLOCK_RACES];

struct block_races {
	struct race of[BLOCK_RACES];
};

/* Negative errno with the reason otherwise; nothing to free then. */
int block_races_compute(sqlite3 *db, struct block_races *out, struct error *err);
void block_races_free(struct block_races *races);

#endif
