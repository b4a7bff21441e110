/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A chart as SVG that needs nothing else: lines with their error, or stacked bars. For documents; the report has plots that zoom. */
#ifndef PL_OUTPUT_CHART_H
#define PL_OUTPUT_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define CHART_SERIES_MAX 8

struct chart_series {
	const char *label;
	double *x, *y; /* lines: points by ascending x, NAN is a gap. bars: y alone, one number for each category */
	double *error; /* lines: half of each point's 95 % interval, NAN where it is not known; NULL: of none */
	size_t count;
};

struct chart {
	const char *title, *x_label, *y_label;
	struct chart_series series[CHART_SERIES_MAX];
	size_t series_count;
	bool log_y; /* lines: points that are not above 0 are left out */
	bool steps; /* lines: from point to point by way of a corner */
	const char *const *categories; /* bars, stacked: a name for each; NULL: lines. Numbers below 0 hang below the axis */
	double *total_error; /* bars: half of the 95 % interval of what each stack adds up to; NULL: of none */
	size_t category_count;
};

/* Write errors are for the caller to find with ferror(). False: no point can be drawn, and nothing was written. */
bool chart_svg(FILE *out, const struct chart *chart);

#endif
