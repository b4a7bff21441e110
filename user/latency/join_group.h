/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One asset at one feed, while its updates are walked in the order in which they landed: each is matched by key and by bytes
 * (join_exact.c), by price (join_price.c), and how often that goes wrong is estimated (join_false.c).
 */
#ifndef PL_LATENCY_JOIN_GROUP_H
#define PL_LATENCY_JOIN_GROUP_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "latency/join_data.h"
#include "latency/join_recent.h"
#include "stats/proportion.h"

/* How many updates share a key, how many of these have prices to compare, and how many of them disagree. */
struct keyed {
	uint64_t matched, priced, contradicted;
};

struct group {
	struct join *join;
	struct join_carrier *carrier;
	sqlite3_stmt *updates; /* the walk: temp.join_update, with its row's number behind JOIN_UPDATE_COLUMNS */
	sqlite3_stmt *by_key, *carried, *by_digest, *take, *leave;
};

/* The walk over the asset's updates. 1: there is one more, 0: there is none, or -EIO. */
void group_rewind(struct group *group);
int group_next(struct group *group, struct join_update *update);

static inline bool price_equals(double message, const struct join_update *update)
{
	double distance = fabs(message - update->price);

	return distance <= PRICE_EQUAL * fabs(update->price) || distance <= update->half_digit;
}

/* Earlier in a feed: unknown arrivals stand first. */
static inline bool message_before(const struct join_message *a, const struct join_message *b)
{
	return a->arrival_ns != b->arrival_ns ? a->arrival_ns < b->arrival_ns : a->id < b->id;
}

/* For the update at which the walk stands. 0 or -EIO. The bytes overrule a key, which several messages may share. */
int find_by_key(struct group *group, const struct join_update *update, struct join_message *out);
int find_by_bytes(struct group *group, const struct join_update *update, struct join_message *out);
void count_keyed(const struct join_update *update, const struct join_message *message, struct keyed *counts);

/* How a matched update lay: how late it landed after its message, and how many messages after the one of its contract's update before. */
struct manner {
	int64_t lag_ns;
	uint32_t gap;
};
#define PLANTED_MAX 2000

/* What the price rule remembers of the updates before. */
struct pricing {
	struct recent recent;
	uint32_t *from; /* by place: updates of one contract follow the order of the messages: each is looked for from here on */
	uint32_t *last; /* by place: position + 1 of the last match by price */
	struct manner *manners; /* of the first PLANTED_MAX matches */
	uint64_t matched;	/* that have a manner */
	double half_digit;	/* of the first update */
};

/* 0, -ENOMEM or -EIO; pricing_free() either way. */
int pricing_new(struct pricing *pricing, const struct group *group);
void pricing_free(struct pricing *pricing);
/*
 * The update's message where it has none in *message; where it has, which was found by its bytes, those that follow are
 * looked for after it. 0 or -EIO.
 */
int match_by_price(struct pricing *pricing, const struct join_update *update, struct join_message *message);

/*
 * The latest message of the update's price before it was seen, from position `from` on; else the one with the nearest
 * price within the tolerance. `except` is passed over (NOTHING: none is). `recent` has been read up to the landing.
 */
const struct recent_message *find_by_price(const struct recent *recent, const struct join_update *update, uint32_t from,
					   uint32_t except);

/*
 * The share of matches by price that are wrong, by planting updates whose message is known. For messages all over the
 * feed's time, an update of that very price is imagined that lands as late, and as far after the contract's update before,
 * as the matched ones did: how often does the rule name another message (w), and how often does it name one although the
 * right one is taken away (f)? The share π of
 * updates whose message the feed never had follows from the share u that stays unmatched, u = π (1 - f). Then
 *
 *     wrong / matched = (π f + (1 - π) w) / (1 - u),
 *
 * with an interval by MOVER (Zou and Donner 2008) out of Wilson's of w, f and u. `unmatched`: updates since the feed's
 * first message without a match. NAN where nothing matched. 0, -ENOMEM or -EIO.
 */
int false_matches_by_price(const struct group *group, const struct pricing *pricing, uint64_t unmatched, struct proportion *out);

#endif
