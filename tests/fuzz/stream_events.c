// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The event reader against a slow one that sees the whole text: same events, same ends. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "stream/sse.h"

#define LIMIT 100000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	uint64_t sum;
	size_t count;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void on_message(void *context, const uint8_t *data, size_t len, uint64_t first, uint64_t end)
{
	struct outcome *o = context;

	for (size_t i = 0; i < len; i++)
		o->sum = (o->sum ^ data[i]) * 0x100000001b3;
	o->sum = (o->sum ^ len ^ first << 20 ^ end << 40) * 0x100000001b3;
	o->count++;
}

/* Line by line, as the specification reads. */
static void reference(const uint8_t *text, size_t size, struct outcome *o)
{
	uint8_t *data = malloc(size + 1);
	size_t len = 0, first = 0;
	bool in_event = false, has_data = false;

	require(data);
	for (size_t i = 0; i < size;) {
		size_t start = i, stop, name;

		while (i < size && text[i] != '\r' && text[i] != '\n')
			i++;
		if (i == size)
			break;
		stop = i;
		i += text[i] == '\r' && i + 1 < size && text[i + 1] == '\n' ? 2 : 1;
		if (!start && stop >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
			start = 3;
		if (start == stop) {
			if (has_data)
				on_message(o, data, len - 1, first, stop + 1);
			len = 0;
			in_event = has_data = false;
			continue;
		}
		if (text[start] == ':')
			continue;
		if (!in_event)
			first = start == 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 0 : start; /* the mark is the line's first byte */
		in_event = true;
		for (name = start; name < stop && text[name] != ':';)
			name++;
		if (name - start != 4 || memcmp(text + start, "data", 4))
			continue;
		name += name < stop;
		name += name < stop && text[name] == ' ';
		memcpy(data + len, text + name, stop - name);
		len += stop - name;
		data[len++] = '\n';
		has_data = true;
	}
	free(data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome fast = {0}, slow = {0};
	struct sse_reader reader = {.context = &fast, .on_message = on_message, .max_message = LIMIT};
	struct error err;
	size_t step;

	if (!size || size > LIMIT / 2)
		return 0;
	step = 1 + data[0] % 32;
	data++;
	size--;
	for (size_t i = 0; i < size; i += step) {
		struct piece piece = {data + i, step < size - i ? step : size - i, i, 0};

		require(!sse_feed(&reader, &piece, &err));
	}
	reference(data, size, &slow);
	require(fast.count == slow.count && fast.sum == slow.sum);
	sse_reader_free(&reader);
	return 0;
}
