// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options none, guarded = {.guardians = {{1}}, .guardian_count = 3, .quorum = 2};

	check_decoder(pnau_decode, size & 1 ? &guarded : &none, data, size);
	return 0;
}
