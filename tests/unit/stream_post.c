// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Questions over HTTP against a server on loopback: kept connections, limits, breaks, answers that are none. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <signal.h>

#include "base/clock.h"
#include "stream/post.h"
#include "stream_peer.h"

#define SECOND_NS INT64_C(1000000000)
#define KEPT 16

static struct post *post;
static struct server server;
static struct certificate authority, good;
static char ca_file[64];

static struct {
	unsigned answers, troubles, again; /* again: so many answers are said to be a limit */
	bool jump; /* it waits for a time, and not for the server: that time is to be now */
	int status[KEPT];
	char text[KEPT][64], trouble[768];
	int64_t answered_ns[KEPT], now_ns;
	const char *next; /* what is asked from within the answer */
} seen;

/* What the server does, set before it starts. */
static const char *const *canned; /* one a question, in order; NULL ends the connection, '!' in front does after the rest */
static unsigned asked;
static char requests[KEPT][1024];

static bool on_answer(void *context, int status, const uint8_t *data, size_t len)
{
	unsigned i = seen.answers++;

	(void)context;
	assert_in_range(i, 0, KEPT - 1);
	seen.status[i] = status;
	seen.answered_ns[i] = seen.now_ns;
	snprintf(seen.text[i], sizeof(seen.text[i]), "%.*s", (int)(len < 60 ? len : 60), data ? (const char *)data : "");
	seen.jump = seen.again || seen.next;
	if (seen.again) {
		seen.again--;
		return true;
	}
	if (seen.next) {
		assert_int_equal(post_send(post, seen.next, strlen(seen.next)), 0);
		seen.next = NULL;
	}
	return false;
}

static void on_trouble(void *context, const char *reason)
{
	(void)context;
	seen.jump = true;
	seen.troubles++;
	snprintf(seen.trouble, sizeof(seen.trouble), "%s", reason);
}

/* Reads a question with its body, and answers as the next of `canned` says. */
static void script(struct peer *peer)
{
	for (; asked < KEPT; asked++) {
		char *request = requests[asked];
		const char *length;
		size_t head;
		int body;

		if (!peer_request(peer, request, 800) || !(length = strstr(request, "Content-Length: ")))
			return;
		head = strlen(request);
		body = atoi(length + 16);
		if (body < 0 || body > 200 || !peer_read_all(peer, request + head, body))
			return;
		request[head + (size_t)body] = '\0';
		if (!canned[asked]) {
			asked++;
			return;
		}
		peer_text(peer, canned[asked] + (*canned[asked] == '!'));
		if (*canned[asked] == '!') {
			asked++;
			return;
		}
	}
}

static void begin(SSL_CTX *context, const char *const *answers)
{
	static const struct stream_header headers[] = {{"Authorization", "Bearer hidden"}};
	struct post_options options = {
		.name = "test",
		.headers = headers,
		.header_count = 1,
		.ca_file = ca_file,
		.on_answer = on_answer,
		.on_trouble = on_trouble,
	};
	struct error err = {""};
	char url[128];

	memset(&seen, 0, sizeof(seen));
	memset(requests, 0, sizeof(requests));
	asked = 0;
	canned = answers;
	server_start(&server, context, script);
	snprintf(url, sizeof(url), "%s://127.0.0.1:%u/path?key=hidden", context ? "https" : "http", server.port);
	options.url = url;
	if (post_new(&post, &options, &err))
		fail_msg("%s", err.text);
	seen.now_ns = clock_mono_ns();
}

static void end(void)
{
	post_free(post);
	server_stop(&server);
	SSL_CTX_free(server.context);
}

/* Until so many answers or troubles have come. */
static void run(unsigned answers, unsigned troubles)
{
	int64_t limit_ns = clock_mono_ns() + 30 * SECOND_NS;

	while (seen.answers < answers || seen.troubles < troubles) {
		struct pollfd poller;
		int64_t deadline_ns;

		if (clock_mono_ns() > limit_ns)
			fail_msg("nothing more happens: %u answers, %u troubles: %s", seen.answers, seen.troubles, seen.trouble);
		poller.fd = post_poll(post, &poller.events, &deadline_ns);
		if (seen.jump && deadline_ns > seen.now_ns)
			seen.now_ns = deadline_ns;
		seen.jump = false;
		poll(&poller, 1, 5);
		post_step(post, seen.now_ns);
	}
}

static void ask(const char *text)
{
	seen.jump = true;
	assert_int_equal(post_send(post, text, strlen(text)), 0);
}

static void test_questions_on_one_connection(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\ntw\r\n1\r\no\r\n0\r\n\r\n",
		"HTTP/1.1 204 Nothing\r\nContent-Length: 0\r\n\r\n",
	};

	(void)state;
	for (int tls = 0; tls < 2; tls++) {
		begin(tls ? server_context(&good, TLS1_3_VERSION) : NULL, answers);
		ask("{\"a\":1}");
		assert_int_equal(post_send(post, "x", 1), -EBUSY);
		seen.next = "{\"b\":22}";
		run(2, 0);
		ask("{}");
		run(3, 0);
		assert_string_equal(seen.text[0], "one");
		assert_string_equal(seen.text[1], "two");
		assert_int_equal(seen.status[2], 204);
		assert_string_equal(seen.text[2], "");
		assert_int_equal(server.connections, 1);
		assert_int_equal(seen.troubles, 0);
		assert_non_null(strstr(requests[0], "POST /path?key=hidden HTTP/1.1\r\n"));
		assert_non_null(strstr(requests[0], "\r\nHost: 127.0.0.1:"));
		assert_non_null(strstr(requests[0], "\r\nAuthorization: Bearer hidden\r\n"));
		assert_non_null(strstr(requests[0], "\r\nContent-Length: 7\r\n"));
		assert_non_null(strstr(requests[0], "\r\n\r\n{\"a\":1}"));
		assert_non_null(strstr(requests[1], "\r\n\r\n{\"b\":22}"));
		/* never faster than twenty a second */
		assert_true(seen.answered_ns[1] - seen.answered_ns[0] >= 40000000);
		end();
	}
}

static void test_limits(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 429 Slow down\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 429 Slow down\r\nRetry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 503 X\r\nRetry-After: 999999\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
	};

	(void)state;
	begin(NULL, answers);
	seen.again = 3;
	ask("{}");
	run(4, 0);
	assert_string_equal(seen.text[3], "ok");
	assert_true(seen.answered_ns[1] - seen.answered_ns[0] >= 7 * SECOND_NS);   /* as it said */
	assert_true(seen.answered_ns[2] - seen.answered_ns[1] >= 1 * SECOND_NS);   /* a date: by the backoff, the second one */
	assert_true(seen.answered_ns[3] - seen.answered_ns[2] >= 120 * SECOND_NS); /* and no more than two minutes */
	assert_true(seen.answered_ns[3] - seen.answered_ns[2] < 130 * SECOND_NS);
	assert_int_equal(server.connections, 1);
	assert_string_equal(requests[0], requests[3]); /* the same question */
	end();
}

static void test_breaks(void **state)
{
	static const char *const answers[] = {
		NULL,
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nthe first",
	};

	(void)state;
	begin(NULL, answers);
	ask("{\"n\":1}");
	run(1, 0); /* it was asked again */
	assert_int_equal(seen.troubles, 1);
	assert_non_null(strstr(seen.trouble, "closed the connection"));
	assert_null(strstr(seen.trouble, "hidden"));
	assert_string_equal(seen.text[0], "the first");
	assert_string_equal(requests[0], requests[1]);
	end();
}

static void script_until_end(struct peer *peer)
{
	char request[1024];

	if (peer_request(peer, request, sizeof(request)))
		peer_text(peer, "HTTP/1.0 200 OK\r\n\r\nuntil the end");
	asked++;
}

static void test_an_answer_without_a_length(void **state)
{
	(void)state;
	begin(NULL, NULL);
	server.script = script_until_end;
	ask("{}");
	run(1, 0);
	assert_string_equal(seen.text[0], "until the end");
	ask("{}"); /* on a connection of its own */
	run(2, 0);
	assert_int_equal(server.connections, 2);
	assert_int_equal(seen.troubles, 0);
	end();
}

static void test_what_is_no_answer(void **state)
{
	static const struct {
		const char *answer, *says;
	} cases[] = {
		{"SSH-2.0-OpenSSH\r\n", "does not answer in HTTP"},
		{"HTTP/1.1 101 X\r\nUpgrade: websocket\r\n\r\n", "another protocol"},
		{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx", "compresses"},
		{"!HTTP/1.1 200 OK\r\nContent-Length: 4194305\r\n\r\n", "closed the connection"}, /* in the middle of it */
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "not correctly chunked"},
		{"!HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhal", "closed the connection"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const answers[KEPT] = {cases[i].answer, NULL};

		begin(NULL, answers);
		ask("{}");
		run(0, 1);
		/* what follows, the end of the connection, may be the second thing that is said */
		if (!strstr(seen.trouble, cases[i].says))
			fail_msg("'%s' lacks '%s'", seen.trouble, cases[i].says);
		assert_int_equal(seen.answers, 0);
		end();
	}
}

static void test_refused_options(void **state)
{
	struct post_options options = {.name = "sol", .url = "ws://127.0.0.1:1/"};
	static const struct stream_header bad[] = {{"Content-Length", "3"}};
	struct error err = {""};

	(void)state;
	assert_int_equal(post_new(&post, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "chain sol: questions need http:// or https://"));
	options.url = "http://127.0.0.1:1/";
	options.headers = bad;
	options.header_count = 1;
	assert_int_equal(post_new(&post, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "header 'Content-Length' is written by pricelag itself"));
}

static int set_up(void **state)
{
	int fd;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	authority = certificate_new(NULL, NULL, 100000);
	good = certificate_new(&authority, "DNS:localhost,IP:127.0.0.1", 100000);
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
	certificate_free(&good);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions_on_one_connection), cmocka_unit_test(test_limits),
		cmocka_unit_test(test_breaks),			    cmocka_unit_test(test_an_answer_without_a_length),
		cmocka_unit_test(test_what_is_no_answer),	    cmocka_unit_test(test_refused_options),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
