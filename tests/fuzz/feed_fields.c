// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Four lines of specs (asset, price, key, published), a byte for the unit, a signed byte for the exponent, then the datagram. */
#include "feed_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decode_options o = {0};
	struct field_spec *const specs[] = {&o.field_asset, &o.field_price, &o.field_key, &o.field_published};

	for (int i = 0; i < 4; i++) {
		const uint8_t *end = memchr(data, '\n', size);
		char text[64] = "";
		size_t len;

		if (!end)
			return 0;
		len = (size_t)(end - data);
		if (len >= sizeof(text))
			return 0;
		memcpy(text, data, len);
		if (!field_spec_parse(text, specs[i]))
			require(specs[i]->set && (specs[i]->width & (specs[i]->width - 1)) == 0 && specs[i]->width <= 8 &&
				specs[i]->width && specs[i]->offset <= 65535);
		data += len + 1;
		size -= len + 1;
	}
	if (size < 2)
		return 0;
	o.published_unit = (enum time_unit)(data[0] % 4);
	o.exponent = (int8_t)data[1];
	o.has_exponent = o.exponent != 0;
	check_decoder(fields_decode, &o, data + 2, size - 2);
	return 0;
}
