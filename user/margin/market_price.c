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

	*price = (struct market_price){.model = model, .process = process, .path = path, .price = model->assets[asset].price};
	price->log_price = log(price->price);
	rng_open(&price->rng, model->seed, path, asset, RNG_PRICE);
	if (dependence->jumps_together && dependence->jumps_together[asset])
		price->common_rate = dependence->common_rate;
	price->own_rate = process->jump_rate - price->common_rate;
	rng_open(&price->common_times, model->seed, path, 0, RNG_COMMON);
	price->next_common_s = next_time(0, price->common_rate, &price->common_times);
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

static double levy_move(struct market_price *price, double now_s, double dt, double shock)
{
	const struct process *process = price->process;
	double own = price->own_rate * dt;
	double move = process->log_drift * dt + sqrt(process->variance * dt) * (isnan(shock) ? rng_normal(&price->rng) : shock);

	if (own > 0)
		for (double time = rng_exponential(&price->rng); time < own; time += rng_exponential(&price->rng))
			move += process->type->draw_jump(process, &price->rng);
	for (; price->next_common_s <= now_s;
	     price->next_common_s = next_time(price->next_common_s, price->common_rate, &price->common_times))
		move += common_jump(price);
	return move;
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
	double dt = price->model->step_s;

	price->log_price += process_is_levy(price->process) ? levy_move(price, now_s, dt, shock) : remembering_move(price, dt, shock);
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
