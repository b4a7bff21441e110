// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/array.h"

#include <errno.h>
#include <stdlib.h>

#define FIRST 64

int array_grow(void **items, size_t count, size_t *room, size_t size)
{
	size_t wanted = *room ? 2 * *room : FIRST;
	void *grown;

	if (count < *room)
		return 0;
	grown = reallocarray(*items, wanted, size);
	if (!grown)
		return -ENOMEM;
	*items = grown;
	*room = wanted;
	return 0;
}

static int ascending(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void sort_int64(int64_t *values, size_t count)
{
	if (count) /* qsort() wants no null pointer */
		qsort(values, count, sizeof(*values), ascending);
}
