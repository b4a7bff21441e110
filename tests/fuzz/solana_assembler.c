// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Shreds of two made sets, in any order, copied, damaged, of other slots, and bytes that are none: only transactions that
 * the sets really hold may come out, and nothing stays behind.
 */
#include <stdlib.h>

#include "solana/assembler.h"
#include "solana_maker.h"

#define FEED 5
#define SHREDS 128
#define SHREDS_USED 96	  /* of the second set only the data shreds: parity is what costs time, and one set has it */
#define SIZE_MAX_USED 280 /* 70 shreds: enough to decode both sets */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t shreds[SHREDS][SHRED_BYTES_MAX];
static struct bytes first, second;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void make_once(void)
{
	if (first.len)
		return;
	add_le(&first, 1, 8);
	add_entry_head(&first, 2);
	add_transaction(&first, -1, 2, (const uint8_t *)"one", 3);
	add_transaction(&first, 0, 2, (const uint8_t *)"two", 3);
	make_fec_set(shreds, 7, 0, 1, false, first.data, first.len, SHRED_FLAG_DATA_COMPLETE);
	add_le(&second, 1, 8);
	add_entry_head(&second, 1);
	add_transaction(&second, 1, 2, (const uint8_t *)"three", 5);
	add_footer(&second, 1790000000000000000);
	make_fec_set(shreds + 64, 7, 32, 1, true, second.data, second.len, SHRED_FLAG_LAST_IN_SLOT);
}

static void on_transaction(void *context, const struct transaction_place *place, const struct transaction *t)
{
	const struct bytes *batch = place->shred < 32 ? &first : &second;

	(void)context;
	require(place->feed == FEED && place->slot == 7 && place->readable_ns >= place->block_wire_ns);
	require(memmem(batch->data, batch->len, t->bytes, t->len) != NULL);
}

static void on_block(void *context, const struct block_content *content)
{
	uint64_t *blocks = context;

	require(!content->whole || (content->slot == 7 && content->transactions == 3));
	++*blocks;
}

/* Four bytes of the input are one shred: which, where it is damaged, by what, and what else becomes of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t blocks = 0, stamp = 1;
	struct assembler_handlers handlers = {&blocks, on_transaction, on_block};
	struct assembler *assembler;
	struct error err;

	make_once();
	if (size > SIZE_MAX_USED)
		size = SIZE_MAX_USED;
	require(!assembler_new(&assembler, 400000, &handlers, &err));
	for (; size >= 4; data += 4, size -= 4) {
		uint32_t which = data[0] % SHREDS_USED, len = made_len(which % 64);
		uint8_t shred[SHRED_BYTES_MAX];

		memcpy(shred, shreds[which], sizeof(shred));
		if (data[2])
			shred[data[1] * 5 % len] ^= data[2];
		if (data[3] & 1)
			shred[65] = data[3]; /* another slot */
		if (data[3] & 2)
			len += 4;
		if (data[3] == 0xf0)
			assembler_close(assembler, FEED, 7);
		assembler_shred(assembler, FEED, shred, data[3] & 4 ? data[1] : len, len, stamp++);
	}
	assembler_shred(assembler, FEED, data, (uint32_t)size, (uint32_t)size, stamp);
	assembler_close_all(assembler);
	require(assembler_bytes(assembler) == 0);
	assembler_free(assembler);
	return 0;
}
