// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/lognormal.h"
#include "margin/what_if.h"

#define EXECUTED_PATHS_MAX (1u << 22) /* kept for quantiles: 32 MB … */
#define GROUP_LOSSES_MAX (1u << 25)   /* … and as many losses of groups: 256 MB */
#define EXECUTIONS_MAX 4e8	       /* accounts × executed paths: bounds the time of large books */
#define EXECUTED_PATHS_MIN 1000
#define SLOPE_STEP_S 1e-3 /* at least: a hundredth of the mean delay otherwise */
#define JUMPS_WANTED 1.0 /* expected on a tilted path: what a jump does should be seen on most of them */

/*
 * The drift that takes ln S to the triggers that matter by the horizon: their distance, averaged by expected loss (with
 * the reflection principle's 2N(·) for the chance of getting there). No shift where the path gets there by itself.
 */
static double drift_towards_triggers(const struct ladder *ladder, const struct ladder *lots, double horizon)
{
	const struct process *process = ladder->process;
	double sd = sqrt(process->variance * horizon), drift = process->log_drift * horizon, sum = 0, weights = 0, target;

	for (size_t i = lots->at_start; i < lots->count; i++) {
		double distance = lots->rungs[i].trigger - ladder->log_price, cost[MEASURES], weight;

		ladder_measure(ladder, &lots->rungs[i], lots->rungs[i].trigger, cost);
		weight = fmin(1, 2 * normal_cdf((distance - drift) / sd)) * fmax(0, cost[MEASURE_LOSS]);

		sum += weight * distance;
		weights += weight;
	}
	if (!(weights > 0)) /* too far for a double, or no loss at any trigger */
		return 0;
	target = fmin(0, sum / weights - drift);
	if (process->jump_rate > 0 && target < -4 * sd) /* jumps will get there first: a shifted diffusion would only add noise */
		return 0;
	return target / horizon;
}

static void variant_delays(struct run *run, const struct model *model)
{
	double added[MODEL_CURVE_POINTS];

	what_if_added(model, added);
	for (int k = 1; k < MODEL_CURVE_POINTS; k++)
		run->added_s[VARIANT_ADDED + k - 1] = added[k];
	run->added_s[VARIANT_LATER] = fmax(SLOPE_STEP_S, 0.1 * added[1]);
}

const struct ladder *run_lots(const struct run *run, size_t asset, uint64_t path)
{
	const struct ladder *sample = &run->lots[asset].samples[path / 2 % LOTS_TURNS];

	return sample->count ? sample : &run->ladders[asset];
}

size_t run_lots_most(const struct run *run, size_t asset)
{
	size_t most = 0;

	for (uint64_t turn = 0; turn < LOTS_TURNS; turn++) {
		size_t count = run_lots(run, asset, 2 * turn)->count;

		most = count > most ? count : most;
	}
	return most;
}

struct ladder *run_parts(const struct run *run, size_t asset)
{
	return run->group_count ? &run->parts[asset * run->group_count] : NULL;
}

static void choose_stride(struct run *run, double executions)
{
	double paths = (double)run->model->paths;
	uint64_t most = EXECUTED_PATHS_MAX;

	if (run->group_count && GROUP_LOSSES_MAX / run->group_count < most)
		most = GROUP_LOSSES_MAX / run->group_count;
	run->stride = (uint64_t)ceil(fmin(executions / EXECUTIONS_MAX, paths / EXECUTED_PATHS_MIN));
	if (paths / (double)most > (double)run->stride)
		run->stride = run->model->paths / most + 1;
	run->stride = run->stride ? run->stride : 1;
	run->losses_capacity = (run->model->paths + run->stride - 1) / run->stride;
}

int run_prepare(struct run *run, const struct model *model, double scale, double added_s)
{
	uint64_t pairs = (model->paths + 1) / 2;
	double executions = 0;
	int rc;

	*run = (struct run){.model = model, .block_count = (pairs + PAIRS_PER_BLOCK - 1) / PAIRS_PER_BLOCK,
			    .group_count = model->group_count > 1 ? model->group_count : 0};
	run->ladders = calloc(model->asset_count, sizeof(*run->ladders));
	run->lots = calloc(model->asset_count, sizeof(*run->lots));
	run->tilts = calloc(model->asset_count, sizeof(*run->tilts));
	run->exposure = calloc(model->asset_count, sizeof(*run->exposure));
	run->blocks = calloc(run->block_count, sizeof(*run->blocks));
	if (run->group_count) {
		run->parts = calloc(model->asset_count * run->group_count, sizeof(*run->parts));
		run->group_sums = calloc(run->block_count * run->group_count, sizeof(*run->group_sums));
		if (!run->parts || !run->group_sums)
			goto fail;
	}
	variant_delays(run, model);
	rc = delay_total(model->delays, DELAY_STAGES, &run->delay);
	for (size_t i = 0; !rc && i < run->delay.count; i++)
		run->delay.node[i] = scale * run->delay.node[i] + added_s;
	if (rc || !run->ladders || !run->lots || !run->tilts || !run->exposure || !run->blocks)
		goto fail;
	for (size_t i = 0; i < model->asset_count; i++) {
		struct ladder *ladder = &run->ladders[i];

		rc = ladder_build(ladder, model->accounts, model->account_count, (uint32_t)i, model->assets[i].price,
				  &model->engine, &model->assets[i].process,
				  model_is_conditional(model, i) ? &run->delay : NULL);
		if (!rc && run->group_count)
			rc = ladder_split(ladder, model->groups, run->group_count, run_parts(run, i));
		if (!rc)
			rc = lots_build(&run->lots[i], ladder, run_parts(run, i), run->group_count, model);
		if (rc)
			goto fail;
		executions += (double)model->paths * (double)run_lots_most(run, i);
		if (!ladder->count || !model_is_conditional(model, i))
			continue;
		run->exposure[i].hits = calloc(ladder->count + 1, sizeof(int64_t));
		if (!run->exposure[i].hits)
			goto fail;
		for (size_t j = 0; j < ladder->count; j++)
			run->exposure[i].scale += ladder->rungs[j].units * model->assets[i].price;
		run->tilts[i].extra_drift = drift_towards_triggers(ladder, run_lots(run, i, 0), model->horizon_s);
		run->tilts[i].jump_rate = ladder->process->jump_rate > 0
						  ? fmax(ladder->process->jump_rate, JUMPS_WANTED / model->horizon_s)
						  : 0;
	}
	choose_stride(run, executions);
	run->losses = calloc(run->losses_capacity, sizeof(*run->losses));
	if (run->group_count)
		run->group_losses = calloc(run->losses_capacity * run->group_count, sizeof(*run->group_losses));
	if (run->losses && (!run->group_count || run->group_losses))
		return 0;
fail:
	run_free(run);
	return -ENOMEM;
}

void run_free(struct run *run)
{
	for (size_t i = 0; run->ladders && i < run->model->asset_count; i++)
		ladder_free(&run->ladders[i]);
	for (size_t i = 0; run->parts && i < run->model->asset_count * run->group_count; i++)
		ladder_free(&run->parts[i]);
	for (size_t i = 0; run->lots && i < run->model->asset_count; i++)
		lots_free(&run->lots[i]);
	for (size_t i = 0; run->exposure && i < run->model->asset_count; i++)
		free(run->exposure[i].hits);
	quadrature_free(&run->delay);
	free(run->ladders);
	free(run->lots);
	free(run->tilts);
	free(run->exposure);
	free(run->blocks);
	free(run->losses);
	free(run->parts);
	free(run->group_sums);
	free(run->group_losses);
}
