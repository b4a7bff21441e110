// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The margin model's answer (a document of schema pricelag.model/1): what the latency costs. */
#include <math.h>
#include <string.h>

#include "base/json.h"
#include "output/report_parts.h"

/* A number at an RFC 6901 pointer; NAN where there is none. */
static double number_at(struct json_object *object, const char *pointer)
{
	struct json_object *value = json_at(object, pointer);

	if (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int))
		return NAN;
	return json_object_get_double(value);
}

static const char *text_at(struct json_object *object, const char *key)
{
	const char *text = json_text(json_member(object, key));

	return text ? text : "";
}

/* The array under `key`, NULL where there is none; and its length, 0 then. */
static struct json_object *array_at(struct json_object *object, const char *key, size_t *length)
{
	struct json_object *value = json_member(object, key);

	*length = json_object_is_type(value, json_type_array) ? json_object_array_length(value) : 0;
	return *length ? value : NULL;
}

/* Four significant digits, and no exponent where amounts usually are: "0.0004211", "12.35", "17565". */
static char *format_money(double value, char *out, size_t size)
{
	if (!isfinite(value))
		snprintf(out, size, "%s", FORMAT_UNKNOWN);
	else
		snprintf(out, size, fabs(value) >= 1000 && fabs(value) < 1e15 ? "%.0f" : "%.4g", value);
	return out;
}

static void add_money(struct table *table, double value)
{
	char text[FORMAT_MAX];

	table_text(table, isfinite(value) ? format_money(value, text, sizeof(text)) : NULL);
}

static bool model_present(const struct report *report)
{
	return report->model;
}

static const struct table_column answer_columns[] = {
	{"answer", "answer", TABLE_LEFT},
	{"value", "value", TABLE_RIGHT},
	{"± standard error", "stderr", TABLE_RIGHT},
	{"95 % interval", "ci95", TABLE_RIGHT},
};

/* `pointer` to the value; its error and interval at the other two, NULL where there are none. Nothing where the value is unknown. */
static void add_answer(struct table *table, struct json_object *model, const char *name, const char *pointer,
		       const char *error_pointer, const char *interval_pointer)
{
	char low[FORMAT_MAX], high[FORMAT_MAX], interval[2 * FORMAT_MAX + 8] = "", pointers[2][64];
	double value = number_at(model, pointer), bounds[2] = {NAN, NAN};

	if (!isfinite(value))
		return;
	for (int i = 0; interval_pointer && i < 2; i++) {
		snprintf(pointers[i], sizeof(pointers[i]), "%s/%d", interval_pointer, i);
		bounds[i] = number_at(model, pointers[i]);
	}
	if (isfinite(bounds[0]) || isfinite(bounds[1]))
		snprintf(interval, sizeof(interval), "%s … %s", format_money(bounds[0], low, sizeof(low)),
			 format_money(bounds[1], high, sizeof(high)));
	table_text(table, name);
	add_money(table, value);
	add_money(table, error_pointer ? number_at(model, error_pointer) : NAN);
	table_text(table, interval);
}

/* Another site, where the model was asked for one. */
static void add_against(struct table *table, struct json_object *model)
{
	static const struct {
		const char *name, *at;
	} answers[] = {{"bad debt", "bad_debt"}, {"less bad debt", "gain"}, {"keepers' profit", "keeper_profit"},
		       {"keepers' profit, more by", "keeper_profit_gain"}, {"the own keeper's profit", "own_profit"},
		       {"the own keeper's profit, more by", "own_profit_gain"}};
	struct json_object *against = json_member(model, "against");
	char name[512], pointers[3][64];

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		snprintf(name, sizeof(name), "%s, with the delays of %s", answers[i].name, text_at(against, "session"));
		snprintf(pointers[0], sizeof(pointers[0]), "/%s/mean", answers[i].at);
		snprintf(pointers[1], sizeof(pointers[1]), "/%s/stderr", answers[i].at);
		snprintf(pointers[2], sizeof(pointers[2]), "/%s/ci95", answers[i].at);
		add_answer(table, against, name, pointers[0], pointers[1], pointers[2]);
	}
}

static void write_answers(struct report *report)
{
	struct json_object *model = report->model, *tiers;
	struct table *table = table_new(answer_columns, 4);
	size_t tier_count;

	add_answer(table, model, "bad debt, mean", "/bad_debt/mean", "/bad_debt/stderr", NULL);
	add_answer(table, model, "of this, at zero latency (gap)", "/decomposition/gap/mean", "/decomposition/gap/stderr", NULL);
	add_answer(table, model, "of this, because of latency", "/decomposition/latency/mean", "/decomposition/latency/stderr",
		   NULL);
	add_answer(table, model, "of this, because of congestion", "/decomposition/congestion/mean", "/decomposition/congestion/stderr", NULL);
	add_answer(table, model, "of this, because markets are thin", "/decomposition/liquidity/mean", "/decomposition/liquidity/stderr", NULL);
	if (number_at(model, "/bad_debt/sampled/mean") != number_at(model, "/bad_debt/mean"))
		add_answer(table, model, "the mean again, by plain sampling", "/bad_debt/sampled/mean", "/bad_debt/sampled/stderr",
			   NULL);
	add_answer(table, model, "probability of any bad debt", "/bad_debt/probability", NULL, NULL);
	add_answer(table, model, "value at risk 95 %", "/bad_debt/var95", NULL, "/bad_debt/var95_ci95");
	add_answer(table, model, "value at risk 99 %", "/bad_debt/var99", NULL, "/bad_debt/var99_ci95");
	add_answer(table, model, "value at risk 99.9 %", "/bad_debt/var999", NULL, "/bad_debt/var999_ci95");
	add_answer(table, model, "expected shortfall 95 %", "/bad_debt/es95", "/bad_debt/es95_stderr", NULL);
	add_answer(table, model, "expected shortfall 99 %", "/bad_debt/es99", "/bad_debt/es99_stderr", NULL);
	add_answer(table, model, "expected shortfall 99.9 %", "/bad_debt/es999", "/bad_debt/es999_stderr", NULL);
	add_answer(table, model, "bad debt, mean, were delays apart from prices", "/dependence/apart/mean", "/dependence/apart/stderr", NULL);
	add_answer(table, model, "expected shortfall 99 %, were delays apart from prices", "/dependence/apart/es99",
		   "/dependence/apart/es99_stderr", NULL);
	add_answer(table, model, "liquidations, mean count", "/liquidations/count_mean", "/liquidations/count_stderr", NULL);
	add_answer(table, model, "liquidations, mean value", "/liquidations/value_mean", "/liquidations/value_stderr", NULL);
	add_answer(table, model, "slippage, mean", "/liquidations/slippage_mean", "/liquidations/slippage_stderr", NULL);
	add_answer(table, model, "the protocol's fees, mean", "/liquidations/fees_mean", "/liquidations/fees_stderr", NULL);
	add_answer(table, model, "seconds from health below 1 to liquidation", "/liquidations/time_to_liquidation_mean_s",
		   "/liquidations/time_to_liquidation_stderr_s", NULL);
	add_answer(table, model, "keepers' profit, mean", "/keeper/profit_mean", "/keeper/profit_stderr", NULL);
	add_answer(table, model, "the own keeper's win rate", "/keeper/win_rate", "/keeper/win_rate_stderr", NULL);
	add_answer(table, model, "the own keeper's profit, mean", "/keeper/own_profit_mean", "/keeper/own_profit_stderr", NULL);
	tiers = array_at(model, "waterfall", &tier_count);
	for (size_t i = 0; i < tier_count; i++) {
		struct json_object *tier = json_object_array_get_idx(tiers, i);
		char name[160];

		snprintf(name, sizeof(name), "absorbed by %s, mean", text_at(tier, "name"));
		add_answer(table, tier, name, "/absorbed_mean", "/stderr", NULL);
		if (!strcmp(text_at(tier, "type"), "deleveraging")) {
			add_answer(table, tier, "positions closed by it, mean", "/closed_positions_mean", "/closed_positions_stderr", NULL);
			add_answer(table, tier, "value of what it closed, mean", "/closed_value_mean", "/closed_value_stderr", NULL);
		}
	}
	add_answer(table, model, "seconds of delay that reach the budget", "/latency_budget/added_delay_s", NULL, "/latency_budget/ci95");
	add_answer(table, model, "delays that reach the budget, times what they are", "/latency_budget/delay_scale", NULL,
		   "/latency_budget/ci95");
	add_answer(table, model, "thresholds that keep to the requirement, times what they are", "/requirement/threshold_scale", NULL,
		   "/requirement/ci95");
	add_answer(table, model, "smallest penalty that keeps to it", "/requirement/penalty/least", NULL, "/requirement/penalty/ci95");
	add_against(table, model);
	html_table(report->out, table);
	table_free(table);
}

static const char *group_name(struct json_object *group)
{
	return *text_at(group, "name") ? text_at(group, "name") : "(no group)";
}

/* A bound where nothing was seen. */
static void add_probability(struct table *table, struct json_object *bad_debt)
{
	double probability = number_at(bad_debt, "/probability"), upper = number_at(bad_debt, "/probability_upper95");
	char text[32];

	snprintf(text, sizeof(text), probability > 0 ? "%.3g %%" : "< %.3g %%", 100 * (probability > 0 ? probability : upper));
	table_text(table, isfinite(probability) ? text : NULL);
}

static void add_group(struct table *table, struct json_object *group, double owed, double lost)
{
	struct json_object *bad_debt = json_member(group, "bad_debt");
	double accounts = number_at(group, "/accounts"), debt = number_at(group, "/debt"), mean = number_at(bad_debt, "/mean");
	bool seen = number_at(bad_debt, "/probability") > 0; /* what no path shows is not 0 */

	debt = isfinite(debt) ? debt : number_at(group, "/notional");
	table_text(table, group_name(group));
	table_number(table, accounts, 0);
	add_money(table, debt);
	table_share(table, debt / owed);
	add_money(table, mean);
	add_money(table, number_at(bad_debt, "/stderr"));
	table_share(table, mean / lost);
	add_probability(table, bad_debt);
	add_money(table, seen ? number_at(bad_debt, "/var95") : NAN);
	add_money(table, seen ? number_at(bad_debt, "/var99") : NAN);
	add_money(table, seen ? number_at(bad_debt, "/var999") : NAN);
	add_money(table, seen ? number_at(bad_debt, "/es99") : NAN);
	add_money(table, seen ? number_at(bad_debt, "/es99_stderr") : NAN);
	add_money(table, number_at(group, "/liquidations/count_mean"));
}

static void write_groups(struct report *report)
{
	bool positions = isfinite(number_at(report->model, "/groups/0/notional"));
	const struct table_column columns[] = {
		{"group", "group", TABLE_LEFT}, {"accounts", "accounts", TABLE_RIGHT}, {positions ? "notional" : "debt", "debt", TABLE_RIGHT},
		{"share", "debt_share", TABLE_RIGHT}, {"bad debt, mean", "bad_debt", TABLE_RIGHT}, {"±", "stderr", TABLE_RIGHT},
		{"share", "bad_debt_share", TABLE_RIGHT}, {"probability", "probability", TABLE_RIGHT}, {"VaR 95 %", "var95", TABLE_RIGHT}, {"99 %", "var99", TABLE_RIGHT}, {"99.9 %", "var999", TABLE_RIGHT},
		{"ES 99 %", "es99", TABLE_RIGHT}, {"±", "es99_stderr", TABLE_RIGHT}, {"liquidations", "liquidations", TABLE_RIGHT},
	};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	struct json_object *list, *worst = NULL;
	double owed = 0, lost = 0, most = 0;
	size_t count;

	list = array_at(report->model, "groups", &count);
	for (size_t i = 0; i < count; i++) {
		struct json_object *group = json_object_array_get_idx(list, i);
		double mean = number_at(group, "/bad_debt/mean");

		owed += number_at(group, positions ? "/notional" : "/debt");
		lost += mean;
		if (mean > most) {
			most = mean;
			worst = group;
		}
	}
	for (size_t i = 0; i < count; i++)
		add_group(table, json_object_array_get_idx(list, i), owed, lost);
	if (count) {
		fputs("<h3>Whose bad debt it is</h3>\n", report->out);
		if (worst && count > 1 && isfinite(lost) && isfinite(owed))
			report_say(report, "Of the expected bad debt %.3g %% is of the group “%s”, which has %.3g %% of %s.", 100 * most / lost,
				   group_name(worst), 100 * number_at(worst, positions ? "/notional" : "/debt") / owed,
				   positions ? "what all positions are worth" : "all debt");
		html_table(report->out, table);
	}
	table_free(table);
}

static int64_t ns_of(double seconds)
{
	return fabs(seconds) < 9e9 ? (int64_t)llround(seconds * 1e9) : TIME_UNKNOWN; /* NAN compares false */
}

static const struct table_column keeper_columns[] = {
	{"keepers", "keepers", TABLE_LEFT}, {"count", "count", TABLE_RIGHT}, {"capital", "capital", TABLE_RIGHT},
	{"delay p50", "delay_p50_ns", TABLE_RIGHT}, {"p99", "delay_p99_ns", TABLE_RIGHT}, {"share of liquidations", "win_rate", TABLE_RIGHT},
	{"±", "win_rate_stderr", TABLE_RIGHT}, {"liquidations, mean", "liquidations", TABLE_RIGHT}, {"profit, mean", "profit", TABLE_RIGHT},
	{"±", "profit_stderr", TABLE_RIGHT},
};

/* Who wins, where there is more than one kind of them. */
static void write_keepers(struct report *report)
{
	struct table *table = table_new(keeper_columns, sizeof(keeper_columns) / sizeof(keeper_columns[0]));
	size_t count;
	struct json_object *list = array_at(report->model, "keepers", &count);

	for (size_t i = 0; i < count; i++) {
		struct json_object *kind = json_object_array_get_idx(list, i);

		table_text(table, text_at(kind, "name"));
		add_money(table, number_at(kind, "/count"));
		add_money(table, number_at(kind, "/capital"));
		table_duration(table, ns_of(number_at(kind, "/delay_p50_s")));
		table_duration(table, ns_of(number_at(kind, "/delay_p99_s")));
		table_share(table, number_at(kind, "/win_rate"));
		table_share(table, number_at(kind, "/win_rate_stderr"));
		add_money(table, number_at(kind, "/liquidations_mean"));
		add_money(table, number_at(kind, "/profit_mean"));
		add_money(table, number_at(kind, "/profit_stderr"));
	}
	if (count > 1) {
		fputs("<h3>Who liquidates</h3>\n", report->out);
		html_table(report->out, table);
	}
	table_free(table);
}

static const struct table_column price_columns[] = {
	{"stage", "stage", TABLE_LEFT},
	{"delay p50", "delay_p50_ns", TABLE_RIGHT},
	{"p99", "delay_p99_ns", TABLE_RIGHT},
	{"one ms more costs", "bad_debt_per_ms", TABLE_RIGHT},
	{"± standard error", "stderr", TABLE_RIGHT},
	{"bad debt without the stage", "bad_debt_without", TABLE_RIGHT},
	{"keepers gain by it", "keeper_profit_per_ms", TABLE_RIGHT},
	{"the own keeper gains", "own_profit_per_ms", TABLE_RIGHT},
};

static void write_prices(struct report *report)
{
	bool paid = isfinite(number_at(report->model, "/sensitivity/0/keeper_profit_per_ms"));
	bool own = isfinite(number_at(report->model, "/sensitivity/0/own_profit_per_ms"));
	struct table *table = table_new(price_columns, sizeof(price_columns) / sizeof(price_columns[0]) - (own ? 0 : paid ? 1 : 2));
	const char *dearest = "";
	double most = -INFINITY, least = INFINITY, error = NAN;
	char price[FORMAT_MAX];
	size_t count;
	struct json_object *list = array_at(report->model, "sensitivity", &count);

	for (size_t i = 0; i < count; i++) {
		struct json_object *stage = json_object_array_get_idx(list, i);
		double per_ms = number_at(stage, "/bad_debt_per_ms");

		table_text(table, text_at(stage, "stage"));
		table_duration(table, ns_of(number_at(stage, "/delay_p50_s")));
		table_duration(table, ns_of(number_at(stage, "/delay_p99_s")));
		add_money(table, per_ms);
		add_money(table, number_at(stage, "/stderr"));
		add_money(table, number_at(stage, "/bad_debt_without"));
		if (paid || own)
			add_money(table, number_at(stage, "/keeper_profit_per_ms"));
		if (own)
			add_money(table, number_at(stage, "/own_profit_per_ms"));
		least = per_ms < least ? per_ms : least;
		if (per_ms > most) {
			most = per_ms;
			error = number_at(stage, "/stderr");
			dearest = text_at(stage, "stage");
		}
	}
	if (table_rows(table)) {
		fputs("<h3>What a millisecond costs</h3>\n", report->out);
		format_money(most, price, sizeof(price));
		if (isfinite(most) && fabs(most) < 2 * error)
			report_say(report, "What a millisecond costs is below what these paths can tell: more of them would.");
		else if (isfinite(most) && most == least)
			report_say(report, "One millisecond more, in whichever stage, adds %s to the mean bad debt.", price);
		else if (isfinite(most))
			report_say(report, "One millisecond more in the stage “%s” adds %s to the mean bad debt; no stage costs more.",
				   dearest, price);
		html_table(report->out, table);
	}
	table_free(table);
}

static const struct table_column curve_columns[] = {
	{"added delay", "added_ns", TABLE_RIGHT}, {"mean bad debt", "bad_debt", TABLE_RIGHT}, {"±", "stderr", TABLE_RIGHT}};

static void write_curve(struct report *report)
{
	struct json_object *spec = report_spec("curve", "mean bad debt"), *x = json_object_new_array();
	struct json_object *y = json_object_new_array(), *list, *point = NULL;
	struct table *table = table_new(curve_columns, 3);
	char delay[FORMAT_MAX], loss[FORMAT_MAX], error[FORMAT_MAX], none[FORMAT_MAX];
	size_t count;

	list = array_at(report->model, "added_delay", &count);
	for (size_t i = 0; i < count; i++) {
		point = json_object_array_get_idx(list, i);
		json_object_array_add(x, json_ns(ns_of(number_at(point, "/added_s"))));
		json_object_array_add(y, json_number(number_at(point, "/bad_debt")));
		table_duration(table, ns_of(number_at(point, "/added_s")));
		add_money(table, number_at(point, "/bad_debt"));
		add_money(table, number_at(point, "/stderr"));
	}
	json_add(spec, "x", x);
	json_add(report_child(spec, "series", "mean bad debt"), "y", y);
	json_add_text(spec, "x_title", "added delay");
	if (count < 2) {
		json_object_put(spec);
		table_free(table);
		return;
	}
	fputs("<h3>If everything were slower</h3>\n", report->out);
	report_say(report, "With %s more delay the mean bad debt is %s%s%s instead of %s.",
		   format_duration(ns_of(number_at(point, "/added_s")), delay, sizeof(delay)),
		   format_money(number_at(point, "/bad_debt"), loss, sizeof(loss)),
		   isfinite(number_at(point, "/stderr")) ? " ± " : "",
		   isfinite(number_at(point, "/stderr")) ? format_money(number_at(point, "/stderr"), error, sizeof(error)) : "",
		   format_money(number_at(report->model, "/bad_debt/mean"), none, sizeof(none)));
	report_figure(report, spec);
	html_table(report->out, table);
	table_free(table);
}

static void say_result(struct report *report)
{
	struct json_object *model = report->model;
	double mean = number_at(model, "/bad_debt/mean"), gap = number_at(model, "/decomposition/gap/mean");
	double probability = number_at(model, "/bad_debt/probability"), paths = number_at(model, "/paths");
	double latency = number_at(model, "/decomposition/latency/mean"), sampling = number_at(model, "/bad_debt/measurement_stderr");
	const char *dominated = text_at(json_member(model, "regime"), "dominated_by");
	char a[FORMAT_MAX], b[FORMAT_MAX], c[FORMAT_MAX];

	html_element(report->out, "p", "lead", "Under the latency of this model the book loses %s ± %s to bad debt on average over the "
		     "horizon. Amounts are in the model's numeraire.", format_money(mean, a, sizeof(a)),
		     format_money(number_at(model, "/bad_debt/stderr"), b, sizeof(b)));
	if (gap == 0 && number_at(model, "/decomposition/gap/stderr") == 0)
		report_say(report, "At zero latency, in deep and quiet markets, none of the paths lost anything; %s is what latency costs.",
			   format_money(latency, b, sizeof(b)));
	else if (isfinite(gap) && isfinite(latency))
		report_say(report, "%s of it would be there at zero latency, because prices jump over the trigger; %s (%.3g %%) is what "
				   "latency costs.", format_money(gap, a, sizeof(a)), format_money(latency, b, sizeof(b)),
			   mean > 0 ? 100 * latency / mean : 0.0);
	if (probability > 0)
		report_say(report, "Something was lost in %.3g %% of %.0f simulated paths.", 100 * probability, paths);
	else if (probability == 0)
		report_say(report, "Nothing was lost in any path that was drawn to its end, which is an upper bound of %s for the "
				   "probability, not a proof of zero.",
			   format_money(number_at(model, "/bad_debt/probability_upper95"), c, sizeof(c)));
	if (*dominated)
		report_say(report, "The %s of the delay makes it: were every delay the mean, latency would cost %s.", dominated,
			   format_money(number_at(model, "/regime/latency_at_mean_delay"), c, sizeof(c)));
	if (*text_at(model, "engine_source"))
		report_note(report, "Rules of %s: %s.", text_at(model, "engine"), text_at(model, "engine_source"));
	if (isfinite(sampling))
		report_note(report, "The latency comes from a finite number of measured samples: that alone may move the mean by ±%s.",
			    format_money(sampling, c, sizeof(c)));
}

static int model_write(struct report *report)
{
	say_result(report);
	write_answers(report);
	write_groups(report);
	write_keepers(report);
	write_prices(report);
	write_curve(report);
	return 0;
}

const struct report_section report_section_model = {"model", "Cost", "What it costs", model_present, model_write};
