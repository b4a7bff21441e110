// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/reader_table.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},
	{"process", "process", TABLE_LEFT},
	{"protocol", "protocol", TABLE_LEFT},
	{"local", "local", TABLE_LEFT},
	{"remote", "remote", TABLE_LEFT},
	{"packets", "count", TABLE_RIGHT},
	{"bytes", "bytes", TABLE_RIGHT},
	{"wire to app p50", "p50_ns", TABLE_RIGHT},
	{"(95 %)", "p50_ci95_ns", TABLE_LEFT},
	{"p90", "p90_ns", TABLE_RIGHT},
	{"p99", "p99_ns", TABLE_RIGHT},
	{"max", "max_ns", TABLE_RIGHT},
	{"unread", "censored", TABLE_RIGHT},
};

const char *reader_process(const struct reader_summary *reader, char out[READER_TEXT_MAX])
{
	snprintf(out, READER_TEXT_MAX, "%s (%" PRIu32 ")", reader->comm, reader->pid);
	return out;
}

const char *reader_address(const char *address, uint16_t port, char out[READER_TEXT_MAX])
{
	bool v6 = strchr(address, ':');

	out[0] = '\0';
	if (port)
		snprintf(out, READER_TEXT_MAX, "%s%s%s:%u", v6 ? "[" : "", address[0] ? address : "*", v6 ? "]" : "", port);
	return out;
}

struct table *reader_table(const struct reader_summary *readers, size_t count)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));
	char text[READER_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		const struct reader_summary *reader = &readers[i];

		table_text(table, reader->feed);
		table_text(table, reader_process(reader, text));
		table_text(table, reader->protocol);
		table_text(table, reader_address(reader->local, reader->local_port, text));
		table_text(table, reader_address(reader->remote, reader->remote_port, text));
		table_count(table, reader->count);
		table_count(table, reader->bytes);
		table_duration(table, reader->wait[READER_P50].ns);
		table_interval(table, reader->wait[READER_P50].ci95_ns);
		table_duration(table, reader->wait[READER_P90].ns);
		table_duration(table, reader->wait[READER_P99].ns);
		table_duration(table, reader->max_ns);
		table_count(table, reader->censored);
	}
	return table;
}
