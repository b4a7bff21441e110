/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Solana blocks made by hand, for tests: transactions, entries, and FEC sets whose Merkle paths and parity are right. The
 * tree is built here from its definition; the parity comes from the code under test, which published sets hold to account.
 */
#ifndef PL_TESTS_SOLANA_MAKER_H
#define PL_TESTS_SOLANA_MAKER_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "capture_files.h"
#include "solana/reedsol.h"

struct bytes {
	uint8_t data[40000];
	size_t len;
};

static inline void add_bytes(struct bytes *out, const void *data, size_t len)
{
	if (len)
		memcpy(out->data + out->len, data, len);
	out->len += len;
}

static inline void add_le(struct bytes *out, uint64_t value, size_t width)
{
	put_le(out->data + out->len, value, width);
	out->len += width;
}

static inline void add_fill(struct bytes *out, uint8_t value, size_t len)
{
	memset(out->data + out->len, value, len);
	out->len += len;
}

/* compact-u16 */
static inline void add_compact(struct bytes *out, uint32_t value)
{
	for (; value > 0x7f; value >>= 7)
		add_le(out, (value & 0x7f) | 0x80, 1);
	add_le(out, value, 1);
}

/* The key and the signature of the one signer that all transactions made here have. */
static inline void sign(const uint8_t *message, size_t len, uint8_t key[32], uint8_t signature[64])
{
	static const uint8_t secret[32] = {7};
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof(secret));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t size = 32;

	EVP_PKEY_get_raw_public_key(pkey, key, &size);
	size = 64;
	if (message) {
		EVP_DigestSignInit(context, NULL, NULL, NULL, pkey);
		EVP_DigestSign(context, signature, &size, message, len);
	}
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pkey);
}

/* Keys of a made transaction: 0 the signer, 1 bytes of 1, 2 bytes of 2 … ; its one instruction calls key `program` with accounts 0 and 1. */
#define MADE_KEYS 4

static inline void add_instruction_keys(struct bytes *message)
{
	uint8_t key[32];

	sign(NULL, 0, key, NULL);
	add_bytes(message, key, 32);
	for (uint8_t i = 1; i < MADE_KEYS; i++)
		add_fill(message, i, 32);
}

/* version -1 legacy, 0, 1; a v0 transaction also loads one account of a look-up table. */
static inline void add_transaction(struct bytes *out, int version, uint8_t program, const uint8_t *data, size_t len)
{
	static const uint8_t counts[3] = {1, 0, 2}, accounts[2] = {0, 1};
	struct bytes message = {.len = 0};
	uint8_t key[32], signature[64];

	if (version >= 0)
		add_le(&message, 0x80 | (uint64_t)version, 1);
	add_bytes(&message, counts, 3);
	if (version == 1) {
		add_le(&message, 0x5, 4); /* two config values */
		add_fill(&message, 0xbb, 32);
		add_le(&message, 1, 1);
		add_le(&message, MADE_KEYS, 1);
		add_instruction_keys(&message);
		add_fill(&message, 0xcc, 8);
		add_le(&message, program, 1);
		add_le(&message, sizeof(accounts), 1);
		add_le(&message, len, 2);
		add_bytes(&message, accounts, sizeof(accounts));
		add_bytes(&message, data, len);
	} else {
		add_compact(&message, MADE_KEYS);
		add_instruction_keys(&message);
		add_fill(&message, 0xbb, 32);
		add_compact(&message, 1);
		add_le(&message, program, 1);
		add_compact(&message, sizeof(accounts));
		add_bytes(&message, accounts, sizeof(accounts));
		add_compact(&message, (uint32_t)len);
		add_bytes(&message, data, len);
	}
	if (version == 0) {
		add_compact(&message, 1);
		add_fill(&message, 0xdd, 32);
		add_compact(&message, 1);
		add_le(&message, 9, 1);
		add_compact(&message, 0);
	}
	sign(message.data, message.len, key, signature);
	if (version < 1) {
		add_compact(out, 1);
		add_bytes(out, signature, 64);
	}
	add_bytes(out, message.data, message.len);
	if (version == 1)
		add_bytes(out, signature, 64);
}

static inline void add_entry_head(struct bytes *out, uint64_t transactions)
{
	add_le(out, 12500, 8);
	add_fill(out, 0xee, 32);
	add_le(out, transactions, 8);
}

static inline void add_footer(struct bytes *out, uint64_t published_ns)
{
	add_le(out, 0, 8);
	add_le(out, 1, 2); /* marker version */
	add_le(out, 0, 1); /* footer */
	add_le(out, 1 + 32 + 8 + 1 + 5 + 3, 2);
	add_le(out, 1, 1); /* footer version */
	add_fill(out, 0xaa, 32);
	add_le(out, published_ns, 8);
	add_le(out, 5, 1);
	add_bytes(out, "agave", 5);
	add_fill(out, 0, 3); /* no certificates */
}

static inline void digest(const char *prefix, const void *a, size_t a_len, const void *b, size_t b_len, uint8_t out[32])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	EVP_DigestUpdate(context, prefix, 26);
	EVP_DigestUpdate(context, a, a_len);
	EVP_DigestUpdate(context, b, b_len);
	EVP_DigestFinal_ex(context, out, NULL);
	EVP_MD_CTX_free(context);
}

#define MADE_SET_BYTES(resigned) (32u * ((resigned) ? 899 : 963))

/*
 * The 64 shreds of a set with these entry bytes, at most MADE_SET_BYTES(), the first 32 being the data shreds. flags: of
 * the last data shred. Lengths are 1203 and 1228.
 */
static inline void make_fec_set(uint8_t shreds[64][SHRED_BYTES_MAX], uint64_t slot, uint32_t set, uint16_t version,
				bool resigned, const uint8_t *data, size_t len, uint8_t flags)
{
	static uint8_t parity[REEDSOL_SHARDS][REEDSOL_SHARD_BYTES];
	size_t capacity = resigned ? 899 : 963, shard = capacity + 24, tail = resigned ? 64 : 0;
	uint8_t nodes[7][64][32];

	memset(parity, 0, sizeof(parity));
	for (uint32_t i = 0; i < 32; i++) {
		size_t part = len < capacity ? len : capacity;

		make_shred(shreds[i], false, slot, set, i, version, false);
		shreds[i][64] = resigned ? 0xb6 : 0x96;
		shreds[i][85] = i == 31 ? flags : 0;
		put_le(shreds[i] + 86, 88 + part, 2);
		memcpy(shreds[i] + 88, data, part);
		data += part;
		len -= part;
		memcpy(parity[i], shreds[i] + 64, shard);
	}
	reedsol_fill(parity, UINT32_MAX);
	for (uint32_t i = 32; i < 64; i++) {
		make_shred(shreds[i], true, slot, set, i - 32, version, false);
		shreds[i][64] = resigned ? 0x76 : 0x66;
		memcpy(shreds[i] + 89, parity[i], shard);
	}
	for (uint32_t i = 0; i < 64; i++)
		digest("\0SOLANA_MERKLE_SHREDS_LEAF", shreds[i] + 64, (i < 32 ? 1203 : 1228) - tail - 120 - 64, NULL, 0, nodes[0][i]);
	for (uint32_t level = 0; level < 6; level++)
		for (uint32_t i = 0; i < 64u >> (level + 1); i++)
			digest("\1SOLANA_MERKLE_SHREDS_NODE", nodes[level][2 * i], 20, nodes[level][2 * i + 1], 20, nodes[level + 1][i]);
	for (uint32_t i = 0; i < 64; i++)
		for (uint32_t level = 0; level < 6; level++)
			memcpy(shreds[i] + (i < 32 ? 1203 : 1228) - tail - 120 + 20 * level, nodes[level][i >> level ^ 1], 20);
}

static inline uint32_t made_len(uint32_t i)
{
	return i < 32 ? 1203 : 1228;
}

#endif
