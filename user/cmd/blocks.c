// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag blocks: each block as it arrived, and what of it did not. */
#include <stdbool.h>
#include <stdio.h>

#include "cmd/blocks_flows.h"
#include "cmd/blocks_told.h"
#include "cmd/blocks_transactions.h"
#include "cmd/cmd.h"
#include "cmd/losses.h"
#include "cmd/session_arguments.h"
#include "latency/blocks.h"
#include "output/json_out.h"
#include "output/table.h"
#include "session/session.h"

struct arguments {
	struct session_arguments common;
	bool transactions;
};

static const struct argp_option options[] = {
	OPTION_JSON("pricelag.blocks/1", 0),
	OPTION_CSV(0),
	{"transactions", 't', NULL, 0, "instead, the transactions that the feeds' watches found in Solana blocks (JSON: "
				       "schema pricelag.block_transactions/1)", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 't':
		a->transactions = true;
		return 0;
	}
	return session_parse(&a->common, &one_session, key, arg, state);
}

static const struct argp argp = {
	options, parse, "S.db",
	"Per block and feed: the first packet, the packet with which the whole block could be decoded, the last packet, and "
	"what is missing."
	"\vA block is complete when its last shred was seen and every FEC set up to it is decodable (32 of its 64 shreds). "
	"The last shred often never arrives: a block whose sets are all decodable, without a hole, but whose end was not "
	"seen is neither complete nor incomplete (\"unknown\", null in JSON). 'decodable' is when the last of the sets "
	"became so, and is empty for an incomplete block. 'behind' is the distance to the feed that had the first packet "
	"of the same slot first: 0 for that feed. 'tick' is the highest reference tick seen, the leader's own clock in 64ths "
	"of a slot: 63 says that it sent until the slot's end.\n\n"
	"Feeds other than solana-shred bring their blocks in messages, as chains' nodes do (newHeads), and have a table of their own behind that of the "
	"slots (in CSV after an empty line): a block is what messages of one hash, or without a hash one number, speak of. "
	"'first packet' is the first signal of it, of any kind; 'whole after' when a message with all of the block was "
	"complete (decodable_ns in JSON); 'enough after' when the smallest number of distinct parts that may do was there "
	"(enough_ns): the code of RaptorCast sometimes needs a few more, so that it is a bound and not a promise.\n\n"
	"Packets of feeds that can only be counted (ethereum-flows) come last, by kind: they say nothing of blocks.\n\n"
	"--transactions, with the quantiles of each watch at the end: 'block wire' is when the last of the packets with the transaction's bytes had come (or, where one "
	"did not, when its FEC set could be decoded): the earliest moment at which this machine could know it. 'readable "
	"after' is how much longer the packets before it in its batch took. 'after oracle' is how long before that a feed of "
	"the session had brought the very price (id, key and digits) that the transaction posts. Whether the transaction "
	"succeeded is not in the block.",
	NULL, NULL, NULL};

static struct json_object *state_json(enum block_state state)
{
	return state == BLOCK_UNKNOWN ? NULL : json_object_new_boolean(state == BLOCK_COMPLETE);
}

static int print_json(sqlite3 *db, const struct block_list *list, const struct told_blocks *told, struct error *err)
{
	struct json_object *document = json_document("pricelag.blocks/1"), *blocks = json_object_new_array(), *flows;
	int status;

	for (size_t i = 0; i < list->count; i++) {
		const struct block *block = &list->items[i];
		struct json_object *item = json_object_new_object();

		json_add_name(item, "feed", block->feed);
		json_add_count(item, "number", block->number);
		json_add_ns(item, "first_ns", block->first_ns);
		json_add_ns(item, "decodable_ns", block->decodable_ns);
		json_add_ns(item, "last_ns", block->last_ns);
		json_add_count(item, "packets", block->packets);
		json_add_count(item, "duplicates", block->duplicates);
		json_add_count(item, "repairs", block->repairs);
		json_add_count(item, "data", block->data);
		json_add_count(item, "code", block->code);
		json_add_count(item, "sets", block->sets);
		json_add_count(item, "sets_decodable", block->sets_decodable);
		json_add_count(item, "sets_missing", block->sets_missing);
		json_add_ns(item, "last_index", block->last_index < 0 ? TIME_UNKNOWN : block->last_index);
		json_add(item, "complete", state_json(block->state));
		json_add_ns(item, "behind_ns", block->behind_ns);
		json_add_ns(item, "tick", block->tick < 0 ? TIME_UNKNOWN : block->tick);
		json_add(item, "entries", block->has_content ? json_object_new_uint64(block->entries) : NULL);
		json_add(item, "transactions", block->has_content ? json_object_new_uint64(block->transactions) : NULL);
		json_add_ns(item, "published_ns", block->published_ns);
		json_object_array_add(blocks, item);
	}
	told_blocks_json(told, blocks);
	json_add(document, "blocks", blocks);
	status = flows_json(db, &flows, err);
	if (status) {
		json_object_put(document);
		return status;
	}
	json_add(document, "flows", flows);
	return json_print_session(document, db, err);
}

static const struct table_column columns[] = {
	{"slot", "number", TABLE_RIGHT},
	{"feed", "feed", TABLE_LEFT},
	{"first packet", "first_ns", TABLE_LEFT},
	{"decodable after", "decodable_after_ns", TABLE_RIGHT},
	{"last after", "last_after_ns", TABLE_RIGHT},
	{"behind", "behind_ns", TABLE_RIGHT},
	{"packets", "packets", TABLE_RIGHT},
	{"duplicates", "duplicates", TABLE_RIGHT},
	{"data", "data", TABLE_RIGHT},
	{"code", "code", TABLE_RIGHT},
	{"sets", "sets", TABLE_RIGHT},
	{"decodable", "sets_decodable", TABLE_RIGHT},
	{"missing", "sets_missing", TABLE_RIGHT},
	{"last index", "last_index", TABLE_RIGHT},
	{"complete", "complete", TABLE_LEFT},
	{"repairs", "repairs", TABLE_RIGHT},
	{"tick", "tick", TABLE_RIGHT},
	/* where a feed has its blocks read */
	{"entries", "entries", TABLE_RIGHT},
	{"transactions", "transactions", TABLE_RIGHT},
	{"published → first", "published_to_first_ns", TABLE_RIGHT},
};
#define CONTENT_COLUMNS 3

static void content_cells(struct table *table, const struct block *block)
{
	if (block->has_content) {
		table_count(table, block->entries);
		table_count(table, block->transactions);
	} else {
		table_unknown(table);
		table_unknown(table);
	}
	table_duration(table, block->published_ns == TIME_UNKNOWN ? TIME_UNKNOWN : block->first_ns - block->published_ns);
}

static bool any_content(const struct block_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].has_content)
			return true;
	return false;
}

/* Negative is unknown. */
static void table_integer_or_unknown(struct table *table, int64_t value)
{
	if (value < 0)
		table_unknown(table);
	else
		table_integer(table, value);
}

static int print_table(const struct block_list *list, bool csv, struct error *err)
{
	static const char *const states[][2] = {{"no", "0"}, {"yes", "1"}, {"unknown", ""}};
	bool content = any_content(list);
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]) - (content ? 0 : CONTENT_COLUMNS));

	for (size_t i = 0; i < list->count; i++) {
		const struct block *block = &list->items[i];

		table_count(table, block->number);
		table_text(table, block->feed);
		table_time(table, block->first_ns);
		table_duration(table, block->decodable_ns == TIME_UNKNOWN ? TIME_UNKNOWN :
									    block->decodable_ns - block->first_ns);
		table_duration(table, block->last_ns - block->first_ns);
		table_duration(table, block->behind_ns);
		table_count(table, block->packets);
		table_count(table, block->duplicates);
		table_count(table, block->data);
		table_count(table, block->code);
		table_count(table, block->sets);
		table_count(table, block->sets_decodable);
		table_count(table, block->sets_missing);
		table_integer_or_unknown(table, block->last_index);
		table_text(table, states[block->state][csv]);
		table_count(table, block->repairs);
		table_integer_or_unknown(table, block->tick);
		if (content)
			content_cells(table, block);
	}
	return table_finish(table, csv, err);
}

/* An empty line between two tables. */
static void separate(bool csv)
{
	fputs(csv ? "\r\n" : "\n", stdout);
}

/* The table of slots unless there is only something else, then those of the others where there are any. */
static int print_tables(sqlite3 *db, const struct block_list *list, const struct told_blocks *told, bool csv, struct error *err)
{
	bool flows = flows_present(db), slots = list->count || (!told->count && !flows);
	int status = slots ? print_table(list, csv, err) : 0;

	if (!status && told->count) {
		if (slots)
			separate(csv);
		status = told_blocks_print(told, csv, err);
	}
	if (!status && flows) {
		if (slots || told->count)
			separate(csv);
		status = flows_print(db, csv, err);
	}
	return status;
}

static int show_transactions(sqlite3 *db, const struct arguments *a, struct error *err)
{
	size_t count = 0;
	int status = blocks_print_transactions(db, a->common.json ? TRANSACTIONS_JSON : a->common.csv ? TRANSACTIONS_CSV : TRANSACTIONS_TABLE,
					       &count, err);

	if (status)
		return status;
	status = losses_print(db, "block");
	if (!count && status != EXIT_FAILED) {
		fprintf(stderr, "no transaction of a watch was found; has a solana-shred feed of the site 'payload: true' and "
				"'watch'?\n");
		status = EXIT_UNTRUSTED;
	}
	return status;
}

static int show_blocks(sqlite3 *db, const struct arguments *a, struct error *err)
{
	struct told_blocks told = {0};
	struct block_list list = {0};
	int status = blocks_load(db, &list, err);

	if (!status)
		status = told_blocks_load(db, &told, err);
	if (!status && a->common.json)
		status = print_json(db, &list, &told, err);
	else if (!status)
		status = print_tables(db, &list, &told, a->common.csv, err);
	if (!status) {
		status = losses_print(db, "block");
		if (!list.count && !told.count && !flows_present(db) && status != EXIT_FAILED) {
			fprintf(stderr, "no block came; has the site a feed with 'role: block', and does its 'match' fit the "
					"packets?\n");
			status = EXIT_UNTRUSTED;
		}
		if (told.nameless)
			fprintf(stderr, "%llu block messages have neither hash nor number: they belong to no block\n",
				(unsigned long long)told.nameless);
	}
	told_blocks_free(&told);
	block_list_free(&list);
	return status;
}

int cmd_blocks(int argc, char **argv)
{
	struct arguments a = {0};
	sqlite3 *db = NULL;
	struct error err;
	int status;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	status = session_open_read(&db, a.common.files[0], &err);
	if (!status)
		status = a.transactions ? show_transactions(db, &a, &err) : show_blocks(db, &a, &err);
	if (status < 0) {
		fprintf(stderr, "pricelag blocks: %s\n", err.text);
		status = EXIT_FAILED;
	}
	sqlite3_close(db);
	return status;
}
