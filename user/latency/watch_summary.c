// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/watch_summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"

/* Durations of one summary: as they came, and sorted. */
struct durations {
	struct observation *series;
	int64_t *sorted;
	size_t count;
};

static void add(struct durations *durations, int64_t at_ns, int64_t ns)
{
	if (ns == TIME_UNKNOWN)
		return;
	durations->series[durations->count] = (struct observation){.at_ns = at_ns, .ns = ns};
	durations->sorted[durations->count++] = ns;
}

static int fill(struct durations *durations, struct quantile out[WATCH_QUANTILES])
{
	struct survival all = {.ends = durations->sorted, .end_count = durations->count, .open_weight = 1};
	struct quantile_basis basis;

	sort_int64(durations->sorted, durations->count);
	out[WATCH_P50] = (struct quantile){.p = 0.5};
	out[WATCH_P99] = (struct quantile){.p = 0.99};
	return quantiles_fill(&all, durations->series, durations->count, out, WATCH_QUANTILES, &basis);
}

static bool is_of(const struct block_transaction *t, const struct watch_summary *summary)
{
	return !strcmp(t->watch, summary->watch) && !strcmp(t->feed, summary->feed);
}

/* Rows of one transaction, a price each, stand one behind the other among those of their watch. */
static bool same_transaction(const struct block_transaction *a, const struct block_transaction *b)
{
	return a && a->number == b->number && a->position == b->position && !strcmp(a->signature, b->signature);
}

static int summarize(const struct block_transaction_list *list, struct durations *first, struct durations *oracle,
		     struct watch_summary *summary)
{
	const struct block_transaction *last = NULL;
	int status;

	first->count = oracle->count = 0;
	for (size_t i = 0; i < list->count; i++) {
		const struct block_transaction *t = &list->items[i];

		if (!is_of(t, summary))
			continue;
		add(oracle, t->block_wire_ns, t->after_oracle_ns);
		if (same_transaction(last, t))
			continue;
		last = t;
		summary->transactions++;
		summary->recovered += t->recovered;
		add(first, t->block_wire_ns, t->after_first_ns);
	}
	summary->prices = oracle->count;
	status = fill(first, summary->after_first);
	return status ? status : fill(oracle, summary->after_oracle);
}

static int list_watches(const struct block_transaction_list *list, struct watch_summary **out, size_t *count)
{
	size_t room = 0, k;

	for (size_t i = 0; i < list->count; i++) {
		for (k = 0; k < *count && !is_of(&list->items[i], &(*out)[k]); k++)
			;
		if (k < *count)
			continue;
		if (array_grow((void **)out, *count, &room, sizeof(**out)))
			return -ENOMEM;
		(*out)[(*count)++] = (struct watch_summary){.feed = list->items[i].feed, .watch = list->items[i].watch};
	}
	return 0;
}

static int durations_new(struct durations *out, size_t room)
{
	out->series = calloc(room + 1, sizeof(*out->series));
	out->sorted = calloc(room + 1, sizeof(*out->sorted));
	return out->series && out->sorted ? 0 : -ENOMEM;
}

static void durations_free(struct durations *durations)
{
	free(durations->series);
	free(durations->sorted);
}

int watch_summaries(const struct block_transaction_list *list, struct watch_summary **out, size_t *count)
{
	struct durations first = {0}, oracle = {0};
	int status;

	*out = NULL;
	*count = 0;
	status = list_watches(list, out, count);
	if (!status)
		status = durations_new(&first, list->count);
	if (!status)
		status = durations_new(&oracle, list->count);
	for (size_t i = 0; !status && i < *count; i++)
		status = summarize(list, &first, &oracle, &(*out)[i]);
	durations_free(&first);
	durations_free(&oracle);
	if (status) {
		free(*out);
		*out = NULL;
	}
	return status;
}
