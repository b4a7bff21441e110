// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The subscriber against servers that misbehave: half-closed, garbage, wrong text, bombs, a token that expires. Each time
 * it says why, counts it, and is ready for the next connection. */
#include <errno.h>
#include <zlib.h>

#include "stream_loopback.h"

static bool two_downs(void)
{
	return seen.downs >= 2;
}

/* ---- half-closed ------------------------------------------------------------------------------------------------------ */

/* Sends no more, but goes on listening: the connection looks alive from the other side. */
static void script_half_closed(struct peer *peer)
{
	if (!peer_upgrade(peer))
		return;
	peer_frame(peer, 0x81, "m", 1);
	if (peer->ssl)
		SSL_shutdown(peer->ssl);
	shutdown(peer->fd, SHUT_WR);
	peer_wait_end(peer);
}

static void half_closed(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		begin_with(tls ? server_context(&good, TLS1_3_VERSION) : NULL, script_half_closed, tls ? "wss" : "ws", "127.0.0.1");
		run_until(two_downs); /* and was up again between them */
		assert_in_range(seen.count, 1, 2);
		if (!strstr(seen.reason, tls ? "closed the TLS session" : "closed the connection"))
			fail_msg("%s", seen.reason);
		assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 0);
		end();
	}
}

/* ---- garbage ------------------------------------------------------------------------------------------------------------ */

static void random_bytes(uint8_t *out, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245 + 12345;
		out[i] = (uint8_t)(seed >> 16);
	}
}

/* Each connection other bytes; on every third behind a good message. */
static void script_garbage(struct peer *peer)
{
	uint8_t bytes[700];

	if (!peer_upgrade(peer))
		return;
	if (peer->number % 3 == 0)
		peer_frame(peer, 0x81, "m", 1);
	random_bytes(bytes, sizeof(bytes), peer->number);
	peer_write(peer, bytes, sizeof(bytes));
}

static bool two_hundred_downs(void)
{
	return seen.downs >= 200;
}

static void garbage_frames(void **state)
{
	uint64_t told;

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		begin_with(tls ? server_context(&good, TLS1_3_VERSION) : NULL, script_garbage, tls ? "wss" : "ws", "127.0.0.1");
		run_until(two_hundred_downs);
		assert_true(seen.count >= 200 / 3);
		assert_true(*seen.reason);
		/* the rest looked like the beginning of a frame, or like a close frame, to the last byte */
		told = counter(STREAM_COUNTER_PROTOCOL_ERRORS) + counter(STREAM_COUNTER_OVERSIZED);
		assert_in_range(told, 150, seen.downs);
		end();
	}
}

static void script_noise(struct peer *peer)
{
	uint8_t bytes[400];

	random_bytes(bytes, sizeof(bytes), peer->number);
	peer_write(peer, bytes, sizeof(bytes));
	peer_wait_end(peer);
}

static bool twenty_counted(void)
{
	return counter(STREAM_COUNTER_PROTOCOL_ERRORS) >= 20;
}

/* Noise instead of HTTP, and (to a client that expects TLS) instead of a handshake. */
static void noise_instead_of_a_protocol(void **state)
{
	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		begin_with(NULL, script_noise, tls ? "wss" : "https", "127.0.0.1");
		run_until(is_down);
		assert_int_equal(seen.ups, 0);
		end();
	}
	begin_with(NULL, script_noise, "ws", "127.0.0.1");
	run_until(twenty_counted);
	assert_int_equal(seen.ups, 0);
	assert_int_equal(seen.count, 0);
	end();
}

/* ---- text, and sizes ---------------------------------------------------------------------------------------------------- */

static void script_latin(struct peer *peer)
{
	if (!peer_upgrade(peer))
		return;
	peer_frame(peer, 0x81, "good", 4);
	peer_frame(peer, 0x81, "gr\xfc\xdf", 4);
	peer_frame(peer, 0x81, "never", 5);
}

static void text_that_is_not_utf8(void **state)
{
	(void)state;
	begin_with(NULL, script_latin, "ws", "127.0.0.1");
	run_until(is_down);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.reason, "WebSocket: the server sent a text message that is not UTF-8");
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 1);
	end();
}

static char request_text[8192];

static size_t squeeze(z_stream *z, const void *data, size_t len, uint8_t *out, size_t size)
{
	z->next_in = (Bytef *)data;
	z->avail_in = (uInt)len;
	z->next_out = out;
	z->avail_out = (uInt)size;
	PEER_CHECK(deflate(z, Z_SYNC_FLUSH) == Z_OK && !z->avail_in && z->avail_out);
	return size - z->avail_out - 4;
}

/* Agrees to compression, sends two messages in one window, then one of 4 MiB in 4 kB. */
static void script_deflate(struct peer *peer)
{
	static uint8_t zeros[4 << 20], packed[16384];
	char key[WS_KEY_SIZE], accept[WS_ACCEPT_SIZE], answer[512];
	z_stream z = {.zalloc = NULL};
	size_t len;

	if (!peer_request(peer, request_text, sizeof(request_text)))
		return;
	snprintf(key, sizeof(key), "%.24s", strstr(request_text, "Sec-WebSocket-Key: ") + 19);
	ws_accept(key, accept);
	snprintf(answer, sizeof(answer), "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
		 "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=15\r\n\r\n", accept);
	peer_text(peer, answer);
	PEER_CHECK(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) == Z_OK);
	for (int i = 0; i < 2; i++) {
		len = squeeze(&z, "{\"price\":\"3000.12\",\"symbol\":\"ETHUSD\"}", 37, packed, sizeof(packed));
		peer_frame(peer, 0xc1, packed, len);
	}
	len = squeeze(&z, zeros, sizeof(zeros), packed, sizeof(packed));
	peer_frame(peer, 0xc2, packed, len);
	deflateEnd(&z);
	peer_wait_end(peer);
}

static void compressed_messages_and_a_bomb(void **state)
{
	struct subscriber_options options;
	char url[64];

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		server_start(&server, tls ? server_context(&good, TLS1_3_VERSION) : NULL, script_deflate);
		snprintf(url, sizeof(url), "%s://localhost:%u/ws", tls ? "wss" : "ws", server.port);
		options = options_for(url);
		options.deflate = true;
		options.auth = (struct stream_auth){"id-of-ours", "s3cret"};
		begin(&options);
		run_until(is_down);
		assert_int_equal(seen.count, 2);
		assert_string_equal(seen.text[1], "{\"price\":\"3000.12\",\"symbol\":\"ETHUSD\"}");
		assert_string_equal(seen.reason, "WebSocket: a message above the limit of 1048576 bytes once decompressed");
		assert_int_equal(counter(STREAM_COUNTER_OVERSIZED), 1);
		end();
		assert_non_null(strstr(request_text, "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n"));
		assert_non_null(strstr(request_text, "\r\nAuthorization: id-of-ours\r\nX-Authorization-Timestamp: "));
		assert_non_null(strstr(request_text, "\r\nX-Authorization-Signature-SHA256: "));
		assert_null(strstr(request_text, "s3cret"));
	}
}

/* ---- a token that expires ------------------------------------------------------------------------------------------------ */

static void script_expiring(struct peer *peer)
{
	char request[8192];

	if (!peer->number) {
		if (peer_upgrade(peer))
			peer_frame(peer, 0x88, "\x0f\xa1token expired", 15); /* 4001 */
		return;
	}
	if (peer_request(peer, request, sizeof(request)))
		peer_text(peer, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
}

/* Told once as the connection's end and once as the refusal; then it asks less and less often. */
static void a_token_that_expires(void **state)
{
	int64_t deadline_ns, last_ns = 0;
	short events;

	(void)state;
	begin_with(NULL, script_expiring, "ws", "127.0.0.1");
	run_until(is_down);
	assert_string_equal(seen.reason, "the server closed the WebSocket with code 4001: token expired");
	run_until(two_downs);
	assert_non_null(strstr(seen.reason, "refuses the credentials (status 401)"));
	for (int i = 0; i < 6; i++) {
		assert_int_equal(subscriber_poll(sub, &events, &deadline_ns), -1);
		last_ns = deadline_ns - clock_mono_ns() - skew_ns;
		assert_true(last_ns <= 30 * SECOND_NS);
		skew_ns += last_ns > 0 ? last_ns : 0;
		do { /* one attempt, to its refusal */
			struct pollfd poller = {.fd = subscriber_poll(sub, &events, &deadline_ns)};

			poller.events = events;
			poll(&poller, poller.fd >= 0, 20);
			subscriber_step(sub, clock_mono_ns() + skew_ns);
		} while (subscriber_poll(sub, &events, &deadline_ns) >= 0);
	}
	assert_true(last_ns > 8 * SECOND_NS);
	assert_int_equal(seen.downs, 2); /* not again at each attempt */
	assert_int_equal(seen.ups, 1);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(half_closed),
		cmocka_unit_test(garbage_frames),
		cmocka_unit_test(noise_instead_of_a_protocol),
		cmocka_unit_test(text_that_is_not_utf8),
		cmocka_unit_test(compressed_messages_and_a_bomb),
		cmocka_unit_test(a_token_that_expires),
	};

	return cmocka_run_group_tests_name("stream/torture", tests, set_up, tear_down);
}
