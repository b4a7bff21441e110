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

struct pending {
	double time;
	size_t rung;
};

struct known {
	double time, x;
	size_t rung; /* execution of this account, or NO_RUNG */
};

int walk_init(struct walk *walk, size_t rung_count_max)
{
	*walk = (struct walk){.capacity = rung_count_max + 1};
	walk->waiting = calloc(walk->capacity, sizeof(*walk->waiting));
	walk->known = calloc(walk->capacity, sizeof(*walk->known));
	if (!walk->waiting || !walk->known) {
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
	walk->waiting = NULL;
	walk->known = NULL;
}

static bool earlier(const struct pending *a, const struct pending *b)
{
	return a->time < b->time || (a->time == b->time && a->rung < b->rung);
}

static void wait_for(struct walk *walk, double time, size_t rung)
{
	struct pending item = {time, rung};
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
	struct outcome *sum;
	size_t next; /* first rung not triggered yet */
};

/* Accounts that a price of e^x at `time` makes liquidatable start to wait for their execution. */
static void trigger(struct journey *journey, double time, double x)
{
	for (; journey->next < journey->ladder->count && journey->ladder->rungs[journey->next].trigger >= x; journey->next++) {
		struct rng rng;
		double delay = 0;

		rng_open(&rng, journey->model->seed, journey->path,
			 (uint32_t)journey->ladder->rungs[journey->next].account, RNG_DELAY);
		for (int i = 0; i < DELAY_STAGES; i++)
			delay += delay_quantile(&journey->model->delays[i], rng_uniform(&rng));
		wait_for(journey->walk, time + delay, journey->next);
	}
}

static void execute(struct journey *journey, size_t rung, double x)
{
	const struct model *model = journey->model;
	struct outcome outcome;

	model->engine.type->execute(&model->engine, &model->accounts[journey->ladder->rungs[rung].account], exp(x), &outcome);
	journey->sum->seized += outcome.seized;
	journey->sum->repaid += outcome.repaid;
	journey->sum->bad_debt += outcome.bad_debt;
	journey->sum->returned += outcome.returned;
	journey->sum->slippage += outcome.slippage;
}

/* From (*time, *x) to the point at the bottom of the stack. fmin and fmax keep rounding from turning a length negative. */
static void cross_stretch(struct journey *journey, double *time, double *x, struct rng *rng)
{
	const struct ladder *ladder = journey->ladder;
	struct walk *walk = journey->walk;

	while (walk->known_count) {
		struct known ahead = walk->known[walk->known_count - 1];
		double length = fmax(0, ahead.time - *time), variance = ladder->process->variance * length;

		walk->steps++;
		if (walk->waiting_count && walk->waiting[0].time < ahead.time) {
			struct pending execution = take_first(walk);
			double share = fmin(1, fmax(0, (execution.time - *time) / length));

			walk->known[walk->known_count++] = (struct known){
				execution.time, bridge_value(*x, ahead.x, share, variance, rng), execution.rung};
			continue;
		}
		if (journey->next < ladder->count) {
			double level = ladder->rungs[journey->next].trigger;
			double probability = bridge_crossing_probability(*x, ahead.x, level, variance);

			if (rng_uniform(rng) < probability) {
				*time = fmin(ahead.time, *time + length * bridge_crossing_share(*x, ahead.x, level,
												variance, rng));
				*x = level;
				trigger(journey, *time, *x);
				continue;
			}
		}
		*time = ahead.time;
		*x = ahead.x;
		walk->known_count--;
		if (ahead.rung != NO_RUNG)
			execute(journey, ahead.rung, *x);
	}
}

uint64_t walk_path(struct walk *walk, const struct ladder *ladder, const struct model *model, uint64_t path, uint32_t asset,
		   struct outcome *sum)
{
	struct journey journey = {.walk = walk, .ladder = ladder, .model = model, .path = path, .sum = sum};
	double time = 0, x = ladder->log_price;
	struct rng rng;

	rng_open(&rng, model->seed, path, asset, RNG_WALK);
	walk->waiting_count = walk->known_count = 0;
	trigger(&journey, 0, x);
	for (size_t i = 0; i < walk->skeleton.count; i++) {
		const struct skeleton_point *point = &walk->skeleton.points[i];

		walk->known[walk->known_count++] = (struct known){point->time, point->before, NO_RUNG};
		cross_stretch(&journey, &time, &x, &rng);
		x = point->after;
		trigger(&journey, time, x);
	}
	while (walk->waiting_count) { /* triggered within the horizon, executed after it */
		struct pending execution = take_first(walk);

		x = move_on(ladder->process, x, fmax(0, execution.time - time), &rng);
		time = execution.time;
		execute(&journey, execution.rung, x);
		walk->steps++;
	}
	return journey.next;
}
