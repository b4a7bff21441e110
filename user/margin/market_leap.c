// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market_leap.h"

#include <math.h>

#include "margin/market_screen.h"
#include "margin/market_walk.h"

#define LATEST_REPORTS 60 /* half of them at least have landed, each by itself */

bool market_leaps(const struct market_book *book)
{
	const struct market *market = book->market;
	bool congestion = market->gas.congestion > 0 && (market->gas.units > 0 || market->gas.hazard > 0);
	bool late = market->oracle.twap_s > 0 || market->oracle.hop_s > 0;
	bool dependent = book->model->dependent_delays != DELAYS_INDEPENDENT; /* they look at every move, or come late together */
	bool several = book->heads && !market->oracle.on_deviation; /* who looks at one price looks at the others, whose reports were left out */

	bool breaker = market->breaker.move > 0 || market->breaker.volatility > 0;

	return market_screen_applies(book) && !late && !dependent && !several && !breaker && !congestion;
}

/* Within which half of the delays are, at least. */
static double half_within(const struct delay_law *law)
{
	double most = 0;

	if (!law->part_count)
		return delay_quantile(law, 0.5);
	for (size_t i = 0; i < law->part_count; i++)
		most = fmax(most, half_within(&law->parts[i]));
	return most;
}

/* Before whoever comes next looks at the price on chain, that much time for reports to land: those of the chunk are left out. */
static double reports_take(const struct market_walk *walk)
{
	const struct model *model = walk->book->model;
	const struct delay_law *law = &model->delays[DELAY_ORACLE];

	if (walk->book->market->oracle.on_deviation) /* none is sent in the chunk */
		return 0;
	if (walk->scenario->no_delay)
		return model->step_s;
	if (walk->scenario->mean_delays)
		return delay_mean(law) + (LATEST_REPORTS + 1) * model->step_s;
	return half_within(law) + walk->scenario->added_s[DELAY_ORACLE] + (LATEST_REPORTS + 1) * model->step_s;
}

/* Between which prices, in logarithms, no account is liquidatable, and no report is sent if they wait for a deviation. */
static void bounds(const struct market_walk *walk, uint32_t asset, double level[2])
{
	const struct asset_state *state = &walk->assets[asset];
	const struct oracle_policy *policy = &walk->book->market->oracle;
	double below = index_highest(walk, asset, 0), above = index_highest(walk, asset, 1);

	level[0] = below > 0 ? log(below) + MARKET_ROUNDING : -INFINITY;
	level[1] = above > 0 ? -log(above) - MARKET_ROUNDING : INFINITY;
	if (policy->on_deviation) {
		double last = log(state->oracle.last_price);

		level[0] = fmax(level[0], last + log1p(-policy->deviation) + MARKET_ROUNDING);
		level[1] = fmin(level[1], last + log1p(policy->deviation) - MARKET_ROUNDING);
	}
}

/* Whether every report on its way keeps within the bounds too. */
static bool reports_keep(const struct oracle *oracle, const double level[2])
{
	for (size_t i = 0; i < oracle->count; i++)
		if (!(log(oracle->waiting[i].price) >= level[0] && log(oracle->waiting[i].price) <= level[1]))
			return false;
	return true;
}

static bool quiet(const struct market_walk *walk, uint32_t asset, double end_s)
{
	struct asset_state *state = &walk->assets[asset];
	const struct oracle_policy *policy = &walk->book->market->oracle;
	double level[2];

	if (policy->on_deviation && (state->oracle.count || end_s - state->oracle.last_s >= policy->heartbeat_s))
		return false;
	bounds(walk, asset, level);
	return reports_keep(&state->oracle, level) && market_price_keeps(&state->price, level);
}

bool market_leap(struct market_walk *walk, uint64_t block)
{
	const struct market_book *book = walk->book;
	const struct model *model = book->model;
	double end_s = (double)(block + STEPS_CHUNK) * model->step_s;

	if (!walk->leaps || block % STEPS_CHUNK || block + STEPS_CHUNK > market_book_steps(model) || walk->lot_count || walk->crossing_count)
		return false;
	if (attempt_first_due(walk) <= end_s + reports_take(walk))
		return false;
	for (uint32_t i = 0; i < model->asset_count; i++)
		if (!quiet(walk, i, end_s))
			return false;
	for (size_t i = 0; i < model->asset_count; i++) {
		struct asset_state *state = &walk->assets[i];

		market_price_leap(&state->price);
		if (block + 2 * STEPS_CHUNK > market_book_steps(model)) /* there may be no step after it that does so */
			state->price.price = exp(state->price.log_price);
		if (state->used > 0)
			state->used = liquidity_recover(&book->market->liquidity[i], state->used, STEPS_CHUNK * model->step_s);
		if (!book->market->oracle.on_deviation)
			rng_skip(&state->reports, STEPS_CHUNK);
		state->oracle.count = 0;
	}
	walk->out->steps += STEPS_CHUNK;
	return true;
}
