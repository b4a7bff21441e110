/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What selling into the market costs, and how the market recovers. A law is the cumulative curve M(x): the proceeds, in
 * units of the undisturbed price, of selling x units into a market at rest. A sale from x to x + q brings price·(M(x+q) -
 * M(x)), so that one liquidation makes the next one worse; x halves every `recovery_s`. Buying is taken to cost as much
 * above the price as selling brings below it.
 */
#ifndef PL_MARGIN_LIQUIDITY_H
#define PL_MARGIN_LIQUIDITY_H

#include <stddef.h>

#include "base/error.h"

struct liquidity;

struct liquidity_type {
	const char *name;
	const char *parameter; /* the one number of the law, in units of the asset; NULL: none */
	double (*proceeds)(const struct liquidity *liquidity, double x); /* M(x), x >= 0; never falls, M(x) <= x */
};

struct depth_level {
	double units, fraction; /* cumulative units down to this fraction of the price; ascending units, descending fractions */
};

struct liquidity {
	const struct liquidity_type *type;
	double parameter;
	double recovery_s; /* half-life; INFINITY: the market does not recover */
	struct depth_level *levels; /* book: level_count of them */
	size_t level_count;
};

/*
 * none		M = x
 * pool		constant product with `parameter` units on the asset's side: M = X·x/(X + x)
 * sqrt		square-root impact: the average price falls by sqrt(x/parameter), parameter = the units that move it to nothing
 * book		depth curve: the price falls linearly between the levels, and is nothing beyond the last
 */
extern const struct liquidity_type *const liquidity_types[]; /* NULL at the end */
extern const struct liquidity_type liquidity_none, liquidity_pool, liquidity_sqrt, liquidity_book;

const struct liquidity_type *liquidity_find(const char *name);

/* -EINVAL names what is wrong: a parameter not above 0, levels out of order. */
int liquidity_check(const struct liquidity *liquidity, struct error *err);

/* Average price, as a fraction of the undisturbed one, of selling `units` > 0 after `used`: in (0, 1]. */
double liquidity_average(const struct liquidity *liquidity, double used, double units);

/* What is left of `used` after dt seconds. */
double liquidity_recover(const struct liquidity *liquidity, double used, double dt_s);

/* Price of the next unit, as a fraction of the undisturbed one. */
double liquidity_marginal(const struct liquidity *liquidity, double used);

#endif
