// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/expected.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "margin/hit.h"
#include "margin/parallel.h"

#define CHUNK 8192	     /* accounts a thread takes at a time */
#define GROUPS_MAX 512	     /* of equal moneyness; beyond them accounts go into bins */
#define FEW_GROUPS 64
#define SLOTS 1024	     /* of the hash table: a power of two above GROUPS_MAX */
#define BINS 512
#define MONEYNESS_UNIT 0x1p-36 /* equal up to this is equal: rounding of debts and thresholds */
#define RATIO_BITS 16	     /* of a ratio's mantissa, left out to the same end */
#define HIT_TABLE_FROM 2000  /* accounts from which the probabilities are worth a table */

bool expected_known(const struct model *model)
{
	if (model->dependent_delays != DELAYS_INDEPENDENT)
		return false;
	for (size_t i = 0; i < model->account_count; i++)
		if (model->accounts[i].debt > 0 && !hit_known(&model->assets[model->accounts[i].asset].process))
			return false;
	return model->engine.type->payoff;
}

/* Value triggered, by how; of accounts with one moneyness, or summed with their moments in a bin. */
struct group {
	uint64_t key;
	double ratio, moneyness; /* strike/trigger, and its logarithm */
	double touched, jumped;	    /* value: units × price at the trigger × probability */
	double moment_t, moment_j;  /* times moneyness: bins only */
};

struct tally {
	struct group groups[GROUPS_MAX], bins[BINS];
	uint16_t slot[SLOTS]; /* index of a group + 1 */
	size_t group_count;
	double hits;
	double rest[MEASURES]; /* of accounts in bins: exact by themselves */
};

/* One asset's accounts. */
struct pass {
	const struct model *model;
	uint32_t asset;
	double low, high;	    /* moneyness at the triggers */
	double farthest;	    /* the lowest trigger's share of the price */
	double worth;		    /* of all collateral, at the price of the start */
	size_t owing;
	struct cost cost;
	bool has_table;
	struct curve touched, jumped; /* probabilities by the trigger's share of the price */
	struct tally *tallies;
	int only; /* accounts of this group; EVERYBODY */
};

#define EVERYBODY (-1)

/* Ratios and not their logarithms, of which a million would take longer than everything else. */
struct place {
	double ratio; /* strike/trigger */
	double value; /* at the trigger */
	double share; /* trigger/price, at most 1 */
};

static struct place place_of(const struct pass *pass, const struct account *account)
{
	double units, strike, trigger = account->debt / (account->collateral * account->liquidation_threshold), at;
	double price = pass->model->assets[pass->asset].price;

	pass->model->engine.type->payoff(&pass->model->engine, account, &units, &strike);
	at = trigger < price ? trigger : price;
	return (struct place){strike / at, units * at, at / price};
}

static bool concerned(const struct pass *pass, const struct account *account)
{
	return account->asset == pass->asset && account->debt > 0;
}

static struct hit hit_exactly(const struct pass *pass, double share)
{
	return hit_probability(&pass->model->assets[pass->asset].process, log(share), pass->model->horizon_s);
}

static double touched_at(const void *context, double share)
{
	return hit_exactly(context, share).touched;
}

static double jumped_at(const void *context, double share)
{
	return hit_exactly(context, share).jumped;
}

static struct hit hit_at(const struct pass *pass, double share)
{
	if (!pass->has_table || share >= 1)
		return hit_exactly(pass, share);
	return (struct hit){curve_at(&pass->touched, share), pass->cost.process->jump_rate > 0 ? curve_at(&pass->jumped, share) : 0};
}

static uint64_t key_of(double ratio)
{
	uint64_t bits;

	memcpy(&bits, &ratio, sizeof(bits));
	return (bits + (1u << (RATIO_BITS - 1))) >> RATIO_BITS;
}

/* The group with this ratio; NULL if there are too many. */
static struct group *group_of(struct tally *tally, double ratio)
{
	uint64_t key = key_of(ratio);
	size_t slot = key * 0x9e3779b97f4a7c15u >> 54; /* 10 bits: SLOTS */

	for (;; slot = (slot + 1) % SLOTS) {
		if (!tally->slot[slot]) {
			if (tally->group_count == GROUPS_MAX)
				return NULL;
			tally->groups[tally->group_count] = (struct group){.key = key, .ratio = ratio, .moneyness = log(ratio)};
			tally->slot[slot] = (uint16_t)++tally->group_count;
		}
		if (tally->groups[tally->slot[slot] - 1].key == key)
			return &tally->groups[tally->slot[slot] - 1];
	}
}

static void measure(const struct pass *pass, const struct group *group, double sum[MEASURES])
{
	double each[MEASURES];

	cost_measure(&pass->cost, group->moneyness, group->touched, each);
	for (int k = 0; k < MEASURE_COUNT; k++)
		sum[k] += each[k];
	if (!(group->jumped > 0))
		return;
	cost_measure_overshot(&pass->cost, group->moneyness, group->jumped, each);
	for (int k = 0; k < MEASURE_COUNT; k++)
		sum[k] += each[k];
}

static void into_bin(const struct pass *pass, struct tally *tally, const struct place *at, const struct hit *hit)
{
	double moneyness = log(at->ratio), share = (moneyness - pass->low) / fmax(pass->high - pass->low, MONEYNESS_UNIT);
	struct group alone = {.moneyness = moneyness, .touched = at->value * hit->touched, .jumped = at->value * hit->jumped};
	struct group *bin = &tally->bins[(int)fmin(BINS - 1, fmax(0, share * BINS))];

	measure(pass, &alone, tally->rest);
	bin->touched += alone.touched;
	bin->jumped += alone.jumped;
	bin->moment_t += alone.touched * moneyness;
	bin->moment_j += alone.jumped * moneyness;
}

static void take_chunk(void *context, size_t chunk)
{
	struct pass *pass = context;
	struct tally *tally = &pass->tallies[chunk];
	size_t end = (chunk + 1) * CHUNK;

	end = end < pass->model->account_count ? end : pass->model->account_count;
	for (size_t i = chunk * CHUNK; i < end; i++) {
		struct group *group;
		struct place at;
		struct hit hit;

		if (!concerned(pass, &pass->model->accounts[i]) || (pass->only != EVERYBODY && pass->model->groups[i] != pass->only))
			continue;
		at = place_of(pass, &pass->model->accounts[i]);
		hit = hit_at(pass, at.share);
		tally->hits += hit.touched + hit.jumped;
		group = group_of(tally, at.ratio);
		if (!group) {
			into_bin(pass, tally, &at, &hit);
			continue;
		}
		group->touched += at.value * hit.touched;
		group->jumped += at.value * hit.jumped;
	}
}

/* Chunks in their order, so that sums do not depend on the threads. What does not fit into the groups goes into bins. */
static void merge(const struct pass *pass, struct tally *all, const struct tally *chunk)
{
	all->hits += chunk->hits;
	for (int k = 0; k < MEASURES; k++)
		all->rest[k] += chunk->rest[k];
	for (size_t i = 0; i < chunk->group_count; i++) {
		const struct group *from = &chunk->groups[i];
		struct group *to = group_of(all, from->ratio);

		if (to) {
			to->touched += from->touched;
			to->jumped += from->jumped;
		} else {
			into_bin(pass, all, &(struct place){from->ratio, 1, 0}, &(struct hit){from->touched, from->jumped});
		}
	}
	for (int i = 0; i < BINS; i++) {
		all->bins[i].touched += chunk->bins[i].touched;
		all->bins[i].jumped += chunk->bins[i].jumped;
		all->bins[i].moment_t += chunk->bins[i].moment_t;
		all->bins[i].moment_j += chunk->bins[i].moment_j;
	}
}

/* The ranges of one chunk; low and high as ratios. */
struct range {
	double low, high, farthest, worth;
	size_t owing;
};

struct survey {
	const struct pass *pass;
	struct range *ranges;
};

static void survey_chunk(void *context, size_t chunk)
{
	const struct survey *survey = context;
	const struct model *model = survey->pass->model;
	struct range range = {INFINITY, 0, 1, 0, 0};
	size_t end = (chunk + 1) * CHUNK;

	for (size_t i = chunk * CHUNK; i < end && i < model->account_count; i++) {
		struct place at;

		if (!concerned(survey->pass, &model->accounts[i]))
			continue;
		at = place_of(survey->pass, &model->accounts[i]);
		range.low = at.ratio < range.low ? at.ratio : range.low;
		range.high = at.ratio > range.high ? at.ratio : range.high;
		range.farthest = at.share < range.farthest ? at.share : range.farthest;
		range.worth += model->accounts[i].collateral * model->assets[survey->pass->asset].price;
		range.owing++;
	}
	survey->ranges[chunk] = range;
}

/* Whether the asset's first accounts share a few moneynesses: then the loss curve is not worth a table. */
static int few_groups(const struct pass *pass, bool *out)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		return -ENOMEM;
	*out = true;
	for (size_t i = 0, seen = 0; *out && seen < CHUNK && i < pass->model->account_count; i++) {
		if (!concerned(pass, &pass->model->accounts[i]))
			continue;
		seen++;
		*out = group_of(tally, place_of(pass, &pass->model->accounts[i]).ratio) && tally->group_count <= FEW_GROUPS;
	}
	free(tally);
	return 0;
}

static int survey(struct pass *pass, size_t chunks, unsigned threads)
{
	struct survey survey = {pass, calloc(chunks, sizeof(*survey.ranges))};

	if (!survey.ranges)
		return -ENOMEM;
	parallel_for(threads, chunks, survey_chunk, &survey);
	for (size_t i = 0; i < chunks; i++) {
		if (!survey.ranges[i].owing)
			continue;
		pass->low = fmin(pass->low, log(survey.ranges[i].low));
		pass->high = fmax(pass->high, log(survey.ranges[i].high));
		pass->farthest = fmin(pass->farthest, survey.ranges[i].farthest);
		pass->worth += survey.ranges[i].worth;
		pass->owing += survey.ranges[i].owing;
	}
	free(survey.ranges);
	return 0;
}

static int prepare(struct pass *pass, const struct quadrature *delay, size_t chunks, unsigned threads)
{
	const struct process *process = &pass->model->assets[pass->asset].process;
	double error = process->jump_rate > 0 ? HIT_ERROR_KOU : HIT_ERROR_GBM;
	bool direct;
	int rc = survey(pass, chunks, threads);

	if (rc || !pass->owing)
		return rc;
	rc = few_groups(pass, &direct);
	if (!rc && direct)
		cost_build_direct(&pass->cost, process, delay);
	else if (!rc)
		rc = cost_build(&pass->cost, process, delay, pass->low - 1e-9, pass->high + 1e-9,
				pass->owing >= HIT_TABLE_FROM && process->jump_rate > 0);
	pass->has_table = pass->owing >= HIT_TABLE_FROM && pass->farthest < 1;
	if (!rc && pass->has_table)
		rc = curve_build(&pass->touched, touched_at, pass, pass->farthest, 1, -INFINITY, false, error);
	if (!rc && pass->has_table && process->jump_rate > 0)
		rc = curve_build(&pass->jumped, jumped_at, pass, pass->farthest, 1, -INFINITY, false, error);
	return rc;
}

/* Merges the chunks; adds what its groups and bins come to, and the accounts triggered, to `sum`. */
static void add_up(const struct pass *pass, size_t chunks, struct tally *all, double sum[MEASURES])
{
	double of_groups[MEASURES] = {0};

	for (size_t i = 0; i < chunks; i++)
		merge(pass, all, &pass->tallies[i]);
	for (size_t i = 0; i < all->group_count; i++)
		measure(pass, &all->groups[i], of_groups);
	for (int k = 0; k < MEASURE_COUNT; k++)
		sum[k] += of_groups[k] + all->rest[k];
	sum[MEASURE_COUNT] += all->hits;
}

static int keep_masses(const struct tally *all, struct masses *touched, struct masses *jumped)
{
	int rc = 0;

	for (int i = 0; i < BINS; i++) {
		const struct group *bin = &all->bins[i];

		if (!rc && bin->touched > 0)
			rc = masses_add(touched, bin->moment_t / bin->touched, bin->touched);
		if (!rc && bin->jumped > 0)
			rc = masses_add(jumped, bin->moment_j / bin->jumped, bin->jumped);
	}
	for (size_t i = 0; !rc && i < all->group_count; i++) {
		rc = masses_add(touched, all->groups[i].moneyness, all->groups[i].touched);
		if (!rc && all->groups[i].jumped > 0)
			rc = masses_add(jumped, all->groups[i].moneyness, all->groups[i].jumped);
	}
	return rc;
}

/* Of the loss by what all collateral is worth: inversions and quadratures of the probabilities, had everything been triggered where it costs most. */
static double error_rate(const struct pass *pass, const struct masses *touched)
{
	double value = 0;

	for (size_t i = 0; i < touched->count; i++)
		value = fmax(value, curve_at(&pass->cost.loss, touched->items[i].moneyness));
	return (pass->cost.process->jump_rate > 0 ? HIT_ERROR_KOU : HIT_ERROR_GBM) * value;
}

static double worth_of_group(const struct pass *pass, int group)
{
	const struct model *model = pass->model;
	double worth = 0;

	for (size_t i = 0; i < model->account_count; i++)
		if (concerned(pass, &model->accounts[i]) && model->groups[i] == group)
			worth += model->accounts[i].collateral * model->assets[pass->asset].price;
	return worth;
}

/* Everybody's sums and masses, then the same tables again for one group after the other: what the groups come to adds up to the whole. */
static int collect(struct pass *pass, struct masses *touched, struct masses *jumped, size_t chunks, unsigned threads, struct expected *out)
{
	struct tally *all = calloc(1, sizeof(*all));
	double rate;
	int rc;

	if (!all)
		return -ENOMEM;
	pass->only = EVERYBODY;
	parallel_for(threads, chunks, take_chunk, pass);
	add_up(pass, chunks, all, out->sum);
	rc = keep_masses(all, touched, jumped);
	rate = error_rate(pass, touched);
	out->error += rate * pass->worth;
	for (size_t g = 0; !rc && g < out->group_count; g++) {
		memset(all, 0, sizeof(*all));
		memset(pass->tallies, 0, chunks * sizeof(*pass->tallies));
		pass->only = (int)g;
		parallel_for(threads, chunks, take_chunk, pass);
		add_up(pass, chunks, all, out->groups[g].sum);
		out->groups[g].error += rate * worth_of_group(pass, pass->only);
	}
	free(all);
	return rc;
}

static int take_asset(struct expected *out, const struct model *model, uint32_t asset, const struct quadrature *delay,
		      unsigned threads)
{
	struct pass pass = {.model = model, .asset = asset, .low = INFINITY, .high = -INFINITY, .farthest = 1};
	size_t chunks = (model->account_count + CHUNK - 1) / CHUNK;
	struct masses *touched = &out->masses.assets[2 * asset], *jumped = touched + 1;
	int rc = prepare(&pass, delay, chunks, threads);

	touched->process = jumped->process = &model->assets[asset].process;
	jumped->overshot = true;
	if (!rc && pass.owing && !(pass.tallies = calloc(chunks, sizeof(*pass.tallies))))
		rc = -ENOMEM;
	if (!rc && pass.owing)
		rc = collect(&pass, touched, jumped, chunks, threads, out);
	cost_free(&pass.cost);
	curve_free(&pass.touched);
	curve_free(&pass.jumped);
	free(pass.tallies);
	return rc;
}

int expected_build(struct expected *out, const struct model *model, const struct quadrature *delay, unsigned threads)
{
	int rc;

	memset(out, 0, sizeof(*out));
	out->group_count = model->group_count > 1 ? model->group_count : 0;
	rc = fixed_delay_init(&out->masses, 2 * model->asset_count);
	for (size_t i = 0; !rc && i < model->asset_count; i++)
		rc = take_asset(out, model, (uint32_t)i, delay, threads);
	if (rc)
		expected_free(out);
	return rc;
}

void expected_free(struct expected *expected)
{
	fixed_delay_free(&expected->masses);
}
