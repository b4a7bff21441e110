// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_print.h"

#include <math.h>
#include <string.h>

#include "output/json_out.h"
#include "output/table.h"

/* ---- JSON --------------------------------------------------------------------------------------------------------- */

struct json_object *model_estimate_json(const struct estimate *estimate)
{
	struct json_object *object = json_object_new_object();

	json_add_number(object, "mean", estimate->value);
	json_add_number(object, "stderr", estimate->stderr_);
	return object;
}

static const char *estimator_name(const struct model_answer *answer)
{
	if (answer->market.rules.type)
		return "market walk";
	if (answer->result.closed_form)
		return "closed form";
	return answer->result.sampled_assets ? "executions" : "conditional expectation";
}

/* Which delays the latency loss comes from. */
static struct json_object *regime_json(const struct model_result *r)
{
	struct json_object *object = json_object_new_object();
	bool known = isfinite(r->latency_at_mean_delay);

	json_add_text(object, "dominated_by", !known ? NULL : r->tail_dominated ? "tail" : "mean");
	json_add_number(object, "latency_at_mean_delay", r->latency_at_mean_delay);
	json_add_number(object, "latency_share_beyond_p99", r->latency_share_beyond_p99);
	return object;
}

/* How delays and prices are drawn: what delays that know of prices cost, beside the same ones drawn apart from them. */
static struct json_object *dependence_json(const struct model_answer *answer)
{
	struct json_object *object = json_object_new_object(), *apart;

	json_add_text(object, "delays", delay_dependence_names[answer->model.dependent_delays]);
	if (!answer->apart.asked) {
		json_add(object, "apart", NULL);
		return object;
	}
	apart = model_estimate_json(&answer->apart.bad_debt);
	json_add_number(apart, "es99", answer->apart.es99);
	json_add_number(apart, "es99_stderr", answer->apart.es99_stderr);
	json_add(object, "apart", apart);
	return object;
}

struct json_object *model_pair_json(const double pair[2])
{
	struct json_object *list = json_object_new_array();

	json_object_array_add(list, json_number(pair[0]));
	json_object_array_add(list, json_number(pair[1]));
	return list;
}

/* How many times as many paths executions drawn one by one would need to know the mean as well; NAN where they are how it is known. */
static double variance_reduction(const struct model_result *r)
{
	double drawn = r->sampled.stderr_ * r->sampled.stderr_ * (double)r->distribution_paths;

	return r->sampled_assets || !(r->conditional.stderr_ > 0) ? NAN : drawn / (r->conditional.stderr_ * r->conditional.stderr_ * (double)r->paths);
}

static void add_risk(struct json_object *object, const struct tail_risk *risk, const char *var, const char *interval, const char *es,
		     const char *error)
{
	json_add_number(object, var, risk->var);
	json_add(object, interval, model_pair_json(risk->var_ci95));
	json_add_number(object, es, risk->es);
	json_add_number(object, error, risk->es_stderr);
}

void model_add_law(struct json_object *object, const struct loss_law *law)
{
	json_add_number(object, "probability", law->probability);
	json_add_number(object, "probability_upper95", law->probability_upper95);
	add_risk(object, &law->risks[0], "var95", "var95_ci95", "es95", "es95_stderr");
	add_risk(object, &law->risks[1], "var99", "var99_ci95", "es99", "es99_stderr");
	add_risk(object, &law->risks[2], "var999", "var999_ci95", "es999", "es999_stderr");
}

static struct json_object *bad_debt_json(const struct model_result *r)
{
	struct json_object *object = model_estimate_json(&r->bad_debt);
	struct loss_law law = {.probability = r->probability, .probability_upper95 = r->probability_upper95};

	json_add_number(object, "measurement_stderr", r->measurement_stderr);
	memcpy(law.risks, r->risks, sizeof(law.risks));
	model_add_law(object, &law);
	json_add(object, "conditional", model_estimate_json(&r->conditional));
	json_add(object, "sampled", model_estimate_json(&r->sampled));
	json_add_number(object, "variance_reduction", variance_reduction(r));
	return object;
}

/* null where the law has none. */
static struct json_object *tail_json(const struct delay_tail *tail)
{
	struct json_object *object;

	if (!tail->count)
		return NULL;
	object = json_object_new_object();
	json_add_number(object, "threshold_s", tail->threshold_s);
	json_add_count(object, "samples", tail->count);
	json_add_number(object, "share", tail->share);
	json_add_number(object, "shape", tail->shape);
	json_add_number(object, "shape_stderr", tail->shape_stderr);
	json_add_number(object, "scale_s", tail->scale_s);
	json_add_number(object, "scale_stderr_s", tail->scale_stderr_s);
	return object;
}

/* By one millisecond of the stage; null where nobody is paid, and without an own keeper. */
static void add_profits(struct json_object *object, const struct model_answer *answer, int stage)
{
	const struct estimate unknown = {NAN, NAN};
	bool walked = answer->market.rules.type;
	const struct estimate *keepers = walked ? &answer->more.keeper_profit_per_ms[stage] : &unknown;
	const struct estimate *own = walked ? &answer->more.own_profit_per_ms[stage] : &unknown;

	json_add_number(object, "keeper_profit_per_ms", keepers->value);
	json_add_number(object, "keeper_profit_per_ms_stderr", keepers->stderr_);
	json_add_number(object, "own_profit_per_ms", own->value);
	json_add_number(object, "own_profit_per_ms_stderr", own->stderr_);
}

static struct json_object *stages_json(const struct model_answer *answer)
{
	const struct model *model = &answer->model;
	const struct model_result *r = &answer->result;
	struct json_object *list = json_object_new_array();

	for (int i = 0; i < DELAY_STAGES; i++) {
		const struct model_stage *stage = &r->stages[i];
		struct json_object *object = json_object_new_object();

		json_add_text(object, "stage", delay_stage_names[i]);
		json_add_number(object, "bad_debt_per_ms", stage->per_ms.value);
		json_add_number(object, "stderr", stage->per_ms.stderr_);
		add_profits(object, answer, i);
		json_add_number(object, "bad_debt_without", stage->without);
		json_add_number(object, "measurement_stderr", stage->measurement_stderr);
		json_add_number(object, "delay_mean_s", stage->mean_s);
		json_add_number(object, "delay_p50_s", stage->p50_s);
		json_add_number(object, "delay_p99_s", stage->p99_s);
		json_add(object, "tail", tail_json(&model->delays[i].tail));
		json_object_array_add(list, object);
	}
	return list;
}

/* [{x: …, y: …}, …] of two arrays, each with its standard error where there is a third. */
static struct json_object *curve_json(const char *x, const double *xs, const char *y, const double *ys, const double *errors, size_t n)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *point = json_object_new_object();

		json_add_number(point, x, xs[i]);
		json_add_number(point, y, ys[i]);
		if (errors)
			json_add_number(point, "stderr", errors[i]);
		json_object_array_add(list, point);
	}
	return list;
}

/* What the bad debt is made of. The expectation knows of no congestion and no liquidity. */
static struct json_object *decomposition_json(const struct model_answer *answer)
{
	struct json_object *object = json_object_new_object();
	const struct estimate parts[] = {answer->result.gap, answer->result.latency, answer->more.parts[MARKET_CONGESTION],
					 answer->more.parts[MARKET_LIQUIDITY]};

	for (int part = 0; part < (answer->market.rules.type ? MARKET_PARTS : MARKET_CONGESTION); part++)
		json_add(object, market_part_names[part], model_estimate_json(&parts[part]));
	return object;
}

/* "NAME_mean" and "NAME_stderr" */
static void add_mean(struct json_object *object, const char *name, double mean, double stderr_)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_mean", name);
	json_add_number(object, key, mean);
	snprintf(key, sizeof(key), "%s_stderr", name);
	json_add_number(object, key, stderr_);
}

static struct json_object *tier_json(const char *name, const char *type, const struct estimate *absorbed, double exhausted, double exhausted_stderr)
{
	struct json_object *tier = json_object_new_object();

	json_add_text(tier, "name", name);
	json_add_text(tier, "type", type);
	json_add_number(tier, "absorbed_mean", absorbed->value);
	json_add_number(tier, "stderr", absorbed->stderr_);
	json_add_number(tier, "exhausted", exhausted);
	json_add_number(tier, "exhausted_stderr", exhausted_stderr);
	return tier;
}

/* Engine instant: the shortfall stays with the lenders. */
static struct json_object *waterfall_json(const struct model_answer *answer)
{
	struct json_object *tiers = json_object_new_array();
	const struct waterfall *waterfall = &answer->market.waterfall;

	for (size_t i = 0; i < waterfall->count; i++) {
		const struct tier *tier = &waterfall->tiers[i];
		struct json_object *object = tier_json(tier->name, tier_type_names[tier->type], &answer->more.absorbed[i],
						       answer->more.exhausted[i], answer->more.errors.exhausted[i]);

		if (tier->type == TIER_DELEVERAGING) {
			add_mean(object, "closed_positions", answer->more.deleveraged.value, answer->more.deleveraged.stderr_);
			add_mean(object, "closed_value", answer->more.deleveraged_value.value, answer->more.deleveraged_value.stderr_);
		}
		json_object_array_add(tiers, object);
	}
	json_object_array_add(tiers, tier_json("lenders", NULL, answer->market.rules.type ? &answer->more.lenders : &answer->result.bad_debt,
						   NAN, NAN));
	return tiers;
}

/* Nobody is paid for liquidating by engine instant. */
static struct json_object *keeper_json(const struct model_answer *answer)
{
	const struct market_result *more = &answer->more;
	bool walked = answer->market.rules.type, own = walked && answer->market.keepers.has_own;
	struct json_object *object = json_object_new_object();

	json_add_number(object, "profit_mean", walked ? more->keeper_profit.value : NAN);
	json_add_number(object, "win_rate", own ? more->win_rate : NAN);
	if (!walked)
		return object;
	json_add_number(object, "profit_stderr", more->keeper_profit.stderr_);
	json_add_number(object, "profit_per_ms", more->keeper_profit_per_ms[DELAY_KEEPER].value);
	json_add_number(object, "profit_per_ms_stderr", more->keeper_profit_per_ms[DELAY_KEEPER].stderr_);
	json_add_number(object, "win_rate_stderr", own ? more->errors.win_rate : NAN);
	add_mean(object, "own_profit", own ? more->own_profit.value : NAN, own ? more->own_profit.stderr_ : NAN);
	json_add_number(object, "own_profit_per_own_ms", more->own_profit_per_own_ms.value);
	json_add_number(object, "own_profit_per_own_ms_stderr", more->own_profit_per_own_ms.stderr_);
	add_mean(object, "gas", more->gas_mean, more->errors.gas);
	add_mean(object, "waits", more->waits_mean, more->errors.waits);
	add_mean(object, "queued", more->queued_mean, more->errors.queued);
	add_mean(object, "competing", more->keepers_mean, more->errors.keepers);
	return object;
}

static struct json_object *liquidations_json(const struct model_answer *answer)
{
	struct json_object *object = json_object_new_object();
	const struct market_result *more = &answer->more;

	json_add_number(object, "count_mean", answer->result.triggers.value);
	json_add_number(object, "count_stderr", answer->result.triggers.stderr_);
	json_add_number(object, "value_mean", answer->result.outcome_mean.seized);
	if (!answer->market.rules.type)
		return object;
	json_add_number(object, "value_stderr", more->errors.seized);
	add_mean(object, "slippage", more->slippage_mean, more->errors.slippage);
	add_mean(object, "fees", more->fees_mean, more->errors.fees);
	add_mean(object, "held_gain", more->held_mean, more->errors.held);
	add_mean(object, "recovered", more->recovered_mean, more->errors.recovered);
	json_add_number(object, "time_to_liquidation_mean_s", more->time_to_liquidation_s);
	json_add_number(object, "time_to_liquidation_stderr_s", more->errors.time_to_liquidation_s);
	add_mean(object, "not_liquidated_bad_debt", more->open.value, more->open.stderr_);
	return object;
}

static const char *engine_name(const struct model_answer *answer)
{
	return answer->market.rules.type ? answer->market.rules.type->name : answer->model.engine.type->name;
}

/* An account with several collaterals is one. */
static size_t accounts_of(const struct model *model)
{
	size_t count = 0;

	for (size_t i = 0; i < model->account_count; i++)
		count += !model_joined(model, i);
	return count;
}

int model_print_json(const struct model_answer *answer, FILE *out, struct error *err)
{
	struct json_object *document = json_document("pricelag.model/1"), *part;
	const struct model_result *r = &answer->result;

	json_add_count(document, "paths", r->paths);
	json_add_count(document, "seed", answer->model.seed);
	json_add_text(document, "engine", engine_name(answer));
	json_add_text(document, "engine_source", answer->market.rules.type ? answer->market.rules.type->source : NULL);
	json_add_count(document, "accounts", accounts_of(&answer->model));
	json_add_text(document, "estimator", estimator_name(answer));
	json_add_count(document, "sampled_assets", r->sampled_assets);
	json_add_count(document, "beyond_tape", r->beyond_tape);
	json_add(document, "bad_debt", bad_debt_json(r));
	json_add(document, "decomposition", decomposition_json(answer));
	json_add(document, "regime", regime_json(r));
	json_add(document, "dependence", dependence_json(answer));
	if (answer->model.budget > 0)
		json_add(document, "latency_budget", model_budget_json(answer));
	if (answer->requirement.below > 0)
		json_add(document, "requirement", model_requirement_json(answer));
	if (answer->against)
		json_add(document, "against", model_against_json(answer));
	json_add(document, "liquidations", liquidations_json(answer));
	json_add(document, "groups", model_groups_json(answer));
	json_add(document, "waterfall", waterfall_json(answer));
	json_add(document, "keeper", keeper_json(answer));
	json_add(document, "keepers", model_keepers_json(answer));
	json_add(document, "sensitivity", stages_json(answer));
	part = json_object_new_object();
	json_add_number(part, "mean_s", r->delay_mean_s);
	json_add_number(part, "p50_s", r->delay_p50_s);
	json_add_number(part, "p99_s", r->delay_p99_s);
	json_add(document, "delay", part);
	json_add(document, "added_delay",
		 curve_json("added_s", r->added_s, "bad_debt", r->added_bad_debt, r->added_stderr, MODEL_CURVE_POINTS));
	json_add(document, "loss_quantiles", curve_json("level", r->quantile_level, "value", r->quantile, NULL, MODEL_QUANTILES));
	part = json_object_new_object();
	json_add_number(part, "seconds", r->seconds);
	json_add_number(part, "path_steps_per_s", r->seconds > 0 ? (double)r->path_steps / r->seconds : NAN);
	json_add(document, "timing", part);
	return json_print(document, out, err);
}

/* ---- text --------------------------------------------------------------------------------------------------------- */

static const struct table_column columns[] = {
	{"stage", "stage", TABLE_LEFT},		    {"delay p50", "delay_p50_ns", TABLE_RIGHT},
	{"p99", "delay_p99_ns", TABLE_RIGHT},	    {"one ms more costs", "bad_debt_per_ms", TABLE_RIGHT},
	{"±", "stderr", TABLE_RIGHT},		    {"bad debt without it", "bad_debt_without", TABLE_RIGHT},
	/* a walk's, and those of an own keeper */
	{"keepers gain", "keeper_profit_per_ms", TABLE_RIGHT}, {"±", "keeper_profit_per_ms_stderr", TABLE_RIGHT},
	{"own gains", "own_profit_per_ms", TABLE_RIGHT},	    {"±", "own_profit_per_ms_stderr", TABLE_RIGHT},
};
#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* "12.3 ± 0.4"; what no path shows is not 0, and what was not asked for, because the user stopped, is not known. */
static const char *told(const struct estimate *estimate, char out[FORMAT_MAX])
{
	if (isnan(estimate->value))
		snprintf(out, FORMAT_MAX, FORMAT_UNKNOWN);
	else if (isnan(estimate->stderr_)) /* of one path there is none */
		snprintf(out, FORMAT_MAX, "%.4g", estimate->value);
	else if (!estimate->value && !estimate->stderr_)
		snprintf(out, FORMAT_MAX, "0 (on no path)");
	else
		snprintf(out, FORMAT_MAX, "%.4g ± %.2g", estimate->value, estimate->stderr_);
	return out;
}

static void print_probability(const struct model_result *r, FILE *out)
{
	const struct estimate worst = {r->es99, r->risks[1].es_stderr};
	char text[FORMAT_MAX];

	if (isnan(r->probability)) /* no path was drawn */
		return;
	if (r->probability > 0)
		fprintf(out, "  A path ends with some bad debt with probability %.3g (below %.3g, 95 %%).\n", r->probability, r->probability_upper95);
	else
		fprintf(out, "  None of %llu executed paths ended with bad debt: its probability is below %.3g (95 %%), not 0.\n",
			(unsigned long long)r->distribution_paths, r->probability_upper95);
	if (r->probability > 0)
		fprintf(out, "  It stays below %.4g in 95 %%, %.4g in 99 %% and %.4g in 99.9 %% of paths; in the worst 1 %% it is %s on average.\n",
			r->var95, r->var99, r->risks[2].var, told(&worst, text));
}

/* By what the mean is known, and what else says so. */
static void print_estimators(const struct model_result *r, FILE *out)
{
	if (r->sampled_assets)
		fprintf(out, "  The mean comes from executions drawn one by one: there is no formula for a price with a memory, or delays that know of prices.\n");
	else if (r->closed_form && isnan(r->sampled.value))
		fprintf(out, "  The mean is a closed form; no path was drawn.\n");
	else if (r->closed_form)
		fprintf(out, "  The mean is a closed form. Paths and conditional expectation give %.6g ± %.2g, and executions drawn one by "
			"one %.6g ± %.2g: two checks.\n", r->conditional.value, r->conditional.stderr_, r->sampled.value, r->sampled.stderr_);
	else
		fprintf(out, "  Drawing the executions one by one instead gives %.6g ± %.2g: an independent check, of which it would take %.3g "
			"times as many paths.\n", r->sampled.value, r->sampled.stderr_, variance_reduction(r));
	if (r->beyond_tape)
		fprintf(out, "  %llu executions came after the end of a tape: they got its last price.\n",
			(unsigned long long)r->beyond_tape);
}

static void print_regime(const struct model_result *r, FILE *out)
{
	if (!isfinite(r->latency_at_mean_delay))
		return;
	fprintf(out, "  The latency loss is dominated by the %s of the delay: %.3g if every delay were the mean%s", r->tail_dominated ? "tail" : "mean",
		r->latency_at_mean_delay, isfinite(r->latency_share_beyond_p99) ? "" : ".\n");
	if (isfinite(r->latency_share_beyond_p99))
		fprintf(out, " of %.3g s; %.3g %% of it comes from the slowest 1 %%.\n", r->delay_mean_s, 100 * r->latency_share_beyond_p99);
}

static void print_measurement(const struct model_result *r, FILE *out)
{
	if (!isnan(r->measurement_stderr))
		fprintf(out, "  The measured delays being a finite sample adds ± %.2g.\n", r->measurement_stderr);
}

static void print_expectation(const struct model *model, const struct model_result *r, FILE *out)
{
	print_measurement(r, out);
	fprintf(out, "  Of it %.4g ± %.2g is gap (there at zero latency) and %.4g ± %.2g comes of latency.\n", r->gap.value,
		r->gap.stderr_, r->latency.value, r->latency.stderr_);
	print_regime(r, out);
	model_budget_text(model, r, false, out);
	fprintf(out, "  %.4g accounts are triggered on average", r->triggers.value);
	if (isfinite(r->outcome_mean.seized))
		fprintf(out, ", %.6g of collateral is sold", r->outcome_mean.seized);
	fputs(".\n", out);
	print_estimators(r, out);
}

static void print_tier(const struct tier *tier, const struct market_result *more, size_t i, FILE *out)
{
	char absorbed[FORMAT_MAX], exhausted[FORMAT_MAX], closed[FORMAT_MAX], value[FORMAT_MAX];

	fprintf(out, "  %s absorbs %s, and %s with probability %s.\n", tier->name, told(&more->absorbed[i], absorbed),
		tier_of_positions(tier) ? "runs out of positions before the end" : "is empty at the end",
		told(&(struct estimate){more->exhausted[i], more->errors.exhausted[i]}, exhausted));
	if (tier->type == TIER_DELEVERAGING)
		fprintf(out, "    It closes %s positions of the other side, worth %s; what it absorbs is their loss.\n",
			told(&more->deleveraged, closed), told(&more->deleveraged_value, value));
}

static const char *seconds(double s, char out[FORMAT_MAX])
{
	return format_duration(isnan(s) ? TIME_UNKNOWN : llround(s * 1e9), out, FORMAT_MAX);
}

static void print_walk(const struct model_answer *answer, FILE *out)
{
	const struct market_result *more = &answer->more;
	const struct waterfall *waterfall = &answer->market.waterfall;
	const struct estimate wins = {more->win_rate, more->errors.win_rate};
	char time[FORMAT_MAX], part[MARKET_PARTS][FORMAT_MAX], text[FORMAT_MAX];

	print_measurement(&answer->result, out);
	fprintf(out, "  Of it %s is gap (there at zero latency), %s comes of latency, %s of congestion and %s of thin markets.\n",
		told(&more->parts[MARKET_GAP], part[0]), told(&more->parts[MARKET_LATENCY], part[1]),
		told(&more->parts[MARKET_CONGESTION], part[2]), told(&more->parts[MARKET_LIQUIDITY], part[3]));
	print_regime(&answer->result, out);
	if (more->open.value > 0)
		fprintf(out, "  %.4g ± %.2g of it had not been liquidated when the time was over.\n", more->open.value, more->open.stderr_);
	fprintf(out, "  %.4g ± %.2g liquidations on average take %.6g ± %.2g of collateral, %s ± %s after the health fell below 1; slippage is "
		     "%.4g ± %.2g, the protocol's fees %.4g ± %.2g.\n",
		answer->result.triggers.value, answer->result.triggers.stderr_, answer->result.outcome_mean.seized, more->errors.seized,
		seconds(more->time_to_liquidation_s, time), seconds(more->errors.time_to_liquidation_s, text), more->slippage_mean,
		more->errors.slippage, more->fees_mean, more->errors.fees);
	fprintf(out, "  Keepers earn %.4g ± %.2g after %.4g ± %.2g of gas; they waited %.4g ± %.2g times for it to pay.\n",
		more->keeper_profit.value, more->keeper_profit.stderr_, more->gas_mean, more->errors.gas, more->waits_mean, more->errors.waits);
	if (answer->market.gas.hazard > 0)
		fprintf(out, "  %.4g ± %.2g times a block did not include a transaction that had come.\n", more->queued_mean, more->errors.queued);
	if (answer->market.keepers.entry_cost > 0)
		fprintf(out, "  %.3g ± %.2g keepers compete at the end.\n", more->keepers_mean, more->errors.keepers);
	if (answer->market.settlement.delay.type || answer->market.breaker.hold)
		fprintf(out, "  The price's moves while collateral was on its way brought its holders %.4g ± %.2g.\n", more->held_mean,
			more->errors.held);
	if (answer->market.keepers.has_own)
		fprintf(out, "  The own keeper wins %s of the liquidations and earns %.4g ± %.2g; a millisecond more of his delay alone "
			     "brings him %.3g ± %.2g.\n", told(&wins, text), more->own_profit.value, more->own_profit.stderr_,
			more->own_profit_per_own_ms.value, more->own_profit_per_own_ms.stderr_);
	for (size_t i = 0; i < waterfall->count; i++)
		print_tier(&waterfall->tiers[i], more, i, out);
	if (waterfall->count)
		fprintf(out, "  %s is left to the lenders.\n", told(&more->lenders, text));
	fprintf(out, "  What none of the %llu paths shows has a probability below %.2g (95 %%). Rules: %s.\n",
		(unsigned long long)answer->result.paths, -log(0.05) / (double)answer->result.paths, answer->market.rules.type->source);
	model_budget_text(&answer->model, &answer->result, true, out);
}

static void print_tail(const char *stage, const struct delay_tail *tail, FILE *out)
{
	if (tail->count)
		fprintf(out, "%s: beyond %.4g s (%zu samples, %.3g %% of all) generalised Pareto, shape %.3f ± %.3f, scale %.4g ± %.2g s.\n", stage,
			tail->threshold_s, tail->count, 100 * tail->share, tail->shape, tail->shape_stderr, tail->scale_s, tail->scale_stderr_s);
}

void model_add_amount(struct table *table, double value, int digits)
{
	char text[32];

	snprintf(text, sizeof(text), "%.*g", digits, value);
	table_text(table, isnan(value) ? NULL : text);
}

static void add_estimate(struct table *table, const struct estimate *per_ms)
{
	table_number(table, per_ms->value, 8);
	table_number(table, per_ms->stderr_, 8);
}

static bool is_measured(const struct model *model)
{
	for (int i = 0; i < DELAY_STAGES; i++)
		if (model->delays[i].sample_count > 0)
			return true;
	return false;
}

int model_print_text(const struct model_answer *answer, FILE *out, struct error *err)
{
	bool walked = answer->market.rules.type, own = walked && answer->market.keepers.has_own;
	struct table *table = table_new(columns, COLUMNS - (own ? 0 : walked ? 2 : 4));
	const struct model_result *r = &answer->result;
	char mean[FORMAT_MAX], worst[FORMAT_MAX];
	int status;

	fprintf(out, "Bad debt over %g h, %zu accounts, engine %s: %.6g ± %.2g on average (%s, %llu paths).\n",
		answer->model.horizon_s / 3600, accounts_of(&answer->model), engine_name(answer), r->bad_debt.value,
		r->bad_debt.stderr_, estimator_name(answer), (unsigned long long)r->paths);
	print_probability(r, out);
	if (answer->market.rules.type)
		print_walk(answer, out);
	else
		print_expectation(&answer->model, r, out);
	if (answer->apart.asked)
		fprintf(out, "  Delays know of prices (%s). The same ones drawn apart from them cost %s on average, and %s in the worst 1 %%.\n",
			delay_dependence_names[answer->model.dependent_delays], told(&answer->apart.bad_debt, mean),
			told(&(struct estimate){answer->apart.es99, answer->apart.es99_stderr}, worst));
	else if (is_measured(&answer->model))
		fputs("  Measured delays are drawn apart from prices: what it costs that both rise together, `dependence: regime` in `delay` tells.\n",
		      out);
	if (answer->requirement.below > 0)
		model_requirement_text(answer, out);
	if (answer->against)
		model_against_text(answer, out);
	status = model_groups_text(answer, out);
	if (!status)
		status = model_keepers_text(answer, out);
	fputc('\n', out);
	for (int i = 0; i < DELAY_STAGES; i++) {
		table_text(table, delay_stage_names[i]);
		table_duration(table, llround(r->stages[i].p50_s * 1e9));
		table_duration(table, llround(r->stages[i].p99_s * 1e9));
		add_estimate(table, &r->stages[i].per_ms);
		table_number(table, r->stages[i].without, 6);
		if (walked)
			add_estimate(table, &answer->more.keeper_profit_per_ms[i]);
		if (own)
			add_estimate(table, &answer->more.own_profit_per_ms[i]);
	}
	if (!status)
		status = table_print(table, out);
	for (int i = 0; i < DELAY_STAGES; i++)
		print_tail(delay_stage_names[i], &answer->model.delays[i].tail, out);
	table_free(table);
	return status ? error_set(err, status, "the result cannot be written") : 0;
}
