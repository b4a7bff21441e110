// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/change.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "margin/rng.h"
#include "stats/memory.h"

#define CELLS_MAX 2000	/* a search looks at so many blocks at most */
#define SIDE_MIN 5	/* blocks on either side of a change */
#define PERMUTATIONS 999
#define LEVEL 0.01
#define SEED 19950101

struct ranked {
	int64_t ns;
	size_t at;
};

struct search {
	double *ranks; /* of the ended durations, in the order of time */
	size_t *places; /* of these in the series */
	size_t count;
	size_t block; /* longer than the series' memory */
	double *cells, *shuffled; /* room for CELLS_MAX + 1 */
	struct change *out;
	size_t found;
	uint64_t searches; /* for random numbers of their own */
};

static int by_duration(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->ns != y->ns)
		return x->ns < y->ns ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

/* Equal durations share the middle of their ranks. */
static int fill_ranks(struct search *search, const struct observation *series)
{
	struct ranked *sorted = malloc((search->count + 1) * sizeof(*sorted));
	size_t next;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < search->count; i++)
		sorted[i] = (struct ranked){series[search->places[i]].ns, i};
	qsort(sorted, search->count, sizeof(*sorted), by_duration);
	for (size_t i = 0; i < search->count; i = next) {
		for (next = i; next < search->count && sorted[next].ns == sorted[i].ns; next++)
			;
		for (size_t k = i; k < next; k++)
			search->ranks[sorted[k].at] = ((double)i + (double)next - 1) / 2;
	}
	free(sorted);
	return 0;
}

/* Largest |sum of the first k less its share of the whole|, *at: that k. */
static double cusum(const double *cells, size_t count, size_t *at)
{
	double sum = 0, mean = 0, top = -1;

	for (size_t i = 0; i < count; i++)
		mean += cells[i] / (double)count;
	for (size_t i = 0; i + SIDE_MIN < count; i++) {
		sum += cells[i] - mean;
		if (i + 1 >= SIDE_MIN && fabs(sum) > top) {
			top = fabs(sum);
			*at = i + 1;
		}
	}
	return top;
}

static double chance_of(struct search *search, size_t cells, double top)
{
	size_t reached = 0, at;
	struct rng rng;

	rng_open(&rng, SEED, search->searches++, 0, RNG_RESAMPLE);
	memcpy(search->shuffled, search->cells, cells * sizeof(*search->shuffled));
	for (int p = 0; p < PERMUTATIONS; p++) {
		for (size_t i = cells - 1; i > 0; i--) {
			size_t other = (size_t)(rng_uniform(&rng) * (double)(i + 1));
			double cell = search->shuffled[i];

			search->shuffled[i] = search->shuffled[other];
			search->shuffled[other] = cell;
		}
		reached += cusum(search->shuffled, cells, &at) >= top;
		if ((double)reached > LEVEL * (PERMUTATIONS + 1))
			return 1; /* chance it is; how much of it does not matter */
	}
	return (1. + (double)reached) / (PERMUTATIONS + 1);
}

/* The exact place, within a block of the one between blocks. */
static size_t refine(const struct search *search, size_t from, size_t to, size_t near, size_t block)
{
	double sum = 0, mean = 0, top = -1;
	size_t best = near;

	for (size_t i = from; i < to; i++)
		mean += search->ranks[i] / (double)(to - from);
	for (size_t i = from; i < to; i++) {
		sum += search->ranks[i] - mean;
		if (i + 1 + block >= near && i + 1 <= near + block && i + 1 < to && fabs(sum) > top) {
			top = fabs(sum);
			best = i + 1;
		}
	}
	return best;
}

/* Finds a change in ranks[from..to), then those on either side of it: by their first durations, in order. */
static void split(struct search *search, size_t from, size_t to)
{
	size_t block = (to - from) / CELLS_MAX + 1, cells, at = 0, place;
	double top, chance;

	block = block < search->block ? search->block : block;
	cells = (to - from) / block;
	if (cells < 2 * SIDE_MIN || search->found == CHANGES_MAX)
		return;
	memset(search->cells, 0, cells * sizeof(*search->cells));
	for (size_t i = 0; i < cells * block; i++)
		search->cells[i / block] += search->ranks[from + i];
	top = cusum(search->cells, cells, &at);
	chance = chance_of(search, cells, top);
	if (chance > LEVEL)
		return;
	place = refine(search, from, to, from + at * block, block);
	split(search, from, place);
	if (search->found == CHANGES_MAX)
		return;
	search->out[search->found++] = (struct change){.index = place, .p_value = chance};
	split(search, place, to);
}

/* ---- medians ---- */

static int64_t median(const struct search *search, const struct observation *series, size_t from, size_t to,
		      int64_t *room)
{
	for (size_t i = from; i < to; i++)
		room[i - from] = series[search->places[i]].ns;
	sort_int64(room, to - from);
	return room[(to - from - 1) / 2];
}

static int fill_medians(struct search *search, const struct observation *series)
{
	int64_t *room = malloc((search->count + 1) * sizeof(*room));

	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < search->found; i++) {
		struct change *change = &search->out[i];
		size_t from = i ? search->out[i - 1].index : 0;
		size_t to = i + 1 < search->found ? search->out[i + 1].index : search->count;

		change->before_count = change->index - from;
		change->after_count = to - change->index;
		change->before_p50_ns = median(search, series, from, change->index, room);
		change->after_p50_ns = median(search, series, change->index, to, room);
	}
	for (size_t i = 0; i < search->found; i++)
		search->out[i].index = search->places[search->out[i].index];
	free(room);
	return 0;
}

/* A block holds twice what the series remembers: within levels, not over the change itself, which looks like memory without end. */
static size_t block_of(const double *ranks, size_t count, double *room)
{
	size_t best = count, parts = 8;

	for (size_t k = 0; k < parts; k++) {
		size_t from = count / parts * k, length = count / parts;
		struct memory memory;

		memcpy(room, ranks + from, length * sizeof(*room));
		memory = memory_of(room, length);
		best = memory.block < best ? memory.block : best;
	}
	return 2 * best;
}

int changes_find(const struct observation *series, size_t count, struct change out[CHANGES_MAX], size_t *found)
{
	struct search search = {.out = out};
	double *room = malloc(2 * (count + CELLS_MAX + 1) * sizeof(*room));
	int status = -ENOMEM;

	*found = 0;
	search.ranks = room;
	search.places = malloc((count + 1) * sizeof(*search.places));
	search.cells = malloc((CELLS_MAX + 1) * sizeof(double));
	search.shuffled = malloc((CELLS_MAX + 1) * sizeof(double));
	if (room && search.places && search.cells && search.shuffled) {
		for (size_t i = 0; i < count; i++)
			if (!series[i].open)
				search.places[search.count++] = i;
		status = fill_ranks(&search, series);
	}
	if (!status) {
		search.block = block_of(search.ranks, search.count, room + count + CELLS_MAX + 1);
		search.block = search.block ? search.block : 1;
		split(&search, 0, search.count);
		status = fill_medians(&search, series);
		*found = search.found;
	}
	free(room);
	free(search.places);
	free(search.cells);
	free(search.shuffled);
	return status;
}
