// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/front.h"

#include <errno.h>
#include <stdlib.h>

int front_order_init(struct front_order *order, size_t count)
{
	order->count = count;
	order->entries = calloc(count ? count : 1, sizeof(*order->entries));
	return order->entries ? 0 : -ENOMEM;
}

/* Descending keys; equal ones in the order of the book. */
static int descending(const void *a, const void *b)
{
	const struct front_entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? 1 : -1;
	return (x->account > y->account) - (x->account < y->account);
}

void front_order_sort(struct front_order *order)
{
	qsort(order->entries, order->count, sizeof(*order->entries), descending);
}

void front_order_free(struct front_order *order)
{
	free(order->entries);
	order->entries = NULL;
}

void front_init(struct front *front, const struct front_order *order)
{
	*front = (struct front){.order = order};
}

void front_free(struct front *front)
{
	free(front->back);
	front->back = NULL;
}

void front_start(struct front *front)
{
	front->next = front->back_count = 0;
}

void front_clear(struct front *front)
{
	front->next = front->order->count;
	front->back_count = 0;
}

static int64_t pop(struct front *front)
{
	struct front_entry first = front->back[0], last = front->back[--front->back_count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < front->back_count) {
		if (child + 1 < front->back_count && descending(&front->back[child], &front->back[child + 1]) > 0)
			child++;
		if (descending(&front->back[child], &last) >= 0)
			break;
		front->back[i] = front->back[child];
		i = child;
	}
	front->back[i] = last;
	return first.account;
}

int64_t front_fire(struct front *front, double level)
{
	if (front->next < front->order->count && front->order->entries[front->next].key > level)
		return front->order->entries[front->next++].account;
	if (front->back_count && front->back[0].key > level)
		return pop(front);
	return -1;
}

double front_highest(const struct front *front)
{
	double first = front->next < front->order->count ? front->order->entries[front->next].key : 0;

	return front->back_count && front->back[0].key > first ? front->back[0].key : first;
}

int front_return(struct front *front, double key, uint32_t account)
{
	struct front_entry entry = {key, account};
	size_t i = front->back_count;

	if (front->back_count == front->back_capacity) {
		size_t more = front->back_capacity ? 2 * front->back_capacity : 64;
		void *memory = realloc(front->back, more * sizeof(*front->back));

		if (!memory)
			return -ENOMEM;
		front->back = memory;
		front->back_capacity = more;
	}
	front->back_count++;
	for (; i && descending(&entry, &front->back[(i - 1) / 2]) < 0; i = (i - 1) / 2)
		front->back[i] = front->back[(i - 1) / 2];
	front->back[i] = entry;
	return 0;
}
