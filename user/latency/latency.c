// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/latency.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/format.h"
#include "latency/samples.h"
#include "session/clockmap.h"
#include "session/loss.h"
#include "stats/quantile.h"

static const struct stage_pair default_pairs[] = {
	{STAGE_PUBLISHED, STAGE_WIRE}, {STAGE_WIRE, STAGE_APP},	      {STAGE_WIRE, STAGE_SENT},
	{STAGE_SENT, STAGE_BLOCK},     {STAGE_WIRE, STAGE_BLOCK_WIRE}, {STAGE_WIRE, STAGE_SEEN},
	{STAGE_BLOCK_WIRE, STAGE_SEEN}, {STAGE_PUBLISHED, STAGE_SEEN},
};
#define DEFAULT_PAIRS (sizeof(default_pairs) / sizeof(default_pairs[0]))
_Static_assert(DEFAULT_PAIRS <= SAMPLE_PAIRS_MAX, "room for the default pairs");

/* A block's timestamp is in whole seconds. */
#define BLOCK_RESOLUTION_NS 1000000000
#define SAMPLES_FEW 6 /* below, even the median has no 95 % interval: 2 * 0.5^5 > 5 % */

/* ---- clocks ---- */

static int64_t add_bounds(int64_t a, int64_t b)
{
	int64_t sum;

	if (a == TIME_UNKNOWN || b == TIME_UNKNOWN)
		return TIME_UNKNOWN;
	return __builtin_add_overflow(a, b, &sum) ? TIME_UNKNOWN : sum;
}

static bool is_within_kernel(enum stage from, enum stage to)
{
	return stages[from].clock == STAGE_CLOCK_KERNEL && stages[to].clock == STAGE_CLOCK_KERNEL;
}

static bool is_of_clock(enum stage from, enum stage to, enum stage_clock clock)
{
	return stages[from].clock == clock || stages[to].clock == clock;
}

static int64_t resolution_ns(enum stage from, enum stage to, int64_t published_step_ns)
{
	int64_t coarser = 1;

	if (is_of_clock(from, to, STAGE_CLOCK_CHAIN))
		coarser = BLOCK_RESOLUTION_NS;
	if (is_of_clock(from, to, STAGE_CLOCK_PUBLISHER) && published_step_ns > coarser)
		coarser = published_step_ns;
	return coarser;
}

/*
 * Within the kernel's clock: both stamps were told in UTC through the session's readings, each to within the bracket;
 * at least the 1 ns that a stamp resolves. Against another clock: this machine's bound on UTC, plus the resolution of
 * the other. How far the publisher's and the chain's own clocks are off UTC is not for this machine to know.
 */
static int64_t clock_error_ns(const struct clockmap *clock, enum stage from, enum stage to, int64_t resolution_ns)
{
	int64_t bracket = clockmap_bracket_ns(clock), bound = 0;

	if (is_within_kernel(from, to)) {
		bound = add_bounds(bracket, bracket);
		return bound == 0 ? 1 : bound;
	}
	if (is_of_clock(from, to, STAGE_CLOCK_NIC))
		return TIME_UNKNOWN;
	if (is_of_clock(from, to, STAGE_CLOCK_KERNEL))
		bound = add_bounds(clockmap_utc_error_ns(clock), bracket);
	return add_bounds(bound, resolution_ns);
}

/* ---- one pair ---- */

static void fill_empty(struct latency *latency)
{
	latency->min_ns = latency->mean_ns = latency->p50_ns = latency->p90_ns = TIME_UNKNOWN;
	latency->p99_ns = latency->p999_ns = latency->max_ns = TIME_UNKNOWN;
}

static int fill_distribution(struct latency *latency, const struct pair_samples *pair)
{
	const struct survival survival = samples_survival(pair);
	struct quantile quantiles[] = {{.p = 0.5}, {.p = 0.9}, {.p = 0.99}, {.p = 0.999}};
	__int128 sum = 0;

	for (size_t i = 0; i < pair->ends.count; i++) {
		sum += pair->ends.values[i];
		latency->negative += pair->ends.values[i] < 0;
	}
	latency->min_ns = pair->ends.values[0];
	latency->max_ns = pair->ends.values[pair->ends.count - 1];
	latency->mean_ns = (int64_t)(sum / (__int128)pair->ends.count);
	if (quantiles_fill(&survival, pair->series, pair->series_count, quantiles, 4, &latency->basis))
		return -ENOMEM;
	latency->p50_ns = quantiles[0].ns;
	latency->p90_ns = quantiles[1].ns;
	latency->p99_ns = quantiles[2].ns;
	latency->p999_ns = quantiles[3].ns;
	memcpy(latency->p50_ci95_ns, quantiles[0].ci95_ns, sizeof(latency->p50_ci95_ns));
	memcpy(latency->p99_ci95_ns, quantiles[2].ci95_ns, sizeof(latency->p99_ci95_ns));
	latency->effective_count = (double)pair->ends.count / quantiles[0].effect;
	return 0;
}

/* Takes the samples out of the group. */
static int fill(struct latency *latency, struct sample_group *group, size_t p, const struct stage_pair *pair,
		 const struct clockmap *clock)
{
	struct pair_samples *samples = &group->pairs[p];

	memset(latency, 0, sizeof(*latency));
	snprintf(latency->feed, sizeof(latency->feed), "%s", group->feed);
	snprintf(latency->asset, sizeof(latency->asset), "%s", group->asset);
	latency->from = pair->from;
	latency->to = pair->to;
	latency->count = samples->ends.count;
	latency->censored = samples->opens.count;
	latency->unmatched = group->unmatched;
	latency->superseded = group->superseded;
	latency->before_start = group->before_start;
	latency->resolution_ns = resolution_ns(pair->from, pair->to, group->published_step_ns);
	latency->clock_error_ns = clock_error_ns(clock, pair->from, pair->to, latency->resolution_ns);
	for (int i = 0; i < 2; i++)
		latency->p50_ci95_ns[i] = latency->p99_ci95_ns[i] = TIME_UNKNOWN;
	latency->basis.autocorrelation = NAN;
	if (!samples->ends.count)
		fill_empty(latency);
	else if (fill_distribution(latency, samples))
		return -ENOMEM;
	latency->samples_ns = samples->ends.values;
	samples->ends = (struct durations){0};
	return 0;
}

int latency_compute(sqlite3 *db, const enum stage *from, const enum stage *to, struct latency_list *out,
		    struct error *err)
{
	struct stage_pair pairs[DEFAULT_PAIRS];
	size_t pair_count = from && to ? 1 : DEFAULT_PAIRS;
	struct clockmap *clock = NULL;
	struct sample_set set;
	int status;

	memset(out, 0, sizeof(*out));
	memcpy(pairs, default_pairs, sizeof(pairs));
	if (from && to)
		pairs[0] = (struct stage_pair){*from, *to};
	status = samples_load(&set, db, pairs, pair_count, err);
	if (status)
		return status;
	status = clockmap_load(&clock, db, err);
	if (!status && set.count) {
		out->items = calloc(set.count * pair_count, sizeof(*out->items));
		if (!out->items)
			status = error_set(err, -ENOMEM, "session: no memory for the latencies");
	}
	for (size_t g = 0; !status && g < set.count; g++)
		for (size_t p = 0; !status && p < pair_count; p++) {
			/* A pair that was asked for is told even where it has no sample. */
			if (!set.groups[g].pairs[p].ends.count && !(from && to))
				continue;
			status = fill(&out->items[out->count], &set.groups[g], p, &pairs[p], clock);
			if (status)
				error_set(err, status, "session: no memory for the latencies");
			else
				out->count++;
		}
	clockmap_free(clock);
	samples_free(&set);
	if (status)
		latency_list_free(out);
	return status;
}

void latency_list_free(struct latency_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i].samples_ns);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* ---- for the model ---- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int latency_samples(sqlite3 *db, const char *feed_or_null, const char *asset_or_null, enum stage from, enum stage to,
		    double **seconds, size_t *count, uint64_t *censored, struct error *err)
{
	const struct stage_pair pair = {from, to};
	struct sample_set set;
	size_t total = 0, at = 0;
	double open = 0;
	int status = samples_load(&set, db, &pair, 1, err);

	*seconds = NULL;
	*count = 0;
	*censored = 0;
	if (status)
		return status;
	for (size_t g = 0; g < set.count; g++) {
		struct sample_group *group = &set.groups[g];
		struct pair_samples *samples = &group->pairs[0];

		if ((feed_or_null && strcmp(feed_or_null, group->feed)) ||
		    (asset_or_null && strcmp(asset_or_null, group->asset)))
			samples->ends.count = samples->opens.count = 0;
		total += samples->ends.count;
		open += samples_survival(samples).open_weight * (double)samples->opens.count;
	}
	*seconds = total ? malloc(total * sizeof(**seconds)) : NULL;
	if (!total)
		status = error_set(err, -ENODATA,
				   "session: no update has both %s and %s%s%s%s%s; 'pricelag latency' lists what was measured",
				   stages[from].name, stages[to].name, feed_or_null ? " at feed " : "",
				   feed_or_null ? feed_or_null : "", asset_or_null ? " of asset " : "",
				   asset_or_null ? asset_or_null : "");
	else if (!*seconds)
		status = error_set(err, -ENOMEM, "session: no memory for %zu latencies", total);
	for (size_t g = 0; !status && g < set.count; g++)
		for (size_t i = 0; i < set.groups[g].pairs[0].ends.count; i++)
			(*seconds)[at++] = (double)set.groups[g].pairs[0].ends.values[i] / 1e9;
	if (!status) {
		qsort(*seconds, total, sizeof(**seconds), by_value);
		*count = total;
		*censored = (uint64_t)ceil(open);
	}
	samples_free(&set);
	return status;
}

/* ---- trust ---- */

struct reasons {
	char *text;
	size_t size, used;
	bool any;
	uint64_t losses;
};

static void add_reason(struct reasons *reasons, const char *format, ...)
{
	va_list args;
	int len;

	reasons->any = true;
	if (reasons->used + 1 >= reasons->size)
		return;
	va_start(args, format);
	len = vsnprintf(reasons->text + reasons->used, reasons->size - reasons->used, format, args);
	va_end(args);
	if (len > 0)
		reasons->used += (size_t)len < reasons->size - reasons->used ? (size_t)len :
									       reasons->size - reasons->used - 1;
}

static void add_loss(void *context, const char *source, const char *name, uint64_t count)
{
	struct reasons *reasons = context;
	char *printable = count ? text_printable(source) : NULL;

	if (count)
		add_reason(reasons, "%s%s.%s %llu", reasons->losses++ ? ", " : "lost or unreadable: ",
			   printable ? printable : "?", name, (unsigned long long)count);
	free(printable);
}

/* What may speak against a row of the list, in the order in which it is told. */
enum doubt { DOUBT_FEW, DOUBT_CLOCK_UNBOUNDED, DOUBT_CLOCK_COARSE, DOUBT_STAMPS_COARSE, DOUBT_BELOW_ZERO, DOUBTS };

/* What resolves a latency to worse than a tenth of it does not measure it. */
static bool exceeds_tenth(int64_t error_ns, int64_t latency_ns)
{
	return latency_ns != TIME_UNKNOWN && (double)error_ns > 0.1 * fabs((double)latency_ns);
}

static bool has_doubt(enum doubt doubt, const struct latency *latency)
{
	int64_t error_ns = latency->clock_error_ns;

	if (doubt == DOUBT_FEW)
		return latency->count < SAMPLES_FEW;
	if (!latency->count)
		return false;
	if (doubt == DOUBT_CLOCK_UNBOUNDED)
		return error_ns == TIME_UNKNOWN;
	if (doubt == DOUBT_STAMPS_COARSE)
		return latency->resolution_ns > 1 && exceeds_tenth(latency->resolution_ns, latency->p50_ns);
	if (error_ns == TIME_UNKNOWN)
		return false;
	if (doubt == DOUBT_CLOCK_COARSE)
		return exceeds_tenth(error_ns, latency->p50_ns) && !has_doubt(DOUBT_STAMPS_COARSE, latency);
	/* The order of arrivals at this machine may be either; between clocks no message arrives before it is published. */
	return !is_within_kernel(latency->from, latency->to) && latency->min_ns < -error_ns;
}

/* " eth-ws ETH/USD wire to seen (its figure)" */
static void add_row(struct reasons *reasons, enum doubt doubt, const struct latency *latency)
{
	char first[FORMAT_MAX], second[FORMAT_MAX];
	char *feed = text_printable(latency->feed), *asset = text_printable(latency->asset);

	add_reason(reasons, " %s%s%s%s%s to %s", feed ? feed : "?", feed && *feed ? " " : "", asset ? asset : "?",
		   asset && *asset ? " " : "", stages[latency->from].name, stages[latency->to].name);
	if (doubt == DOUBT_FEW)
		add_reason(reasons, " (%llu)", (unsigned long long)latency->count);
	else if (doubt == DOUBT_CLOCK_COARSE || doubt == DOUBT_STAMPS_COARSE)
		add_reason(reasons, " (±%s of %s)",
			   format_duration(doubt == DOUBT_CLOCK_COARSE ? latency->clock_error_ns : latency->resolution_ns,
					   first, sizeof(first)),
			   format_duration(latency->p50_ns, second, sizeof(second)));
	else if (doubt == DOUBT_BELOW_ZERO)
		add_reason(reasons, " (%llu, the lowest %s)", (unsigned long long)latency->negative,
			   format_duration(latency->min_ns, first, sizeof(first)));
	free(feed);
	free(asset);
}

/* A clock without a bound spoils every feed's latencies between two stages alike: the pair of stages is named, once. */
static bool told_before(const struct latency_list *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (list->items[i].from == list->items[at].from && list->items[i].to == list->items[at].to &&
		    has_doubt(DOUBT_CLOCK_UNBOUNDED, &list->items[i]))
			return true;
	return false;
}

static void judge(struct reasons *reasons, enum doubt doubt, const struct latency_list *list)
{
	static const char *const words[DOUBTS] = {
		[DOUBT_FEW] = "too few samples for an interval of the median:",
		[DOUBT_CLOCK_UNBOUNDED] = ("nothing bounds how far the two clocks are apart; synchronize this machine's clock "
					   "('pricelag doctor' tells how):"),
		[DOUBT_CLOCK_COARSE] = "the clocks may be off by more than 10 % of the median:",
		[DOUBT_STAMPS_COARSE] = "the stamps of the publisher or of the block come in steps above 10 % of the median:",
		[DOUBT_BELOW_ZERO] = "latencies below zero, so the clocks disagree by more than their bound:",
	};
	bool begun = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct latency *latency = &list->items[i];

		if (!has_doubt(doubt, latency) || (doubt == DOUBT_CLOCK_UNBOUNDED && told_before(list, i)))
			continue;
		add_reason(reasons, "%s", begun ? "," : words[doubt]);
		begun = true;
		if (doubt == DOUBT_CLOCK_UNBOUNDED)
			add_reason(reasons, " %s to %s", stages[latency->from].name, stages[latency->to].name);
		else
			add_row(reasons, doubt, latency);
	}
	if (begun)
		add_reason(reasons, "\n");
}

bool latency_untrusted(sqlite3 *db, const struct latency_list *list, char *reason, size_t reason_size)
{
	struct reasons reasons = {.text = reason, .size = reason_size};
	struct error err;

	if (reason_size)
		reason[0] = '\0';
	if (loss_each(db, add_loss, &reasons, &err))
		add_reason(&reasons, "%s\n", err.text);
	else if (reasons.losses)
		add_reason(&reasons, "\n");
	if (!list->count)
		add_reason(&reasons, "no update has two stages that were stamped: there is nothing to measure\n");
	for (enum doubt doubt = 0; doubt < DOUBTS; doubt++)
		judge(&reasons, doubt, list);
	return reasons.any;
}
