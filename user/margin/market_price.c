// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market_price.h"

#include <math.h>

#include "margin/skeleton.h"

static double next_time(double time, double rate, struct rng *rng)
{
	return rate > 0 ? time + rng_exponential(rng) / rate : INFINITY;
}

void market_price_start(struct market_price *price, const struct model *model, uint32_t asset, uint64_t path)
{
	const struct dependence *dependence = &model->dependence;
	const struct process *process = &model->assets[asset].process;

	*price = (struct market_price){.model = model, .process = process, .path = path, .price = model->assets[asset].price,
				       .inside = {model->seed, path, asset, RNG_PRICE},
				       .ends = {model->seed, path, asset, RNG_ENDS}};
	price->start = price->log_price = log(price->price);
	price->sd = sqrt(process->variance * model->step_s);
	rng_open(&price->rng, model->seed, path, asset, RNG_PRICE);
	rng_open(&price->own_times, model->seed, path, asset, RNG_JUMPS);
	rng_open(&price->common_times, model->seed, path, 0, RNG_COMMON);
	if (dependence->jumps_together && dependence->jumps_together[asset])
		price->common_rate = dependence->common_rate;
	price->own_rate = process->jump_rate - price->common_rate;
	price->next_own_s = next_time(0, price->own_rate, &price->own_times);
	price->next_common_s = next_time(0, price->common_rate, &price->common_times);
	if (process_is_levy(process) && !dependence->factor)
		price->steps = steps_kernel();
	if (process->type->start)
		process->type->start(process, &price->state, &price->rng);
}

/* The n-th common jump is drawn at the same quantile for every asset. */
static double common_jump(struct market_price *price)
{
	struct rng rng;

	rng_open(&rng, price->model->seed, price->path, ++price->commons, RNG_COMMON);
	return price->process->type->draw_jump(price->process, &rng);
}

static void jump_until(struct market_price *price, double now_s)
{
	for (; price->next_own_s <= now_s; price->next_own_s = next_time(price->next_own_s, price->own_rate, &price->own_times))
		price->own_jumps += price->process->type->draw_jump(price->process, &price->own_times);
	for (; price->next_common_s <= now_s;
	     price->next_common_s = next_time(price->next_common_s, price->common_rate, &price->common_times))
		price->common_jumps += common_jump(price);
}

/* Of the chunk that begins here, in standard deviations of a step. */
static double chunk_move(struct market_price *price)
{
	uint64_t chunk = price->blocks / STEPS_CHUNK, at = chunk % STEPS_CHUNK, of = chunk / STEPS_CHUNK;

	if (price->ends_of != of + 1)
		price->steps->walk(&price->ends, (uint32_t)of, price->end_sums);
	price->ends_of = of + 1;
	return sqrt(STEPS_CHUNK) * ((double)price->end_sums[at] - (at ? (double)price->end_sums[at - 1] : 0));
}

static void draw_inside(struct market_price *price)
{
	price->steps->walk(&price->inside, (uint32_t)(price->blocks / STEPS_CHUNK), price->sums);
	price->move = chunk_move(price);
	price->missed = (price->move - (double)price->sums[STEPS_CHUNK - 1]) / STEPS_CHUNK;
}

/* The diffusion after step `at` of the chunk, which is not its last one. */
static double sum_inside(const struct market_price *price, uint64_t at)
{
	return price->diffusion + (double)price->sums[at] + (double)(at + 1) * price->missed;
}

/* The diffusion after one more step, in standard deviations of a step. */
static double next_sum(struct market_price *price, double shock)
{
	uint64_t at = price->blocks % STEPS_CHUNK;

	if (!price->steps)
		return price->diffusion += isnan(shock) ? rng_normal(&price->rng) : shock;
	if (!at)
		draw_inside(price);
	if (at < STEPS_CHUNK - 1)
		return sum_inside(price, at);
	return price->diffusion += price->move;
}

/* ln S where the diffusion has come to `sum`, after the jumps so far. */
static double log_price_at(const struct market_price *price, double now_s, double sum)
{
	return price->start + price->process->log_drift * now_s + price->sd * sum + price->own_jumps + price->common_jumps;
}

static void levy_step(struct market_price *price, double now_s, double shock)
{
	double sum = next_sum(price, shock);

	price->blocks++;
	jump_until(price, now_s);
	price->log_price = log_price_at(price, now_s, sum);
}

void market_price_leap(struct market_price *price)
{
	price->diffusion += price->move;
	price->blocks += STEPS_CHUNK;
	price->log_price = price->last;
}

#define NEVER 40.0 /* e^-40 */

/* Whether a bridge from `a` to `b` above a level stays there for all purposes: it touches it with probability e^(-2ab/variance). */
static bool stays(double a, double b, double variance)
{
	return a > 0 && b > 0 && 2 * a * b > NEVER * variance;
}

bool market_price_keeps(struct market_price *price, const double level[2])
{
	double step_s = price->model->step_s, from = (double)price->blocks * step_s, to = from + STEPS_CHUNK * step_s;
	double variance = STEPS_CHUNK * price->sd * price->sd, first;

	if (price->next_own_s <= to || price->next_common_s <= to)
		return false;
	first = log_price_at(price, from, price->diffusion);
	price->move = chunk_move(price);
	price->last = log_price_at(price, to, price->diffusion + price->move);
	if (stays(first - level[0], price->last - level[0], variance) && stays(level[1] - first, level[1] - price->last, variance))
		return true;
	if (!(price->last >= level[0] && price->last <= level[1]))
		return false;
	draw_inside(price);
	for (uint64_t at = 0; at < STEPS_CHUNK - 1; at++) {
		double x = log_price_at(price, from + (double)(at + 1) * step_s, sum_inside(price, at));

		if (!(x >= level[0] && x <= level[1]))
			return false;
	}
	return true;
}

void market_price_jump_to(struct market_price *price, uint64_t chunk, double diffusion)
{
	price->blocks = chunk * STEPS_CHUNK;
	price->diffusion = diffusion;
	jump_until(price, (double)price->blocks * price->model->step_s);
}

/* Stretch by stretch; inside one the price is a bridge to its end. */
static double remembering_move(struct market_price *price, double dt, double shock)
{
	const struct process *process = price->process;
	double sum = 0;

	while (dt > 0) {
		double taken, move;

		if (!(price->left_s > 0)) {
			struct stretch stretch;

			process->type->next(process, &price->state, isnan(shock) ? rng_normal(&price->rng) : shock, &price->rng, &stretch);
			price->left_s = stretch.length_s;
			price->left_move = stretch.move;
			price->left_variance = stretch.variance;
			price->jump = stretch.jump;
		}
		if (isinf(price->left_s)) /* the tape has ended */
			return sum;
		taken = fmin(dt, price->left_s);
		move = taken < price->left_s ? bridge_value(0, price->left_move, taken / price->left_s, price->left_variance, &price->rng)
					     : price->left_move;
		price->left_variance *= 1 - taken / price->left_s;
		price->left_move -= move;
		price->left_s = taken < price->left_s ? price->left_s - taken : 0;
		dt -= taken;
		sum += move;
		if (!(price->left_s > 0)) {
			sum += price->jump;
			price->jump = 0;
		}
	}
	return sum;
}

void market_price_step(struct market_price *price, double now_s, double shock)
{
	if (process_is_levy(price->process))
		levy_step(price, now_s, shock);
	else
		price->log_price += remembering_move(price, price->model->step_s, shock);
	price->price = exp(price->log_price);
}

double market_price_sd(const struct market_price *price)
{
	const struct process *process = price->process;
	double jumps = process->jump_rate * (process->jump_mean * process->jump_mean + process->jump_variance);

	return sqrt((process->variance + jumps) * price->model->step_s);
}

void market_price_triggered(struct market_price *price)
{
	price->state.triggered = true;
}
