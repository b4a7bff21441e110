// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Decoder `fields`: numbers at fixed offsets of a datagram. One message holds one update. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "feed/build.h"
#include "feed/decoder.h"
#include "feed/timestamp.h"

#define OFFSET_MAX 65535 /* no datagram reaches further */

/* A field's value: the 64 bits, and how to read them. */
struct number {
	uint64_t bits;
	bool is_signed;
};

int field_spec_parse(const char *text, struct field_spec *out)
{
	struct field_spec spec = {.set = true, .is_signed = *text == 'i'};
	char *end;
	unsigned long bits, offset;

	if (*text != 'u' && *text != 'i')
		return -EINVAL;
	bits = text[1] >= '1' && text[1] <= '9' ? strtoul(text + 1, &end, 10) : 0;
	if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
		return -EINVAL;
	spec.width = (uint8_t)(bits / 8);
	if (!strncmp(end, "le", 2) || !strncmp(end, "be", 2)) {
		spec.big_endian = *end == 'b';
		end += 2;
	} else if (bits != 8) { /* one byte has no order */
		return -EINVAL;
	}
	if (end[0] != '@' || end[1] < '0' || end[1] > '9')
		return -EINVAL;
	offset = strtoul(end + 1, &end, 10);
	if (*end || offset > OFFSET_MAX)
		return -EINVAL;
	spec.offset = (uint32_t)offset;
	*out = spec;
	return 0;
}

static int read_number(const char *name, const struct field_spec *spec, const uint8_t *data, size_t len,
		       struct number *out, struct error *err)
{
	unsigned shift = 64 - 8 * spec->width;
	uint64_t bits = 0;

	if (spec->offset > len || len - spec->offset < spec->width)
		return error_set(err, -EBADMSG, "%s: %u bytes at offset %u, but the message has %zu", name, spec->width,
				 spec->offset, len);
	for (unsigned i = 0; i < spec->width; i++)
		bits |= (uint64_t)data[spec->offset + i] << 8 * (spec->big_endian ? spec->width - 1 - i : i);
	if (spec->is_signed)
		bits = (uint64_t)((int64_t)(bits << shift) >> shift);
	*out = (struct number){.bits = bits, .is_signed = spec->is_signed};
	return 0;
}

static void print_number(const struct number *number, char out[FEED_TEXT_MAX])
{
	if (number->is_signed)
		snprintf(out, FEED_TEXT_MAX, "%lld", (long long)number->bits);
	else
		snprintf(out, FEED_TEXT_MAX, "%llu", (unsigned long long)number->bits);
}

uint32_t fields_reach(const struct decode_options *options)
{
	const struct field_spec *specs[] = {&options->field_asset, &options->field_price, &options->field_key,
					    &options->field_published};
	uint32_t reach = 0;

	for (size_t i = 0; i < sizeof(specs) / sizeof(*specs); i++)
		if (specs[i]->set && specs[i]->offset + specs[i]->width > reach)
			reach = specs[i]->offset + specs[i]->width;
	return reach;
}

int fields_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
		  void *context, struct error *err)
{
	struct feed_message message;
	struct number number;
	struct decimal decimal = {.exponent = options->exponent};
	int ret = 0;

	message_clear(&message);
	if (options->field_asset.set) {
		ret = read_number("asset", &options->field_asset, data, len, &number, err);
		if (ret)
			return ret;
		print_number(&number, message.id);
	}
	if (options->field_key.set) {
		ret = read_number("key", &options->field_key, data, len, &number, err);
		if (ret)
			return ret;
		print_number(&number, message.key);
	}
	if (options->field_price.set) {
		ret = read_number("price", &options->field_price, data, len, &number, err);
		if (ret)
			return ret;
		print_number(&number, decimal.mantissa);
		if (!options->has_exponent)
			memcpy(message.mantissa, decimal.mantissa, sizeof(message.mantissa));
		else if (message_set_price(&message, &decimal))
			return error_set(err, -EBADMSG, "price: %se%d is beyond a double", decimal.mantissa,
					 decimal.exponent);
	}
	if (options->field_published.set) {
		ret = read_number("published", &options->field_published, data, len, &number, err);
		if (ret)
			return ret;
		decimal.exponent = 0;
		print_number(&number, decimal.mantissa);
		if (decimal_time_ns(&decimal, time_unit_exponent(options->published_unit), &message.published_ns))
			return error_set(err, -EBADMSG, "published: %s is beyond 64 bits of nanoseconds; see the unit",
					 decimal.mantissa);
	}
	emit(context, &message);
	return 1;
}
