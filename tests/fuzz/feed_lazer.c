// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options none;

	check_decoder(lazer_decode, &none, data, size);
	return 0;
}
