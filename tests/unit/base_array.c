// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Arrays that grow, and in order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/array.h"

static void what_is_there_stays(void **state)
{
	int64_t *items = NULL;
	size_t count = 0, room = 0, grown = 0;

	(void)state;
	while (count < 1000) {
		size_t before = room;

		assert_int_equal(array_grow((void **)&items, count, &room, sizeof(*items)), 0);
		assert_true(count < room);
		grown += room != before;
		items[count] = (int64_t)count;
		count++;
	}
	assert_in_range(grown, 1, 10); /* doubling: not once an element */
	for (size_t i = 0; i < count; i++)
		assert_int_equal(items[i], i);
	free(items);
}

static void an_order_of_extremes(void **state)
{
	int64_t values[] = {3, INT64_MAX, -1, INT64_MIN, 0, 3, -1};
	const int64_t wanted[] = {INT64_MIN, -1, -1, 0, 3, 3, INT64_MAX}; /* of which differences overflow */

	(void)state;
	sort_int64(values, sizeof(values) / sizeof(values[0]));
	assert_memory_equal(values, wanted, sizeof(wanted));
	sort_int64(NULL, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_there_stays),
		cmocka_unit_test(an_order_of_extremes),
	};

	return cmocka_run_group_tests_name("base_array", tests, NULL, NULL);
}
