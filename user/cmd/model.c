// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag model: bad debt under the measured latency. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/format.h"
#include "cmd/cmd.h"
#include "cmd/model_config.h"
#include "cmd/model_digest.h"
#include "cmd/model_print.h"
#include "margin/checkpoint.h"
#include "session/session.h"

struct arguments {
	const char *config, *session, *against, *output, *checkpoint;
	unsigned threads;
	int json, expected;
};

static const struct argp_option options[] = {
	{"config", 'c', "MODEL.yaml", 0, "prices, book, engine and delays (docs/model.md)", 0},
	{"session", 's', "S.db", 0, "where measured delays come from, unless the file says so itself", 0},
	{"against", 'a', "B.db", 0, "what another site would gain: the same with the delays of this session in place of --session's", 0},
	{"threads", 't', "N", 0, "default: one per processor; the result does not depend on it", 0},
	{"expected", 'e', NULL, 0, "expectations by closed form only, without paths and without the distribution (gbm, kou)", 0},
	{"checkpoint", 'k', "FILE", 0, "keep what is done there, and go on from there if it was stopped; removed when all is done", 0},
	{"json", 'j', NULL, 0, "one JSON document on stdout", 0},
	{"output", 'o', "R.json", 0, "write the JSON document to this file as well", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;
	char *end;
	long n;

	switch (key) {
	case 'c':
		a->config = arg;
		return 0;
	case 's':
		a->session = arg;
		return 0;
	case 'a':
		a->against = arg;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case 'k':
		a->checkpoint = arg;
		return 0;
	case 'e':
		a->expected = 1;
		return 0;
	case 'j':
		a->json = 1;
		return 0;
	case 't':
		n = strtol(arg, &end, 10);
		if (end == arg || *end || n < 1 || n > 1024)
			argp_error(state, "'%s' is not a number of threads from 1 to 1024", arg);
		a->threads = (unsigned)n;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not expected here", arg);
		return 0;
	case ARGP_KEY_END:
		if (!a->config)
			argp_error(state, "-c MODEL.yaml is missing");
		if (a->against && !a->session)
			argp_error(state, "--against B.db is compared with --session A.db, which is missing");
		if (a->checkpoint && a->expected)
			argp_error(state, "--expected draws no path: there is nothing to keep in a checkpoint");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options, parse, NULL,
	"Estimates the bad debt of a book of loans when liquidations are as late as was measured: by expectation where it is "
	"known given the path, by plain sampling beside it as a check. A protocol's rules, an oracle's policy, liquidity, gas, "
	"keepers, funds and controls are walked block by block. Ctrl-C gives the result so far; with --checkpoint the same "
	"command goes on from there.",
	NULL, NULL, NULL};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

struct progress {
	struct timespec started;
	double share; /* last told: a smaller one belongs to another run */
	double first; /* told first of this run: what a checkpoint had took no time */
};

/* What is done, and what is left if it goes on like this. */
static void show_progress(void *context, double share)
{
	struct progress *progress = context;
	struct timespec now;
	char left[FORMAT_MAX] = "";
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (share < progress->share) {
		progress->started = now;
		progress->first = share;
	}
	progress->share = share;
	seconds = (double)(now.tv_sec - progress->started.tv_sec) + 1e-9 * (double)(now.tv_nsec - progress->started.tv_nsec);
	if (share > progress->first + 0.02 || (share > progress->first && seconds > 5))
		format_duration(llround(1e9 * seconds * (1 - share) / (share - progress->first)), left, sizeof(left));
	fprintf(stderr, "\r\033[Kmodel: %3.0f %%%s%s", 100 * share, *left ? ", left: " : "", left);
}

static int write_file(const char *path, const struct model_answer *answer, struct error *err)
{
	FILE *file = fopen(path, "we");
	int status;

	if (!file)
		return error_set(err, -1, "%s: cannot be written: %m", path);
	status = model_print_json(answer, file, err);
	if (fclose(file) && !status)
		status = error_set(err, -1, "%s: cannot be written: %m", path);
	return status;
}

/* The same file once more, with the other session in the place of the first. */
static int find_gain(const struct arguments *a, const struct model_control *control, struct model_measured *measured,
		     struct model_answer *answer, struct error *err)
{
	struct gain_site sites[2] = {{&answer->model, answer->market.rules.type ? &answer->market : NULL}};
	struct requirement same;
	struct market market;
	struct model model;
	int status;

	measured->session = answer->against = a->against;
	status = model_config_load(&model, &market, &same, a->config, measured, err);
	if (status)
		return status;
	sites[1] = (struct gain_site){&model, market.rules.type ? &market : NULL};
	status = model_gain(sites, control, &answer->gain, err);
	market_free(&market, model.asset_count);
	model_free(&model);
	return status;
}

/* What it is worth that delays know of prices. */
static int find_apart(const struct model_control *control, struct model_answer *answer, struct error *err)
{
	struct model apart = answer->model;
	struct model_result result;
	struct market_result more;
	int status;

	apart.dependent_delays = DELAYS_INDEPENDENT;
	if (answer->market.rules.type)
		status = market_bad_debt(&answer->market, &apart, control, &result, &more, err);
	else
		status = model_run(&apart, control, &result, err);
	if (status)
		return status;
	answer->apart = (struct model_apart){true, result.bad_debt, result.es99, result.risks[1].es_stderr};
	answer->result.interrupted = answer->result.interrupted || result.interrupted;
	return 0;
}

/* What the file asks for, by what answers it. */
static int find_answer(const struct arguments *a, const struct model_control *control, struct model_measured *measured,
		       struct model_answer *answer, struct error *err)
{
	bool walked = answer->market.rules.type, required = answer->requirement.below > 0;
	int status;

	if (a->against && !measured->taken)
		return error_set(err, -EINVAL, "%s: no delay takes its samples from --session, so that --against would change nothing: name a "
				 "stage {type: empirical, from, to} without 'session' and 'csv'", a->config);
	if (a->expected && walked)
		return error_set(err, -EINVAL, "%s: a protocol's rules are walked block by block: leave --expected out", a->config);
	if (a->expected && required && answer->requirement.of == REQUIREMENT_ES99)
		return error_set(err, -EINVAL, "%s: requirement: es99 is seen on paths only: leave --expected out, or keep the mean", a->config);
	if (walked)
		status = market_run(&answer->market, &answer->model, control, &answer->result, &answer->more, err);
	else
		status = a->expected ? model_expect(&answer->model, control, &answer->result, err) :
				       model_run(&answer->model, control, &answer->result, err);
	if (!status && answer->model.dependent_delays != DELAYS_INDEPENDENT && !answer->result.interrupted)
		status = find_apart(control, answer, err);
	if (!status && required && !answer->result.interrupted)
		status = model_requirement(&answer->model, walked ? &answer->market : NULL, &answer->requirement, control, &answer->required, err);
	answer->result.interrupted = answer->result.interrupted || (required && isnan(answer->required.threshold_scale) && stop);
	if (!status && a->against && !answer->result.interrupted) {
		status = find_gain(a, control, measured, answer, err);
		answer->result.interrupted = answer->gain.interrupted;
	}
	return status;
}

#define SAMPLES_OF_P99 299 /* 0.99^299 < 5 %: below, the largest sample does not bound the 99th percentile */

/* Where the tail of the delay decides, it has to be known. Appended to the doubts. */
static void doubt_tail(const struct model_answer *answer, struct model_measured *measured)
{
	for (int i = 0; answer->result.tail_dominated && i < DELAY_STAGES; i++) {
		const struct delay_law *law = &answer->model.delays[i];
		size_t used = strlen(measured->doubts);

		if (law->sample_count && law->sample_count < SAMPLES_OF_P99 && !law->tail.count)
			snprintf(measured->doubts + used, sizeof(measured->doubts) - used,
				 "delay.%s: the slowest delays decide here, and %zu samples do not bound the slowest 1 %% of them (%d do)\n",
				 delay_stage_names[i], law->sample_count, SAMPLES_OF_P99);
	}
}

/* What speaks against what was printed, on stderr; the exit status. */
static int conclude(const struct arguments *a, const struct model_result *result, char *doubts)
{
	int status = result->interrupted || *doubts ? EXIT_UNTRUSTED : EXIT_OK;
	char *line;

	if (result->interrupted)
		fprintf(stderr, "pricelag model: stopped after %llu paths: the errors are those of these paths%s%s\n",
			(unsigned long long)result->paths, a->checkpoint ? "; the same command goes on from " : "",
			a->checkpoint ? a->checkpoint : "");
	while ((line = strsep(&doubts, "\n")))
		if (*line)
			fprintf(stderr, "pricelag model: %s\n", line);
	return status;
}

static int open_checkpoint(const struct arguments *a, struct checkpoint **out, struct error *err)
{
	uint64_t question;

	if (model_digest(a->config, a->session, a->against, &question, err) || checkpoint_open(out, a->checkpoint, question, err))
		return -EINVAL;
	if (checkpoint_found(*out))
		fprintf(stderr, "pricelag model: goes on from %s\n", a->checkpoint);
	return 0;
}

/* What is done stays there unless all is. */
static void close_checkpoint(const struct arguments *a, struct checkpoint *checkpoint, bool finished)
{
	int failure = checkpoint ? checkpoint_failure(checkpoint) : 0;

	if (failure)
		fprintf(stderr, "pricelag model: %s: cannot be written: %s; what was done since is not in it\n", a->checkpoint, strerror(-failure));
	checkpoint_close(checkpoint, finished);
}

int cmd_model(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	bool terminal = isatty(STDERR_FILENO);
	struct progress progress = {.share = 2}; /* any is smaller */
	struct model_control control = {.stop = &stop, .progress = terminal ? show_progress : NULL, .context = &progress};
	struct arguments a = {0};
	static struct model_answer answer;
	struct model_measured measured = {.session = NULL};
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	control.threads = a.threads;
	measured.session = a.session;
	if (a.output && session_is_database(a.output))
		status = error_set(&err, -EEXIST, "%s is a database, perhaps a recording, and is not overwritten; give another name "
				   "with -o", a.output);
	else
		status = model_config_load(&answer.model, &answer.market, &answer.requirement, a.config, &measured, &err);
	if (!status && a.checkpoint && open_checkpoint(&a, &control.checkpoint, &err)) {
		status = -EINVAL;
		market_free(&answer.market, answer.model.asset_count);
		model_free(&answer.model);
	}
	if (!status) {
		sigaction(SIGINT, &action, NULL);
		clock_gettime(CLOCK_MONOTONIC, &progress.started);
		status = find_answer(&a, &control, &measured, &answer, &err);
		if (terminal)
			fputs("\r\033[K", stderr);
		if (!status && a.json)
			status = model_print_json(&answer, stdout, &err);
		else if (!status)
			status = model_print_text(&answer, stdout, &err);
		if (!status && a.output)
			status = write_file(a.output, &answer, &err);
		close_checkpoint(&a, control.checkpoint, !status && !stop);
		doubt_tail(&answer, &measured);
		market_free(&answer.market, answer.model.asset_count);
		model_free(&answer.model);
	}
	if (status) {
		fprintf(stderr, "pricelag model: %s\n", err.text);
		return EXIT_FAILED;
	}
	return conclude(&a, &answer.result, measured.doubts);
}
