// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One message, as it is, and once more with the length and checksum that its payload has, so that what is behind them is
 * reached. A frame's size does not shrink when more bytes are there.
 */
#include "block_check.h"

#include <openssl/sha.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mend(uint8_t *message, size_t size)
{
	uint8_t once[32], hash[32];

	for (int i = 0; i < 4; i++)
		message[16 + i] = (uint8_t)((size - 24) >> 8 * i);
	SHA256(message + 24, size - 24, once);
	SHA256(once, sizeof(once), hash);
	memcpy(message + 20, hash, 4);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;
	long whole;

	check_block_decoder(bitcoin_decode, data, size);
	if (!size)
		return 0;
	whole = bitcoin_frame(data, size);
	block_require(whole >= FRAME_NONE && whole <= BITCOIN_MESSAGE_MAX);
	if (whole != FRAME_NONE) /* nor does what may begin a message become none by being cut */
		block_require(bitcoin_frame(data, 1 + (size - 1) / 2) != FRAME_NONE);
	if (size < 24)
		return 0;
	copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	mend(copy, size);
	check_block_decoder(bitcoin_decode, copy, size);
	free(copy);
	return 0;
}
