/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Solana transactions as they stand in an entry. Pure functions of bytes: a struct transaction points into them.
 *
 *	legacy, v0: compact-u16 n | n signatures of 64 | message
 *	  message:  (v0: 0x80) | required, readonly signed, readonly unsigned: u8 each | compact-u16 n | n keys of 32 |
 *		    blockhash 32 | compact-u16 n | n instructions {program u8 | compact-u16 n, account indexes u8 |
 *		    compact-u16 n, data} | (v0: compact-u16 n | n look-ups {table 32 | compact-u16 n, u8 … | compact-u16 n, u8 …})
 *	v1:         message | required signatures of 64
 *	  message:  0x81 | the three u8 | config mask u32 | blockhash 32 | instructions u8 | keys u8 | keys of 32 |
 *		    one u32 for each bit of the mask | {program u8, accounts u8, data length u16} … | {account indexes, data} …
 *
 * Integers are little endian; compact-u16 has seven bits a byte, lowest first, in its shortest form. Sources: solana-sdk
 * message/src (legacy, versions/v0, versions/v1: SIMD-0385), solana-sdk short-vec. v1 is parsed by that source alone:
 * no published block that carries one was found.
 */
#ifndef PL_SOLANA_TRANSACTION_H
#define PL_SOLANA_TRANSACTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SOLANA_KEY_BYTES 32
#define SOLANA_SIGNATURE_BYTES 64

enum transaction_version { TRANSACTION_LEGACY = -1, TRANSACTION_V0 = 0, TRANSACTION_V1 = 1 };

struct transaction {
	const uint8_t *bytes;
	size_t len;
	enum transaction_version version;
	const uint8_t *signatures; /* the first one names the transaction */
	unsigned int signature_count;
	const uint8_t *message; /* what is signed */
	size_t message_len;
	const uint8_t *keys; /* those in the message; the first signature_count of them sign */
	unsigned int key_count;
	unsigned int account_count; /* with those that look-up tables add (v0): their keys are not in the block */
	const uint8_t *blockhash;
	const uint8_t *instructions; /* v1: their heads */
	unsigned int instruction_count;
	const uint8_t *payloads; /* v1 */
};

struct instruction {
	const uint8_t *program;	 /* its key */
	const uint8_t *accounts; /* indexes; one below transaction.key_count is a key of the message */
	unsigned int account_count;
	const uint8_t *data;
	size_t len;
};

/*
 * Reads one transaction at the start of data[0..len): its length is in out->len. Everything is checked that can be
 * without the chain's state: lengths, counts, that each index is within the accounts. -EBADMSG otherwise.
 */
int transaction_read(const uint8_t *data, size_t len, struct transaction *out, struct error *err);

/* The instructions of a transaction that was read, in order; zero the walk before the first. False at the end. */
struct instruction_walk {
	unsigned int next;
	const uint8_t *head, *payload;
};
bool transaction_next(const struct transaction *transaction, struct instruction_walk *walk, struct instruction *out);

/* Key `index` of the message; NULL for an account of a look-up table. */
const uint8_t *transaction_key(const struct transaction *transaction, unsigned int index);

/* Whether every signature is that of its key over the message (Ed25519, 0.1 ms each). */
bool transaction_verify(const struct transaction *transaction);

#endif
