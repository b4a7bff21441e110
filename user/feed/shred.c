// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Decoder `solana-shred`: one packet of Turbine through the parser of the kernel side (bpf/shred.bpf.h). */
#include <errno.h>
#include <stdio.h>

#include "feed/build.h"
#include "feed/decoder.h"
#include "shred.bpf.h"

#define DATA_HEAD_BYTES 88

static void describe(const struct shred *shred, unsigned version, struct feed_details *details)
{
	details_uint(details, "slot", shred->slot);
	details_uint(details, "index", shred->index);
	details_uint(details, "fec_set_index", shred->fec_set_index);
	details_text(details, "kind", shred->code ? "code" : "data");
	details_uint(details, "position", shred->bit % SHRED_SET_DATA);
	details_uint(details, "shred_version", version);
	details_bool(details, "repair", shred->repair);
	if (shred->code)
		return;
	details_uint(details, "reference_tick", shred->flags & SHRED_TICK_MASK);
	details_bool(details, "data_complete", shred->flags & SHRED_FLAG_DATA_COMPLETE);
	details_bool(details, "last_in_slot", (shred->flags & SHRED_FLAG_LAST_IN_SLOT) == SHRED_FLAG_LAST_IN_SLOT);
}

/* Of a data shred: behind its header stand `size` - 88 bytes of the block's entries. */
static void describe_data(const struct shred *shred, const uint8_t *data, struct feed_details *details)
{
	unsigned size = load_le16(data + 86), parent = load_le16(data + 83);

	details_uint(details, "parent_slot", parent <= shred->slot ? shred->slot - parent : 0);
	if (size >= DATA_HEAD_BYTES)
		details_uint(details, "entry_bytes", size - DATA_HEAD_BYTES);
	else
		details_null(details, "entry_bytes");
}

int shred_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		 struct error *err)
{
	struct feed_details details = {.count = 0};
	struct feed_message message;
	struct shred shred;

	if (len > UINT32_MAX || !shred_length_fits((uint32_t)len))
		return error_set(err, -EBADMSG, "a shred has 1203 (data) or 1228 bytes (code), and four more with a repair "
						"nonce; not %zu", len);
	if (shred_read(data, (uint32_t)len, options->shred_version, &shred) == SHRED_WRONG_VERSION)
		return error_set(err, -EBADMSG, "a shred of another version than --shred-version: another cluster");
	if (shred_read(data, (uint32_t)len, 0, &shred) != SHRED_OK)
		return error_set(err, -EBADMSG, "no chained Merkle shred of a set of 32 data and 32 code shreds, the only kind "
						"that is live");
	message_clear(&message);
	snprintf(message.id, sizeof(message.id), "%llu", (unsigned long long)shred.slot);
	snprintf(message.key, sizeof(message.key), "%u", shred.index);
	describe(&shred, load_le16(data + 77), &details);
	if (!shred.code)
		describe_data(&shred, data, &details);
	message.details = &details;
	emit(context, &message);
	return 1;
}
