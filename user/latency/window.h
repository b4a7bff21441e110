/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The arbitrage window in time and in money: from the moment at which this node knows a price to the moment at which the
 * chain has it, how far does the price move, and what is that worth?
 *
 * Moves are of ln P, as shares. `move`: of the feed's own price from the beginning of an update's window to its end, what
 * the oracle is off by when it lands. `correction`: from the price on chain before the update to the one after, known
 * here for the whole window: the trade that a stale oracle offers. `brownian`: E|Δ| = σ sqrt(2τ/π) over the measured
 * windows with the realised volatility, for comparison (margin/lvr.h). A fee is paid on each trade: (|Δ| - fee)+.
 *
 * Volatility: mean squared moves over the scale `volatility_scale_ns` (about the window's length, at least five messages
 * apart) of the last known price, overlapping; per root of a year of 365 days. Errors allow for autocorrelation.
 */
#ifndef PL_LATENCY_WINDOW_H
#define PL_LATENCY_WINDOW_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "latency/latency.h"
#include "stats/mean.h"

#define YEAR_SECONDS (365 * 86400.0)

struct window_terms { /* NAN: not given, and what depends on it is NAN */
	double fee;	 /* of a trade, as a share */
	double gas;	 /* of a transaction, in the numeraire */
	double position; /* what is traded against a stale price, or the pool's value, in the numeraire */
};

struct window {
	const struct latency *latency; /* of the pair, in the list given */
	char chain[64];		       /* its network; "" where the asset is updated on several, or none */
	double volatility, volatility_ci95[2];
	int64_t volatility_scale_ns; /* TIME_UNKNOWN without a volatility */
	struct mean_estimate move, correction; /* E|Δ| */
	double move_brownian;
	double move_beyond, correction_beyond, brownian_beyond; /* E(|Δ| - fee)+ */
	int64_t block_interval_ns;
	double arbitrage_share;	      /* of blocks, 0..1 */
	double lvr_day, lvr_fee_day;  /* share of a constant-product pool's value, per day */
	double lvr_even_day;	      /* the same with the fee, were all blocks that long */
	double value_update;	      /* position · correction_beyond */
	double value_update_beyond_gas; /* E(position · (|Δ| - fee)+ - gas)+ */
	double worthwhile_share;	/* of updates, where that is above 0 */
};

struct window_list {
	struct window *items; /* one for each latency of the list, in its order */
	size_t count;
};

/* `latencies`: of one pair of stages, by latency_compute(); must outlive the result. */
int window_compute(sqlite3 *db, const struct latency_list *latencies, const struct window_terms *terms,
		   struct window_list *out, struct error *err);
void window_list_free(struct window_list *list);

#endif
