/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The market walk: the model block by block, for everything that feeds back. Prices move; reports follow by the oracle's
 * policy and delay; accounts fall below their health; keepers come after their delay, look whether it pays, and liquidate
 * by the protocol's rules; what they sell moves the market; what is left unpaid goes down the waterfall. One step is one
 * block (model.step_s): nothing on chain happens between two of them.
 *
 * Sampled, not expected: rare losses need many paths, and a zero is an upper bound. Questions about another latency or
 * mechanism are asked of the same random numbers.
 */
#ifndef PL_MARGIN_MARKET_H
#define PL_MARGIN_MARKET_H

#include "margin/controls.h"
#include "margin/gas.h"
#include "margin/keepers.h"
#include "margin/liquidity.h"
#include "margin/margin_tiers.h"
#include "margin/model.h"
#include "margin/oracle.h"
#include "margin/rules.h"
#include "margin/waterfall.h"

/*
 * The debt is on one chain, the collateral on another: whoever liquidates pays at once and can sell when a message has
 * crossed. A message that fails is sent again and takes as long again. (A price from another chain is delay.oracle's business.)
 */
struct settlement {
	struct delay_law delay; /* no type: one chain */
	double fail_probability;
};

/* What stands beside `struct model`, whose engine is not looked at. */
struct market {
	struct rules rules;
	struct rules *variants; /* of the same type: a collateral's own, see model.terms */
	size_t variant_count;
	struct oracle_policy oracle;
	struct margin_tiers *tiers;  /* one per asset, of perpetual positions; NULL: margin does not depend on size */
	struct liquidity *liquidity; /* one per asset */
	bool feedback;		     /* the oracle sees the price after the sales' impact */
	struct gas gas;
	struct keepers keepers;
	struct settlement settlement;
	struct waterfall waterfall;
	struct breaker breaker;
	struct dynamic_margin dynamic_margin;
	struct preemptive_margin preemptive_margin;
	struct governance governance;
};

/* -EINVAL names what is wrong. */
int settlement_check(const struct settlement *settlement, struct error *err);
/* All of it. Accounts of a perpetual protocol: collateral = signed size, debt = size·entry - margin. */
int market_check(const struct market *market, const struct model *model, struct error *err);
/* Those that hold for one row of the book. */
const struct rules *market_rules(const struct market *market, const struct model *model, size_t row);
void market_free(struct market *market, size_t asset_count);

/* What one kind of keepers came to. */
struct market_keeper {
	struct estimate profit, liquidations;
	struct estimate win_rate; /* its share of all liquidations; NAN without one */
};

enum market_part { MARKET_GAP, MARKET_LATENCY, MARKET_CONGESTION, MARKET_LIQUIDITY, MARKET_PARTS };
extern const char *const market_part_names[MARKET_PARTS + 1];

/* Standard errors of the means of a result that are plain numbers. */
struct market_errors {
	double seized, keepers, held, gas, slippage, fees, waits, queued, recovered, exhausted[WATERFALL_TIERS_MAX];
	double win_rate, time_to_liquidation_s; /* of ratios, by the delta method */
};

struct market_result {
	struct estimate parts[MARKET_PARTS]; /* of bad debt; they add up to it */
	struct estimate open;		     /* part of bad debt: debt above the value of its collateral, not liquidated at the end */
	struct estimate liquidations;
	struct estimate absorbed[WATERFALL_TIERS_MAX], lenders;
	/* share of paths that left the tier empty, where it had something in it, or on which positions could not take what was asked of them */
	double exhausted[WATERFALL_TIERS_MAX];
	struct estimate deleveraged, deleveraged_value; /* positions closed against bankrupt ones, whole or in part, and their value */
	struct estimate keeper_profit;		     /* all of them */
	struct estimate own_profit;
	struct market_keeper keepers[KEEPER_KINDS]; /* by kind; profits add up to keeper_profit */
	/* By one millisecond more of each stage; of the keepers' for all of them, the own one too. */
	struct estimate keeper_profit_per_ms[DELAY_STAGES], own_profit_per_ms[DELAY_STAGES];
	struct estimate own_profit_per_own_ms; /* by one of the own keeper's delay, and of no other's */
	double keepers_mean; /* who compete at the end of a path, without the own one and those of classes */
	double held_mean;    /* what the price's moves brought those who held collateral on its way, keepers or protocol */
	double win_rate; /* of the own keeper; NAN without one or without a liquidation */
	double gas_mean, slippage_mean, fees_mean, waits_mean, recovered_mean;
	double queued_mean; /* blocks that did not include a transaction which had come */
	double time_to_liquidation_s; /* from health below 1 to the first liquidation, mean; NAN without one */
	struct market_errors errors;
	double imbalance_max;   /* largest |what everybody gained together| on a path, of any scenario: rounding only */
};

/* The bad debt and its distribution only, without asking on. As market_run(). */
int market_bad_debt(const struct market *market, const struct model *model, const struct model_control *control,
		    struct model_result *result, struct market_result *more, struct error *err);

/* By how much the mean (or the expected shortfall at 99 %) is off because the measured delays are a finite sample; NAN: not known. As market_run(). */
int market_measurement(const struct market *market, const struct model *model, const struct model_control *control, bool es99,
		       double *stderr_, struct error *err);

/*
 * Fills `result` and `more`. As model_run(); measurement_stderr by groups of the samples (measured.h), NAN for fewer than
 * 64 of a law; those of the stages stay NAN.
 */
int market_run(const struct market *market, const struct model *model, const struct model_control *control,
	       struct model_result *result, struct market_result *more, struct error *err);

#endif
