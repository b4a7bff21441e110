// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Gaps, late numbers, repeats and restarts: by hand, and at random against a set of all numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "session/numbering.h"

static struct numberings *numberings;
static struct pl_datagram from_a = {.source = {1}, .source_port = 1, .dest_port = 2};

static int set_up(void **state)
{
	(void)state;
	numberings = numberings_new();
	return !numberings;
}

static int tear_down(void **state)
{
	(void)state;
	numberings_free(numberings);
	return 0;
}

static void add(uint64_t first, uint32_t count, int64_t time_ns)
{
	struct sequence sequence = {.first = first, .count = count, .messages = count, .time_ns = time_ns};

	numberings_add(numberings, &from_a, &sequence);
}

static void expect(uint64_t missing, uint64_t gaps, uint64_t late, uint64_t repeats, uint64_t restarts)
{
	struct numbering_counts counts;

	numberings_counts(numberings, &counts);
	assert_int_equal(counts.missing, missing);
	assert_int_equal(counts.gaps, gaps);
	assert_int_equal(counts.late, late);
	assert_int_equal(counts.repeats, repeats);
	assert_int_equal(counts.restarts, restarts);
}

static void in_order_nothing_is_lost(void **state)
{
	(void)state;
	add(100, 1, 10);
	add(101, 1, 10); /* two packets of one nanosecond are no restart */
	add(102, 5, 11);
	add(107, 0, TIME_UNKNOWN); /* a heartbeat */
	expect(0, 0, 0, 0, 0);
}

static void a_gap_is_filled_by_what_comes_late(void **state)
{
	(void)state;
	add(1, 1, 10);
	add(5, 1, 50);
	expect(3, 1, 0, 0, 0);
	add(3, 1, 30);
	expect(2, 1, 1, 0, 0);
	add(3, 1, 30);
	expect(2, 1, 1, 1, 0);
	add(2, 3, TIME_UNKNOWN); /* 2 and 4 were missing, 3 was there */
	expect(0, 1, 3, 2, 0);
	add(6, 1, 60);
	expect(0, 1, 3, 2, 0);
}

static void a_heartbeat_tells_of_a_gap(void **state)
{
	(void)state;
	add(1, 2, TIME_UNKNOWN);
	add(7, 0, TIME_UNKNOWN);
	expect(4, 1, 0, 0, 0);
	add(7, 0, TIME_UNKNOWN);
	add(7, 2, TIME_UNKNOWN);
	expect(4, 1, 0, 0, 0);
	add(3, 0, TIME_UNKNOWN); /* an old heartbeat says nothing */
	expect(4, 1, 0, 0, 0);
}

static void a_lower_number_sent_later_is_a_restart(void **state)
{
	(void)state;
	add(1000, 1, 10);
	add(1005, 1, 20);
	expect(4, 1, 0, 0, 0);
	add(1, 1, 30);
	add(2, 1, 40);
	expect(4, 1, 0, 0, 1); /* what was lost before stays lost */
	add(4, 1, 50);
	expect(5, 2, 0, 0, 1);
	add(2, 1, 40); /* sent before */
	expect(5, 2, 0, 1, 1);
}

static void each_source_and_session_counts_apart(void **state)
{
	struct pl_datagram other_port = from_a, other_source = from_a;
	struct sequence sequence = {.first = 1, .count = 1, .session = "S1", .time_ns = TIME_UNKNOWN};
	struct numbering_counts counts;

	(void)state;
	other_port.dest_port++;
	other_source.source[0]++;
	for (uint64_t i = 0; i < 10; i++) {
		sequence.first = 1 + i;
		numberings_add(numberings, &from_a, &sequence);
		sequence.first = 500 + i;
		numberings_add(numberings, &other_port, &sequence);
		sequence.first = 9000 + i;
		numberings_add(numberings, &other_source, &sequence);
		strcpy(sequence.session, "S2");
		sequence.first = 1 + i;
		numberings_add(numberings, &from_a, &sequence);
		strcpy(sequence.session, "S1");
	}
	expect(0, 0, 0, 0, 0);
	numberings_counts(numberings, &counts);
	assert_int_equal(counts.streams, 4);
	for (int i = 0; i < NUMBERINGS_MAX; i++) {
		snprintf(sequence.session, sizeof(sequence.session), "T%d", i);
		numberings_add(numberings, &from_a, &sequence);
	}
	numberings_counts(numberings, &counts);
	assert_int_equal(counts.streams, NUMBERINGS_MAX);
	assert_int_equal(counts.unfollowed, 4);
}

/* Two thousand numbers in a random order with losses and copies: what is missing is what the set does not hold. */
static void at_random_it_agrees_with_a_set(void **state)
{
	enum { NUMBERS = 2000, WINDOW = 40 };
	uint32_t random = 2463534242;

	(void)state;
	for (int round = 0; round < 20; round++) {
		bool came[NUMBERS] = {true};
		uint64_t distinct = 1, datagrams = 1, highest = 0, missing = 0;
		struct numbering_counts counts;

		tear_down(NULL);
		set_up(NULL);
		add(0, 1, TIME_UNKNOWN);
		for (uint64_t at = 1; at < NUMBERS; at++) {
			uint64_t number;

			random ^= random << 13;
			random ^= random >> 17;
			random ^= random << 5;
			number = at + random % WINDOW;
			if (number >= NUMBERS)
				continue;
			add(number, 1, TIME_UNKNOWN);
			datagrams++;
			distinct += !came[number];
			came[number] = true;
			if (number > highest)
				highest = number;
		}
		for (uint64_t i = 0; i <= highest; i++)
			missing += !came[i];
		numberings_counts(numberings, &counts);
		assert_true(missing > 500 && counts.late > 500);
		assert_int_equal(counts.repeats, datagrams - distinct);
		/* what fell out of the kept gaps is missing for good: none does here */
		assert_int_equal(counts.missing, missing);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(in_order_nothing_is_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_gap_is_filled_by_what_comes_late, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_heartbeat_tells_of_a_gap, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_lower_number_sent_later_is_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_source_and_session_counts_apart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(at_random_it_agrees_with_a_set, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("session_numbering", tests, NULL, NULL);
}
