// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Published shreds into blocks. The proof that a transaction was read rightly is its own: every signature is verified
 * with its key over the message, so one wrong byte, or one wrong boundary, would show.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "solana/assembler.h"
#include "shred_capture.h"
#include "solana_maker.h"

#define TESTNET "sig_testnet-417955322_shreds.json.gz"
#define DEMO "fd_demo-shreds.pcap"
#define ONE_SET "sig_slot-410010000_fecset0_shreds.bin"
#define FEED 3

/* by a reader of another language as well */
#define TESTNET_ENTRIES 103
#define TESTNET_TRANSACTIONS 417

struct seen {
	size_t transactions, verified, recovered, without_position;
	uint64_t digest;	      /* of all transactions, whatever their order */
	uint64_t latest_wire, latest_readable;
	size_t blocks;
	struct block_content content; /* the last one */
	uint64_t counters[LEDGER_COUNTER_MAX];
	bool verify;
};

static uint64_t hash(const uint8_t *bytes, size_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	for (size_t i = 0; i < len; i++)
		h = (h ^ bytes[i]) * 0x100000001b3;
	return h;
}

static void on_transaction(void *context, const struct transaction_place *place, const struct transaction *t)
{
	struct seen *seen = context;

	assert_int_equal(place->feed, FEED);
	if (place->transaction >= 0)
		assert_int_equal(place->transaction, seen->transactions);
	seen->without_position += place->transaction < 0;
	seen->transactions++;
	seen->digest += hash(t->bytes, t->len);
	if (seen->verify)
		seen->verified += transaction_verify(t);
	seen->recovered += place->recovered;
	assert_true(place->block_wire_ns && place->readable_ns >= place->block_wire_ns);
	if (place->block_wire_ns > seen->latest_wire)
		seen->latest_wire = place->block_wire_ns;
	if (place->readable_ns > seen->latest_readable)
		seen->latest_readable = place->readable_ns;
}

static void on_block(void *context, const struct block_content *content)
{
	struct seen *seen = context;

	seen->blocks++;
	seen->content = *content;
}

/* The shreds of `order`, stamped 1000, 1001, … by their place in it. */
static struct seen assemble(const struct shred_file *file, const size_t *order, size_t count, bool verify)
{
	struct seen seen = {.verify = verify};
	struct assembler_handlers handlers = {&seen, on_transaction, on_block};
	struct assembler *assembler;
	struct error err;

	assert_int_equal(assembler_new(&assembler, 0, &handlers, &err), 0);
	for (size_t i = 0; i < count; i++) {
		size_t at = order ? order[i] : i;

		assembler_shred(assembler, FEED, file->bytes[at], file->len[at], file->len[at], 1000 + i);
	}
	assembler_close_all(assembler);
	assert_int_equal(assembler_bytes(assembler), 0);
	assembler_counters(assembler, FEED, seen.counters);
	if (*assembler_last_error(assembler, FEED))
		printf("note: %s\n", assembler_last_error(assembler, FEED));
	assembler_free(assembler);
	return seen;
}

static void no_losses(const struct seen *seen)
{
#define X(ID, name, text, is_loss)                                                                                     \
	if (is_loss)                                                                                                   \
		assert_int_equal(seen->counters[LEDGER_COUNTER_##ID], 0);
	LEDGER_COUNTERS(X)
#undef X
}

static struct seen whole(const struct shred_file *file)
{
	struct seen seen = assemble(file, NULL, file->count, false);

	assert_true(seen.content.whole);
	return seen;
}

/* The same result whichever way the shreds came: the last stamps aside. */
static void same_block(const struct seen *a, const struct seen *b)
{
	assert_int_equal(a->blocks, 1);
	assert_int_equal(a->transactions, b->transactions);
	assert_int_equal(a->digest, b->digest);
	assert_int_equal(a->content.entries, b->content.entries);
	assert_true(a->content.whole);
	assert_int_equal(a->without_position, 0);
}

static uint64_t random_state;

static uint64_t next_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

static void shuffle(size_t *order, size_t count)
{
	for (size_t i = count; i > 1; i--) {
		size_t k = next_random(i), swap = order[k];

		order[k] = order[i - 1];
		order[i - 1] = swap;
	}
}

static bool is_code(const struct shred_file *file, size_t i)
{
	return file->len[i] == SHRED_CODE_BYTES;
}

static void test_whole_block(void **state)
{
	struct shred_file *file = shred_file_json(TESTNET);
	struct seen seen = assemble(file, NULL, file->count, true);

	(void)state;
	assert_int_equal(file->count, 320);
	no_losses(&seen);
	assert_int_equal(seen.blocks, 1);
	assert_int_equal(seen.content.slot, 417955322);
	assert_int_equal(seen.content.sets, 10);
	assert_int_equal(seen.content.sets_recovered, 0);
	assert_true(seen.content.whole);
	assert_int_equal(seen.content.entries, TESTNET_ENTRIES);
	assert_int_equal(seen.content.transactions, TESTNET_TRANSACTIONS);
	assert_int_equal(seen.transactions, TESTNET_TRANSACTIONS);
	assert_int_equal(seen.verified, TESTNET_TRANSACTIONS);
	assert_int_equal(seen.content.published_ns, 0);
	free(file);
}

static void test_generated_block(void **state)
{
	struct shred_file *file = shred_file_pcap(DEMO);
	struct seen seen = assemble(file, NULL, file->count, true);

	(void)state;
	no_losses(&seen);
	assert_int_equal(seen.content.sets, 8);
	assert_int_equal(seen.content.entries, 64);
	assert_int_equal(seen.content.transactions, 1280);
	assert_int_equal(seen.verified, 1280);
	assert_true(seen.content.whole);
	free(file);
}

/* Not one data shred, and the same block: all of it out of the parity. */
static void test_code_shreds_alone(void **state)
{
	struct shred_file *file = shred_file_pcap(DEMO);
	struct seen all = whole(file), seen;
	size_t order[SHRED_FILE_MAX], count = 0;

	(void)state;
	for (size_t i = 0; i < file->count; i++)
		if (is_code(file, i))
			order[count++] = i;
	seen = assemble(file, order, count, true);
	assert_int_equal(count, 256);
	no_losses(&seen);
	same_block(&seen, &all);
	assert_int_equal(seen.content.sets_recovered, 8);
	assert_int_equal(seen.counters[LEDGER_COUNTER_SETS_RECOVERED], 8);
	assert_int_equal(seen.recovered, seen.transactions);
	assert_int_equal(seen.verified, seen.transactions);
	free(file);
}

static void test_disorder_and_copies(void **state)
{
	struct shred_file *file = shred_file_pcap(DEMO);
	struct seen all = whole(file), seen;
	size_t order[2 * SHRED_FILE_MAX];

	(void)state;
	random_state = 1;
	for (int round = 0; round < 8; round++) {
		for (size_t i = 0; i < 2 * file->count; i++)
			order[i] = i % file->count;
		shuffle(order, 2 * file->count);
		seen = assemble(file, order, 2 * file->count, false);
		no_losses(&seen);
		same_block(&seen, &all);
	}
	free(file);
}

/* Any 32 of the shreds that were captured of one set of mainnet's size and shape. */
static void test_any_32_of_a_set(void **state)
{
	struct shred_file *file = shred_file_bin(ONE_SET);
	struct seen all = assemble(file, NULL, file->count, true), seen;
	size_t order[SHRED_FILE_MAX];

	(void)state;
	assert_int_equal(file->count, 59);
	no_losses(&all);
	assert_int_equal(all.transactions, 74);
	assert_int_equal(all.verified, 74);
	assert_int_equal(all.content.entries, 65);
	assert_false(all.content.whole);
	random_state = 2;
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < file->count; i++)
			order[i] = i;
		shuffle(order, file->count);
		seen = assemble(file, order, 32, false);
		no_losses(&seen);
		assert_int_equal(seen.digest, all.digest);
		assert_int_equal(seen.transactions, all.transactions);
		assert_true(seen.content.sets_recovered && seen.recovered);
		seen = assemble(file, order, 31, false);
		assert_int_equal(seen.transactions, 0);
		assert_int_equal(seen.counters[LEDGER_COUNTER_SETS_NOT_RECOVERED], 1);
	}
	free(file);
}

/* Stamps: the transactions of a set that was completed by parity were known when it became decodable, not before. */
static void test_recovered_is_stamped_when_decodable(void **state)
{
	struct shred_file *file = shred_file_bin(ONE_SET);
	size_t order[SHRED_FILE_MAX], count = 0;
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < file->count; i++) /* all but the first data shred, which holds the first transactions */
		if (load_le32(file->bytes[i] + 73) != load_le32(file->bytes[i] + 79) || is_code(file, i))
			order[count++] = i;
	seen = assemble(file, order, count, false);
	assert_int_equal(seen.content.sets_recovered, 1);
	assert_int_equal(seen.latest_wire, 1000 + 31); /* the 32nd */
	assert_int_equal(seen.latest_readable, 1000 + 31);
	free(file);
}

static void test_a_missing_set(void **state)
{
	struct shred_file *file = shred_file_json(TESTNET);
	struct seen all = whole(file), seen;
	size_t order[SHRED_FILE_MAX], count = 0;

	(void)state;
	for (size_t i = 0; i < file->count; i++)
		if (load_le32(file->bytes[i] + 79) != 96)
			order[count++] = i;
	seen = assemble(file, order, count, true);
	assert_int_equal(count, 288);
	assert_false(seen.content.whole);
	assert_int_equal(seen.content.sets, 9);
	assert_int_equal(seen.counters[LEDGER_COUNTER_SETS_NOT_RECOVERED], 1);
	assert_int_equal(seen.counters[LEDGER_COUNTER_BATCHES_UNREADABLE], 0);
	assert_true(seen.counters[LEDGER_COUNTER_BATCHES_INCOMPLETE] <= 1);
	assert_true(seen.transactions && seen.transactions < all.transactions);
	assert_int_equal(seen.verified, seen.transactions); /* what comes after the hole is read from a true beginning */
	assert_true(seen.without_position);
	free(file);
}

/* ---- damage --------------------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

struct known {
	uint64_t hashes[4096];
	size_t count, seen;
};

static void remember(void *context, const struct transaction_place *place, const struct transaction *t)
{
	struct known *known = context;

	(void)place;
	assert_true(known->count < 4096);
	known->hashes[known->count++] = hash(t->bytes, t->len);
}

static void recognise(void *context, const struct transaction_place *place, const struct transaction *t)
{
	struct known *known = context;
	uint64_t key = hash(t->bytes, t->len);

	(void)place;
	assert_non_null(bsearch(&key, known->hashes, known->count, sizeof(key), by_value));
	known->seen++;
}

static void ignore_block(void *context, const struct block_content *content)
{
	(void)context;
	(void)content;
}

static void feed_all(const struct shred_file *file, struct known *known, batch_transaction_fn on_each, uint64_t losses[LEDGER_COUNTER_MAX])
{
	struct assembler_handlers handlers = {known, on_each, ignore_block};
	struct assembler *assembler;
	struct error err;

	assert_int_equal(assembler_new(&assembler, 0, &handlers, &err), 0);
	for (size_t i = 0; i < file->count; i++)
		assembler_shred(assembler, FEED, file->bytes[i], file->len[i], file->len[i], 1 + i);
	assembler_close_all(assembler);
	assembler_counters(assembler, FEED, losses);
	assembler_free(assembler);
}

/* One bit in each of a growing number of shreds: what comes out is true or does not come out, and is counted. */
static void test_corrupted_shreds(void **state)
{
	struct shred_file *clean = shred_file_pcap(DEMO), *file = malloc(sizeof(*file));
	uint64_t counters[LEDGER_COUNTER_MAX];
	struct known known = {0};

	(void)state;
	feed_all(clean, &known, remember, counters);
	qsort(known.hashes, known.count, sizeof(known.hashes[0]), by_value);
	random_state = 3;
	for (size_t damaged = 1; damaged < 512; damaged += 30) {
		uint64_t whole_sets, at_odds = 0;

		memcpy(file, clean, sizeof(*file));
		for (size_t i = 0; i < damaged; i++) {
			size_t which = next_random(file->count);

			/* behind the fields that say whose shred it is, so that it still counts as one of this set */
			file->bytes[which][90 + next_random(file->len[which] - 90)] ^= (uint8_t)(1 << next_random(8));
		}
		known.seen = 0;
		feed_all(file, &known, recognise, counters);
		at_odds = counters[LEDGER_COUNTER_SHREDS_CONFLICTING];
		whole_sets = 8 - counters[LEDGER_COUNTER_SETS_NOT_RECOVERED] - counters[LEDGER_COUNTER_SETS_INCONSISTENT];
		assert_true(known.seen == 1280 || whole_sets < 8);
		assert_true(at_odds || whole_sets < 8 || damaged < 100);
	}
	free(file);
	free(clean);
}

/* A shred that lies in wait at another's place is pushed out by the true one. */
static void test_forged_first(void **state)
{
	struct shred_file *file = shred_file_bin(ONE_SET);
	struct seen all = assemble(file, NULL, file->count, false), seen = {0};
	struct assembler_handlers handlers = {&seen, on_transaction, on_block};
	struct assembler *assembler;
	uint8_t forged[1232];
	struct error err;

	(void)state;
	assert_int_equal(assembler_new(&assembler, 0, &handlers, &err), 0);
	for (size_t i = 0; i < 20; i++) {
		memcpy(forged, file->bytes[i], sizeof(forged));
		forged[700] ^= 1;
		assembler_shred(assembler, FEED, forged, file->len[i], file->len[i], 10 + i);
	}
	for (size_t i = 0; i < file->count; i++)
		assembler_shred(assembler, FEED, file->bytes[i], file->len[i], file->len[i], 1000 + i);
	assembler_close_all(assembler);
	assembler_counters(assembler, FEED, seen.counters);
	assert_int_equal(seen.digest, all.digest);
	assert_true(seen.counters[LEDGER_COUNTER_SHREDS_CONFLICTING] >= 20);
	assembler_free(assembler);
	free(file);
}

static void test_cut_and_strange_shreds(void **state)
{
	struct shred_file *file = shred_file_bin(ONE_SET);
	struct seen seen = {0};
	struct assembler_handlers handlers = {&seen, on_transaction, on_block};
	struct assembler *assembler;
	struct error err;

	(void)state;
	assert_int_equal(assembler_new(&assembler, 0, &handlers, &err), 0);
	for (size_t i = 0; i < file->count; i++)
		assembler_shred(assembler, FEED, file->bytes[i], 128, file->len[i], 1 + i);
	file->bytes[0][79 + 3] = file->bytes[0][73 + 3] = 1; /* data shred 16,777,216 */
	assembler_shred(assembler, FEED, file->bytes[0], file->len[0], file->len[0], 1);
	assembler_shred(assembler, PL_FEEDS_MAX, file->bytes[1], file->len[1], file->len[1], 1);
	assembler_close_all(assembler);
	assembler_counters(assembler, FEED, seen.counters);
	assert_int_equal(seen.counters[LEDGER_COUNTER_SHREDS_UNUSABLE], file->count + 1);
	assert_int_equal(seen.blocks, 0);
	assembler_free(assembler);
	free(file);
}

/* ---- bounds --------------------------------------------------------------------------------------------------------- */

static void set_slot(struct shred_file *file, uint64_t slot)
{
	for (size_t i = 0; i < file->count; i++)
		for (int k = 0; k < 8; k++)
			file->bytes[i][65 + k] = (uint8_t)(slot >> 8 * k);
}

/* A slot of which only one shred comes, ten thousand times: memory stays within the bound, and each set is counted. */
static void test_memory_is_bounded(void **state)
{
	struct shred_file *file = shred_file_bin(ONE_SET);
	struct seen seen = {0};
	struct assembler_handlers handlers = {&seen, on_transaction, on_block};
	const size_t bound = 4 << 20;
	struct assembler *assembler;
	struct error err;

	(void)state;
	assert_int_equal(assembler_new(&assembler, bound, &handlers, &err), 0);
	file->count = 1;
	for (uint64_t slot = 1; slot <= 10000; slot++) {
		set_slot(file, slot);
		assembler_shred(assembler, FEED, file->bytes[0], file->len[0], file->len[0], slot);
		assert_true(assembler_bytes(assembler) <= bound);
	}
	/* one that was just evicted is not begun again */
	set_slot(file, 9000);
	assembler_shred(assembler, FEED, file->bytes[0], file->len[0], file->len[0], 20000);
	assembler_close(assembler, FEED, 10000);
	assembler_close(assembler, FEED, 10000);
	assembler_close_all(assembler);
	assembler_counters(assembler, FEED, seen.counters);
	assert_int_equal(seen.blocks, 0); /* nothing was read of any */
	assert_int_equal(seen.counters[LEDGER_COUNTER_SETS_NOT_RECOVERED], 10000);
	assert_int_equal(seen.counters[LEDGER_COUNTER_SHREDS_LATE], 1);
	assert_true(seen.counters[LEDGER_COUNTER_SLOTS_EVICTED] > 9000);
	assert_int_equal(assembler_bytes(assembler), 0);
	assembler_free(assembler);
	free(file);
}

/* More blocks than slots are held, each read to its end: those that leave have nothing to lose, and hold little memory. */
static void test_finished_blocks_are_no_loss(void **state)
{
	static uint8_t shreds[64][SHRED_BYTES_MAX];
	struct seen seen = {0};
	struct assembler_handlers handlers = {&seen, on_transaction, on_block};
	struct bytes block = {.len = 0};
	struct assembler *assembler;
	struct error err;

	(void)state;
	add_le(&block, 1, 8);
	add_entry_head(&block, 0);
	assert_int_equal(assembler_new(&assembler, 0, &handlers, &err), 0);
	for (uint64_t slot = 1; slot <= ASSEMBLER_SLOTS_MAX + 50; slot++) {
		make_fec_set(shreds, slot, 0, 1, true, block.data, block.len, SHRED_FLAG_LAST_IN_SLOT);
		for (uint32_t i = 0; i < 64; i++)
			assembler_shred(assembler, FEED, shreds[i], made_len(i), made_len(i), slot);
		assert_true(assembler_bytes(assembler) < slot * 40000);
	}
	assert_int_equal(seen.blocks, 50);
	assert_true(seen.content.whole);
	assembler_close_all(assembler);
	assembler_counters(assembler, FEED, seen.counters);
	no_losses(&seen);
	assert_int_equal(seen.counters[LEDGER_COUNTER_ENTRIES], ASSEMBLER_SLOTS_MAX + 50);
	assembler_free(assembler);
}

/* Generated by Agave with sets of other sizes than 32 + 32, which no cluster takes any more: not taken for something else. */
static void test_sets_of_other_sizes(void **state)
{
	struct shred_file *file = shred_file_ar("fd_chained-5XDmMEZpXM2GBXNjhgRCti4qLGeFQvx4RnzWeRgfupYk.ar");
	struct seen seen = assemble(file, NULL, file->count, true);

	(void)state;
	assert_int_equal(file->count, 122);
	assert_int_equal(seen.counters[LEDGER_COUNTER_SHREDS_UNUSABLE], 122); /* none of its sets is 32 + 32 */
	assert_int_equal(seen.blocks, 0);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_block),
		cmocka_unit_test(test_generated_block),
		cmocka_unit_test(test_code_shreds_alone),
		cmocka_unit_test(test_disorder_and_copies),
		cmocka_unit_test(test_any_32_of_a_set),
		cmocka_unit_test(test_recovered_is_stamped_when_decodable),
		cmocka_unit_test(test_a_missing_set),
		cmocka_unit_test(test_corrupted_shreds),
		cmocka_unit_test(test_forged_first),
		cmocka_unit_test(test_cut_and_strange_shreds),
		cmocka_unit_test(test_memory_is_bounded),
		cmocka_unit_test(test_finished_blocks_are_no_loss),
		cmocka_unit_test(test_sets_of_other_sizes),
	};

	return cmocka_run_group_tests_name("solana_golden", tests, NULL, NULL);
}
