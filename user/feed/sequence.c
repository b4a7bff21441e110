// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/sequence.h"

static const struct {
	decode_fn decode;
	sequence_fn read;
} numbered[] = {
	{mdp3_decode, mdp3_sequence},
	{moldudp64_decode, moldudp64_sequence},
};

sequence_fn sequence_reader(const struct decoder *decoder)
{
	for (size_t i = 0; decoder && i < sizeof(numbered) / sizeof(numbered[0]); i++)
		if (numbered[i].decode == decoder->decode)
			return numbered[i].read;
	return NULL;
}
