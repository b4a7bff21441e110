/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hex of JSON-RPC and 32-byte words of the contract ABI, big endian (Solidity, "Contract ABI Specification").
 */
#ifndef PL_CHAIN_ABI_H
#define PL_CHAIN_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/wide.h"

#define ABI_WORD 32

/* "0x1a" → 26: one to sixteen digits. -EINVAL otherwise, NULL included. */
int abi_quantity(const char *text, uint64_t *out);

/* The same, below 2^62: ranges of blocks can then be added and subtracted without care, and SQLite holds them. */
int abi_block_number(const char *text, uint64_t *out);

/* Exactly `len` bytes behind an obligatory 0x. -EINVAL otherwise, NULL included. */
int abi_bytes(const char *text, uint8_t *out, size_t len);

/* The low 64 bits of a word; false if the value needs more. */
bool abi_uint64(const uint8_t word[ABI_WORD], uint64_t *out);

#define ABI_DECIMAL_TEXT WIDE_TEXT

/* Decimal text of a word; `out` has room for ABI_DECIMAL_TEXT. */
void abi_uint256_text(const uint8_t word[ABI_WORD], char *out);
void abi_int256_text(const uint8_t word[ABI_WORD], char *out);

/* A word of seconds → ns; TIME_UNKNOWN where it is beyond 64 bits of ns. */
int64_t abi_seconds_ns(uint64_t seconds);

#endif
