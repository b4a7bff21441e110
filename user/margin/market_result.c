// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market_result.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/distribution.h"
#include "margin/groups.h"
#include "margin/moments.h"

void market_difference(const struct path_result *results, double *before, uint64_t paths, struct estimate *out)
{
	struct moments moments = {0};

	for (uint64_t i = 0; i < paths; i++) {
		moments_take(&moments, results[i].bad_debt - before[i]);
		before[i] = results[i].bad_debt;
	}
	*out = moments_estimate(&moments);
}

struct market_slope market_slope(const struct path_result *base, const struct path_result *other, uint64_t paths, double added_s)
{
	struct moments debt = {0}, keepers = {0}, own = {0};
	double per_ms = 1e-3 / added_s;

	for (uint64_t i = 0; i < paths; i++) {
		moments_take(&debt, (other[i].bad_debt - base[i].bad_debt) * per_ms);
		moments_take(&keepers, (other[i].keepers - base[i].keepers) * per_ms);
		moments_take(&own, (other[i].own - base[i].own) * per_ms);
	}
	return (struct market_slope){moments_estimate(&debt), moments_estimate(&keepers), moments_estimate(&own)};
}

void market_controlled(const struct path_result *base, uint64_t all, const struct path_result *other, uint64_t paths,
		       struct estimate *out)
{
	struct moments whole = {0}, before = {0}, added = {0};
	double together = 0, n = (double)paths;

	for (uint64_t i = 0; i < all; i++)
		moments_take(&whole, base[i].bad_debt);
	for (uint64_t i = 0; i < paths; i++) {
		double difference = other[i].bad_debt - base[i].bad_debt, from_mean = base[i].bad_debt - before.mean;

		moments_take(&before, base[i].bad_debt);
		moments_take(&added, difference);
		together += from_mean * (difference - added.mean);
	}
	out->value = paths ? whole.mean + added.mean : NAN;
	out->stderr_ = paths > 1 ? sqrt(fmax(0, whole.squares / (whole.n - 1) / whole.n + added.squares / (n - 1) / n +
							2 * together / (n - 1) / whole.n)) : NAN;
}

struct tally {
	double sum;
	struct moments moments;
};

static void count(struct tally *tally, double value)
{
	tally->sum += value;
	moments_take(&tally->moments, value);
}

static double error_of(const struct tally *tally)
{
	return moments_estimate(&tally->moments).stderr_;
}

/* Of a quotient of two sums over paths. */
struct ratio {
	double n, above, below, squares_above, squares_below, products;
};

static void weigh(struct ratio *ratio, double above, double below)
{
	ratio->n += 1;
	ratio->above += above;
	ratio->below += below;
	ratio->squares_above += above * above;
	ratio->squares_below += below * below;
	ratio->products += above * below;
}

/* NAN where there is nothing below. */
static double quotient(const struct ratio *ratio)
{
	return ratio->below > 0 ? ratio->above / ratio->below : NAN;
}

/* Delta method: the spread of above - quotient·below, over what is below. */
static double ratio_error(const struct ratio *ratio)
{
	double q = quotient(ratio);
	double squares = ratio->squares_above - 2 * q * ratio->products + q * q * ratio->squares_below;

	return ratio->n > 1 ? sqrt(fmax(0, squares) * ratio->n / (ratio->n - 1)) / ratio->below : NAN;
}

struct sums {
	struct moments bad_debt, open, liquidations, profit, own, lenders, absorbed[WATERFALL_TIERS_MAX], deleveraged, deleveraged_value;
	struct tally competing, held, seized, gas, slippage, fees, waits, queued, recovered, exhausted[WATERFALL_TIERS_MAX];
	struct ratio wins, first_time_s;
};

static void add(struct sums *sums, const struct path_result *r, size_t tiers)
{
	moments_take(&sums->bad_debt, r->bad_debt);
	moments_take(&sums->open, r->open);
	moments_take(&sums->liquidations, r->liquidations);
	moments_take(&sums->profit, r->keepers);
	moments_take(&sums->own, r->own);
	moments_take(&sums->lenders, r->lenders);
	moments_take(&sums->deleveraged, r->deleveraged);
	moments_take(&sums->deleveraged_value, r->deleveraged_value);
	for (size_t i = 0; i < tiers; i++) {
		moments_take(&sums->absorbed[i], r->absorbed[i]);
		count(&sums->exhausted[i], r->exhausted[i]);
	}
	count(&sums->seized, r->seized);
	count(&sums->competing, r->competing);
	count(&sums->held, r->held);
	count(&sums->gas, r->gas);
	count(&sums->slippage, r->buyers);
	count(&sums->fees, r->protocol);
	count(&sums->waits, r->waits);
	count(&sums->queued, r->queued);
	count(&sums->recovered, r->recovered);
	weigh(&sums->wins, r->own_wins, r->liquidations);
	weigh(&sums->first_time_s, r->first_time_s, r->first_times);
}

static void errors(const struct sums *sums, struct market_errors *out)
{
	out->seized = error_of(&sums->seized);
	out->keepers = error_of(&sums->competing);
	out->held = error_of(&sums->held);
	out->gas = error_of(&sums->gas);
	out->slippage = error_of(&sums->slippage);
	out->fees = error_of(&sums->fees);
	out->waits = error_of(&sums->waits);
	out->queued = error_of(&sums->queued);
	out->recovered = error_of(&sums->recovered);
	out->win_rate = ratio_error(&sums->wins);
	out->time_to_liquidation_s = ratio_error(&sums->first_time_s);
}

static int delays(const struct model *model, struct model_result *result)
{
	struct quadrature total;
	int rc = delay_total(model->delays, DELAY_STAGES, &total);

	if (rc)
		return rc;
	result->delay_p50_s = quadrature_quantile(&total, 0.5);
	result->delay_p99_s = quadrature_quantile(&total, 0.99);
	quadrature_free(&total);
	for (int i = 0; i < DELAY_STAGES; i++) {
		struct model_stage *stage = &result->stages[i];

		stage->mean_s = delay_mean(&model->delays[i]);
		stage->p50_s = delay_quantile(&model->delays[i], 0.5);
		stage->p99_s = delay_quantile(&model->delays[i], 0.99);
		stage->without = stage->measurement_stderr = NAN; /* not asked for */
		result->delay_mean_s += stage->mean_s;
	}
	return 0;
}

/* Of one group; `losses` is room for as many as there are paths. */
static int group_summary(const struct path_group *groups, size_t count, uint64_t paths, double *losses, struct model_group *out)
{
	struct moments bad_debt = {0}, liquidations = {0};

	for (uint64_t i = 0; i < paths; i++) {
		const struct path_group *group = &groups[i * count];

		moments_take(&bad_debt, group->bad_debt);
		moments_take(&liquidations, (double)group->liquidations);
		losses[i] = group->bad_debt;
	}
	out->bad_debt = out->sampled = moments_estimate(&bad_debt);
	out->triggers = moments_estimate(&liquidations);
	return distribution_law(losses, paths, &out->law);
}

static struct market_keeper keeper_summary(const struct market_paths *run, size_t kinds, size_t kind)
{
	struct moments profit = {0}, liquidations = {0};
	struct ratio wins = {0};

	for (uint64_t i = 0; i < run->count; i++) {
		const struct path_keeper *came = &run->keepers[i * kinds + kind];

		moments_take(&profit, came->profit);
		moments_take(&liquidations, (double)came->wins);
		weigh(&wins, (double)came->wins, run->results[i].liquidations);
	}
	return (struct market_keeper){moments_estimate(&profit), moments_estimate(&liquidations), {quotient(&wins), ratio_error(&wins)}};
}

int market_summary(const struct market_book *book, const struct market_paths *run, struct model_result *result, struct market_result *more)
{
	size_t tiers = book->market->waterfall.count, group_count = run->groups ? market_book_groups(book->model) : 0;
	size_t kinds = keepers_kinds(&book->market->keepers);
	uint64_t paths = run->count;
	double *losses = malloc((paths ? paths : 1) * sizeof(*losses)), n = (double)paths;
	struct sums sums = {0};
	int rc;

	if (!losses)
		return -ENOMEM;
	for (uint64_t i = 0; i < paths; i++) {
		add(&sums, &run->results[i], tiers);
		losses[i] = run->results[i].bad_debt;
		result->path_steps += run->results[i].steps;
	}
	rc = distribution_of(losses, paths, result);
	for (size_t g = 0; !rc && g < group_count; g++)
		rc = group_summary(&run->groups[g], group_count, paths, losses, &result->groups[g]);
	free(losses);
	if (rc)
		return rc;
	result->paths = paths;
	result->bad_debt = result->sampled = moments_estimate(&sums.bad_debt);
	result->triggers = moments_estimate(&sums.liquidations);
	result->outcome_mean = (struct outcome){.seized = sums.seized.sum / n, .bad_debt = sums.bad_debt.mean, .slippage = sums.slippage.sum / n};
	result->conditional = (struct estimate){NAN, NAN}; /* there is no such mean here */
	result->measurement_stderr = NAN;
	model_groups_finish(book->model, book->market->rules.type->perpetual, result);
	more->open = moments_estimate(&sums.open);
	more->liquidations = moments_estimate(&sums.liquidations);
	more->keeper_profit = moments_estimate(&sums.profit);
	more->own_profit = moments_estimate(&sums.own);
	for (size_t kind = 0; kind < kinds; kind++)
		more->keepers[kind] = keeper_summary(run, kinds, kind);
	more->lenders = moments_estimate(&sums.lenders);
	more->deleveraged = moments_estimate(&sums.deleveraged);
	more->deleveraged_value = moments_estimate(&sums.deleveraged_value);
	for (size_t i = 0; i < tiers; i++) {
		more->absorbed[i] = moments_estimate(&sums.absorbed[i]);
		more->exhausted[i] = sums.exhausted[i].sum / n;
		more->errors.exhausted[i] = error_of(&sums.exhausted[i]);
	}
	more->keepers_mean = sums.competing.sum / n;
	more->held_mean = sums.held.sum / n;
	more->gas_mean = sums.gas.sum / n;
	more->slippage_mean = sums.slippage.sum / n;
	more->fees_mean = sums.fees.sum / n;
	more->waits_mean = sums.waits.sum / n;
	more->queued_mean = sums.queued.sum / n;
	more->recovered_mean = sums.recovered.sum / n;
	more->win_rate = book->market->keepers.has_own ? quotient(&sums.wins) : NAN;
	more->time_to_liquidation_s = quotient(&sums.first_time_s);
	errors(&sums, &more->errors);
	return delays(book->model, result);
}
