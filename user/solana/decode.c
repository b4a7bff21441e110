// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/decode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base58.h"
#include "base/json.h"
#include "feed/build.h"
#include "feed/raw.h"
#include "solana/price_update.h"
#include "solana/pyth_post.h"

#define DATA_SHOWN 47 /* bytes of an instruction's data that a detail holds in hex */

static void detail_base58(struct feed_details *details, const char *name, const uint8_t *bytes, size_t len)
{
	char text[BASE58_TEXT_MAX];

	base58_encode(bytes, len, text);
	details_text(details, name, text);
}

static void describe(const struct transaction *t, const struct instruction *instruction, unsigned int number,
		     struct feed_details *details)
{
	detail_base58(details, "signature", t->signatures, SOLANA_SIGNATURE_BYTES);
	details_text(details, "version", t->version == TRANSACTION_LEGACY ? "legacy" : t->version == TRANSACTION_V0 ? "0" : "1");
	details_uint(details, "signers", t->signature_count);
	details_uint(details, "accounts", t->account_count);
	details_uint(details, "accounts_of_lookup_tables", t->account_count - t->key_count);
	detail_base58(details, "fee_payer", t->keys, SOLANA_KEY_BYTES);
	details_uint(details, "instruction", number);
	detail_base58(details, "program", instruction->program, SOLANA_KEY_BYTES);
	details_uint(details, "instruction_accounts", instruction->account_count);
	details_uint(details, "data_bytes", instruction->len);
	details_hex(details, "data", instruction->data, instruction->len < DATA_SHOWN ? instruction->len : DATA_SHOWN);
}

static int decode_transaction(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
			      void *context, struct error *err)
{
	struct instruction_walk walk = {0};
	struct instruction instruction;
	struct transaction t;
	enum feed_signature signature;
	int count = 0, status = transaction_read(data, len, &t, err);

	(void)options;
	if (status)
		return status;
	if (t.len != len)
		return error_set(err, -EBADMSG, "%zu bytes are left over at offset %zu", len - t.len, t.len);
	signature = transaction_verify(&t) ? FEED_SIGNATURE_VERIFIED : FEED_SIGNATURE_BAD;
	for (; transaction_next(&t, &walk, &instruction); count++) {
		struct feed_details details = {.count = 0};
		struct feed_message message;

		if (!pyth_post_read(&instruction, &message)) {
			message_clear(&message);
			base58_encode(instruction.program, SOLANA_KEY_BYTES, message.id);
			snprintf(message.key, sizeof(message.key), "%d", count);
		}
		describe(&t, &instruction, (unsigned int)count, &details);
		message.details = &details;
		message.signature = signature;
		emit(context, &message);
	}
	return count;
}

struct account_sink {
	decode_emit_fn emit;
	void *context;
};

static int read_account(void *context, const uint8_t *data, size_t len, struct error *err)
{
	const struct account_sink *sink = context;
	struct feed_details details = {.count = 0};
	struct feed_message message;
	struct price_update update;
	int status = price_update_read(data, len, &update, &message, &details, err);

	if (status)
		return status;
	detail_base58(&details, "write_authority", update.write_authority, sizeof(update.write_authority));
	details_text(&details, "verification", update.full ? "full" : "partial");
	if (!update.full)
		details_uint(&details, "guardian_signatures", update.signatures);
	message.details = &details;
	sink->emit(sink->context, &message);
	return 0;
}

/* As nodes send it: a notification, the answer to getAccountInfo, or the account alone. */
static int read_account_json(void *context, struct json_object *root, struct error *err)
{
	struct json_object *account = json_at(root, "/params/result/value");
	struct raw raw;
	int status;

	if (!account)
		account = json_at(root, "/result/value");
	status = price_update_data(account ? account : root, &raw, err);
	if (status)
		return status;
	status = read_account(context, raw.data, raw.len, err);
	raw_free(&raw);
	return status;
}

static int decode_price_update(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
			       void *context, struct error *err)
{
	static const struct raw_readers readers = {read_account_json, read_account};
	struct account_sink sink = {emit, context};
	int status = raw_read(&readers, &sink, data, len, err);

	(void)options;
	return status ? status : 1;
}

static const char *const no_options[] = {NULL};

const struct decoder solana_decoders[] = {
	{"solana-transaction", "one Solana transaction: its instructions, with the prices that they post; signatures are verified",
	 no_options, decode_transaction},
	{"solana-price-update", "the data of an account of Pyth's receiver on Solana (PriceUpdateV2)", no_options, decode_price_update},
	{NULL, NULL, NULL, NULL},
};

const struct decoder *solana_decoder_find(const char *name)
{
	for (const struct decoder *d = solana_decoders; d->name; d++)
		if (!strcmp(d->name, name))
			return d;
	return NULL;
}
