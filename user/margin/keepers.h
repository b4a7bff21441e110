/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Who liquidates. Keepers of one kind are alike: they have a law of delays, from which each draws for himself, and a capital. Kinds are
 * the own keeper, those who draw from delay.keeper, and classes with a law each. Whoever comes first has it.
 */
#ifndef PL_MARGIN_KEEPERS_H
#define PL_MARGIN_KEEPERS_H

#include <stdbool.h>
#include <stddef.h>

#include "margin/delay.h"

#define KEEPERS_MAX 100	      /* of all kinds together, the own one not counted */
#define KEEPER_CLASSES_MAX 8
#define KEEPER_NAME_MAX 64

/* Class i is of kind KEEPER_CLASSES + i. */
enum { KEEPER_OWN, KEEPER_COMPETING, KEEPER_CLASSES, KEEPER_KINDS = KEEPER_CLASSES + KEEPER_CLASSES_MAX };

struct keeper_class {
	char name[KEEPER_NAME_MAX];
	unsigned count;
	double capital;
	struct delay_law delay; /* in place of delay.keeper's, and longer or shorter where that stage is */
};

struct keepers {
	unsigned count;	   /* competing ones, each with a delay of its own from the keeper law; the first one gets it */
	bool has_own;	   /* one more, whose profit and win rate are asked for */
	struct delay_law own;
	double capital;	   /* the most that one liquidation by one of those may repay; INFINITY: no limit */
	double min_profit; /* numeraire, after gas: below it nobody acts, and the account waits */
	/* Entry: every review_s one more competes if each earned more than entry_cost of late, one fewer if less; 1 to `most`. */
	double entry_cost; /* per hour; 0: their number stays */
	double review_s;
	unsigned most;
	struct keeper_class classes[KEEPER_CLASSES_MAX]; /* whose numbers stay */
	size_t class_count;
};

/* -EINVAL names what is wrong. */
int keepers_check(const struct keepers *keepers, struct error *err);

/* Of kinds 0 .. keepers_kinds() - 1, of which some may have nobody. */
unsigned keepers_kinds(const struct keepers *keepers);
unsigned keepers_count(const struct keepers *keepers, unsigned kind);
double keepers_capital(const struct keepers *keepers, unsigned kind);
const char *keepers_name(const struct keepers *keepers, unsigned kind); /* "own", "competing", or the class's */
/* `stage`: delay.keeper. */
const struct delay_law *keepers_delay(const struct keepers *keepers, const struct delay_law *stage, unsigned kind);

#endif
