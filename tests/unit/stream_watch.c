// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Streams that are only watched. The messages here: 'M', how many bytes follow, the bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "stream/watch.h"

#define MESSAGE_MAX 64
#define ISN 0xfffffff0u /* numbers wrap around within the first bytes */

static struct watch *watch;
static char seen[1024]; /* "text@wire " of each message */
static struct stream_message last;
static struct pl_stream base = {.source = {1}, .dest = {2}, .source_port = 8333, .dest_port = 40000};

static long frame(const uint8_t *data, size_t len)
{
	if (data[0] != 'M')
		return FRAME_NONE;
	return len < 2 ? 0 : 2 + data[1];
}

static void on_message(void *context, uint32_t feed, const struct stream_message *message)
{
	size_t used = strlen(seen);

	(void)context;
	assert_int_equal(feed, 0);
	last = *message;
	if (message->wire_mono_ns == TIME_UNKNOWN)
		snprintf(seen + used, sizeof(seen) - used, "%.*s@? ", (int)message->len - 2, message->data + 2);
	else
		snprintf(seen + used, sizeof(seen) - used, "%.*s@%lld ", (int)message->len - 2, message->data + 2,
			 (long long)message->wire_mono_ns);
}

static int set_up(void **state)
{
	const struct watch_feed feeds[] = {{frame, MESSAGE_MAX}, {NULL, 0}};
	struct error err;

	(void)state;
	seen[0] = '\0';
	return watch_new(&watch, feeds, 2, NULL, on_message, &err);
}

static int tear_down(void **state)
{
	(void)state;
	watch_free(watch);
	return 0;
}

static uint64_t counter(enum stream_counter which)
{
	uint64_t counts[STREAM_COUNTER_MAX];

	watch_counters(watch, 0, counts);
	return counts[which];
}

/* A segment whose first byte is `offset` bytes behind the beginning of the stream. */
static void add(uint64_t stamp_ns, uint32_t offset, uint32_t flags, const char *bytes)
{
	struct pl_stream segment = base;

	segment.head.stamp_ns = stamp_ns;
	segment.seq = ISN + 1 + offset;
	segment.flags = flags;
	segment.len = segment.captured = (uint32_t)strlen(bytes);
	watch_segment(watch, &segment, (const uint8_t *)bytes);
}

static void syn(uint64_t stamp_ns)
{
	struct pl_stream segment = base;

	segment.head.stamp_ns = stamp_ns;
	segment.seq = ISN;
	segment.flags = PL_TCP_SYN;
	watch_segment(watch, &segment, NULL);
}

static void messages_across_segments(void **state)
{
	(void)state;
	syn(1);
	add(10, 0, 0, "M\3abcM\2d");
	add(20, 8, 0, "eM\4");
	add(30, 11, 0, "fghi");
	assert_string_equal(seen, "abc@10 de@20 fghi@30 ");
	assert_int_equal(last.first_mono_ns, 20);
	assert_int_equal(last.stall_ns, 0);
	assert_int_equal(last.app_mono_ns, TIME_UNKNOWN);
	assert_int_equal(counter(STREAM_COUNTER_MESSAGES), 3);
	watch_finish(watch);
	assert_int_equal(counter(STREAM_COUNTER_INCOMPLETE), 0);
}

static void late_and_repeated_segments(void **state)
{
	(void)state;
	syn(1);
	add(10, 5, 0, "M\3def");
	add(11, 10, 0, "M\1x");
	add(30, 0, 0, "M\3abc");
	add(31, 5, 0, "M\3DEF"); /* what came first counts */
	assert_string_equal(seen, "abc@30 def@30 x@30 ");
	assert_int_equal(last.first_mono_ns, 11);
	assert_int_equal(last.stall_ns, 19);
	watch_finish(watch);
	assert_int_equal(counter(STREAM_COUNTER_RETRANSMITS), 1);
	assert_int_equal(counter(STREAM_COUNTER_REORDERED), 2);
	assert_int_equal(counter(STREAM_COUNTER_HOLES), 0);
}

static void each_direction_and_connection_apart(void **state)
{
	struct pl_stream other = base;

	(void)state;
	syn(1);
	add(10, 0, 0, "M\3ab");
	other.source_port = 40000;
	other.dest_port = 8333;
	other.seq = 77;
	other.len = other.captured = 3;
	other.head.stamp_ns = 11;
	watch_segment(watch, &other, (const uint8_t *)"M\1z");
	other.head.feed = 1; /* a feed that watches nothing */
	watch_segment(watch, &other, (const uint8_t *)"M\1z");
	other.head.feed = 2; /* no feed */
	watch_segment(watch, &other, (const uint8_t *)"M\1z");
	add(12, 4, 0, "c");
	assert_string_equal(seen, "z@11 abc@12 ");
}

/* The recording begins in the middle of a message, of which nothing tells the size. */
static void taken_up_in_the_middle(void **state)
{
	(void)state;
	add(10, 0, 0, "bcdefgM\2xyM");
	add(20, 11, 0, "\1z");
	assert_string_equal(seen, "xy@10 z@20 ");
	assert_int_equal(counter(STREAM_COUNTER_ENCRYPTED), 0);
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 0);
}

static void bytes_that_never_come(void **state)
{
	(void)state;
	syn(1);
	add(10, 0, 0, "M\3ab");
	add(20, 5, 0, "M\2xyM\1z");  /* 'c' is missing */
	add(20 + WATCH_HOLE_NS, 12, 0, "M\1u");
	assert_string_equal(seen, "");
	add(21 + WATCH_HOLE_NS, 15, 0, "M\1v");
	/* when what had come already could be read nobody knows: the missing byte may have come after it */
	assert_string_equal(seen, "xy@? z@? u@? v@? ");
	assert_int_equal(counter(STREAM_COUNTER_HOLES), 1);
	assert_int_equal(counter(STREAM_COUNTER_UNMAPPED), 4);
	add(22 + WATCH_HOLE_NS, 18, 0, "M\1w");
	assert_non_null(strstr(seen, "v@? w@10000000022 "));
	add(23 + WATCH_HOLE_NS, 4, 0, "c"); /* too late */
	assert_int_equal(counter(STREAM_COUNTER_MESSAGES), 5);
}

static void a_hole_at_the_end(void **state)
{
	(void)state;
	syn(1);
	add(10, 0, 0, "M\3ab");
	add(20, 5, 0, "M\2xyM\2z");
	watch_finish(watch);
	assert_string_equal(seen, "xy@? ");
	assert_int_equal(counter(STREAM_COUNTER_HOLES), 1);
	assert_int_equal(counter(STREAM_COUNTER_INCOMPLETE), 1);
}

static void encrypted_from_the_first_byte(void **state)
{
	(void)state;
	syn(1);
	add(10, 0, 0, "xM\1a");
	add(20, 4, 0, "M\1b");
	assert_string_equal(seen, "");
	assert_int_equal(counter(STREAM_COUNTER_ENCRYPTED), 1);
	watch_finish(watch);
	assert_int_equal(counter(STREAM_COUNTER_ENCRYPTED), 1);
	assert_int_equal(counter(STREAM_COUNTER_HOLES), 0);
}

static void in_the_middle_and_never_understood(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < MESSAGE_MAX + 1; i++)
		add(10 + i, i, 0, "x");
	assert_int_equal(counter(STREAM_COUNTER_ENCRYPTED), 1);
	base.dest_port++;
	add(100, 0, 0, "xxx"); /* too little to say, until the end */
	assert_int_equal(counter(STREAM_COUNTER_ENCRYPTED), 1);
	watch_finish(watch);
	assert_int_equal(counter(STREAM_COUNTER_ENCRYPTED), 2);
	base.dest_port--;
}

/* A protocol error is counted once, and the next message is found again. */
static void out_of_step(void **state)
{
	(void)state;
	syn(1);
	add(10, 0, 0, "M\1aqqqM\1b");
	add(20, 9, 0, "M\77"); /* 65 bytes with its head: one more than may be */
	assert_string_equal(seen, "a@10 b@10 ");
	assert_int_equal(counter(STREAM_COUNTER_PROTOCOL_ERRORS), 1);
	assert_int_equal(counter(STREAM_COUNTER_OVERSIZED), 1);
	add(30, 11, 0, "M\1c");
	assert_string_equal(seen, "a@10 b@10 c@30 ");
}

static void another_connection_between_the_same_ports(void **state)
{
	struct pl_stream again = base;

	(void)state;
	syn(1);
	add(10, 0, 0, "M\5abc");
	again.head.stamp_ns = 20;
	again.seq = 5000;
	again.flags = PL_TCP_SYN;
	watch_segment(watch, &again, NULL);
	assert_int_equal(counter(STREAM_COUNTER_INCOMPLETE), 1);
	again.flags = PL_TCP_FIN;
	again.seq = 5001;
	again.len = again.captured = 3;
	watch_segment(watch, &again, (const uint8_t *)"M\1n");
	assert_string_equal(seen, "n@20 ");
	again.flags = 0; /* after the FIN: a new stream, met in its middle */
	again.seq = 9000;
	watch_segment(watch, &again, (const uint8_t *)"M\1o");
	assert_string_equal(seen, "n@20 o@20 ");
}

static void more_streams_than_are_followed(void **state)
{
	struct pl_stream segment = base;

	(void)state;
	segment.len = segment.captured = 1;
	for (uint32_t i = 0; i < WATCH_STREAMS_MAX + 3; i++) {
		segment.source[1] = (uint8_t)i;
		segment.source[2] = (uint8_t)(i >> 8);
		segment.source[3] = (uint8_t)(i >> 16);
		watch_segment(watch, &segment, (const uint8_t *)"M");
	}
	assert_int_equal(counter(STREAM_COUNTER_NOT_FOLLOWED), 3);
	watch_finish(watch);
	watch_segment(watch, &segment, (const uint8_t *)"M"); /* there is room again */
	assert_int_equal(counter(STREAM_COUNTER_NOT_FOLLOWED), 3);
}

/* Streams that are never closed make room by themselves: those without a byte soon, others after half an hour. */
static void idle_streams_end(void **state)
{
	struct pl_stream silent = base, talking = base;

	(void)state;
	silent.flags = PL_TCP_SYN;
	silent.source[1] = 7;
	watch_segment(watch, &silent, NULL);
	talking.len = talking.captured = 3;
	watch_segment(watch, &talking, (const uint8_t *)"M\5a"); /* in the middle of a message */
	talking.source[1] = 8;
	for (int i = 0; i < 5000; i++) { /* as many segments as there are buckets, and more: others come all the time */
		talking.head.stamp_ns = (uint64_t)WATCH_SILENT_NS + 1;
		watch_segment(watch, &talking, (const uint8_t *)"M\1x");
	}
	assert_int_equal(counter(STREAM_COUNTER_INCOMPLETE), 0);
	for (int i = 0; i < 5000; i++) {
		talking.head.stamp_ns = (uint64_t)WATCH_IDLE_NS + 2;
		watch_segment(watch, &talking, (const uint8_t *)"M\1x");
	}
	assert_int_equal(counter(STREAM_COUNTER_INCOMPLETE), 1); /* the silent one had nothing to be incomplete */
	assert_int_equal(counter(STREAM_COUNTER_ENCRYPTED), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(messages_across_segments),
		TEST(late_and_repeated_segments),
		TEST(each_direction_and_connection_apart),
		TEST(taken_up_in_the_middle),
		TEST(bytes_that_never_come),
		TEST(a_hole_at_the_end),
		TEST(encrypted_from_the_first_byte),
		TEST(in_the_middle_and_never_understood),
		TEST(out_of_step),
		TEST(another_connection_between_the_same_ports),
		TEST(more_streams_than_are_followed),
		TEST(idle_streams_end),
	};

	return cmocka_run_group_tests_name("stream_watch", tests, NULL, NULL);
}
