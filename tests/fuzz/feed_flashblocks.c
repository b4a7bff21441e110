// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One flashblock, plain or compressed. */
#include "block_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_block_decoder(flashblocks_decode, data, size);
	return 0;
}
