/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The message that Pyth signs for each price: the same in accumulator updates and in instructions that post it on chain. */
#ifndef PL_FEED_PNAU_H
#define PL_FEED_PNAU_H

#include "feed/cursor.h"
#include "feed/message.h"

#define PNAU_MESSAGE_PRICE 0 /* the type, one byte before it */

/*
 * PriceFeedMessage behind its type, into a cleared message: id, price, key (publish time) and time; further fields into
 * `details`. -EBADMSG with the cursor's error.
 */
int pnau_read_price(struct cursor *cursor, struct feed_message *message, struct feed_details *details);

#endif
