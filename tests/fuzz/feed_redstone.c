// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options options = {.exponent = -8, .has_exponent = true, .signer = {1}, .signer_len = 20};

	check_decoder(redstone_decode, &options, data, size);
	return 0;
}
