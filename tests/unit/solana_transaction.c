// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Transactions, entries, block markers and Pyth's instructions made by hand: what published blocks do not hold, and every cut. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data_file.h"
#include "feed/decoder.h"
#include "solana/decode.h"
#include "solana/entry.h"
#include "solana/pyth_post.h"
#include "solana/watch.h"
#include "solana_maker.h"

static const int versions[] = {-1, 0, 1};

static void test_each_version(void **state)
{
	(void)state;
	for (int v = 0; v < 3; v++) {
		struct bytes bytes = {.len = 0};
		struct instruction_walk walk = {0};
		struct instruction instruction;
		struct transaction t;
		struct error err;

		add_transaction(&bytes, versions[v], 2, (const uint8_t *)"hello", 5);
		if (transaction_read(bytes.data, bytes.len + 7, &t, &err)) /* what follows is not its business */
			fail_msg("version %d: %s", versions[v], err.text);
		assert_int_equal(t.len, bytes.len);
		assert_int_equal(t.version, versions[v]);
		assert_int_equal(t.signature_count, 1);
		assert_int_equal(t.key_count, MADE_KEYS);
		assert_int_equal(t.account_count, MADE_KEYS + (versions[v] == 0));
		assert_int_equal(t.blockhash[0], 0xbb);
		assert_true(transaction_verify(&t));
		assert_true(transaction_next(&t, &walk, &instruction));
		assert_int_equal(instruction.program[0], 2);
		assert_int_equal(instruction.account_count, 2);
		assert_int_equal(instruction.accounts[1], 1);
		assert_int_equal(instruction.len, 5);
		assert_memory_equal(instruction.data, "hello", 5);
		assert_false(transaction_next(&t, &walk, &instruction));
		assert_null(transaction_key(&t, MADE_KEYS));
		((uint8_t *)(uintptr_t)t.message)[t.message_len - 1] ^= 1;
		assert_false(transaction_verify(&t));
	}
}

/* A whole one, copied to the end of its own allocation so that a sanitizer sees a read beyond it, at every length. */
static void test_each_cut(void **state)
{
	(void)state;
	for (int v = 0; v < 3; v++) {
		struct bytes bytes = {.len = 0};
		struct transaction t;
		struct error err;

		add_transaction(&bytes, versions[v], 2, (const uint8_t *)"data", 4);
		for (size_t len = 0; len < bytes.len; len++) {
			uint8_t *cut = malloc(len ? len : 1);

			memcpy(cut, bytes.data, len);
			assert_int_not_equal(transaction_read(cut, len, &t, &err), 0);
			free(cut);
		}
	}
}

static void refused(const struct bytes *bytes, size_t at, uint8_t value, const char *said)
{
	struct bytes changed = *bytes;
	struct transaction t;
	struct error err = {""};

	changed.data[at] = value;
	assert_int_not_equal(transaction_read(changed.data, changed.len, &t, &err), 0);
	if (!strstr(err.text, said))
		fail_msg("byte %zu = %u: expected \"%s\" in \"%s\"", at, value, said, err.text);
}

static void test_each_rule(void **state)
{
	const size_t counts = 65, keys = 68, instruction = keys + 1 + 32 * MADE_KEYS + 32 + 1;
	struct bytes legacy = {.len = 0}, v0 = {.len = 0};

	(void)state;
	add_transaction(&legacy, -1, 2, (const uint8_t *)"x", 1);
	refused(&legacy, 0, 0, ""); /* no signature: everything behind is read as something else */
	refused(&legacy, counts, 2, "number of signatures");
	refused(&legacy, counts + 1, 1, "more signers or read-only");
	refused(&legacy, counts + 2, 4, "more signers or read-only");
	refused(&legacy, instruction, 0, "program");	 /* the fee payer */
	refused(&legacy, instruction, MADE_KEYS, "program");
	refused(&legacy, instruction + 2, MADE_KEYS, "not there");
	add_transaction(&v0, 0, 2, (const uint8_t *)"x", 1);
	refused(&v0, counts, 0x82, "version");
	refused(&v0, instruction + 1, MADE_KEYS, "program"); /* of the look-up table: no program */
	refused(&v0, instruction + 1 + 2, MADE_KEYS + 1, "not there");
}

/* Not the shortest form, and more than 16 bits: no other program would take it either. */
static void test_compact_numbers(void **state)
{
	static const uint8_t long_form[] = {0x81, 0x00}, too_large[] = {0x80, 0x80, 0x04}, endless[] = {0xff, 0xff, 0xff};
	struct transaction t;
	struct error err;

	(void)state;
	assert_int_not_equal(transaction_read(long_form, sizeof(long_form), &t, &err), 0);
	assert_int_not_equal(transaction_read(too_large, sizeof(too_large), &t, &err), 0);
	assert_int_not_equal(transaction_read(endless, sizeof(endless), &t, &err), 0);
}

static void test_watches(void **state)
{
	struct watch program = {.has_program = true}, account = {.has_account = true}, both = {.has_program = true, .has_account = true};
	struct bytes bytes = {.len = 0};
	struct transaction t;
	struct error err;

	(void)state;
	add_transaction(&bytes, -1, 2, NULL, 0); /* calls key 2 with accounts 0 and 1; key 3 is there for nothing */
	assert_int_equal(transaction_read(bytes.data, bytes.len, &t, &err), 0);
	memset(program.program, 2, 32);
	assert_true(watch_matches(&program, &t));
	memset(program.program, 1, 32);
	assert_false(watch_matches(&program, &t));
	memset(account.account, 1, 32);
	assert_true(watch_matches(&account, &t));
	memset(account.account, 3, 32);
	assert_false(watch_matches(&account, &t));
	memset(both.program, 2, 32);
	memset(both.account, 1, 32);
	assert_true(watch_matches(&both, &t));
	memset(both.account, 2, 32);
	assert_false(watch_matches(&both, &t));
}

/* ---- entries and markers -------------------------------------------------------------------------------------------- */

struct read {
	size_t entries, transactions, footers;
	uint64_t published_ns, declared;
	size_t offset;
};

static void on_entry(void *context, uint64_t hashes, const uint8_t hash[32], uint64_t transactions)
{
	struct read *read = context;

	assert_int_equal(hashes, 12500);
	assert_int_equal(hash[31], 0xee);
	read->entries++;
	read->declared += transactions;
}

static void on_transaction(void *context, size_t offset, const struct transaction *transaction)
{
	struct read *read = context;

	(void)transaction;
	read->transactions++;
	read->offset = offset;
}

static void on_footer(void *context, uint64_t published_ns)
{
	struct read *read = context;

	read->footers++;
	read->published_ns = published_ns;
}

static int read_entries(const struct bytes *bytes, struct read *read, struct error *err)
{
	const struct entry_handlers handlers = {read, on_entry, on_transaction, on_footer};

	*read = (struct read){0};
	return entries_read(bytes->data, bytes->len, &handlers, err);
}

static void test_entries_and_markers(void **state)
{
	struct bytes bytes = {.len = 0};
	size_t second;
	struct read read;
	struct error err = {""};

	(void)state;
	add_le(&bytes, 0, 8); /* a block header: parent slot and block id */
	add_le(&bytes, 1, 2);
	add_le(&bytes, 1, 1);
	add_le(&bytes, 41, 2);
	add_fill(&bytes, 1, 41);
	add_le(&bytes, 2, 8);
	add_entry_head(&bytes, 0);
	add_entry_head(&bytes, 2);
	add_transaction(&bytes, -1, 2, NULL, 0);
	second = bytes.len;
	add_transaction(&bytes, 0, 2, NULL, 0);
	add_footer(&bytes, 1790000000123456789);
	assert_int_equal(read_entries(&bytes, &read, &err), 0);
	assert_int_equal(read.entries, 2);
	assert_int_equal(read.declared, 2);
	assert_int_equal(read.transactions, 2);
	assert_int_equal(read.offset, second);
	assert_int_equal(read.footers, 1);
	assert_int_equal(read.published_ns, 1790000000123456789);
	for (size_t whole = bytes.len; --bytes.len;) {
		int status = read_entries(&bytes, &read, &err);

		/* at the seams there is nothing to tell that more should follow */
		assert_true(status || bytes.len == 54 || bytes.len == whole - 63);
		assert_true(read.transactions <= 2);
	}
}

static void test_counts_that_lie(void **state)
{
	struct bytes bytes = {.len = 0};
	struct read read;
	struct error err = {""};

	(void)state;
	add_le(&bytes, UINT64_MAX, 8);
	add_entry_head(&bytes, 0);
	assert_int_not_equal(read_entries(&bytes, &read, &err), 0);
	assert_int_equal(read.entries, 1);
	bytes.len = 0;
	add_le(&bytes, 1, 8);
	add_entry_head(&bytes, UINT64_MAX);
	assert_int_not_equal(read_entries(&bytes, &read, &err), 0);
	assert_int_equal(read.transactions, 0);
	bytes.len = 0;
	add_footer(&bytes, 5);
	bytes.data[13] = 2; /* a footer of a later version: not known, and no fault of the block */
	assert_int_equal(read_entries(&bytes, &read, &err), 0);
	assert_int_equal(read.footers, 0);
	bytes.data[8] = 2; /* a marker of a later version: nobody knows where it ends */
	assert_int_not_equal(read_entries(&bytes, &read, &err), 0);
}

/* ---- prices --------------------------------------------------------------------------------------------------------- */

static void keep_message(void *context, const struct feed_message *message)
{
	*(struct feed_message *)context = *message;
}

static void keep_first(void *context, const struct feed_message *message)
{
	struct feed_message *first = context;

	if (!first->id[0])
		*first = *message;
}

/* The first message of a published update as an instruction of the receiver or of the push oracle. */
static void add_post(struct bytes *data, const uint8_t selector[8], bool vaa, const uint8_t *message, size_t len, size_t tail)
{
	add_bytes(data, selector, 8);
	if (vaa) {
		add_le(data, 40, 4);
		add_fill(data, 0x77, 40);
	}
	add_le(data, len, 4);
	add_bytes(data, message, len);
	add_le(data, 3, 4);
	add_fill(data, 0x88, 60);
	add_fill(data, 0, tail);
}

static void test_posted_prices(void **state)
{
	static const uint8_t selectors[3][8] = {{133, 95, 207, 175, 11, 79, 118, 44}, {49, 172, 84, 192, 175, 180, 52, 234},
						{28, 9, 93, 150, 86, 153, 188, 115}};
	struct json_object *root = data_json("oracle/pyth_pnau_updates.json"), *list;
	struct feed_message expected = {.id = ""}, got;
	uint8_t *update, head[3] = {0, 85, 0};
	const uint8_t *message;
	struct error err;
	size_t len;

	(void)state;
	list = json_object_is_type(root, json_type_array) ? root : json_member(root, "updates");
	assert_non_null(list);
	update = data_hex(json_object_array_get_idx(list, 0), "hex", &len);
	assert_true(decoder_find("pyth-pnau")->decode(&(struct decode_options){.each = ""}, update, len, keep_first, &expected, &err) > 0);
	message = memmem(update, len, head, sizeof(head));
	assert_non_null(message);
	message += 2;
	for (int i = 0; i < 3; i++) {
		struct bytes data = {.len = 0}, bytes = {.len = 0};
		struct transaction t;

		add_post(&data, selectors[i], i == 1, message, 85, i == 2 ? 35 : 1);
		add_transaction(&bytes, -1, 2, data.data, data.len);
		assert_int_equal(transaction_read(bytes.data, bytes.len, &t, &err), 0);
		assert_int_equal(pyth_posts(&t, keep_message, &got), 1);
		assert_string_equal(got.id, expected.id);
		assert_string_equal(got.key, expected.key);
		assert_string_equal(got.mantissa, expected.mantissa);
		assert_int_equal(got.exponent, expected.exponent);
		assert_int_equal(got.published_ns, expected.published_ns);
		/* a byte more, and it is something else */
		bytes.len = 0;
		add_fill(&data, 0, 1);
		add_transaction(&bytes, -1, 2, data.data, data.len);
		assert_int_equal(transaction_read(bytes.data, bytes.len, &t, &err), 0);
		assert_int_equal(pyth_posts(&t, keep_message, &got), 0);
	}
	free(update);
	json_object_put(root);
}

static void count_signatures(void *context, const struct feed_message *message)
{
	unsigned int *count = context;

	count[message->signature]++;
	assert_string_equal(message->key, "0");
	assert_string_equal(message->id, "8qbHbw2BbbTHBW1sbeqakYXVKRQM8Ne7pLK7m6CVfeR"); /* 32 bytes of 2 */
	assert_true(message->details->count > 5);
}

static void test_the_decoder(void **state)
{
	unsigned int count[3] = {0};
	struct error err = {""};

	(void)state;
	for (int v = 0; v < 3; v++) {
		struct bytes bytes = {.len = 0};

		add_transaction(&bytes, versions[v], 2, (const uint8_t *)"data", 4);
		assert_int_equal(solana_decoder_find("solana-transaction")->decode(NULL, bytes.data, bytes.len, count_signatures, count, &err), 1);
		bytes.data[v == 2 ? bytes.len - 1 : 5] ^= 1;
		assert_int_equal(solana_decoder_find("solana-transaction")->decode(NULL, bytes.data, bytes.len, count_signatures, count, &err), 1);
		assert_int_equal(solana_decoder_find("solana-transaction")->decode(NULL, bytes.data, bytes.len + 1, count_signatures, count, &err), -EBADMSG);
		assert_non_null(strstr(err.text, "1 bytes are left over"));
	}
	assert_int_equal(count[FEED_SIGNATURE_VERIFIED], 3);
	assert_int_equal(count[FEED_SIGNATURE_BAD], 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_version),
		cmocka_unit_test(test_each_cut),
		cmocka_unit_test(test_each_rule),
		cmocka_unit_test(test_compact_numbers),
		cmocka_unit_test(test_watches),
		cmocka_unit_test(test_entries_and_markers),
		cmocka_unit_test(test_counts_that_lie),
		cmocka_unit_test(test_posted_prices),
		cmocka_unit_test(test_the_decoder),
	};

	return cmocka_run_group_tests_name("solana_transaction", tests, NULL, NULL);
}
