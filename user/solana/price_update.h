/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Accounts in which Pyth's receiver keeps a price on Solana (PriceUpdateV2), little endian:
 *
 *	22 f1 23 63 9d 7e f4 cd | write authority 32 | verification: u8 1 (full), or u8 0, signatures u8 (partial) |
 *	feed id 32 | price i64 | confidence u64 | exponent i32 | publish time i64 s | previous publish time i64 s |
 *	EMA price i64 | EMA confidence u64 | posted slot u64
 *
 * The eight bytes in front are those of SHA-256 of "account:PriceUpdateV2". Borsh gives the verification one byte or two,
 * so that all behind it moves; the account has room for the longer form, and whatever follows the shorter one is left over
 * from before. The posted slot is that of the block whose transaction wrote the price. Source: pyth-network/pyth-crosschain,
 * target_chains/solana/pyth_solana_receiver_sdk/src/price_update.rs.
 */
#ifndef PL_SOLANA_PRICE_UPDATE_H
#define PL_SOLANA_PRICE_UPDATE_H

#include <json-c/json_object.h>
#include <stdbool.h>

#include "base/error.h"
#include "feed/message.h"
#include "feed/raw.h"
#include "solana/transaction.h"

struct price_update {
	uint8_t write_authority[SOLANA_KEY_BYTES];
	bool full;		 /* enough of the guardians have signed … */
	unsigned int signatures; /* … or so many of them, where it is partial; 0 if full */
	int64_t previous_s;	 /* publish time of the price before, by the publisher */
	uint64_t posted_slot;
};

/* The message's id is the feed id in hex, its key the publish time. `details` may be NULL. -EBADMSG for whatever is no such account. */
int price_update_read(const uint8_t *data, size_t len, struct price_update *out, struct feed_message *message,
		      struct feed_details *details, struct error *err);

/* The bytes of an account as nodes send it: {"data": [TEXT, "base64"], …}. -EBADMSG for other types and encodings. */
int price_update_data(struct json_object *account, struct raw *out, struct error *err);

#endif
