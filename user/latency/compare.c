// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/compare.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/format.h"
#include "latency/joint.h"
#include "latency/samples.h"
#include "latency/latency.h"

static const double levels[COMPARE_QUANTILES] = {0.5, 0.9, 0.99, 0.999};

/* ---- claims ---- */

static enum claim judge(const struct difference *difference, int64_t clock_error_ns)
{
	int64_t low = difference->ci95_ns[0], high = difference->ci95_ns[1];
	int sign = low != TIME_UNKNOWN && low > 0 ? 1 : high != TIME_UNKNOWN && high < 0 ? -1 : 0;

	if (!sign)
		return CLAIM_NONE;
	/* the bound of the interval that is nearer to zero */
	if (clock_error_ns == TIME_UNKNOWN || fabs((double)(sign > 0 ? low : high)) <= (double)clock_error_ns)
		return CLAIM_SWAMPED;
	return sign > 0 ? CLAIM_B : CLAIM_A;
}

static int64_t add_bounds(int64_t a, int64_t b)
{
	int64_t sum;

	return a == TIME_UNKNOWN || b == TIME_UNKNOWN || __builtin_add_overflow(a, b, &sum) ? TIME_UNKNOWN : sum;
}

/* ---- joint messages ---- */

/* How late one side was behind the earlier of the two: all of them seen to end. */
struct side {
	struct observation *series;
	int64_t *sorted;
	struct survival survival;
	struct quantile quantiles[COMPARE_QUANTILES];
	struct quantile_basis basis;
};

static int side_open(struct side *side, const struct joint_group *group, bool is_b)
{
	side->series = malloc(group->count * sizeof(*side->series));
	side->sorted = malloc(group->count * sizeof(*side->sorted));
	if (!side->series || !side->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < group->count; i++) {
		const struct joint_message *m = &group->messages[i];
		int64_t behind = is_b ? m->b_ns - m->a_ns : m->a_ns - m->b_ns;

		side->sorted[i] = behind > 0 ? behind : 0;
		side->series[i] = (struct observation){.at_ns = m->a_ns, .ns = side->sorted[i]};
	}
	sort_int64(side->sorted, group->count);
	side->survival = (struct survival){.ends = side->sorted, .end_count = group->count};
	for (int q = 0; q < COMPARE_QUANTILES; q++)
		side->quantiles[q].p = levels[q];
	return quantiles_fill(&side->survival, side->series, group->count, side->quantiles, COMPARE_QUANTILES, &side->basis);
}

static void side_close(struct side *side)
{
	free(side->series);
	free(side->sorted);
}

static int fill_joint(struct comparison *out, const struct joint_group *group, int64_t clock_error_ns)
{
	struct side a = {0}, b = {0};
	int status = side_open(&a, group, false);

	if (!status)
		status = side_open(&b, group, true);
	for (size_t i = 0; !status && i < group->count; i++) {
		out->first_a += group->messages[i].a_ns < group->messages[i].b_ns;
		out->first_b += group->messages[i].a_ns > group->messages[i].b_ns;
	}
	out->joint = true;
	out->count_joint = group->count;
	out->clock_error_ns = clock_error_ns;
	for (int q = 0; !status && q < COMPARE_QUANTILES; q++) {
		struct comparison_quantile *quantile = &out->quantiles[q];
		double correlation;

		status = quantile_correlation(a.series, b.series, group->count,
					      a.basis.block > b.basis.block ? a.basis.block : b.basis.block,
					      &a.quantiles[q], &b.quantiles[q], &correlation);
		quantile->a = a.quantiles[q];
		quantile->b = b.quantiles[q];
		quantile->difference = quantile_difference(&quantile->a, &quantile->b, correlation);
		quantile->claim = judge(&quantile->difference, clock_error_ns);
	}
	side_close(&a);
	side_close(&b);
	return status;
}

/* ---- distributions ---- */

static const struct sample_group *find_group(const struct sample_set *set, const struct sample_group *like)
{
	for (size_t i = 0; i < set->count; i++)
		if (!strcmp(set->groups[i].feed, like->feed) && !strcmp(set->groups[i].asset, like->asset))
			return &set->groups[i];
	return NULL;
}

static int fill_side(struct comparison_quantile quantiles[COMPARE_QUANTILES], const struct pair_samples *samples,
		     bool is_b)
{
	const struct survival survival = samples_survival(samples);
	struct quantile filled[COMPARE_QUANTILES];
	struct quantile_basis basis;
	int status;

	for (int q = 0; q < COMPARE_QUANTILES; q++)
		filled[q].p = levels[q];
	status = quantiles_fill(&survival, samples->series, samples->series_count, filled, COMPARE_QUANTILES, &basis);
	for (int q = 0; q < COMPARE_QUANTILES; q++)
		*(is_b ? &quantiles[q].b : &quantiles[q].a) = filled[q];
	return status;
}

static int fill_apart(struct comparison *out, const struct pair_samples *a, const struct pair_samples *b,
		      int64_t clock_error_ns)
{
	int status = fill_side(out->quantiles, a, false);

	if (!status)
		status = fill_side(out->quantiles, b, true);
	out->count_a = a->end_count;
	out->count_b = b->end_count;
	out->clock_error_ns = clock_error_ns;
	for (int q = 0; q < COMPARE_QUANTILES; q++) {
		struct comparison_quantile *quantile = &out->quantiles[q];

		quantile->difference = quantile_difference(&quantile->a, &quantile->b, 0);
		quantile->claim = judge(&quantile->difference, clock_error_ns);
	}
	return status;
}

/* ---- lists ---- */

static struct comparison *add(struct comparison_list *list, const char *feed, const char *asset)
{
	struct comparison *grown = realloc(list->items, (list->count + 1) * sizeof(*grown)), *item;

	if (!grown)
		return NULL;
	list->items = grown;
	item = &list->items[list->count++];
	memset(item, 0, sizeof(*item));
	snprintf(item->feed, sizeof(item->feed), "%s", feed);
	snprintf(item->asset, sizeof(item->asset), "%s", asset);
	return item;
}

static const struct comparison *find(const struct comparison_list *list, const struct sample_group *like)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i].feed, like->feed) && !strcmp(list->items[i].asset, like->asset))
			return &list->items[i];
	return NULL;
}

static int compare_joint(sqlite3 *a, sqlite3 *b, struct comparison_list *out, struct error *err)
{
	struct joint_set set;
	int status = joint_load(a, b, &set, err);

	for (size_t i = 0; !status && i < set.count; i++) {
		const struct joint_group *group = &set.groups[i];
		struct comparison *item;

		if (group->count < JOINT_MIN)
			continue;
		item = add(out, group->feed, group->asset);
		if (!item || fill_joint(item, group, set.clock_error_ns)) {
			status = error_set(err, -ENOMEM, "no memory for the comparison");
			break;
		}
		item->count_a = group->count_a;
		item->count_b = group->count_b;
		item->only_a = group->only_a;
		item->only_b = group->only_b;
		item->far_apart = group->far_apart;
	}
	joint_free(&set);
	return status;
}

/* Of what is not in the list yet. */
static int compare_apart(sqlite3 *a, sqlite3 *b, const struct stage_pair *pair, struct comparison_list *out,
			 struct error *err)
{
	struct sample_set of_a = {0}, of_b = {0};
	int64_t a_error_ns, b_error_ns;
	int status = samples_load(&of_a, a, pair, 1, err);

	if (!status)
		status = samples_load(&of_b, b, pair, 1, err);
	for (size_t i = 0; !status && i < of_a.count; i++) {
		const struct sample_group *group = &of_a.groups[i], *other = find_group(&of_b, group);
		struct comparison *item;

		if (!other || !group->pairs[0].ends.count || !other->pairs[0].ends.count || find(out, group))
			continue;
		status = latency_clock_error(a, pair, group, &a_error_ns, err);
		if (!status)
			status = latency_clock_error(b, pair, other, &b_error_ns, err);
		if (status)
			break;
		item = add(out, group->feed, group->asset);
		if (!item || fill_apart(item, &group->pairs[0], &other->pairs[0], add_bounds(a_error_ns, b_error_ns)))
			status = error_set(err, -ENOMEM, "no memory for the comparison");
		if (item) {
			item->from = pair->from;
			item->to = pair->to;
		}
	}
	samples_free(&of_a);
	samples_free(&of_b);
	return status;
}

int compare_sessions(sqlite3 *a, sqlite3 *b, const enum stage *from, const enum stage *to, struct comparison_list *out,
		     struct error *err)
{
	struct stage_pair pair = {STAGE_WIRE, STAGE_SEEN};
	int status = 0;

	memset(out, 0, sizeof(*out));
	if (from && to)
		pair = (struct stage_pair){*from, *to};
	else
		status = compare_joint(a, b, out, err);
	if (!status)
		status = compare_apart(a, b, &pair, out, err);
	if (status)
		comparison_list_free(out);
	return status;
}

void comparison_list_free(struct comparison_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* ---- the verdict ---- */

struct sentence {
	char *text;
	size_t size, used;
};

static void say(struct sentence *sentence, const char *format, ...)
{
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(sentence->text + sentence->used, sentence->size - sentence->used, format, args);
	va_end(args);
	if (len > 0)
		sentence->used += (size_t)len < sentence->size - sentence->used ? (size_t)len :
										  sentence->size - sentence->used - 1;
}

/* Half the interval. */
static int64_t margin_ns(const struct difference *difference)
{
	if (difference->ci95_ns[0] == TIME_UNKNOWN || difference->ci95_ns[1] == TIME_UNKNOWN)
		return TIME_UNKNOWN;
	return difference->ci95_ns[1] / 2 - difference->ci95_ns[0] / 2;
}

static void say_quantile(struct sentence *sentence, const struct comparison *c, int q, const char *where)
{
	const struct comparison_quantile *quantile = &c->quantiles[q];
	char by[FORMAT_MAX], margin[FORMAT_MAX];
	const char *what = c->joint ? "earlier" : "shorter";

	if (quantile->difference.ns == TIME_UNKNOWN)
		say(sentence, "at %s the data reach no difference", where);
	else if (quantile->claim == CLAIM_SWAMPED)
		say(sentence, "at %s the clocks may make all of the difference", where);
	else if (quantile->claim == CLAIM_NONE)
		say(sentence, "at %s no difference can be claimed", where);
	else
		say(sentence, "%s is %s by %s (±%s) at %s", quantile->claim == CLAIM_A ? "A" : "B", what,
		    format_duration(llabs(quantile->difference.ns), by, sizeof(by)),
		    format_duration(margin_ns(&quantile->difference), margin, sizeof(margin)), where);
}

char *comparison_verdict(const struct comparison *c, char *out, size_t size)
{
	struct sentence sentence = {.text = out, .size = size};
	char bound[FORMAT_MAX];

	out[0] = '\0';
	say_quantile(&sentence, c, 0, "the median");
	if (c->clock_error_ns == TIME_UNKNOWN)
		say(&sentence, ", clocks not known; ");
	else
		say(&sentence, ", clocks known to %s; ", format_duration(c->clock_error_ns, bound, sizeof(bound)));
	say_quantile(&sentence, c, 2, "p99");
	say(&sentence, ".");
	if (out[0] >= 'a' && out[0] <= 'z')
		out[0] = (char)(out[0] - 'a' + 'A');
	return out;
}
