// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/blocks_told.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "output/json_out.h"
#include "output/table.h"

static struct json_object *state_json(enum told_state state)
{
	return state == TOLD_UNKNOWN ? NULL : json_object_new_boolean(state == TOLD_COMPLETE);
}

static struct json_object *kinds_json(const struct told_block *block)
{
	struct json_object *kinds = json_object_new_object();

	for (int i = 0; i < BLOCK_KINDS_MAX; i++)
		if (block->kinds[i])
			json_add_count(kinds, block_kinds[i].name, block->kinds[i]);
	return kinds;
}

void told_blocks_json(const struct told_blocks *blocks, struct json_object *list)
{
	static const char *const of_slots[] = {"packets", "data", "code", "sets", "sets_decodable", "sets_missing", "last_index",
					"entries", "transactions"};

	for (size_t i = 0; i < blocks->count; i++) {
		const struct told_block *block = &blocks->items[i];
		struct json_object *item = json_object_new_object();

		json_add_name(item, "feed", block->feed);
		json_add(item, "number", block->has_number ? json_object_new_uint64(block->number) : NULL);
		json_add_ns(item, "first_ns", block->first_ns);
		json_add_ns(item, "decodable_ns", block->complete_ns);
		json_add_ns(item, "last_ns", block->last_ns);
		for (size_t k = 0; k < sizeof(of_slots) / sizeof(of_slots[0]); k++)
			json_add(item, of_slots[k], NULL);
		json_add_count(item, "duplicates", block->repeats);
		json_add(item, "complete", state_json(block->state));
		json_add_ns(item, "behind_ns", block->behind_ns);
		json_add_name(item, "hash", block->hash);
		json_add_name(item, "parent", block->parent);
		json_add_ns(item, "published_ns", block->published_ns);
		json_add_count(item, "messages", block->messages);
		json_add(item, "kinds", kinds_json(block));
		json_add(item, "parts", block->parts ? json_object_new_uint64(block->parts) : NULL);
		json_add(item, "parts_needed", block->parts_needed ? json_object_new_uint64(block->parts_needed) : NULL);
		json_add_ns(item, "enough_ns", block->enough_ns);
		json_object_array_add(list, item);
	}
}

static const struct table_column columns[] = {
	{"block", "number", TABLE_RIGHT},
	{"feed", "feed", TABLE_LEFT},
	{"first packet", "first_ns", TABLE_LEFT},
	{"published → first", "published_to_first_ns", TABLE_RIGHT},
	{"whole after", "decodable_after_ns", TABLE_RIGHT},
	{"enough after", "enough_after_ns", TABLE_RIGHT},
	{"last after", "last_after_ns", TABLE_RIGHT},
	{"behind", "behind_ns", TABLE_RIGHT},
	{"messages", "messages", TABLE_RIGHT},
	{"repeats", "duplicates", TABLE_RIGHT},
	{"parts", "parts", TABLE_RIGHT},
	{"needed", "parts_needed", TABLE_RIGHT},
	{"complete", "complete", TABLE_LEFT},
	{"kinds", "kinds", TABLE_LEFT},
	{"hash", "hash", TABLE_LEFT},
};

static int64_t after(const struct told_block *block, int64_t ns)
{
	return ns == TIME_UNKNOWN || block->first_ns == TIME_UNKNOWN ? TIME_UNKNOWN : ns - block->first_ns;
}

static void count_or_unknown(struct table *table, uint64_t count)
{
	if (count)
		table_count(table, count);
	else
		table_unknown(table);
}

static void kinds_cell(struct table *table, const struct told_block *block)
{
	char text[256] = "";

	for (int i = 0; i < BLOCK_KINDS_MAX; i++)
		if (block->kinds[i])
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s %llu", *text ? ", " : "",
				 block_kinds[i].name, (unsigned long long)block->kinds[i]);
	table_text(table, text);
}

int told_blocks_print(const struct told_blocks *blocks, bool csv, struct error *err)
{
	static const char *const states[][2] = {{"unknown", ""}, {"no", "0"}, {"yes", "1"}};
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	for (size_t i = 0; i < blocks->count; i++) {
		const struct told_block *block = &blocks->items[i];

		if (block->has_number)
			table_count(table, block->number);
		else
			table_unknown(table);
		table_text(table, block->feed);
		table_time(table, block->first_ns);
		table_duration(table, block->published_ns == TIME_UNKNOWN || block->first_ns == TIME_UNKNOWN ?
					      TIME_UNKNOWN : block->first_ns - block->published_ns);
		table_duration(table, after(block, block->complete_ns));
		table_duration(table, after(block, block->enough_ns));
		table_duration(table, after(block, block->last_ns));
		table_duration(table, block->behind_ns);
		table_count(table, block->messages);
		table_count(table, block->repeats);
		count_or_unknown(table, block->parts);
		count_or_unknown(table, block->parts_needed);
		table_text(table, states[block->state][csv]);
		kinds_cell(table, block);
		table_text(table, block->hash);
	}
	return table_finish(table, csv, err);
}
