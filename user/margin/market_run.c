// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Scenarios one after the other, on the same random numbers; what they tell apart. Sums are taken in the order of paths. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "margin/market_measured.h"
#include "margin/market_result.h"
#include "margin/market_scenario.h"

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

struct questions {
	const struct market_book *book;
	struct market_starts starts;
	const struct model_control *control;
	struct path_result *base, *other;
	struct path_group *groups; /* of the base; NULL: there is one group */
	double imbalance_max; /* of any path of any scenario */
	uint64_t paths; /* finished ones of the base */
	unsigned runs, run;
	bool cut; /* an answer is missing, because the user stopped */
};

static void look_at_balance(struct questions *q, const struct path_result *results, uint64_t paths)
{
	for (uint64_t i = 0; i < paths; i++)
		q->imbalance_max = fmax(q->imbalance_max, results[i].imbalance);
}

/* 0 with *done paths in q->other */
static int ask(struct questions *q, const struct scenario *scenario, uint64_t paths, uint64_t *done)
{
	double from = (double)q->run / q->runs, to = (double)(q->run + 1) / q->runs;
	int rc;

	q->run++;
	*done = 0;
	if (q->control->stop && *q->control->stop) {
		q->cut = true;
		return 0;
	}
	rc = market_scenario(&(struct market_job){q->book, &q->starts, scenario, q->control, from, to, q->other, NULL, paths}, done);
	look_at_balance(q, q->other, *done);
	q->cut = q->cut || *done < paths;
	return rc;
}

static int ask_parts(struct questions *q, struct market_result *more)
{
	const struct market *market = q->book->market;
	bool queues = market->gas.congested < market->gas.hazard;
	bool spikes = market->gas.congestion > 0 && (market->gas.units > 0 || queues), bids = market->gas.bid_share > 0 && market->keepers.entry_cost > 0;
	bool differs[MARKET_PARTS] = {true, true, spikes || bids,
				      has_impact(market, q->book->model->asset_count)};
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
	const struct keepers *keepers = &q->book->market->keepers;
	const struct model *model = q->book->model;
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
	double unit = result->delay_mean_s > 0 ? result->delay_mean_s : q->book->model->step_s;
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

/* How far the mean is off because what was measured is a finite sample; NAN where it is too small a one to be dealt out. */
static int ask_measured(struct questions *q, struct model_result *result)
{
	const struct market_book *whole = q->book;
	uint64_t paths = q->paths / MEASURED_SHARE ? q->paths / MEASURED_SHARE : q->paths, done;
	struct measured_spread spread = {0};
	int rc = 0;

	for (unsigned group = 0; !rc && group < MEASURED_GROUPS; group++) {
		struct market_book book = *whole;
		struct market market;
		struct model model;
		double sum = 0;

		rc = market_measured(whole->market, whole->model, group, NULL, &market, &model);
		if (rc)
			break;
		book.market = &market;
		book.model = &model;
		q->book = &book;
		rc = ask(q, &(struct scenario){0}, paths, &done);
		q->book = whole;
		market_measured_free(&market, &model);
		if (done < paths)
			return rc;
		for (uint64_t i = 0; i < paths; i++)
			sum += q->other[i].bad_debt;
		measured_add(&spread, sum / (double)paths);
	}
	if (!rc)
		result->measurement_stderr = measured_stderr(&spread);
	return rc == -ERANGE ? 0 : rc;
}

#define BUDGET_DOUBLINGS 7  /* of the mean delay, or a block: how far an added delay is looked for */
#define BUDGET_BISECTIONS 9
#define BUDGET_RUNS (BUDGET_DOUBLINGS + BUDGET_BISECTIONS)

/* NAN where the user stopped. */
static int mean_under(struct questions *q, const struct scenario *scenario, double *mean)
{
	uint64_t done;
	int rc = ask(q, scenario, q->paths, &done);

	*mean = 0;
	for (uint64_t i = 0; i < done; i++)
		*mean += q->other[i].bad_debt / (double)done;
	if (done < q->paths)
		*mean = NAN;
	return rc;
}

static struct scenario changed(bool shorter, double by)
{
	return shorter ? (struct scenario){.shorter = by} : (struct scenario){.added_s[DELAY_INCLUSION] = by};
}

/*
 * The delay that may be added until the mean reaches the budget, or the share that all delays have to lose, on the same random
 * numbers. Bad debt rises with delays but for what a single path does, so the answer is as good as the mean is.
 */
static int ask_budget(struct questions *q, double budget, struct model_result *result)
{
	bool above = result->bad_debt.value > budget, between = false;
	double low = 0, high = above ? 1 : fmax(result->delay_mean_s, q->book->model->step_s), mean;
	int rc = 0;

	result->budget_added_s = result->budget_scale = NAN;
	for (int i = 0; !rc && !between && i < (above ? 1 : BUDGET_DOUBLINGS); i++) {
		struct scenario scenario = changed(above, high);

		rc = mean_under(q, &scenario, &mean);
		between = above ? mean <= budget : mean > budget;
		if (!between)
			low = high, high *= 2;
	}
	for (int i = 0; !rc && between && i < BUDGET_BISECTIONS; i++) {
		double middle = 0.5 * (low + high);
		struct scenario scenario = changed(above, middle);

		rc = mean_under(q, &scenario, &mean);
		between = !isnan(mean);
		if ((mean > budget) == above)
			low = middle;
		else
			high = middle;
	}
	if (!rc && between && above)
		result->budget_scale = 1 - high;
	else if (!rc && between)
		result->budget_added_s = low;
	return rc;
}

static int run(const struct market *market, const struct model *model, const struct model_control *control, bool further,
	       struct model_result *result, struct market_result *more, struct error *err)
{
	struct market_book book;
	struct questions q = {.book = &book, .control = control,
			      .runs = !further ? 1 : 1 + MARKET_PARTS - 1 + DELAY_STAGES + market->keepers.has_own + MODEL_CURVE_POINTS - 1 +
							     (market_is_measured(market, model) ? MEASURED_GROUPS : 0) +
							     (model->budget > 0 ? BUDGET_RUNS : 0)};
	struct timespec begin, end;
	int rc = market_check(market, model, err);

	if (rc)
		return rc;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	*result = (struct model_result){0};
	*more = (struct market_result){0};
	rc = market_book_init(&book, market, model);
	q.base = calloc(model->paths, sizeof(*q.base));
	q.other = calloc(further ? model->paths : 1, sizeof(*q.other));
	if (market_book_groups(model))
		q.groups = calloc(model->paths * market_book_groups(model), sizeof(*q.groups));
	if (!rc && (!q.base || !q.other || (market_book_groups(model) && !q.groups)))
		rc = -ENOMEM;
	if (!rc)
		rc = market_starts_init(&q.starts, &book);
	if (!rc)
		rc = market_scenario(&(struct market_job){&book, &q.starts, &(struct scenario){0}, control, 0, 1.0 / q.runs, q.base, q.groups, model->paths},
				  &q.paths);
	q.run = 1;
	look_at_balance(&q, q.base, q.paths);
	if (!rc)
		rc = market_summary(&book, q.base, q.groups, q.paths, result, more);
	if (!rc && further)
		rc = ask_parts(&q, more);
	if (!rc && further)
		rc = ask_stages(&q, result, more);
	if (!rc && further)
		rc = ask_without(&q, result);
	if (!rc && further && market_is_measured(market, model))
		rc = ask_measured(&q, result);
	if (!rc && further && model->budget > 0)
		rc = ask_budget(&q, model->budget, result);
	if (rc)
		error_set(err, rc, rc == -EAGAIN ? "no thread could be started: raise the limit of processes"
						 : "out of memory for %llu paths of %zu accounts",
			  (unsigned long long)model->paths, model->account_count);
	result->gap = more->parts[MARKET_GAP];
	result->latency = more->parts[MARKET_LATENCY];
	more->imbalance_max = q.imbalance_max;
	result->interrupted = q.paths < model->paths || q.cut;
	clock_gettime(CLOCK_MONOTONIC, &end);
	result->seconds = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
	market_book_free(&book);
	market_starts_free(&q.starts);
	free(q.base);
	free(q.other);
	free(q.groups);
	return rc;
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
