// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/segments.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "record.h"

#define CAPACITY_MIN 64

void segments_reset(struct segments *segments)
{
	struct segments_range *ranges = segments->ranges;

	*segments = (struct segments){
		.ranges = ranges,
		.capacity = segments->capacity,
		.latest_ns = INT64_MIN,
		.retransmits = segments->retransmits,
		.reordered = segments->reordered,
	};
}

void segments_free(struct segments *segments)
{
	free(segments->ranges);
	*segments = (struct segments){0};
}

/* Moves the used part to the front; returns how far. */
static size_t compact(struct segments *s)
{
	size_t moved = s->head;

	if (!moved)
		return 0;
	memmove(s->ranges, s->ranges + moved, (s->count - moved) * sizeof(*s->ranges));
	s->count -= moved;
	s->next -= moved;
	s->head = 0;
	return moved;
}

static void forget_oldest(struct segments *s)
{
	s->head++;
	if (s->next < s->head)
		s->next = s->head;
}

/* Makes room for one more; returns how far the ranges moved to the front. */
static size_t make_room(struct segments *s)
{
	size_t capacity = s->capacity ? s->capacity * 2 : CAPACITY_MIN;
	struct segments_range *ranges;

	if (s->count < s->capacity)
		return 0;
	if (s->head > s->capacity / 2)
		return compact(s);
	if (s->capacity < SEGMENTS_MAX) {
		ranges = realloc(s->ranges, capacity * sizeof(*ranges));
		if (ranges) {
			s->ranges = ranges;
			s->capacity = capacity;
			return 0;
		}
		if (!s->capacity)
			return 0;
	}
	/* Forgetting a few at a time keeps the moves of a full table rare. */
	for (size_t i = 0; i < s->capacity / 8 && s->head < s->count; i++)
		forget_oldest(s);
	return compact(s);
}

/* Inserts [start, end) before ranges[i]; returns the index after it. */
static size_t insert(struct segments *s, size_t i, uint64_t start, uint64_t end, int64_t stamp_ns)
{
	size_t moved = make_room(s);

	i = i > moved ? i - moved : 0;
	if (i < s->head)
		i = s->head;
	if (s->count == s->capacity)
		return i;
	memmove(s->ranges + i + 1, s->ranges + i, (s->count - i) * sizeof(*s->ranges));
	s->ranges[i] = (struct segments_range){start, end, stamp_ns, TIME_UNKNOWN};
	s->count++;
	return i + 1;
}

/* First range in [from, count) that ends behind `offset`. */
static size_t first_behind(const struct segments *s, size_t from, uint64_t offset)
{
	size_t low = from, high = s->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (s->ranges[middle].end <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void advance(struct segments *s)
{
	while (s->next < s->count && s->ranges[s->next].start == s->frontier) {
		struct segments_range *range = &s->ranges[s->next++];

		if (range->arrival_ns > s->latest_ns)
			s->latest_ns = range->arrival_ns;
		range->completion_ns = s->latest_ns;
		s->frontier = range->end;
	}
}

/* Adds the parts of [start, end) that nothing covers yet; false if there were none. */
static bool cover(struct segments *s, uint64_t start, uint64_t end, int64_t stamp_ns)
{
	bool fresh = false;
	size_t i;

	if (start < s->frontier)
		start = s->frontier;
	for (i = first_behind(s, s->next, start); start < end;) {
		bool inside = i < s->count && s->ranges[i].start <= start;
		uint64_t stop = i < s->count && s->ranges[i].start < end ? s->ranges[i].start : end;

		if (inside) {
			start = s->ranges[i++].end;
		} else {
			i = insert(s, i, start, stop, stamp_ns);
			start = stop;
			fresh = true;
		}
	}
	return fresh;
}

void segments_add(struct segments *segments, uint32_t seq, uint32_t len, uint32_t flags, int64_t stamp_ns)
{
	int64_t start;

	if (flags & PL_TCP_SYN) {
		if (!segments->synchronized) {
			segments->synchronized = true;
			segments->isn = seq;
		}
		seq++; /* data on a SYN (TCP fast open) follows the SYN's own number */
	}
	if (!segments->synchronized || !len)
		return;
	start = segments_offset(segments->isn, segments->frontier, seq);
	if (start < 0) { /* keep-alive probes repeat the number before the next one */
		if ((int64_t)len + start <= 0)
			return;
		len -= (uint32_t)-start;
		start = 0;
	}
	if (!cover(segments, (uint64_t)start, (uint64_t)start + len, stamp_ns))
		segments->retransmits++;
	else if ((uint64_t)start > segments->frontier)
		segments->reordered++;
	advance(segments);
}

static const struct segments_range *range_of(const struct segments *s, uint64_t offset)
{
	size_t i = first_behind(s, s->head, offset);

	return i < s->count && s->ranges[i].start <= offset ? &s->ranges[i] : NULL;
}

enum segments_answer segments_find(const struct segments *segments, uint64_t first, uint64_t end,
				   struct segments_time *out)
{
	const struct segments_range *head, *tail;

	*out = (struct segments_time){TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN};
	if (end > segments->frontier)
		return SEGMENTS_WAIT;
	tail = range_of(segments, end - 1);
	if (!tail)
		return SEGMENTS_LOST;
	head = range_of(segments, first);
	if (head)
		out->first_ns = head->arrival_ns;
	out->wire_ns = tail->completion_ns;
	out->stall_ns = tail->completion_ns - tail->arrival_ns;
	return SEGMENTS_KNOWN;
}

void segments_give_up(struct segments *segments, uint64_t upto, int64_t known_ns)
{
	size_t i = segments->next;

	if (segments->frontier >= upto)
		return;
	segments->frontier = upto;
	while (i < segments->count) {
		struct segments_range *range = &segments->ranges[i];

		if (range->start > segments->frontier)
			break;
		if (range->end > segments->frontier) {
			if (range->arrival_ns > known_ns) {
				range->start = segments->frontier;
				break;
			}
			segments->frontier = range->end;
		}
		i++;
	}
	if (i > segments->next)
		memmove(segments->ranges + segments->next, segments->ranges + i,
			(segments->count - i) * sizeof(*segments->ranges));
	segments->count -= i - segments->next;
	advance(segments);
}

const struct segments_range *segments_oldest(const struct segments *segments)
{
	return segments->head < segments->next ? &segments->ranges[segments->head] : NULL;
}

void segments_forget(struct segments *segments, uint64_t offset)
{
	while (segments->head < segments->next && segments->ranges[segments->head].end <= offset)
		segments->head++;
}
