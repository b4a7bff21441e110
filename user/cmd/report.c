// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag report: a session as one self-contained HTML page. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "cmd/model_result.h"
#include "cmd/session_arguments.h"
#include "output/json_out.h"
#include "output/report.h"
#include "session/session.h"

struct arguments {
	struct session_arguments common;
	const char *model, *output;
};

static const struct argp_option options[] = {
	{"output", 'o', "FILE", 0, "the page; '-' is standard output", 0},
	{"model", 'm', "R.json", 0, "result of 'pricelag model --json' to show with it", 0},
	{"json", 'j', NULL, 0, "say what was written as JSON on stdout (schema pricelag.report/1)", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'o':
		a->output = arg;
		return 0;
	case 'm':
		a->model = arg;
		return 0;
	case ARGP_KEY_END:
		if (!a->output)
			argp_error(state, "-o FILE is missing: where the page goes");
		if (a->common.json && !strcmp(a->output, "-"))
			argp_error(state, "--json and '-o -' both want standard output");
	}
	return session_parse(&a->common, &one_session, key, arg, state);
}

static const struct argp argp = {
	options, parse, "S.db -o report.html",
	"A session as one page of HTML: the arbitrage window, every stage pair, each update, losses and clocks, as tables and as "
	"plots that zoom. The file is complete in itself and asks the network for nothing when it is opened."
	"\vThe figures are those of 'pricelag latency' and the other commands. Exit status 3: the page is written, but its "
	"figures are not to be trusted as they stand; the reasons are on stderr and at the top of the page.",
	NULL, NULL, NULL};

/* Into a file beside the target and then over it: a page that is there is replaced by a whole one, or stays. */
static int write_file(sqlite3 *db, struct json_object *model, const char *path, char *reasons, size_t reasons_size,
		      struct error *err)
{
	char *temporary = NULL;
	FILE *out;
	int status;

	if (!strcmp(path, "-"))
		return report_write(db, model, stdout, reasons, reasons_size, err);
	if (session_is_database(path))
		return error_set(err, -EEXIST, "%s is a database, perhaps a recording, and is not overwritten; give another name "
				 "with -o", path);
	if (asprintf(&temporary, "%s.part", path) < 0)
		return error_set(err, -ENOMEM, "out of memory");
	out = fopen(temporary, "w");
	if (!out) {
		status = error_set(err, -errno, "%s: %s; give another place with -o", temporary, strerror(errno));
		free(temporary);
		return status;
	}
	status = report_write(db, model, out, reasons, reasons_size, err);
	if (fclose(out) && !status)
		status = error_set(err, -errno, "%s: %s", temporary, strerror(errno));
	if (!status && rename(temporary, path))
		status = error_set(err, -errno, "%s: %s", path, strerror(errno));
	if (status)
		unlink(temporary);
	free(temporary);
	return status;
}

static int say_json(const char *path, bool trusted, struct error *err)
{
	struct json_object *document = json_document("pricelag.report/1");

	json_add_text(document, "path", path);
	json_add_bool(document, "trusted", trusted);
	return json_print(document, stdout, err);
}

/* Line by line, because names in them come from the network and may hold anything. */
static void say_reasons(char *reasons)
{
	char *save = NULL;

	for (char *line = strtok_r(reasons, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *printable = text_printable(line);

		fprintf(stderr, "%s\n", printable ? printable : "(out of memory)");
		free(printable);
	}
}

int cmd_report(int argc, char **argv)
{
	struct arguments a = {0};
	struct json_object *model = NULL;
	sqlite3 *db = NULL;
	struct error err;
	char reasons[4096] = "";
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = session_open_read(&db, a.common.files[0], &err);
	if (!status && a.model)
		status = model_result_read(a.model, &model, &err);
	if (!status)
		status = write_file(db, model, a.output, reasons, sizeof(reasons), &err);
	if (!status && a.common.json)
		status = say_json(a.output, !*reasons, &err);
	json_object_put(model);
	sqlite3_close(db);
	if (status) {
		fprintf(stderr, "pricelag report: %s\n", err.text);
		return EXIT_FAILED;
	}
	if (*reasons) {
		fflush(stdout);
		fputs("Written, but not to be trusted as it stands:\n", stderr);
		say_reasons(reasons);
		return EXIT_UNTRUSTED;
	}
	return EXIT_OK;
}
