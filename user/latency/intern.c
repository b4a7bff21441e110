// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/intern.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

uint64_t text_hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325;

	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3;
	return h ^ h >> 32;
}

static uint32_t *slot_of(const struct intern *intern, const char *text)
{
	size_t mask = intern->slot_count - 1, i = text_hash(text) & mask;

	while (intern->slots[i] && strcmp(intern->text + intern->offsets[intern->slots[i] - 1], text))
		i = (i + 1) & mask;
	return &intern->slots[i];
}

/* At most half full, so that a free slot is always near. */
static int grow_slots(struct intern *intern)
{
	struct intern grown = *intern;

	grown.slot_count = intern->slot_count ? 2 * intern->slot_count : 64;
	grown.slots = calloc(grown.slot_count, sizeof(*grown.slots));
	if (!grown.slots)
		return -ENOMEM;
	for (uint32_t n = 1; n <= intern->count; n++)
		*slot_of(&grown, intern->text + intern->offsets[n - 1]) = n;
	free(intern->slots);
	*intern = grown;
	return 0;
}

static int append(struct intern *intern, const char *text)
{
	size_t len = strlen(text) + 1;

	if (intern->count == intern->room) {
		uint32_t wanted = intern->room ? 2 * intern->room : 64;
		uint64_t *grown = wanted > intern->room ? realloc(intern->offsets, wanted * sizeof(*grown)) : NULL;

		if (!grown)
			return -ENOMEM;
		intern->offsets = grown;
		intern->room = wanted;
	}
	if (len > intern->text_room - intern->text_size) {
		size_t wanted = 2 * intern->text_room + len + 4096;
		char *grown = realloc(intern->text, wanted);

		if (!grown)
			return -ENOMEM;
		intern->text = grown;
		intern->text_room = wanted;
	}
	memcpy(intern->text + intern->text_size, text, len);
	intern->offsets[intern->count++] = intern->text_size;
	intern->text_size += len;
	return 0;
}

int intern_add(struct intern *intern, const char *text, uint32_t *number)
{
	uint32_t *slot;
	int status;

	*number = INTERN_NONE;
	if (!text || !*text)
		return 0;
	if (2 * ((size_t)intern->count + 1) > intern->slot_count) {
		status = grow_slots(intern);
		if (status)
			return status;
	}
	slot = slot_of(intern, text);
	if (!*slot) {
		status = append(intern, text);
		if (status)
			return status;
		*slot = intern->count;
	}
	*number = *slot;
	return 0;
}

uint32_t intern_find(const struct intern *intern, const char *text)
{
	return !text || !*text || !intern->slot_count ? INTERN_NONE : *slot_of(intern, text);
}

const char *intern_text(const struct intern *intern, uint32_t number)
{
	return number == INTERN_NONE ? NULL : intern->text + intern->offsets[number - 1];
}

void intern_free(struct intern *intern)
{
	free(intern->text);
	free(intern->offsets);
	free(intern->slots);
	memset(intern, 0, sizeof(*intern));
}
