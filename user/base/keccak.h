/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Keccak-256 as Ethereum uses it: rate 1088, padding 0x01 (the submission of 2011, not FIPS 202's SHA3-256, whose padding
 * is 0x06). For event topics, computed from their signatures, and for digests of log identities; not for secrets.
 */
#ifndef PL_BASE_KECCAK_H
#define PL_BASE_KECCAK_H

#include <stddef.h>
#include <stdint.h>

#define KECCAK256_LEN 32

void keccak256(const void *data, size_t len, uint8_t out[KECCAK256_LEN]);

#endif
