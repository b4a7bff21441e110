// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Messages meet the stamps of their packets, in whatever order the two come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "base/clock.h"
#include "record.h"
#include "stream/pending.h"

#define ISN 41u

static struct pending pending;
static struct {
	size_t count;
	uint8_t name[16];
	int64_t wire_ns[16], first_ns[16], stall_ns[16];
} seen;

static void on_message(void *context, const struct stream_message *message)
{
	size_t i = seen.count++;

	assert_ptr_equal(context, &seen);
	assert_in_range(i, 0, 15);
	seen.name[i] = message->len ? message->data[0] : 0;
	seen.wire_ns[i] = message->wire_mono_ns;
	seen.first_ns[i] = message->first_mono_ns;
	seen.stall_ns[i] = message->stall_ns;
}

static int setup(void **state)
{
	(void)state;
	seen.count = 0;
	pending_init(&pending, &seen, on_message);
	segments_add(&pending.segments, ISN, 0, PL_TCP_SYN, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pending_free(&pending);
	return 0;
}

static void segment(uint64_t offset, uint32_t len, int64_t stamp_ns)
{
	segments_add(&pending.segments, (uint32_t)(ISN + 1 + offset), len, PL_TCP_ACK, stamp_ns);
}

static void message(const char *name, uint64_t first, uint64_t end, int64_t app_ns)
{
	assert_int_equal(pending_add(&pending, (const uint8_t *)name, 1, first, end, app_ns), 0);
}

static void expect(size_t i, char name, int64_t first_ns, int64_t wire_ns, int64_t stall_ns)
{
	assert_true(i < seen.count);
	assert_int_equal(seen.name[i], name);
	assert_int_equal(seen.first_ns[i], first_ns);
	assert_int_equal(seen.wire_ns[i], wire_ns);
	assert_int_equal(seen.stall_ns[i], stall_ns);
}

static void stamps_first(void **state)
{
	(void)state;
	segment(0, 100, 10);
	message("a", 0, 60, 20);
	message("b", 60, 100, 21);
	pending_settle(&pending, 15); /* the drain began before they were read: what is known is delivered all the same */
	assert_int_equal(seen.count, 2);
	expect(0, 'a', 10, 10, 0);
	expect(1, 'b', 10, 10, 0);
	assert_int_equal(pending.messages, 0);
	assert_int_equal(pending.bytes, 0);
}

static void message_first(void **state)
{
	(void)state;
	segment(0, 50, 10);
	message("a", 0, 60, 20);
	message("b", 60, 70, 30);
	pending_settle(&pending, 20); /* its records may still be on their way */
	assert_int_equal(seen.count, 0);
	segment(50, 20, 12);
	pending_settle(&pending, 40);
	expect(0, 'a', 10, 12, 0);
	expect(1, 'b', 12, 12, 0);
	assert_int_equal(pending.unmapped, 0);
}

/* The record of [40,60) is lost: what needs it is unmapped, what arrives after it was read is exact again. */
static void a_lost_record(void **state)
{
	(void)state;
	segment(0, 40, 10);
	segment(60, 40, 12);
	message("a", 0, 40, 20);
	message("b", 40, 60, 20);
	message("c", 60, 100, 20);
	pending_settle(&pending, 20);
	assert_int_equal(seen.count, 1);
	segment(100, 10, 30);
	message("d", 100, 110, 35);
	pending_settle(&pending, 21);
	assert_int_equal(seen.count, 4);
	expect(0, 'a', 10, 10, 0);
	expect(1, 'b', TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN);
	expect(2, 'c', TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN);
	expect(3, 'd', 30, 30, 0);
	assert_int_equal(pending.unmapped, 2);
	assert_int_equal(pending.delivered, 4);
}

/* Two small messages of one segment: forgetting after the first must not take the second's. */
static void shared_segment_and_record(void **state)
{
	(void)state;
	segment(0, 30, 10);
	segment(30, 70, 20);
	message("a", 5, 100, 30); /* one TLS record: both end with it */
	message("b", 25, 100, 30);
	message("c", 35, 100, 30);
	pending_settle(&pending, 0);
	expect(0, 'a', 10, 20, 0);
	expect(1, 'b', 10, 20, 0);
	expect(2, 'c', 20, 20, 0);
}

static void no_syn_no_stamps(void **state)
{
	(void)state;
	segments_reset(&pending.segments);
	segment(0, 100, 10);
	message("a", 0, 100, 20);
	pending_settle(&pending, 20);
	assert_int_equal(seen.count, 0);
	pending_settle(&pending, INT64_MAX);
	expect(0, 'a', TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN);
}

static void reset_delivers(void **state)
{
	(void)state;
	message("a", 0, 10, 20);
	assert_int_equal(pending_add(&pending, NULL, 0, 10, 12, 21), 0); /* an empty message */
	pending_reset(&pending);
	assert_int_equal(seen.count, 2);
	assert_int_equal(pending.unmapped, 2);
	segments_add(&pending.segments, ISN, 0, PL_TCP_SYN, 50);
	segment(0, 10, 60); /* offsets count from 0 again */
	message("z", 0, 10, 70);
	pending_settle(&pending, 0);
	expect(2, 'z', 60, 60, 0);
}

static void bounded(void **state)
{
	static uint8_t mib[1 << 20];

	(void)state;
	for (int i = 0; i < 63; i++)
		assert_int_equal(pending_add(&pending, mib, sizeof(mib), 0, 1, 2), 0);
	assert_false(pending_full(&pending));
	assert_int_equal(pending_add(&pending, mib, sizeof(mib), 0, 1, 2), 0);
	assert_true(pending_full(&pending));
	pending_free(&pending);
	pending_init(&pending, &seen, on_message);
	for (int i = 0; i < PENDING_MESSAGES_MAX; i++) {
		assert_false(pending_full(&pending));
		assert_int_equal(pending_add(&pending, mib, 1, 0, 1, 2), 0);
	}
	assert_true(pending_full(&pending));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(stamps_first),	TEST(message_first), TEST(a_lost_record), TEST(shared_segment_and_record),
		TEST(no_syn_no_stamps), TEST(reset_delivers), TEST(bounded),
	};

	return cmocka_run_group_tests_name("stream/pending", tests, NULL, NULL);
}
