// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/build.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"

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
