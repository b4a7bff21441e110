// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/lots.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/lognormal.h"

#define BINS 4096  /* of moneyness, of which classes are made */
#define CLASSES 32 /* wanted: none has more than this part of the weight but a single bin's */
#define CLASSES_MAX (2 * CLASSES + 2)
#define REACH_LEAST 1e-3 /* what can hardly be reached still counts a little: tilted paths and jumps get there */

/* Accounts so far of the lot that is being filled. */
struct filling {
	double collateral, debt, level; /* level: of collateral times trigger */
	double weight;
	size_t members;
};

struct class {
	double weight; /* of all its accounts */
	double quota;  /* of one lot */
	struct filling filling;
};

struct making {
	const struct ladder *from;
	const struct model *model;
	struct lots *to;
	size_t turn;		 /* lots so far */
	double like;		 /* as many lots as this is what a path meets at most */
	double low, width;	 /* of bins */
	double value, loss;	 /* likely to be triggered, and to be lost then */
	double wanted;		 /* lots of a sample */
	double sd, drift;	 /* of ln S over the horizon */
	double bins[BINS];	 /* weight */
	uint8_t class_of[BINS];
	struct class classes[CLASSES_MAX];
	size_t class_count;
};

/* By the reflection principle, with jumps as if they were diffusion. */
static double reach(const struct making *making, size_t i)
{
	double distance = making->from->rungs[i].trigger - making->from->log_price;

	if (distance >= 0 || !(making->sd > 0))
		return 1;
	return fmax(REACH_LEAST, fmin(1, 2 * normal_cdf((distance - making->drift) / making->sd)));
}

static double value_of(const struct making *making, size_t i)
{
	const struct rung *rung = &making->from->rungs[i];

	return rung->units * exp(fmin(rung->trigger, making->from->log_price));
}

static double loss_of(const struct making *making, size_t i)
{
	double(*prefix)[MEASURES] = making->from->prefix;

	return prefix ? fmax(0, prefix[i + 1][MEASURE_LOSS] - prefix[i][MEASURE_LOSS]) : 0;
}

static int bin_of(const struct making *making, size_t i)
{
	const struct rung *rung = &making->from->rungs[i];
	double place = (rung->log_strike - rung->trigger - making->low) / making->width;

	return place < 0 ? 0 : place >= BINS ? BINS - 1 : (int)place;
}

/* Each rung's weight, half by value and half by loss, into `weights` and the bins. */
static void weigh(struct making *making, double *weights)
{
	const struct ladder *from = making->from;
	const struct process *process = from->process;
	double jumps = process->jump_rate * (process->jump_mean * process->jump_mean + process->jump_variance), high = -INFINITY;
	double met = 0, met_of_lots = 0; /* share of accounts, and of lots, that a path triggers */

	making->sd = sqrt((process->variance + jumps) * making->model->horizon_s);
	making->drift = process->log_drift * making->model->horizon_s;
	making->low = INFINITY;
	for (size_t i = 0; i < from->count; i++) {
		double moneyness = from->rungs[i].log_strike - from->rungs[i].trigger;

		weights[i] = reach(making, i);
		making->value += weights[i] * value_of(making, i);
		making->loss += weights[i] * loss_of(making, i);
		making->low = moneyness < making->low ? moneyness : making->low;
		high = moneyness > high ? moneyness : high;
	}
	making->width = fmax(high - making->low, 1e-9) / BINS * (1 + 1e-9);
	for (size_t i = 0; i < from->count; i++) {
		double likely = weights[i], by_value = likely * value_of(making, i) / making->value;

		weights[i] = making->loss > 0 ? 0.5 * by_value + 0.5 * likely * loss_of(making, i) / making->loss : by_value;
		making->bins[bin_of(making, i)] += weights[i];
		met += likely / (double)from->count;
		met_of_lots += likely * weights[i];
	}
	making->wanted = fmin(making->like, fmax(LOTS_LEAST, making->like * met / met_of_lots));
}

/* Neighbouring bins make a class until they are heavy enough. */
static void classify(struct making *making)
{
	double sum = 0;

	for (int bin = 0; bin < BINS; bin++) {
		if (sum > 0 && making->bins[bin] > 0 && sum + making->bins[bin] > 1.0 / CLASSES && making->class_count + 1 < CLASSES_MAX) {
			making->class_count++;
			sum = 0;
		}
		making->class_of[bin] = (uint8_t)making->class_count;
		making->classes[making->class_count].weight += making->bins[bin];
		sum += making->bins[bin];
	}
	making->class_count++;
	for (size_t i = 0; i < making->class_count; i++)
		making->classes[i].quota = making->classes[i].weight / ceil(making->classes[i].weight * making->wanted * LOTS_TURNS);
}

/* Into one sample, `times` over. */
static int append(const struct making *making, struct ladder *to, const struct filling *filling, double times)
{
	struct account *accounts = (struct account *)to->accounts, *account;
	struct rung *rung;
	double strike;

	if (to->count % LOTS_LIKE == 0) {
		void *rungs = realloc(to->rungs, (to->count + LOTS_LIKE) * sizeof(*to->rungs));

		if (rungs)
			to->rungs = rungs;
		accounts = realloc(accounts, (to->count + LOTS_LIKE) * sizeof(*accounts));
		if (accounts)
			to->accounts = accounts;
		if (!rungs || !accounts)
			return -ENOMEM;
	}
	rung = &to->rungs[to->count];
	account = &accounts[to->count];
	*account = (struct account){making->from->accounts[making->from->rungs[0].account].asset, times * filling->collateral,
				    times * filling->debt, fmin(1, filling->debt / filling->level)};
	making->model->engine.type->payoff(&making->model->engine, account, &rung->units, &strike);
	rung->log_strike = log(strike);
	rung->trigger = log(filling->level / filling->collateral);
	rung->account = to->count++;
	rung->group = making->from->rungs[0].group;
	rung->members = (uint64_t)(times * (double)filling->members);
	return 0;
}

/* An account by itself, as it is. */
static int append_to_all(const struct making *making, const struct filling *filling)
{
	int rc = 0;

	for (int turn = 0; !rc && turn < LOTS_TURNS; turn++)
		rc = append(making, &making->to->samples[turn], filling, 1);
	return rc;
}

static int close_lot(struct making *making, struct class *class)
{
	struct filling *filling = &class->filling;
	int rc;

	if (!filling->members)
		return 0;
	if (filling->members == 1 && filling->weight >= LOTS_TURNS * class->quota)
		rc = append_to_all(making, filling);
	else
		rc = append(making, &making->to->samples[making->turn++ % LOTS_TURNS], filling, LOTS_TURNS);
	*filling = (struct filling){0};
	return rc;
}

static void add_to(struct filling *filling, const struct account *account, double weight)
{
	filling->collateral += account->collateral;
	filling->debt += account->debt;
	filling->level += account->debt / account->liquidation_threshold;
	filling->weight += weight;
	filling->members++;
}

static int fill(struct making *making, const double *weights)
{
	const struct ladder *from = making->from;
	int rc = 0;

	for (size_t i = 0; !rc && i < from->count; i++) {
		const struct account *account = &from->accounts[from->rungs[i].account];
		struct class *class = &making->classes[making->class_of[bin_of(making, i)]];
		struct filling *filling = &class->filling;

		if (i == from->at_start) /* no lot of accounts above and below their trigger */
			for (size_t k = 0; !rc && k < making->class_count; k++)
				rc = close_lot(making, &making->classes[k]);
		if (!rc && filling->weight + weights[i] > class->quota)
			rc = close_lot(making, class);
		add_to(filling, account, weights[i]);
	}
	for (size_t k = 0; !rc && k < making->class_count; k++)
		rc = close_lot(making, &making->classes[k]);
	return rc;
}

static int make(struct making *making)
{
	double *weights = calloc(making->from->count, sizeof(*weights));
	int rc;

	if (!weights)
		return -ENOMEM;
	weigh(making, weights);
	classify(making);
	rc = fill(making, weights);
	free(weights);
	return rc;
}

/* Too few to make lots of. */
static int take_each(const struct making *making)
{
	const struct ladder *from = making->from;
	int rc = 0;

	for (size_t i = 0; !rc && i < from->count; i++) {
		struct filling filling = {0};

		add_to(&filling, &from->accounts[from->rungs[i].account], 1);
		rc = append_to_all(making, &filling);
	}
	return rc;
}

int lots_build(struct lots *out, const struct ladder *ladder, const struct ladder *parts, size_t part_count, const struct model *model)
{
	double like = part_count ? fmax(LOTS_LIKE / (double)part_count, LOTS_LIKE_PART) : LOTS_LIKE;
	double from = part_count ? fmax(LOTS_FROM / (double)part_count, LOTS_FROM_PART) : LOTS_FROM;
	struct making *making;
	size_t turn = 0;
	int rc = 0;

	*out = (struct lots){0};
	if (ladder->count < LOTS_FROM)
		return 0;
	for (int i = 0; i < LOTS_TURNS; i++)
		out->samples[i] = (struct ladder){.process = ladder->process, .delay = ladder->delay, .log_price = ladder->log_price};
	making = malloc(sizeof(*making));
	if (!making)
		return -ENOMEM;
	for (size_t k = 0; !rc && k < (part_count ? part_count : 1); k++) {
		*making = (struct making){.from = part_count ? &parts[k] : ladder, .model = model, .to = out, .turn = turn, .like = like};
		if (making->from->count)
			rc = (double)making->from->count < from ? take_each(making) : make(making);
		turn = making->turn;
	}
	free(making);
	for (int i = 0; !rc && i < LOTS_TURNS; i++)
		ladder_sort(&out->samples[i]);
	if (rc)
		lots_free(out);
	return rc;
}

void lots_free(struct lots *lots)
{
	for (int turn = 0; turn < LOTS_TURNS; turn++) {
		free((struct account *)lots->samples[turn].accounts);
		free(lots->samples[turn].rungs);
	}
	*lots = (struct lots){0};
}
