// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/leadlag.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "margin/rng.h"

#define BLOCKS 40
#define BLOCK_LAGS 5	/* a block is at least so many of the largest lag long, */
#define BLOCKS_FEW 8	/* and with fewer nothing is said of certainty */
#define REPLICATES 399
#define TURNS 19
#define FINEST_NS 1000
#define GROWTH 1.06	/* of the distances from zero; a contrast is as wide as the ticks are apart */
#define LINEAR 100
#define REFINED 20	/* lags between two neighbours, in each of REFINEMENTS steps */
#define REFINEMENTS 3
#define SEED 20130301

struct side {
	const struct tick *ticks;
	size_t count;
};

struct search {
	struct side a, b;
	int64_t begin_ns, block_ns; /* of A's time, in blocks */
	size_t blocks;
	double norm; /* of both sides' increments */
	int64_t *lags;
	double *contrasts; /* [lag][block] */
	size_t count, room;
};

/* ---- the contrast ---- */

/*
 * Sum over the increments of A of the increment of B over all intervals of B, shifted by -lag, that overlap: those add up
 * to the difference of two prices. By the block in which A's increment ends; `out` holds search->blocks sums.
 */
static void contrast(const struct search *search, int64_t lag, double *out)
{
	const struct tick *a = search->a.ticks, *b = search->b.ticks;
	size_t first = 0, last = 0, b_last = search->b.count - 1;

	memset(out, 0, search->blocks * sizeof(*out));
	for (size_t i = 1; i < search->a.count; i++) {
		int64_t from = a[i - 1].at_ns + lag, to = a[i].at_ns + lag;
		size_t block = (size_t)((a[i].at_ns - search->begin_ns) / search->block_ns);

		/* the tick at or before the beginning, and the one at or after the end */
		while (first < b_last && b[first + 1].at_ns <= from)
			first++;
		if (last < first)
			last = first;
		while (last < b_last && b[last].at_ns < to)
			last++;
		if (to > b[0].at_ns && from < b[b_last].at_ns)
			out[block < search->blocks ? block : search->blocks - 1] +=
				(a[i].log_price - a[i - 1].log_price) * (b[last].log_price - b[first].log_price);
	}
}

static double total(const struct search *search, size_t lag)
{
	double sum = 0;

	for (size_t k = 0; k < search->blocks; k++)
		sum += search->contrasts[lag * search->blocks + k];
	return sum / search->norm;
}

static double squares(const struct side *side)
{
	double sum = 0;

	for (size_t i = 1; i < side->count; i++) {
		double move = side->ticks[i].log_price - side->ticks[i - 1].log_price;

		sum += move * move;
	}
	return sum;
}

/* ---- lags ---- */

static int add_lag(struct search *search, int64_t lag)
{
	if (search->count == search->room) {
		size_t wanted = search->room ? 2 * search->room : 1024;
		int64_t *lags = realloc(search->lags, wanted * sizeof(*lags));
		double *contrasts;

		if (!lags)
			return -ENOMEM;
		search->lags = lags;
		contrasts = realloc(search->contrasts, wanted * search->blocks * sizeof(*contrasts));
		if (!contrasts)
			return -ENOMEM;
		search->contrasts = contrasts;
		search->room = wanted;
	}
	search->lags[search->count] = lag;
	contrast(search, lag, search->contrasts + search->count * search->blocks);
	search->count++;
	return 0;
}

/* Zero, and either side of it lags that grow by 6 % and lags at equal distances. */
static int add_grid(struct search *search, int64_t max_lag_ns)
{
	int status = add_lag(search, 0);

	for (int side = -1; side <= 1; side += 2) {
		for (double lag = FINEST_NS; !status && lag < (double)max_lag_ns; lag *= GROWTH)
			status = add_lag(search, side * (int64_t)lag);
		for (int i = 1; !status && i <= LINEAR; i++)
			status = add_lag(search, side * (max_lag_ns / LINEAR * i));
	}
	return status;
}

/* The lag of the largest contrast in magnitude. */
static size_t best_of(const struct search *search)
{
	size_t best = 0;

	for (size_t i = 1; i < search->count; i++)
		if (fabs(total(search, i)) > fabs(total(search, best)))
			best = i;
	return best;
}

/* The nearest lags on either side of one. */
static void neighbours(const struct search *search, size_t at, int64_t *below, int64_t *above)
{
	*below = INT64_MIN;
	*above = INT64_MAX;
	for (size_t i = 0; i < search->count; i++) {
		if (search->lags[i] < search->lags[at] && search->lags[i] > *below)
			*below = search->lags[i];
		if (search->lags[i] > search->lags[at] && search->lags[i] < *above)
			*above = search->lags[i];
	}
}

static int refine(struct search *search)
{
	int status = 0;

	for (int step = 0; !status && step < REFINEMENTS; step++) {
		int64_t below, above;

		neighbours(search, best_of(search), &below, &above);
		if (below == INT64_MIN || above == INT64_MAX || above - below < REFINED)
			break;
		for (int i = 1; !status && i < REFINED; i++)
			status = add_lag(search, below + (above - below) / REFINED * i);
	}
	return status;
}

/* The contrast is a step function: the middle of the lags that share the largest. */
static int64_t middle_of_best(const struct search *search, size_t best)
{
	double top = total(search, best);
	int64_t low = search->lags[best], high = low;

	for (size_t i = 0; i < search->count; i++) {
		if (fabs(total(search, i) - top) > 1e-12 * fabs(top))
			continue;
		if (search->lags[i] < low)
			low = search->lags[i];
		if (search->lags[i] > high)
			high = search->lags[i];
	}
	return low + (high - low) / 2;
}

/* ---- certainty ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The best lag of one draw of blocks, counts[block] being how often each was drawn; *at_best: the contrast at lag `best`. */
static int64_t redraw(const struct search *search, const double *counts, size_t best, double *at_best)
{
	double top = -1;
	int64_t lag = 0;

	for (size_t i = 0; i < search->count; i++) {
		double sum = 0;

		for (size_t k = 0; k < search->blocks; k++)
			sum += counts[k] * search->contrasts[i * search->blocks + k];
		if (i == best)
			*at_best = sum / search->norm;
		if (fabs(sum) > top) {
			top = fabs(sum);
			lag = search->lags[i];
		}
	}
	return lag;
}

/* Half the mean distance of the denser side's ticks. */
static int64_t resolution(const struct search *search)
{
	int64_t finest = INT64_MAX;

	for (int k = 0; k < 2; k++) {
		const struct side *side = k ? &search->b : &search->a;
		int64_t mean = (side->ticks[side->count - 1].at_ns - side->ticks[0].at_ns) / (int64_t)(side->count - 1);

		finest = mean < finest ? mean : finest;
	}
	return finest / 2;
}

static void fill_certainty(const struct search *search, size_t best, struct leadlag *out)
{
	int64_t lags[REPLICATES];
	double contrasts[REPLICATES], counts[BLOCKS];
	size_t same = 0, tail = (size_t)(0.025 * (REPLICATES + 1));

	for (uint64_t r = 0; r < REPLICATES; r++) {
		struct rng rng;

		rng_open(&rng, SEED, r, 0, RNG_RESAMPLE);
		memset(counts, 0, sizeof(counts));
		for (size_t k = 0; k < search->blocks; k++)
			counts[(size_t)(rng_uniform(&rng) * (double)search->blocks)]++;
		lags[r] = redraw(search, counts, best, &contrasts[r]);
		same += (lags[r] > 0 && out->lag_ns > 0) || (lags[r] < 0 && out->lag_ns < 0) || lags[r] == out->lag_ns;
	}
	sort_int64(lags, REPLICATES);
	qsort(contrasts, REPLICATES, sizeof(*contrasts), by_value);
	out->lag_ci95_ns[0] = lags[tail - 1] - resolution(search);
	out->lag_ci95_ns[1] = lags[REPLICATES - tail] + resolution(search);
	out->contrast_ci95[0] = contrasts[tail - 1];
	out->contrast_ci95[1] = contrasts[REPLICATES - tail];
	out->same_side = (double)same / REPLICATES;
}

/* The largest contrast with B turned by `turn`: what leaves at the end comes in again at the beginning. */
static double turned(const struct search *search, int64_t turn, int64_t span, size_t lags, double *room)
{
	double top = 0;

	for (size_t i = 0; i < lags; i++) {
		double sum = 0;

		for (int part = 0; part < 2; part++) {
			contrast(search, search->lags[i] + turn - (part ? span : 0), room);
			for (size_t k = 0; k < search->blocks; k++)
				sum += room[k];
		}
		top = fmax(top, fabs(sum / search->norm));
	}
	return top;
}

/* `lags`: those of the grid, without the refined ones. */
static int fill_p_value(const struct search *search, size_t lags, struct leadlag *out)
{
	int64_t span = search->a.ticks[search->a.count - 1].at_ns - search->begin_ns;
	double *room = malloc(search->blocks * sizeof(*room));
	int reached = 0;

	if (!room)
		return -ENOMEM;
	for (int turn = 1; turn <= TURNS; turn++)
		reached += turned(search, span / (TURNS + 1) * turn, span, lags, room) >= fabs(out->contrast);
	out->p_value = (1. + reached) / (1 + TURNS);
	free(room);
	return 0;
}

/* Over the grid alone, which is symmetric. */
static double ratio_of(const struct search *search, size_t lags)
{
	double ahead = 0, behind = 0;

	for (size_t i = 0; i < lags; i++) {
		double square = total(search, i) * total(search, i);

		ahead += search->lags[i] > 0 ? square : 0;
		behind += search->lags[i] < 0 ? square : 0;
	}
	return behind > 0 ? ahead / behind : NAN;
}

/* ---- the whole ---- */

/* Only the time that both have, widened by the largest lag. */
static struct side within(const struct tick *ticks, size_t count, int64_t from_ns, int64_t to_ns)
{
	size_t first = 0;

	while (first < count && ticks[first].at_ns < from_ns)
		first++;
	while (count > first && ticks[count - 1].at_ns > to_ns)
		count--;
	return (struct side){ticks + first, count - first};
}

static int run(struct search *search, int64_t max_lag_ns, struct leadlag *out)
{
	size_t grid, best;
	int status = add_grid(search, max_lag_ns);

	grid = search->count;
	if (!status)
		status = refine(search);
	if (status)
		return status;
	best = best_of(search);
	out->lag_ns = middle_of_best(search, best);
	out->contrast = total(search, best);
	out->ratio = ratio_of(search, grid);
	if (search->blocks < BLOCKS_FEW)
		return 0;
	fill_certainty(search, best, out);
	return fill_p_value(search, grid, out);
}

int leadlag_of(const struct tick *a, size_t a_count, const struct tick *b, size_t b_count, int64_t max_lag_ns,
	       struct leadlag *out)
{
	struct search search = {0};
	int64_t from_ns, to_ns;
	int status;

	*out = (struct leadlag){TIME_UNKNOWN, {TIME_UNKNOWN, TIME_UNKNOWN}, NAN, {NAN, NAN}, NAN, NAN, NAN};
	if (!a_count || !b_count)
		return 0;
	from_ns = a[0].at_ns > b[0].at_ns ? a[0].at_ns : b[0].at_ns;
	to_ns = a[a_count - 1].at_ns < b[b_count - 1].at_ns ? a[a_count - 1].at_ns : b[b_count - 1].at_ns;
	search.a = within(a, a_count, from_ns, to_ns);
	search.b = within(b, b_count, from_ns, to_ns);
	if (search.a.count < LEADLAG_TICKS_MIN || search.b.count < LEADLAG_TICKS_MIN)
		return 0;
	search.norm = sqrt(squares(&search.a) * squares(&search.b));
	if (!(search.norm > 0))
		return 0;
	search.begin_ns = search.a.ticks[0].at_ns;
	search.blocks = (size_t)((to_ns - from_ns) / BLOCK_LAGS / (max_lag_ns > 0 ? max_lag_ns : 1));
	search.blocks = search.blocks > BLOCKS ? BLOCKS : search.blocks ? search.blocks : 1;
	search.block_ns = (search.a.ticks[search.a.count - 1].at_ns - search.begin_ns) / (int64_t)search.blocks + 1;
	status = run(&search, max_lag_ns, out);
	free(search.lags);
	free(search.contrasts);
	return status;
}
