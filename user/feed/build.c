// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/build.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"

void message_clear(struct feed_message *message)
{
	memset(message, 0, sizeof(*message));
	message->price = NAN;
	message->published_ns = TIME_UNKNOWN;
}

static int copy_text(char out[FEED_TEXT_MAX], const char *text)
{
	size_t len = strlen(text);

	if (len >= FEED_TEXT_MAX)
		return -ERANGE;
	memcpy(out, text, len + 1);
	return 0;
}

int message_set_id(struct feed_message *message, const char *text)
{
	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') && text[2] &&
		   !text[2 + strspn(text + 2, "0123456789abcdefABCDEF")];
	int ret = copy_text(message->id, hex ? text + 2 : text);

	for (char *c = message->id; hex && !ret && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return ret;
}

int message_set_key(struct feed_message *message, const char *text)
{
	return copy_text(message->key, text);
}

int message_set_price(struct feed_message *message, const struct decimal *price)
{
	double value = decimal_value(price->mantissa, price->exponent);

	if (isnan(value))
		return -ERANGE;
	memcpy(message->mantissa, price->mantissa, sizeof(message->mantissa));
	message->exponent = price->exponent;
	message->has_exponent = true;
	message->price = value;
	return 0;
}

void message_set_hex_id(struct feed_message *message, const uint8_t *bytes, size_t len)
{
	if (2 * len < sizeof(message->id))
		hex_encode(bytes, len, message->id);
}

int message_set_mantissa(struct feed_message *message, const char *digits, bool has_exponent, int exponent)
{
	struct decimal price = {.exponent = exponent};

	if (copy_text(price.mantissa, digits) || exponent < -DECIMAL_EXPONENT_MAX || exponent > DECIMAL_EXPONENT_MAX)
		return -ERANGE;
	if (has_exponent)
		return message_set_price(message, &price);
	memcpy(message->mantissa, price.mantissa, sizeof(message->mantissa));
	return 0;
}

int message_set_time(struct feed_message *message, int64_t units, int unit_exponent)
{
	struct decimal time = {.exponent = 0};

	snprintf(time.mantissa, sizeof(time.mantissa), "%" PRId64, units);
	return decimal_time_ns(&time, unit_exponent, &message->published_ns);
}

/* ---- details -------------------------------------------------------------------------------------------------------- */

static void add(struct feed_details *details, const char *name, bool is_text, const char *text)
{
	struct feed_detail *detail = &details->list[details->count];

	if (details->count == FEED_DETAILS_MAX || copy_text(detail->text, text))
		return;
	detail->name = name;
	detail->is_text = is_text;
	details->count++;
}

void details_text(struct feed_details *details, const char *name, const char *text)
{
	add(details, name, true, text);
}

void details_null(struct feed_details *details, const char *name)
{
	add(details, name, false, "");
}

void details_hex(struct feed_details *details, const char *name, const uint8_t *bytes, size_t len)
{
	char text[FEED_TEXT_MAX];

	if (2 * len >= sizeof(text))
		return;
	hex_encode(bytes, len, text);
	add(details, name, true, text);
}

void details_int(struct feed_details *details, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	add(details, name, false, text);
}

void details_uint(struct feed_details *details, const char *name, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	add(details, name, false, text);
}

void details_bool(struct feed_details *details, const char *name, bool value)
{
	add(details, name, false, value ? "true" : "false");
}
