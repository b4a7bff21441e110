/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How much value is triggered at which moneyness, ln(strike/price), over the horizon: by a simulation's paths or by
 * formula. With it F(t), the expected bad debt if the whole delay were exactly t, is one sum, and every question about
 * another delay law is an average of F.
 */
#ifndef PL_MARGIN_MASSES_H
#define PL_MARGIN_MASSES_H

#include <stdbool.h>
#include <stddef.h>

#include "margin/curve.h"
#include "margin/delay.h"
#include "margin/process.h"
#include "margin/quadrature.h"

/* Value triggered at one moneyness. */
struct mass {
	double moneyness, value;
};

struct masses {
	const struct process *process;
	bool overshot; /* the price is where a jump took it, the value is at the level it jumped over */
	struct mass *items;
	size_t count, capacity;
};

int masses_add(struct masses *masses, double moneyness, double value); /* 0 or -ENOMEM */

struct fixed_delay {
	struct masses *assets;
	size_t asset_count;
	struct curve by_log_time;
	double mass_left_out; /* of the longest delays: too little to matter */
};

int fixed_delay_init(struct fixed_delay *fixed, size_t asset_count);
void fixed_delay_free(struct fixed_delay *fixed);

/* Tabulates F over the sorted `rules` plus up to `added_max` seconds; `expected` is about the result. 0 or -ENOMEM. */
int fixed_delay_tabulate(struct fixed_delay *fixed, const struct quadrature *rules, size_t rule_count, double added_max,
			 double expected);

/* F(t); outside the table it is computed. */
double fixed_delay_loss(const struct fixed_delay *fixed, double t);

/* The average of F(scale · delay + added) over a sorted law. */
double fixed_delay_average(const struct fixed_delay *fixed, const struct quadrature *delay, double scale, double added);

/* What stands beside one stage: the other stages, and how all delays together are changed (1 and 0: not at all). */
struct delay_beside {
	const struct quadrature *rest;
	const struct quadrature *less; /* NULL, or of a difference: the result less that with these other stages */
	double scale, added_s;
};

/*
 * Variance of the result from the finite samples of a measured law: the result is linear in the empirical distribution, so
 * the bootstrap over its samples has the closed form var(G)/n, G(x) the result if the delay were always x. Sets *measured if there is a
 * measured part.
 */
double fixed_delay_measured_variance(const struct fixed_delay *fixed, const struct delay_law *law, double share,
				     const struct delay_beside *beside, bool *measured);

#endif
