/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What holds for whatever a decoder emits. */
#ifndef PL_FUZZ_FEED_CHECK_H
#define PL_FUZZ_FEED_CHECK_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "feed/decimal.h"
#include "feed/decoder.h"

static inline void require(bool holds)
{
	if (!holds)
		abort();
}

/* Counts, and checks texts that end, a canonical mantissa, and a price that is the mantissa's. */
static inline void check_message(void *context, const struct feed_message *m)
{
	size_t digits = strspn(m->mantissa + (*m->mantissa == '-'), "0123456789");

	++*(int *)context;
	require(memchr(m->id, 0, sizeof(m->id)) && memchr(m->key, 0, sizeof(m->key)) && memchr(m->mantissa, 0, sizeof(m->mantissa)));
	require(!*m->mantissa || (digits && digits + (*m->mantissa == '-') == strlen(m->mantissa)));
	require(m->has_exponent || isnan(m->price));
	if (m->has_exponent)
		require(m->price == decimal_value(m->mantissa, m->exponent) && isfinite(m->price));
}

/* The count is what was emitted, or there is an error with a text. */
static inline void check_decoder(decode_fn decode, const struct decode_options *options, const uint8_t *data, size_t len)
{
	struct error err = {0};
	int count = 0, ret = decode(options, data, len, check_message, &count, &err);

	require(ret < 0 ? *err.text != 0 : ret == count);
}

#endif
