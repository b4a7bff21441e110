// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/what_if.h"

#include <errno.h>
#include <math.h>

static int stage_summary(const struct delay_law *law, struct model_stage *stage)
{
	struct quadrature rule = {0};
	int rc;

	stage->mean_s = delay_mean(law);
	stage->p50_s = delay_quantile(law, 0.5);
	stage->p99_s = delay_quantile(law, 0.99);
	if (law->type != &delay_mixture)
		return 0;
	rc = delay_nodes(law, &rule);
	if (!rc)
		rc = quadrature_sort(&rule);
	if (!rc) {
		stage->p50_s = quadrature_quantile(&rule, 0.5);
		stage->p99_s = quadrature_quantile(&rule, 0.99);
	}
	quadrature_free(&rule);
	return rc;
}

void what_if_added(const struct model *model, double out[MODEL_CURVE_POINTS])
{
	static const double multiples[MODEL_CURVE_POINTS] = {0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20};
	double mean = 0;

	for (int i = 0; i < DELAY_STAGES; i++)
		mean += delay_mean(&model->delays[i]);
	for (int k = 0; k < MODEL_CURVE_POINTS; k++)
		out[k] = multiples[k] * (mean > 0 ? mean : 1);
}

/* What latency costs were every delay the mean one, and the share of it that comes from the slowest hundredth of the delays. */
static void regime(const struct fixed_delay *fixed, const struct quadrature *delay, struct model_result *result)
{
	double gap = fixed_delay_loss(fixed, 0), latency = fixed_delay_average(fixed, delay, 1, 0) - gap, slowest = 0;

	result->latency_at_mean_delay = fixed_delay_loss(fixed, result->delay_mean_s) - gap;
	for (size_t i = delay->count; i-- > 0 && delay->above[i] < 0.01;)
		if (delay->weight[i] + delay->above[i] > fixed->mass_left_out)
			slowest += fmin(delay->weight[i], 0.01 - delay->above[i]) * (fixed_delay_loss(fixed, delay->node[i]) - gap);
	result->latency_share_beyond_p99 = latency > 0 ? slowest / latency : NAN;
	result->tail_dominated = latency > 0 && result->latency_at_mean_delay < 0.5 * latency;
}

#define BUDGET_REACH 1000 /* mean delays: a budget that takes a longer added delay is not looked for */
#define BISECTIONS 60
#define SIGMAS 1.959963984540054

/* What the budget is compared with: the delays scaled, or with an addition. */
static double mean_with(const struct fixed_delay *fixed, const struct quadrature *delay, bool scaled, double x)
{
	return scaled ? fixed_delay_average(fixed, delay, x, 0) : fixed_delay_average(fixed, delay, 1, x);
}

/* Where that passes a level between 0 and `high`; it rises. NAN: not there. */
static double bisect(const struct fixed_delay *fixed, const struct quadrature *delay, double level, bool scaled, double high)
{
	double low = 0;

	if (mean_with(fixed, delay, scaled, low) > level || !(mean_with(fixed, delay, scaled, high) > level))
		return NAN;
	for (int i = 0; i < BISECTIONS; i++) {
		double middle = 0.5 * (low + high);

		if (mean_with(fixed, delay, scaled, middle) > level)
			high = middle;
		else
			low = middle;
	}
	return 0.5 * (low + high);
}

static double reach_of(const struct model_result *result)
{
	return BUDGET_REACH * fmax(result->delay_mean_s, 1);
}

static void find_budget(const struct fixed_delay *fixed, const struct quadrature *delay, double budget, struct model_result *result)
{
	result->budget_added_s = result->budget_scale = result->budget_ci95[0] = result->budget_ci95[1] = NAN;
	if (!(budget > 0) || fixed_delay_loss(fixed, 0) > budget)
		return; /* the gap alone is above it: no latency is short enough */
	if (fixed_delay_average(fixed, delay, 1, 0) > budget)
		result->budget_scale = bisect(fixed, delay, budget, true, 1);
	else
		result->budget_added_s = bisect(fixed, delay, budget, false, reach_of(result));
}

int what_if_budget_interval(const struct model *model, const struct quadrature *delay, const struct fixed_delay *masses, double stderr_,
			    struct model_result *result)
{
	bool scaled = isfinite(result->budget_scale), measured = false;
	double variance = stderr_ * stderr_, share, high = scaled ? 1 : reach_of(result);
	int rc = 0;

	if (!scaled && !isfinite(result->budget_added_s))
		return 0;
	for (int i = 0; !rc && i < DELAY_STAGES; i++) {
		struct quadrature rest = {0};
		struct delay_beside beside = {&rest, NULL, scaled ? result->budget_scale : 1, scaled ? 0 : result->budget_added_s};

		rc = delay_total(model->delays, (enum delay_stage)i, &rest);
		if (!rc)
			variance += fixed_delay_measured_variance(masses, &model->delays[i], 1, &beside, &measured);
		quadrature_free(&rest);
	}
	share = SIGMAS * sqrt(variance) / model->budget;
	result->budget_ci95[0] = bisect(masses, delay, model->budget / (1 + share), scaled, high);
	result->budget_ci95[1] = share < 1 ? bisect(masses, delay, model->budget / (1 - share), scaled, high) : NAN;
	return rc;
}

int what_if(const struct model *model, const struct quadrature *delay, struct fixed_delay *masses, double expected,
	    struct model_result *result)
{
	struct quadrature rules[DELAY_STAGES + 1] = {{0}}; /* each: the delay without one stage; the last one: all of it, borrowed */
	double variance = 0, reach;
	bool any = false;
	int rc = 0;

	for (int i = 0; i < DELAY_STAGES; i++) {
		rc = stage_summary(&model->delays[i], &result->stages[i]);
		if (!rc)
			rc = delay_total(model->delays, (enum delay_stage)i, &rules[i]);
		if (rc)
			goto out;
		result->delay_mean_s += result->stages[i].mean_s;
	}
	rules[DELAY_STAGES] = *delay;
	result->delay_p50_s = quadrature_quantile(delay, 0.5);
	result->delay_p99_s = quadrature_quantile(delay, 0.99);
	what_if_added(model, result->added_s);
	reach = model->budget > 0 ? reach_of(result) : result->added_s[MODEL_CURVE_POINTS - 1];
	rc = fixed_delay_tabulate(masses, rules, DELAY_STAGES + 1, reach, expected);
	if (rc)
		goto out;
	for (int k = 0; k < MODEL_CURVE_POINTS; k++) {
		result->added_bad_debt[k] = fixed_delay_average(masses, delay, 1, result->added_s[k]);
		result->added_stderr[k] = result->closed_form ? NUMERICAL_BOUND * result->added_bad_debt[k] : NAN;
	}
	for (int i = 0; i < DELAY_STAGES; i++) {
		bool measured = false;
		struct delay_beside beside = {&rules[i], NULL, 1, 0};
		double own = fixed_delay_measured_variance(masses, &model->delays[i], 1, &beside, &measured);

		result->stages[i].without = fixed_delay_average(masses, &rules[i], 1, 0);
		result->stages[i].measurement_stderr = measured ? sqrt(own) : NAN;
		variance += own;
		any = any || measured;
	}
	result->measurement_stderr = any ? sqrt(variance) : NAN;
	regime(masses, delay, result);
	find_budget(masses, delay, model->budget, result);
out:
	for (int i = 0; i < DELAY_STAGES; i++)
		quadrature_free(&rules[i]);
	return rc;
}
