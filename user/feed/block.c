// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/block.h"

#include <string.h>

#include "base/clock.h"

#define X(ID, name, body, text) {#name, body, text},
const struct block_kind_info block_kinds[] = {BLOCK_KINDS(X)};
#undef X

const struct block_decoder block_decoders[] = {
	{"flashblocks", "sub-blocks of Base and other OP Stack chains: JSON, plain or compressed with brotli", flashblocks_decode},
	{"monad-raptorcast", "Monad's RaptorCast, plaintext packets of version 0 and 1", raptorcast_decode},
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
