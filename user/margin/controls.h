/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a protocol does about a falling market: a circuit breaker that pauses liquidations or trading, a margin requirement that follows
 * volatility, one that is raised ahead when volatility or the oracle's latency rises, and governance, which takes its time.
 * Each watches one asset's price on chain, block by block, and each can be on alone.
 *
 * Requirements: health is taken at weight·m (for short positions weight/m), m the product of what each control asks for.
 */
#ifndef PL_MARGIN_CONTROLS_H
#define PL_MARGIN_CONTROLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct breaker {
	double move;	   /* relative change of the price over the window that trips it; 0: not looked at */
	double volatility; /* per year, of late (EWMA of half-life window_s), that trips it; 0: not looked at */
	double window_s;   /* at least one step */
	double pause_s;	 /* no liquidation for this long */
	bool trading;	 /* the market is shut instead: liquidations go on, but nothing can be bought or sold for this long */
	bool hold;	 /* keepers then liquidate all the same, and sell when it opens again; else they wait */
};

/*
 * Requirement that follows volatility: m = 1 - gain·(σ - calm)·√horizon above the calm volatility, between `floor` and 1; σ² the
 * EWMA of squared returns or, with alpha, GARCH(1,1)'s forecast for the next block, h' = (1 - α - β)·calm² + α r² + β h. m moves by at most `step_per_hour` an hour, so that nobody is liquidated by the rule's own jump.
 */
struct dynamic_margin {
	double gain;		/* 0: off */
	double calm_volatility; /* per year */
	double half_life_s;	/* of the EWMA; GARCH has none */
	double alpha, beta;	/* of GARCH, a bar is a block; alpha 0: EWMA */
	double horizon_s;
	double floor;		/* (0, 1] */
	double step_per_hour;
};

/*
 * A forecast: m = factor while volatility of late (EWMA of half-life fast_s) is `ratio` times the usual one (slow_s) or more, or
 * the report that is the price had been under way for latency_s or more, and for hold_s after the last such block.
 */
struct preemptive_margin {
	double factor;	  /* (0, 1]; 0: there is none */
	double ratio;	  /* of volatilities, above 1; INFINITY: not looked at */
	double fast_s, slow_s;
	double latency_s; /* INFINITY: not looked at */
	double hold_s;
};

/* A change of parameters: decided when the price has moved by `move` within the window, m = factor from delay_s later on, once. */
struct governance {
	double move; /* 0: there is none */
	double window_s, delay_s;
	double factor; /* below 1: a higher requirement */
};

int breaker_check(const struct breaker *breaker, double step_s, struct error *err);
int dynamic_margin_check(const struct dynamic_margin *margin, struct error *err);
int preemptive_margin_check(const struct preemptive_margin *margin, struct error *err);
int governance_check(const struct governance *governance, double step_s, struct error *err);

/* The prices of a window, to see a move by. */
struct past_prices {
	double *ring;
	size_t size, filled, at;
};

struct control_rules {
	const struct breaker *breaker;
	const struct dynamic_margin *margin;
	const struct preemptive_margin *preemptive;
	const struct governance *governance;
};

/* State for one asset of a path. */
struct controls {
	struct control_rules rules;
	double step_s;
	struct past_prices tripped, decided; /* over the breaker's window, and over governance's */
	double paused_until_s, raised_until_s, changed_at_s;
	double variance, fast, slow, recent; /* EWMAs, per second: of dynamic_margin, of the forecast (two), of the breaker */
	double followed;	     /* what dynamic_margin asks for */
	double m;
	double last_price;
};

/* 0 or -ENOMEM. */
int controls_init(struct controls *controls, const struct control_rules *rules, double step_s);
void controls_free(struct controls *controls);

/* `sd`: of ln S over one step, as far as it is known; 0: not. */
void controls_start(struct controls *controls, double price, double sd);

/* The price on chain one step later, and how long the report of it had been under way. */
void controls_observe(struct controls *controls, double price, double latency_s, double now_s);

#endif
