// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/controls.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/process.h"

#define WINDOW_MAX 1000000

int breaker_check(const struct breaker *breaker, double step_s, struct error *err)
{
	if (!(breaker->move >= 0 && breaker->move < 1))
		return error_set(err, -EINVAL, "move is %g; it should be a share of the price between 0 and 1", breaker->move);
	if (breaker->move > 0 && (!(breaker->window_s >= step_s) || breaker->window_s / step_s > WINDOW_MAX))
		return error_set(err, -EINVAL, "window is %g s; it should be one step (%g s) or more, at most %d steps",
				 breaker->window_s, step_s, WINDOW_MAX);
	if (!(breaker->pause_s >= 0 && isfinite(breaker->pause_s)))
		return error_set(err, -EINVAL, "pause is %g s; it should be 0 or more", breaker->pause_s);
	return 0;
}

int dynamic_margin_check(const struct dynamic_margin *margin, struct error *err)
{
	if (!(margin->gain >= 0 && isfinite(margin->gain)))
		return error_set(err, -EINVAL, "gain is %g; it should be 0 or more", margin->gain);
	if (margin->gain > 0 && !(margin->half_life_s > 0 && margin->horizon_s > 0 && margin->calm_volatility >= 0))
		return error_set(err, -EINVAL, "half_life and horizon should be above 0, calm_volatility 0 or more");
	if (margin->gain > 0 && !(margin->floor > 0 && margin->floor <= 1 && margin->step_per_hour > 0))
		return error_set(err, -EINVAL, "floor should be above 0 and at most 1, step_per_hour above 0");
	return 0;
}

int controls_init(struct controls *controls, const struct breaker *breaker, const struct dynamic_margin *margin, double step_s)
{
	*controls = (struct controls){.breaker = breaker, .margin = margin, .step_s = step_s};
	controls->size = breaker->move > 0 ? (size_t)fmax(1, round(breaker->window_s / step_s)) : 1;
	controls->past = malloc(controls->size * sizeof(*controls->past));
	return controls->past ? 0 : -ENOMEM;
}

void controls_free(struct controls *controls)
{
	free(controls->past);
	controls->past = NULL;
}

void controls_start(struct controls *controls, double price)
{
	double calm = controls->margin->calm_volatility;

	controls->past[0] = price;
	controls->filled = 1;
	controls->at = 1 % controls->size;
	controls->paused_until_s = -INFINITY;
	controls->variance = calm * calm / SECONDS_PER_YEAR;
	controls->m = 1;
	controls->last_price = price;
}

static void watch_move(struct controls *controls, double price, double now_s)
{
	/* the oldest price in the window; until it is full, the first one */
	double then = controls->filled < controls->size ? controls->past[0] : controls->past[controls->at];

	if (fabs(price / then - 1) >= controls->breaker->move)
		controls->paused_until_s = now_s + controls->breaker->pause_s;
	controls->past[controls->at] = price;
	controls->at = (controls->at + 1) % controls->size;
	if (controls->filled < controls->size)
		controls->filled++;
}

static void follow_volatility(struct controls *controls, double price)
{
	const struct dynamic_margin *margin = controls->margin;
	double keep = exp2(-controls->step_s / margin->half_life_s), move = log(price / controls->last_price), volatility, wanted;
	double most = margin->step_per_hour * controls->step_s / 3600;

	controls->variance = keep * controls->variance + (1 - keep) * move * move / controls->step_s;
	volatility = sqrt(controls->variance * SECONDS_PER_YEAR);
	wanted = 1 - margin->gain * fmax(0, volatility - margin->calm_volatility) * sqrt(margin->horizon_s / SECONDS_PER_YEAR);
	wanted = fmax(margin->floor, wanted);
	controls->m += fmax(-most, fmin(most, wanted - controls->m));
}

void controls_observe(struct controls *controls, double price, double now_s)
{
	if (controls->breaker->move > 0)
		watch_move(controls, price, now_s);
	if (controls->margin->gain > 0)
		follow_volatility(controls, price);
	controls->last_price = price;
}
