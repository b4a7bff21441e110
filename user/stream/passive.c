// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/passive.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record.h"
#include "stream/framing.h"
#include "stream/reassembly.h"
#include "stream/segments.h"
#include "stream/tls_passive.h"
#include "stream/url.h"

struct direction {
	bool started;
	uint32_t isn;
	struct reassembly bytes;
};

struct passive {
	struct passive_options options; /* the strings are not kept */
	bool tls_url;
	bool done;
	struct direction server, client;
	bool ending; /* a FIN was seen, at: */
	uint64_t end;
	struct segments segments; /* of the server */
	struct tls_passive *tls;
	struct framing framing;
	uint64_t counters[STREAM_COUNTER_MAX];
};

static void on_message(void *context, const uint8_t *data, size_t len, uint64_t first, uint64_t end)
{
	struct passive *passive = context;
	struct stream_message message = {.data = data, .len = len, .app_mono_ns = TIME_UNKNOWN};
	struct segments_time time;

	/* The segment that completes a message was added before its bytes were read: it never has to wait. */
	segments_find(&passive->segments, first, end, &time);
	message.first_mono_ns = time.first_ns;
	message.wire_mono_ns = time.wire_ns;
	message.stall_ns = time.stall_ns;
	passive->counters[STREAM_COUNTER_MESSAGES]++;
	passive->counters[STREAM_COUNTER_UNMAPPED] += time.wire_ns == TIME_UNKNOWN;
	segments_forget(&passive->segments, first);
	passive->options.on_message(passive->options.context, &message);
}

int passive_new(struct passive **out, const struct passive_options *options, struct error *err)
{
	struct passive *passive = calloc(1, sizeof(*passive));
	const struct framing_callbacks callbacks = {.context = passive, .on_message = on_message};
	struct url url;
	int code;

	if (!passive)
		return error_set(err, -ENOMEM, "feed %s: out of memory", options->name);
	passive->options = *options;
	code = url_parse(&url, options->url, err);
	if (!code && url.tls && options->keylog_file)
		code = tls_passive_new(&passive->tls, options->keylog_file, err);
	if (!code) {
		passive->tls_url = url.tls;
		framing_init(&passive->framing, url.websocket, NULL, options->max_message_bytes, &callbacks);
		passive->framing.deflate = true; /* whatever its client offered */
		*out = passive;
	} else {
		passive_free(passive);
	}
	url_free(&url);
	return code ? error_prefix(err, code, "feed %s", options->name) : 0;
}

static void finish(struct passive *passive, const char *reason)
{
	passive->done = true;
	if (passive->options.on_state)
		passive->options.on_state(passive->options.context, reason);
}

static void fail(struct passive *passive, int code, const struct error *err)
{
	passive->counters[STREAM_COUNTER_PROTOCOL_ERRORS] += code == -EPROTO;
	passive->counters[STREAM_COUNTER_OVERSIZED] += code == -EMSGSIZE;
	passive->counters[STREAM_COUNTER_ENCRYPTED] += code == -ENOKEY;
	passive->counters[STREAM_COUNTER_INCOMPLETE] += code == -ENOBUFS || code == -ENODATA;
	finish(passive, err->text);
}

/* Does this payload begin a server's side, so that a capture without the SYN-ACK can still be read? */
static bool begins_stream(const struct passive *passive, const uint8_t *data, size_t len)
{
	if (passive->tls_url) /* a handshake record with a ServerHello */
		return len > 5 && data[0] == 22 && data[1] == 3 && data[5] == 2;
	return len >= 7 && !memcmp(data, "HTTP/1.", 7);
}

static int take_server_piece(void *context, const struct piece *piece, struct error *err)
{
	struct passive *passive = context;

	return passive->tls ? tls_passive_server(passive->tls, piece, framing_feed, &passive->framing, err)
			    : framing_feed(&passive->framing, piece, err);
}

static int take_client_piece(void *context, const struct piece *piece, struct error *err)
{
	struct passive *passive = context;

	return tls_passive_client(passive->tls, piece, err);
}

static void start(struct direction *direction, uint32_t isn)
{
	if (!direction->started)
		direction->isn = isn;
	direction->started = true;
}

static void take_client(struct passive *passive, uint32_t seq, uint32_t flags, const uint8_t *payload, size_t len)
{
	struct direction *client = &passive->client;
	struct error err = {0};
	int code;

	if (flags & PL_TCP_SYN)
		start(client, seq++);
	else if (len > 5 && payload[0] == 22 && payload[5] == 1) /* a ClientHello begins its side, SYN or not */
		start(client, seq - 1);
	if (!passive->tls || !client->started || !len)
		return;
	code = reassembly_add(&client->bytes, segments_offset(client->isn, client->bytes.next, seq), payload, len,
			      take_client_piece, passive, &err);
	if (code)
		fail(passive, code, &err);
}

static void take_server(struct passive *passive, uint32_t seq, uint32_t flags, const uint8_t *payload, size_t len,
			int64_t stamp_ns)
{
	struct direction *server = &passive->server;
	struct error err = {0};
	int64_t offset;
	int code;

	if (flags & PL_TCP_SYN)
		start(server, seq);
	else if (!server->started && len && begins_stream(passive, payload, len))
		start(server, seq - 1);
	if (!server->started) {
		code = error_set(&err, -ENODATA,
				 "the capture begins in the middle of the connection: start it before the client connects");
		if (len)
			fail(passive, code, &err);
		return;
	}
	if (!passive->segments.synchronized)
		segments_add(&passive->segments, server->isn, 0, PL_TCP_SYN, stamp_ns);
	segments_add(&passive->segments, seq, (uint32_t)len, flags, stamp_ns);
	offset = segments_offset(server->isn, server->bytes.next, seq + !!(flags & PL_TCP_SYN));
	if ((flags & PL_TCP_FIN) && offset >= 0) {
		passive->ending = true;
		passive->end = (uint64_t)offset + len;
	}
	code = reassembly_add(&server->bytes, offset, payload, len, take_server_piece, passive, &err);
	if (code)
		fail(passive, code, &err);
	else if (passive->ending && server->bytes.next >= passive->end)
		finish(passive, "the server closed the connection");
}

void passive_segment(struct passive *passive, bool from_server, uint32_t seq, uint32_t flags, const uint8_t *payload,
		     size_t len, int64_t stamp_ns)
{
	struct error err;

	if (passive->done)
		return;
	if (passive->tls_url && !passive->tls) {
		fail(passive, error_set(&err, -ENOKEY, "the connection is encrypted: give its secrets with a key log"),
		     &err);
		return;
	}
	if (from_server)
		take_server(passive, seq, flags, payload, len, stamp_ns);
	else
		take_client(passive, seq, flags, payload, len);
	if (!passive->done && (flags & PL_TCP_RST))
		finish(passive, from_server ? "the server reset the connection" : "the client reset the connection");
}

void passive_counters(const struct passive *passive, uint64_t out[STREAM_COUNTER_MAX])
{
	memcpy(out, passive->counters, sizeof(passive->counters));
	out[STREAM_COUNTER_RETRANSMITS] = passive->segments.retransmits;
	out[STREAM_COUNTER_REORDERED] = passive->segments.reordered;
}

void passive_free(struct passive *passive)
{
	if (!passive)
		return;
	reassembly_free(&passive->server.bytes);
	reassembly_free(&passive->client.bytes);
	segments_free(&passive->segments);
	tls_passive_free(passive->tls);
	framing_free(&passive->framing);
	free(passive);
}
