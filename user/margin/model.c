// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The library's entry points. */
#include "margin/model.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "margin/expected.h"
#include "margin/groups.h"
#include "margin/measured.h"
#include "margin/run.h"
#include "margin/what_if.h"

bool model_is_conditional(const struct model *model, size_t asset)
{
	return process_is_levy(&model->assets[asset].process) && model->dependent_delays == DELAYS_INDEPENDENT;
}

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int check_prices(const struct model *model, struct error *err)
{
	for (size_t i = 0; i < model->asset_count; i++) {
		const struct model_asset *asset = &model->assets[i];

		if (!(asset->price > 0 && asset->price <= MODEL_PRICE_MAX))
			return error_set(err, -EINVAL, "asset %s: price is %g; allowed: above 0, to %g", asset->name, asset->price,
					 MODEL_PRICE_MAX);
		if (asset->process.type == &process_tape && tape_length(&asset->process) < model->horizon_s)
			return error_set(err, -EINVAL, "asset %s: the tape ends after %g s, before the horizon of %g s", asset->name,
					 tape_length(&asset->process), model->horizon_s);
	}
	return engine_check(&model->engine, err);
}

int model_check(const struct model *model, struct error *err)
{
	if (delay_dependence_check(model->delays, model->dependent_delays, model->volatility_window_s, err))
		return -EINVAL;
	if (!model->paths || model->paths > (1ull << 40))
		return error_set(err, -EINVAL, "paths is %llu; allowed: 1 to 2^40", (unsigned long long)model->paths);
	if (!(model->horizon_s > 0 && model->horizon_s <= DELAY_MAX_S))
		return error_set(err, -EINVAL, "horizon is %g s; allowed: above 0, to %g s", model->horizon_s, DELAY_MAX_S);
	if (!model->asset_count || !model->account_count)
		return error_set(err, -EINVAL, "the model needs at least one asset and one account");
	if (model->account_count > UINT32_MAX)
		return error_set(err, -EINVAL, "more than 2^32 - 1 accounts");
	for (size_t i = 0; i < model->account_count; i++) {
		const struct account *a = &model->accounts[i];

		if (model_joined(model, i))
			return error_set(err, -EINVAL, "account %zu: another collateral or debt of the account before it, which only the market walk "
						       "takes (name a protocol as the engine): split it", i);
		if (!(a->asset < model->asset_count && a->collateral > 0 && isfinite(a->collateral) && a->debt >= 0 &&
		      isfinite(a->debt) && a->liquidation_threshold > 0 && a->liquidation_threshold <= 1))
			return error_set(err, -EINVAL,
					 "account %zu: collateral %g (above 0), debt %g (0 or more), liquidation threshold %g (above 0, to 1)",
					 i, a->collateral, a->debt, a->liquidation_threshold);
	}
	return model_groups_check(model, err) ? -EINVAL : check_prices(model, err);
}

/* What the formula says takes the place of what the paths said; that stays beside it, as a check. */
static int answer_by_formula(const struct model *model, const struct quadrature *delay, unsigned threads,
			     struct model_result *result)
{
	struct expected expected;
	double slope_error;
	int rc = expected_build(&expected, model, delay, threads);

	if (rc)
		return rc;
	result->closed_form = true;
	result->bad_debt = (struct estimate){expected.sum[MEASURE_LOSS],
					     hypot(NUMERICAL_BOUND * expected.sum[MEASURE_LOSS], expected.error)};
	result->gap = (struct estimate){expected.sum[MEASURE_GAP], NUMERICAL_BOUND * expected.sum[MEASURE_GAP]};
	result->latency = (struct estimate){expected.sum[MEASURE_LATENCY], result->bad_debt.stderr_};
	result->triggers = (struct estimate){expected.sum[MEASURE_COUNT], NUMERICAL_BOUND * expected.sum[MEASURE_COUNT]};
	for (size_t g = 0; g < expected.group_count; g++) {
		const double *sum = expected.groups[g].sum;

		result->groups[g].bad_debt = (struct estimate){sum[MEASURE_LOSS], hypot(NUMERICAL_BOUND * sum[MEASURE_LOSS], expected.groups[g].error)};
		result->groups[g].triggers = (struct estimate){sum[MEASURE_COUNT], NUMERICAL_BOUND * sum[MEASURE_COUNT]};
	}
	slope_error = NUMERICAL_BOUND * fabs(expected.sum[MEASURE_SLOPE]);
	for (int i = 0; i < DELAY_STAGES; i++)
		result->stages[i].per_ms = (struct estimate){1e-3 * expected.sum[MEASURE_SLOPE], 1e-3 * slope_error};
	rc = what_if(model, delay, &expected.masses, result->bad_debt.value, result);
	if (!rc)
		rc = what_if_budget_interval(model, delay, &expected.masses, NUMERICAL_BOUND * model->budget, result);
	expected_free(&expected);
	return rc;
}

int model_expect(const struct model *model, const struct model_control *control, struct model_result *result, struct error *err)
{
	double started = now_seconds();
	struct quadrature delay = {0};
	int rc = model_check(model, err);

	if (rc)
		return rc;
	if (!expected_known(model))
		return error_set(err, -EINVAL, "no closed form: the expected bad debt is a sum only under the processes gbm and kou and "
					       "with an engine that has a payoff; draw paths instead");
	*result = (struct model_result){.probability = NAN, .probability_upper95 = NAN, .var95 = NAN, .var99 = NAN, .es99 = NAN,
					.var95_ci95 = {NAN, NAN}, .var99_ci95 = {NAN, NAN}, .conditional = {NAN, NAN},
					.sampled = {NAN, NAN}, .outcome_mean = {NAN, NAN, NAN, NAN, NAN}};
	for (int k = 0; k < MODEL_RISKS; k++)
		result->risks[k] = (struct tail_risk){NAN, NAN, {NAN, NAN}, NAN, NAN};
	for (int k = 0; k < MODEL_QUANTILES; k++)
		result->quantile_level[k] = result->quantile[k] = NAN;
	for (size_t g = 0; g < model->group_count; g++) {
		result->groups[g] = (struct model_group){.sampled = {NAN, NAN}, .law = {.probability = NAN, .probability_upper95 = NAN}};
		memcpy(result->groups[g].law.risks, result->risks, sizeof(result->risks));
	}
	rc = delay_total(model->delays, DELAY_STAGES, &delay);
	if (!rc)
		rc = answer_by_formula(model, &delay, control->threads, result);
	quadrature_free(&delay);
	model_groups_finish(model, false, result);
	result->seconds = now_seconds() - started;
	return rc ? error_set(err, rc, "out of memory for %zu accounts", model->account_count) : 0;
}

int model_bad_debt(const struct model *model, const struct model_control *control, struct model_result *result, struct error *err)
{
	double started = now_seconds();
	struct run run;
	int rc = model_check(model, err);

	if (rc)
		return rc;
	*result = (struct model_result){0};
	rc = run_prepare(&run, model, 1, 0);
	if (rc)
		return error_set(err, rc, "out of memory for %zu accounts", model->account_count);
	rc = run_slices(&run, control);
	if (rc) {
		error_set(err, rc, rc == -EAGAIN ? "no thread could be started: raise the limit of processes" : "out of memory");
		goto out;
	}
	rc = run_result(&run, result);
	result->conditional = result->bad_debt;
	if (!rc)
		rc = expected_known(model) ? answer_by_formula(model, &run.delay, control->threads, result) :
					     run_what_if(&run, control, result);
	if (rc)
		error_set(err, rc, "out of memory");
	model_groups_finish(model, false, result);
	result->seconds = now_seconds() - started;
out:
	run_free(&run);
	return rc;
}

/* A part of a longer work, to whoever watches it. */
struct portion {
	const struct model_control *whole;
	double from, to;
};

static void portion_done(void *context, double share)
{
	const struct portion *portion = context;

	portion->whole->progress(portion->whole->context, portion->from + share * (portion->to - portion->from));
}

static struct model_control control_of(struct portion *portion)
{
	struct model_control control = *portion->whole;

	if (control.progress) {
		control.progress = portion_done;
		control.context = portion;
	}
	return control;
}

#define MEASURING ((double)MEASURED_GROUPS / MEASURED_SHARE) /* runs of all paths that it takes */

/* Where the mean comes of executions the delays' samples have no formula either: measured.h. NAN where they are too few, or the user stopped. */
static int measure(const struct model *model, const struct model_control *control, struct model_result *result, struct error *err)
{
	struct measured_spread spread = {0};
	int rc = 0;

	for (unsigned group = 0; !rc && group < MEASURED_GROUPS && !result->interrupted; group++) {
		struct portion portion = {control, (1 + MEASURING * group / MEASURED_GROUPS) / (1 + MEASURING),
					  (1 + MEASURING * (group + 1) / MEASURED_GROUPS) / (1 + MEASURING)};
		struct model_control its = control_of(&portion);
		struct measured_deal deal = {model, group, 0};
		struct model part = *model;
		struct model_result alone;

		part.paths = model->paths / MEASURED_SHARE ? model->paths / MEASURED_SHARE : model->paths;
		rc = measured_stages(&deal, NULL, part.delays);
		if (rc == -ENOMEM)
			error_set(err, rc, "out of memory for the delays' samples");
		if (!rc)
			rc = model_bad_debt(&part, &its, &alone, err);
		if (!rc && alone.interrupted)
			result->interrupted = true;
		else if (!rc)
			measured_add(&spread, alone.bad_debt.value);
		for (int i = 0; i < DELAY_STAGES; i++)
			delay_free(&part.delays[i]);
	}
	result->measurement_stderr = measured_stderr(&spread);
	return rc == -ERANGE ? 0 : rc;
}

int model_run(const struct model *model, const struct model_control *control, struct model_result *result, struct error *err)
{
	bool by_groups = false;
	struct portion portion = {control, 0, 1};
	struct model_control its;
	double started = now_seconds();
	int rc;

	for (size_t i = 0; i < model->asset_count; i++)
		by_groups = by_groups || !model_is_conditional(model, i);
	by_groups = by_groups && measured_any(model);
	if (by_groups)
		portion.to = 1 / (1 + MEASURING);
	its = control_of(&portion);
	rc = model_bad_debt(model, &its, result, err);
	if (!rc && by_groups && result->sampled_assets)
		rc = measure(model, control, result, err);
	result->seconds = now_seconds() - started;
	return rc;
}

bool model_joined(const struct model *model, size_t account)
{
	return model->joined && model->joined[account];
}

bool account_is_debt(const struct account *account)
{
	return account->collateral < 0 && account->liquidation_threshold == 1;
}

void model_free(struct model *model)
{
	for (int i = 0; i < DELAY_STAGES; i++)
		delay_free(&model->delays[i]);
	for (size_t i = 0; i < model->asset_count; i++)
		process_free(&model->assets[i].process);
	dependence_free(&model->dependence);
	free(model->assets);
	free(model->accounts);
	free(model->entries);
	free(model->joined);
	free(model->group_names);
	free(model->groups);
	free(model->terms);
	*model = (struct model){0};
}
