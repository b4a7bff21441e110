// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Batches of entries from any bytes: transactions come in order, none overlaps the next, and a cut batch never gives more. */
#include <stdlib.h>

#include "solana/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct read {
	size_t size, end, transactions, footers;
	uint64_t entries;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void on_entry(void *context, uint64_t hashes, const uint8_t hash[32], uint64_t transactions)
{
	struct read *read = context;

	(void)hashes;
	(void)transactions;
	read->entries += 1 + (hash[0] & 0); /* touched, for the sanitizer */
}

static void on_transaction(void *context, size_t offset, const struct transaction *transaction)
{
	struct read *read = context;

	require(offset >= read->end && transaction->len <= read->size - offset);
	read->end = offset + transaction->len;
	read->transactions++;
}

static void on_footer(void *context, uint64_t published_ns)
{
	(void)published_ns;
	((struct read *)context)->footers++;
}

static struct read read_all(const uint8_t *data, size_t size)
{
	struct read read = {.size = size};
	const struct entry_handlers handlers = {&read, on_entry, on_transaction, on_footer};
	struct error err = {""};

	require(!entries_read(data, size, &handlers, &err) || err.text[0]);
	return read;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct read whole = read_all(data, size), half = read_all(data, size / 2);

	require(half.transactions <= whole.transactions && half.entries <= whole.entries && half.footers <= whole.footers);
	return 0;
}
