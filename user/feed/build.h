/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How decoders fill a feed_message: the same rules of names and prices for each of them. */
#ifndef PL_FEED_BUILD_H
#define PL_FEED_BUILD_H

#include "feed/decimal.h"
#include "feed/message.h"

/* Everything unknown. */
void message_clear(struct feed_message *message);

/* The feed's name of the asset. Hex after 0x loses the 0x and becomes lower case, so that it equals the id in site.yaml;
 * anything else is copied as it is. -ERANGE if it is too long. */
int message_set_id(struct feed_message *message, const char *text);

/* -ERANGE if it is too long. */
int message_set_key(struct feed_message *message, const char *text);

/* Mantissa, exponent and the double of both; -ERANGE if no double holds it. */
int message_set_price(struct feed_message *message, const struct decimal *price);

#endif
