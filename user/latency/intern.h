/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Texts as numbers: the same text, the same number. For comparing a million keys. */
#ifndef PL_LATENCY_INTERN_H
#define PL_LATENCY_INTERN_H

#include <stddef.h>
#include <stdint.h>

#define INTERN_NONE 0u /* of NULL, of "" and of a text that is not there */

struct intern {
	char *text; /* all texts, each ended by NUL */
	size_t text_size, text_room;
	uint64_t *offsets; /* of the text of number n, at n - 1 */
	uint32_t count, room;
	uint32_t *slots; /* open addressing; numbers */
	size_t slot_count; /* power of two */
};

/* FNV-1a with a final mix, so that its low bits serve. */
uint64_t text_hash(const char *text);

/* The number of a text (1, 2, …), new ones added. 0, or -ENOMEM. */
int intern_add(struct intern *intern, const char *text, uint32_t *number);
/* INTERN_NONE where it was never added. */
uint32_t intern_find(const struct intern *intern, const char *text);
const char *intern_text(const struct intern *intern, uint32_t number); /* NULL for INTERN_NONE */
void intern_free(struct intern *intern);

#endif
