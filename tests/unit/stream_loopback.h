/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One subscriber against one server of stream_peer.h on loopback, and what it said. Included by one test program at a time. */
#ifndef PL_TESTS_STREAM_LOOPBACK_H
#define PL_TESTS_STREAM_LOOPBACK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
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

static inline void on_message(void *context, const struct stream_message *message)
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

static inline void on_state(void *context, const char *reason)
{
	(void)context;
	if (!reason) {
		seen.ups++;
		return;
	}
	seen.downs++;
	snprintf(seen.reason, sizeof(seen.reason), "%s", reason);
}

static inline struct subscriber_options options_for(const char *url)
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

static inline void begin(const struct subscriber_options *options)
{
	struct error err = {0};

	memset(&seen, 0, sizeof(seen));
	skew_ns = 0;
	if (subscriber_new(&sub, options, &err))
		fail_msg("%s", err.text);
}

/* Starts a server with this script and a subscriber to it. */
static inline void begin_with(SSL_CTX *context, peer_script script, const char *scheme, const char *host)
{
	struct subscriber_options options;
	char url[128];

	server_start(&server, context, script);
	snprintf(url, sizeof(url), "%s://%s:%u/path?key=hidden", scheme, host, server.port);
	options = options_for(url);
	begin(&options);
}

static inline void end(void)
{
	subscriber_free(sub);
	sub = NULL;
	server_stop(&server);
	SSL_CTX_free(server.context);
	server.context = NULL;
}

/* Runs the loop until `done` says so; waits for reconnects by moving the clock. Fails after 30 s without anything new. */
static inline void run_until(bool (*done)(void))
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

static inline bool is_down(void)
{
	return seen.downs > 0;
}

static inline bool is_up(void)
{
	return seen.ups > 0;
}

static inline uint64_t counter(enum stream_counter which)
{
	uint64_t all[STREAM_COUNTER_MAX];

	subscriber_counters(sub, all);
	return all[which];
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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

#endif
