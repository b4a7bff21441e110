// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/transaction.h"

#include <errno.h>

#include "feed/cursor.h"
#include "feed/signature.h"

#define VERSION_FLAG 0x80
#define BYTES_MAX 1232	  /* of a legacy or v0 transaction: an IPv6 packet */
#define BYTES_MAX_V1 4096 /* SIMD-0385 */
#define ACCOUNTS_MAX 256  /* an index is one byte */
#define COMPACT_BYTES 3
#define COUNTS_BYTES 3	  /* required, readonly signed, readonly unsigned */
#define HEAD_BYTES_V1 4	  /* program, accounts, data length */

/* An integer in its shortest form, as everything that Solana accepts has it. */
static unsigned int take_compact(struct cursor *cursor, const char *field)
{
	unsigned int value = 0;

	for (unsigned int i = 0; i < COMPACT_BYTES; i++) {
		unsigned int byte = (unsigned int)cursor_le(cursor, 1, field);

		value |= (byte & 0x7f) << 7 * i;
		if (byte & 0x80)
			continue;
		if ((i && !byte) || value > UINT16_MAX)
			break;
		return value;
	}
	if (!cursor->failed)
		error_set(cursor->err, -EBADMSG, "%s: no compact-u16 before offset %zu", field, cursor->at);
	cursor->failed = true;
	return 0;
}

static void take_compact_bytes(struct cursor *cursor, const uint8_t **bytes, unsigned int *count, const char *field)
{
	*count = take_compact(cursor, field);
	*bytes = cursor_bytes(cursor, *count, field);
}

static int bad(struct error *err, const char *what)
{
	return error_set(err, -EBADMSG, "transaction: %s", what);
}

/* The rules on the three counts and on the number of accounts, which all versions share. */
static int check_counts(const struct transaction *t, const uint8_t *counts, struct error *err)
{
	if (!t->signature_count || counts[0] != t->signature_count)
		return bad(err, "the number of signatures is not the one that the message requires");
	if (t->signature_count > t->key_count || counts[1] >= t->signature_count ||
	    counts[2] > t->key_count - t->signature_count)
		return bad(err, "more signers or read-only accounts than keys");
	if (t->account_count > ACCOUNTS_MAX)
		return bad(err, "more accounts than an index can name");
	return 0;
}

static int check_instructions(const struct transaction *t, struct error *err)
{
	struct instruction_walk walk = {0};
	struct instruction instruction;

	while (transaction_next(t, &walk, &instruction)) {
		if (!instruction.program)
			return bad(err, "an instruction's program is not among the keys");
		for (unsigned int i = 0; i < instruction.account_count; i++)
			if (instruction.accounts[i] >= t->account_count)
				return bad(err, "an instruction names an account that is not there");
	}
	return 0;
}

/* Steps over the instructions of a legacy or v0 message. */
static void skip_instructions(struct cursor *cursor, unsigned int count)
{
	const uint8_t *bytes;
	unsigned int len;

	for (unsigned int i = 0; i < count && !cursor->failed; i++) {
		cursor_bytes(cursor, 1, "program");
		take_compact_bytes(cursor, &bytes, &len, "instruction's accounts");
		take_compact_bytes(cursor, &bytes, &len, "instruction's data");
	}
}

/* Steps over the address-table look-ups and returns how many accounts they add. */
static unsigned int take_lookups(struct cursor *cursor)
{
	unsigned int count = take_compact(cursor, "look-ups"), accounts = 0, len;
	const uint8_t *bytes;

	for (unsigned int i = 0; i < count && !cursor->failed; i++) {
		cursor_bytes(cursor, SOLANA_KEY_BYTES, "look-up table");
		for (int kind = 0; kind < 2; kind++) { /* writable, read-only */
			take_compact_bytes(cursor, &bytes, &len, "look-up indexes");
			accounts += len;
		}
	}
	return accounts;
}

static const uint8_t *read_packet_sized(struct cursor *cursor, struct transaction *t)
{
	const uint8_t *counts;

	t->signature_count = take_compact(cursor, "signatures");
	t->signatures = cursor_bytes(cursor, (size_t)t->signature_count * SOLANA_SIGNATURE_BYTES, "signatures");
	t->message = cursor->data + cursor->at;
	t->version = TRANSACTION_LEGACY;
	if (cursor_left(cursor) && *t->message & VERSION_FLAG)
		t->version = (enum transaction_version)(cursor_le(cursor, 1, "version") & ~VERSION_FLAG);
	counts = cursor_bytes(cursor, COUNTS_BYTES, "numbers of signers and read-only accounts");
	t->key_count = take_compact(cursor, "keys");
	t->keys = cursor_bytes(cursor, (size_t)t->key_count * SOLANA_KEY_BYTES, "keys");
	t->blockhash = cursor_bytes(cursor, SOLANA_KEY_BYTES, "blockhash");
	t->instruction_count = take_compact(cursor, "instructions");
	t->instructions = cursor->data + cursor->at;
	skip_instructions(cursor, t->instruction_count);
	t->account_count = t->key_count;
	if (t->version != TRANSACTION_LEGACY)
		t->account_count += take_lookups(cursor);
	t->message_len = (size_t)(cursor->data + cursor->at - t->message);
	return counts;
}

static const uint8_t *read_v1(struct cursor *cursor, struct transaction *t)
{
	const uint8_t *counts, *head;
	uint32_t mask;

	t->version = TRANSACTION_V1;
	t->message = cursor->data;
	cursor_bytes(cursor, 1, "version");
	counts = cursor_bytes(cursor, COUNTS_BYTES, "numbers of signers and read-only accounts");
	mask = (uint32_t)cursor_le(cursor, 4, "config mask");
	t->blockhash = cursor_bytes(cursor, SOLANA_KEY_BYTES, "blockhash");
	t->instruction_count = (unsigned int)cursor_le(cursor, 1, "instructions");
	t->key_count = t->account_count = (unsigned int)cursor_le(cursor, 1, "keys");
	t->keys = cursor_bytes(cursor, (size_t)t->key_count * SOLANA_KEY_BYTES, "keys");
	cursor_bytes(cursor, 4 * (size_t)__builtin_popcount(mask), "config values");
	head = t->instructions = cursor_bytes(cursor, (size_t)t->instruction_count * HEAD_BYTES_V1, "instructions");
	t->payloads = cursor->data + cursor->at;
	for (unsigned int i = 0; head && i < t->instruction_count; i++, head += HEAD_BYTES_V1)
		cursor_bytes(cursor, head[1] + (size_t)(head[2] | head[3] << 8), "instruction");
	t->message_len = cursor->at;
	t->signature_count = counts ? counts[0] : 0;
	t->signatures = cursor_bytes(cursor, (size_t)t->signature_count * SOLANA_SIGNATURE_BYTES, "signatures");
	return counts;
}

int transaction_read(const uint8_t *data, size_t len, struct transaction *out, struct error *err)
{
	bool is_v1 = len && data[0] == (VERSION_FLAG | TRANSACTION_V1);
	size_t max = is_v1 ? BYTES_MAX_V1 : BYTES_MAX;
	struct cursor cursor = cursor_over(data, len < max ? len : max, err);
	const uint8_t *counts;
	int status;

	*out = (struct transaction){.bytes = data};
	counts = is_v1 ? read_v1(&cursor, out) : read_packet_sized(&cursor, out);
	if (cursor.failed)
		return -EBADMSG;
	if (!is_v1 && out->version > TRANSACTION_V0)
		return bad(err, "a version that is not known");
	out->len = cursor.at;
	status = check_counts(out, counts, err);
	return status ? status : check_instructions(out, err);
}

bool transaction_next(const struct transaction *t, struct instruction_walk *walk, struct instruction *out)
{
	/* What transaction_read() has stepped over is there: the end needs no second look. */
	const uint8_t *head = walk->next ? walk->head : t->instructions;
	struct cursor cursor = cursor_over(head, (size_t)(t->bytes + t->len - head), NULL);
	unsigned int program;

	if (walk->next == t->instruction_count)
		return false;
	program = (unsigned int)cursor_le(&cursor, 1, "program");
	if (t->version == TRANSACTION_V1) {
		const uint8_t *payload = walk->next ? walk->payload : t->payloads;

		out->account_count = (unsigned int)cursor_le(&cursor, 1, "accounts");
		out->len = cursor_le(&cursor, 2, "data length");
		out->accounts = payload;
		out->data = payload + out->account_count;
		walk->payload = out->data + out->len;
	} else {
		unsigned int len;

		take_compact_bytes(&cursor, &out->accounts, &out->account_count, "accounts");
		take_compact_bytes(&cursor, &out->data, &len, "data");
		out->len = len;
	}
	/* The fee payer, key 0, is no program, and programs do not come out of look-up tables. */
	out->program = program ? transaction_key(t, program) : NULL;
	walk->head = head + cursor.at;
	walk->next++;
	return true;
}

const uint8_t *transaction_key(const struct transaction *t, unsigned int index)
{
	return index < t->key_count ? t->keys + (size_t)index * SOLANA_KEY_BYTES : NULL;
}

bool transaction_verify(const struct transaction *t)
{
	for (unsigned int i = 0; i < t->signature_count; i++)
		if (!ed25519_verifies(transaction_key(t, i), t->signatures + (size_t)i * SOLANA_SIGNATURE_BYTES, t->message,
				      t->message_len))
			return false;
	return true;
}
