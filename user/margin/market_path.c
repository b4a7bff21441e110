// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The order within a block: the price moves, markets recover, a report may be sent and reports land, the fronts fire, then
 * transactions whose time has come are executed in the order of their times. Whoever could act and finds that it does not
 * pay, that the breaker is on, or that the sale misses its limit, tries again in the next block.
 */
#include <math.h>
#include <string.h>

#include "margin/market_leap.h"
#include "margin/market_walk.h"

#define BEYOND_HORIZON 1.0 /* horizons that whoever waits in vain goes on trying after the end … */
#define ARRIVAL_HORIZONS 100 /* … and after which whoever is still on the way counts as not coming */
#define BLOCK_GAS 30000000 /* the fee depends on shares of it only */
#define GAS_MEMORY_S 3600.0 /* half-life of what counts as a usual move */

/* ---- one block ------------------------------------------------------------------------------------------------------ */

/* Against how the coin has moved of late, whatever its process is. */
static void move_gas(struct market_walk *walk, double log_price_before)
{
	const struct gas *gas = &walk->book->market->gas;
	double move = walk->assets[gas->asset].price.log_price - log_price_before, keep = exp2(-walk->book->model->step_s / GAS_MEMORY_S);
	double deviations = walk->gas_variance > 0 && !walk->scenario->no_gas ? fabs(move) / sqrt(walk->gas_variance) : 1;
	uint64_t used = (uint64_t)(gas_block_usage(gas, deviations) * BLOCK_GAS);

	walk->gas_variance = walk->gas_variance > 0 ? keep * walk->gas_variance + (1 - keep) * move * move : move * move;
	walk->base_fee_wei = fmax(gas->base_fee_gwei * 1e9,
				  (double)gas_next_base_fee((uint64_t)walk->base_fee_wei, used, BLOCK_GAS));
}

static int report(struct market_walk *walk, struct asset_state *state, uint32_t asset)
{
	const struct model *model = walk->book->model;
	const struct market *market = walk->book->market;
	double seen = state->price.price, value;

	if (market->feedback && !walk->scenario->no_impact)
		seen *= liquidity_marginal(&market->liquidity[asset], state->used);
	if (!oracle_observe(&state->oracle, seen, walk->now_s, &state->reports, &value))
		return 0;
	return oracle_send(&state->oracle, value, walk->now_s,
			   stage_delay(walk, asset, &model->delays[DELAY_ORACLE], DELAY_ORACLE, &state->reports));
}

double market_level(const struct market_walk *walk, const struct asset_state *state, int side)
{
	double oracle = state->oracle.price, m = state->controls.m;

	if (!side)
		return oracle * m;
	return (walk->book->shorts_owe ? 1 : m) / oracle;
}

static int fired(struct market_walk *walk, struct asset_state *state, uint32_t row, double level)
{
	uint32_t account = basket_head(walk->book, row);

	if (basket_is(walk->book, row)) {
		int looked = basket_look(walk, row, level);

		if (looked != BASKET_BELOW)
			return looked;
	} else if (walk->paid) {
		int looked = index_look(walk, row, level);

		if (looked != INDEX_BELOW)
			return looked;
	}
	for (row = account; row < basket_end(walk->book, account); row++)
		market_walk_touch(walk, row);
	walk->states[account].under_way = true;
	walk->states[account].below_since_s = walk->now_s;
	market_price_triggered(&state->price);
	return attempt_schedule(walk, account);
}

static int fire(struct market_walk *walk, uint32_t asset)
{
	struct asset_state *state = &walk->assets[asset];
	int rc = 0;

	for (int side = 0; side < 2; side++) {
		double level = market_level(walk, state, side), fires_at = index_level(walk, asset, side, level);
		int64_t row;

		while (!rc && (row = front_fire(&state->fronts[side], fires_at)) >= 0)
			rc = fired(walk, state, (uint32_t)row, level);
	}
	return rc;
}

/* The shock of this step of a correlated asset; NAN beyond those that were drawn. */
static double shock_of(const struct market_walk *walk, uint64_t block, uint32_t asset)
{
	if (!walk->shocks || block > market_book_steps(walk->book->model))
		return NAN;
	return walk->shocks[(block - 1) * walk->book->model->asset_count + asset];
}

/* The volatility of the moment: an average over the window's time, whatever the process is. */
static void follow(const struct model *model, struct asset_state *state, double move)
{
	double keep = exp(-model->step_s / model->volatility_window_s);

	state->moving = keep * state->moving + (1 - keep) * move * move / model->step_s;
}

static int step(struct market_walk *walk, uint64_t block, bool triggers)
{
	const struct model *model = walk->book->model;
	const struct market *market = walk->book->market;
	double before = walk->assets[market->gas.asset].price.log_price;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < model->asset_count; i++) {
		struct asset_state *state = &walk->assets[i];

		if (block) {
			double log_price = state->price.log_price;

			market_price_step(&state->price, walk->now_s, shock_of(walk, block, i));
			if (model->dependent_delays == DELAYS_BY_REGIME)
				follow(model, state, state->price.log_price - log_price);
			state->used = liquidity_recover(&market->liquidity[i], state->used, model->step_s);
			rc = report(walk, state, i);
			oracle_land(&state->oracle, walk->now_s);
			controls_observe(&state->controls, state->oracle.price, state->oracle.latency_s, walk->now_s);
		}
	}
	for (uint32_t i = 0; !rc && triggers && i < model->asset_count; i++)
		rc = fire(walk, i);
	if (block && (market->gas.units > 0 || market->gas.hazard > 0))
		move_gas(walk, before);
	while (!rc && attempt_first_due(walk) <= walk->now_s) {
		struct attempt attempt = attempt_take_first(walk);

		rc = attempt_included(walk, attempt.account) ? trade_liquidation(walk, attempt) : attempt_again(walk, attempt);
	}
	if (!rc)
		rc = attempt_end_block(walk);
	if (!rc)
		rc = trade_lots(walk);
	crossing_land(walk, walk->now_s);
	money_spread(walk, false);
	rc = rc ? rc : walk->failed;
	if (!rc)
		rc = market_walk_renew_fronts(walk);
	while (walk->book->market->keepers.entry_cost > 0 && walk->now_s >= walk->next_review_s)
		attempt_review(walk);
	walk->out->steps++;
	return rc;
}

/* ---- one path ------------------------------------------------------------------------------------------------------- */

static void start(struct market_walk *walk)
{
	const struct model *model = walk->book->model;

	for (uint32_t i = 0; i < model->asset_count; i++) {
		struct asset_state *state = &walk->assets[i];

		market_price_start(&state->price, model, i, walk->path);
		rng_open(&state->reports, model->seed, walk->path, i, RNG_REPORT);
		state->used = 0;
		state->moving = pow(market_price_sd(&state->price), 2) / model->step_s;
		oracle_start(&state->oracle, state->price.price);
		controls_start(&state->controls, state->price.price, market_price_sd(&state->price));
		front_start(&state->fronts[0]);
		front_start(&state->fronts[1]);
		state->moved[0] = state->moved[1] = false;
		state->unpaid = state->wanted = 0;
	}
	for (size_t i = 0; i < walk->touched_count; i++) {
		walk->positions[walk->touched[i]] = walk->book->positions[walk->touched[i]];
		walk->states[walk->touched[i]] = (struct account_state){0};
		if (walk->keys)
			walk->keys[walk->touched[i]] = walk->book->keys[walk->touched[i]];
		index_forget(walk, walk->touched[i]);
	}
	attempt_start(walk);
	walk->touched_count = walk->lot_count = walk->crossing_count = 0;
	walk->competing = walk->book->market->keepers.count;
	walk->earned = 0;
	walk->next_review_s = walk->book->market->keepers.review_s;
	walk->last_arrival_s = 0;
	if (model->dependent_delays == DELAYS_IN_BLOCKS) {
		struct rng rng;

		rng_open(&rng, model->seed, walk->path, UINT32_MAX, RNG_DELAY);
		walk->start = rng_uniform(&rng);
	}
	walk->gas_variance = pow(market_price_sd(&walk->assets[walk->book->market->gas.asset].price), 2);
	if (walk->shocks)
		dependence_normals(&model->dependence, model->seed, walk->path, market_book_steps(model), model->asset_count,
				   walk->shocks);
	walk->base_fee_wei = walk->book->market->gas.base_fee_gwei * 1e9;
	walk->ranking.at_s = NAN;
	walk->accounts_moved = false;
	index_start(walk);
	waterfall_start(&walk->book->market->waterfall, &walk->waterfall);
}

/* Of an account by its first row; 0 by the others. */
static double equity(const struct market_walk *walk, uint32_t row)
{
	const struct model *model = walk->book->model;
	double sum = walk->positions[row].cash;

	if (model_joined(model, row))
		return 0;
	for (uint32_t i = row; i < basket_end(walk->book, row); i++)
		sum += walk->positions[i].units * walk->assets[model->accounts[i].asset].price.price;
	return sum;
}

/* Debt that its collateral does not cover any more is bad, whether anybody came or not. */
static void count_open(struct market_walk *walk)
{
	double owed = 0, offered = 0; /* by borrowers; on lots */
	bool positions_pay = walk->ranking.heap || walk->payers || walk->paid;

	index_end(walk);
	for (size_t i = 0; i < walk->touched_count; i++) {
		uint32_t row = walk->touched[i];
		double short_of = fmax(0, -equity(walk, row));

		owed += short_of;
		money_lost(walk, row, short_of);
		if (positions_pay && short_of > 0 && cross_is(walk->book, row))
			cross_absorb(walk, row, short_of);
		else if (positions_pay && short_of > 0)
			money_absorb(walk, &(struct shortfall){short_of, row, walk->positions[row].units,
							       walk->assets[walk->book->model->accounts[row].asset].price.price, true});
	}
	for (size_t i = 0; i < walk->lot_count; i++) {
		const struct lot *lot = &walk->lots[i].lot;
		double price = walk->assets[walk->book->model->accounts[walk->lots[i].account].asset].price.price, short_of;

		walk->out->protocol += lot->units * (price - walk->lots[i].mark);
		money_held(walk, lot->units, walk->lots[i].mark, price);
		short_of = fmax(0, lot->claim - lot->raised - lot->units * price);
		offered += short_of;
		money_lost(walk, walk->lots[i].account, short_of);
	}
	walk->out->open = owed + offered;
	walk->out->borrowers += owed; /* they owe it, and will not pay */
	walk->out->protocol += offered;
	if (walk->out->open > 0 && !positions_pay)
		money_absorb(walk, &(struct shortfall){.amount = walk->out->open});
	money_spread(walk, true);
}

/* Whether anything can still happen in this block. */
static bool goes_on(const struct market_walk *walk, double horizon_s)
{
	double step_s = walk->book->model->step_s;

	if (walk->now_s < horizon_s + step_s / 2)
		return true;
	if (!attempt_any(walk) && !walk->lot_count && !walk->crossing_count)
		return false;
	return walk->now_s <= (1 + BEYOND_HORIZON) * horizon_s || walk->now_s < fmin(walk->last_arrival_s, ARRIVAL_HORIZONS * horizon_s) + step_s;
}

/*
 * Over the blocks in which nothing can happen, and which nothing remembers: each had one report of every asset, whose delay was
 * one random number. Returns the next block.
 */
static uint64_t skip(struct market_walk *walk, const struct market_from *from)
{
	bool never = from->chunk == MARKET_NEVER;
	uint64_t blocks = never ? market_book_steps(walk->book->model) : from->chunk * STEPS_CHUNK;

	if (!never && (!from->diffusions || !blocks))
		return 0;
	for (size_t i = 0; !never && i < walk->book->model->asset_count; i++) {
		market_price_jump_to(&walk->assets[i].price, from->chunk, from->diffusions[i]);
		rng_skip(&walk->assets[i].reports, blocks);
	}
	walk->out->steps = blocks + 1;
	walk->now_s = (double)(blocks + 1) * walk->book->model->step_s;
	return blocks + 1;
}

/* Gains of everybody involved, which add up to nothing but rounding once the price's own moves are taken off. */
static double balance(const struct path_result *r, size_t tiers)
{
	double sum = r->borrowers + r->keepers + r->protocol + r->buyers + r->gas - r->lenders - r->held;

	for (size_t i = 0; i < tiers; i++)
		sum -= r->absorbed[i];
	return sum;
}

int market_walk_path(struct market_walk *walk, const struct scenario *scenario, uint64_t path, const struct market_from *from,
		     struct path_result *out)
{
	const struct model *model = walk->book->model;
	uint64_t block;
	int rc = 0;

	*out = (struct path_result){0};
	walk->out = out;
	if (walk->groups)
		memset(walk->groups, 0, market_book_groups(model) * sizeof(*walk->groups));
	if (walk->by_keeper)
		memset(walk->by_keeper, 0, keepers_kinds(&walk->book->market->keepers) * sizeof(*walk->by_keeper));
	walk->scenario = scenario;
	walk->path = path;
	walk->now_s = 0;
	start(walk);
	block = from ? skip(walk, from) : 0;
	for (; !rc && goes_on(walk, model->horizon_s); walk->now_s = (double)++block * model->step_s) {
		rc = step(walk, block, walk->now_s < model->horizon_s + model->step_s / 2);
		while (!rc && market_leap(walk, block))
			block += STEPS_CHUNK;
	}
	crossing_land(walk, INFINITY); /* what never came is valued as if it had */
	count_open(walk);
	out->competing = walk->competing;
	for (size_t i = 0; i < walk->book->market->waterfall.count; i++) {
		out->absorbed[i] = walk->waterfall.absorbed[i];
		out->exhausted[i] = waterfall_exhausted(&walk->book->market->waterfall, &walk->waterfall, i);
	}
	out->lenders = walk->waterfall.lenders;
	out->imbalance = fabs(balance(out, walk->book->market->waterfall.count));
	return rc;
}
