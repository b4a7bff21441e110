/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One price update, as a decoder found it: the common currency between feeds, chains and the join. */
#ifndef PL_FEED_MESSAGE_H
#define PL_FEED_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#define FEED_TEXT_MAX 96

struct feed_message {
	char id[FEED_TEXT_MAX];	      /* the feed's own name of the asset: hex without 0x, a symbol, or a number as text; "" unknown */
	char key[FEED_TEXT_MAX];      /* join key within the asset (publish time in s, round, sequence) as text; "" none */
	char mantissa[FEED_TEXT_MAX]; /* decimal integer as text; "" where there is no price */
	int exponent;		      /* price = mantissa * 10^exponent */
	bool has_exponent;	      /* false where the exponent is not in the message nor configured: price is then unknown */
	double price;		      /* NAN where unknown */
	int64_t published_ns;	      /* UTC, by the publisher's clock; TIME_UNKNOWN where absent */
};

#endif
