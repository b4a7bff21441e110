// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `cme-mdp3`: packets of CME's Market Data Platform (MDP 3.0, UDP multicast). Layout, little-endian: "MDP 3.0 -
 * Binary Packet Header" and "- Message Header" in CME's client systems wiki.
 *
 *   packet    0 MsgSeqNum u32 · 4 SendingTime u64, ns since 1970 · 12 messages
 *   message   0 MsgSize u16, with itself · 2 SBE block length u16, template u16, schema u16, version u16 · 10 body
 *
 * The packets of one channel are numbered one by one; feeds A and B of a channel carry the same packets. So one update is
 * one packet, and what is inside is counted, not read.
 */
#include <errno.h>
#include <stdio.h>

#include "bytes.bpf.h"
#include "feed/build.h"
#include "feed/sequence.h"

#define PACKET_HEAD 12
#define MESSAGE_HEAD 10

/* Offset of the message that does not end where the packet does; `len` where all is well. */
static size_t walk(const uint8_t *data, size_t len, uint32_t *messages)
{
	size_t at = PACKET_HEAD, size;

	for (*messages = 0; len - at >= MESSAGE_HEAD; at += size, ++*messages) {
		size = load_le16(data + at);
		if (size < MESSAGE_HEAD || size > len - at)
			break;
	}
	return at;
}

bool mdp3_sequence(const uint8_t *data, size_t len, struct sequence *out)
{
	uint64_t time_ns;

	if (len < PACKET_HEAD)
		return false;
	time_ns = load_le64(data + 4);
	if (time_ns > INT64_MAX || walk(data, len, &out->messages) != len)
		return false;
	out->session[0] = '\0';
	out->first = load_le32(data);
	out->count = 1;
	out->time_ns = (int64_t)time_ns;
	return true;
}

int mdp3_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		struct error *err)
{
	struct feed_message message;
	uint32_t messages;
	size_t end;

	(void)options;
	if (len < PACKET_HEAD)
		return error_set(err, -EBADMSG, "offset 0: %zu bytes; the packet's header alone has %d", len, PACKET_HEAD);
	end = walk(data, len, &messages);
	if (end != len)
		return error_set(err, -EBADMSG, "offset %zu: message %u of %zu bytes left has no size that fits", end,
				 messages + 1, len - end);
	message_clear(&message);
	if (load_le64(data + 4) > INT64_MAX)
		return error_set(err, -EBADMSG, "offset 4: SendingTime is beyond 63 bits of nanoseconds");
	message.published_ns = (int64_t)load_le64(data + 4);
	snprintf(message.key, sizeof(message.key), "%u", load_le32(data));
	emit(context, &message);
	return 1;
}
