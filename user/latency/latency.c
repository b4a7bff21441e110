// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/latency.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "latency/samples.h"
#include "session/clockmap.h"
#include "session/nicmap.h"
#include "stats/quantile.h"

static const struct stage_pair default_pairs[] = {
	{STAGE_PUBLISHED, STAGE_WIRE}, {STAGE_NIC, STAGE_WIRE},	      {STAGE_WIRE, STAGE_APP},	{STAGE_WIRE, STAGE_SENT},
	{STAGE_SENT, STAGE_BLOCK},     {STAGE_WIRE, STAGE_BLOCK_WIRE}, {STAGE_WIRE, STAGE_SEEN},
	{STAGE_WIRE, STAGE_PENDING},   {STAGE_PENDING, STAGE_SEEN},    {STAGE_BLOCK_WIRE, STAGE_SEEN}, {STAGE_PUBLISHED, STAGE_SEEN},
};
#define DEFAULT_PAIRS (sizeof(default_pairs) / sizeof(default_pairs[0]))
_Static_assert(DEFAULT_PAIRS <= SAMPLE_PAIRS_MAX, "room for the default pairs");

/* A block's timestamp is in whole seconds. */
#define BLOCK_RESOLUTION_NS 1000000000

/* ---- clocks ---- */

struct clocks {
	struct clockmap *machine;
	struct nicmap *nics;
};

static int load_clocks(struct clocks *out, sqlite3 *db, struct error *err)
{
	int status = clockmap_load(&out->machine, db, err);

	return status ? status : nicmap_load(&out->nics, db, err);
}

static void free_clocks(struct clocks *clocks)
{
	clockmap_free(clocks->machine);
	nicmap_free(clocks->nics);
}

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

/* The kernel's, and a network card's, which was read against it. */
static bool is_of_this_machine(enum stage stage)
{
	return stages[stage].clock == STAGE_CLOCK_KERNEL || stages[stage].clock == STAGE_CLOCK_NIC;
}

static bool is_of_clock(enum stage from, enum stage to, enum stage_clock clock)
{
	return stages[from].clock == clock || stages[to].clock == clock;
}

static int64_t resolution_ns(enum stage from, enum stage to, const struct sample_group *group)
{
	int64_t coarser = 1;

	if (is_of_clock(from, to, STAGE_CLOCK_CHAIN))
		coarser = BLOCK_RESOLUTION_NS;
	if (is_of_clock(from, to, STAGE_CLOCK_PUBLISHER) && group->published_step_ns > coarser)
		coarser = group->published_step_ns;
	if ((from == STAGE_FINAL || to == STAGE_FINAL) && group->final_step_ns > coarser)
		coarser = group->final_step_ns;
	return coarser;
}

/*
 * Within the kernel's clock: both stamps were told in UTC through the session's readings, each to within the bracket;
 * at least the 1 ns that a stamp resolves. Against another clock: this machine's bound on UTC, plus the resolution of
 * the other. How far the publisher's and the chain's own clocks are off UTC is not for this machine to know.
 */
static int64_t clock_error_ns(const struct clocks *clocks, enum stage from, enum stage to, int64_t resolution_ns)
{
	int64_t bracket = clockmap_bracket_ns(clocks->machine), bound = 0;

	if (is_within_kernel(from, to)) {
		bound = add_bounds(bracket, bracket);
		return bound == 0 ? 1 : bound;
	}
	if (is_of_clock(from, to, STAGE_CLOCK_NIC))
		bound = nicmap_error_ns(clocks->nics);
	if (is_of_this_machine(from) && is_of_this_machine(to))
		return add_bounds(bound, add_bounds(bracket, bracket));
	if (is_of_this_machine(from) || is_of_this_machine(to))
		bound = add_bounds(bound, add_bounds(clockmap_utc_error_ns(clocks->machine), bracket));
	return add_bounds(bound, resolution_ns);
}

int latency_clock_error(sqlite3 *db, const struct stage_pair *pair, const struct sample_group *group, int64_t *out_ns,
			struct error *err)
{
	struct clocks clocks = {0};
	int status = load_clocks(&clocks, db, err);

	if (!status)
		*out_ns = clock_error_ns(&clocks, pair->from, pair->to,
					 resolution_ns(pair->from, pair->to, group));
	free_clocks(&clocks);
	return status;
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

	latency->negative = pair->negative;
	latency->min_ns = pair->min_ns;
	latency->max_ns = pair->max_ns;
	latency->mean_ns = (int64_t)(pair->sum_ns / (__int128)pair->end_count);
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
		 const struct clocks *clocks)
{
	struct pair_samples *samples = &group->pairs[p];

	memset(latency, 0, sizeof(*latency));
	snprintf(latency->feed, sizeof(latency->feed), "%s", group->feed);
	snprintf(latency->asset, sizeof(latency->asset), "%s", group->asset);
	latency->from = pair->from;
	latency->to = pair->to;
	latency->count = samples->end_count;
	latency->drawn = samples->ends.count;
	latency->censored = samples->open_count;
	latency->unmatched = group->unmatched;
	latency->superseded = group->superseded;
	latency->before_start = group->before_start;
	latency->resolution_ns = resolution_ns(pair->from, pair->to, group);
	latency->clock_error_ns = clock_error_ns(clocks, pair->from, pair->to, latency->resolution_ns);
	for (int i = 0; i < 2; i++)
		latency->p50_ci95_ns[i] = latency->p99_ci95_ns[i] = TIME_UNKNOWN;
	latency->basis.autocorrelation = NAN;
	if (!samples->ends.count)
		fill_empty(latency);
	else if (fill_distribution(latency, samples))
		return -ENOMEM;
	latency->samples = *samples;
	*samples = (struct pair_samples){0};
	return 0;
}

struct computing {
	struct stage_pair pairs[DEFAULT_PAIRS];
	size_t pair_count, room;
	bool asked; /* one pair, that is told even where it has no sample */
	bool keep;  /* the samples */
	struct clocks clocks;
	struct latency_list *out;
	struct error *err;
};

static int add_group(void *context, struct sample_group *group)
{
	struct computing *computing = context;
	struct latency_list *out = computing->out;
	int status = 0;

	for (size_t p = 0; !status && p < computing->pair_count; p++) {
		if (!group->pairs[p].ends.count && !computing->asked)
			continue;
		status = array_grow((void **)&out->items, out->count, &computing->room, sizeof(*out->items));
		if (!status)
			status = fill(&out->items[out->count++], group, p, &computing->pairs[p], &computing->clocks);
		if (!status && !computing->keep)
			pair_samples_free(&out->items[out->count - 1].samples);
	}
	return status ? error_set(computing->err, status, "session: no memory for the latencies") : 0;
}

static size_t pair_number(const struct computing *computing, const struct latency *latency)
{
	size_t p = 0;

	while (computing->pairs[p].from != latency->from || computing->pairs[p].to != latency->to)
		p++;
	return p;
}

static int by_name_then_pair(const void *a, const void *b, void *context)
{
	const struct latency *x = a, *y = b;
	int names = strcmp(x->feed, y->feed);
	size_t x_pair, y_pair;

	if (!names)
		names = strcmp(x->asset, y->asset);
	if (names)
		return names;
	x_pair = pair_number(context, x);
	y_pair = pair_number(context, y);
	return (x_pair > y_pair) - (x_pair < y_pair);
}

static int compute(struct computing *computing, sqlite3 *db, const enum stage *from, const enum stage *to)
{
	struct latency_list *out = computing->out;
	int status;

	memset(out, 0, sizeof(*out));
	memcpy(computing->pairs, default_pairs, sizeof(computing->pairs));
	computing->asked = from && to;
	computing->pair_count = computing->asked ? 1 : DEFAULT_PAIRS;
	if (computing->asked)
		computing->pairs[0] = (struct stage_pair){*from, *to};
	status = load_clocks(&computing->clocks, db, computing->err);
	if (!status)
		status = samples_each(db, computing->pairs, computing->pair_count, computing->keep ? SIZE_MAX : SAMPLES_HELD_MAX, add_group,
				      computing, computing->err);
	free_clocks(&computing->clocks);
	if (!status && out->count)
		qsort_r(out->items, out->count, sizeof(*out->items), by_name_then_pair, computing);
	if (status)
		latency_list_free(out);
	return status;
}

int latency_compute(sqlite3 *db, const enum stage *from, const enum stage *to, struct latency_list *out,
		    struct error *err)
{
	struct computing computing = {.keep = true, .out = out, .err = err};

	return compute(&computing, db, from, to);
}

int latency_figures(sqlite3 *db, const enum stage *from, const enum stage *to, struct latency_list *out,
		    struct error *err)
{
	struct computing computing = {.out = out, .err = err};

	return compute(&computing, db, from, to);
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

	if (!status && samples_even(&set, 0)) {
		samples_free(&set);
		status = error_set(err, -ENOMEM, "session: no memory for the latencies");
	}
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
