// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <math.h>

#include "margin/crossing.h"
#include "margin/market_ask.h"
#include "margin/market_measured.h"
#include "margin/moments.h"

#define BISECTIONS 9

struct budget_search {
	struct questions *q;
	struct estimate as_it_is;
	bool shorter; /* x is the share that all delays lose; else what the inclusion's gains, in seconds */
};

static struct scenario changed(bool shorter, double by)
{
	return shorter ? (struct scenario){.shorter = by} : (struct scenario){.added_s[DELAY_INCLUSION] = by};
}

/* The mean with the delays changed; NAN where the user stopped. */
static int with_delays(void *context, double x, struct crossing_point *out)
{
	struct budget_search *search = context;
	struct scenario scenario = changed(search->shorter, x);
	struct moments moments = {0};
	struct estimate found = search->as_it_is;
	uint64_t done = search->q->paths;
	int rc = 0;

	if (x > 0) {
		rc = ask(search->q, &scenario, search->q->paths, &done);
		for (uint64_t i = 0; i < done; i++)
			moments_take(&moments, search->q->other[i].bad_debt);
		found = moments_estimate(&moments);
	}
	out->value = done < search->q->paths ? NAN : found.value;
	out->stderr_ = found.stderr_;
	return rc;
}

/* Twice as much until the budget is surely passed: *low is the last that keeps to it, *high the first that does not; NAN: none. */
static int bracket(struct crossing *crossing, double first, double *low, double *high)
{
	int rc = 0;

	*low = 0;
	*high = NAN;
	for (int i = 0; i < BUDGET_DOUBLINGS; i++) {
		const struct crossing_point *point = crossing_look(crossing, ldexp(first, i), &rc);

		if (!point)
			return rc;
		if (point->value <= crossing->level && isnan(*high))
			*low = point->x;
		else if (isnan(*high))
			*high = point->x;
		if (point->value - 2 * point->stderr_ > crossing->level)
			return 0;
	}
	return 0;
}

/* What the samples being finite adds where the answer is. */
static int measure(struct crossing *crossing, double x)
{
	struct budget_search *search = crossing->context;
	struct scenario scenario = changed(search->shorter, x);
	double error;
	int rc = 0;

	if (!market_is_measured(search->q->own.market, search->q->own.model))
		return 0;
	rc = ask_measured(search->q, &scenario, ask_mean, &error);
	if (!rc && isfinite(error))
		crossing->further = error / crossing->level;
	return rc;
}

/*
 * The delay that may be added until the mean reaches the budget, or the share that all delays have to lose, on the same random
 * numbers. Bad debt rises with delays but for what a single path does, so the answer is as good as the mean is.
 */
int ask_budget(struct questions *q, double budget, struct model_result *result)
{
	struct budget_search search = {q, result->bad_debt, result->bad_debt.value > budget};
	struct crossing crossing = {.at = with_delays, .context = &search, .level = budget};
	const struct crossing_point *point;
	double good = 1, bad = 0, ends[2];
	int rc = 0;

	result->budget_added_s = result->budget_scale = NAN;
	result->budget_ci95[0] = result->budget_ci95[1] = NAN;
	crossing_look(&crossing, 0, &rc);
	if (search.shorter) {
		point = crossing_look(&crossing, good, &rc);
		if (!point || point->value > budget)
			return rc;
	} else {
		rc = bracket(&crossing, fmax(result->delay_mean_s, q->own.model->step_s), &good, &bad);
		if (rc || isnan(bad))
			return rc;
	}
	rc = crossing_narrow(&crossing, &good, bad, BISECTIONS);
	if (rc || isnan(good))
		return rc;
	if (search.shorter)
		result->budget_scale = 1 - good;
	else
		result->budget_added_s = good;
	rc = measure(&crossing, good);
	if (!rc)
		rc = crossing_interval(&crossing, good, bad, ends);
	result->budget_ci95[0] = search.shorter ? 1 - ends[1] : ends[0];
	result->budget_ci95[1] = search.shorter ? 1 - ends[0] : ends[1];
	return rc;
}
