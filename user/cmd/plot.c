// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag plot: results of the model side by side, as one picture for a document. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/model_result.h"
#include "output/chart.h"
#include "session/session.h"

struct result {
	char *label;
	const char *path;
	struct json_object *document;
};

struct kind;

struct arguments {
	const struct kind *kind;
	const char *title, *output;
	struct result results[CHART_SERIES_MAX];
	size_t result_count;
};

static double number(struct json_object *value)
{
	return json_object_is_type(value, json_type_double) || json_object_is_type(value, json_type_int) ? json_object_get_double(value) : NAN;
}

/* ---- lines: a series for each result ------------------------------------------------------------------------------ */

#define NORMAL_975 1.959964 /* standard errors on either side of a 95 % interval */

/* `error`: the key of y's standard error, NULL: there is none */
static int take_line(struct chart_series *series, struct json_object *list, const char *x, const char *y, const char *error)
{
	size_t count = json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;

	series->x = calloc(count + 1, sizeof(*series->x));
	series->y = calloc(count + 1, sizeof(*series->y));
	series->error = calloc(count + 1, sizeof(*series->error));
	if (!series->x || !series->y || !series->error)
		return -ENOMEM;
	for (series->count = 0; series->count < count; series->count++) {
		struct json_object *item = json_object_array_get_idx(list, series->count);

		series->x[series->count] = number(json_member(item, x));
		series->y[series->count] = number(json_member(item, y));
		series->error[series->count] = error ? NORMAL_975 * number(json_member(item, error)) : NAN;
	}
	return 0;
}

static int take_delay(struct chart *chart, const struct result *results, size_t count)
{
	double least = INFINITY, most = 0;
	int status = 0;

	chart->x_label = "added latency, s";
	chart->y_label = "expected bad debt, numeraire";
	chart->series_count = count;
	for (size_t i = 0; !status && i < count; i++) {
		chart->series[i].label = results[i].label;
		status = take_line(&chart->series[i], json_member(results[i].document, "added_delay"), "added_s", "bad_debt", "stderr");
		for (size_t k = 0; !status && k < chart->series[i].count; k++) {
			least = fmin(least, chart->series[i].y[k]);
			most = fmax(most, chart->series[i].y[k]);
		}
	}
	chart->log_y = least > 0 && most > 1000 * least;
	return status;
}

/* The level of a quantile is the share of paths at or below it. */
static int take_tail(struct chart *chart, const struct result *results, size_t count)
{
	int status = 0;

	chart->x_label = "bad debt of a path, numeraire";
	chart->y_label = "share of paths above";
	chart->steps = true;
	chart->log_y = true;
	chart->series_count = count;
	for (size_t i = 0; !status && i < count; i++) {
		struct chart_series *series = &chart->series[i];

		series->label = results[i].label;
		status = take_line(series, json_member(results[i].document, "loss_quantiles"), "value", "level", NULL);
		for (size_t k = 0; !status && k < series->count; k++)
			series->y[k] = 1 - series->y[k];
	}
	return status;
}

/* ---- bars: a category for each result, a series for each part ----------------------------------------------------- */

static int take_part(struct chart *chart, const char *label, size_t categories)
{
	struct chart_series *series = &chart->series[chart->series_count];

	if (chart->series_count == CHART_SERIES_MAX)
		return -E2BIG;
	series->label = label;
	series->count = categories;
	series->y = calloc(categories, sizeof(*series->y));
	chart->series_count += series->y != NULL;
	return series->y ? 0 : -ENOMEM;
}

/* The bars of a result add up to its mean bad debt. */
static int take_total_error(struct chart *chart, const struct result *results, size_t count)
{
	chart->total_error = calloc(count, sizeof(*chart->total_error));
	for (size_t i = 0; chart->total_error && i < count; i++)
		chart->total_error[i] = NORMAL_975 * number(json_member(json_member(results[i].document, "bad_debt"), "stderr"));
	return chart->total_error ? 0 : -ENOMEM;
}

static int take_parts(struct chart *chart, const struct result *results, size_t count)
{
	static const char *const parts[] = {"gap", "latency", "congestion", "liquidity"};
	int status = take_total_error(chart, results, count);

	chart->x_label = "";
	chart->y_label = "expected bad debt, numeraire";
	for (size_t p = 0; !status && p < sizeof(parts) / sizeof(parts[0]); p++) {
		status = take_part(chart, parts[p], count);
		for (size_t i = 0; !status && i < count; i++)
			chart->series[p].y[i] = number(json_member(json_member(json_member(results[i].document, "decomposition"), parts[p]), "mean"));
	}
	return status;
}

static size_t part_of(const struct chart *chart, const char *label)
{
	size_t s = 0;

	while (s < chart->series_count && strcmp(chart->series[s].label, label))
		s++;
	return s;
}

static int take_tiers(struct chart *chart, const struct result *results, size_t count)
{
	int status = take_total_error(chart, results, count);

	chart->x_label = "";
	chart->y_label = "absorbed on average, numeraire";
	for (size_t i = 0; !status && i < count; i++) {
		struct json_object *tiers = json_member(results[i].document, "waterfall");
		size_t tier_count = json_object_is_type(tiers, json_type_array) ? json_object_array_length(tiers) : 0;

		for (size_t t = 0; !status && t < tier_count; t++) {
			struct json_object *tier = json_object_array_get_idx(tiers, t);
			const char *name = json_text(json_member(tier, "name"));
			size_t part = name ? part_of(chart, name) : chart->series_count;

			if (name && part == chart->series_count)
				status = take_part(chart, name, count);
			if (name && !status)
				chart->series[part].y[i] = number(json_member(tier, "absorbed_mean"));
		}
	}
	return status;
}

/* ------------------------------------------------------------------------------------------------------------------- */

static const struct kind {
	const char *name, *title;
	bool bars;
	int (*take)(struct chart *chart, const struct result *results, size_t count);
} kinds[] = {
	{"delay", "Bad debt against added latency", false, take_delay},
	{"tail", "Distribution of bad debt", false, take_tail},
	{"parts", "What the bad debt comes of", true, take_parts},
	{"tiers", "Who absorbs it", true, take_tiers},
};
#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

static const struct argp_option options[] = {
	{"of", 'q', "QUANTITY", 0, "delay (default): bad debt against added latency; tail: its distribution; parts: gap, latency, congestion and "
				   "liquidity; tiers: who absorbs it", 0},
	{"title", 't', "TEXT", 0, "instead of the quantity's", 0},
	{"output", 'o', "PLOT.svg", 0, "where the picture goes; default: standard output", 0},
	{0},
};

/* "FILE" or "FILE=LABEL". */
static void add_result(struct arguments *a, char *argument, struct argp_state *state)
{
	struct result *result = &a->results[a->result_count];
	char *label = strrchr(argument, '=');

	if (a->result_count == CHART_SERIES_MAX)
		argp_error(state, "'%s' is one too many: %d results in one picture", argument, CHART_SERIES_MAX);
	if (label)
		*label++ = '\0';
	result->path = argument;
	result->label = label ? label : argument;
	a->result_count++;
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'q':
		for (a->kind = kinds; a->kind < kinds + KIND_COUNT && strcmp(a->kind->name, arg); a->kind++)
			;
		if (a->kind == kinds + KIND_COUNT)
			argp_error(state, "--of: '%s' is none of delay, tail, parts, tiers", arg);
		return 0;
	case 't':
		a->title = arg;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case ARGP_KEY_ARG:
		add_result(a, arg, state);
		return 0;
	case ARGP_KEY_END:
		if (!a->result_count)
			argp_error(state, "which results? 'pricelag model -c model.yaml -o R.json' makes one");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options, parse, "R.json[=LABEL]...",
	"Results of 'pricelag model --json' side by side, as one SVG picture for a document, with their 95 % intervals. The report ('pricelag report --model') "
	"has the plots of one result that zoom.",
	NULL, NULL, NULL};

static int draw(const struct arguments *a, FILE *out, struct error *err)
{
	const char *categories[CHART_SERIES_MAX];
	struct chart chart = {.title = a->title ? a->title : a->kind->title};
	int status = a->kind->take(&chart, a->results, a->result_count);

	for (size_t i = 0; i < a->result_count; i++)
		categories[i] = a->results[i].label;
	if (a->kind->bars) {
		chart.categories = categories;
		chart.category_count = a->result_count;
	}
	if (status == -E2BIG)
		error_set(err, status, "more than %d parts to tell apart", CHART_SERIES_MAX);
	else if (status)
		error_set(err, status, "out of memory");
	else if (!chart_svg(out, &chart))
		status = error_set(err, -ENODATA, "%s: nothing of '%s' is in it to draw", a->results[0].path, a->kind->name);
	for (size_t s = 0; s < CHART_SERIES_MAX; s++) {
		free(chart.series[s].x);
		free(chart.series[s].y);
		free(chart.series[s].error);
	}
	free(chart.total_error);
	return status;
}

/* Once it is whole, so that a picture that is there is not replaced by half of one. */
static int put(const char *path, const char *text, size_t len, struct error *err)
{
	FILE *out = stdout;
	bool written;

	if (path && session_is_database(path))
		return error_set(err, -EEXIST, "%s is a database, perhaps a recording, and is not overwritten; give another name with -o", path);
	if (path && !(out = fopen(path, "w")))
		return error_set(err, -errno, "%s: %s; give another place with -o", path, strerror(errno));
	written = fwrite(text, 1, len, out) == len;
	if (fflush(out) || (path && fclose(out)))
		written = false;
	return written ? 0 : error_set(err, -EIO, "%s cannot be written: %s", path ? path : "standard output", strerror(errno));
}

int cmd_plot(int argc, char **argv)
{
	struct arguments a = {.kind = &kinds[0]};
	char *picture = NULL;
	size_t len = 0;
	FILE *memory;
	struct error err;
	int status = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	for (size_t i = 0; !status && i < a.result_count; i++)
		status = model_result_read(a.results[i].path, &a.results[i].document, &err);
	if (!status) {
		memory = open_memstream(&picture, &len);
		status = memory ? draw(&a, memory, &err) : error_set(&err, -ENOMEM, "out of memory");
		if (memory && fclose(memory) && !status)
			status = error_set(&err, -ENOMEM, "out of memory");
	}
	if (!status)
		status = put(a.output, picture, len, &err);
	free(picture);
	for (size_t i = 0; i < a.result_count; i++)
		json_object_put(a.results[i].document);
	if (status)
		fprintf(stderr, "pricelag plot: %s\n", err.text);
	return status ? EXIT_FAILED : EXIT_OK;
}
