/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the hostile nodes of chain_*.c have in common: the requests that are open, what every one of them must be, and
 * messages and answers from exact copies on the heap.
 */
#ifndef PL_FUZZ_HOSTILE_NODE_H
#define PL_FUZZ_HOSTILE_NODE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "chain/chain.h"

#define OPEN_MAX 64

static const struct chain_stamps stamps = {1, 2, 3};

static int64_t open_ids[OPEN_MAX];
static unsigned open_count, sent_now; /* since the last line */

static inline void require(bool holds)
{
	if (!holds)
		abort();
}

/* Every request is JSON with an id, and no single message makes more than a connection's worth of them. */
static inline int on_send(void *context, const char *text, size_t len)
{
	struct json_object *request;
	int64_t id;

	(void)context;
	require(++sent_now <= 8);
	require(!json_read(&request, text, len, NULL) && json_integer(json_member(request, "id"), &id));
	json_object_put(request);
	if (open_count < OPEN_MAX)
		open_ids[open_count++] = id;
	return 0;
}

static inline void on_warning(void *context, const char *text)
{
	(void)context;
	for (; *text; text++)
		require(*text >= ' ' && *text <= '~');
}

static inline uint8_t *copy_of(const char *data, size_t len)
{
	uint8_t *copy = malloc(len + !len);

	require(copy != NULL);
	memcpy(copy, data, len);
	return copy;
}

static inline void message(struct chain *chain, const char *data, size_t len)
{
	uint8_t *copy = copy_of(data, len);

	chain_message(chain, copy, len, &stamps);
	free(copy);
}

static inline void answer(struct chain *chain, const char *member, size_t len)
{
	char *text;
	int text_len;

	if (!open_count)
		return;
	text_len = asprintf(&text, "{\"id\":%lld,%.*s}", (long long)open_ids[0], (int)len, member);
	require(text_len > 0);
	memmove(open_ids, open_ids + 1, --open_count * sizeof(open_ids[0]));
	message(chain, text, (size_t)text_len);
	free(text);
}

#endif
