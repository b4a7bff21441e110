/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The margin model: assets with price processes, a book of accounts, a liquidation engine and the laws of three delays
 * → expected bad debt with its error, its parts (gap, latency), its slope by each stage's delay, and the distribution of
 * executed outcomes. Knows no packet, no BPF and no SQL. docs/model.md has the formulas and what they are checked by.
 *
 * Two estimators run over the same paths. The mean: given the path at the trigger, the loss is a known expectation (a
 * put, averaged over the delay law by quadrature), so only the path up to the trigger is random. The distribution:
 * every delay and every price at execution is drawn; under processes with a memory the mean comes from there too.
 */
#ifndef PL_MARGIN_MODEL_H
#define PL_MARGIN_MODEL_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "margin/delay.h"
#include "margin/dependence.h"
#include "margin/engine.h"
#include "margin/process.h"

#define MODEL_PRICE_MAX 1e15 /* beyond it a book's value and its square are no numbers */

struct model_asset {
	char name[64];
	double price; /* at the start, > 0, at most MODEL_PRICE_MAX */
	struct process process;
};

#define MODEL_GROUPS_MAX 64
#define MODEL_GROUP_NAME 64 /* bytes, with the one that ends it */

struct model {
	uint64_t seed, paths;
	double horizon_s, step_s; /* step: the grid of what needs one (correlated assets); nothing else does */
	struct model_asset *assets;
	size_t asset_count;
	struct dependence dependence; /* of the assets; all zero: none */
	struct account *accounts;
	size_t account_count;
	/* Classes of accounts that are answered for apart as well, MODEL_GROUPS_MAX at most; 0: none. */
	size_t group_count;
	char (*group_names)[MODEL_GROUP_NAME]; /* "": the accounts that have none */
	uint8_t *groups; /* of each row of accounts: its group; rows of one account have the same */
	double *entries; /* of each account: the price at which a perpetual position was opened; NULL: loans, NAN in one: of that one */
	/*
	 * Of each account: it is one more collateral of the one before it, which has the debt in the numeraire, or a debt of that
	 * in units of its asset (account_is_debt()). Only in the market walk. NULL: none is.
	 */
	bool *joined;
	uint32_t *terms; /* of each row: which of the market's variants of its rules, 1 being the first (only in the market walk); 0, or NULL: market.rules */
	struct engine engine;
	double budget; /* bad debt to stay below, for the latency that reaches it; 0: none */
	struct delay_law delays[DELAY_STAGES];
	enum delay_dependence dependent_delays;
	double volatility_window_s; /* over which jumps count as volatility of the moment; regime only */
};

/* Whether what a trigger on this asset costs has a formula: a Lévy process, and delays that know nothing of its path. */
bool model_is_conditional(const struct model *model, size_t asset);

void model_free(struct model *model);

/* -EINVAL names what is wrong, where the market walk is not asked for. */
int model_check(const struct model *model, struct error *err);

bool model_joined(const struct model *model, size_t account);

/* Units below 0 that count in full: owed, and no short position, which has a requirement of its own. */
bool account_is_debt(const struct account *account);

/* A value with its standard error: Monte Carlo error, and NUMERICAL_BOUND of the value for quadrature and tables. */
struct estimate {
	double value, stderr_;
};
#define NUMERICAL_BOUND 1e-6

/* What the worst paths lose. An end of the interval is NAN where so few paths do not bound it. */
struct tail_risk {
	double level, var, var_ci95[2], es, es_stderr;
};
#define MODEL_RISKS 3 /* at 95, 99 and 99.9 % */

/* What a sample of losses says of their law. */
struct loss_law {
	uint64_t losses; /* paths with any */
	double probability, probability_upper95;
	struct tail_risk risks[MODEL_RISKS];
};

/* The accounts of one group: what they leave unpaid, whoever absorbs it. Over all groups means add up to those of the book. */
struct model_group {
	size_t accounts;
	double debt;		  /* at the start; of perpetual positions what they are worth, longs and shorts added */
	struct estimate bad_debt, triggers; /* as of the book: by formula where that is known, else by paths */
	struct estimate sampled;
	struct loss_law law; /* NAN where no path was drawn */
};

#define MODEL_QUANTILES 21
#define MODEL_CURVE_POINTS 9

struct model_stage {
	double mean_s, p50_s, p99_s;
	struct estimate per_ms;	  /* bad debt by one millisecond more in this stage */
	double without;		  /* bad debt if this stage took no time */
	double measurement_stderr; /* from the finite number of samples of its law; NAN: not measured */
};

struct model_result {
	uint64_t paths;		    /* done: fewer than asked for after an interruption */
	bool interrupted;
	bool closed_form;	    /* bad_debt, gap, latency, triggers, slopes and other delays are sums by formula, not of paths */
	struct estimate bad_debt;   /* mean per horizon; = gap + latency */
	struct estimate conditional; /* the same by paths and conditional expectation; = bad_debt unless closed_form */
	struct estimate gap, latency;
	struct estimate triggers;   /* accounts triggered within the horizon */
	struct estimate sampled;    /* the mean again, by plain sampling: an independent check */
	double measurement_stderr;  /* all stages together (by formula, or measured.h); NAN: no measured delay, or too few samples */
	uint64_t distribution_paths; /* paths whose executions were drawn */
	uint64_t distribution_losses; /* of them, those with any bad debt */
	double probability, probability_upper95;
	struct tail_risk risks[MODEL_RISKS];
	double var95, var99, es99, var95_ci95[2], var99_ci95[2]; /* of `risks`, under names of their own */
	double quantile_level[MODEL_QUANTILES], quantile[MODEL_QUANTILES];
	struct outcome outcome_mean; /* per path, over all liquidations */
	struct model_stage stages[DELAY_STAGES];
	double delay_mean_s, delay_p50_s, delay_p99_s; /* of the sum */
	double latency_at_mean_delay; /* what latency would cost were every delay the mean one; NAN: not known */
	double latency_share_beyond_p99; /* of the latency loss: from the slowest hundredth of the delays */
	bool tail_dominated;	    /* the mean delay explains less than half of the latency loss */
	double budget_added_s;	    /* delay that may be added until bad debt reaches the budget; NAN: none, or not within 1000 mean delays */
	double budget_scale;	    /* above the budget: what all delays would have to shrink by; NAN: the gap alone is above it, or not needed */
	double budget_ci95[2];	    /* of the one that is known; an end is NAN where the search did not reach it */
	double added_s[MODEL_CURVE_POINTS], added_bad_debt[MODEL_CURVE_POINTS]; /* bad debt against added delay */
	double added_stderr[MODEL_CURVE_POINTS]; /* NAN: not known (a mean by conditional expectation keeps no sum for each delay) */
	uint64_t sampled_assets;    /* assets whose mean comes from executions: there is no formula after a trigger (model_is_conditional) */
	uint64_t beyond_tape;	    /* executions after the end of a tape, at its last price */
	uint64_t tilted_assets;	    /* assets for which half of the paths were drawn towards the triggers */
	struct model_group groups[MODEL_GROUPS_MAX]; /* the model's group_count of them */
	uint64_t path_steps;
	double seconds;
};

struct checkpoint; /* margin/checkpoint.h */

struct model_control {
	unsigned threads; /* 0: one per processor */
	const volatile sig_atomic_t *stop; /* set → the result over the paths done so far; NULL: never */
	void (*progress)(void *context, double share); /* about five times a second; NULL: none */
	void *context;
	struct checkpoint *checkpoint; /* what is done is kept there, and taken from there; NULL: it is not */
};

/* The same result, bit for bit, for any number of threads (`seconds` aside). 0, -EINVAL with what is wrong in the model, -ENOMEM, or -EAGAIN if threads cannot start. */
int model_run(const struct model *model, const struct model_control *control, struct model_result *result, struct error *err);

/* The same without asking what a finite measurement adds where that takes more paths: measurement_stderr is NAN then. */
int model_bad_debt(const struct model *model, const struct model_control *control, struct model_result *result, struct error *err);

/* Expectations only, by closed form, without any path (gbm and kou): the distribution is NAN. -EINVAL where there is no formula. */
int model_expect(const struct model *model, const struct model_control *control, struct model_result *result, struct error *err);

#endif
