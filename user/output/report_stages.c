// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The arbitrage window, and each stage pair: a sentence, a distribution, a table. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "latency/samples.h"
#include "output/report_parts.h"
#include "output/series.h"

#define CARDS_MAX 6
#define INTERVAL_MAX (2 * FORMAT_MAX + 16)
#define GLANCE_MAX 80 /* rows */
#define CURVES_MAX 40 /* curves in one plot; the table has them all */

static const struct table_column columns[] = {
	{"feed", "feed", TABLE_LEFT},	   {"asset", "asset", TABLE_LEFT},	     {"updates", "count", TABLE_RIGHT},
	{"min", "min", TABLE_RIGHT},	   {"p50", "p50", TABLE_RIGHT},		     {"95 % interval", "p50_ci95", TABLE_RIGHT},
	{"p90", "p90", TABLE_RIGHT},	   {"p99", "p99", TABLE_RIGHT},		     {"95 % interval", "p99_ci95", TABLE_RIGHT},
	{"p99.9", "p999", TABLE_RIGHT},	   {"max", "max", TABLE_RIGHT},		     {"mean", "mean", TABLE_RIGHT},
	{"still open", "censored", TABLE_RIGHT}, {"clock ±", "clock_error", TABLE_RIGHT},
};

/* "33.7 – 36.1 ms", "812 µs – 1.05 ms", "3.27 s or more", "up to 3.27 s"; "" where neither end is known. */
static char *format_interval(const int64_t interval[2], char *out, size_t size)
{
	char low[FORMAT_MAX], high[FORMAT_MAX];
	const char *low_unit, *high_unit;

	format_duration(interval[0], low, sizeof(low));
	format_duration(interval[1], high, sizeof(high));
	low_unit = strchr(low, ' ');
	high_unit = strchr(high, ' ');
	if (interval[0] == TIME_UNKNOWN && interval[1] == TIME_UNKNOWN)
		*out = '\0';
	else if (interval[1] == TIME_UNKNOWN)
		snprintf(out, size, "%s or more", low);
	else if (interval[0] == TIME_UNKNOWN)
		snprintf(out, size, "up to %s", high);
	else if (low_unit && high_unit && !strcmp(low_unit, high_unit))
		snprintf(out, size, "%.*s – %s", (int)(low_unit - low), low, high);
	else
		snprintf(out, size, "%s – %s", low, high);
	return out;
}

static void add_row(struct table *table, const struct latency *l)
{
	char interval[INTERVAL_MAX];

	table_text(table, l->feed);
	table_text(table, l->asset);
	table_count(table, l->count);
	table_duration(table, l->min_ns);
	table_duration(table, l->p50_ns);
	table_text(table, format_interval(l->p50_ci95_ns, interval, sizeof(interval)));
	table_duration(table, l->p90_ns);
	table_duration(table, l->p99_ns);
	table_text(table, format_interval(l->p99_ci95_ns, interval, sizeof(interval)));
	table_duration(table, l->p999_ns);
	table_duration(table, l->max_ns);
	table_duration(table, l->mean_ns);
	table_count(table, l->censored);
	table_duration(table, l->clock_error_ns);
}

/* ---- the window ---- */

static bool is_window(const struct latency *l)
{
	return l->from == STAGE_WIRE && l->to == STAGE_SEEN;
}

static int by_count(const void *a, const void *b)
{
	const struct latency *x = *(const struct latency *const *)a, *y = *(const struct latency *const *)b;

	return (x->count < y->count) - (x->count > y->count);
}

/* "; 95 % interval 33.7 – 36.1 ms", nothing where the data gives none. */
static const char *format_margin(const int64_t interval[2], char *out, size_t size)
{
	char text[INTERVAL_MAX];

	format_interval(interval, text, sizeof(text));
	snprintf(out, size, "%s%s", *text ? "; 95 % interval " : "", text);
	return out;
}

static void write_card(struct report *report, const struct latency *l)
{
	char name[256], text[FORMAT_MAX], margin[INTERVAL_MAX + 24];

	fputs("<div class=\"card\">", report->out);
	html_element(report->out, "h3", NULL, "%s", report_name(l->feed, l->asset, name, sizeof(name)));
	html_element(report->out, "p", "big", "%s", format_duration(l->p50_ns, text, sizeof(text)));
	report_say(report, "median of %llu update%s%s", (unsigned long long)l->count, l->count == 1 ? "" : "s",
		   format_margin(l->p50_ci95_ns, margin, sizeof(margin)));
	if (l->p99_ns != TIME_UNKNOWN && l->count > 1)
		report_say(report, "1 in 100: %s or longer%s", format_duration(l->p99_ns, text, sizeof(text)),
			   format_margin(l->p99_ci95_ns, margin, sizeof(margin)));
	fputs("</div>\n", report->out);
}

static bool window_present(const struct report *report)
{
	return report_prices_expected(report);
}

static int window_write(struct report *report)
{
	const struct latency **windows = calloc(report->latencies.count + 1, sizeof(*windows));
	char name[256], p50[FORMAT_MAX], p99[FORMAT_MAX];
	size_t count = 0;

	if (!windows)
		return error_set(report->err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < report->latencies.count; i++) {
		if (is_window(&report->latencies.items[i]))
			windows[count++] = &report->latencies.items[i];
	}
	qsort(windows, count, sizeof(*windows), by_count);
	if (!count || windows[0]->p50_ns == TIME_UNKNOWN) {
		report_say(report, "The arbitrage window is the time in which a price is known here (wire) and the chain does not have "
				   "it yet (seen). It cannot be told from this session: of %lld messages and %lld updates on chain none "
				   "were found to be the same update.",
			   (long long)report_integer(report, "SELECT count(*) FROM oracle_message"),
			   (long long)report_integer(report, "SELECT count(*) FROM chain_update"));
		free(windows);
		return 0;
	}
	format_duration(windows[0]->p50_ns, p50, sizeof(p50));
	format_duration(windows[0]->p99_ns, p99, sizeof(p99));
	report_name(windows[0]->feed, windows[0]->asset, name, sizeof(name));
	if (windows[0]->count == 1)
		html_element(report->out, "p", "lead", "The one update of %s that was seen on both sides was known here %s before the "
			     "chain showed it: in that time whoever listens can act on a price that the contracts do not have.", name,
			     p50);
	else if (windows[0]->p99_ns != TIME_UNKNOWN)
		html_element(report->out, "p", "lead", "For %s whoever listens here knows an update %s before the chain shows it in "
			     "half of all cases, and %s before in one of a hundred: in that time they can act on a price that the "
			     "contracts do not have.", name, p50, p99);
	else
		html_element(report->out, "p", "lead", "For %s whoever listens here knows an update %s before the chain shows it in "
			     "half of all cases: in that time they can act on a price that the contracts do not have.", name, p50);
	fputs("<div class=\"cards\">\n", report->out);
	for (size_t i = 0; i < count && i < CARDS_MAX; i++)
		write_card(report, windows[i]);
	fputs("</div>\n", report->out);
	if (count > CARDS_MAX)
		report_note(report, "The %d with the most updates of %zu; all are under wire → seen.", CARDS_MAX, count);
	free(windows);
	return report_money(report);
}

const struct report_section report_section_window = {"window", "Window", "Arbitrage window", window_present, window_write};

/* ---- all pairs at a glance ---- */

#define RANGE_WIDTH 380.0
#define RANGE_PAD 8.0

struct glance {
	double low, high; /* decades: log10 of ns */
};

static double place(const struct glance *g, int64_t ns)
{
	double at = ns > 0 ? (log10((double)ns) - g->low) / (g->high - g->low) : 0;

	return RANGE_PAD + (RANGE_WIDTH - 2 * RANGE_PAD) * fmin(fmax(at, 0), 1);
}

static void write_scale(FILE *out, const struct glance *g)
{
	char text[FORMAT_MAX], *space;

	fprintf(out, "<svg class=\"range\" width=\"%g\" height=\"16\" aria-hidden=\"true\">", RANGE_WIDTH);
	for (double decade = g->low; decade <= g->high + 0.5; decade++) {
		double x = place(g, (int64_t)pow(10, decade));

		/* "1.00 ms" → "1 ms" */
		format_duration((int64_t)pow(10, decade), text, sizeof(text));
		space = strchr(text, ' ');
		if (strchr(text, '.') && space)
			memmove(strchr(text, '.'), space, strlen(space) + 1);
		fprintf(out, "<text x=\"%.1f\" y=\"12\" text-anchor=\"%s\">%s</text>", x,
			x < 30 ? "start" : x > RANGE_WIDTH - 30 ? "end" : "middle", text);
	}
	fputs("</svg>", out);
}

static void write_range(FILE *out, const struct glance *g, const struct latency *l)
{
	double min = place(g, l->min_ns), max = place(g, l->max_ns), p50 = place(g, l->p50_ns);

	fprintf(out, "<svg class=\"range\" width=\"%g\" height=\"18\" aria-hidden=\"true\">", RANGE_WIDTH);
	for (double decade = g->low; decade <= g->high + 0.5; decade++) {
		double x = place(g, (int64_t)pow(10, decade));

		fprintf(out, "<line class=\"decade\" x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"18\"/>", x, x);
	}
	fprintf(out, "<line class=\"reach\" x1=\"%.1f\" x2=\"%.1f\" y1=\"9\" y2=\"9\"/>", min, max);
	if (l->p50_ns != TIME_UNKNOWN && l->p99_ns != TIME_UNKNOWN)
		fprintf(out, "<rect class=\"body\" x=\"%.1f\" width=\"%.1f\" y=\"5\" height=\"8\"/>"
			     "<rect class=\"tail\" x=\"%.1f\" width=\"3\" y=\"3\" height=\"12\"/>",
			p50, fmax(place(g, l->p99_ns) - p50, 1), place(g, l->p99_ns) - 1.5);
	if (l->p50_ns != TIME_UNKNOWN)
		fprintf(out, "<rect class=\"mid\" x=\"%.1f\" width=\"3\" y=\"1\" height=\"16\"/>", p50 - 1.5);
	fputs("</svg>", out);
}

static bool find_decades(const struct report *report, struct glance *g)
{
	double low = INFINITY, high = -INFINITY;

	for (size_t i = 0; i < report->latencies.count; i++) {
		const struct latency *l = &report->latencies.items[i];
		int64_t smallest = l->min_ns > 0 ? l->min_ns : l->p50_ns;

		if (l->count && smallest > 0)
			low = fmin(low, log10((double)smallest));
		if (l->count && l->max_ns > 0)
			high = fmax(high, log10((double)l->max_ns));
	}
	g->low = floor(low);
	g->high = fmax(ceil(high), g->low + 1);
	return isfinite(low) && isfinite(high);
}

static void put_cell(FILE *out, const char *class_name, const char *text)
{
	fprintf(out, "<td%s>", class_name);
	html_text(out, text);
	fputs("</td>", out);
}

static void write_glance_row(FILE *out, const struct glance *g, const struct latency *l)
{
	char text[FORMAT_MAX];

	fprintf(out, "<tr><td><a href=\"#%s-%s\">%s → %s</a></td>", stages[l->from].name, stages[l->to].name,
		stages[l->from].name, stages[l->to].name);
	put_cell(out, "", *l->feed ? l->feed : FORMAT_UNKNOWN);
	put_cell(out, "", *l->asset ? l->asset : FORMAT_UNKNOWN);
	put_cell(out, " class=\"n\"", format_duration(l->p50_ns, text, sizeof(text)));
	put_cell(out, " class=\"n\"", format_duration(l->p99_ns, text, sizeof(text)));
	fputs("<td>", out);
	write_range(out, g, l);
	fputs("</td></tr>\n", out);
}

static void write_glance(struct report *report, const struct stage_pair *pairs, size_t pair_count)
{
	struct glance g;
	FILE *out = report->out;
	size_t shown = 0;

	if (!find_decades(report, &g))
		return;
	report_note(report, "Line: smallest to largest. Bar: p50 (blue) to p99 (orange). The axis is logarithmic.");
	fputs("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr><th>from → to</th><th>feed</th><th>asset</th>"
	      "<th class=\"n\">p50</th><th class=\"n\">p99</th><th>",
	      out);
	write_scale(out, &g);
	fputs("</th></tr></thead><tbody>\n", out);
	for (size_t p = 0; p < pair_count; p++) {
		for (size_t i = 0; i < report->latencies.count; i++) {
			const struct latency *l = &report->latencies.items[i];

			if (l->from == pairs[p].from && l->to == pairs[p].to && l->count && shown++ < GLANCE_MAX)
				write_glance_row(out, &g, l);
		}
	}
	fputs("</tbody></table></div>\n", out);
	if (shown > GLANCE_MAX)
		report_note(report, "The first %d of %zu; the tables below have all.", GLANCE_MAX, shown);
}
/* ---- one pair ---- */

/* The stage pairs that have a latency, each once, in the order of the stages. */
static size_t find_pairs(const struct report *report, struct stage_pair pairs[SAMPLE_PAIRS_MAX])
{
	size_t count = 0;

	for (int from = 0; from < STAGE_MAX; from++) {
		for (int to = 0; to < STAGE_MAX && count < SAMPLE_PAIRS_MAX; to++) {
			for (size_t i = 0; i < report->latencies.count; i++) {
				const struct latency *l = &report->latencies.items[i];

				if (l->from == (enum stage)from && l->to == (enum stage)to && l->count) {
					pairs[count++] = (struct stage_pair){from, to};
					break;
				}
			}
		}
	}
	return count;
}

/* Returns the number of points. */
static size_t add_curve(struct json_object *spec, const char *name, const struct pair_samples *samples)
{
	const struct survival survival = samples_survival(samples);
	struct curve_point *points;
	size_t count = curve_points(&survival, &points);
	struct json_object *x, *f, *series;
	char share[32];

	if (!count)
		return 0;
	series = report_child(spec, "series", name);
	x = json_object_new_array_ext((int)count);
	f = json_object_new_array_ext((int)count);
	for (size_t i = 0; i < count; i++) {
		snprintf(share, sizeof(share), "%.7g", points[i].share);
		json_object_array_add(x, json_ns(points[i].ns));
		json_object_array_add(f, json_object_new_double_s(points[i].share, share));
	}
	json_add(series, "x", x);
	json_add(series, "f", f);
	free(points);
	return count;
}

static void write_curves(struct report *report, const struct sample_set *set, const struct stage_pair *pairs, size_t p)
{
	char title[80], name[256], note[160];
	struct json_object *spec;
	size_t curves = 0, most = 0;

	snprintf(title, sizeof(title), "%s → %s", stages[pairs[p].from].name, stages[pairs[p].to].name);
	spec = report_spec("cdf", title);
	for (size_t g = 0; g < set->count; g++) {
		const struct sample_group *group = &set->groups[g];
		size_t points;

		if (!group->pairs[p].ends.count || curves++ >= CURVES_MAX)
			continue;
		points = add_curve(spec, report_name(group->feed, group->asset, name, sizeof(name)), &group->pairs[p]);
		most = points > most ? points : most;
	}
	if (most < 2) { /* a single step is no curve: the table says it all */
		json_object_put(spec);
		return;
	}
	if (curves > CURVES_MAX) {
		snprintf(note, sizeof(note), "The first %d of %zu are drawn; the table has all.", CURVES_MAX, curves);
		json_add_text(spec, "note", note);
	}
	report_figure(report, spec);
}

/* The latency of this pair with the most updates. */
static const struct latency *busiest(const struct report *report, const struct stage_pair *pair)
{
	const struct latency *best = NULL;

	for (size_t i = 0; i < report->latencies.count; i++) {
		const struct latency *l = &report->latencies.items[i];

		if (l->from == pair->from && l->to == pair->to && (!best || l->count > best->count))
			best = l;
	}
	return best;
}

static void write_sentence(struct report *report, const struct stage_pair *pair)
{
	const struct latency *l = busiest(report, pair);
	char name[256], p50[FORMAT_MAX], p99[FORMAT_MAX], max[FORMAT_MAX], bound[FORMAT_MAX], tail[160];

	report_name(l->feed, l->asset, name, sizeof(name));
	format_duration(l->p50_ns, p50, sizeof(p50));
	format_duration(l->p99_ns, p99, sizeof(p99));
	format_duration(l->max_ns, max, sizeof(max));
	if (l->p99_ns != TIME_UNKNOWN)
		snprintf(tail, sizeof(tail), "1 in 100 took %s or longer, and the longest %s", p99, max);
	else
		snprintf(tail, sizeof(tail), "the longest that was seen took %s", max);
	if (l->count == 1)
		report_say(report, "Only one update of %s has both stages: it took %s.", name, max);
	else if (l->p50_ns == TIME_UNKNOWN)
		report_say(report, "Of %s fewer than half of the updates that were due got there before the session ended; %s.",
			   name, tail);
	else
		report_say(report, "Of %llu updates of %s half took at most %s; %s.", (unsigned long long)l->count, name, p50, tail);
	report_note(report, "From “%s” (%s) to “%s” (%s).", stages[pair->from].name, stages[pair->from].meaning,
		    stages[pair->to].name, stages[pair->to].meaning);
	if (l->censored)
		report_note(report, "%llu more of %s were still open when the session ended; the curve counts them as lasting at least "
			    "that long.", (unsigned long long)l->censored, name);
	if (l->negative)
		report_note(report, "%llu of %s are below zero: the two clocks disagree, or the order is the other way round. They are "
			    "kept.", (unsigned long long)l->negative, name);
	if (l->clock_error_ns == TIME_UNKNOWN)
		report_note(report, "The two stages are stamped by different clocks, and nothing bounds how far they are apart: read "
			    "differences, not absolute values.");
	else if (l->p50_ns != TIME_UNKNOWN && (double)l->clock_error_ns > 0.1 * fabs((double)l->p50_ns))
		report_note(report, "The clocks may add or take %s, more than a tenth of the median.",
			    format_duration(l->clock_error_ns, bound, sizeof(bound)));
}

static void write_pair(struct report *report, const struct sample_set *set, const struct stage_pair *pairs, size_t p)
{
	struct table *table = table_new(columns, sizeof(columns) / sizeof(columns[0]));

	fprintf(report->out, "<h3 id=\"%s-%s\">%s → %s</h3>\n", stages[pairs[p].from].name, stages[pairs[p].to].name,
		stages[pairs[p].from].name, stages[pairs[p].to].name);
	write_sentence(report, &pairs[p]);
	write_curves(report, set, pairs, p);
	for (size_t i = 0; i < report->latencies.count; i++) {
		const struct latency *l = &report->latencies.items[i];

		if (l->from == pairs[p].from && l->to == pairs[p].to)
			add_row(table, l);
	}
	html_table(report->out, table);
	table_free(table);
}

static bool stages_present(const struct report *report)
{
	return report->latencies.count > 0;
}

static int stages_write(struct report *report)
{
	struct stage_pair pairs[SAMPLE_PAIRS_MAX];
	size_t count = find_pairs(report, pairs);
	struct sample_set set;
	int status = samples_load(&set, report->db, pairs, count, report->err);

	if (status)
		return status;
	report_say(report, "Where the time goes: %zu pair%s of stages ha%s both ends in this session.", count,
		   count == 1 ? "" : "s", count == 1 ? "s" : "ve");
	write_glance(report, pairs, count);
	for (size_t p = 0; p < count; p++)
		write_pair(report, &set, pairs, p);
	samples_free(&set);
	return 0;
}

const struct report_section report_section_stages = {"stages", "Stages", "Stage to stage", stages_present, stages_write};
