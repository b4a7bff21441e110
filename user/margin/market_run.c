// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Scenarios one after the other, on the same random numbers; what they tell apart. Sums are taken in the order of paths. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "margin/market_ask.h"
#include "margin/market_measured.h"
#include "margin/market_result.h"

#define CURVE_SHARE 8 /* the curve against added delay takes every 8th part of the paths: it is a difference on the same numbers */

const char *const market_part_names[MARKET_PARTS + 1] = {"gap", "latency", "congestion", "liquidity", NULL};

/* The smallest change of a delay that the grid can show, and a share of the delay that is no small change. */
static double bump_of(const struct model *model, const struct delay_law *law)
{
	return fmax(model->step_s, 0.05 * delay_mean(law));
}

/* Each scenario adds one mechanism to the one before; what it adds is that mechanism's part. */
static const struct scenario parts[MARKET_PARTS - 1] = {
	[MARKET_GAP] = {.no_delay = true, .no_gas = true, .no_impact = true},
	[MARKET_LATENCY] = {.no_gas = true, .no_impact = true},
	[MARKET_CONGESTION] = {.no_impact = true},
};

static bool has_impact(const struct market *market, size_t asset_count)
{
	for (size_t i = 0; i < asset_count; i++)
		if (market->liquidity[i].type != &liquidity_none)
			return true;
	return false;
}

static int ask_parts(struct questions *q, struct market_result *more)
{
	const struct market *market = q->own.market;
	bool queues = market->gas.congested < market->gas.hazard;
	bool spikes = market->gas.congestion > 0 && (market->gas.units > 0 || queues), bids = market->gas.bid_share > 0 && market->keepers.entry_cost > 0;
	bool differs[MARKET_PARTS] = {true, true, spikes || bids,
				      has_impact(market, q->own.model->asset_count)};
	double *before = calloc(q->paths, sizeof(*before)); /* bad debt of the scenario before */
	int rc = before ? 0 : -ENOMEM;

	for (int part = 0; !rc && part < MARKET_PARTS; part++) {
		uint64_t done = q->paths;
		bool last = true; /* nothing is left out any more: that is the base */

		more->parts[part] = (struct estimate){0, 0};
		if (!differs[part])
			continue;
		for (int later = part + 1; later < MARKET_PARTS; later++)
			last = last && !differs[later];
		if (!last)
			rc = ask(q, &parts[part], q->paths, &done);
		if (!rc)
			market_difference(last ? q->base : q->other, before, done, &more->parts[part]);
	}
	free(before);
	return rc;
}

static int ask_slope(struct questions *q, const struct scenario *scenario, double bump, struct market_slope *out)
{
	uint64_t done;
	int rc = ask(q, scenario, q->paths, &done);

	*out = market_slope(q->base, q->other, done, bump);
	return rc;
}

static int ask_stages(struct questions *q, struct model_result *result, struct market_result *more)
{
	const struct keepers *keepers = &q->own.market->keepers;
	const struct model *model = q->own.model;
	struct market_slope slope;
	int rc = 0;

	for (int stage = 0; !rc && stage < DELAY_STAGES; stage++) {
		struct scenario scenario = {0};
		double bump = bump_of(model, &model->delays[stage]);

		scenario.added_s[stage] = bump;
		rc = ask_slope(q, &scenario, bump, &slope);
		result->stages[stage].per_ms = slope.bad_debt;
		more->keeper_profit_per_ms[stage] = slope.keepers;
		more->own_profit_per_ms[stage] = keepers->has_own ? slope.own : (struct estimate){NAN, NAN};
	}
	more->own_profit_per_own_ms = (struct estimate){NAN, NAN};
	if (!rc && keepers->has_own) {
		double bump = bump_of(model, &keepers->own);

		rc = ask_slope(q, &(struct scenario){.own_added_s = bump}, bump, &slope);
		more->own_profit_per_own_ms = slope.own;
	}
	return rc;
}

static int ask_without(struct questions *q, struct model_result *result)
{
	static const double added[MODEL_CURVE_POINTS] = {0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20};
	double unit = result->delay_mean_s > 0 ? result->delay_mean_s : q->own.model->step_s;
	uint64_t paths = q->paths / CURVE_SHARE, done;
	int rc = 0;

	if (!paths)
		paths = q->paths;
	for (int k = 0; !rc && k < MODEL_CURVE_POINTS; k++) {
		struct scenario scenario = {.added_s[DELAY_INCLUSION] = added[k] * unit};
		struct estimate found = result->bad_debt;

		result->added_s[k] = added[k] * unit;
		if (k) {
			rc = ask(q, &scenario, paths, &done);
			market_controlled(q->base, q->paths, q->other, done, &found);
		}
		result->added_bad_debt[k] = found.value;
		result->added_stderr[k] = found.stderr_;
	}
	return rc;
}

/* Which delays latency costs by: what it would cost were every delay its mean. Not known where what it costs is not. */
static int ask_regime(struct questions *q, const struct estimate *latency, double gap, struct model_result *result)
{
	struct scenario scenario = parts[MARKET_LATENCY];
	uint64_t done;
	double mean;
	int rc;

	result->latency_at_mean_delay = result->latency_share_beyond_p99 = NAN;
	if (!(latency->value > 2 * latency->stderr_)) {
		q->run++; /* it was counted in */
		return 0;
	}
	scenario.mean_delays = true;
	rc = ask(q, &scenario, q->paths, &done);
	if (rc || done < q->paths)
		return rc;
	ask_mean(q->other, done, &mean);
	result->latency_at_mean_delay = mean - gap;
	result->tail_dominated = result->latency_at_mean_delay < 0.5 * latency->value;
	return 0;
}

/* What everything that is asked for takes. */
static unsigned runs_of(const struct market *market, const struct model *model)
{
	return MARKET_PARTS + DELAY_STAGES + market->keepers.has_own + MODEL_CURVE_POINTS - 1 +
	       (market_is_measured(market, model) ? MEASURED_GROUPS : 0) + (model->budget > 0 ? BUDGET_RUNS : 0);
}

static int ask_all(struct questions *q, struct model_result *result, struct market_result *more)
{
	const struct model *model = q->own.model;
	int rc = ask_parts(q, more);

	if (!rc)
		rc = ask_stages(q, result, more);
	if (!rc)
		rc = ask_without(q, result);
	if (!rc)
		rc = ask_regime(q, &more->parts[MARKET_LATENCY], more->parts[MARKET_GAP].value, result);
	if (!rc && market_is_measured(q->own.market, model))
		rc = ask_measured(q, &(struct scenario){0}, ask_mean, &result->measurement_stderr);
	if (!rc && model->budget > 0)
		rc = ask_budget(q, model->budget, result);
	return rc;
}

static int say(int rc, const struct model *model, struct error *err)
{
	if (!rc)
		return 0;
	return error_set(err, rc, rc == -EAGAIN ? "no thread could be started: raise the limit of processes"
						: "out of memory for %llu paths of %zu accounts",
			 (unsigned long long)model->paths, model->account_count);
}

static int run(const struct market *market, const struct model *model, const struct model_control *control, bool further,
	       struct model_result *result, struct market_result *more, struct error *err)
{
	struct timespec begin, end;
	struct questions q;
	int rc = market_check(market, model, err);

	if (rc)
		return rc;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	*result = (struct model_result){0};
	*more = (struct market_result){0};
	rc = questions_open(&q, market, model, control, further ? runs_of(market, model) : 0);
	if (!rc)
		rc = market_summary(&q.own, &(struct market_paths){q.base, q.groups, q.keepers, q.paths}, result, more);
	if (!rc && further)
		rc = ask_all(&q, result, more);
	result->gap = more->parts[MARKET_GAP];
	result->latency = more->parts[MARKET_LATENCY];
	more->imbalance_max = q.imbalance_max;
	result->interrupted = q.cut;
	clock_gettime(CLOCK_MONOTONIC, &end);
	result->seconds = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
	questions_close(&q);
	return say(rc, model, err);
}

int market_run(const struct market *market, const struct model *model, const struct model_control *control,
	       struct model_result *result, struct market_result *more, struct error *err)
{
	return run(market, model, control, true, result, more, err);
}

int market_bad_debt(const struct market *market, const struct model *model, const struct model_control *control,
		    struct model_result *result, struct market_result *more, struct error *err)
{
	return run(market, model, control, false, result, more, err);
}

int market_measurement(const struct market *market, const struct model *model, const struct model_control *control, bool es99,
		       double *stderr_, struct error *err)
{
	struct questions q;
	int rc = market_check(market, model, err);

	*stderr_ = NAN;
	if (rc || !market_is_measured(market, model))
		return rc;
	rc = questions_open(&q, market, model, control, MEASURED_GROUPS);
	if (!rc)
		rc = ask_measured(&q, &(struct scenario){0}, es99 ? ask_es99 : ask_mean, stderr_);
	questions_close(&q);
	return say(rc, model, err);
}
