// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The subscriber against real servers on loopback: protocols, losses, time limits. */
#include <dirent.h>

#include "stream_loopback.h"

/* ---- WebSocket -------------------------------------------------------------------------------------------------------- */

static char answers[16][128];

static void script_conversation(struct peer *peer)
{
	if (!peer_upgrade(peer))
		return;
	memset(answers, 0, sizeof(answers));
	peer_frame(peer, 0x81, "one", 3);
	peer_frame(peer, 0x82, "\x00\xff", 2);
	if (peer->ssl && SSL_version(peer->ssl) == TLS1_3_VERSION) {
		SSL_key_update(peer->ssl, SSL_KEY_UPDATE_REQUESTED);
		peer_frame(peer, 0x81, "", 0);
		SSL_key_update(peer->ssl, SSL_KEY_UPDATE_NOT_REQUESTED);
	} else {
		peer_frame(peer, 0x81, "", 0);
	}
	peer_frame(peer, 0x01, "fr\xc3", 3); /* cut inside a character */
	peer_frame(peer, 0x89, "are you there?", 14);
	peer_frame(peer, 0x00, "", 0);
	peer_frame(peer, 0x80, "\xa4g", 2);
	for (int i = 0; i < 2; i++) { /* what `send:` said, and the pong: in either order */
		char text[128];
		int opcode = peer_read_frame(peer, text, sizeof(text));

		if (opcode > 0)
			snprintf(answers[opcode], sizeof(answers[opcode]), "%s", text);
	}
	peer_frame(peer, 0x88, "\x03\xe9gone\r\n", 8);
	snprintf(answers[0], sizeof(answers[0]), "%d", peer_read_frame(peer, answers[8], sizeof(answers[8])));
}

static void converse(SSL_CTX *context, const char *scheme)
{
	const char *const send[] = {"subscribe"};
	struct subscriber_options options;
	char url[64];

	server_start(&server, context, script_conversation);
	snprintf(url, sizeof(url), "%s://localhost:%u", scheme, server.port);
	options = options_for(url);
	options.send = send;
	options.send_count = 1;
	begin(&options);
	run_until(is_down);
	assert_int_equal(seen.count, 4);
	assert_string_equal(seen.text[0], "one");
	assert_int_equal(seen.len[1], 2);
	assert_int_equal(seen.len[2], 0);
	assert_string_equal(seen.text[3], "fr\xc3\xa4g");
	assert_string_equal(seen.reason, "the server closed the WebSocket with code 1001: gone??");
	assert_int_equal(counter(STREAM_COUNTER_MESSAGES), 4);
	assert_int_equal(counter(STREAM_COUNTER_UNMAPPED), 4);
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 0);
	end();
	assert_string_equal(answers[WS_TEXT], "subscribe");
	assert_string_equal(answers[WS_PONG], "are you there?");
	assert_string_equal(answers[0], "8"); /* the close frame came back */
}

static void ws_conversation(void **state)
{
	(void)state;
	converse(NULL, "ws");
}

static void wss_conversation_12(void **state)
{
	(void)state;
	converse(server_context(&good, TLS1_2_VERSION), "wss");
}

static void wss_conversation_13(void **state)
{
	(void)state;
	converse(server_context(&good, TLS1_3_VERSION), "wss");
}

static void script_slow(struct peer *peer)
{
	uint8_t frames[512];
	size_t len = 0;

	if (!peer_upgrade(peer))
		return;
	for (int i = 0; i < 5; i++)
		len += server_frame(frames + len, 0x81, "slowly", 6);
	for (size_t i = 0; i < len; i++) /* a segment, and a TLS record, for every byte */
		peer_write(peer, frames + i, 1);
	peer_wait_end(peer);
}

static bool five(void)
{
	return seen.count >= 5;
}

static void byte_by_byte(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		begin_with(tls ? server_context(&good, TLS1_3_VERSION) : NULL, script_slow, tls ? "wss" : "ws", "127.0.0.1");
		run_until(five);
		for (int i = 0; i < 5; i++)
			assert_string_equal(seen.text[i], "slowly");
		end();
	}
}

static void script_large(struct peer *peer)
{
	uint8_t *data = calloc(1, LIMIT);

	PEER_CHECK(data);
	if (peer_upgrade(peer))
		for (int i = 0; i < 5; i++)
			peer_frame(peer, 0x82, data, LIMIT);
	free(data);
	peer_wait_end(peer);
}

static void large_messages(void **state)
{
	(void)state;
	begin_with(server_context(&good, TLS1_3_VERSION), script_large, "wss", "localhost");
	run_until(five);
	assert_int_equal(seen.bytes, 5 * LIMIT);
	end();
}

static void script_oversized(struct peer *peer)
{
	static const uint8_t head[10] = {0x82, 127, 0, 0, 0, 0, 0, 0x10, 0, 1}; /* 1 MiB + 1 */

	if (peer_upgrade(peer))
		peer_write(peer, head, sizeof(head));
	peer_wait_end(peer);
}

static void oversized_is_refused(void **state)
{
	(void)state;
	begin_with(NULL, script_oversized, "ws", "localhost");
	run_until(is_down);
	assert_int_equal(counter(STREAM_COUNTER_OVERSIZED), 1);
	assert_non_null(strstr(seen.reason, "limit of 1048576 bytes"));
	end();
}

static void script_echo(struct peer *peer)
{
	char text[128];

	if (!peer_upgrade(peer))
		return;
	for (int i = 0; i < 5; i++) {
		peer_frame(peer, 0x81, "question", 8);
		if (peer_read_frame(peer, text, sizeof(text)) != WS_TEXT || strcmp(text, "answer"))
			return;
	}
	peer_wait_end(peer);
}

static void requests_and_answers(void **state)
{
	(void)state;
	begin_with(server_context(&good, TLS1_2_VERSION), script_echo, "wss", "localhost");
	assert_int_equal(subscriber_send(sub, "early", 5), -ENOTCONN);
	seen.echo = true;
	run_until(five);
	end();
}

/* ---- time limits ------------------------------------------------------------------------------------------------------ */

static unsigned pings;

static void script_deaf(struct peer *peer)
{
	char text[128];

	if (!peer_upgrade(peer))
		return;
	for (int opcode; (opcode = peer_read_frame(peer, text, sizeof(text))) >= 0;)
		pings += opcode == WS_PING;
}

static void silence(void **state)
{
	short events;
	int64_t deadline_ns, now_ns;

	(void)state;
	pings = 0;
	begin_with(NULL, script_deaf, "ws", "localhost");
	run_until(is_up);
	for (int i = 0; i < 3; i++) {
		assert_true(subscriber_poll(sub, &events, &deadline_ns) >= 0);
		now_ns = clock_mono_ns() + skew_ns;
		assert_in_range(deadline_ns - now_ns, 0, 15 * SECOND_NS);
		assert_int_equal(seen.downs, 0);
		skew_ns += deadline_ns - now_ns;
		subscriber_step(sub, deadline_ns);
	}
	assert_int_equal(seen.downs, 1);
	assert_non_null(strstr(seen.reason, "silent for 45 s"));
	end();
	assert_int_equal(pings, 2);
}

static void script_mute(struct peer *peer)
{
	peer_wait_end(peer);
}

static void no_answer(void **state)
{
	short events;
	int64_t deadline_ns;

	(void)state;
	begin_with(NULL, script_mute, "ws", "127.0.0.1");
	for (int i = 0; i < 50; i++) /* connects and asks */
		subscriber_step(sub, clock_mono_ns());
	subscriber_poll(sub, &events, &deadline_ns);
	subscriber_step(sub, deadline_ns);
	assert_int_equal(seen.downs, 1);
	assert_non_null(strstr(seen.reason, "did not answer within 10 s"));
	end();
}

/* Each failure doubles the wait, up to a limit; the same reason is not told twice. */
static void backoff(void **state)
{
	int64_t deadline_ns, now_ns = SECOND_NS, least_ns = SECOND_NS / 4;
	struct subscriber_options options;
	char url[64];
	short events;

	(void)state;
	server_start(&server, NULL, script_mute);
	snprintf(url, sizeof(url), "ws://127.0.0.1:%u", server.port);
	server_stop(&server);
	options = options_for(url);
	begin(&options);
	for (int i = 0; i < 12; i++) {
		do /* until the refusal */
			subscriber_step(sub, now_ns);
		while (subscriber_poll(sub, &events, &deadline_ns) >= 0);
		assert_in_range(deadline_ns - now_ns, least_ns, least_ns * 3 / 2 < 30 * SECOND_NS ? least_ns * 3 / 2 : 30 * SECOND_NS);
		subscriber_step(sub, deadline_ns - 1);
		assert_int_equal(subscriber_poll(sub, &events, &now_ns), -1);
		least_ns = least_ns * 2 < 30 * SECOND_NS ? least_ns * 2 : 30 * SECOND_NS;
		now_ns = deadline_ns;
	}
	assert_int_equal(seen.downs, 1);
	assert_non_null(strstr(seen.reason, "Connection refused"));
	subscriber_free(sub);
}

/* ---- server-sent events ----------------------------------------------------------------------------------------------- */

static char request_text[8192];

static void script_events(struct peer *peer)
{
	if (!peer_request(peer, request_text, sizeof(request_text)))
		return;
	peer_text(peer, "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: "
			"Text/Event-Stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n");
	peer_text(peer, "7;x=y\r\ndata: a\r\n");
	peer_text(peer, "14\r\n\n\n: comment\n\ndata: b\r\n");
	peer_text(peer, "19\r\n\ndata: c\r\n\r\nid: 7\ndata: d\r\n1\r\n\r\r\n1\r\n\r\r\n0\r\n\r\n");
	peer_wait_end(peer);
}

static void events(void **state)
{
	const struct stream_header headers[] = {{"Authorization", "Bearer s3cret"}, {"X-Other", ""}};
	struct subscriber_options options;
	char url[64];

	(void)state;
	for (int version = 0; version < 2; version++) {
		server_start(&server, version ? server_context(&good, TLS1_3_VERSION) : NULL, script_events);
		snprintf(url, sizeof(url), "%s://localhost:%u?x=1", version ? "https" : "http", server.port);
		options = options_for(url);
		options.headers = headers;
		options.header_count = 2;
		begin(&options);
		run_until(is_down);
		assert_int_equal(seen.ups, 1);
		assert_int_equal(seen.count, 3);
		assert_string_equal(seen.text[0], "a");
		assert_string_equal(seen.text[1], "b\nc");
		assert_string_equal(seen.text[2], "d");
		assert_string_equal(seen.reason, "the server ended its answer");
		assert_int_equal(subscriber_send(sub, "x", 1), -EOPNOTSUPP);
		end();
		assert_memory_equal(request_text, "GET /?x=1 HTTP/1.1\r\n", 20);
		assert_non_null(strstr(request_text, "\r\nAccept: text/event-stream\r\n"));
		assert_non_null(strstr(request_text, "\r\nAuthorization: Bearer s3cret\r\nX-Other: \r\n\r\n"));
	}
}

/* ---- reconnects ------------------------------------------------------------------------------------------------------- */

static void script_cut(struct peer *peer)
{
	if (!peer_upgrade(peer))
		return;
	peer_frame(peer, 0x81, "m", 1);
	peer_write(peer, "\x81\x05half", 6); /* and the connection ends inside a message */
}

static unsigned reconnects = 1000; /* PRICELAG_RECONNECTS, for more by hand */

static bool enough(void)
{
	return seen.ups >= reconnects;
}

static size_t open_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void thousand_reconnects(void **state)
{
	const char *wanted = getenv("PRICELAG_RECONNECTS");
	size_t before;

	(void)state;
	reconnects = wanted ? (unsigned)atoi(wanted) : reconnects;
	for (int tls = 0; tls < 2; tls++) {
		before = open_descriptors();
		begin_with(tls ? server_context(&good, TLS1_3_VERSION) : NULL, script_cut, tls ? "wss" : "ws", "127.0.0.1");
		run_until(enough);
		assert_in_range(counter(STREAM_COUNTER_RECONNECTS), reconnects - 1, reconnects); /* the last one may be lost already */
		assert_int_equal(counter(STREAM_COUNTER_RECONNECTS), seen.downs);
		assert_in_range(seen.count, reconnects - 1, reconnects);
		assert_in_range(seen.downs, reconnects - 1, reconnects);
		end();
		/* fewer where a look-up of an earlier test, which nobody can call off, had one open then; a leak is of hundreds */
		assert_true(open_descriptors() <= before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ws_conversation),
		cmocka_unit_test(wss_conversation_12),
		cmocka_unit_test(wss_conversation_13),
		cmocka_unit_test(byte_by_byte),
		cmocka_unit_test(large_messages),
		cmocka_unit_test(oversized_is_refused),
		cmocka_unit_test(requests_and_answers),
		cmocka_unit_test(silence),
		cmocka_unit_test(no_answer),
		cmocka_unit_test(backoff),
		cmocka_unit_test(events),
		cmocka_unit_test(thousand_reconnects),
	};

	return cmocka_run_group_tests_name("stream/live", tests, set_up, tear_down);
}
