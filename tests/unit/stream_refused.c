// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a subscriber refuses: answers, certificates, records and options that are not as they should be. */
#include <errno.h>
#include <fcntl.h>

#include "stream_loopback.h"

static const char *canned;
static char request_text[8192];

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
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refusals),
		cmocka_unit_test(certificates),
		cmocka_unit_test(not_tls),
		cmocka_unit_test(close_notify),
		cmocka_unit_test(tampered_record),
		cmocka_unit_test(eager_server),
		cmocka_unit_test(options_are_checked),
	};

	return cmocka_run_group_tests_name("stream/refused", tests, set_up, tear_down);
}
