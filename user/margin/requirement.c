// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/requirement.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/crossing.h"
#include "margin/expected.h"

#define BISECTIONS 13 /* of a range of about a half: 1e-4 */

const char *const requirement_names[] = {"mean", "es99", NULL};

struct search {
	const struct model *model;
	const struct market *market;
	const struct requirement *requirement;
	const struct model_control *control;
	struct account *accounts;
	struct rules *variants; /* room for the market's */
	size_t penalty; /* index of the engine's parameter */
	struct error *err;
};

static int look(struct search *search, const struct model *model, const struct market *market, struct crossing_point *out)
{
	bool mean = search->requirement->of == REQUIREMENT_MEAN;
	struct model_result result;
	struct market_result more;
	int rc;

	if (market)
		rc = market_bad_debt(market, model, search->control, &result, &more, search->err);
	else
		rc = mean && expected_known(model) ? model_expect(model, search->control, &result, search->err) :
						     model_bad_debt(model, search->control, &result, search->err);
	if (rc)
		return rc;
	out->value = result.interrupted ? NAN : mean ? result.bad_debt.value : result.es99;
	out->stderr_ = mean ? result.bad_debt.stderr_ : result.risks[1].es_stderr;
	return 0;
}

/* What the measurement being finite adds to the value that was found with this model in this market; NAN: not known. */
static int measure(struct search *search, const struct model *model, const struct market *market, struct crossing *crossing,
		   double value, double *out)
{
	bool mean = search->requirement->of == REQUIREMENT_MEAN;
	struct model_result result = {.measurement_stderr = NAN};
	int rc = 0;

	if (market)
		rc = market_measurement(market, model, search->control, !mean, out, search->err);
	else if (mean)
		rc = expected_known(model) ? model_expect(model, search->control, &result, search->err) :
					     model_run(model, search->control, &result, search->err);
	if (!market)
		*out = result.measurement_stderr;
	if (!rc && isfinite(*out) && value > 0)
		crossing->further = *out / value;
	return rc;
}

/* ---- margin ------------------------------------------------------------------------------------------------------- */

static struct model scaled(struct search *search, double scale)
{
	struct model model = *search->model;

	for (size_t i = 0; i < model.account_count; i++) {
		search->accounts[i] = model.accounts[i];
		if (!account_is_debt(&model.accounts[i]))
			search->accounts[i].liquidation_threshold = fmin(1, scale * model.accounts[i].liquidation_threshold);
	}
	model.accounts = search->accounts;
	model.group_count = 0; /* the book's answer is asked for */
	return model;
}

/* The bad debt with thresholds times `scale`. */
static int with_thresholds(void *context, double scale, struct crossing_point *out)
{
	struct search *search = context;
	struct model model = scaled(search, scale);

	return look(search, &model, search->market, out);
}

static double highest_scale(const struct model *model)
{
	double high = 1;

	for (size_t i = 0; i < model->account_count; i++)
		if ((model->accounts[i].debt != 0 || model_joined(model, i)) && !account_is_debt(&model->accounts[i]))
			high = fmax(high, 1 / model->accounts[i].liquidation_threshold);
	return high;
}

static int find_scale(struct search *search, struct requirement_answer *out)
{
	struct crossing crossing = {.at = with_thresholds, .context = search, .level = search->requirement->below};
	double high = highest_scale(search->model), good = REQUIREMENT_LOWEST;
	const struct crossing_point *point;
	struct model model;
	int rc = 0;

	point = crossing_look(&crossing, high, &rc);
	if (point && point->value <= crossing.level) {
		out->threshold_scale = high;
		out->value = point->value;
		out->unlimited = true;
		return 0;
	}
	if (point)
		point = crossing_look(&crossing, good, &rc);
	if (point)
		out->value = point->value;
	if (!point || point->value > crossing.level)
		return rc;
	rc = crossing_narrow(&crossing, &good, high, BISECTIONS);
	if (rc || isnan(good)) {
		out->value = NAN;
		return rc;
	}
	out->threshold_scale = good;
	out->value = crossing_look(&crossing, good, &rc)->value;
	model = scaled(search, good);
	rc = measure(search, &model, search->market, &crossing, out->value, &out->measurement_stderr);
	return rc ? rc : crossing_interval(&crossing, good, high, out->ci95);
}

/* ---- penalty ------------------------------------------------------------------------------------------------------ */

#define PENALTY_HIGHEST 0.5 /* half of the collateral on top: nobody asks for more */
#define PENALTY_BISECTIONS 9
#define PENALTY_CLOSER 4

/* Shares of the range: what protocols have is among the small ones. */
static const double tried[] = {0, 0.005, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.14, 0.18, 0.24, 0.3, 0.4, 0.5, 0.7, 1};
#define TRIED (sizeof(tried) / sizeof(*tried))

/* The same for all collaterals, also for those that have one of their own. */
static struct market penalised(const struct search *search, double penalty)
{
	struct market market = *search->market;

	market.rules.parameter[search->penalty] = penalty;
	market.variants = search->variants;
	for (size_t i = 0; i < market.variant_count; i++) {
		search->variants[i] = search->market->variants[i];
		search->variants[i].parameter[search->penalty] = penalty;
	}
	return market;
}

static int with_penalty(void *context, double penalty, struct crossing_point *out)
{
	struct search *search = context;
	struct market market = penalised(search, penalty);

	return look(search, search->model, &market, out);
}

/* Closer to the least bad debt that was seen, until one suffices: from both sides by a third of the way to its neighbour. */
static int look_closer(struct crossing *crossing, struct penalty_answer *out, bool *found)
{
	int rc = 0;

	for (int i = 0; !*found && i < 2 * PENALTY_CLOSER; i++) {
		const struct crossing_point *points = crossing->points, *point;
		size_t best = 0, beside;
		double x;

		for (size_t k = 1; k < crossing->count; k++)
			best = points[k].value < points[best].value ? k : best;
		beside = i % 2 ? best + 1 : best - 1; /* below 0 it wraps */
		if (beside >= crossing->count)
			continue;
		x = points[best].x + (points[beside].x - points[best].x) / 3;
		point = crossing_look(crossing, x, &rc);
		if (!point)
			return rc;
		*found = point->value <= crossing->level;
		out->least = *found ? point->x : NAN;
	}
	for (size_t k = 0; k < crossing->count; k++)
		if (isnan(out->value) || crossing->points[k].value < out->value) {
			out->value = crossing->points[k].value;
			out->best = crossing->points[k].x;
		}
	return 0;
}

static double before(const struct crossing *crossing, double x)
{
	double found = NAN;

	for (size_t i = 0; i < crossing->count && crossing->points[i].x < x; i++)
		found = crossing->points[i].x;
	return found;
}

static int find_penalty(struct search *search, struct penalty_answer *out)
{
	const struct rules_parameter *parameter = &search->market->rules.type->parameters[search->penalty];
	struct crossing crossing = {.at = with_penalty, .context = search, .level = search->requirement->below};
	double low = parameter->low, high = fmin(parameter->high, PENALTY_HIGHEST), bad;
	struct market market;
	bool found = false;
	int rc = 0;

	out->searched[0] = low;
	out->searched[1] = high;
	for (size_t i = 0; !found && i < TRIED; i++) {
		const struct crossing_point *point = crossing_look(&crossing, low + tried[i] * (high - low), &rc);

		if (!point)
			return rc;
		found = point->value <= crossing.level;
		out->least = found ? point->x : NAN;
	}
	if (!found)
		rc = look_closer(&crossing, out, &found);
	bad = before(&crossing, out->least);
	if (!rc && found && !isnan(bad))
		rc = crossing_narrow(&crossing, &out->least, bad, PENALTY_BISECTIONS);
	if (rc || isnan(out->least))
		return rc;
	out->best = NAN;
	out->value = crossing_look(&crossing, out->least, &rc)->value;
	if (isnan(bad)) /* the least that can be suffices */
		return 0;
	market = penalised(search, out->least);
	rc = measure(search, search->model, &market, &crossing, out->value, &out->measurement_stderr);
	return rc ? rc : crossing_interval(&crossing, out->least, bad, out->ci95);
}

/* ------------------------------------------------------------------------------------------------------------------- */

/* One number, that holds for all: in tiers it is not. */
static bool has_penalty(struct search *search)
{
	int index = search->market ? rules_penalty(search->market->rules.type) : -1;

	if (index < 0 || search->market->rules.tier_count)
		return false;
	search->penalty = (size_t)index;
	return true;
}

int model_requirement(const struct model *model, const struct market *market, const struct requirement *requirement, const struct model_control *control,
		      struct requirement_answer *out, struct error *err)
{
	struct search search = {model, market, requirement, control, calloc(model->account_count, sizeof(struct account)), .err = err};
	int rc;

	*out = (struct requirement_answer){.threshold_scale = NAN, .ci95 = {NAN, NAN}, .value = NAN, .measurement_stderr = NAN,
					   .penalty = {.searched = {NAN, NAN}, .least = NAN, .ci95 = {NAN, NAN}, .best = NAN, .value = NAN, .measurement_stderr = NAN}};
	if (market && market->variant_count)
		search.variants = calloc(market->variant_count, sizeof(*search.variants));
	if (!search.accounts || (market && market->variant_count && !search.variants)) {
		free(search.accounts);
		return error_set(err, -ENOMEM, "out of memory for %zu accounts", model->account_count);
	}
	rc = find_scale(&search, out);
	if (!rc && has_penalty(&search)) {
		out->penalty.parameter = market->rules.type->penalty;
		rc = find_penalty(&search, &out->penalty);
	}
	free(search.accounts);
	free(search.variants);
	return rc;
}
