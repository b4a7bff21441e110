// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag record: attach, subscribe, collect, store. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "cmd/cmd.h"
#include "cmd/recorder.h"
#include "cmd/summary.h"

struct arguments {
	const char *site, *output;
	int64_t duration_ns;
};

static const struct argp_option options[] = {
	{"config", 'c', "SITE.yaml", 0, "what to measure (docs/site.md)", 0},
	{"output", 'o', "S.db", 0, "session file to create; default: SITE-YYYYMMDD-HHMMSS.db", 0},
	{"duration", 'd', "TIME", 0, "stop after this long, e.g. 90s or 2h; default: until Ctrl-C", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'c':
		a->site = arg;
		return 0;
	case 'o':
		a->output = arg;
		return 0;
	case 'd':
		if (duration_parse(arg, &a->duration_ns))
			argp_error(state, "'%s' is not a duration; write a number with ms, s, m, h or d", arg);
		if (a->duration_ns <= 0)
			argp_error(state, "a recording of '%s' would record nothing; without -d it lasts until Ctrl-C", arg);
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not expected here", arg);
		return 0;
	case ARGP_KEY_END:
		if (!a->site)
			argp_error(state, "-c SITE.yaml is missing");
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options, parse, NULL,
	"Stamps the packets of the configured feeds in the kernel, subscribes where the site file says so, watches the "
	"chains, and stores everything in one session file. Needs root (CAP_BPF, CAP_NET_ADMIN) to attach, and gives it "
	"up right after. Packets are never dropped, changed or delayed.",
	NULL, NULL, NULL};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void default_output(const struct site *site, char *out, size_t size)
{
	time_t now = time(NULL);
	struct tm utc;
	char stamp[32];

	gmtime_r(&now, &utc);
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &utc);
	snprintf(out, size, "%s-%s.db", site->name, stamp);
	for (char *c = out; *c; c++)
		if (*c == '/')
			*c = '_';
}

int cmd_record(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct arguments a = {0};
	struct recorder *recorder;
	char output[256];
	struct site site;
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	if (site_load(&site, a.site, &err)) {
		fprintf(stderr, "pricelag record: %s\n", err.text);
		return EXIT_FAILED;
	}
	default_output(&site, output, sizeof(output));
	if (a.output)
		snprintf(output, sizeof(output), "%s", a.output);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	status = recorder_open(&recorder, &site, output, a.duration_ns, &err);
	if (!status) {
		struct error close_err;
		int closed;

		fprintf(stderr, "recording to %s; stop with Ctrl-C\n", output);
		status = recorder_run(recorder, &stop, &err);
		closed = recorder_close(recorder, &close_err);
		if (!status && closed) {
			status = closed;
			err = close_err;
		}
	}
	site_free(&site);
	if (status) {
		fprintf(stderr, "pricelag record: %s\n", err.text);
		return EXIT_FAILED;
	}
	return summary_print(output);
}
