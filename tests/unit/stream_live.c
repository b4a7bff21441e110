// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The subscriber against real servers on loopback: protocols, refusals, losses, time limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "stream/subscriber.h"
#include "stream_peer.h"

#define SECOND_NS INT64_C(1000000000)
#define KEPT 64
#define LIMIT (1 << 20)

static struct {
	size_t count, bytes;
	char text[KEPT][128];
	size_t len[KEPT];
	unsigned ups, downs;
	char reason[768];
	bool echo;
} seen;

static struct subscriber *sub;
static struct server server;
static int64_t skew_ns; /* time that the test lets pass at once */
static struct certificate authority, stranger, good, other, expired;
static char ca_file[64];

static void on_message(void *context, const struct stream_message *message)
{
	size_t i = seen.count++;

	(void)context;
	seen.bytes += message->len;
	assert_int_equal(message->wire_mono_ns, TIME_UNKNOWN);
	assert_true(message->app_mono_ns <= clock_mono_ns());
	if (i < KEPT) {
		seen.len[i] = message->len;
		snprintf(seen.text[i], sizeof(seen.text[i]), "%.*s", (int)message->len, message->data);
	}
	if (seen.echo)
		assert_int_equal(subscriber_send(sub, "answer", 6), 0);
}

static void on_state(void *context, const char *reason)
{
	(void)context;
	if (!reason) {
		seen.ups++;
		return;
	}
	seen.downs++;
	snprintf(seen.reason, sizeof(seen.reason), "%s", reason);
}

static struct subscriber_options options_for(const char *url)
{
	return (struct subscriber_options){
		.name = "test",
		.url = url,
		.ca_file = ca_file,
		.max_message_bytes = LIMIT,
		.on_message = on_message,
		.on_state = on_state,
	};
}

static void begin(const struct subscriber_options *options)
{
	struct error err = {0};

	memset(&seen, 0, sizeof(seen));
	skew_ns = 0;
	if (subscriber_new(&sub, options, &err))
		fail_msg("%s", err.text);
}

/* Starts a server with this script and a subscriber to it. */
static void begin_with(SSL_CTX *context, peer_script script, const char *scheme, const char *host)
{
	struct subscriber_options options;
	char url[128];

	server_start(&server, context, script);
	snprintf(url, sizeof(url), "%s://%s:%u/path?key=hidden", scheme, host, server.port);
	options = options_for(url);
	begin(&options);
}

static void end(void)
{
	subscriber_free(sub);
	sub = NULL;
	server_stop(&server);
	SSL_CTX_free(server.context);
	server.context = NULL;
}

/* Runs the loop until `done` says so; waits for reconnects by moving the clock. Fails after 30 s without anything new. */
static void run_until(bool (*done)(void))
{
	int64_t limit_ns = clock_mono_ns() + 30 * SECOND_NS;
	size_t news = 0;

	while (!done()) {
		int64_t deadline_ns;
		struct pollfd poller;

		if (seen.count + seen.ups + seen.downs != news) {
			news = seen.count + seen.ups + seen.downs;
			limit_ns = clock_mono_ns() + 30 * SECOND_NS;
		}
		if (clock_mono_ns() > limit_ns)
			fail_msg("nothing more happens: %zu messages, %u up, %u down, %s", seen.count, seen.ups, seen.downs,
				 seen.reason);
		poller.fd = subscriber_poll(sub, &poller.events, &deadline_ns);
		if (poller.fd < 0)
			skew_ns += deadline_ns > clock_mono_ns() + skew_ns && deadline_ns != INT64_MIN
					   ? deadline_ns - clock_mono_ns() - skew_ns
					   : 0;
		else
			poll(&poller, 1, 20);
		subscriber_step(sub, clock_mono_ns() + skew_ns);
	}
}

static bool is_down(void)
{
	return seen.downs > 0;
}

static bool is_up(void)
{
	return seen.ups > 0;
}

static uint64_t counter(enum stream_counter which)
{
	uint64_t all[STREAM_COUNTER_MAX];

	subscriber_counters(sub, all);
	return all[which];
}

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

/* ---- refusals --------------------------------------------------------------------------------------------------------- */

static const char *canned;

static void script_canned(struct peer *peer)
{
	if (peer_request(peer, request_text, sizeof(request_text)))
		peer_text(peer, canned);
	shutdown(peer->fd, SHUT_WR);
	peer_wait_end(peer);
}

static void refusals(void **state)
{
	static const struct {
		const char *scheme, *answer, *reason;
		bool violation;
	} cases[] = {
		{"ws", "HTTP/1.1 302 Found\r\nLocation: wss://b.example/x?token=1\r\n\r\n", "'wss://b.example/x'", false},
		{"http", "HTTP/1.1 307 X\r\nLocation: /y\r\n\r\n", "redirects are not followed", false},
		{"ws", "HTTP/1.1 401 Unauthorized\r\n\r\n", "check `headers:`", false},
		{"http", "HTTP/1.1 429 Slow down\r\n\r\n", "limits the rate", false},
		{"http", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "content type 'text/html'", false},
		{"http", "HTTP/1.1 200 OK\r\nContent-Type: text/event-streams\r\n\r\n", "content type", false},
		{"ws", "HTTP/1.1 200 OK\r\n\r\n", "instead of WebSocket", false},
		{"ws", "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n",
		 "no correct Sec-WebSocket-Accept", true},
		{"ws", "HTTP/1.1 101 X\r\nConnection: Upgrade\r\n\r\n", "Upgrade: websocket", true},
		{"ws", "SSH-2.0-OpenSSH\r\n", "does not answer in HTTP", true},
		{"http", "HTTP/2 200\r\n\r\n", "HTTP/1.1", true},
		{"http", "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "without ':'", true},
		{"http", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n\r\n",
		 "compresses", true},
		{"http", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
			 "Content-Length: 3\r\n\r\n", "both", true},
		{"http", "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
		 "not correctly chunked", true},
		{"http", "HTTP/1.1 20", "closed the connection", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		canned = cases[i].answer;
		begin_with(NULL, script_canned, cases[i].scheme, "127.0.0.1");
		run_until(is_down);
		if (!strstr(seen.reason, cases[i].reason))
			fail_msg("'%s' lacks '%s'", seen.reason, cases[i].reason);
		assert_null(strstr(seen.reason, "hidden"));
		assert_null(strstr(seen.reason, "token"));
		assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), cases[i].violation);
		assert_int_equal(seen.count, 0);
		end();
	}
}

static void script_never(struct peer *peer)
{
	peer_upgrade(peer);
	peer_frame(peer, 0x81, "stolen", 6);
	peer_wait_end(peer);
}

static void refuse_certificate(const struct certificate *c, const char *host, const char *reason)
{
	begin_with(server_context(c, TLS1_3_VERSION), script_never, "wss", host);
	run_until(is_down);
	assert_int_equal(seen.ups + seen.count, 0);
	if (!strstr(seen.reason, reason))
		fail_msg("'%s' lacks '%s'", seen.reason, reason);
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 1);
	end();
}

static void certificates(void **state)
{
	struct certificate foreign = certificate_new(&stranger, "DNS:localhost,IP:127.0.0.1", 100000);

	(void)state;
	refuse_certificate(&foreign, "localhost", "unable to get local issuer certificate");
	refuse_certificate(&stranger, "localhost", "self-signed certificate");
	refuse_certificate(&other, "localhost", "hostname mismatch");
	refuse_certificate(&other, "127.0.0.1", "IP address mismatch");
	refuse_certificate(&expired, "localhost", "certificate has expired");
	certificate_free(&foreign);
}

static void script_plain_garbage(struct peer *peer)
{
	char hello[64];

	peer_read(peer, hello, sizeof(hello));
	peer_text(peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
	peer_wait_end(peer);
}

static void not_tls(void **state)
{
	(void)state;
	begin_with(NULL, script_plain_garbage, "wss", "localhost");
	run_until(is_down);
	assert_non_null(strstr(seen.reason, "does not speak TLS"));
	end();
}

static void script_alert(struct peer *peer)
{
	if (!peer_upgrade(peer))
		return;
	peer_frame(peer, 0x81, "last", 4);
	SSL_shutdown(peer->ssl);
	peer_wait_end(peer);
}

static void close_notify(void **state)
{
	(void)state;
	begin_with(server_context(&good, TLS1_3_VERSION), script_alert, "wss", "localhost");
	run_until(is_down);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.reason, "the server closed the TLS session");
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 0);
	end();
}

/* A TLS record that was tampered with after a good message. */
static void script_tampered(struct peer *peer)
{
	if (!peer_upgrade(peer))
		return;
	peer_frame(peer, 0x81, "good", 4);
	PEER_CHECK(send(peer->fd, "\x17\x03\x03\x00\x20tampered tampered tampered tamp", 37, MSG_NOSIGNAL) == 37);
	peer_wait_end(peer);
}

static void tampered_record(void **state)
{
	(void)state;
	begin_with(server_context(&good, TLS1_3_VERSION), script_tampered, "wss", "localhost");
	run_until(is_down);
	assert_int_equal(seen.count, 1);
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 1);
	end();
}

/* Sends in one piece what the server's TLS has to say. */
static void flush_flight(struct peer *peer, BIO *flight)
{
	char *data;
	long len = BIO_get_mem_data(flight, &data);

	if (len)
		PEER_CHECK(send(peer->fd, data, (size_t)len, MSG_NOSIGNAL) == len && BIO_reset(flight) == 1);
}

/*
 * The server answers inside TLS before it was asked anything: in one segment with the end of its TLS 1.2 handshake, so
 * that no client can have asked first. Served as plain TCP; the TLS is the script's own.
 */
static void script_eager(struct peer *peer)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: x\n\n";
	SSL_CTX *context = server_context(&good, TLS1_2_VERSION);
	SSL *ssl = SSL_new(context);
	BIO *flight = BIO_new(BIO_s_mem());
	struct pollfd readable = {.fd = peer->fd, .events = POLLIN};
	int status;

	PEER_CHECK(ssl && flight && !fcntl(peer->fd, F_SETFL, O_NONBLOCK));
	SSL_set_bio(ssl, BIO_new_socket(peer->fd, BIO_NOCLOSE), flight);
	while ((status = SSL_accept(ssl)) != 1 && SSL_get_error(ssl, status) == SSL_ERROR_WANT_READ) {
		flush_flight(peer, flight);
		PEER_CHECK(poll(&readable, 1, 20000) == 1);
	}
	PEER_CHECK(!fcntl(peer->fd, F_SETFL, 0));
	PEER_CHECK(status == 1 && SSL_write(ssl, answer, sizeof(answer) - 1) == sizeof(answer) - 1);
	flush_flight(peer, flight);
	peer_wait_end(peer);
	SSL_free(ssl);
	SSL_CTX_free(context);
}

static void eager_server(void **state)
{
	(void)state;
	begin_with(NULL, script_eager, "https", "localhost");
	run_until(is_down);
	assert_int_equal(seen.ups + seen.count, 0);
	if (!strstr(seen.reason, "before it was asked"))
		fail_msg("'%s' lacks 'before it was asked'", seen.reason);
	end();
}

static void options_are_checked(void **state)
{
	static const struct {
		const char *url, *name, *value, *reason;
	} cases[] = {
		{"ftp://h/", "A", "b", "must begin with ws://"},
		{"ws://user:pass@h/", "A", "b", "credentials under `headers:`"},
		{"ws://h:0/", "A", "b", "1..65535"},
		{"ws://h:65536/", "A", "b", "1..65535"},
		{"ws://h:x/", "A", "b", "not a number"},
		{"ws:///x", "A", "b", "needs a host"},
		{"ws://[::1/", "A", "b", "letters"},
		{"ws://[zz]/", "A", "b", "IPv6"},
		{"ws://h/a b", "A", "b", "%-encoding"},
		{"ws://h/a\r\nX: y", "A", "b", "%-encoding"},
		{"ws://h/#f", "A", "b", "fragment"},
		{"ws://127.0.0.1/", "A", "hidden\r\nX: y", "line break"},
		{"ws://127.0.0.1/", "A", "hidden\n", "line break"},
		{"ws://127.0.0.1/", "A b", "hidden", "not allowed"},
		{"ws://127.0.0.1/", "", "hidden", "empty"},
		{"ws://127.0.0.1/", "host", "hidden", "written by pricelag itself"},
	};
	struct subscriber_options options;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct stream_header header = {cases[i].name, cases[i].value};

		options = options_for(cases[i].url);
		options.headers = &header;
		options.header_count = 1;
		assert_int_equal(subscriber_new(&sub, &options, &err), -EINVAL);
		if (!strstr(err.text, cases[i].reason))
			fail_msg("'%s' lacks '%s'", err.text, cases[i].reason);
		assert_null(strstr(err.text, "hidden"));
		assert_null(strstr(err.text, "pass@"));
	}
	options = options_for("wss://127.0.0.1/");
	options.ca_file = "/nonexistent/ca.pem";
	assert_int_equal(subscriber_new(&sub, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "/nonexistent/ca.pem"));
	options = options_for("http://127.0.0.1/");
	options.send_count = 1;
	options.send = (const char *const[]){"x"};
	assert_int_equal(subscriber_new(&sub, &options, &err), -EINVAL);
	sub = NULL;
}

/* ---- reconnects ------------------------------------------------------------------------------------------------------- */

static void script_cut(struct peer *peer)
{
	if (!peer_upgrade(peer))
		return;
	peer_frame(peer, 0x81, "m", 1);
	peer_write(peer, "\x81\x05half", 6); /* and the connection ends inside a message */
}

static bool thousand(void)
{
	return seen.ups >= 1000;
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
	size_t before;

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		before = open_descriptors();
		begin_with(tls ? server_context(&good, TLS1_3_VERSION) : NULL, script_cut, tls ? "wss" : "ws", "127.0.0.1");
		run_until(thousand);
		assert_in_range(counter(STREAM_COUNTER_RECONNECTS), 999, 1000); /* the last one may be lost already */
		assert_int_equal(counter(STREAM_COUNTER_RECONNECTS), seen.downs);
		assert_in_range(seen.count, 999, 1000);
		assert_in_range(seen.downs, 999, 1000);
		end();
		assert_int_equal(open_descriptors(), before);
	}
}

static int set_up(void **state)
{
	int fd;

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* the server's SSL_write; the subscriber does without */
	authority = certificate_new(NULL, NULL, 100000);
	stranger = certificate_new(NULL, NULL, 100000);
	good = certificate_new(&authority, "DNS:localhost,IP:127.0.0.1", 100000);
	other = certificate_new(&authority, "DNS:other.example,IP:127.0.0.2", 100000);
	expired = certificate_new(&authority, "DNS:localhost", -1000);
	snprintf(ca_file, sizeof(ca_file), "/tmp/pricelag-test-XXXXXX");
	fd = mkstemp(ca_file);
	assert_true(fd >= 0);
	close(fd);
	certificate_save(&authority, ca_file);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(ca_file);
	certificate_free(&authority);
	certificate_free(&stranger);
	certificate_free(&good);
	certificate_free(&other);
	certificate_free(&expired);
	return 0;
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
		cmocka_unit_test(refusals),
		cmocka_unit_test(certificates),
		cmocka_unit_test(not_tls),
		cmocka_unit_test(close_notify),
		cmocka_unit_test(tampered_record),
		cmocka_unit_test(eager_server),
		cmocka_unit_test(options_are_checked),
		cmocka_unit_test(thousand_reconnects),
	};

	return cmocka_run_group_tests_name("stream/live", tests, set_up, tear_down);
}
