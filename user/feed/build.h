/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How decoders fill a feed_message: the same rules of names and prices for each of them. */
#ifndef PL_FEED_BUILD_H
#define PL_FEED_BUILD_H

#include <stddef.h>

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

/* Lower-case hex of up to 47 bytes, as an id. */
void message_set_hex_id(struct feed_message *message, const uint8_t *bytes, size_t len);

/* An integer as the mantissa. Without an exponent the price stays unknown. -ERANGE if no double holds it,
 * or for an exponent beyond DECIMAL_EXPONENT_MAX. */
int message_set_mantissa(struct feed_message *message, const char *digits, bool has_exponent, int exponent);

/* Units of 10^unit_exponent seconds since 1970 → published_ns. -ERANGE beyond 64 bits of ns. */
int message_set_time(struct feed_message *message, int64_t units, int unit_exponent);

/* What does not fit is left out: details are for reading. */
void details_text(struct feed_details *details, const char *name, const char *text); /* "" is null */
void details_null(struct feed_details *details, const char *name);
void details_hex(struct feed_details *details, const char *name, const uint8_t *bytes, size_t len);
void details_int(struct feed_details *details, const char *name, int64_t value);
void details_uint(struct feed_details *details, const char *name, uint64_t value);
void details_bool(struct feed_details *details, const char *name, bool value);

#endif
