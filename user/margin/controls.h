/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a protocol does about a falling market: a circuit breaker that pauses liquidations, and a margin requirement that
 * follows volatility. Each watches one asset's price, block by block.
 */
#ifndef PL_MARGIN_CONTROLS_H
#define PL_MARGIN_CONTROLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct breaker {
	double move;	 /* relative change of the price over the window that trips it; 0: there is none */
	double window_s; /* at least one step */
	double pause_s;	 /* no liquidation for this long */
};

/*
 * Requirement that follows volatility: health is taken at weight·m (for short positions weight/m), m = 1 - gain·(σ - calm)·
 * √horizon above the calm volatility, between `floor` and 1; σ the EWMA of squared returns. m moves by at most
 * `step_per_hour` an hour, so that nobody is liquidated by the rule's own jump.
 */
struct dynamic_margin {
	double gain;		/* 0: off */
	double calm_volatility; /* per year */
	double half_life_s, horizon_s;
	double floor;		/* (0, 1] */
	double step_per_hour;
};

int breaker_check(const struct breaker *breaker, double step_s, struct error *err);
int dynamic_margin_check(const struct dynamic_margin *margin, struct error *err);

/* State for one asset of a path. */
struct controls {
	const struct breaker *breaker;
	const struct dynamic_margin *margin;
	double step_s;
	double *past; /* ring of prices over the breaker's window */
	size_t size, filled, at;
	double paused_until_s;
	double variance; /* EWMA, per second */
	double m;
	double last_price;
};

/* 0 or -ENOMEM. */
int controls_init(struct controls *controls, const struct breaker *breaker, const struct dynamic_margin *margin, double step_s);
void controls_free(struct controls *controls);
void controls_start(struct controls *controls, double price);

/* The price one step later. */
void controls_observe(struct controls *controls, double price, double now_s);

#endif
