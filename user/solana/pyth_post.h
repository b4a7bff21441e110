/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Prices that a Solana transaction posts to Pyth's receiver or push oracle. Their instructions carry the price as it was
 * signed, so that it is known with the transaction's packets, before any account of it changes:
 *
 *	post_update:        85 5f cf af 0b 4f 76 2c | update | treasury u8
 *	post_update_atomic: 31 ac 54 c0 af b4 34 ea | VAA {u32, bytes} | update | treasury u8
 *	update_price_feed:  1c 09 5d 96 56 99 bc 73 | update | treasury u8 | shard u16 | feed id 32
 *	update: message {u32, bytes} | proof {u32, 20 bytes each}				(little endian, Borsh)
 *	message: u8 0 | feed id 32 | price i64 | confidence u64 | exponent i32 | publish time i64 s | …	(big endian)
 *
 * Told by these eight bytes (SHA-256 of "global:" and the instruction's name) and by the whole layout, whichever program
 * is called: the programs' ids differ between deployments. Sources: pyth-network/pyth-crosschain,
 * target_chains/solana/pyth_solana_receiver_sdk/src/lib.rs, programs/pyth-push-oracle/src/lib.rs,
 * pythnet/pythnet_sdk/src/wire.rs, wire/prefixed_vec.rs and messages.rs. No published transaction of this kind was found
 * whole: the instructions of the tests are built around published signed messages.
 */
#ifndef PL_SOLANA_PYTH_POST_H
#define PL_SOLANA_PYTH_POST_H

#include "feed/decoder.h"
#include "solana/transaction.h"

/* The price that an instruction posts; false where it posts none. The message's id is the feed id in hex, its key the publish time. */
bool pyth_post_read(const struct instruction *instruction, struct feed_message *out);

/* Emits the price of each such instruction, in order, and returns their number. */
int pyth_posts(const struct transaction *transaction, decode_emit_fn emit, void *context);

#endif
