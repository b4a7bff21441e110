// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A hostile server's answer and what follows. First byte: bit 0 WebSocket (else events), bit 1 behind the head already,
 * bit 2 compression was offered, bits 2..7 seed of the cuts. However the bytes are cut, the messages and the verdict are the same.
 */
#include <stdlib.h>
#include <string.h>

#include "stream/framing.h"

#define LIMIT 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	uint64_t sum, last_end;
	size_t count;
	int code;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void mix(struct outcome *o, uint64_t value)
{
	o->sum = (o->sum ^ value) * 0x100000001b3;
}

static void on_message(void *context, const uint8_t *data, size_t len, uint64_t first, uint64_t end)
{
	struct outcome *o = context;

	require(len <= LIMIT && first < end && end > o->last_end);
	for (size_t i = 0; i < len; i++)
		mix(o, data[i]);
	mix(o, len);
	mix(o, first);
	mix(o, end);
	o->last_end = end;
	o->count++;
}

static void on_control(void *context, enum ws_opcode opcode, const uint8_t *payload, size_t len)
{
	require(len <= WS_CONTROL_MAX);
	for (size_t i = 0; i < len; i++)
		mix(context, payload[i]);
	mix(context, opcode);
}

static struct outcome run(const uint8_t *data, size_t size, unsigned flags, unsigned seed)
{
	struct outcome o = {0};
	const struct framing_callbacks callbacks = {&o, on_message, NULL, on_control};
	struct framing framing;
	struct error err;

	framing_init(&framing, flags & 1, NULL, LIMIT, &callbacks);
	framing.open = flags & 2;
	framing.deflate = flags & 4;
	framing.ws.deflate.agreed = framing.open && framing.deflate;
	for (size_t i = 0; i < size && !o.code;) {
		size_t n = size - i;
		struct piece piece;
		uint8_t *copy;

		if (seed) {
			seed = seed * 1103515245 + 12345;
			n = 1 + (seed >> 16) % 20 < n ? 1 + (seed >> 16) % 20 : n;
		}
		copy = malloc(n);
		require(copy);
		memcpy(copy, data + i, n);
		piece = (struct piece){copy, n, i, 0};
		o.code = framing_feed(&framing, &piece, &err);
		free(copy);
		i += n;
	}
	framing_free(&framing);
	require(o.code <= 0);
	return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, cut;

	if (!size)
		return 0;
	whole = run(data + 1, size - 1, data[0], 0);
	cut = run(data + 1, size - 1, data[0], 1 + (data[0] >> 2));
	require(whole.code == cut.code && whole.count == cut.count && whole.sum == cut.sum);
	return 0;
}
