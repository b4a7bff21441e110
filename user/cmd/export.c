// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag export: one table of a session, row by row, for other tools; or its packets, for Wireshark. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/format.h"
#include "cmd/cmd.h"
#include "cmd/export_packets.h"
#include "cmd/session_arguments.h"
#include "latency/latency.h"
#include "output/json_out.h"
#include "output/table.h"
#include "session/session.h"

enum format { FORMAT_CSV, FORMAT_JSONL, FORMAT_PCAPNG, FORMATS };
static const char *const format_names[FORMATS] = {"csv", "jsonl", "pcapng"};

struct arguments {
	struct session_arguments common;
	const char *table, *out;
	enum format format;
	struct export_packets packets;
	bool untrusted; /* of what was written: the reason is on stderr */
};

static const struct argp_option options[] = {
	{"table", 't', "TABLE", 0, "the table; without it the tables are listed", 0},
	{"format", 'f', "FORMAT", 0, "csv (RFC 4180, unknown is empty; the default), jsonl (one JSON object a line), or pcapng", 0},
	{"output", 'o', "FILE", 0, "a file that does not exist yet, instead of stdout", 0},
	{0, 0, 0, 0, "Of pcapng:", 1},
	{"site", 'c', "SITE.yaml", 0, "the site that the session was replayed with", 1},
	{"packets", 'p', "FILE", 0, "a capture that the session was replayed from; may be given again (default: those that it names)", 1},
	{"keylog", 'k', "FILE", 0, "TLS secrets, as for replay", 1},
	{0},
};

/* What belongs to the other kind of export. */
static void check(const struct arguments *a, struct argp_state *state)
{
	const struct export_packets *packets = &a->packets;

	if (a->format != FORMAT_PCAPNG && (packets->site || packets->file_count || packets->keylog))
		argp_error(state, "--site, --packets and --keylog belong to --format pcapng");
	if (a->format == FORMAT_PCAPNG && a->table)
		argp_error(state, "--format pcapng writes packets, not a table: leave out --table %s", a->table);
	if (a->format == FORMAT_PCAPNG && !packets->site)
		argp_error(state, "-c SITE.yaml is missing: it says which packets are whose");
	if (a->format == FORMAT_PCAPNG && !a->out && isatty(STDOUT_FILENO))
		argp_error(state, "-o FILE is missing: a capture is not for a terminal");
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 't':
		a->table = arg;
		return 0;
	case 'f':
		for (a->format = 0; a->format < FORMATS; a->format++)
			if (!strcmp(arg, format_names[a->format]))
				return 0;
		argp_error(state, "--format %s: there are csv, jsonl and pcapng", arg);
		return EINVAL;
	case 'c':
		a->packets.site = arg;
		return 0;
	case 'k':
		a->packets.keylog = arg;
		return 0;
	case 'p':
		a->packets.files = realloc(a->packets.files, (a->packets.file_count + 1) * sizeof(*a->packets.files));
		if (!a->packets.files)
			argp_failure(state, EXIT_FAILED, ENOMEM, "--packets");
		a->packets.files[a->packets.file_count++] = arg;
		return 0;
	case 'o':
		a->out = arg;
		return 0;
	case ARGP_KEY_END:
		check(a, state);
	}
	return session_parse(&a->common, &one_session, key, arg, state);
}

static const struct argp argp = {
	options, parse, "S.db",
	"A table of a session as CSV or JSON Lines, or the packets of a replayed session as pcapng. Tables and columns are "
	"explained in docs/session.md."
	"\vTimes are integers of ns as they are stored: *_ns in UTC, *_mono_ns of the recording machine's monotonic clock.\n\n"
	"A session holds no packets. pcapng reads the captures of a replayed session once more, and writes every packet of a "
	"feed, a chain or the keeper with comments that Wireshark shows and finds (frame.comment contains \"stage=wire\"): "
	"whose it is, which slot, set, block or message, and the stage for which it stands. For packets beside a live "
	"recording capture them with tcpdump or dumpcap meanwhile, replay the capture, and export from that session.",
	NULL, NULL, NULL};

/* Calls back with the name of each table; SQLite's own start with sqlite_. */
static const char tables_query[] = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE"
				   " '!' ORDER BY name";

/* Whether the table is there; `names` gets the list of all. */
static bool find_table(sqlite3 *db, const char *table, char *names, size_t size)
{
	sqlite3_stmt *rows = NULL;
	bool found = false;

	names[0] = '\0';
	if (sqlite3_prepare_v2(db, tables_query, -1, &rows, NULL) == SQLITE_OK) {
		while (sqlite3_step(rows) == SQLITE_ROW) {
			const char *name = (const char *)sqlite3_column_text(rows, 0);

			if (!name)
				continue;
			snprintf(names + strlen(names), size - strlen(names), "%s%s", names[0] ? ", " : "", name);
			found = found || (table && !strcmp(table, name));
		}
	}
	sqlite3_finalize(rows);
	return found;
}

static void csv_value(FILE *out, sqlite3_stmt *row, int column)
{
	char number[FORMAT_MAX];

	switch (sqlite3_column_type(row, column)) {
	case SQLITE_NULL:
		break;
	case SQLITE_INTEGER:
		fprintf(out, "%" PRId64, (int64_t)sqlite3_column_int64(row, column));
		break;
	case SQLITE_FLOAT:
		fputs(format_number(sqlite3_column_double(row, column), number, sizeof(number)), out);
		break;
	default:
		csv_field(out, (const char *)sqlite3_column_text(row, column));
	}
}

static void write_csv_row(FILE *out, sqlite3_stmt *row)
{
	for (int i = 0; i < sqlite3_column_count(row); i++) {
		if (i)
			fputc(',', out);
		csv_value(out, row, i);
	}
	fputs("\r\n", out);
}

static void write_csv_head(FILE *out, sqlite3_stmt *row)
{
	for (int i = 0; i < sqlite3_column_count(row); i++) {
		if (i)
			fputc(',', out);
		csv_field(out, sqlite3_column_name(row, i));
	}
	fputs("\r\n", out);
}

static struct json_object *json_value(sqlite3_stmt *row, int column)
{
	switch (sqlite3_column_type(row, column)) {
	case SQLITE_NULL:
		return NULL;
	case SQLITE_INTEGER:
		return json_object_new_int64(sqlite3_column_int64(row, column));
	case SQLITE_FLOAT:
		return json_number(sqlite3_column_double(row, column));
	default:
		return json_string((const char *)sqlite3_column_text(row, column));
	}
}

/* One line: json-c escapes newlines. Out of memory ends the process, as everywhere in json_out.h. */
static void write_json_row(FILE *out, sqlite3_stmt *row)
{
	struct json_object *object = json_object_new_object();
	const char *text;

	for (int i = 0; i < sqlite3_column_count(row); i++)
		json_add(object, sqlite3_column_name(row, i), json_value(row, i));
	text = json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	if (!text)
		abort();
	fputs(text, out);
	fputc('\n', out);
	json_object_put(object);
}

static int write_table(sqlite3 *db, const struct arguments *a, FILE *out, struct error *err)
{
	char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", a->table);
	sqlite3_stmt *row = NULL;
	int step = SQLITE_ERROR;

	if (sql && sqlite3_prepare_v2(db, sql, -1, &row, NULL) == SQLITE_OK) {
		if (a->format == FORMAT_CSV)
			write_csv_head(out, row);
		while (!ferror(out) && (step = sqlite3_step(row)) == SQLITE_ROW) {
			if (a->format == FORMAT_CSV)
				write_csv_row(out, row);
			else
				write_json_row(out, row);
		}
	}
	sqlite3_free(sql);
	sqlite3_finalize(row);
	if (ferror(out) || fflush(out))
		return error_set(err, -EIO, "%s cannot be written: %s", a->out ? a->out : "stdout", strerror(errno));
	if (step != SQLITE_DONE)
		return error_set(err, -EIO, "%s: table %s: %s", a->common.files[0], a->table, sqlite3_errmsg(db));
	return 0;
}

static int write_any(sqlite3 *db, struct arguments *a, FILE *out, struct error *err)
{
	if (a->format == FORMAT_PCAPNG)
		return export_packets(db, a->common.files[0], &a->packets, out, a->out ? a->out : "stdout", &a->untrusted, err);
	return write_table(db, a, out, err);
}

/* A file is made new: an export never replaces one, least of all the session. What was not written to its end is removed. */
static int write_file(sqlite3 *db, struct arguments *a, struct error *err)
{
	int fd = open(a->out, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644), status;
	FILE *out;

	if (fd < 0)
		return error_set(err, -errno, "%s: %s; give another name with -o", a->out, strerror(errno));
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		status = error_set(err, -ENOMEM, "%s: out of memory", a->out);
	} else {
		status = write_any(db, a, out, err);
		if (fclose(out) && !status)
			status = error_set(err, -errno, "%s cannot be written: %s", a->out, strerror(errno));
	}
	if (status)
		unlink(a->out);
	return status;
}

int cmd_export(int argc, char **argv)
{
	struct arguments a = {0};
	sqlite3 *db = NULL;
	struct error err;
	char names[1024];
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = session_open_read(&db, a.common.files[0], &err);
	if (!status && a.format != FORMAT_PCAPNG && !find_table(db, a.table, names, sizeof(names))) {
		fprintf(stderr, "pricelag export: %s%s%s; the tables are %s\n", a.table ? "there is no table '" : "--table is missing",
			a.table ? a.table : "", a.table ? "'" : "", names);
		sqlite3_close(db);
		return EXIT_USAGE;
	}
	if (!status && a.table && !strncmp(a.table, "timeline", 8))
		status = join_if_needed(db, &err);
	if (!status)
		status = a.out ? write_file(db, &a, &err) : write_any(db, &a, stdout, &err);
	if (status)
		fprintf(stderr, "pricelag export: %s\n", err.text);
	free(a.packets.files);
	sqlite3_close(db);
	return status ? EXIT_FAILED : a.untrusted ? EXIT_UNTRUSTED : EXIT_OK;
}
