// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `moldudp64`: Nasdaq's MoldUDP64 (version 1.00), big-endian.
 *
 *   packet    0 session, 10 ASCII · 10 sequence number u64 of the first message · 18 count u16 · 20 messages
 *   message   0 length u16 · 2 data
 *
 * Count 0 is a heartbeat and 0xffff the end of the session; both carry the number of the next message. Each message is an
 * update: its id is the session, its key the number. What is inside is not read: ITCH 5.0 gives nanoseconds since
 * midnight, in New York, without a date, which is no time of ours.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "bytes.bpf.h"
#include "feed/build.h"
#include "feed/sequence.h"

#define PACKET_HEAD 20
#define SESSION_BYTES 10
#define END_OF_SESSION 0xffff

static uint64_t load_be64(const uint8_t *at)
{
	return (uint64_t)load_be32(at) << 32 | load_be32(at + 4);
}

static unsigned int message_count(const uint8_t *data)
{
	unsigned int count = load_be16(data + 18);

	return count == END_OF_SESSION ? 0 : count;
}

/* Without the spaces at its end. Anything but printable ASCII is no session. */
static bool read_session(const uint8_t *data, char out[SEQUENCE_SESSION_MAX])
{
	size_t len = SESSION_BYTES;

	for (size_t i = 0; i < SESSION_BYTES; i++)
		if (data[i] < ' ' || data[i] > '~')
			return false;
	while (len && data[len - 1] == ' ')
		len--;
	memcpy(out, data, len);
	out[len] = '\0';
	return true;
}

/* Offset of the message that does not fit; `len` where all is well. */
static size_t walk(const uint8_t *data, size_t len, unsigned int *messages)
{
	size_t at = PACKET_HEAD;

	for (*messages = 0; *messages < message_count(data) && len - at >= 2; ++*messages) {
		size_t size = 2 + (size_t)load_be16(data + at);

		if (size > len - at)
			break;
		at += size;
	}
	return at;
}

static int check(const uint8_t *data, size_t len, struct sequence *out, struct error *err)
{
	unsigned int messages;
	size_t end;

	if (len < PACKET_HEAD)
		return error_set(err, -EBADMSG, "offset 0: %zu bytes; the packet's header alone has %d", len, PACKET_HEAD);
	if (!read_session(data, out->session))
		return error_set(err, -EBADMSG, "offset 0: the session is not ten printable characters");
	out->first = load_be64(data + 10);
	out->count = message_count(data);
	out->messages = out->count;
	out->time_ns = TIME_UNKNOWN;
	if (out->first > INT64_MAX)
		return error_set(err, -EBADMSG, "offset 10: sequence number %" PRIu64 " is beyond 63 bits", out->first);
	end = walk(data, len, &messages);
	if (messages != out->count || end != len)
		return error_set(err, -EBADMSG, "offset %zu: %u of %u messages, and %zu bytes are left", end, messages,
				 out->count, len - end);
	return 0;
}

bool moldudp64_sequence(const uint8_t *data, size_t len, struct sequence *out)
{
	return !check(data, len, out, NULL);
}

int moldudp64_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
		     void *context, struct error *err)
{
	struct feed_message message;
	struct sequence sequence;
	int status = check(data, len, &sequence, err);

	(void)options;
	if (status)
		return status;
	message_clear(&message);
	memcpy(message.id, sequence.session, sizeof(sequence.session));
	for (uint32_t i = 0; i < sequence.count; i++) {
		snprintf(message.key, sizeof(message.key), "%" PRIu64, sequence.first + i);
		emit(context, &message);
	}
	return (int)sequence.count;
}
