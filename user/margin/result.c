// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From sums over blocks to the answers. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "margin/distribution.h"
#include "margin/run.h"

struct totals {
	uint64_t pairs;
	double mean[MEASURES], squares[MEASURES];
	double losses_squared;
	struct outcome outcome;
	uint64_t liquidations, steps, beyond;
};

/* Chan, Golub and LeVeque: means and squared deviations of two groups, merged in the order of the blocks. */
static void merge(struct totals *totals, const struct block *block)
{
	double before = (double)totals->pairs, added = (double)block->pairs, all = before + added;

	for (int k = 0; k < MEASURES; k++) {
		double delta = block->mean[k] - totals->mean[k];

		totals->mean[k] += delta * added / all;
		totals->squares[k] += block->squares[k] + delta * delta * before * added / all;
	}
	totals->pairs += block->pairs;
	totals->losses_squared += block->losses_squared;
	totals->outcome.seized += block->outcome.seized;
	totals->outcome.repaid += block->outcome.repaid;
	totals->outcome.bad_debt += block->outcome.bad_debt;
	totals->outcome.returned += block->outcome.returned;
	totals->outcome.slippage += block->outcome.slippage;
	totals->liquidations += block->liquidations;
	totals->steps += block->steps;
	totals->beyond += block->beyond;
}

/*
 * Where no path triggered any account, the sample says nothing about the spread: the error is then that of one trigger of
 * everything in as many paths. `bound` is what rounding, quadrature and tables may add.
 */
static struct estimate estimate(const struct run *run, const struct totals *totals, enum measure measure, double bound)
{
	struct estimate result = {run->at_start[measure] + totals->mean[measure], 0};
	double n = (double)totals->pairs, sampling = n > 1 ? sqrt(totals->squares[measure] / (n - 1) / n) : INFINITY;
	double everything = 0;

	if (totals->mean[MEASURE_COUNT] == 0) {
		for (size_t i = 0; i < run->model->asset_count; i++) {
			const struct ladder *ladder = &run->ladders[i];

			if (ladder->count > ladder->at_start && ladder->prefix[measure])
				everything += ladder->prefix[measure][ladder->count] - ladder->prefix[measure][ladder->at_start];
		}
		for (size_t i = 0; i < run->model->asset_count; i++) /* with a memory: all of the debt, and who knows what slope */
			for (size_t j = 0; !process_is_levy(&run->model->assets[i].process) && j < run->ladders[i].count; j++)
				everything += measure == MEASURE_COUNT	 ? 1 :
					      measure == MEASURE_SLOPE ? INFINITY :
									 run->ladders[i].rungs[j].units * exp(run->ladders[i].rungs[j].log_strike);
		sampling = fabs(everything) / n;
	}
	result.stderr_ = hypot(sampling, bound);
	return result;
}

static int distribution(const struct run *run, const struct totals *totals, struct model_result *result)
{
	uint64_t n = (result->paths + run->stride - 1) / run->stride;
	double mean = totals->outcome.bad_debt / (double)n;
	int rc = distribution_of(run->losses, n, result);

	if (rc)
		return rc;
	result->sampled.value = mean;
	result->sampled.stderr_ =
		n > 1 ? sqrt(fmax(0, totals->losses_squared - (double)n * mean * mean) / ((double)n - 1) / (double)n) : INFINITY;
	result->outcome_mean = (struct outcome){totals->outcome.seized / (double)n, totals->outcome.repaid / (double)n, mean,
						totals->outcome.returned / (double)n, totals->outcome.slippage / (double)n};
	return 0;
}

int run_result(const struct run *run, struct model_result *result)
{
	struct totals totals = {0};
	struct estimate slope;
	uint64_t drawn;

	for (uint64_t i = 0; i < run->blocks_done; i++)
		merge(&totals, &run->blocks[i]);
	drawn = 2 * totals.pairs;
	result->paths = drawn < run->model->paths ? drawn : run->model->paths;
	result->interrupted = run->blocks_done < run->block_count;
	result->path_steps = totals.steps;
	result->bad_debt = estimate(run, &totals, MEASURE_LOSS, 0);
	result->bad_debt.stderr_ = hypot(result->bad_debt.stderr_, NUMERICAL_BOUND * result->bad_debt.value);
	result->gap = estimate(run, &totals, MEASURE_GAP, 0); /* the gap itself is rounding only: no quadrature in it */
	result->latency = estimate(run, &totals, MEASURE_LATENCY, NUMERICAL_BOUND * result->bad_debt.value);
	result->triggers = estimate(run, &totals, MEASURE_COUNT, 0);
	slope = estimate(run, &totals, MEASURE_SLOPE, 0);
	slope.stderr_ = hypot(slope.stderr_, NUMERICAL_BOUND * slope.value);
	for (int i = 0; i < DELAY_STAGES; i++) /* the stages add up: a millisecond is worth the same in each */
		result->stages[i].per_ms = (struct estimate){slope.value * 1e-3, slope.stderr_ * 1e-3};
	result->beyond_tape = totals.beyond;
	for (size_t i = 0; i < run->model->asset_count; i++) {
		result->sampled_assets += run->ladders[i].count && !process_is_levy(&run->model->assets[i].process);
		result->tilted_assets += run->tilts[i].extra_drift != 0 ||
					 run->tilts[i].jump_rate > run->model->assets[i].process.jump_rate;
	}
	return distribution(run, &totals, result);
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

		if (!(asset->price > 0 && isfinite(asset->price)))
			return error_set(err, -EINVAL, "asset %s: price is %g; allowed: above 0", asset->name, asset->price);
		if (asset->process.type == &process_tape && tape_length(&asset->process) < model->horizon_s)
			return error_set(err, -EINVAL, "asset %s: the tape ends after %g s, before the horizon of %g s", asset->name,
					 tape_length(&asset->process), model->horizon_s);
	}
	return engine_check(&model->engine, err);
}

static int check(const struct model *model, struct error *err)
{
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

		if (!(a->asset < model->asset_count && a->collateral > 0 && isfinite(a->collateral) && a->debt >= 0 &&
		      isfinite(a->debt) && a->liquidation_threshold > 0 && a->liquidation_threshold <= 1))
			return error_set(err, -EINVAL,
					 "account %zu: collateral %g (above 0), debt %g (0 or more), liquidation threshold %g (above 0, to 1)",
					 i, a->collateral, a->debt, a->liquidation_threshold);
	}
	return check_prices(model, err);
}

int model_run(const struct model *model, const struct model_control *control, struct model_result *result, struct error *err)
{
	double started = now_seconds();
	struct run run;
	int rc = check(model, err);

	if (rc)
		return rc;
	*result = (struct model_result){0};
	rc = run_prepare(&run, model);
	if (rc)
		return error_set(err, rc, "out of memory for %zu accounts", model->account_count);
	rc = run_threads(&run, control);
	if (rc) {
		error_set(err, rc, rc == -EAGAIN ? "no thread could be started: raise the limit of processes" : "out of memory");
		goto out;
	}
	rc = run_result(&run, result);
	if (!rc)
		rc = run_what_if(&run, result);
	if (rc)
		error_set(err, rc, "out of memory");
	result->seconds = now_seconds() - started;
out:
	run_free(&run);
	return rc;
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
	*model = (struct model){0};
}
