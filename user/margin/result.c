// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* From sums over blocks to the answers. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/distribution.h"
#include "margin/gain.h"
#include "margin/run.h"
#include "margin/what_if.h"

struct totals {
	uint64_t pairs;
	struct sums sums;
	double losses_squared;
	struct outcome outcome;
	uint64_t liquidations, steps, beyond;
};

/* Chan, Golub and LeVeque: means and squared deviations of two groups, merged in the order of the blocks. */
static void merge_sums(struct sums *sums, double before, const struct sums *block, double added)
{
	double all = before + added;

	for (int k = 0; k < MEASURES; k++) {
		double delta = block->mean[k] - sums->mean[k];

		sums->mean[k] += delta * added / all;
		sums->squares[k] += block->squares[k] + delta * delta * before * added / all;
	}
}

static void merge(struct totals *totals, const struct block *block)
{
	merge_sums(&totals->sums, (double)totals->pairs, &block->sums, (double)block->pairs);
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

/* The book, or a group's part of it: the ladders of its assets, and what the paths said of them. */
struct portion {
	const struct run *run;
	const struct ladder *ladders;
	size_t stride; /* from one asset's to the next one's */
	struct sums sums;
	uint64_t pairs;
};

static const struct ladder *ladder_of(const struct portion *portion, size_t asset)
{
	return &portion->ladders[asset * portion->stride];
}

/* Accounts below their trigger at the start: no random part. */
static double at_start(const struct portion *portion, enum measure measure)
{
	double sum = 0;

	for (size_t i = 0; i < portion->run->model->asset_count; i++) {
		const struct ladder *ladder = ladder_of(portion, i);

		if (ladder->prefix)
			sum += ladder->prefix[ladder->at_start][measure];
	}
	return sum;
}

static bool has_executions(const struct portion *portion)
{
	for (size_t i = 0; i < portion->run->model->asset_count; i++)
		if (ladder_of(portion, i)->count && !model_is_conditional(portion->run->model, i))
			return true;
	return false;
}

/*
 * Where no path triggered any account, or no execution lost anything, the sample says nothing about the spread: the error is then that of one trigger of
 * everything in as many paths. `bound` is what rounding, quadrature and tables may add.
 */
static struct estimate estimate(const struct portion *portion, enum measure measure, double bound)
{
	const struct model *model = portion->run->model;
	const struct sums *sums = &portion->sums;
	struct estimate result = {at_start(portion, measure) + sums->mean[measure], 0};
	double n = (double)portion->pairs, sampling = n > 1 ? sqrt(sums->squares[measure] / (n - 1) / n) : INFINITY;
	double everything = 0;

	if (sums->mean[MEASURE_COUNT] == 0 || (has_executions(portion) && sums->squares[measure] == 0 && sums->mean[measure] == 0)) {
		for (size_t i = 0; i < model->asset_count; i++) {
			const struct ladder *ladder = ladder_of(portion, i);

			if (ladder->count > ladder->at_start && ladder->prefix)
				everything += ladder->prefix[ladder->count][measure] - ladder->prefix[ladder->at_start][measure];
			/* with a memory: all of the debt, and who knows what slope */
			for (size_t j = 0; !model_is_conditional(model, i) && j < ladder->count; j++)
				everything += measure == MEASURE_COUNT	 ? 1 :
					      measure == MEASURE_SLOPE ? INFINITY :
									 ladder->rungs[j].units * exp(ladder->rungs[j].log_strike);
		}
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

static struct estimate bad_debt(const struct portion *portion)
{
	struct estimate result = estimate(portion, MEASURE_LOSS, 0);

	result.stderr_ = hypot(result.stderr_, NUMERICAL_BOUND * result.value);
	return result;
}

static int group_result(const struct run *run, size_t group, uint64_t executed, struct model_group *out)
{
	struct portion portion = {run, run->parts + group, run->group_count, {{0}, {0}}, 0};
	double *losses = malloc(executed * sizeof(*losses));
	int rc;

	if (!losses)
		return -ENOMEM;
	for (uint64_t i = 0; i < run->blocks_done; i++) {
		merge_sums(&portion.sums, (double)portion.pairs, &run->group_sums[i * run->group_count + group], (double)run->blocks[i].pairs);
		portion.pairs += run->blocks[i].pairs;
	}
	out->bad_debt = bad_debt(&portion);
	out->triggers = estimate(&portion, MEASURE_COUNT, 0);
	for (uint64_t i = 0; i < executed; i++)
		losses[i] = run->group_losses[i * run->group_count + group];
	out->sampled = distribution_mean(losses, executed);
	rc = distribution_law(losses, executed, &out->law);
	free(losses);
	return rc;
}

int run_result(const struct run *run, struct model_result *result)
{
	struct totals totals = {0};
	struct portion book;
	struct estimate slope;
	uint64_t drawn;
	int rc;

	for (uint64_t i = 0; i < run->blocks_done; i++)
		merge(&totals, &run->blocks[i]);
	book = (struct portion){run, run->ladders, 1, totals.sums, totals.pairs};
	drawn = 2 * totals.pairs;
	result->paths = drawn < run->model->paths ? drawn : run->model->paths;
	result->interrupted = run->blocks_done < run->block_count;
	result->path_steps = totals.steps;
	result->bad_debt = bad_debt(&book);
	result->gap = estimate(&book, MEASURE_GAP, 0); /* the gap itself is rounding only: no quadrature in it */
	/* never seen among executions: what is missing at the trigger is missing later, too, so the whole loss's error covers it */
	if (has_executions(&book) && totals.sums.mean[MEASURE_GAP] == 0 && totals.sums.mean[MEASURE_LOSS] != 0)
		result->gap.stderr_ = fmin(result->gap.stderr_, result->bad_debt.stderr_);
	result->latency = estimate(&book, MEASURE_LATENCY, NUMERICAL_BOUND * result->bad_debt.value);
	result->triggers = estimate(&book, MEASURE_COUNT, 0);
	slope = estimate(&book, MEASURE_SLOPE, 0);
	slope.stderr_ = hypot(slope.stderr_, NUMERICAL_BOUND * slope.value);
	for (int i = 0; i < DELAY_STAGES; i++) /* the stages add up: a millisecond is worth the same in each */
		result->stages[i].per_ms = (struct estimate){slope.value * 1e-3, slope.stderr_ * 1e-3};
	result->beyond_tape = totals.beyond;
	for (size_t i = 0; i < run->model->asset_count; i++) {
		result->sampled_assets += run->ladders[i].count && !model_is_conditional(run->model, i);
		result->tilted_assets += run->tilts[i].extra_drift != 0 ||
					 run->tilts[i].jump_rate > run->model->assets[i].process.jump_rate;
	}
	rc = distribution(run, &totals, result);
	for (size_t g = 0; !rc && g < run->group_count; g++)
		rc = group_result(run, g, (result->paths + run->stride - 1) / run->stride, &result->groups[g]);
	return rc;
}

/* What the assets with a memory add: they were executed under each of these delays. */
static void add_variants(const struct run *run, struct model_result *result)
{
	double mean[VARIANTS] = {0}, squares[VARIANTS] = {0}, pairs = (double)((result->paths + 1) / 2);
	size_t assets = 0;

	for (uint64_t i = 0; i < run->blocks_done; i++)
		for (int k = 0; k < VARIANTS; k++) {
			mean[k] += run->blocks[i].variants[k] / (2 * pairs);
			squares[k] += run->blocks[i].variants_squared[k] / 4;
		}
	for (size_t i = 0; i < run->model->asset_count; i++)
		assets += run->ladders[i].count > 0;
	for (int k = 0; k < MODEL_CURVE_POINTS; k++) {
		int variant = k ? VARIANT_ADDED + k - 1 : VARIANT_AS_IS;

		result->added_bad_debt[k] += mean[variant];
		if (assets == result->sampled_assets && pairs > 1)
			result->added_stderr[k] = mean[variant] == 0 ? result->bad_debt.stderr_ :
				sqrt(fmax(0, squares[variant] - pairs * mean[variant] * mean[variant]) / (pairs - 1) / pairs);
	}
	for (int i = 0; i < DELAY_STAGES; i++) {
		result->stages[i].without += mean[VARIANT_WITHOUT + i];
		result->stages[i].measurement_stderr = NAN;
	}
	result->measurement_stderr = result->latency_at_mean_delay = result->latency_share_beyond_p99 = NAN;
	result->budget_added_s = result->budget_scale = result->budget_ci95[0] = result->budget_ci95[1] = NAN;
}

static uint64_t pairs_done(const struct run *run)
{
	uint64_t pairs = 0;

	for (uint64_t i = 0; i < run->blocks_done; i++)
		pairs += run->blocks[i].pairs;
	return pairs;
}

int run_masses(const struct run *run, struct fixed_delay *out)
{
	int rc = fixed_delay_init(out, run->model->asset_count);

	for (size_t i = 0; !rc && i < run->model->asset_count; i++)
		if (run->ladders[i].count && model_is_conditional(run->model, i))
			rc = exposure_masses(&out->assets[i], &run->ladders[i], &run->exposure[i], (double)pairs_done(run));
	return rc;
}

static bool same_delays(const struct model *a, const struct model *b)
{
	bool same = true;

	for (int i = 0; i < DELAY_STAGES; i++)
		same = same && delay_law_same(&a->delays[i], &b->delays[i]);
	return same;
}

/*
 * Where no pair tells the sites apart the sample says nothing about the spread, unless they are one: what is lost here then bounds
 * it.
 */
void run_gain(const struct run *run, const struct estimate *here, struct gain_answer *out)
{
	const struct portion a = {.run = run, .ladders = run->ladders, .stride = 1}, b = {.run = run->against, .ladders = run->against->ladders, .stride = 1};
	double more_at_start = at_start(&a, MEASURE_LOSS) - at_start(&b, MEASURE_LOSS);
	struct estimate *less = &out->less_bad_debt.mean, *there = &out->bad_debt;
	struct moments gain = {0}, other = {0};

	for (uint64_t i = 0; i < run->blocks_done; i++) {
		moments_merge(&gain, &run->blocks[i].gain);
		moments_merge(&other, &run->blocks[i].other);
		out->differing += run->blocks[i].differing;
	}
	out->paths = 2 * pairs_done(run) < run->model->paths ? 2 * pairs_done(run) : run->model->paths;
	*less = moments_estimate(&gain);
	*there = moments_estimate(&other);
	if (!out->differing && !same_delays(run->model, run->against->model))
		less->stderr_ = there->stderr_ = here->stderr_;
	less->value += more_at_start;
	there->value = here->value - less->value;
	less->stderr_ = hypot(less->stderr_, NUMERICAL_BOUND * less->value);
	there->stderr_ = hypot(there->stderr_, NUMERICAL_BOUND * there->value);
}

/* The error of the bad debt where the budget is reached: the paths once more, under those delays. */
static int budget_stderr(const struct run *run, const struct model_control *control, const struct model_result *result, double *stderr_)
{
	bool scaled = isfinite(result->budget_scale);
	struct model_result there = {0};
	struct model model = *run->model;
	struct run again;
	int rc;

	model.group_count = 0;
	rc = run_prepare(&again, &model, scaled ? result->budget_scale : 1, scaled ? 0 : result->budget_added_s);

	if (rc)
		return rc;
	rc = run_slices(&again, control);
	if (!rc)
		rc = run_result(&again, &there);
	*stderr_ = there.bad_debt.stderr_;
	run_free(&again);
	return rc;
}

int run_what_if(const struct run *run, const struct model_control *control, struct model_result *result)
{
	struct fixed_delay masses;
	double there;
	int rc = run_masses(run, &masses);

	if (!rc)
		rc = what_if(run->model, &run->delay, &masses, result->bad_debt.value, result);
	if (!rc && result->sampled_assets) {
		add_variants(run, result);
	} else if (!rc && (isfinite(result->budget_scale) || isfinite(result->budget_added_s))) {
		rc = budget_stderr(run, control, result, &there);
		if (!rc)
			rc = what_if_budget_interval(run->model, &run->delay, &masses, there, result);
	}
	fixed_delay_free(&masses);
	return rc;
}
