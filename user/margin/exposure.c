// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The same triggers under other delays. The paths left behind how much value was triggered at which moneyness; with it
 * F(t), the expected bad debt if the whole delay were exactly t, is one sum. Every question about another delay law is an
 * average of F, on common random numbers by construction.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/run.h"

#define MEASURED_SAMPLES_MAX 2000 /* looked at, evenly by rank, for the error of a measured law */
#define RUNGS_APART_MAX 512	  /* more accounts than this are binned by moneyness */

/* Value triggered at one moneyness. */
struct mass {
	double moneyness, value;
};

struct masses {
	const struct process *process;
	struct mass *items;
	size_t count;
};

struct fixed_delay {
	struct masses *assets;
	size_t asset_count;
	struct curve by_log_time;
	double mass_left_out; /* of the longest delays: too little to matter */
};

static double loss_at_delay(const struct fixed_delay *fixed, double t)
{
	double sum = 0;

	for (size_t i = 0; i < fixed->asset_count; i++) {
		const struct masses *masses = &fixed->assets[i];

		for (size_t j = 0; j < masses->count; j++)
			sum += masses->items[j].value *
			       masses->process->type->put(masses->process, masses->items[j].moneyness, t);
	}
	return sum;
}

static double loss_at_log_delay(const void *context, double log_time)
{
	return loss_at_delay(context, exp(log_time));
}

/* F(t), from the table where it reaches */
static double fixed_loss(const struct fixed_delay *fixed, double t)
{
	return t > 0 ? curve_at(&fixed->by_log_time, log(t)) : loss_at_delay(fixed, 0);
}

static double average(const struct fixed_delay *fixed, const struct quadrature *delay, double added)
{
	double sum = 0;

	for (size_t i = 0; i < delay->count && delay->above[i] + delay->weight[i] > fixed->mass_left_out; i++)
		sum += delay->weight[i] * fixed_loss(fixed, delay->node[i] + added);
	return sum;
}

struct bins {
	double mass[EXPOSURE_BINS], moment[EXPOSURE_BINS]; /* moment: mass times moneyness */
};

static int gather(struct masses *masses, const struct ladder *ladder, const struct exposure *exposure, double pairs)
{
	struct bins *bins = calloc(1, sizeof(*bins));
	double width = (ladder->moneyness_high - ladder->moneyness_low) / EXPOSURE_BINS, unit = EXPOSURE_UNIT * pairs;
	bool apart = ladder->count <= RUNGS_APART_MAX;
	int64_t hits = 0;

	masses->process = ladder->process;
	masses->items = calloc((apart ? ladder->count : 0) + EXPOSURE_BINS, sizeof(*masses->items));
	if (!bins || !masses->items) {
		free(bins);
		return -ENOMEM;
	}
	for (int i = 0; i < EXPOSURE_BINS; i++) {
		double mass = (double)exposure->mass[i] / unit * exposure->scale;

		bins->mass[i] = mass;
		bins->moment[i] = mass * (ladder->moneyness_low + i * width) +
				  (double)exposure->moment[i] / unit * exposure->scale * width;
	}
	for (size_t i = 0; i < ladder->count; i++) {
		const struct rung *rung = &ladder->rungs[i];
		double log_price = fmin(rung->trigger, ladder->log_price), moneyness = rung->log_strike - log_price, value;
		int bin = (int)((moneyness - ladder->moneyness_low) / width);

		hits += exposure->hits[i];
		value = rung->units * exp(log_price) * (i < ladder->at_start ? 1 : (double)hits / unit);
		if (apart) {
			masses->items[masses->count++] = (struct mass){moneyness, value};
			continue;
		}
		bin = bin < 0 ? 0 : bin >= EXPOSURE_BINS ? EXPOSURE_BINS - 1 : bin;
		bins->mass[bin] += value;
		bins->moment[bin] += value * moneyness;
	}
	for (int i = 0; i < EXPOSURE_BINS; i++)
		if (bins->mass[i] > 0)
			masses->items[masses->count++] = (struct mass){bins->moment[i] / bins->mass[i], bins->mass[i]};
	free(bins);
	return 0;
}

/*
 * Variance of the result from the finite samples of a measured law: the result is linear in the empirical distribution, so
 * the bootstrap over its samples has the closed form var(G)/n, G(x) the result if the delay were always x.
 */
static double measured_variance(const struct fixed_delay *fixed, const struct delay_law *law, double share,
				const struct quadrature *rest, bool *measured)
{
	double mean = 0, squares = 0, n = 0, variance = 0;
	size_t step = law->sample_count / MEASURED_SAMPLES_MAX + 1;

	for (size_t i = 0; i < law->part_count; i++)
		variance += measured_variance(fixed, &law->parts[i], share * law->shares[i], rest, measured);
	if (law->type != &delay_empirical)
		return variance;
	*measured = true;
	for (size_t i = step / 2; i < law->sample_count; i += step) {
		double value = average(fixed, rest, law->samples[i]), delta = value - mean;

		n += 1;
		mean += delta / n;
		squares += delta * (value - mean);
	}
	return n > 1 ? share * share * squares / (n - 1) / (double)law->sample_count : NAN;
}

static int tabulate(struct fixed_delay *fixed, const struct quadrature *rules, size_t rule_count, double added_max,
		    double expected)
{
	double low = INFINITY, high = 0, bound = 0;

	for (size_t i = 0; i < fixed->asset_count; i++)
		for (size_t j = 0; j < fixed->assets[i].count; j++)
			bound += fixed->assets[i].items[j].value * exp(fixed->assets[i].items[j].moneyness);
	fixed->mass_left_out = bound > 0 ? 1e-12 * fmin(1, expected / bound) : 0;
	for (size_t k = 0; k < rule_count; k++) {
		for (size_t i = 0; i < rules[k].count && rules[k].above[i] + rules[k].weight[i] > fixed->mass_left_out; i++) {
			high = fmax(high, rules[k].node[i] + added_max);
			if (rules[k].node[i] > 0)
				low = fmin(low, rules[k].node[i]);
		}
	}
	low = fmin(low, added_max);
	return curve_build(&fixed->by_log_time, loss_at_log_delay, fixed, log(low) - 1e-9, log(high) + 1e-9, INFINITY, true, 0);
}

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

void run_added_delays(const struct model *model, double out[MODEL_CURVE_POINTS])
{
	static const double multiples[MODEL_CURVE_POINTS] = {0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20};
	double mean = 0;

	for (int i = 0; i < DELAY_STAGES; i++)
		mean += delay_mean(&model->delays[i]);
	for (int k = 0; k < MODEL_CURVE_POINTS; k++)
		out[k] = multiples[k] * (mean > 0 ? mean : 1);
}

/* What the assets with a memory add: they were executed under each of these delays. A bootstrap over measured samples would need each path again. */
static void add_variants(const struct run *run, struct model_result *result)
{
	double mean[VARIANTS] = {0}, drawn = 2.0 * (double)((result->paths + 1) / 2);

	for (uint64_t i = 0; i < run->blocks_done; i++)
		for (int k = 0; k < VARIANTS; k++)
			mean[k] += run->blocks[i].variants[k] / drawn;
	for (int k = 0; k < MODEL_CURVE_POINTS; k++)
		result->added_bad_debt[k] += mean[k ? VARIANT_ADDED + k - 1 : VARIANT_AS_IS];
	for (int i = 0; i < DELAY_STAGES; i++) {
		result->stages[i].without += mean[VARIANT_WITHOUT + i];
		result->stages[i].measurement_stderr = NAN;
	}
	result->measurement_stderr = NAN;
}

int run_what_if(const struct run *run, struct model_result *result)
{
	struct quadrature rules[DELAY_STAGES] = {{0}}; /* each: the delay without one stage */
	struct fixed_delay fixed = {.asset_count = run->model->asset_count};
	double pairs = (double)((result->paths + 1) / 2), variance = 0;
	bool any = false;
	int rc = -ENOMEM;

	for (int i = 0; i < DELAY_STAGES; i++) {
		rc = stage_summary(&run->model->delays[i], &result->stages[i]);
		if (!rc)
			rc = delay_total(run->model->delays, (enum delay_stage)i, &rules[i]);
		if (rc)
			goto out;
		result->delay_mean_s += result->stages[i].mean_s;
	}
	rc = -ENOMEM;
	fixed.assets = calloc(fixed.asset_count, sizeof(*fixed.assets));
	if (!fixed.assets)
		goto out;
	rc = 0;
	result->delay_p50_s = quadrature_quantile(&run->delay, 0.5);
	result->delay_p99_s = quadrature_quantile(&run->delay, 0.99);
	for (size_t i = 0; !rc && i < fixed.asset_count; i++)
		if (run->ladders[i].count && process_is_levy(run->ladders[i].process))
			rc = gather(&fixed.assets[i], &run->ladders[i], &run->exposure[i], pairs);
	run_added_delays(run->model, result->added_s);
	if (!rc)
		rc = tabulate(&fixed, rules, DELAY_STAGES, result->added_s[MODEL_CURVE_POINTS - 1], result->bad_debt.value);
	if (rc)
		goto out;
	for (int k = 0; k < MODEL_CURVE_POINTS; k++)
		result->added_bad_debt[k] = average(&fixed, &run->delay, result->added_s[k]);
	for (int i = 0; i < DELAY_STAGES; i++) {
		bool measured = false;
		double own = measured_variance(&fixed, &run->model->delays[i], 1, &rules[i], &measured);

		result->stages[i].without = average(&fixed, &rules[i], 0);
		result->stages[i].measurement_stderr = measured ? sqrt(own) : NAN;
		variance += own;
		any = any || measured;
	}
	result->measurement_stderr = any ? sqrt(variance) : NAN;
	if (result->sampled_assets)
		add_variants(run, result);
out:
	for (int i = 0; i < DELAY_STAGES; i++)
		quadrature_free(&rules[i]);
	for (size_t i = 0; fixed.assets && i < fixed.asset_count; i++)
		free(fixed.assets[i].items);
	free(fixed.assets);
	curve_free(&fixed.by_log_time);
	return rc;
}
