// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Block decoder `monad-raptorcast`: the plaintext packets by which Monad's leaders spread their proposals. Layouts:
 * category-labs/monad-bft, monad-raptorcast/src/parser/packet_parser.rs, packet/regular.rs (version 0) and
 * packet/deterministic.rs (version 1). All integers are little-endian. Signatures and Merkle proofs are not checked.
 *
 *   both       0 signature 65 · 65 version u16
 *   version 0  67 flags u8 · 68 epoch, or round if secondary, u64 · 76 unix_ts_ms u64 · 84 app_message_hash 20 ·
 *              104 app_message_len u32 · 108 proof 20·(depth-1) · recipient_hash 20, leaf u8, reserved u8, chunk_id u16 · data
 *   version 1  67 flags u8 · 68 encoding u8 · 69 round u64 · 77 epoch u64 · 85 unix_ts_ms u64 · 93 merkle root 20 ·
 *              113 app_message_len u32 · 117 proof 20·(depth-1) · reserved u16, chunk_id u16 · data; 1440 bytes in all
 *
 * Between authenticated peers the same packets travel encrypted, in messages shaped like WireGuard's: data begins with
 * 04 00 00 00, handshakes with 1, 2 or 3 in the same place.
 */
#include <errno.h>

#include "base/clock.h"
#include "base/hex.h"
#include "bytes.bpf.h"
#include "feed/block.h"

#define HASH_BYTES 20
#define V1_SEGMENT 1440 /* MTU 1500 without IPv4, UDP and the 32 bytes of an encrypted packet's head */
#define V1_ENCODING 1	/* Deterministic25, the only one there is */
#define PRIMARY 2	/* of the flags' two highest bits */
#define SECONDARY 1

/* Where the two versions differ. */
struct layout {
	size_t flags, time, hash, message_len, proof;
	size_t chunk_head, chunk_id; /* bytes behind the proof: all of the chunk's header, and where its id stands in it */
	unsigned int depth_min, depth_max;
};
static const struct layout layouts[] = {
	{67, 76, 84, 104, 108, HASH_BYTES + 4, HASH_BYTES + 2, 1, 9},
	{67, 85, 93, 113, 117, 4, 2, 3, 15},
};

/* Kind of message, three zero bytes; sizes of handshakes are exact. */
static bool is_encrypted(const uint8_t *data, size_t len)
{
	static const size_t handshake_len[] = {0, 150, 93, 56};

	if (len < 32 || data[1] || data[2] || data[3] || !data[0])
		return false;
	return data[0] == 4 || (data[0] < 4 && len == handshake_len[data[0]]);
}

/* The round counts proposals; an epoch, all that version 0 tells outside the secondary broadcast, counts nothing of ours. */
static void set_round(struct block_message *message, unsigned int version, unsigned int mode, const uint8_t *data)
{
	message->has_number = version == 1 || mode == SECONDARY;
	if (message->has_number)
		message->number = load_le64(data + (version ? 69 : 68));
}

int raptorcast_decode(const uint8_t *data, size_t len, block_emit_fn emit, void *context, struct error *err)
{
	struct block_message message;
	const struct layout *layout;
	unsigned int version, mode, depth;
	uint64_t time_ms, message_len;
	size_t chunk;

	if (is_encrypted(data, len))
		return error_set(err, -ENOKEY, "offset 0: an encrypted packet (type %u) between authenticated peers", data[0]);
	if (len < 67)
		return error_set(err, -EBADMSG, "offset 0: %zu bytes; the signature and version alone have 67", len);
	version = load_le16(data + 65);
	if (version >= sizeof(layouts) / sizeof(layouts[0]))
		return error_set(err, -EBADMSG, "offset 65: version %u; versions 0 and 1 are known", version);
	layout = &layouts[version];
	if (version == 1 && len != V1_SEGMENT)
		return error_set(err, -EBADMSG, "offset 0: %zu bytes; a packet of version 1 has %d", len, V1_SEGMENT);
	if (len < layout->proof)
		return error_set(err, -EBADMSG, "offset 67: %zu bytes; the header alone has %zu", len, layout->proof);
	mode = data[layout->flags] >> 6;
	depth = data[layout->flags] & 15;
	if (mode == (PRIMARY | SECONDARY) || (version == 1 && !mode))
		return error_set(err, -EBADMSG, "offset 67: broadcast bits %u", mode);
	if (depth < layout->depth_min || depth > layout->depth_max)
		return error_set(err, -EBADMSG, "offset 67: a tree of depth %u; %u to %u are possible", depth,
				 layout->depth_min, layout->depth_max);
	if (version == 1 && data[68] != V1_ENCODING)
		return error_set(err, -EBADMSG, "offset 68: encoding %u; only %d is known", data[68], V1_ENCODING);
	chunk = layout->proof + HASH_BYTES * (depth - 1);
	if (len <= chunk + layout->chunk_head)
		return error_set(err, -EBADMSG, "offset %zu: the packet ends before its data", chunk);
	message_len = load_le32(data + layout->message_len);
	if (!message_len)
		return error_set(err, -EBADMSG, "offset %zu: a message of 0 bytes", layout->message_len);
	time_ms = load_le64(data + layout->time);
	if (time_ms > INT64_MAX / 1000000)
		return error_set(err, -EBADMSG, "offset %zu: a time beyond 64 bits of nanoseconds", layout->time);

	block_message_clear(&message, BLOCK_KIND_CHUNK);
	set_round(&message, version, mode, data);
	message.part = load_le16(data + chunk + layout->chunk_id);
	len -= chunk + layout->chunk_head;
	/* Source symbols: what Raptor can never do with less of, and sometimes needs a few more of. */
	message.parts_needed = (uint32_t)((message_len + len - 1) / len);
	message.published_ns = (int64_t)time_ms * 1000000;
	hex_encode(data + layout->hash, HASH_BYTES, message.hash);
	emit(context, &message);
	return 1;
}
