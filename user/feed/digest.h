/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What names an update by its bytes: the same message gives the same digest whether a feed delivered it or a transaction
 * carries it, whatever container it came in. It is the first 16 bytes of Keccak-256(Keccak-256(signed bytes) || id), where
 * `id` is the text of feed_message.id (one signature covers several feeds), and the signed bytes are:
 *
 *   pyth-pnau, pyth-hermes  the VAA from its timestamp on, which has slot, sequence and the Merkle root of all messages; only
 *                           where the message's proof leads to that root
 *   pyth-lazer              timestamp, channel and the feed's properties: its formats differ in byte order, not in content
 *   chainlink-streams       Keccak-256 of the report and the three words of context, as the oracles sign them
 *   chainlink-ocr           the same of a round's report and context
 *   redstone                the data package without its signature
 *   stork                   id, timestamp, value, Merkle root and algorithm, 32 bytes each: what is signed but the public key
 *
 * Signatures are left out: another quorum may have signed the same bytes.
 */
#ifndef PL_FEED_DIGEST_H
#define PL_FEED_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/keccak.h"
#include "feed/message.h"

/* To be called once the id is set. */
void message_set_digest(struct feed_message *message, const void *signed_bytes, size_t len);

/* The same where many messages share the signed bytes, which may be long: `hash` is their Keccak-256, taken once. */
void message_set_digest_of(struct feed_message *message, const uint8_t hash[KECCAK256_LEN]);

#endif
