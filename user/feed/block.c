// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/block.h"

#include <string.h>

#include "base/clock.h"

#define X(ID, name, body, text) {#name, body, text},
const struct block_kind_info block_kinds[] = {BLOCK_KINDS(X)};
#undef X

const struct block_decoder block_decoders[] = {
	{
		.name = "flashblocks",
		.help = "sub-blocks of Base and other OP Stack chains: JSON, plain or compressed with brotli",
		.decode = flashblocks_decode,
	},
	{
		.name = "bitcoin-p2p",
		.help = "Bitcoin's P2P messages (version 1): inv, headers, cmpctblock, getdata, block",
		.decode = bitcoin_decode,
		.frame = bitcoin_frame,
		.message_max = BITCOIN_MESSAGE_MAX,
	},
	{
		.name = "monad-raptorcast",
		.help = "Monad's RaptorCast, plaintext packets of version 0 and 1",
		.decode = raptorcast_decode,
	},
	{0},
};

const struct block_decoder *block_decoder_find(const char *name)
{
	for (const struct block_decoder *d = block_decoders; d->name; d++) {
		if (!strcmp(d->name, name))
			return d;
	}
	return NULL;
}

void block_message_clear(struct block_message *message, enum block_kind kind)
{
	memset(message, 0, sizeof(*message));
	message->kind = kind;
	message->part = BLOCK_PART_WHOLE;
	message->published_ns = TIME_UNKNOWN;
}
