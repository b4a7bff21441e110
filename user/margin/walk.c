// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * One path as it happens: fall to the next trigger, draw that account's delay, execute at the price then. The path is
 * refined only where it is looked at. The order makes it exact: a stretch is tested for a crossing last, after every
 * execution inside it has its price, so that no bridge is ever drawn under the condition of not having crossed.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/simulate.h"

#define NO_RUNG SIZE_MAX
#define MANY_JUMPS 1000 /* their sum is drawn as a normal from here on */
#define STRETCHES_MAX 10000000 /* of a path with a memory: what is still waiting then is executed at the last price */

struct pending {
	double time;
	size_t rung;
	int variant;
};

struct known {
	double time, x;
	size_t rung; /* execution of this account, or NO_RUNG */
	int variant;
};

int walk_init(struct walk *walk, size_t execution_count_max, size_t rung_count_max)
{
	*walk = (struct walk){.capacity = execution_count_max + 2};
	walk->waiting = calloc(walk->capacity, sizeof(*walk->waiting));
	walk->known = calloc(walk->capacity, sizeof(*walk->known));
	walk->weights = calloc(rung_count_max + 1, sizeof(*walk->weights));
	if (!walk->waiting || !walk->known || !walk->weights) {
		walk_free(walk);
		return -ENOMEM;
	}
	return 0;
}

void walk_free(struct walk *walk)
{
	skeleton_free(&walk->skeleton);
	free(walk->waiting);
	free(walk->known);
	free(walk->weights);
	free(walk->groups);
	walk->groups = NULL;
	walk->weights = NULL;
	walk->waiting = NULL;
	walk->known = NULL;
}

static bool earlier(const struct pending *a, const struct pending *b)
{
	if (a->time != b->time)
		return a->time < b->time;
	return a->rung != b->rung ? a->rung < b->rung : a->variant < b->variant;
}

static void wait_for(struct walk *walk, double time, size_t rung, int variant)
{
	struct pending item = {time, rung, variant};
	size_t i = walk->waiting_count++;

	for (; i && earlier(&item, &walk->waiting[(i - 1) / 2]); i = (i - 1) / 2)
		walk->waiting[i] = walk->waiting[(i - 1) / 2];
	walk->waiting[i] = item;
}

static struct pending take_first(struct walk *walk)
{
	struct pending first = walk->waiting[0], last = walk->waiting[--walk->waiting_count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < walk->waiting_count) {
		if (child + 1 < walk->waiting_count && earlier(&walk->waiting[child + 1], &walk->waiting[child]))
			child++;
		if (!earlier(&walk->waiting[child], &last))
			break;
		walk->waiting[i] = walk->waiting[child];
		i = child;
	}
	walk->waiting[i] = last;
	return first;
}

/* ln S after `length` seconds from x, jumps included */
static double move_on(const struct process *process, double x, double length, struct rng *rng)
{
	double jumps = process->jump_rate * length, mean = process->jump_mean;

	x += process->log_drift * length + sqrt(process->variance * length) * rng_normal(rng);
	if (jumps > MANY_JUMPS)
		return x + jumps * mean + sqrt(jumps * (mean * mean + process->jump_variance)) * rng_normal(rng);
	if (jumps > 0)
		for (double time = rng_exponential(rng); time < jumps; time += rng_exponential(rng))
			x += process->type->draw_jump(process, rng);
	return x;
}

struct journey {
	struct walk *walk;
	const struct ladder *ladder;
	const struct model *model;
	uint64_t path;
	uint32_t asset;
	struct outcome *sum;
	double *variants;     /* bad debt under each variant; NULL: they are not asked for */
	double variance_rate; /* of the stretch */
	double jumps, jumps_at; /* squared jumps per second, fading over the window; and when that was worked out */
	double start;	      /* where in the measurement the path's delays begin, 0..1 */
	double spread[DELAY_STAGES]; /* of the path's lots: where their delays' numbers begin; the first one below 0: not drawn yet */
	size_t next;	      /* first rung not triggered yet */
	uint64_t triggered;   /* accounts */
	size_t end;	      /* rungs[end ..] can no longer be triggered */
};

static void fade_jumps(struct journey *journey, double time)
{
	journey->jumps *= exp(-(time - journey->jumps_at) / journey->model->volatility_window_s);
	journey->jumps_at = time;
}

/* Of the moment, per root of a year: the stretch's own, and the jumps of late. Asked for under DELAYS_BY_REGIME only. */
static double volatility(struct journey *journey, double time)
{
	if (journey->model->dependent_delays != DELAYS_BY_REGIME)
		return 0;
	fade_jumps(journey, time);
	return sqrt((journey->variance_rate + journey->jumps) * SECONDS_PER_YEAR);
}

static void add_jump(struct journey *journey, double time, double jump)
{
	if (journey->model->dependent_delays != DELAYS_BY_REGIME)
		return;
	fade_jumps(journey, time);
	journey->jumps += jump * jump / journey->model->volatility_window_s;
}

/* One for all accounts, assets and stages of the path: they meet the same congestion. */
static double start_of(const struct model *model, uint64_t path)
{
	struct rng rng;

	if (model->dependent_delays != DELAYS_IN_BLOCKS)
		return 0;
	rng_open(&rng, model->seed, path, UINT32_MAX, RNG_DELAY);
	return rng_uniform(&rng);
}

static double own_numbers(const struct journey *journey, const struct rung *rung, double numbers[DELAY_STAGES])
{
	struct rng rng;

	rng_open(&rng, journey->model->seed, journey->path, (uint32_t)rung->account, RNG_DELAY);
	for (int i = 0; i < DELAY_STAGES; i++)
		numbers[i] = rng_uniform(&rng);
	return 1;
}

/* Steps of three numbers that fill the cube evenly: powers of the inverse of x⁴ = x + 1's root (Roberts 2018, after Korobov and Kronecker). */
static const double even_steps[DELAY_STAGES] = {0.8191725133961645, 0.6710436067037893, 0.5497004779019703};

#define LOT_POWER 3 /* a third of the lots gets the slowest 4 % of the delays, and a weight for it */

/*
 * A lot's delays. Its accounts would each have had their own: so that the few lots of a path stand for many delays, these are
 * spread evenly over the law, with more of them in the tail of the stage that has the longest one, and a weight to match:
 * 1 - v³ in place of a uniform, and its density's inverse, 3 v².
 */
static double lot_numbers(struct journey *journey, size_t rung, double numbers[DELAY_STAGES])
{
	const struct model *model = journey->model;
	double v;

	if (journey->spread[0] < 0) {
		struct rng rng;

		rng_open(&rng, model->seed, journey->path, UINT32_MAX - 1 - journey->asset, RNG_DELAY);
		for (int i = 0; i < DELAY_STAGES; i++)
			journey->spread[i] = rng_uniform(&rng);
	}
	for (int i = 0; i < DELAY_STAGES; i++) {
		double place = journey->spread[i] + (double)(rung + 1) * even_steps[i];

		numbers[i] = fmin(1 - 0x1p-53, fmax(0x1p-53, place - floor(place)));
	}
	v = numbers[journey->walk->slowest];
	numbers[journey->walk->slowest] = fmin(1 - 0x1p-53, 1 - v * v * v);
	return LOT_POWER * v * v;
}

static double delay_of(const struct model *model, const struct delay_law laws[DELAY_STAGES], const struct delay_moment *moment,
		       const double numbers[DELAY_STAGES], double stage[DELAY_STAGES])
{
	double delay = 0;

	for (int i = 0; i < DELAY_STAGES; i++)
		delay += stage[i] = delay_draw(&laws[i], model->dependent_delays, moment, numbers[i]);
	return delay;
}

/* Accounts that a price of e^x at `time` makes liquidatable start to wait for their execution. */
static void trigger(struct journey *journey, double time, double x)
{
	for (; journey->next < journey->end && journey->ladder->rungs[journey->next].trigger >= x; journey->next++) {
		const struct model *model = journey->model;
		struct delay_moment moment = {volatility(journey, time), time, journey->start};
		const struct rung *rung = &journey->ladder->rungs[journey->next];
		double numbers[DELAY_STAGES], stage[DELAY_STAGES], delay;

		journey->triggered += rung->members;
		journey->walk->weights[journey->next] =
			rung->members > 1 ? lot_numbers(journey, journey->next, numbers) : own_numbers(journey, rung, numbers);
		delay = delay_of(model, model->delays, &moment, numbers, stage);
		wait_for(journey->walk, time + delay, journey->next, 0);
		if (!journey->variants)
			continue;
		if (journey->walk->groups)
			journey->walk->groups[rung->group].triggered += rung->members;
		for (int k = 1; k < VARIANTS; k++) {
			double changed = delay + journey->walk->added_s[k];

			if (k == VARIANT_AGAINST && !journey->walk->against)
				continue;
			if (k >= VARIANT_WITHOUT && k < VARIANT_WITHOUT + DELAY_STAGES)
				changed -= stage[k - VARIANT_WITHOUT];
			if (k == VARIANT_AGAINST)
				changed = delay_of(model, journey->walk->against, &moment, numbers, stage);
			wait_for(journey->walk, time + (k == VARIANT_AT_ONCE ? 0 : changed), journey->next, k);
		}
	}
}

static void execute(struct journey *journey, size_t rung, int variant, double x)
{
	const struct model *model = journey->model;
	double weight = journey->walk->weights[rung];
	struct outcome outcome;

	model->engine.type->execute(&model->engine, &journey->ladder->accounts[journey->ladder->rungs[rung].account], exp(x), &outcome);
	if (journey->walk->groups)
		journey->walk->groups[journey->ladder->rungs[rung].group].bad_debt[variant] += weight * outcome.bad_debt;
	if (journey->variants)
		journey->variants[variant] += weight * outcome.bad_debt;
	if (variant)
		return;
	journey->sum->seized += weight * outcome.seized;
	journey->sum->repaid += weight * outcome.repaid;
	journey->sum->bad_debt += weight * outcome.bad_debt;
	journey->sum->returned += weight * outcome.returned;
	journey->sum->slippage += weight * outcome.slippage;
}

/* One move from (*time, *x): to the nearest known point, to an execution before it, or to a crossing. fmin and fmax keep rounding from turning a length negative. */
static void cross_to_next(struct journey *journey, double *time, double *x, struct rng *rng)
{
	struct walk *walk = journey->walk;
	struct known ahead = walk->known[walk->known_count - 1];
	double length = fmax(0, ahead.time - *time), variance = journey->variance_rate * length;

	walk->steps++;
	if (walk->waiting_count && walk->waiting[0].time < ahead.time) {
		struct pending execution = take_first(walk);
		double share = length > 0 ? fmin(1, fmax(0, (execution.time - *time) / length)) : 0;

		walk->known[walk->known_count++] = (struct known){
			execution.time, bridge_value(*x, ahead.x, share, variance, rng), execution.rung, execution.variant};
		return;
	}
	if (journey->next < journey->end) {
		double level = journey->ladder->rungs[journey->next].trigger;
		double probability = bridge_crossing_probability(*x, ahead.x, level, variance);

		if (rng_uniform(rng) < probability) {
			*time = fmin(ahead.time, *time + length * bridge_crossing_share(*x, ahead.x, level, variance, rng));
			*x = level;
			trigger(journey, *time, *x);
			return;
		}
	}
	*time = ahead.time;
	*x = ahead.x;
	walk->known_count--;
	if (ahead.rung != NO_RUNG)
		execute(journey, ahead.rung, ahead.variant, *x);
}

uint64_t walk_path(struct walk *walk, const struct ladder *ladder, const struct model *model, uint64_t path, uint32_t asset,
		   struct outcome *sum, double variants[VARIANTS])
{
	struct journey journey = {.walk = walk, .ladder = ladder, .model = model, .path = path, .sum = sum, .variants = variants,
				  .variance_rate = ladder->process->variance, .start = start_of(model, path), .end = ladder->count,
				  .asset = asset, .spread = {-1}};
	double time = 0, x = ladder->log_price;
	struct rng rng;

	rng_open(&rng, model->seed, path, asset, RNG_WALK);
	walk->waiting_count = walk->known_count = 0;
	trigger(&journey, 0, x);
	for (size_t i = 0; i < walk->skeleton.count; i++) {
		const struct skeleton_point *point = &walk->skeleton.points[i];

		walk->known[walk->known_count++] = (struct known){point->time, point->before, NO_RUNG, 0};
		while (walk->known_count)
			cross_to_next(&journey, &time, &x, &rng);
		x = point->after;
		add_jump(&journey, time, point->after - point->before);
		trigger(&journey, time, x);
	}
	while (walk->waiting_count) { /* triggered within the horizon, executed after it */
		struct pending execution = take_first(walk);

		x = move_on(ladder->process, x, fmax(0, execution.time - time), &rng);
		time = execution.time;
		execute(&journey, execution.rung, execution.variant, x);
		walk->steps++;
	}
	return journey.triggered;
}

/* Adds the stretch from (time, x), and the horizon if it lies within: accounts are triggered up to there. */
static void push_stretch(struct walk *walk, const struct stretch *stretch, double time, double x, double horizon, struct rng *rng)
{
	double end = time + stretch->length_s, cut = (horizon - time) / stretch->length_s;

	walk->known[walk->known_count++] = (struct known){end, x + stretch->move, NO_RUNG, 0};
	if (cut > 0 && cut < 1)
		walk->known[walk->known_count++] = (struct known){
			horizon, bridge_value(x, x + stretch->move, cut, stretch->variance, rng), NO_RUNG, 0};
}

uint64_t walk_memory_path(struct walk *walk, const struct ladder *ladder, const struct model *model, uint64_t path,
			  uint32_t asset, const struct drive *drive, struct outcome *sum, double variants[VARIANTS])
{
	const struct process *process = ladder->process;
	struct journey journey = {.walk = walk, .ladder = ladder, .model = model, .path = path, .sum = sum,
				  .variants = variants, .variance_rate = process->variance, .start = start_of(model, path),
				  .end = ladder->count, .asset = asset, .spread = {-1}};
	double time = 0, x = ladder->log_price;
	struct process_state state;
	struct stretch stretch;
	struct rng rng, shocks;

	rng_open(&rng, model->seed, path, asset, RNG_WALK);
	rng_open(&shocks, model->seed, path, asset, RNG_SKELETON);
	process->type->start(process, &state, &shocks);
	walk->waiting_count = walk->known_count = 0;
	trigger(&journey, 0, x);
	state.triggered = journey.next > 0;
	for (size_t k = 0; time < model->horizon_s || walk->waiting_count; k++) {
		bool shared = drive && drive->normals && time < model->horizon_s;
		size_t before = journey.next;
		double end;

		process->type->next(process, &state, shared ? drive->normals[k * drive->stride] : rng_normal(&shocks), &shocks,
				    &stretch);
		if (isinf(stretch.length_s) || k >= STRETCHES_MAX) { /* the price stays where it is */
			while (walk->waiting_count) {
				struct pending execution = take_first(walk);

				walk->beyond += execution.variant == VARIANT_AS_IS;
				execute(&journey, execution.rung, execution.variant, x);
			}
			break;
		}
		journey.variance_rate = stretch.variance / stretch.length_s;
		end = time + stretch.length_s;
		push_stretch(walk, &stretch, time, x, model->horizon_s, &rng);
		while (walk->known_count) {
			cross_to_next(&journey, &time, &x, &rng);
			if (time >= model->horizon_s)
				journey.end = journey.next;
		}
		x += stretch.jump;
		time = end;
		add_jump(&journey, time, stretch.jump);
		if (time <= model->horizon_s)
			trigger(&journey, time, x);
		state.triggered = journey.next > before;
	}
	return journey.triggered;
}
