// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Messages out of what other processes' TLS libraries gave them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "stream/plaintext.h"

#define UPGRADE                                                                                                        \
	"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"                            \
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
#define EVENTS "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

static struct plaintext *plaintext;
static char seen[1024]; /* "text@wire>app " of each message */
static uint64_t offset, handle;
static int64_t now;

static void on_message(void *context, uint32_t feed, const struct stream_message *message)
{
	size_t used = strlen(seen);

	(void)context;
	assert_int_equal(feed, 1);
	assert_int_equal(message->first_mono_ns, TIME_UNKNOWN);
	snprintf(seen + used, sizeof(seen) - used, "%.*s@%lld>%lld ", (int)message->len, message->data,
		 (long long)(message->wire_mono_ns == TIME_UNKNOWN ? -1 : message->wire_mono_ns), (long long)message->app_mono_ns);
}

static int set_up(void **state)
{
	struct error err;

	(void)state;
	seen[0] = '\0';
	offset = 0;
	handle = 7;
	now = 0;
	return plaintext_new(&plaintext, 2, NULL, on_message, &err);
}

static int tear_down(void **state)
{
	(void)state;
	plaintext_free(plaintext);
	return 0;
}

static uint64_t counter(enum stream_counter which)
{
	uint64_t counts[STREAM_COUNTER_MAX];

	plaintext_counters(plaintext, 1, counts);
	return counts[which];
}

/* What one call of the library gives; wire is one less than its time. */
static void add(const char *bytes, size_t len, size_t captured)
{
	struct pl_plaintext text = {.head = {.feed = 1, .stamp_ns = (uint64_t)++now * 10}, .connection = handle, .offset = offset, .pid = 9,
				    .len = (uint32_t)len, .captured = (uint32_t)captured};
	uint8_t *copy = malloc(captured ? captured : 1); /* so that a sanitizer sees where it ends */

	assert_non_null(copy);
	memcpy(copy, bytes, captured);
	plaintext_add(plaintext, &text, copy, now * 10 - 1);
	free(copy);
	offset += len;
}

static void text(const char *bytes)
{
	add(bytes, strlen(bytes), strlen(bytes));
}

static void web_sockets(void **state)
{
	(void)state;
	text(UPGRADE);
	text("\x81\x03one");
	text("\x81\x03two\x81\x05thr"); /* two messages in one record, and one over two */
	text("ee");
	assert_string_equal(seen, "one@19>20 two@29>30 three@39>40 ");
	text("\x88\x02\x03\xe8"); /* its end */
	text("\x81\x03not");
	assert_int_equal(counter(STREAM_COUNTER_MESSAGES), 3);
	offset = 0; /* the library gives the handle to another connection */
	text(UPGRADE "\x82\x03" "new");
	assert_string_equal(seen, "one@19>20 two@29>30 three@39>40 new@69>70 ");
	assert_int_equal(counter(STREAM_COUNTER_UNMAPPED) + counter(STREAM_COUNTER_HOLES) + counter(STREAM_COUNTER_FOREIGN), 0);
}

static void server_sent_events(void **state)
{
	(void)state;
	text(EVENTS "data: one\n\nda");
	text("ta: two\n\n");
	assert_string_equal(seen, "one@9>10 two@19>20 ");
}

static void connections_that_were_open_before(void **state)
{
	(void)state;
	offset = 0;
	text("\x81\x03one");
	assert_string_equal(seen, "one@9>10 ");
	handle = 8;
	offset = 0;
	text("e, the end of a message");
	text("\x81\x03two");
	assert_int_equal(counter(STREAM_COUNTER_FOREIGN), 1);
	handle = 9;
	offset = 0;
	text("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
	text("HTTP/1.1 200 OK\r\n");
	assert_int_equal(counter(STREAM_COUNTER_FOREIGN), 2);
	assert_string_equal(seen, "one@9>10 ");
}

static void events_that_were_open_before(void **state)
{
	(void)state;
	text("b\r\ndata: one\n\n\r\n");
	text("11\r\nid: 1\ndata: two\n");
	text("\n\r\n3\r\n:\n\n\r\n");
	text("0\r\n\r\n"); /* its end */
	text("b\r\ndata: not\n\n\r\n");
	assert_string_equal(seen, "one@9>10 two@29>30 ");
	handle = 8;
	offset = 0;
	text("3\r\n:\n\n\r\n"); /* a comment, that the connection lives */
	text("b\r\ndata: six\n\n\r\n");
	assert_string_equal(seen, "one@9>10 two@29>30 six@69>70 ");
	handle = 9;
	offset = 0;
	text("event: price\ndata: ten\n\n"); /* without chunks, or with sizes that came by themselves */
	text("b\r\n");
	text("data: end\n\n");
	assert_string_equal(seen, "one@9>10 two@29>30 six@69>70 ten@79>80 end@99>100 ");
	handle = 10;
	offset = 0;
	text("b\r\n{\"data\": 1}\r\n"); /* chunks of something else */
	handle = 11;
	offset = 0;
	text(": nothing"); /* may be anything */
	assert_int_equal(counter(STREAM_COUNTER_FOREIGN), 2);
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 0);
}

static void holes_in_events(void **state)
{
	(void)state;
	text("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
	text("b\r\ndata: one\n\n\r\n");
	offset += 5;
	text(" half\n\n\r\n");
	text("\x81\x03two"); /* no frame: this is no WebSocket */
	text("b\r\ndata: ten\n\n\r\n");
	assert_string_equal(seen, "one@19>20 ten@49>50 ");
	assert_int_equal(counter(STREAM_COUNTER_HOLES), 1);
}

/* What the ring lost, or was more than a record holds: the next message that begins a record is read again. */
static void holes(void **state)
{
	(void)state;
	text(UPGRADE);
	text("\x81\x03one");
	offset += 5;
	text("ee\x81\x03xxx");
	text("\x81\x03two");
	assert_string_equal(seen, "one@19>20 two@39>40 ");
	assert_int_equal(counter(STREAM_COUNTER_HOLES), 1);
	add("\x81\x7e\x40", 20000, 3);
	text("\x81\x03" "six");
	assert_int_equal(counter(STREAM_COUNTER_HOLES), 2);
	add("", 100, 0); /* could not be read in the process */
	text("\x81\x03ten");
	assert_int_equal(counter(STREAM_COUNTER_HOLES), 3);
	assert_string_equal(seen, "one@19>20 two@39>40 six@59>60 ten@79>80 ");
	text("\xf1garbage");
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 1);
	text("\x81\x03" "end");
	assert_string_equal(seen, "one@19>20 two@39>40 six@59>60 ten@79>80 end@99>100 ");
}

static void many_connections(void **state)
{
	(void)state;
	for (handle = 1; handle <= PLAINTEXT_CONNECTIONS_MAX + 10; handle++) {
		offset = 0;
		text(UPGRADE);
	}
	handle = PLAINTEXT_CONNECTIONS_MAX;
	text("\x81\x03one");
	assert_int_equal(counter(STREAM_COUNTER_MESSAGES), 1);
	handle = 1; /* made room: it is as one that was open before */
	text("\x81\x03two");
	assert_int_equal(counter(STREAM_COUNTER_MESSAGES), 2);
	plaintext_add(plaintext, &(struct pl_plaintext){.head.feed = 2}, NULL, 0); /* there is no such feed */
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(web_sockets), TEST(server_sent_events), TEST(connections_that_were_open_before),
		TEST(events_that_were_open_before), TEST(holes), TEST(holes_in_events), TEST(many_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
