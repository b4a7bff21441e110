// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a figure has to be read with: losses, and the clocks. */
#include <errno.h>

#include "output/loss_words.h"
#include "output/report_parts.h"

/* ---- losses ---- */

static const struct table_column columns[] = {
	{"source", "source", TABLE_LEFT}, {"counter", "name", TABLE_LEFT}, {"count", "count", TABLE_RIGHT},
	{"meaning", "meaning", TABLE_LEFT}};

static bool always(const struct report *report)
{
	(void)report;
	return true;
}

static int losses_write(struct report *report)
{
	struct table *lost = table_new(columns, 4), *all = table_new(columns, 4);
	sqlite3_stmt *rows = report_query(report, "SELECT source, name, count, is_loss FROM loss ORDER BY count > 0 DESC, source, name");
	size_t kinds = 0;
	uint64_t total = 0;
	int step = SQLITE_ERROR;

	while (rows && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		uint64_t count = (uint64_t)sqlite3_column_int64(rows, 2);
		bool is_loss = sqlite3_column_int(rows, 3);
		struct table *table = is_loss && count ? lost : all;

		kinds += is_loss;
		total += is_loss ? count : 0;
		table_text(table, column_text(rows, 0));
		table_text(table, column_text(rows, 1));
		table_count(table, count);
		table_text(table, loss_words(column_text(rows, 1)));
	}
	if (!kinds)
		report_say(report, "This session has no counters of losses: whether something was lost is not known.");
	else if (!table_rows(lost))
		report_say(report, "Nothing was lost: each of %zu counters of losses was kept, and each is zero.", kinds);
	else
		report_say(report, "%zu of %zu counters of losses are not zero; in all they counted %llu.", table_rows(lost), kinds,
			   (unsigned long long)total);
	if (table_rows(lost))
		html_table(report->out, lost);
	if (table_rows(all)) {
		fputs("<details><summary>All other counters</summary>\n", report->out);
		html_table(report->out, all);
		fputs("</details>\n", report->out);
	}
	table_free(lost);
	table_free(all);
	return rows ? report_query_end(report, rows, step) : -EIO;
}

const struct report_section report_section_losses = {"losses", "Losses", "Losses", always, losses_write};

/* ---- clock ---- */

struct clock_state {
	int64_t readings, bounded;
	int64_t first_mono_ns, first_real_ns, last_mono_ns, moved_ns;
};

static int load_clock(struct report *report, struct report_rows *errors, struct report_rows *moves,
		      struct clock_state *state)
{
	sqlite3_stmt *rows = report_query(report, "SELECT mono_ns, real_ns, half_width_ns, synchronized, max_error_ns FROM clock"
						  " ORDER BY mono_ns");
	int step = SQLITE_ERROR, status = rows ? 0 : -EIO;

	*state = (struct clock_state){0};
	while (!status && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		int64_t mono_ns = sqlite3_column_int64(rows, 0), real_ns = sqlite3_column_int64(rows, 1);
		int64_t values[2] = {sqlite3_column_int(rows, 3) ? column_ns(rows, 4) : TIME_UNKNOWN,
				     column_ns(rows, 2)};

		if (!state->readings++) {
			state->first_mono_ns = mono_ns;
			state->first_real_ns = real_ns;
		}
		state->bounded += values[0] != TIME_UNKNOWN;
		state->last_mono_ns = mono_ns;
		/* unsigned: what a hostile file holds may overflow, and must only be wrong */
		state->moved_ns = (int64_t)(((uint64_t)real_ns - (uint64_t)state->first_real_ns) -
					    ((uint64_t)mono_ns - (uint64_t)state->first_mono_ns));
		status = report_rows_add(errors, real_ns, values, report->err);
		if (!status)
			status = report_rows_add(moves, real_ns, &state->moved_ns, report->err);
	}
	if (status) {
		sqlite3_finalize(rows);
		return status;
	}
	return report_query_end(report, rows, step);
}

static void say_clock(struct report *report, const struct clock_state *state)
{
	static const char *const givers[CLOCK_SOURCES] = {
		[CLOCK_SOURCE_NONE] = "the session does not say by whom",
		[CLOCK_SOURCE_KERNEL] = "by the kernel, as its time daemon told it: it grows by 500 µs a second until the daemon's next word",
		[CLOCK_SOURCE_CHRONY] = "by chrony: |offset| + root dispersion + root delay / 2, grown by the clock's drift",
		[CLOCK_SOURCE_CHRONY_ENA] = "by chrony, plus what the network card says of its own clock",
	};
	int64_t utc_error = clockmap_utc_error_ns(report->clock);
	char bracket[FORMAT_MAX], moved[FORMAT_MAX], bound[FORMAT_MAX];

	if (report_is_replay(report)) {
		report_say(report, "The stamps are those of the captures, taken as UTC: no capture says how exact they are. What "
				   "lies between two stamps of one machine is as exact as the program that captured them.");
		return;
	}
	report_say(report, "The kernel's stamps were tied to UTC by %s, each exact to within ±%s. A latency inside this "
			   "machine lies between two stamps and carries at most twice that.",
		   report_plural(state->readings, "reading", moved, sizeof(moved)),
		   format_duration(clockmap_bracket_ns(report->clock), bracket, sizeof(bracket)));
	if (utc_error != TIME_UNKNOWN)
		report_say(report, "The system clock was synchronised throughout, and the bound on its distance from UTC was at most "
				   "±%s (%s): that much may be wrong in a latency from a publisher's clock or to a block's timestamp.",
			   format_duration(utc_error, bound, sizeof(bound)), givers[clockmap_source(report->clock)]);
	else
		report_say(report, "Nothing bounds the system clock's distance from UTC in %lld of %lld readings: a latency from a "
				   "publisher's clock or to a block's timestamp is off by an unknown amount. 'pricelag doctor' says how "
				   "to mend it.",
			   (long long)(state->readings - state->bounded), (long long)state->readings);
	if (state->readings > 1 && state->last_mono_ns > state->first_mono_ns)
		report_note(report, "Over the session UTC moved by %s against the monotonic clock (%.3g parts in a million).",
			    format_duration(state->moved_ns, moved, sizeof(moved)),
			    1e6 * (double)state->moved_ns / ((double)state->last_mono_ns - (double)state->first_mono_ns));
}

static int clock_write(struct report *report)
{
	static const char *const error_names[] = {"bound on the distance from UTC", "half-width of the reading"};
	static const char *const move_names[] = {"UTC against the monotonic clock"};
	struct json_object *spec = report_spec("time", "clock error");
	struct report_rows errors, moves = {0};
	struct clock_state state;
	int status = report_rows_init(&errors, 2, report->err);

	if (!status)
		status = report_rows_init(&moves, 1, report->err);
	if (!status)
		status = load_clock(report, &errors, &moves, &state);
	if (!status) {
		say_clock(report, &state);
		json_add_bool(spec, "lines", true);
		report_add_set(report, spec, "error", &errors, error_names, "readings");
		report_add_set(report, spec, "drift since the first reading", &moves, move_names, "readings");
	}
	if (!status && json_object_object_get(spec, "sets"))
		report_figure(report, spec);
	else
		json_object_put(spec);
	report_rows_free(&errors);
	report_rows_free(&moves);
	return status;
}

const struct report_section report_section_clock = {"clock", "Clock", "Clock", always, clock_write};
