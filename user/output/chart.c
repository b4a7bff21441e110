// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/chart.h"

#include <math.h>

#include "output/html.h"

#define WIDTH 720.0
#define HEIGHT 360.0
#define LEFT 84.0
#define RIGHT 18.0
#define TOP 62.0
#define BOTTOM 52.0
#define TICKS 5

/* Okabe and Ito's colours, which the colour-blind can tell apart. */
static const char *const colours[CHART_SERIES_MAX] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#666666", "#000000"};

/* An axis: its range, already widened to whole ticks. */
struct axis {
	double low, high, tick;
	bool log;
	double from, to; /* in the picture */
};

static double place(const struct axis *axis, double value)
{
	double low = axis->low, high = axis->high;

	if (axis->log) {
		low = log10(low);
		high = log10(high);
		value = log10(value);
	}
	return axis->from + (value - low) / (high - low) * (axis->to - axis->from);
}

static double nice_tick(double range)
{
	double rough = range / TICKS, power = pow(10, floor(log10(rough))), share = rough / power;

	return power * (share < 1.5 ? 1 : share < 3.5 ? 2 : share < 7.5 ? 5 : 10);
}

static void widen(struct axis *axis)
{
	if (axis->log) {
		axis->low = pow(10, floor(log10(axis->low) + 1e-9));
		axis->high = pow(10, ceil(log10(axis->high) - 1e-9));
		if (axis->high <= axis->low)
			axis->high = 10 * axis->low;
		return;
	}
	if (axis->high <= axis->low)
		axis->high = axis->low + fmax(fabs(axis->low), 1);
	axis->tick = nice_tick(axis->high - axis->low);
	axis->low = floor(axis->low / axis->tick + 1e-9) * axis->tick;
	axis->high = ceil(axis->high / axis->tick - 1e-9) * axis->tick;
}

/* Half an interval, 0 where it is not known. */
static double half(const double *errors, size_t i)
{
	return errors && isfinite(errors[i]) ? errors[i] : 0;
}

static bool drawn(const struct chart *chart, double x, double y)
{
	return isfinite(x) && isfinite(y) && (!chart->log_y || y > 0);
}

/* ---- axes --------------------------------------------------------------------------------------------------------- */

static bool range_of_lines(const struct chart *chart, struct axis *x, struct axis *y)
{
	bool any = false;

	for (size_t s = 0; s < chart->series_count; s++)
		for (size_t i = 0; i < chart->series[s].count; i++) {
			double at_x = chart->series[s].x[i], at_y = chart->series[s].y[i], error = half(chart->series[s].error, i);

			if (!drawn(chart, at_x, at_y))
				continue;
			x->low = any ? fmin(x->low, at_x) : at_x;
			x->high = any ? fmax(x->high, at_x) : at_x;
			y->low = any ? fmin(y->low, at_y) : at_y;
			y->high = any ? fmax(y->high, at_y + error) : at_y + error;
			any = true;
			if (!chart->log_y)
				y->low = fmin(y->low, at_y - error);
		}
	if (!chart->log_y)
		y->low = fmin(y->low, 0);
	return any;
}

static bool range_of_bars(const struct chart *chart, struct axis *y)
{
	bool any = false;

	for (size_t c = 0; c < chart->category_count; c++) {
		double above = 0, below = 0;

		for (size_t s = 0; s < chart->series_count; s++) {
			double value = c < chart->series[s].count ? chart->series[s].y[c] : NAN;

			if (!isfinite(value))
				continue;
			any = true;
			above += fmax(value, 0);
			below += fmin(value, 0);
		}
		y->high = fmax(y->high, fmax(above, above + below + half(chart->total_error, c)));
		if (below < -above / 100) /* what is less does not need a tick of its own */
			y->low = fmin(y->low, below);
	}
	return any;
}

static void text(FILE *out, double x, double y, const char *anchor, const char *more, const char *content)
{
	fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"%s>", x, y, anchor, more);
	html_text(out, content);
	fputs("</text>\n", out);
}

/* Whole numbers as people write them. */
static char *tick_label(double value, char out[32])
{
	snprintf(out, 32, fabs(value) >= 1000 && fabs(value) < 1e9 ? "%.0f" : "%.6g", value);
	return out;
}

static void tick_y(FILE *out, const struct axis *axis, double value)
{
	double y = place(axis, value);
	char label[32];

	if (!axis->log && fabs(value) < 1e-9 * axis->tick)
		value = 0;
	fprintf(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#ddd\"/>\n", LEFT, WIDTH - RIGHT, y, y);
	text(out, LEFT - 6, y + 4, "end", "", tick_label(value, label));
}

static void draw_y(FILE *out, const struct axis *axis)
{
	if (axis->log) {
		int decades = (int)lround(log10(axis->high / axis->low)), every = decades > 8 ? (decades + 7) / 8 : 1;

		for (int i = 0; i <= decades; i += every)
			tick_y(out, axis, axis->low * pow(10, i));
		return;
	}
	for (int i = 0; axis->low + i * axis->tick <= axis->high + axis->tick / 2; i++)
		tick_y(out, axis, axis->low + i * axis->tick);
}

static void draw_x(FILE *out, const struct axis *axis)
{
	for (int i = 0; axis->low + i * axis->tick <= axis->high + axis->tick / 2; i++) {
		double value = axis->low + i * axis->tick, x = place(axis, value);
		char label[32];

		text(out, x, HEIGHT - BOTTOM + 16, x > WIDTH - RIGHT - 1 ? "end" : "middle", "", tick_label(value, label));
	}
}

/* ---- what is drawn ------------------------------------------------------------------------------------------------ */

/* An interval, as far as it is in the picture. */
static void draw_whisker(FILE *out, const struct axis *axis, double x, double y, double error, const char *colour)
{
	double low = fmax(axis->low, y - error), high = fmin(axis->high, y + error);

	if (error > 0)
		fprintf(out, "<path fill=\"none\" stroke=\"%s\" d=\"M%.1f %.1fV%.1fM%.1f %.1fh6M%.1f %.1fh6\"/>\n", colour, x, place(axis, low),
			place(axis, high), x - 3, place(axis, low), x - 3, place(axis, high));
}

static void draw_line(FILE *out, const struct chart *chart, size_t s, const struct axis *x, const struct axis *y)
{
	const struct chart_series *series = &chart->series[s];
	bool begun = false;
	double before = 0;

	fputs("<path fill=\"none\" stroke-width=\"2\" stroke=\"", out);
	fprintf(out, "%s\" d=\"", colours[s]);
	for (size_t i = 0; i < series->count; i++) {
		double at_x, at_y;

		if (!drawn(chart, series->x[i], series->y[i])) {
			begun = false;
			continue;
		}
		at_x = place(x, series->x[i]);
		at_y = place(y, series->y[i]);
		if (begun && chart->steps)
			fprintf(out, "L%.1f %.1f", at_x, before);
		fprintf(out, "%c%.1f %.1f", begun ? 'L' : 'M', at_x, at_y);
		before = at_y;
		begun = true;
	}
	fputs("\"/>\n", out);
	for (size_t i = 0; i < series->count; i++)
		if (drawn(chart, series->x[i], series->y[i]))
			draw_whisker(out, y, place(x, series->x[i]), series->y[i], half(series->error, i), colours[s]);
}

static void draw_bars(FILE *out, const struct chart *chart, const struct axis *y)
{
	double room = (WIDTH - LEFT - RIGHT) / (double)chart->category_count, width = fmin(0.6 * room, 90);

	for (size_t c = 0; c < chart->category_count; c++) {
		double middle = LEFT + room * ((double)c + 0.5), above = 0, below = 0;

		for (size_t s = 0; s < chart->series_count; s++) {
			double value = c < chart->series[s].count ? chart->series[s].y[c] : NAN, *base = value < 0 ? &below : &above;
			double top, bottom;

			if (!isfinite(value) || value == 0)
				continue;
			top = place(y, fmax(*base, *base + value));
			bottom = place(y, fmin(*base, *base + value));
			fprintf(out, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\"/>\n", middle - width / 2, top, width,
				bottom - top, colours[s]);
			*base += value;
		}
		draw_whisker(out, y, middle, above + below, half(chart->total_error, c), "#000");
		text(out, middle, HEIGHT - BOTTOM + 16, "middle", "", chart->categories[c]);
	}
	fprintf(out, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#333\"/>\n", LEFT, WIDTH - RIGHT, place(y, 0), place(y, 0));
}

/* Roughly as wide as its text: the exact width is the reader's font's. */
static void draw_legend(FILE *out, const struct chart *chart)
{
	double x = LEFT;

	for (size_t s = 0; s < chart->series_count; s++) {
		size_t letters = 0;

		for (const char *c = chart->series[s].label; *c; c++)
			letters += (*c & 0xc0) != 0x80;
		fprintf(out, "<rect x=\"%.1f\" y=\"36\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", x, colours[s]);
		text(out, x + 17, 46, "start", "", chart->series[s].label);
		x += 36 + 6.6 * (double)letters;
	}
}

bool chart_svg(FILE *out, const struct chart *chart)
{
	struct axis x = {.from = LEFT, .to = WIDTH - RIGHT}, y = {.from = HEIGHT - BOTTOM, .to = TOP, .log = chart->log_y};
	char turned[64];

	if (chart->categories ? !range_of_bars(chart, &y) : !range_of_lines(chart, &x, &y))
		return false;
	widen(&y);
	if (!chart->categories)
		widen(&x);
	fprintf(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %g %g\" width=\"%g\" height=\"%g\" font-family=\"sans-serif\" "
		     "font-size=\"12\" fill=\"#222\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		WIDTH, HEIGHT, WIDTH, HEIGHT);
	text(out, LEFT, 22, "start", " font-size=\"15\" font-weight=\"bold\"", chart->title);
	draw_legend(out, chart);
	draw_y(out, &y);
	if (chart->categories) {
		draw_bars(out, chart, &y);
	} else {
		draw_x(out, &x);
		for (size_t s = 0; s < chart->series_count; s++)
			draw_line(out, chart, s, &x, &y);
	}
	text(out, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, "middle", "", chart->x_label);
	snprintf(turned, sizeof(turned), " transform=\"rotate(-90 16 %.1f)\"", (TOP + HEIGHT - BOTTOM) / 2);
	text(out, 16, (TOP + HEIGHT - BOTTOM) / 2, "middle", turned, chart->y_label);
	fputs("</svg>\n", out);
	return true;
}
