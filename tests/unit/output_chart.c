// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Where things stand in a chart, and what is left out of it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "output/chart.h"

static char *drawn(const struct chart *chart)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_true(chart_svg(out, chart));
	assert_int_equal(fclose(out), 0);
	return text;
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	for (; (text = strstr(text, what)); text++)
		count++;
	return count;
}

/* The plot reaches from (84, 308) to (702, 62). */
static void lines(void **state)
{
	double x[] = {0, 50, 100}, y[] = {0, 50, 200}, gap[] = {100, NAN, 100};
	struct chart chart = {.title = "a < b & \"c\"", .x_label = "x", .y_label = "y", .series_count = 2,
			      .series = {{"one", x, y, NULL, 3}, {"<two>", x, gap, NULL, 3}}};
	char *text = drawn(&chart);

	(void)state;
	assert_non_null(strstr(text, "d=\"M84.0 308.0L393.0 246.5L702.0 62.0\""));
	assert_non_null(strstr(text, "d=\"M84.0 185.0M702.0 185.0\"")); /* on either side of what is unknown */
	assert_non_null(strstr(text, "a &lt; b &amp; &quot;c&quot;"));
	assert_non_null(strstr(text, ">&lt;two&gt;<"));
	assert_null(strstr(text, "<two>"));
	assert_non_null(strstr(text, ">200</text>"));
	free(text);
	chart.steps = true;
	text = drawn(&chart);
	assert_non_null(strstr(text, "d=\"M84.0 308.0L393.0 308.0L393.0 246.5L702.0 246.5L702.0 62.0\""));
	free(text);
}

/* Intervals are within the axis; what is not known has none. A bar's is of what its stack adds up to. */
static void errors(void **state)
{
	static const char *const categories[] = {"first"};
	double x[] = {0, 50, 100}, y[] = {0, 50, 150}, error[] = {NAN, 20, 50}, a[] = {100}, b[] = {-20}, of_total[] = {10};
	struct chart chart = {.title = "t", .x_label = "x", .y_label = "y", .series_count = 1, .series = {{"one", x, y, error, 3}}};
	struct chart stack = {.title = "t", .x_label = "", .y_label = "y", .series_count = 2, .series = {{"a", NULL, a, NULL, 1}, {"b", NULL, b, NULL, 1}},
			      .categories = categories, .category_count = 1, .total_error = of_total};
	char *text = drawn(&chart);

	(void)state;
	/* 246 for 200: 50 ± 20 from 271.1 to 221.9, 150 ± 50 to the top */
	assert_int_equal(count_of(text, "h6"), 4);
	assert_non_null(strstr(text, "d=\"M393.0 271.1V221.9M390.0 271.1h6M390.0 221.9h6\""));
	assert_non_null(strstr(text, "d=\"M702.0 185.0V62.0"));
	free(text);
	/* on a scale of decades 50 - 60 has no place: down to the axis */
	error[1] = 60;
	chart.log_y = true;
	text = drawn(&chart);
	assert_non_null(strstr(text, "d=\"M84.0 308.0V"));
	free(text);
	text = drawn(&stack); /* from -20 to 100, at 2.05 a unit: 80 ± 10 */
	assert_non_null(strstr(text, "V82.5M"));
	assert_non_null(strstr(text, " 123.5V"));
	free(text);
}

static void decades(void **state)
{
	double x[] = {0, 1, 2}, y[] = {0, 1e-6, 1};
	struct chart chart = {.title = "t", .x_label = "x", .y_label = "y", .series_count = 1, .series = {{"one", x, y, NULL, 3}}, .log_y = true};
	char *text = drawn(&chart);

	(void)state;
	/* the zero has no place: the line begins behind it, at the bottom */
	assert_non_null(strstr(text, "d=\"M84.0 308.0L702.0 62.0\""));
	assert_int_equal(count_of(text, "stroke=\"#ddd\""), 7);
	assert_non_null(strstr(text, ">1e-06</text>"));
	free(text);
}

static void bars(void **state)
{
	static const char *const categories[] = {"first", "second", "third"};
	double over[] = {100, 60, NAN}, under[] = {-100, 40, NAN};
	struct chart chart = {.title = "t", .x_label = "", .y_label = "y", .series_count = 2, .series = {{"a", NULL, over, NULL, 3}, {"b", NULL, under, NULL, 3}},
			      .categories = categories, .category_count = 3};
	char *text = drawn(&chart);

	(void)state;
	/* from -100 to 100: 1.23 a unit. The second category is stacked, the first has one bar on either side. */
	assert_int_equal(count_of(text, "height=\"123.0\""), 2);
	assert_non_null(strstr(text, "y=\"111.2\" width=\"90.0\" height=\"73.8\""));
	assert_non_null(strstr(text, "y=\"62.0\" width=\"90.0\" height=\"49.2\""));
	assert_int_equal(count_of(text, "width=\"90.0\""), 4);
	assert_non_null(strstr(text, ">third</text>"));
	free(text);
}

static void nothing(void **state)
{
	double x[] = {1, 2}, y[] = {NAN, INFINITY};
	struct chart chart = {.title = "t", .x_label = "x", .y_label = "y", .series_count = 1, .series = {{"one", x, y, NULL, 2}}};
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_false(chart_svg(out, &chart));
	chart.series_count = 0;
	assert_false(chart_svg(out, &chart));
	fclose(out);
	assert_int_equal(size, 0);
	free(text);
	/* one point, and a flat line, have a range all the same */
	y[0] = y[1] = 7;
	chart.series_count = 1;
	text = drawn(&chart);
	assert_null(strstr(text, "nan"));
	free(text);
	chart.series[0].count = 1;
	text = drawn(&chart);
	assert_null(strstr(text, "nan"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(errors),
		cmocka_unit_test(decades),
		cmocka_unit_test(bars),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
