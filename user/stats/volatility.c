// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stats/volatility.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stats/mean.h"

#define TICKS_PER_SCALE 5 /* rarer, the last known price is stale and moves are too small */
#define SCALES_MIN 20
#define OVERLAP 4	  /* moves begin every quarter of the scale */
#define MOVES_MAX 200000

double tick_price_at(const struct tick *ticks, size_t count, int64_t at_ns)
{
	size_t low = 0;

	while (low < count) {
		size_t middle = low + (count - low) / 2;

		if (ticks[middle].at_ns <= at_ns)
			low = middle + 1;
		else
			count = middle;
	}
	return low ? ticks[low - 1].log_price : NAN;
}

static void fill(struct volatility *out, double *squares, size_t count, int64_t scale_ns)
{
	struct mean_estimate mean = mean_of(squares, count);
	double seconds = (double)scale_ns / 1e9, bounds[2];

	mean_interval(&mean, bounds);
	out->scale_ns = scale_ns;
	out->sigma = sqrt(mean.mean / seconds);
	for (int i = 0; i < 2; i++)
		out->ci95[i] = sqrt(fmax(bounds[i], 0) / seconds);
}

int volatility_of(const struct tick *ticks, size_t count, int64_t scale_ns, struct volatility *out)
{
	int64_t last_ns, span_ns, spacing_ns, stride_ns;
	size_t moves = 0;
	double *squares;

	*out = (struct volatility){NAN, {NAN, NAN}, TIME_UNKNOWN};
	if (count < 2)
		return 0;
	last_ns = ticks[count - 1].at_ns;
	span_ns = last_ns - ticks[0].at_ns;
	spacing_ns = span_ns / (int64_t)(count - 1);
	if (spacing_ns > INT64_MAX / TICKS_PER_SCALE / SCALES_MIN)
		return 0;
	if (scale_ns < TICKS_PER_SCALE * spacing_ns)
		scale_ns = TICKS_PER_SCALE * spacing_ns;
	if (scale_ns < OVERLAP || scale_ns > span_ns / SCALES_MIN)
		return 0;
	stride_ns = scale_ns / OVERLAP;
	if (span_ns / stride_ns > MOVES_MAX)
		stride_ns = span_ns / MOVES_MAX;
	squares = malloc(((size_t)(span_ns / stride_ns) + 1) * sizeof(*squares));
	if (!squares)
		return -ENOMEM;
	for (int64_t at = ticks[0].at_ns + scale_ns; at <= last_ns; at += stride_ns) {
		double move = tick_price_at(ticks, count, at) - tick_price_at(ticks, count, at - scale_ns);

		squares[moves++] = move * move;
	}
	fill(out, squares, moves, scale_ns);
	free(squares);
	return 0;
}
