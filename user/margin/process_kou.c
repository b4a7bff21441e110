// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Kou (2002): a diffusion whose jumps of ln S are exponential upwards (probability up_probability, rate eta_up > 1) or
 * downwards (rate eta_down). `drift` is the total drift, as in merton. The sum of n jumps is a mixture of Erlang laws on
 * either side: an up-jump meets what is left of the down-jumps and one of the two is used up, by the memorylessness of
 * the exponential. So a put is a sum over (number of jumps, side, Erlang order) of terms that are all positive.
 */
#include "margin/process.h"

#include <math.h>

#include "margin/lognormal.h"
#include "margin/normal_erlang.h"

enum { VOLATILITY, DRIFT, JUMPS_PER_YEAR, UP_PROBABILITY, ETA_UP, ETA_DOWN };

#define MANY_JUMPS 200 /* expected; beyond it their sum is taken as normal */
#define LEFT_OUT 1e-17
#define ORDERS_MAX 512 /* above MANY_JUMPS + 12 √MANY_JUMPS + what small means need */

static int prepare(struct process *process, struct error *err)
{
	const double *p = process->parameter;
	double up = p[UP_PROBABILITY], down = 1 - up;
	double kappa = up / (p[ETA_UP] - 1) - down / (p[ETA_DOWN] + 1);

	(void)err;
	process->variance = p[VOLATILITY] * p[VOLATILITY] / SECONDS_PER_YEAR;
	process->total_drift = p[DRIFT] / SECONDS_PER_YEAR;
	process->jump_rate = p[JUMPS_PER_YEAR] / SECONDS_PER_YEAR;
	process->log_drift = process->total_drift - process->jump_rate * kappa - 0.5 * process->variance;
	process->jump_mean = up / p[ETA_UP] - down / p[ETA_DOWN];
	process->jump_variance = 2 * up / (p[ETA_UP] * p[ETA_UP]) + 2 * down / (p[ETA_DOWN] * p[ETA_DOWN]) -
				 process->jump_mean * process->jump_mean;
	process->jump_reach = down > 0 ? 14 / p[ETA_DOWN] : 0;
	return 0;
}

/* One uniform by the inverse distribution: two assets that share it jump together. */
static double draw_jump(const struct process *process, struct rng *rng)
{
	const double *p = process->parameter;
	double u = rng_uniform(rng), down = 1 - p[UP_PROBABILITY];

	return u < down ? log(u / down) / p[ETA_DOWN] : -log((1 - u) / p[UP_PROBABILITY]) / p[ETA_UP];
}

/* Probabilities of the sum of the jumps so far: none[0], or Erlang of order j upwards or downwards. */
struct sides {
	double up[ORDERS_MAX + 1], down[ORDERS_MAX + 1]; /* [0] of `up`: no jump at all; of `down`: unused */
};

/*
 * One more jump. On its own side it adds an order. On the other side it eats orders, one by one, each with the probability
 * that it outlasts it, and ends as what is left of either.
 */
static void add_jump(const struct process *process, const struct sides *old, size_t jumps, struct sides *out)
{
	const double *p = process->parameter;
	double up = p[UP_PROBABILITY], down = 1 - up, both = p[ETA_UP] + p[ETA_DOWN];
	double up_outlasts = p[ETA_DOWN] / both, down_outlasts = p[ETA_UP] / both, from_up = 0, from_down = 0;

	out->up[0] = out->down[0] = 0;
	for (size_t j = jumps + 1; j >= 1; j--) {
		if (j <= jumps) {
			from_down = from_down * up_outlasts + old->down[j];
			from_up = from_up * down_outlasts + old->up[j];
		}
		out->down[j] = up * down_outlasts * from_down;
		out->up[j] = down * up_outlasts * from_up;
		if (j > 1) {
			out->up[j] += up * old->up[j - 1];
			out->down[j] += down * old->down[j - 1];
		}
	}
	out->up[1] += up * (old->up[0] + up_outlasts * from_down);
	out->down[1] += down * (old->up[0] + down_outlasts * from_up);
}

/*
 * Weights of every side and order by time t, and their derivatives by t; returns the highest order that matters. `first` is
 * 1 if the path begins with what a jump overshot a level by: one exponential downwards, memoryless as it is.
 */
static size_t weigh(const struct process *process, double log_strike, double t, size_t first, struct sides *weight, struct sides *rate)
{
	const double *p = process->parameter;
	double mean = process->jump_rate * t, poisson = exp(-mean), before = 0, limit = LEFT_OUT * fmin(1, mean) * poisson;
	double reach = 1 + fmax(p[ETA_UP], p[ETA_DOWN]) * fabs(log_strike), growth = 1; /* an order more reaches further: by reach^n/n! at most */
	struct sides buffer[2], *now = &buffer[0], *next = &buffer[1], *free_again;
	size_t n = 0;

	now->up[0] = !first;
	now->down[0] = now->up[1] = 0;
	now->down[1] = (double)first;
	weight->up[0] = weight->down[0] = rate->up[0] = rate->down[0] = 0;
	for (;;) { /* only orders up to n are ever touched: the arrays are large, and mostly unused */
		double change = process->jump_rate * (before - poisson);

		size_t orders = n + first;

		weight->up[orders] = weight->down[orders] = rate->up[orders] = rate->down[orders] = 0;
		for (size_t j = 0; j <= orders; j++) {
			weight->up[j] += poisson * now->up[j];
			weight->down[j] += poisson * now->down[j];
			rate->up[j] += change * now->up[j];
			rate->down[j] += change * now->down[j];
		}
		if (orders == ORDERS_MAX || ((double)n > mean && poisson * growth <= limit) || process->jump_rate <= 0)
			return orders;
		add_jump(process, now, orders, next);
		free_again = now;
		now = next;
		next = free_again;
		before = poisson;
		n++;
		growth *= n > 1 ? fmax(1, reach / (double)(n - 1)) : 1;
		poisson *= mean / (double)n;
	}
}

/* By moments: what many jumps add up to. */
static double many_jumps_sd(const struct process *process, double t)
{
	double mean = process->jump_mean;

	return sqrt((process->variance + process->jump_rate * (mean * mean + process->jump_variance)) * t);
}

/*
 * Adds the value of one side's orders 1 … count and what the diffusion changes in it per second: given the jumps the
 * price is e^(normal ± Erlang), so value = K·P(X < k) - E[e^X; X < k], and the last term is a probability under the
 * measure that takes e^X as density: mean shifted by the variance, rate changed by one.
 */
static void add_side(const struct process *process, double log_strike, double t, int sign, double eta, const double *weight,
		     const double *rate, size_t count, double *value, double *by_time)
{
	double below[ORDERS_MAX + 1], density[ORDERS_MAX + 1], tilted[ORDERS_MAX + 1], ignored[ORDERS_MAX + 1];
	double variance = process->variance * t, sd = sqrt(variance), mean = process->log_drift * t, strike = exp(log_strike);
	double forward = exp(mean + 0.5 * variance), growth = eta / (eta - sign);

	normal_erlang(log_strike, mean, sd, eta, sign, count, below, density);
	normal_erlang(log_strike, mean + variance, sd, eta - sign, sign, count, tilted, ignored);
	for (size_t j = 1; j <= count; j++) {
		double price;

		forward *= growth;
		price = forward * tilted[j];
		*value += weight[j] * fmax(0, strike * below[j] - price);
		*by_time += weight[j] * (0.5 * process->variance * (strike * density[j] - price) - process->log_drift * price) +
			    rate[j] * fmax(0, strike * below[j] - price);
	}
}

static void value_and_slope(const struct process *process, double log_strike, double t, size_t first, double *value,
			    double *by_time)
{
	const double *p = process->parameter;
	double sd = sqrt(process->variance * t), forward = (process->log_drift + 0.5 * process->variance) * t, none;
	double by_sd, by_forward;
	struct sides weight, rate;
	size_t count = weigh(process, log_strike, t, first, &weight, &rate);

	none = lognormal_put(log_strike, forward, sd);
	lognormal_put_gradient(log_strike, forward, sd, &by_sd, &by_forward);
	*value = weight.up[0] * none;
	*by_time = rate.up[0] * none + weight.up[0] * (by_sd * 0.5 * process->variance / sd +
						       by_forward * (process->log_drift + 0.5 * process->variance));
	add_side(process, log_strike, t, -1, p[ETA_DOWN], weight.down, rate.down, count, value, by_time);
	add_side(process, log_strike, t, 1, p[ETA_UP], weight.up, rate.up, count, value, by_time);
}

static double density(const struct process *process, double x, double t)
{
	double sd = sqrt(process->variance * t), mean = process->log_drift * t, below[ORDERS_MAX + 1], at[ORDERS_MAX + 1], sum;
	const double *p = process->parameter;
	struct sides weight, rate;
	size_t count;

	if (process->jump_rate * t > MANY_JUMPS) {
		sd = many_jumps_sd(process, t);
		return normal_density((x - (process->total_drift * t - 0.5 * sd * sd)) / sd) / sd;
	}
	count = weigh(process, x, t, 0, &weight, &rate);
	sum = weight.up[0] * normal_density((x - mean) / sd) / sd;
	for (int sign = -1; sign <= 1; sign += 2) {
		const double *side = sign < 0 ? weight.down : weight.up;

		normal_erlang(x, mean, sd, sign < 0 ? p[ETA_DOWN] : p[ETA_UP], sign, count, below, at);
		for (size_t j = 1; j <= count; j++)
			sum += side[j] * at[j];
	}
	return sum;
}

#define AT_ONCE_S 1e-9 /* the slope at no delay is taken here: without width the density at the strike has no value */

/* Beyond MANY_JUMPS: by the first two moments. */
static void many_jumps(const struct process *process, double log_strike, double t, double *value, double *by_time)
{
	double sd = many_jumps_sd(process, t), by_sd, by_forward;

	*value = lognormal_put(log_strike, process->total_drift * t, sd);
	lognormal_put_gradient(log_strike, process->total_drift * t, sd, &by_sd, &by_forward);
	*by_time = by_sd * 0.5 * sd / t + by_forward * process->total_drift;
}

static double put(const struct process *process, double log_strike, double t)
{
	double value, by_time;

	if (t <= 0)
		return fmax(0, expm1(log_strike));
	if (process->jump_rate * t > MANY_JUMPS)
		many_jumps(process, log_strike, t, &value, &by_time);
	else
		value_and_slope(process, log_strike, t, 0, &value, &by_time);
	return value;
}

static double put_by_time(const struct process *process, double log_strike, double t)
{
	double value, by_time;

	if (process->jump_rate * t > MANY_JUMPS)
		many_jumps(process, log_strike, t, &value, &by_time);
	else
		value_and_slope(process, log_strike, fmax(t, AT_ONCE_S), 0, &value, &by_time);
	return by_time;
}

/* At once: E[(K - e^-Y)+] with Y exponential: K^(η+1)/(η+1) out of the money. Beyond MANY_JUMPS the overshoot is one more of them. */
static double put_overshot(const struct process *process, double log_strike, double t)
{
	double eta = process->parameter[ETA_DOWN], value, by_time;

	if (t <= 0)
		return log_strike < 0 ? exp((eta + 1) * log_strike) / (eta + 1) : exp(log_strike) - eta / (eta + 1);
	if (process->jump_rate * t > MANY_JUMPS)
		many_jumps(process, log_strike, t, &value, &by_time);
	else
		value_and_slope(process, log_strike, t, 1, &value, &by_time);
	return value;
}

static double put_overshot_by_time(const struct process *process, double log_strike, double t)
{
	double value, by_time;

	if (process->jump_rate * t > MANY_JUMPS)
		many_jumps(process, log_strike, t, &value, &by_time);
	else
		value_and_slope(process, log_strike, fmax(t, AT_ONCE_S), 1, &value, &by_time);
	return by_time;
}

const struct process_type process_kou = {
	.name = "kou",
	.parameters = {{"volatility", 1e-6, 1000, 0}, {"drift", -1000, 1000, PARAMETER_OPTIONAL},
		       {"jumps_per_year", 0, 1e7, 0}, {"up_probability", 0, 1, 0}, {"eta_up", 1.001, 1e6, 0}, {"eta_down", 1e-3, 1e6, 0}},
	.prepare = prepare,
	.draw_jump = draw_jump,
	.density = density,
	.put = put,
	.put_by_time = put_by_time,
	.put_overshot = put_overshot,
	.put_overshot_by_time = put_overshot_by_time,
};
