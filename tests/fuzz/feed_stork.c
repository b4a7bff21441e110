// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options options = {.exponent = -8, .has_exponent = true, .signers = {{20, {1}}}, .signer_count = 1};

	check_decoder(stork_decode, &options, data, size);
	return 0;
}
