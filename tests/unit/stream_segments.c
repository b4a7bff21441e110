// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record.h"
#include "stream/segments.h"

#define ISN 1000u

static struct segments s;

static int setup(void **state)
{
	(void)state;
	segments_free(&s);
	segments_add(&s, ISN, 0, PL_TCP_SYN | PL_TCP_ACK, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	segments_free(&s);
	return 0;
}

/* A segment at a stream offset. */
static void add(uint64_t offset, uint32_t len, int64_t stamp_ns)
{
	segments_add(&s, (uint32_t)(s.isn + 1 + offset), len, PL_TCP_ACK, stamp_ns);
}

static void expect(uint64_t first, uint64_t end, int64_t first_ns, int64_t wire_ns, int64_t stall_ns)
{
	struct segments_time time;

	assert_int_equal(segments_find(&s, first, end, &time), SEGMENTS_KNOWN);
	assert_int_equal(time.first_ns, first_ns);
	assert_int_equal(time.wire_ns, wire_ns);
	assert_int_equal(time.stall_ns, stall_ns);
}

static void expect_not(uint64_t first, uint64_t end, enum segments_answer answer)
{
	struct segments_time time;

	assert_int_equal(segments_find(&s, first, end, &time), answer);
	assert_int_equal(time.wire_ns, TIME_UNKNOWN);
}

static void in_order(void **state)
{
	(void)state;
	add(0, 100, 10);
	add(100, 50, 20);
	expect(0, 100, 10, 10, 0);
	expect(0, 101, 10, 20, 0);
	expect(100, 150, 20, 20, 0);
	expect_not(100, 151, SEGMENTS_WAIT);
	assert_int_equal(s.retransmits, 0);
	assert_int_equal(s.reordered, 0);
}

/* The lost middle comes last: what followed it was on the machine, and could not be read. */
static void head_of_line(void **state)
{
	(void)state;
	add(0, 100, 10);
	add(200, 100, 30);
	add(300, 100, 40);
	expect_not(200, 300, SEGMENTS_WAIT);
	add(100, 100, 200);
	expect(0, 100, 10, 10, 0);
	expect(100, 200, 200, 200, 0);
	expect(200, 300, 30, 200, 170);
	expect(250, 400, 30, 200, 160);
	add(400, 1, 210);
	expect(400, 401, 210, 210, 0);
	assert_int_equal(s.reordered, 2);
	assert_int_equal(s.retransmits, 0);
}

static void copies_do_not_count(void **state)
{
	(void)state;
	add(0, 100, 10);
	add(0, 100, 50);
	add(20, 30, 60);
	expect(0, 100, 10, 10, 0);
	assert_int_equal(s.retransmits, 2);
	add(200, 100, 70);
	add(200, 100, 80); /* a copy of what waits behind a hole */
	assert_int_equal(s.retransmits, 3);
	assert_int_equal(s.reordered, 1);
	add(100, 100, 90);
	expect(200, 300, 70, 90, 20);
}

static void overlaps(void **state)
{
	(void)state;
	add(0, 100, 10);
	add(50, 100, 20); /* 50 old bytes, 50 new ones */
	expect(0, 100, 10, 10, 0);
	expect(60, 150, 10, 20, 0);
	add(200, 50, 30);
	add(300, 50, 40);
	add(120, 280, 50); /* fills [150,200), [250,300) and [350,400) around them */
	expect(150, 200, 50, 50, 0);
	expect(200, 250, 30, 50, 20);
	expect(250, 350, 50, 50, 10);
	expect(350, 400, 50, 50, 0);
	assert_int_equal(s.frontier, 400);
}

static void sequence_wraps(void **state)
{
	const uint64_t step = 0x20000000; /* half of what one segment may be away: two laps take 16 */
	uint64_t at = 0;

	(void)state;
	segments_reset(&s);
	segments_add(&s, 0xfffffff0u, 0, PL_TCP_SYN, 1);
	add(0, 15, 10); /* ends at sequence number 0xffffffff + 1 = 0 */
	add(15, 20, 20);
	expect(0, 15, 10, 10, 0);
	expect(14, 16, 10, 20, 0);
	for (at = 35; at < 20 * step; at += step)
		add(at, (uint32_t)step, (int64_t)(at / step) + 100);
	expect(19 * step, 19 * step + 35, 118, 118, 0);
	assert_true(s.frontier > UINT32_MAX);
	add(s.frontier - 10, 10, 500);
	assert_int_equal(s.retransmits, 1);
}

static void syn_with_data_and_keep_alive(void **state)
{
	(void)state;
	segments_reset(&s);
	segments_add(&s, 77, 10, PL_TCP_SYN, 5); /* fast open: data follow the SYN's number */
	expect(0, 10, 5, 5, 0);
	segments_add(&s, 77, 1, PL_TCP_ACK, 6); /* the byte before the first: no byte of the stream */
	segments_add(&s, 88, 0, PL_TCP_ACK, 7);
	assert_int_equal(s.frontier, 10);
	segments_add(&s, 77, 0, PL_TCP_SYN, 8); /* the SYN-ACK again */
	segments_add(&s, 88, 5, PL_TCP_ACK, 9);
	expect(10, 15, 9, 9, 0);
}

static void nothing_before_the_syn(void **state)
{
	(void)state;
	segments_reset(&s);
	segments_add(&s, 5000, 100, PL_TCP_ACK, 10);
	expect_not(0, 1, SEGMENTS_WAIT);
	assert_int_equal(s.count, 0);
}

/* The record of [100,200) was lost by the ring; the bytes were read at 50. */
static void a_hole_is_given_up(void **state)
{
	(void)state;
	add(0, 100, 10);
	add(200, 100, 30);
	expect_not(150, 250, SEGMENTS_WAIT);
	segments_give_up(&s, 250, 50);
	expect(0, 100, 10, 10, 0);
	expect_not(50, 150, SEGMENTS_LOST);
	/* Arrived before 50: the lost one may have come later and held it back. */
	expect_not(200, 250, SEGMENTS_LOST);
	expect_not(250, 300, SEGMENTS_LOST);
	add(300, 100, 60);
	expect(300, 400, 60, 60, 0);
	expect(290, 350, TIME_UNKNOWN, 60, 0); /* its first byte is unknown, its last is not */
	segments_give_up(&s, 300, 70); /* all of it is covered: nothing happens */
	expect(300, 400, 60, 60, 0);
}

static void a_hole_behind_the_given_up_one_stays(void **state)
{
	(void)state;
	add(100, 100, 10);
	add(300, 100, 20);
	segments_give_up(&s, 150, 15);
	assert_int_equal(s.frontier, 200);
	expect_not(300, 400, SEGMENTS_WAIT);
	add(200, 100, 25);
	expect(300, 400, 20, 25, 5);
}

static void later_bytes_of_a_range_survive(void **state)
{
	(void)state;
	add(50, 100, 100);
	segments_give_up(&s, 80, 60);
	expect(80, 150, 100, 100, 0);
	expect_not(50, 80, SEGMENTS_LOST);
}

static void memory_is_bounded(void **state)
{
	const uint64_t n = 5 * SEGMENTS_MAX;

	(void)state;
	for (uint64_t i = 0; i < n; i++)
		add(i, 1, (int64_t)i + 10);
	assert_true(s.capacity <= SEGMENTS_MAX);
	expect(n - 1, n, (int64_t)n + 9, (int64_t)n + 9, 0);
	expect(0, n, TIME_UNKNOWN, (int64_t)n + 9, 0);
	expect_not(0, 1, SEGMENTS_LOST);
	segments_forget(&s, n);
	for (uint64_t i = 0; i < n; i++) /* a hole before each: nothing ever gets in order */
		add(n + 1 + 2 * i, 1, (int64_t)i);
	assert_true(s.capacity <= SEGMENTS_MAX);
	assert_int_equal(s.frontier, n);
	segments_give_up(&s, 3 * n, INT64_MAX - 1);
	assert_int_equal(s.head, s.count);
	add(3 * n, 10, 7);
	expect_not(3 * n - 2, 3 * n - 1, SEGMENTS_LOST);
	assert_int_equal(s.frontier, 3 * n + 10);
}

static void forgetting_keeps_completion(void **state)
{
	(void)state;
	add(100, 100, 10);
	add(0, 100, 90);
	segments_forget(&s, 200);
	assert_int_equal(s.head, s.count);
	add(200, 10, 50); /* stamped earlier than the frontier's completion (another CPU's clock read) */
	expect(200, 210, 50, 90, 40);
}

/* ---- against a slow reference ----------------------------------------------------------------------------------------- */

#define STREAM 600

static void against_reference(uint32_t isn)
{
	int64_t arrival[STREAM], completion[STREAM];
	size_t covered = 0;
	int64_t now = 100;

	segments_reset(&s);
	segments_add(&s, isn, 0, PL_TCP_SYN, 1);
	for (size_t i = 0; i < STREAM; i++)
		arrival[i] = completion[i] = TIME_UNKNOWN;
	while (covered < STREAM) {
		/* Mostly near the frontier, sometimes anywhere: new, repeated, overlapping, out of order. */
		size_t base = rand() % 4 ? covered + (size_t)(rand() % 60) : (size_t)(rand() % STREAM);
		size_t start = base > 20 ? base - (size_t)(rand() % 20) : 0, len = 1 + (size_t)(rand() % 50);

		if (start >= STREAM)
			continue;
		len = len < STREAM - start ? len : STREAM - start;
		now += rand() % 3;
		add(start, (uint32_t)len, now);
		for (size_t i = start; i < start + len; i++)
			if (arrival[i] == TIME_UNKNOWN)
				arrival[i] = now;
		for (; covered < STREAM && arrival[covered] != TIME_UNKNOWN; covered++)
			completion[covered] = covered && completion[covered - 1] > arrival[covered] ? completion[covered - 1]
												     : arrival[covered];
		assert_int_equal(s.frontier, covered);
		if (!covered)
			continue;
		size_t last = (size_t)rand() % covered, first = (size_t)rand() % (last + 1);

		expect(first, last + 1, arrival[first], completion[last], completion[last] - arrival[last]);
		if (covered < STREAM)
			expect_not(first, covered + 1, SEGMENTS_WAIT);
	}
}

static void random_streams(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < 400; i++)
		against_reference(i % 2 ? (uint32_t)rand() * 3u : 0u - (uint32_t)(rand() % STREAM));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(in_order),
		TEST(head_of_line),
		TEST(copies_do_not_count),
		TEST(overlaps),
		TEST(sequence_wraps),
		TEST(syn_with_data_and_keep_alive),
		TEST(nothing_before_the_syn),
		TEST(a_hole_is_given_up),
		TEST(a_hole_behind_the_given_up_one_stays),
		TEST(later_bytes_of_a_range_survive),
		TEST(memory_is_bounded),
		TEST(forgetting_keeps_completion),
		TEST(random_streams),
	};

	return cmocka_run_group_tests_name("stream/segments", tests, NULL, NULL);
}
