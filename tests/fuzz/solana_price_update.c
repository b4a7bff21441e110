// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Price accounts from any bytes, as they are and as nodes send them: what is accepted is whole, and what is left over changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "feed_check.h"
#include "solana/decode.h"
#include "solana/price_update.h"

#define FULL_BYTES 133 /* and one more where it is partial */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct decoder *decoder = solana_decoder_find("solana-price-update");
	struct price_update update, again;
	struct feed_message message, twice;
	struct error err = {""};
	uint8_t *copy;
	size_t need;

	check_decoder(decoder->decode, NULL, data, size);
	if (price_update_read(data, size, &update, &message, NULL, &err)) {
		require(err.text[0]);
		return 0;
	}
	need = FULL_BYTES + !update.full;
	require(size >= need && strlen(message.id) == 64 && message.key[0] && message.has_exponent);
	copy = malloc(need);
	require(copy);
	memcpy(copy, data, need);
	require(!price_update_read(copy, need, &again, &twice, NULL, &err));
	require(again.posted_slot == update.posted_slot && again.previous_s == update.previous_s && !strcmp(twice.mantissa, message.mantissa));
	require(price_update_read(copy, need - 1, &again, &twice, NULL, &err));
	free(copy);
	return 0;
}
