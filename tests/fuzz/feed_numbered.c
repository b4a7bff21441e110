// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A byte that chooses the decoder, and a datagram. What decodes has a number, what does not has none. */
#include "feed_check.h"

#include "feed/sequence.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct decode_options none;
	const struct decoder *decoder = decoder_find(size && data[0] % 2 ? "moldudp64" : "cme-mdp3");
	struct sequence sequence;
	struct error err;
	int count = 0, ret;

	if (!size)
		return 0;
	data++;
	size--;
	check_decoder(decoder->decode, &none, data, size);
	ret = decoder->decode(&none, data, size, check_message, &count, &err);
	require(sequence_reader(decoder)(data, size, &sequence) == (ret >= 0));
	if (ret >= 0)
		require((uint32_t)ret == sequence.count && memchr(sequence.session, 0, sizeof(sequence.session)) &&
			sequence.first + sequence.count >= sequence.first);
	return 0;
}
