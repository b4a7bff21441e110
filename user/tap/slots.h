/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the two tables of FEC sets, the kernel's (sets.c) and that of replay (aggregate.c), have in common when slots leave
 * them: the order, where a slot ends, and which sets are none.
 *
 * Nothing in the recognition rule protects slot and fec_set_index: a bit that flips there makes a shred of a set, or of a
 * slot, that does not exist. But the leader's signature, in front of every shred, is that of the set it was made for. A
 * set of up to three shreds whose signature is known from another set of the same feed, with twice as many, is such a one.
 */
#ifndef PL_TAP_SLOTS_H
#define PL_TAP_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

/* Parallel arrays; order[0..count) are the elements that are in use. */
struct slots_table {
	const struct pl_set_key *keys;
	const struct pl_set *sets;
	uint32_t *order;
	size_t count;
};

/* Signatures of sets with more than one shred: those of the last minutes, as later ones take their places. 1.25 MiB. */
struct slots_memory;
struct slots_memory *slots_memory_new(void); /* NULL: out of memory */

/* The sets order[begin..end) of one slot, and its latest packet. */
struct slots_span {
	uint32_t begin, end;
	uint64_t last_ns;
};

/*
 * Brings the order to that of feed, slot and set, remembers the signatures, and fills spans[] (room for table->count) with
 * the slots. Returns how many.
 */
size_t slots_list(struct slots_memory *memory, struct slots_table *table, struct slots_span *spans);

/* Those first that were silent for longest. */
void slots_sort_by_silence(struct slots_span *spans, size_t count);

/* Whether the set is nothing but shreds of another set, gone astray. */
bool slots_is_astray(const struct slots_memory *memory, const struct pl_set_key *key, const struct pl_set *set);

#endif
