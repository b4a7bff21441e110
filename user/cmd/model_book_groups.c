// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Names of groups of accounts, as a book is read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/model_book.h"

static bool is_text(const char *name)
{
	for (; *name; name++)
		if ((unsigned char)*name < ' ' || *name == 0x7f)
			return false;
	return true;
}

const char *model_group_find(struct model *model, const char *name, uint8_t *out)
{
	size_t len = strlen(name), g;
	void *memory;

	if (!len || len >= MODEL_GROUP_NAME || !is_text(name))
		return "the name of a group should be 1 to 63 bytes of text";
	for (g = 0; g < model->group_count; g++)
		if (!strcmp(model->group_names[g], name))
			break;
	*out = (uint8_t)g;
	if (g < model->group_count)
		return NULL;
	if (g + 1 == MODEL_GROUPS_MAX) /* the last one is that of accounts without a group */
		return "is one group too many: there may be 63, which are classes of accounts";
	memory = realloc(model->group_names, (g + 1) * sizeof(*model->group_names));
	if (!memory)
		return "out of memory";
	model->group_names = memory;
	strcpy(model->group_names[model->group_count++], name);
	return NULL;
}

static size_t room_for(size_t accounts)
{
	size_t room = 64;

	while (room < accounts)
		room *= 2;
	return room;
}

int model_group_put(struct model *model, size_t from, size_t end, uint8_t group)
{
	bool first = !model->groups;

	if (first && group == GROUP_NONE)
		return 0;
	if (first || room_for(end) > room_for(from)) {
		void *memory = realloc(model->groups, room_for(end));

		if (!memory)
			return -ENOMEM;
		model->groups = memory;
	}
	if (first)
		memset(model->groups, GROUP_NONE, from);
	memset(model->groups + from, group, end - from);
	return 0;
}

int model_group_end(struct model *model)
{
	void *memory;

	if (!model->groups || !memchr(model->groups, GROUP_NONE, model->account_count))
		return 0;
	memory = realloc(model->group_names, (model->group_count + 1) * sizeof(*model->group_names));
	if (!memory)
		return -ENOMEM;
	model->group_names = memory;
	strcpy(model->group_names[model->group_count], "");
	for (size_t i = 0; i < model->account_count; i++)
		if (model->groups[i] == GROUP_NONE)
			model->groups[i] = (uint8_t)model->group_count;
	model->group_count++;
	return 0;
}

int model_group_read(struct conf map, struct model *model, uint8_t *out, struct error *err)
{
	struct conf group = conf_get(map, "group");
	const char *mistake, *name = conf_text(group) ? conf_text(group) : "";
	char shown[MODEL_GROUP_NAME];

	*out = GROUP_NONE;
	if (!conf_exists(group))
		return 0;
	mistake = model_group_find(model, name, out);
	json_printable(shown, sizeof(shown), name);
	return mistake ? conf_error(group, err, "'%s': %s; an account without a group has none of this key", shown, mistake) : 0;
}
