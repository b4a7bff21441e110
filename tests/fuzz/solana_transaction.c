// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transactions from any bytes: what is accepted lies within them, and reads the same when nothing follows it. */
#include <stdlib.h>
#include <string.h>

#include "solana/pyth_post.h"
#include "solana/watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		abort();
}

static bool within(const struct transaction *t, const uint8_t *at, size_t len)
{
	return at >= t->bytes && len <= t->len && at <= t->bytes + t->len - len;
}

static unsigned long sum(const uint8_t *data, size_t len)
{
	unsigned long total = 0;

	for (size_t i = 0; i < len; i++)
		total = total * 31 + data[i];
	return total;
}

static unsigned long instructions(const struct transaction *t)
{
	struct instruction_walk walk = {0};
	struct instruction instruction;
	unsigned long total = 0;
	unsigned int count = 0;

	while (transaction_next(t, &walk, &instruction)) {
		require(within(t, instruction.data, instruction.len) && within(t, instruction.accounts, instruction.account_count));
		require(within(t, instruction.program, SOLANA_KEY_BYTES));
		for (unsigned int i = 0; i < instruction.account_count; i++)
			require(instruction.accounts[i] < t->account_count);
		total += sum(instruction.data, instruction.len) + sum(instruction.accounts, instruction.account_count);
		count++;
	}
	require(count == t->instruction_count);
	return total;
}

static void on_price(void *context, const struct feed_message *message)
{
	require(strlen(message->id) == 64 && message->key[0] && message->mantissa[0]);
	++*(int *)context;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct transaction t, again;
	struct watch watch = {.has_account = true};
	struct error err = {""};
	uint8_t *copy;
	int prices = 0;

	if (transaction_read(data, size, &t, &err)) {
		require(err.text[0]);
		return 0;
	}
	require(t.len <= size && within(&t, t.message, t.message_len) && within(&t, t.keys, t.key_count * SOLANA_KEY_BYTES));
	require(within(&t, t.signatures, t.signature_count * SOLANA_SIGNATURE_BYTES) && t.signature_count <= t.key_count);
	copy = malloc(t.len);
	require(copy);
	memcpy(copy, data, t.len);
	require(!transaction_read(copy, t.len, &again, &err) && again.len == t.len);
	require(instructions(&t) == instructions(&again));
	memcpy(watch.account, t.keys, SOLANA_KEY_BYTES);
	watch_matches(&watch, &t);
	require(pyth_posts(&again, on_price, &prices) == prices);
	free(copy);
	return 0;
}
