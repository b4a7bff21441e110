// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Processes that are not ours: how long packets waited for them. */
#include <string.h>

#include "output/reader_table.h"
#include "output/report_parts.h"

#define SHOWN_MAX 40 /* connections in the table */
static const char *const names[] = {"wire → app"};

static bool readers_present(const struct report *report)
{
	return report_integer(report, "SELECT count(*) FROM packet_read") > 0;
}

/* The waits of one feed over time. */
static int add_feed(struct report *report, const char *feed, struct json_object *spec)
{
	static const char sql[] = "SELECT p.wire_mono_ns, p.app_mono_ns FROM packet_read p JOIN reader r ON r.id = p.reader_id"
				  " JOIN feed f ON f.id = r.feed_id WHERE f.name = ?1 ORDER BY p.wire_mono_ns";
	struct report_rows rows;
	int status = report_rows_init(&rows, 1, report->err), step = SQLITE_ERROR;
	sqlite3_stmt *packets = status ? NULL : report_query(report, sql);

	if (!status && !packets)
		status = report_query_end(report, NULL, step);
	if (packets) {
		sqlite3_bind_text(packets, 1, feed, -1, SQLITE_STATIC);
		while (!status && (step = sqlite3_step(packets)) == SQLITE_ROW) {
			int64_t wire_ns = column_ns(packets, 0);
			int64_t wait_ns = report_difference(wire_ns, column_ns(packets, 1));

			status = report_rows_add(&rows, clockmap_utc(report->clock, wire_ns), &wait_ns, report->err);
		}
		if (status)
			sqlite3_finalize(packets);
		else
			status = report_query_end(report, packets, step);
	}
	if (!status)
		report_add_set(report, spec, feed, &rows, names, "packets");
	report_rows_free(&rows);
	return status;
}

static void say(struct report *report, const struct reader_summary *reader)
{
	char p50[FORMAT_MAX], max[FORMAT_MAX], process[READER_TEXT_MAX], count[64];

	if (reader->count)
		report_say(report, "%s: %s read %s; half of them within %s of their arrival, all within %s.", reader->feed,
			   reader_process(reader, process), report_plural((int64_t)reader->count, "packet", count, sizeof(count)),
			   format_duration(reader->wait[READER_P50].ns, p50, sizeof(p50)),
			   format_duration(reader->max_ns, max, sizeof(max)));
}

static int readers_write(struct report *report)
{
	struct json_object *spec = report_spec("time", "time");
	struct reader_list readers;
	int status = readers_load(report->db, NULL, &readers, report->err);
	struct table *table;

	report_note(report, "Programs that have connections of their own. Nothing was decrypted: the kernel told when they read, and up to "
			    "which byte.");
	/* A feed's readers stand together, the one with the most packets first. */
	for (size_t i = 0; i < readers.count && !status; i++) {
		if (i && !strcmp(readers.items[i].feed, readers.items[i - 1].feed))
			continue;
		say(report, &readers.items[i]);
		status = add_feed(report, readers.items[i].feed, spec);
	}
	if (!status && json_object_object_get(spec, "sets"))
		report_figure(report, spec);
	else
		json_object_put(spec);
	if (!status) {
		table = reader_table(readers.items, readers.count < SHOWN_MAX ? readers.count : SHOWN_MAX);
		html_table(report->out, table);
		table_free(table);
	}
	readers_free(&readers);
	return status;
}

const struct report_section report_section_readers = {"readers", "Readers", "Processes that read", readers_present, readers_write};
