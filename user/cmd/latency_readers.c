// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag latency: how long packets waited for the processes that they were for. */
#include <errno.h>
#include <stdio.h>

#include "cmd/latency_print.h"
#include "latency/readers.h"
#include "output/json_out.h"
#include "output/reader_table.h"

#define SHOWN_MAX 40 /* of a process that connects anew for each request there may be thousands; --json has all */

int latency_print_readers(sqlite3 *db, const char *only_feed, struct error *err)
{
	struct reader_list readers;
	struct table *table;
	int status = readers_load(db, only_feed, &readers, err);

	if (status || !readers.count)
		return status;
	puts("\nprocesses that read what came for them (wire to app: until the process read the packet's last byte):");
	table = reader_table(readers.items, readers.count < SHOWN_MAX ? readers.count : SHOWN_MAX);
	status = table_finish(table, false, err);
	if (readers.count > SHOWN_MAX)
		printf("and %zu connections more (--json has all)\n", readers.count - SHOWN_MAX);
	readers_free(&readers);
	return status;
}

static struct json_object *to_json(const struct reader_summary *reader)
{
	struct json_object *item = json_object_new_object();

	json_add_name(item, "feed", reader->feed);
	json_add_text(item, "protocol", reader->protocol);
	json_add_name(item, "local", reader->local);
	json_add_count(item, "local_port", reader->local_port);
	json_add_name(item, "remote", reader->remote);
	if (reader->remote_port)
		json_add_count(item, "remote_port", reader->remote_port);
	else
		json_add_name(item, "remote_port", NULL);
	json_add_count(item, "pid", reader->pid);
	json_add_text(item, "comm", reader->comm);
	json_add_text(item, "from", "wire");
	json_add_text(item, "to", "app");
	json_add_count(item, "count", reader->count);
	json_add_count(item, "bytes", reader->bytes);
	json_add_count(item, "censored", reader->censored);
	json_add_ns(item, "p50_ns", reader->wait[READER_P50].ns);
	json_add_ns(item, "p90_ns", reader->wait[READER_P90].ns);
	json_add_ns(item, "p99_ns", reader->wait[READER_P99].ns);
	json_add_ns(item, "max_ns", reader->max_ns);
	json_add_ns_pair(item, "p50_ci95_ns", reader->wait[READER_P50].ci95_ns);
	json_add_ns_pair(item, "p99_ci95_ns", reader->wait[READER_P99].ci95_ns);
	return item;
}

int latency_json_readers(struct json_object *document, sqlite3 *db, const char *only_feed, struct error *err)
{
	struct json_object *list = json_object_new_array();
	struct reader_list readers;
	int status = readers_load(db, only_feed, &readers, err);

	for (size_t i = 0; i < readers.count; i++)
		json_object_array_add(list, to_json(&readers.items[i]));
	json_add(document, "readers", list);
	readers_free(&readers);
	return status;
}
