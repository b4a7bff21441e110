// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag fit: the parameters of a price process, or an oracle's policy, from a file of prices. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/fit_oracle.h"
#include "margin/price_csv.h"
#include "margin/fit.h"
#include "output/json_out.h"
#include "output/table.h"

struct arguments {
	const char *prices;
	const struct process_type *type;
	int oracle, json;
};

static const struct argp_option options[] = {
	{"process", 'p', "NAME", 0, "gbm, merton, kou or garch", 0},
	{"oracle", 'o', NULL, 0, "the policy of the oracle whose reports these are: deviation and heartbeat", 0},
	{"json", 'j', NULL, 0, "one JSON document on stdout (schema pricelag.fit/1)", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'p':
		a->type = process_find(arg);
		if (!a->type || !fit_possible(a->type))
			argp_error(state, "--process: '%s' cannot be fitted; allowed: gbm, merton, kou, garch", arg);
		return 0;
	case 'o':
		a->oracle = 1;
		return 0;
	case 'j':
		a->json = 1;
		return 0;
	case ARGP_KEY_ARG:
		if (a->prices)
			argp_error(state, "'%s' is not expected here: one file at a time", arg);
		a->prices = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->prices)
			argp_error(state, "which prices? A CSV file with the columns time_s and price");
		if (!a->type == !a->oracle)
			argp_error(state, "one of --process NAME (gbm, merton, kou or garch) and --oracle is wanted");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options, parse, "PRICES.csv",
	"Fits a price process to a series of prices by maximum likelihood, with standard errors, and prints the line for "
	"model.yaml. The lower Akaike's criterion, the better, between processes on one series.\v"
	"With --oracle the file holds the reports of an oracle, with the time each came on chain.",
	NULL, NULL, NULL};

static size_t parameter_count(const struct process_type *type)
{
	size_t n = 0;

	while (n < PROCESS_PARAMETERS_MAX && type->parameters[n].name)
		n++;
	return n;
}

static int print_json(const struct fit *fit, const char *path, struct error *err)
{
	struct json_object *document = json_document("pricelag.fit/1"), *list = json_object_new_array();

	json_add_text(document, "prices", path);
	json_add_text(document, "process", fit->type->name);
	json_add_count(document, "returns", fit->returns);
	for (size_t i = 0; i < parameter_count(fit->type); i++) {
		struct json_object *parameter = json_object_new_object();

		json_add_text(parameter, "name", fit->type->parameters[i].name);
		json_add_number(parameter, "value", fit->value[i]);
		json_add_number(parameter, "stderr", fit->stderr_[i]);
		json_object_array_add(list, parameter);
	}
	json_add(document, "parameters", list);
	json_add_number(document, "log_likelihood", fit->log_likelihood);
	json_add_number(document, "akaike", fit->akaike);
	json_add_bool(document, "converged", fit->converged);
	return json_print(document, stdout, err);
}

static int print_text(const struct fit *fit, const char *path)
{
	printf("%s, %zu returns, %s: ln L %.2f, Akaike's criterion %.2f\n", path, fit->returns, fit->type->name, fit->log_likelihood,
	       fit->akaike);
	for (size_t i = 0; i < parameter_count(fit->type); i++)
		if (isnan(fit->stderr_[i]))
			printf("  %-15s %.6g\n", fit->type->parameters[i].name, fit->value[i]);
		else
			printf("  %-15s %.6g ± %.2g\n", fit->type->parameters[i].name, fit->value[i], fit->stderr_[i]);
	printf("\nprocess: {type: %s", fit->type->name);
	for (size_t i = 0; i < parameter_count(fit->type); i++)
		printf(", %s: %.6g%s", fit->type->parameters[i].name, fit->value[i],
		       fit->type->parameters[i].flags & PARAMETER_DURATION ? "s" : "");
	puts("}");
	return 0;
}

/* What makes the answer doubtful, on stderr; true if anything does. */
static bool tell_doubts(const struct fit *fit)
{
	bool bounds = false;

	for (size_t i = 0; i < parameter_count(fit->type); i++)
		bounds = bounds || (isnan(fit->stderr_[i]) && fit->type != &process_garch);
	bounds = bounds || isnan(fit->stderr_[0]);
	if (fit->type == &process_garch && fit->uneven)
		fprintf(stderr, "pricelag fit: %zu of %zu returns are not %g s long, as most are: they were taken for bars all the same\n",
			fit->uneven, fit->returns, fit->value[4]);
	if (!fit->converged)
		fprintf(stderr, "pricelag fit: the search for the maximum did not settle: the series does not tell all parameters apart\n");
	if (bounds)
		fprintf(stderr, "pricelag fit: no standard errors: the likelihood is flat, or highest at the edge of what is allowed\n");
	return !fit->converged || bounds;
}

static void show_progress(unsigned evaluations)
{
	if (evaluations % 16 == 0)
		fprintf(stderr, "\rfit: %u evaluations of the likelihood", evaluations);
}

int cmd_fit(int argc, char **argv)
{
	struct arguments a = {0};
	struct series series;
	struct fit fit;
	bool doubtful = false;
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (a.oracle) {
		status = fit_oracle_print(a.prices, a.json, &doubtful, &err);
		goto out;
	}
	status = price_csv_read(a.prices, &series, &err);
	if (!status) {
		status = fit_process(a.type, &series, 0, isatty(STDERR_FILENO) ? show_progress : NULL, &fit, &err);
		if (isatty(STDERR_FILENO))
			fputs("\r\033[K", stderr);
		price_csv_free(&series);
	}
	if (!status)
		status = a.json ? print_json(&fit, a.prices, &err) : print_text(&fit, a.prices);
	if (!status)
		doubtful = tell_doubts(&fit);
out:
	if (status) {
		fprintf(stderr, "pricelag fit: %s\n", err.text);
		return EXIT_FAILED;
	}
	return doubtful ? EXIT_UNTRUSTED : EXIT_OK;
}
