// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/delay.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "margin/pareto.h"
#include "margin/rng.h"

const char *const delay_stage_names[DELAY_STAGES + 1] = {"oracle", "keeper", "inclusion", NULL};

const char *const delay_dependence_names[] = {"independent", "regime", "block", NULL};

const struct delay_type *const delay_types[] = {&delay_constant,  &delay_uniform, &delay_exponential, &delay_lognormal,
						&delay_empirical, &delay_mixture, NULL};

const struct delay_type *delay_find(const char *name)
{
	for (size_t i = 0; delay_types[i]; i++)
		if (!strcmp(delay_types[i]->name, name))
			return delay_types[i];
	return NULL;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int prepare_mixture(struct delay_law *law, struct error *err)
{
	double total = 0;

	if (!law->part_count)
		return error_set(err, -EINVAL, "a mixture needs at least one law");
	for (size_t i = 0; i < law->part_count; i++) {
		int rc = delay_prepare(&law->parts[i], err);

		if (rc)
			return rc;
		if (!(law->shares[i] >= 0) || !isfinite(law->shares[i]))
			return error_set(err, -EINVAL, "weight is %g; allowed: 0 or more", law->shares[i]);
		total += law->shares[i];
	}
	if (!(total > 0))
		return error_set(err, -EINVAL, "the weights of a mixture add up to 0; give at least one above 0");
	for (size_t i = 0; i < law->part_count; i++)
		law->shares[i] /= total;
	return 0;
}

struct entry {
	double key, delay_s;
};

static int by_key(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? 1 : -1;
	return (x->delay_s > y->delay_s) - (x->delay_s < y->delay_s);
}

static int prepare_record(struct delay_record *record, struct error *err)
{
	struct entry *entries = calloc(record->count, sizeof(*entries));

	if (!entries)
		return error_set(err, -ENOMEM, "out of memory for %zu samples", record->count);
	for (size_t i = 0; i < record->count; i++)
		entries[i] = (struct entry){record->key[i], record->delay_s[i]};
	qsort(entries, record->count, sizeof(*entries), by_key);
	for (size_t i = 0; i < record->count; i++) {
		record->key[i] = entries[i].key;
		record->delay_s[i] = entries[i].delay_s;
	}
	free(entries);
	return 0;
}

static int prepare_tail(struct delay_law *law, struct error *err)
{
	struct delay_tail *tail = &law->tail;
	size_t n = law->sample_count, last = (size_t)(tail->above * (double)n);
	struct excesses excesses = {0};
	double covariance[3];

	if (!(tail->above >= 0.5 && tail->above < 1))
		return error_set(err, -EINVAL, "tail is %g; it should be the quantile at which it begins, 0.5 or more and below 1", tail->above);
	tail->threshold_s = law->samples[last ? last - 1 : 0];
	while (last < n && law->samples[last] <= tail->threshold_s)
		last++;
	tail->count = n - last;
	if (tail->count < DELAY_TAIL_MIN)
		return error_set(err, -EINVAL, "%zu of %zu samples lie beyond the quantile %g; a tail is fitted to %d or more: begin lower, or "
					       "measure longer", tail->count, n, tail->above, DELAY_TAIL_MIN);
	excesses.ended = calloc(tail->count, sizeof(double));
	if (!excesses.ended)
		return error_set(err, -ENOMEM, "out of memory for %zu samples", tail->count);
	for (size_t i = last; i < n; i++)
		excesses.ended[excesses.ended_count++] = law->samples[i] - tail->threshold_s;
	pareto_fit(&excesses, &tail->shape, &tail->scale_s);
	free(excesses.ended);
	if (!(tail->shape < 1) || !(tail->scale_s > 0))
		return error_set(err, -EINVAL, "the %zu samples beyond %g s have a tail of shape %.3g: a delay with such a tail has no mean; begin "
					       "it elsewhere, or leave it out", tail->count, tail->threshold_s, tail->shape);
	tail->share = (double)tail->count / (double)n;
	pareto_covariance(tail->shape, tail->scale_s, (double)tail->count, covariance);
	tail->shape_stderr = sqrt(covariance[0]);
	tail->scale_stderr_s = sqrt(covariance[2]);
	return 0;
}

static int prepare_empirical(struct delay_law *law, struct error *err)
{
	if (!law->sample_count)
		return error_set(err, -EINVAL, "no delay samples; an empirical law needs at least one");
	for (size_t i = 0; i < law->sample_count; i++)
		if (!(law->samples[i] >= 0 && law->samples[i] <= DELAY_MAX_S))
			return error_set(err, -EINVAL, "delay sample %g s; allowed: 0 to %g s", law->samples[i], DELAY_MAX_S);
	qsort(law->samples, law->sample_count, sizeof(*law->samples), ascending);
	if (law->tail.above != 0 && prepare_tail(law, err))
		return -EINVAL;
	return law->record.count ? prepare_record(&law->record, err) : 0;
}

int delay_prepare(struct delay_law *law, struct error *err)
{
	for (size_t i = 0; i < DELAY_PARAMETERS_MAX && law->type->parameters[i].name; i++) {
		const struct delay_parameter *parameter = &law->type->parameters[i];

		if (!(law->parameter[i] >= parameter->low && law->parameter[i] <= parameter->high))
			return error_set(err, -EINVAL, "%s is %g%s; allowed: %g to %g", parameter->name, law->parameter[i],
					 parameter->is_duration ? " s" : "", parameter->low, parameter->high);
	}
	if (law->type == &delay_uniform && law->parameter[0] > law->parameter[1])
		return error_set(err, -EINVAL, "low (%g s) is above high (%g s)", law->parameter[0], law->parameter[1]);
	if (law->type == &delay_mixture)
		return prepare_mixture(law, err);
	return law->type == &delay_empirical ? prepare_empirical(law, err) : 0;
}

static bool same_numbers(const double *a, const double *b, size_t count)
{
	return !count || !memcmp(a, b, count * sizeof(*a));
}

bool delay_law_same(const struct delay_law *a, const struct delay_law *b)
{
	bool same = a->type == b->type && a->sample_count == b->sample_count && a->record.count == b->record.count &&
		    a->part_count == b->part_count && a->tail.above == b->tail.above &&
		    same_numbers(a->parameter, b->parameter, DELAY_PARAMETERS_MAX) &&
		    same_numbers(a->samples, b->samples, a->sample_count) && same_numbers(a->shares, b->shares, a->part_count) &&
		    same_numbers(a->record.key, b->record.key, a->record.count) &&
		    same_numbers(a->record.delay_s, b->record.delay_s, a->record.count);

	for (size_t i = 0; same && i < a->part_count; i++)
		same = delay_law_same(&a->parts[i], &b->parts[i]);
	return same;
}

void delay_free(struct delay_law *law)
{
	for (size_t i = 0; i < law->part_count; i++)
		delay_free(&law->parts[i]);
	free(law->parts);
	free(law->shares);
	free(law->samples);
	free(law->record.key);
	free(law->record.delay_s);
	*law = (struct delay_law){0};
}

double delay_mean(const struct delay_law *law)
{
	return law->type->mean(law);
}

double delay_quantile(const struct delay_law *law, double u)
{
	return fmin(law->type->quantile(law, u), DELAY_MAX_S);
}

int delay_dependence_check(const struct delay_law stages[DELAY_STAGES], enum delay_dependence dependence, double window_s,
			   struct error *err)
{
	bool known = false;

	for (int i = 0; i < DELAY_STAGES; i++)
		known = known || stages[i].record.count;
	if (dependence != DELAYS_INDEPENDENT && !known)
		return error_set(err, -EINVAL, "delays by %s need a measured law that knows what was around its samples",
				 delay_dependence_names[dependence]);
	if (dependence == DELAYS_BY_REGIME && !(window_s > 0))
		return error_set(err, -EINVAL, "volatility_window is %g s; allowed: above 0", window_s);
	return 0;
}

/* The first of ascending values that is `key` or more; count if there is none. */
static size_t first_from(const double *values, size_t count, double key)
{
	size_t first = 0, last = count;

	while (first < last) {
		size_t middle = (first + last) / 2;

		if (values[middle] < key)
			first = middle + 1;
		else
			last = middle;
	}
	return first;
}

/*
 * What a sample of the record stands for: itself, and beyond the tail's threshold the tail's law between its rank among all samples and
 * the next, 0 < `within` < 1 saying where. So ranks, which is what delays and prices have to do with each other, stay as
 * they were measured, and the law of all delays is the one with the tail.
 */
static double stands_for(const struct delay_law *law, double delay_s, double within)
{
	size_t from, to;

	if (!law->tail.count || delay_s <= law->tail.threshold_s)
		return delay_s;
	from = first_from(law->samples, law->sample_count, delay_s);
	to = first_from(law->samples, law->sample_count, nextafter(delay_s, INFINITY));
	from = from < law->sample_count ? from : law->sample_count - 1;
	to = to > from ? to : from + 1;
	return delay_quantile(law, ((double)from + within * (double)(to - from)) / (double)law->sample_count);
}

/* One number for everybody on this path who meets this sample. */
static double number_of(const struct delay_moment *moment, size_t sample)
{
	struct rng rng;
	uint64_t start;

	memcpy(&start, &moment->start, sizeof(start));
	rng_open(&rng, start, sample, 0, RNG_DELAY);
	return rng_uniform(&rng);
}

double delay_draw(const struct delay_law *law, enum delay_dependence dependence, const struct delay_moment *moment, double u)
{
	const struct delay_record *record = &law->record;
	size_t at, low, high;
	double place;

	if (!record->count || dependence == DELAYS_INDEPENDENT)
		return delay_quantile(law, u);
	if (dependence == DELAYS_IN_BLOCKS) { /* the measurement as a circle */
		double length = record->key[record->count - 1] - record->key[0];

		place = length > 0 ? fmod(moment->start * length + moment->time_s, length) : 0;
		at = first_from(record->key, record->count, record->key[0] + place);
		at = at < record->count ? at : record->count - 1;
		return stands_for(law, record->delay_s[at], number_of(moment, at));
	}
	at = first_from(record->key, record->count, moment->volatility);
	at = (at < record->count ? at : record->count - 1) * DELAY_REGIMES / record->count;
	low = at * record->count / DELAY_REGIMES;
	high = (at + 1) * record->count / DELAY_REGIMES;
	place = u * (double)(high - low);
	at = low + (size_t)place;
	return stands_for(law, record->delay_s[at < high ? at : high - 1], place - floor(place));
}

int delay_nodes(const struct delay_law *law, struct quadrature *out)
{
	return law->type->nodes(law, 1, out);
}

int delay_total(const struct delay_law stages[DELAY_STAGES], enum delay_stage without, struct quadrature *out)
{
	struct quadrature total = {0}, stage = {0}, sum = {0};
	int rc = quadrature_add(&total, 0, 1);

	for (int i = 0; !rc && i < DELAY_STAGES; i++) {
		if (i == (int)without)
			continue;
		rc = delay_nodes(&stages[i], &stage);
		if (!rc)
			rc = quadrature_sum(&sum, &total, &stage);
		quadrature_free(&total);
		quadrature_free(&stage);
		total = sum;
		sum = (struct quadrature){0};
	}
	if (!rc)
		rc = quadrature_compress(&total);
	if (!rc)
		rc = quadrature_sort(&total);
	if (rc)
		quadrature_free(&total);
	*out = total;
	return rc;
}
