// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Transactions on their way, in the order of their times, then of their accounts. Those that come for the first time are in a heap. Those
 * that try again in the next block may be most of a book, block after block, while a market does not recover: they are due together and
 * come up in the order in which they did before, so that they stand in a list, and none of them costs a search.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/market_walk.h"

static bool earlier(const struct attempt *a, const struct attempt *b)
{
	return a->due_s < b->due_s || (a->due_s == b->due_s && a->account < b->account);
}

static int by_time(const void *a, const void *b)
{
	return earlier(b, a) - earlier(a, b);
}

/* ---- for the first time --------------------------------------------------------------------------------------------- */

int attempt_push(struct market_walk *walk, struct attempt item)
{
	size_t i = walk->attempt_count;

	if (walk->attempt_count == walk->attempt_capacity) {
		void *memory = realloc(walk->attempts, 2 * walk->attempt_capacity * sizeof(*walk->attempts));

		if (!memory)
			return -ENOMEM;
		walk->attempts = memory;
		walk->attempt_capacity *= 2;
	}
	walk->attempt_count++;
	for (; i && earlier(&item, &walk->attempts[(i - 1) / 2]); i = (i - 1) / 2)
		walk->attempts[i] = walk->attempts[(i - 1) / 2];
	walk->attempts[i] = item;
	return 0;
}

static struct attempt pop(struct market_walk *walk)
{
	struct attempt first = walk->attempts[0], last = walk->attempts[--walk->attempt_count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < walk->attempt_count) {
		if (child + 1 < walk->attempt_count && earlier(&walk->attempts[child + 1], &walk->attempts[child]))
			child++;
		if (!earlier(&walk->attempts[child], &last))
			break;
		walk->attempts[i] = walk->attempts[child];
		i = child;
	}
	walk->attempts[i] = last;
	return first;
}

/* ---- again ---------------------------------------------------------------------------------------------------------- */

int attempt_again(struct market_walk *walk, struct attempt item)
{
	if (walk->again_count == walk->again_capacity) {
		size_t more = walk->again_capacity ? 2 * walk->again_capacity : 64;
		void *again = realloc(walk->again, more * sizeof(*walk->again)), *waiting;

		if (!again)
			return -ENOMEM;
		walk->again = again;
		waiting = realloc(walk->waiting, more * sizeof(*walk->waiting));
		if (!waiting)
			return -ENOMEM;
		walk->waiting = waiting;
		walk->again_capacity = more;
	}
	item.due_s = walk->now_s + walk->book->model->step_s;
	walk->again[walk->again_count++] = item;
	return 0;
}

/* From where on they are in order: before it are those of the heap, a few. */
static size_t in_order_from(const struct market_walk *walk)
{
	size_t i = walk->again_count;

	while (i > 1 && earlier(&walk->again[i - 2], &walk->again[i - 1]))
		i--;
	return i ? i - 1 : 0;
}

int attempt_end_block(struct market_walk *walk)
{
	size_t a = 0, split = in_order_from(walk), b = split;

	/* rounding may have a time lie behind the block it is meant for */
	for (; walk->waiting_next < walk->waiting_count; walk->waiting_next++)
		if (attempt_push(walk, walk->waiting[walk->waiting_next]))
			return -ENOMEM;
	if (split)
		qsort(walk->again, split, sizeof(*walk->again), by_time);
	walk->waiting_next = walk->waiting_count = 0;
	while (a < split || b < walk->again_count) {
		bool first = b == walk->again_count || (a < split && earlier(&walk->again[a], &walk->again[b]));

		walk->waiting[walk->waiting_count++] = walk->again[first ? a++ : b++];
	}
	walk->again_count = 0;
	return 0;
}

/* ---- both ----------------------------------------------------------------------------------------------------------- */

void attempt_start(struct market_walk *walk)
{
	walk->attempt_count = walk->waiting_next = walk->waiting_count = walk->again_count = 0;
}

static const struct attempt *first(const struct market_walk *walk)
{
	const struct attempt *new = walk->attempt_count ? &walk->attempts[0] : NULL;
	const struct attempt *old = walk->waiting_next < walk->waiting_count ? &walk->waiting[walk->waiting_next] : NULL;

	return new && old ? (earlier(old, new) ? old : new) : new ? new : old;
}

bool attempt_any(const struct market_walk *walk)
{
	return first(walk);
}

double attempt_first_due(const struct market_walk *walk)
{
	const struct attempt *attempt = first(walk);

	return attempt ? attempt->due_s : INFINITY;
}

struct attempt attempt_take_first(struct market_walk *walk)
{
	const struct attempt *attempt = first(walk);

	return walk->attempt_count && attempt == walk->attempts ? pop(walk) : walk->waiting[walk->waiting_next++];
}
