// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/controls.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/process.h"

#define WINDOW_MAX 1000000

static int window_check(double window_s, double step_s, struct error *err)
{
	if (!(window_s >= step_s) || window_s / step_s > WINDOW_MAX)
		return error_set(err, -EINVAL, "window is %g s; it should be one step (%g s) or more, at most %d steps", window_s, step_s,
				 WINDOW_MAX);
	return 0;
}

int breaker_check(const struct breaker *breaker, double step_s, struct error *err)
{
	if (!(breaker->move >= 0 && breaker->move < 1))
		return error_set(err, -EINVAL, "move is %g; it should be a share of the price between 0 and 1", breaker->move);
	if (!(breaker->volatility >= 0 && isfinite(breaker->volatility)))
		return error_set(err, -EINVAL, "volatility is %g; it should be 0 or more, per year", breaker->volatility);
	if (!(breaker->pause_s >= 0 && isfinite(breaker->pause_s)))
		return error_set(err, -EINVAL, "pause is %g s; it should be 0 or more", breaker->pause_s);
	return breaker->move > 0 || breaker->volatility > 0 ? window_check(breaker->window_s, step_s, err) : 0;
}

int governance_check(const struct governance *governance, double step_s, struct error *err)
{
	if (!(governance->move >= 0 && governance->move < 1))
		return error_set(err, -EINVAL, "move is %g; it should be a share of the price between 0 and 1", governance->move);
	if (!governance->move)
		return 0;
	if (!(governance->delay_s >= 0 && isfinite(governance->delay_s)))
		return error_set(err, -EINVAL, "delay is %g s; it should be 0 or more", governance->delay_s);
	if (!(governance->factor >= 0.01 && governance->factor <= 100))
		return error_set(err, -EINVAL, "factor is %g; it should be what weights are multiplied by, 0.01 to 100", governance->factor);
	return window_check(governance->window_s, step_s, err);
}

int preemptive_margin_check(const struct preemptive_margin *margin, struct error *err)
{
	if (!margin->factor)
		return 0;
	if (!(margin->factor > 0 && margin->factor <= 1))
		return error_set(err, -EINVAL, "factor is %g; it should be what weights are multiplied by, above 0 and at most 1", margin->factor);
	if (isinf(margin->ratio) && isinf(margin->latency_s))
		return error_set(err, -EINVAL, "no signal: give a ratio of volatilities, a latency, or both");
	if (!(margin->ratio > 1) || !(margin->latency_s > 0))
		return error_set(err, -EINVAL, "ratio is %g and latency %g s; they should be above 1 and above 0", margin->ratio, margin->latency_s);
	if (!(margin->fast_s > 0 && margin->slow_s > margin->fast_s))
		return error_set(err, -EINVAL, "fast is %g s and slow %g s; they should be above 0, and slow longer than fast", margin->fast_s,
				 margin->slow_s);
	if (!(margin->hold_s >= 0 && isfinite(margin->hold_s)))
		return error_set(err, -EINVAL, "hold is %g s; it should be 0 or more", margin->hold_s);
	return 0;
}

int dynamic_margin_check(const struct dynamic_margin *margin, struct error *err)
{
	if (!(margin->gain >= 0 && isfinite(margin->gain)))
		return error_set(err, -EINVAL, "gain is %g; it should be 0 or more", margin->gain);
	if (!(margin->alpha >= 0 && margin->beta >= 0 && margin->alpha + margin->beta < 1) || (margin->beta > 0 && !margin->alpha))
		return error_set(err, -EINVAL, "alpha is %g and beta %g; they should be above 0, and below 1 together", margin->alpha, margin->beta);
	if (margin->gain > 0 && (margin->half_life_s > 0) == (margin->alpha > 0))
		return error_set(err, -EINVAL, "give either half_life (the volatility is an EWMA) or alpha and beta (GARCH)");
	if (margin->gain > 0 && !(margin->half_life_s >= 0 && margin->horizon_s > 0 && margin->calm_volatility >= 0))
		return error_set(err, -EINVAL, "half_life and horizon should be above 0, calm_volatility 0 or more");
	if (margin->gain > 0 && !(margin->floor > 0 && margin->floor <= 1 && margin->step_per_hour > 0))
		return error_set(err, -EINVAL, "floor should be above 0 and at most 1, step_per_hour above 0");
	return 0;
}

static int past_init(struct past_prices *past, double window_s, double step_s)
{
	past->size = window_s > 0 ? (size_t)fmax(1, round(window_s / step_s)) : 1;
	past->ring = malloc(past->size * sizeof(*past->ring));
	return past->ring ? 0 : -ENOMEM;
}

int controls_init(struct controls *controls, const struct control_rules *rules, double step_s)
{
	int rc;

	*controls = (struct controls){.rules = *rules, .step_s = step_s};
	rc = past_init(&controls->tripped, rules->breaker->move > 0 ? rules->breaker->window_s : 0, step_s);
	return rc ? rc : past_init(&controls->decided, rules->governance->move > 0 ? rules->governance->window_s : 0, step_s);
}

void controls_free(struct controls *controls)
{
	free(controls->tripped.ring);
	free(controls->decided.ring);
	controls->tripped.ring = controls->decided.ring = NULL;
}

static void past_start(struct past_prices *past, double price)
{
	past->ring[0] = price;
	past->filled = 1;
	past->at = 1 % past->size;
}

void controls_start(struct controls *controls, double price, double sd)
{
	double calm = controls->rules.margin->calm_volatility;

	past_start(&controls->tripped, price);
	past_start(&controls->decided, price);
	controls->paused_until_s = controls->raised_until_s = -INFINITY;
	controls->changed_at_s = INFINITY;
	controls->variance = calm * calm / SECONDS_PER_YEAR;
	controls->fast = controls->slow = controls->recent = sd * sd / controls->step_s;
	controls->m = controls->followed = 1;
	controls->last_price = price;
}

/* How far the price is from the oldest one in the window; until that is full, from the first one. */
static double past_move(struct past_prices *past, double price)
{
	double then = past->filled < past->size ? past->ring[0] : past->ring[past->at];

	past->ring[past->at] = price;
	past->at = (past->at + 1) % past->size;
	if (past->filled < past->size)
		past->filled++;
	return fabs(price / then - 1);
}

static double average(double old, double variance, double half_life_s, double step_s)
{
	double keep = exp2(-step_s / half_life_s);

	return keep * old + (1 - keep) * variance;
}

static void follow_volatility(struct controls *controls, double variance)
{
	const struct dynamic_margin *margin = controls->rules.margin;
	double volatility, wanted, most = margin->step_per_hour * controls->step_s / 3600;

	if (margin->alpha > 0)
		controls->variance = (1 - margin->alpha - margin->beta) * pow(margin->calm_volatility, 2) / SECONDS_PER_YEAR +
				     margin->alpha * variance + margin->beta * controls->variance;
	else
		controls->variance = average(controls->variance, variance, margin->half_life_s, controls->step_s);
	volatility = sqrt(controls->variance * SECONDS_PER_YEAR);
	wanted = 1 - margin->gain * fmax(0, volatility - margin->calm_volatility) * sqrt(margin->horizon_s / SECONDS_PER_YEAR);
	wanted = fmax(margin->floor, wanted);
	controls->followed += fmax(-most, fmin(most, wanted - controls->followed));
}

static void look_ahead(struct controls *controls, double variance, double latency_s, double now_s)
{
	const struct preemptive_margin *margin = controls->rules.preemptive;
	bool first = !(controls->slow > 0); /* nothing is usual yet */

	controls->fast = first ? variance : average(controls->fast, variance, margin->fast_s, controls->step_s);
	controls->slow = first ? variance : average(controls->slow, variance, margin->slow_s, controls->step_s);
	if ((controls->slow > 0 && controls->fast >= margin->ratio * margin->ratio * controls->slow) || latency_s >= margin->latency_s)
		controls->raised_until_s = now_s + margin->hold_s;
}

/* Whether the breaker trips: by how far the price has come, or by how it has moved on its way. */
static bool trips(struct controls *controls, double price, double variance)
{
	const struct breaker *breaker = controls->rules.breaker;
	bool moved = breaker->move > 0 && past_move(&controls->tripped, price) >= breaker->move;

	if (!(breaker->volatility > 0))
		return moved;
	controls->recent = average(controls->recent, variance, breaker->window_s, controls->step_s);
	return moved || controls->recent * SECONDS_PER_YEAR >= breaker->volatility * breaker->volatility;
}

void controls_observe(struct controls *controls, double price, double latency_s, double now_s)
{
	const struct control_rules *rules = &controls->rules;
	double move = log(price / controls->last_price), variance = move * move / controls->step_s;

	if (trips(controls, price, variance))
		controls->paused_until_s = now_s + rules->breaker->pause_s;
	if (rules->governance->move > 0 && past_move(&controls->decided, price) >= rules->governance->move)
		controls->changed_at_s = fmin(controls->changed_at_s, now_s + rules->governance->delay_s);
	if (rules->margin->gain > 0)
		follow_volatility(controls, variance);
	if (rules->preemptive->factor > 0)
		look_ahead(controls, variance, latency_s, now_s);
	controls->last_price = price;
	controls->m = controls->followed;
	if (now_s <= controls->raised_until_s)
		controls->m *= rules->preemptive->factor;
	if (now_s >= controls->changed_at_s)
		controls->m *= rules->governance->factor;
}
