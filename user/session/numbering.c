// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/numbering.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct gap {
	uint64_t start, end; /* numbers [start, end) have not come */
};

struct numbering {
	uint8_t source[16];
	uint16_t source_port, dest_port;
	char session[SEQUENCE_SESSION_MAX];
	uint64_t next;	   /* the number after the highest one */
	int64_t latest_ns; /* the latest sending time so far */
	struct gap *gaps;  /* in ascending order, disjoint */
	size_t gap_count;
};

struct numberings {
	struct numbering items[NUMBERINGS_MAX];
	size_t count, last; /* last: the one that the last datagram was of */
	struct numbering_counts counts;
};

struct numberings *numberings_new(void)
{
	return calloc(1, sizeof(struct numberings));
}

void numberings_free(struct numberings *numberings)
{
	if (!numberings)
		return;
	for (size_t i = 0; i < numberings->count; i++)
		free(numberings->items[i].gaps);
	free(numberings);
}

static bool is_of(const struct numbering *numbering, const struct pl_datagram *datagram, const struct sequence *sequence)
{
	return numbering->source_port == datagram->source_port && numbering->dest_port == datagram->dest_port &&
	       !memcmp(numbering->source, datagram->source, sizeof(numbering->source)) &&
	       !strcmp(numbering->session, sequence->session);
}

static struct numbering *find(struct numberings *all, const struct pl_datagram *datagram, const struct sequence *sequence)
{
	if (all->count && is_of(&all->items[all->last], datagram, sequence))
		return &all->items[all->last];
	for (size_t i = 0; i < all->count; i++) {
		if (is_of(&all->items[i], datagram, sequence)) {
			all->last = i;
			return &all->items[i];
		}
	}
	return NULL;
}

/* NULL where there is no room. */
static struct numbering *begin(struct numberings *all, const struct pl_datagram *datagram, const struct sequence *sequence)
{
	struct numbering *fresh;

	if (all->count == NUMBERINGS_MAX)
		return NULL;
	fresh = &all->items[all->count];
	fresh->gaps = calloc(NUMBERING_GAPS_MAX + 1, sizeof(*fresh->gaps)); /* one more while a gap is split */
	if (!fresh->gaps)
		return NULL;
	memcpy(fresh->source, datagram->source, sizeof(fresh->source));
	fresh->source_port = datagram->source_port;
	fresh->dest_port = datagram->dest_port;
	memcpy(fresh->session, sequence->session, sizeof(fresh->session));
	fresh->next = sequence->first;
	fresh->latest_ns = TIME_UNKNOWN;
	all->last = all->count++;
	return fresh;
}

static void remove_gap(struct numbering *numbering, size_t at)
{
	memmove(&numbering->gaps[at], &numbering->gaps[at + 1], (--numbering->gap_count - at) * sizeof(*numbering->gaps));
}

static void insert_gap(struct numbering *numbering, size_t at, uint64_t start, uint64_t end)
{
	memmove(&numbering->gaps[at + 1], &numbering->gaps[at], (numbering->gap_count++ - at) * sizeof(*numbering->gaps));
	numbering->gaps[at] = (struct gap){start, end};
	if (numbering->gap_count > NUMBERING_GAPS_MAX)
		remove_gap(numbering, 0);
}

/* Takes [start, end) out of the gaps, and returns how many numbers of it they held. */
static uint64_t fill(struct numbering *numbering, uint64_t start, uint64_t end)
{
	uint64_t filled = 0;

	for (size_t i = 0; i < numbering->gap_count;) {
		struct gap gap = numbering->gaps[i];
		uint64_t from = start > gap.start ? start : gap.start, to = end < gap.end ? end : gap.end;

		if (from >= to) {
			i++;
			continue;
		}
		filled += to - from;
		remove_gap(numbering, i);
		if (to < gap.end)
			insert_gap(numbering, i, to, gap.end);
		if (gap.start < from)
			insert_gap(numbering, i, gap.start, from);
		i += (gap.start < from) + (to < gap.end);
	}
	return filled;
}

void numberings_add(struct numberings *all, const struct pl_datagram *datagram, const struct sequence *sequence)
{
	struct numbering_counts *counts = &all->counts;
	struct numbering *numbering = find(all, datagram, sequence);
	uint64_t first = sequence->first, end = first + sequence->count, old_end, filled;
	bool later;

	counts->messages += sequence->messages;
	if (!numbering)
		numbering = begin(all, datagram, sequence);
	if (!numbering) {
		counts->unfollowed++;
		return;
	}
	later = sequence->time_ns != TIME_UNKNOWN && numbering->latest_ns != TIME_UNKNOWN &&
		sequence->time_ns > numbering->latest_ns;
	if (sequence->time_ns > numbering->latest_ns)
		numbering->latest_ns = sequence->time_ns;
	if (first > numbering->next) {
		counts->gaps++;
		if (__builtin_add_overflow(counts->missing, first - numbering->next, &counts->missing))
			counts->missing = UINT64_MAX;
		insert_gap(numbering, numbering->gap_count, numbering->next, first);
	} else if (first < numbering->next && sequence->count) {
		old_end = end < numbering->next ? end : numbering->next;
		filled = fill(numbering, first, old_end);
		counts->late += filled;
		counts->missing -= filled;
		if (!filled && later) {
			counts->restarts++;
			numbering->gap_count = 0;
			numbering->next = first;
		} else {
			counts->repeats += old_end - first - filled;
		}
	}
	if (end > numbering->next)
		numbering->next = end;
}

void numberings_counts(const struct numberings *numberings, struct numbering_counts *out)
{
	*out = numberings->counts;
	out->streams = numberings->count;
}
