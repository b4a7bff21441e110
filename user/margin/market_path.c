// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The order within a block: the price moves, markets recover, a report may be sent and reports land, the fronts fire, then
 * transactions whose time has come are executed in the order of their times. Whoever could act and finds that it does not
 * pay, that the breaker is on, or that the sale misses its limit, tries again in the next block.
 */
#include "margin/market_path.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHORT_SIDE 1
#define ATTEMPT_BLOCKS 64  /* of random numbers, kept for each attempt of an account */
#define ROUNDS_MAX 64	   /* liquidations of one account in one block */
#define BEYOND_HORIZON 1.0 /* horizons that a path may go on after its end, for what was triggered before it */
#define DUST 1e-12	   /* of a position: what rounding leaves of all of it */

struct attempt {
	double due_s;
	uint32_t account;
	bool own; /* the own keeper was first */
};

struct lot_on_offer {
	struct lot lot;
	uint32_t account;
	double due_s; /* of the purchase that is under way; INFINITY: none */
	bool own;
};

struct account_state {
	bool touched;
	bool liquidated;
	uint32_t attempts;
	double below_since_s;
};

struct asset_state {
	double log_price, price, used; /* used: units that the market has not digested */
	struct rng prices, reports;
	struct oracle oracle;
	struct controls controls;
	struct front fronts[2];
};

struct market_walk {
	const struct market_book *book;
	const struct scenario *scenario;
	uint64_t path;
	double now_s;
	struct asset_state *assets;
	struct position *positions;
	struct account_state *states;
	uint32_t *touched;
	size_t touched_count;
	struct attempt *attempts; /* heap by time, then account */
	size_t attempt_count, attempt_capacity;
	struct lot_on_offer *lots;
	size_t lot_count, lot_capacity;
	double base_fee_wei;
	struct waterfall_state waterfall;
	struct path_result *out;
};

/* ---- the book ------------------------------------------------------------------------------------------------------- */

static struct position position_of(const struct account *account)
{
	double weight = account->liquidation_threshold;

	/* a short position's requirement lies above its value: threshold 0.97 asks for 3 % margin on either side */
	return (struct position){account->collateral, -account->debt, account->collateral < 0 ? 2 - weight : weight};
}

/* Positions that no price can bring below 1 are in no front. */
static bool is_at_risk(const struct position *position)
{
	return (position->units > 0 && position->cash < 0) || (position->units < 0 && position->cash > 0);
}

static int side_of(const struct position *position)
{
	return position->units < 0 ? SHORT_SIDE : 0;
}

static double key_of(const struct position *position)
{
	double trigger = position_trigger(position);

	return position->units < 0 ? 1 / trigger : trigger;
}

int market_book_init(struct market_book *book, const struct market *market, const struct model *model)
{
	size_t *counts = calloc(2 * model->asset_count, sizeof(*counts));
	int rc = 0;

	*book = (struct market_book){.market = market, .model = model};
	book->positions = calloc(model->account_count ? model->account_count : 1, sizeof(*book->positions));
	book->orders = calloc(2 * model->asset_count, sizeof(*book->orders));
	if (!counts || !book->positions || !book->orders) {
		free(counts);
		return -ENOMEM;
	}
	for (size_t i = 0; i < model->account_count; i++) {
		book->positions[i] = position_of(&model->accounts[i]);
		if (is_at_risk(&book->positions[i]))
			counts[2 * model->accounts[i].asset + (size_t)side_of(&book->positions[i])]++;
	}
	for (size_t k = 0; !rc && k < 2 * model->asset_count; k++) {
		rc = front_order_init(&book->orders[k], counts[k]);
		book->orders[k].count = 0;
	}
	for (size_t i = 0; !rc && i < model->account_count; i++) {
		const struct position *position = &book->positions[i];
		struct front_order *order = &book->orders[2 * model->accounts[i].asset + (size_t)side_of(position)];

		if (is_at_risk(position))
			order->entries[order->count++] = (struct front_entry){key_of(position), (uint32_t)i};
	}
	for (size_t k = 0; !rc && k < 2 * model->asset_count; k++)
		front_order_sort(&book->orders[k]);
	free(counts);
	return rc;
}

void market_book_free(struct market_book *book)
{
	for (size_t k = 0; book->orders && k < 2 * book->model->asset_count; k++)
		front_order_free(&book->orders[k]);
	free(book->orders);
	free(book->positions);
}

/* ---- room ----------------------------------------------------------------------------------------------------------- */

int market_walk_new(struct market_walk **out, const struct market_book *book)
{
	const struct model *model = book->model;
	struct market_walk *walk = calloc(1, sizeof(*walk));
	size_t accounts = model->account_count ? model->account_count : 1;
	int rc = 0;

	*out = walk;
	if (!walk)
		return -ENOMEM;
	walk->book = book;
	walk->attempt_capacity = walk->lot_capacity = 64;
	walk->assets = calloc(model->asset_count, sizeof(*walk->assets));
	walk->positions = malloc(accounts * sizeof(*walk->positions));
	walk->states = calloc(accounts, sizeof(*walk->states));
	walk->touched = malloc(accounts * sizeof(*walk->touched));
	walk->attempts = malloc(walk->attempt_capacity * sizeof(*walk->attempts));
	walk->lots = malloc(walk->lot_capacity * sizeof(*walk->lots));
	if (!walk->assets || !walk->positions || !walk->states || !walk->touched || !walk->attempts || !walk->lots)
		return -ENOMEM;
	memcpy(walk->positions, book->positions, model->account_count * sizeof(*walk->positions));
	for (size_t i = 0; !rc && i < model->asset_count; i++) {
		rc = oracle_init(&walk->assets[i].oracle, &book->market->oracle, model->step_s);
		if (!rc)
			rc = controls_init(&walk->assets[i].controls, &book->market->breaker, &book->market->dynamic_margin,
					   model->step_s);
		for (int side = 0; side < 2; side++)
			front_init(&walk->assets[i].fronts[side], &book->orders[2 * i + (size_t)side]);
	}
	return rc;
}

void market_walk_free(struct market_walk *walk)
{
	if (!walk)
		return;
	for (size_t i = 0; walk->assets && i < walk->book->model->asset_count; i++) {
		oracle_free(&walk->assets[i].oracle);
		controls_free(&walk->assets[i].controls);
		front_free(&walk->assets[i].fronts[0]);
		front_free(&walk->assets[i].fronts[1]);
	}
	free(walk->assets);
	free(walk->positions);
	free(walk->states);
	free(walk->touched);
	free(walk->attempts);
	free(walk->lots);
	free(walk);
}

/* ---- attempts ------------------------------------------------------------------------------------------------------- */

static bool attempt_earlier(const struct attempt *a, const struct attempt *b)
{
	return a->due_s < b->due_s || (a->due_s == b->due_s && a->account < b->account);
}

static int attempt_push(struct market_walk *walk, struct attempt item)
{
	size_t i = walk->attempt_count;

	if (walk->attempt_count == walk->attempt_capacity) {
		void *memory = realloc(walk->attempts, 2 * walk->attempt_capacity * sizeof(*walk->attempts));

		if (!memory)
			return -ENOMEM;
		walk->attempts = memory;
		walk->attempt_capacity *= 2;
	}
	walk->attempt_count++;
	for (; i && attempt_earlier(&item, &walk->attempts[(i - 1) / 2]); i = (i - 1) / 2)
		walk->attempts[i] = walk->attempts[(i - 1) / 2];
	walk->attempts[i] = item;
	return 0;
}

static struct attempt attempt_pop(struct market_walk *walk)
{
	struct attempt first = walk->attempts[0], last = walk->attempts[--walk->attempt_count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < walk->attempt_count) {
		if (child + 1 < walk->attempt_count && attempt_earlier(&walk->attempts[child + 1], &walk->attempts[child]))
			child++;
		if (!attempt_earlier(&walk->attempts[child], &last))
			break;
		walk->attempts[i] = walk->attempts[child];
		i = child;
	}
	walk->attempts[i] = last;
	return first;
}

static double stage_delay(const struct market_walk *walk, const struct delay_law *law, enum delay_stage stage, struct rng *rng)
{
	return walk->scenario->no_delay ? 0 : delay_quantile(law, rng_uniform(rng)) + walk->scenario->added_s[stage];
}

/* The first keeper's time, and whether it was the own one. Every attempt of an account has numbers of its own, whatever the others do. */
static double keeper_delay(struct market_walk *walk, uint32_t account, bool *own)
{
	const struct model *model = walk->book->model;
	const struct keepers *keepers = &walk->book->market->keepers;
	double first = INFINITY, inclusion;
	struct rng rng;

	rng_open(&rng, model->seed, walk->path, account, RNG_ATTEMPT);
	rng.counter[0] = ATTEMPT_BLOCKS * walk->states[account].attempts++;
	inclusion = stage_delay(walk, &model->delays[DELAY_INCLUSION], DELAY_INCLUSION, &rng);
	*own = false;
	if (keepers->has_own) {
		first = stage_delay(walk, &keepers->own, DELAY_KEEPER, &rng);
		*own = true;
	}
	for (unsigned i = 0; i < keepers->count; i++) {
		double delay = stage_delay(walk, &model->delays[DELAY_KEEPER], DELAY_KEEPER, &rng);

		if (delay < first) {
			first = delay;
			*own = false;
		}
	}
	return first + inclusion;
}

/* ---- money ---------------------------------------------------------------------------------------------------------- */

static double gas_now(const struct market_walk *walk)
{
	const struct gas *gas = &walk->book->market->gas;

	return gas_cost(gas, walk->base_fee_wei, isnan(gas->price) ? walk->assets[gas->asset].price : gas->price);
}

/* What selling (units > 0) or buying back (< 0) brings now, signed like the units. */
static double sale(const struct market_walk *walk, uint32_t asset, double units)
{
	const struct asset_state *state = &walk->assets[asset];
	double average = walk->scenario->no_impact ? 1
						   : liquidity_average(&walk->book->market->liquidity[asset], state->used,
								       fabs(units));

	return units * state->price * (units > 0 ? average : 2 - average);
}

static void sold(struct market_walk *walk, uint32_t asset, double units, double proceeds)
{
	walk->assets[asset].used += fabs(units);
	walk->out->buyers += units * walk->assets[asset].price - proceeds;
}

static void write_off(struct market_walk *walk, double loss)
{
	walk->out->bad_debt += loss;
	waterfall_absorb(&walk->book->market->waterfall, &walk->waterfall, loss);
}

static void earn(struct market_walk *walk, double fees)
{
	waterfall_feed(&walk->book->market->waterfall, &walk->waterfall, fees);
	walk->out->protocol += fees;
}

static void pay_keeper(struct market_walk *walk, double profit, double gas, bool own)
{
	walk->out->keepers += profit;
	walk->out->gas += gas;
	if (own)
		walk->out->own += profit;
}

/* ---- liquidation ---------------------------------------------------------------------------------------------------- */

static struct position weighed(const struct market_walk *walk, uint32_t account)
{
	const struct asset_state *state = &walk->assets[walk->book->model->accounts[account].asset];
	struct position position = walk->positions[account];

	position.weight *= position.units < 0 ? 1 / state->controls.m : state->controls.m;
	return position;
}

static void liquidated(struct market_walk *walk, uint32_t account, bool own)
{
	struct account_state *state = &walk->states[account];

	walk->out->liquidations++;
	walk->out->own_wins += own;
	if (state->liquidated)
		return;
	state->liquidated = true;
	walk->out->first_times++;
	walk->out->first_time_s += walk->now_s - state->below_since_s;
}

/* Nothing left to sell: what is owed is lost, what is over is the owner's. */
static void close_if_empty(struct market_walk *walk, struct position *position, double units_before)
{
	if (fabs(position->units) > DUST * fabs(units_before))
		return;
	position->units = 0;
	if (position->cash < 0) {
		walk->out->borrowers -= position->cash;
		write_off(walk, -position->cash);
		position->cash = 0;
	}
}

/* The protocol's vault takes the position at the oracle's price, with what equity there is. Losses are the waterfall's. */
static void take_over(struct market_walk *walk, uint32_t account, double oracle)
{
	struct position *position = &walk->positions[account];
	double price = walk->assets[walk->book->model->accounts[account].asset].price, equity;

	/* at the market's price: what the vault gains, the owner loses */
	walk->out->seized += fabs(position->units) * price;
	walk->out->protocol += position->units * (price - oracle);
	walk->out->borrowers -= position->units * (price - oracle);
	equity = position->units * oracle + position->cash;
	*position = (struct position){.weight = position->weight};
	walk->out->borrowers -= equity;
	if (equity < 0)
		write_off(walk, -equity);
	else
		earn(walk, equity);
}

enum tried { TRIED_DONE, TRIED_WAITS };

static enum tried carry_out(struct market_walk *walk, uint32_t account, bool own, const struct plan *plan)
{
	uint32_t asset = walk->book->model->accounts[account].asset;
	const struct keepers *keepers = &walk->book->market->keepers;
	struct position *position = &walk->positions[account];
	double price = walk->assets[asset].price, before = position->units, share = 1, units, fee_units, proceeds, repay, gas, profit;
	bool direct = isnan(plan->repay);

	if (!direct && plan->repay > keepers->capital)
		share = keepers->capital / plan->repay;
	units = share * plan->units;
	fee_units = share * plan->fee_units;
	proceeds = sale(walk, asset, units);
	repay = direct ? proceeds : share * plan->repay;
	gas = gas_now(walk);
	profit = proceeds - repay - gas;
	if (direct && plan->limit > 0 && (units > 0 ? proceeds / units < plan->limit : proceeds / units > plan->limit))
		return TRIED_WAITS;
	if (!direct && profit < keepers->min_profit)
		return TRIED_WAITS;
	sold(walk, asset, units, proceeds);
	walk->out->seized += fabs(units + fee_units) * price;
	position->units -= units + fee_units;
	position->cash += repay;
	walk->out->borrowers += repay - (units + fee_units) * price;
	/* a fee in collateral is kept by the protocol, valued at the market */
	if (fee_units > 0)
		earn(walk, fee_units * price);
	pay_keeper(walk, direct ? -gas : profit, gas, own);
	if (plan->penalty > 0 && position->cash + position->units * price > 0) {
		double penalty = fmin(plan->penalty, position->cash + position->units * price);

		position->cash -= penalty;
		walk->out->borrowers -= penalty;
		earn(walk, penalty);
	}
	if (position->cash > -DUST * fabs(before * price) && before > 0 && position->cash < 0)
		position->cash = 0;
	close_if_empty(walk, position, before);
	return TRIED_DONE;
}

static int put_on_offer(struct market_walk *walk, uint32_t account, double oracle)
{
	const struct rules *rules = &walk->book->market->rules;
	struct position *position = &walk->positions[account];
	double price = walk->assets[walk->book->model->accounts[account].asset].price;
	struct lot_on_offer item = {.account = account, .due_s = INFINITY};

	if (walk->lot_count == walk->lot_capacity) {
		void *memory = realloc(walk->lots, 2 * walk->lot_capacity * sizeof(*walk->lots));

		if (!memory)
			return -ENOMEM;
		walk->lots = memory;
		walk->lot_capacity *= 2;
	}
	rules->type->take(rules, position, oracle, walk->now_s, &item.lot);
	walk->out->seized += item.lot.units * price;
	walk->out->borrowers += item.lot.claim - item.lot.units * price;
	walk->out->protocol += item.lot.units * price - item.lot.claim;
	walk->lots[walk->lot_count++] = item;
	return 0;
}

/* An account that is not under way: back to its front. */
static int come_back(struct market_walk *walk, uint32_t account)
{
	const struct position *position = &walk->positions[account];
	struct asset_state *state = &walk->assets[walk->book->model->accounts[account].asset];

	if (!is_at_risk(position))
		return 0;
	return front_return(&state->fronts[side_of(position)], key_of(position), account);
}

static int schedule(struct market_walk *walk, uint32_t account)
{
	bool own;
	double delay = keeper_delay(walk, account, &own);

	return attempt_push(walk, (struct attempt){walk->now_s + delay, account, own});
}

static int wait_a_block(struct market_walk *walk, struct attempt attempt)
{
	walk->out->waits++;
	attempt.due_s = walk->now_s + walk->book->model->step_s;
	return attempt_push(walk, attempt);
}

/* One account, whose transaction is in this block. */
static int try_liquidation(struct market_walk *walk, struct attempt attempt)
{
	const struct rules *rules = &walk->book->market->rules;
	uint32_t account = attempt.account;
	const struct asset_state *state = &walk->assets[walk->book->model->accounts[account].asset];
	double oracle = state->oracle.price;

	if (walk->now_s < state->controls.paused_until_s)
		return wait_a_block(walk, attempt);
	for (int round = 0; round < ROUNDS_MAX; round++) {
		struct position position = weighed(walk, account);
		struct plan plan;

		if (position_health(&position, oracle) >= 1) {
			walk->out->recovered += !round;
			return come_back(walk, account);
		}
		if (!rules->type->plan) {
			double gas = gas_now(walk);

			pay_keeper(walk, -gas, gas, attempt.own);
			liquidated(walk, account, attempt.own);
			return put_on_offer(walk, account, oracle);
		}
		if (!rules->type->plan(rules, &position, oracle, &plan))
			return 0;
		if (plan.takeover)
			take_over(walk, account, oracle);
		else if (carry_out(walk, account, attempt.own, &plan) == TRIED_WAITS)
			return wait_a_block(walk, attempt);
		liquidated(walk, account, attempt.own);
		if (!is_at_risk(&walk->positions[account]))
			return 0;
		position = weighed(walk, account);
		if (position_health(&position, oracle) < 1 && !walk->scenario->no_delay)
			return schedule(walk, account);
	}
	return wait_a_block(walk, attempt);
}

/* ---- lots on offer -------------------------------------------------------------------------------------------------- */

/* The rest goes back to its owner; a claim that was not met is lost. */
static void settle(struct market_walk *walk, struct lot *lot, double price)
{
	walk->out->protocol -= lot->units * price;
	walk->out->borrowers += lot->units * price;
	lot->units = 0;
	if (lot->raised >= lot->claim) {
		waterfall_feed(&walk->book->market->waterfall, &walk->waterfall, lot->raised - lot->claim);
		return;
	}
	walk->out->protocol += lot->claim - lot->raised;
	write_off(walk, lot->claim - lot->raised);
}

/* True once it is settled. */
static bool try_purchase(struct market_walk *walk, struct lot_on_offer *item, double offer)
{
	uint32_t asset = walk->book->model->accounts[item->account].asset;
	const struct keepers *keepers = &walk->book->market->keepers;
	struct lot *lot = &item->lot;
	double price = walk->assets[asset].price, units = fmin(lot->units, (lot->target - lot->raised) / offer), proceeds, profit;
	double gas = gas_now(walk);
	bool open = walk->now_s >= walk->assets[asset].controls.paused_until_s, now = item->due_s <= walk->now_s;

	units = fmin(units, keepers->capital / offer);
	proceeds = sale(walk, asset, units);
	profit = proceeds - units * offer - gas;
	if (!open || profit < keepers->min_profit) { /* too dear: whoever had set out for it comes in vain */
		walk->out->waits += now;
		if (now)
			item->due_s = INFINITY;
		return false;
	}
	if (isinf(item->due_s)) {
		item->due_s = walk->now_s + keeper_delay(walk, item->account, &item->own);
		now = item->due_s <= walk->now_s;
	}
	if (!now)
		return false;
	sold(walk, asset, units, proceeds);
	pay_keeper(walk, profit, gas, item->own);
	walk->out->own_wins += item->own;
	walk->out->liquidations++;
	walk->out->protocol += units * (offer - price);
	lot->raised += units * offer;
	lot->units = lot->units - units > DUST * lot->units ? lot->units - units : 0;
	item->due_s = INFINITY;
	if (lot->units > 0 && lot->raised < lot->target * (1 - DUST))
		return false;
	settle(walk, lot, price);
	return true;
}

static void offer_lots(struct market_walk *walk)
{
	const struct rules *rules = &walk->book->market->rules;
	size_t kept = 0;

	for (size_t i = 0; i < walk->lot_count; i++) {
		struct lot_on_offer item = walk->lots[i];
		double oracle = walk->assets[walk->book->model->accounts[item.account].asset].oracle.price;
		double offer = rules->type->offer(rules, &item.lot, oracle, walk->now_s);

		if (!try_purchase(walk, &item, offer))
			walk->lots[kept++] = item;
	}
	walk->lot_count = kept;
}

/* ---- one block ------------------------------------------------------------------------------------------------------ */

/* ln S one step later. */
static void move_price(struct asset_state *state, const struct process *process, double dt)
{
	double jumps = process->jump_rate * dt;

	state->log_price += process->log_drift * dt + sqrt(process->variance * dt) * rng_normal(&state->prices);
	if (jumps > 0)
		for (double time = rng_exponential(&state->prices); time < jumps; time += rng_exponential(&state->prices))
			state->log_price += process->type->draw_jump(process, &state->prices);
	state->price = exp(state->log_price);
}

static void move_gas(struct market_walk *walk, double log_price_before)
{
	const struct model *model = walk->book->model;
	const struct gas *gas = &walk->book->market->gas;
	const struct asset_state *state = &walk->assets[gas->asset];
	const struct process *process = &model->assets[gas->asset].process;
	double sd = sqrt((process->variance + process->jump_rate * (process->jump_mean * process->jump_mean + process->jump_variance)) *
			 model->step_s);
	double deviations = sd > 0 ? fabs(state->log_price - log_price_before) / sd : 0;
	const uint64_t limit = 30000000;
	uint64_t used = (uint64_t)(gas_block_usage(gas, walk->scenario->no_gas ? 1 : deviations) * (double)limit);

	walk->base_fee_wei = fmax(gas->base_fee_gwei * 1e9, (double)gas_next_base_fee((uint64_t)walk->base_fee_wei, used, limit));
}

static int report(struct market_walk *walk, struct asset_state *state, uint32_t asset)
{
	const struct model *model = walk->book->model;
	const struct market *market = walk->book->market;
	double seen = state->price, value;

	if (market->feedback && !walk->scenario->no_impact)
		seen *= liquidity_marginal(&market->liquidity[asset], state->used);
	if (!oracle_observe(&state->oracle, seen, walk->now_s, &state->reports, &value))
		return 0;
	return oracle_send(&state->oracle, value, walk->now_s,
			   stage_delay(walk, &model->delays[DELAY_ORACLE], DELAY_ORACLE, &state->reports));
}

static int fire(struct market_walk *walk, struct asset_state *state)
{
	double oracle = state->oracle.price, m = state->controls.m;
	double level[2] = {oracle * m, m / oracle};
	int rc = 0;

	for (int side = 0; side < 2; side++) {
		int64_t account;

		while (!rc && (account = front_fire(&state->fronts[side], level[side])) >= 0) {
			struct account_state *of = &walk->states[account];

			if (!of->touched)
				walk->touched[walk->touched_count++] = (uint32_t)account;
			of->touched = true;
			of->below_since_s = walk->now_s;
			rc = schedule(walk, (uint32_t)account);
		}
	}
	return rc;
}

static int step(struct market_walk *walk, bool first, bool triggers)
{
	const struct model *model = walk->book->model;
	const struct market *market = walk->book->market;
	double before = walk->assets[market->gas.asset].log_price;
	int rc = 0;

	for (uint32_t i = 0; !rc && i < model->asset_count; i++) {
		struct asset_state *state = &walk->assets[i];

		if (!first) {
			move_price(state, &model->assets[i].process, model->step_s);
			state->used = liquidity_recover(&market->liquidity[i], state->used, model->step_s);
			rc = report(walk, state, i);
			oracle_land(&state->oracle, walk->now_s);
			controls_observe(&state->controls, state->oracle.price, walk->now_s);
		}
		if (!rc && triggers)
			rc = fire(walk, state);
	}
	if (!first && market->gas.units > 0)
		move_gas(walk, before);
	while (!rc && walk->attempt_count && walk->attempts[0].due_s <= walk->now_s)
		rc = try_liquidation(walk, attempt_pop(walk));
	offer_lots(walk);
	walk->out->steps++;
	return rc;
}

/* ---- one path ------------------------------------------------------------------------------------------------------- */

static void start(struct market_walk *walk)
{
	const struct model *model = walk->book->model;

	for (uint32_t i = 0; i < model->asset_count; i++) {
		struct asset_state *state = &walk->assets[i];

		rng_open(&state->prices, model->seed, walk->path, i, RNG_PRICE);
		rng_open(&state->reports, model->seed, walk->path, i, RNG_REPORT);
		state->price = model->assets[i].price;
		state->log_price = log(state->price);
		state->used = 0;
		oracle_start(&state->oracle, state->price);
		controls_start(&state->controls, state->price);
		front_start(&state->fronts[0]);
		front_start(&state->fronts[1]);
	}
	for (size_t i = 0; i < walk->touched_count; i++) {
		walk->positions[walk->touched[i]] = walk->book->positions[walk->touched[i]];
		walk->states[walk->touched[i]] = (struct account_state){0};
	}
	walk->touched_count = walk->attempt_count = walk->lot_count = 0;
	walk->base_fee_wei = walk->book->market->gas.base_fee_gwei * 1e9;
	waterfall_start(&walk->book->market->waterfall, &walk->waterfall);
}

/* Debt that its collateral does not cover any more is bad, whether anybody came or not. */
static void count_open(struct market_walk *walk)
{
	double owed = 0, offered = 0; /* by borrowers; on lots */

	for (size_t i = 0; i < walk->touched_count; i++) {
		const struct position *position = &walk->positions[walk->touched[i]];
		double price = walk->assets[walk->book->model->accounts[walk->touched[i]].asset].price;
		double equity = position->units * price + position->cash;

		if (equity < 0)
			owed -= equity;
	}
	for (size_t i = 0; i < walk->lot_count; i++) {
		const struct lot *lot = &walk->lots[i].lot;
		double price = walk->assets[walk->book->model->accounts[walk->lots[i].account].asset].price;

		offered += fmax(0, lot->claim - lot->raised - lot->units * price);
	}
	walk->out->open = owed + offered;
	walk->out->borrowers += owed; /* they owe it, and will not pay */
	walk->out->protocol += offered;
	if (walk->out->open > 0)
		write_off(walk, walk->out->open);
}

int market_walk_path(struct market_walk *walk, const struct scenario *scenario, uint64_t path, struct path_result *out)
{
	const struct model *model = walk->book->model;
	uint64_t horizon = (uint64_t)ceil(model->horizon_s / model->step_s - 1e-9);
	uint64_t end = horizon + (uint64_t)(BEYOND_HORIZON * (double)horizon);
	int rc = 0;

	*out = (struct path_result){0};
	walk->out = out;
	walk->scenario = scenario;
	walk->path = path;
	start(walk);
	for (uint64_t k = 0; !rc && (k <= horizon || (k <= end && (walk->attempt_count || walk->lot_count))); k++) {
		walk->now_s = (double)k * model->step_s;
		rc = step(walk, k == 0, k <= horizon);
	}
	count_open(walk);
	for (size_t i = 0; i < walk->book->market->waterfall.count; i++) {
		out->absorbed[i] = walk->waterfall.absorbed[i];
		out->exhausted[i] = walk->book->market->waterfall.tiers[i].size > 0 && !(walk->waterfall.left[i] > 0);
	}
	out->lenders = walk->waterfall.lenders;
	return rc;
}
