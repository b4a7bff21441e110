// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Five lines of pointers (each, asset, price, key, published), a line with the unit's digit, then the message. */
#include "base/json.h"
#include "feed_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct decode_options o = {0};
	char *const places[] = {o.each, o.asset, o.price, o.key, o.published};

	for (int i = 0; i < 5; i++) {
		const uint8_t *end = memchr(data, '\n', size);
		size_t len;

		if (!end)
			return 0;
		len = (size_t)(end - data);
		if (len >= FEED_TEXT_MAX || memchr(data, 0, len))
			return 0;
		memcpy(places[i], data, len);
		if (!json_pointer_valid(places[i]))
			return 0;
		data += len + 1;
		size -= len + 1;
	}
	if (!size)
		return 0;
	o.published_unit = (enum time_unit)(*data % 4);
	check_decoder(json_decode, &o, data + 1, size - 1);
	return 0;
}
