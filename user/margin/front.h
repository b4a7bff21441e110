/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Accounts in the order in which a moving price reaches them, so that a step costs the same for a thousand accounts and
 * for a million: those of the book sorted once for all paths, those that came back (liquidated in part, or recovered) in a
 * heap of the path. One front for long positions, which a fall reaches, one for short ones, reached by a rise; the latter
 * count in 1/price, so that both fire where a key is above a level.
 */
#ifndef PL_MARGIN_FRONT_H
#define PL_MARGIN_FRONT_H

#include <stddef.h>
#include <stdint.h>

struct front_entry {
	double key; /* trigger price, or 1/trigger */
	uint32_t account;
};

struct front_order { /* of the book: the same for all paths */
	struct front_entry *entries; /* descending keys */
	size_t count;
};

/* Room for `count` entries; 0 or -ENOMEM. Fill entries, then front_order_sort(). */
int front_order_init(struct front_order *order, size_t count);
void front_order_sort(struct front_order *order);
void front_order_free(struct front_order *order);

struct front { /* of one path */
	const struct front_order *order;
	size_t next;
	struct front_entry *back; /* max-heap of those that came back */
	size_t back_count, back_capacity;
};

void front_init(struct front *front, const struct front_order *order);
void front_free(struct front *front);
void front_start(struct front *front);

/* Everybody leaves it, the book's too: for those who are to come back under keys that have changed. */
void front_clear(struct front *front);

/* The next account whose key is above `level` (price for long, 1/price for short) leaves the front; -1: there is none. */
int64_t front_fire(struct front *front, double level);

/* The highest key in it, or 0. */
double front_highest(const struct front *front);

/* An account comes back under a key. 0 or -ENOMEM. */
int front_return(struct front *front, double key, uint32_t account);

#endif
