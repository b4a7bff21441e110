// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/decode.h"

#include <errno.h>
#include <stdio.h>

#include "base/base58.h"
#include "feed/build.h"
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

static const char *const no_options[] = {NULL};

const struct decoder solana_transaction_decoder = {
	"solana-transaction", "one Solana transaction: its instructions, with the prices that they post; signatures are verified",
	no_options, decode_transaction};
