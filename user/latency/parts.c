// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/parts.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "latency/activity.h"
#include "latency/prices.h"

#define HOUR_NS 3600000000000
#define REGIMES 3

const char *const part_names[PART_BYS] = {[PART_HOUR] = "hour", [PART_REGIME] = "regime", [PART_FEED] = "feed"};
static const char *const regime_names[REGIMES] = {"calm", "usual", "rough"};
static const double levels[PART_QUANTILES] = {0.5, 0.9, 0.99};

/* ---- one part ---- */

/* `chosen` in the order of time. */
static int fill(struct latency_part *part, const struct observation *chosen, size_t count, double open_weight)
{
	int64_t *sorted = malloc((count + 1) * sizeof(*sorted));
	struct survival survival = {.open_weight = open_weight};
	size_t opens = 0, ends = 0;
	int status;

	if (!sorted)
		return -ENOMEM;
	/* ends from the beginning, opens from the end */
	for (size_t i = 0; i < count; i++) {
		if (chosen[i].open)
			sorted[count - ++opens] = chosen[i].ns;
		else
			sorted[ends++] = chosen[i].ns;
	}
	sort_int64(sorted, ends);
	sort_int64(sorted + ends, opens);
	survival.ends = sorted;
	survival.end_count = part->count = ends;
	survival.opens = sorted + ends;
	survival.open_count = part->censored = opens;
	for (int q = 0; q < PART_QUANTILES; q++)
		part->quantiles[q].p = levels[q];
	status = quantiles_fill(&survival, chosen, count, part->quantiles, PART_QUANTILES, &part->basis);
	free(sorted);
	return status;
}

static int add(struct latency_part_list *list, const struct latency *latency, const char *name, const double volatility[2],
	       const struct observation *chosen, size_t count)
{
	struct latency_part *grown, *part;

	if (!count)
		return 0;
	grown = realloc(list->items, (list->count + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	list->items = grown;
	part = &grown[list->count++];
	*part = (struct latency_part){.from = latency->from, .to = latency->to, .volatility = {volatility[0], volatility[1]}};
	snprintf(part->feed, sizeof(part->feed), "%s", latency->feed);
	snprintf(part->asset, sizeof(part->asset), "%s", latency->asset);
	snprintf(part->part, sizeof(part->part), "%s", name);
	if (fill(part, chosen, count, samples_survival(&latency->samples).open_weight))
		return -ENOMEM;
	part->count <<= latency->samples.halvings; /* about as many as those that were drawn stand for */
	part->censored <<= latency->samples.halvings;
	return 0;
}

/* ---- by hour ---- */

static int hour_of(int64_t at_ns)
{
	return (int)((at_ns % (24 * HOUR_NS) + 24 * HOUR_NS) % (24 * HOUR_NS) / HOUR_NS);
}

static int add_hours(struct latency_part_list *list, const struct latency *latency, struct observation *room)
{
	static const double none[] = {NAN, NAN};
	int status = 0;

	for (int hour = 0; !status && hour < 24; hour++) {
		size_t count = 0;
		char name[16];

		for (size_t i = 0; i < latency->samples.series_count; i++)
			if (hour_of(latency->samples.series[i].at_ns) == hour)
				room[count++] = latency->samples.series[i];
		snprintf(name, sizeof(name), "%02d:00", hour);
		status = add(list, latency, name, none, room, count);
	}
	return status;
}

/* ---- by regime ---- */

/* An observation and the volatility before it. */
struct rated {
	double volatility;
	struct observation observation;
};

static int by_volatility(const void *a, const void *b)
{
	const struct rated *x = a, *y = b;

	if (x->volatility != y->volatility)
		return x->volatility < y->volatility ? -1 : 1;
	return observation_order(&x->observation, &y->observation);
}

static int add_regimes(struct latency_part_list *list, const struct latency *latency, const struct price_series *prices,
		       struct observation *room)
{
	struct rated *rated = malloc((latency->samples.series_count + 1) * sizeof(*rated));
	struct activity activity = {0};
	int status = rated ? activity_init(&activity, prices) : -ENOMEM;
	size_t count = 0;

	for (size_t i = 0; !status && i < latency->samples.series_count; i++) {
		const struct observation *o = &latency->samples.series[i];
		double volatility = activity_before(&activity, o->at_ns);

		if (isfinite(volatility))
			rated[count++] = (struct rated){volatility, *o};
	}
	if (!status)
		qsort(rated, count, sizeof(*rated), by_volatility);
	for (size_t r = 0; !status && r < REGIMES; r++) {
		size_t from = count * r / REGIMES, to = count * (r + 1) / REGIMES;

		for (size_t i = from; i < to; i++)
			room[i - from] = rated[i].observation;
		if (to > from) {
			qsort(room, to - from, sizeof(*room), observation_order);
			status = add(list, latency, regime_names[r],
				     (double[]){rated[from].volatility, rated[to - 1].volatility}, room, to - from);
		}
	}
	free(rated);
	activity_free(&activity);
	return status;
}

static const struct price_series *prices_of(const struct price_series_list *prices, const struct latency *latency)
{
	for (size_t i = 0; i < prices->count; i++)
		if (!strcmp(prices->items[i].feed, latency->feed) && !strcmp(prices->items[i].asset, latency->asset))
			return &prices->items[i];
	return NULL;
}

/* ---- by feed ---- */

static bool is_of(const struct latency *latency, const struct latency *like)
{
	return latency->from == like->from && latency->to == like->to && !strcmp(latency->feed, like->feed);
}

/* As many of the samples as one of 2^halvings leaves. */
static int append(struct observation *all, size_t *count, const struct pair_samples *samples, unsigned int halvings)
{
	struct pair_samples copy = {.series = all + *count, .series_count = samples->series_count, .halvings = samples->halvings};
	int status;

	if (samples->series_count)
		memcpy(copy.series, samples->series, samples->series_count * sizeof(*all));
	status = pair_samples_thin(&copy, halvings);
	*count += copy.series_count;
	free(copy.ends.values);
	return status;
}

/* All assets of the feed of items[at], where that is their first. */
static int add_feed(struct latency_part_list *out, const struct latency_list *list, size_t at)
{
	static const double none[] = {NAN, NAN};
	struct latency whole = list->items[at];
	unsigned int most = 0;
	struct observation *all;
	size_t count = 0;
	int status;

	for (size_t i = 0; i < at; i++)
		if (is_of(&list->items[i], &whole))
			return 0;
	for (size_t i = at; i < list->count; i++) {
		if (!is_of(&list->items[i], &whole))
			continue;
		count += list->items[i].samples.series_count;
		most = list->items[i].samples.halvings > most ? list->items[i].samples.halvings : most;
	}
	all = malloc((count + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	count = whole.samples.landed = whole.samples.overtaken = 0;
	for (size_t i = at; i < list->count; i++) {
		const struct pair_samples *samples = &list->items[i].samples;

		if (!is_of(&list->items[i], &whole))
			continue;
		if (append(all, &count, samples, most)) {
			free(all);
			return -ENOMEM;
		}
		whole.samples.landed += samples->landed;
		whole.samples.overtaken += samples->overtaken;
	}
	qsort(all, count, sizeof(*all), observation_order);
	whole.asset[0] = '\0';
	whole.samples.halvings = most;
	status = add(out, &whole, "", none, all, count);
	free(all);
	return status;
}

/* ---- all ---- */

static int add_parts(struct latency_part_list *out, const struct latency_list *list, size_t at, enum part_by by,
		     const struct price_series_list *prices)
{
	const struct latency *latency = &list->items[at];
	const struct price_series *series = prices_of(prices, latency);
	struct observation *room;
	int status = 0;

	if (by == PART_FEED)
		return add_feed(out, list, at);
	room = malloc((latency->samples.series_count + 1) * sizeof(*room));
	if (!room)
		return -ENOMEM;
	if (by == PART_HOUR)
		status = add_hours(out, latency, room);
	else if (series)
		status = add_regimes(out, latency, series, room);
	free(room);
	return status;
}

int latency_parts(sqlite3 *db, const struct latency_list *list, enum part_by by, struct latency_part_list *out,
		  struct error *err)
{
	struct price_series_list prices = {0};
	int status = by == PART_REGIME ? prices_load(db, &prices, err) : 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; !status && i < list->count; i++) {
		status = add_parts(out, list, i, by, &prices);
		if (status)
			error_set(err, status, "session: no memory for the parts of its latencies");
	}
	prices_free(&prices);
	if (status)
		latency_parts_free(out);
	return status;
}

void latency_parts_free(struct latency_part_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}
