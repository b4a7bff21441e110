// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The book as positions in the order of their triggers, and a thread's room for paths over it. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "margin/market_leap.h"
#include "margin/market_walk.h"

static struct position position_of(const struct account *account)
{
	double weight = account->liquidation_threshold;

	/* a short position's requirement lies above its value: threshold 0.97 asks for 3 % margin on either side */
	return (struct position){.units = account->collateral, .cash = -account->debt,
				 .weight = account->collateral < 0 ? 2 - weight : weight};
}

void market_walk_touch(struct market_walk *walk, uint32_t row)
{
	if (!walk->states[row].touched)
		walk->touched[walk->touched_count++] = row;
	walk->states[row].touched = true;
}

bool position_at_risk(const struct position *position)
{
	return (position->units > 0 && position->cash < 0) || (position->units < 0 && position->cash > 0);
}

int position_side(const struct position *position)
{
	return position->units < 0 ? 1 : 0;
}

double position_key(const struct market_book *book, uint32_t row, const struct position *position)
{
	const struct margin_tiers *tiers = book->market->tiers;
	double trigger = tiers ? margin_tiers_trigger(&tiers[book->model->accounts[row].asset], position) : position_trigger(position);

	return position->units < 0 ? 1 / trigger : trigger;
}

void market_walk_moved(struct market_walk *walk, uint32_t row)
{
	if (basket_is(walk->book, row))
		walk->accounts_moved = walk->states[basket_head(walk->book, row)].moved = true;
	else
		walk->assets[walk->book->model->accounts[row].asset].moved[position_side(&walk->positions[row])] = true;
}

int market_walk_renew_fronts(struct market_walk *walk)
{
	const struct model *model = walk->book->model;
	bool any = false;
	int rc = 0;

	for (size_t i = 0; i < model->asset_count; i++)
		for (int side = 0; side < 2; side++)
			if (walk->assets[i].moved[side]) {
				front_clear(&walk->assets[i].fronts[side]);
				any = true;
			}
	for (uint32_t row = 0; any && !rc && row < model->account_count; row++) {
		struct asset_state *state = &walk->assets[model->accounts[row].asset];
		const struct position *position = &walk->positions[row];
		int side = position_side(position);

		if (basket_is(walk->book, row) && state->moved[side] && walk->keys[row] > 0)
			rc = front_return(&state->fronts[side], walk->keys[row], row);
		else if (!basket_is(walk->book, row) && state->moved[side] && !walk->states[row].under_way && position_at_risk(position))
			rc = front_return(&state->fronts[side], position_key(walk->book, row, position), row);
	}
	for (size_t i = 0; any && i < model->asset_count; i++)
		walk->assets[i].moved[0] = walk->assets[i].moved[1] = false;
	for (uint32_t row = 0; walk->accounts_moved && !rc && row < model->account_count; row++) {
		if (walk->states[row].moved && !walk->states[row].under_way)
			rc = basket_wait(walk, row);
		walk->states[row].moved = false;
	}
	walk->accounts_moved = false;
	return rc;
}

size_t market_book_groups(const struct model *model)
{
	return model->group_count > 1 ? model->group_count : 0;
}

void market_walk_by_group(struct market_walk *walk, struct path_group *groups)
{
	walk->groups = groups;
}

void market_walk_by_keeper(struct market_walk *walk, struct path_keeper *keepers)
{
	walk->by_keeper = keepers;
}

size_t market_book_steps(const struct model *model)
{
	return (size_t)ceil(model->horizon_s / model->step_s - 1e-9);
}

/* A row's key in its front; -INFINITY: it is in none. */
static double key_of(const struct market_book *book, uint32_t row)
{
	if (basket_is(book, row))
		return book->keys[row] > 0 ? book->keys[row] : -INFINITY;
	return position_at_risk(&book->positions[row]) ? position_key(book, row, &book->positions[row]) : index_book_key(book, row);
}

int market_book_init(struct market_book *book, const struct market *market, const struct model *model)
{
	size_t *counts = calloc(2 * model->asset_count, sizeof(*counts));
	int rc = 0;

	*book = (struct market_book){.market = market, .model = model, .shorts_owe = rules_lend(market->rules.type)};
	book->positions = calloc(model->account_count ? model->account_count : 1, sizeof(*book->positions));
	book->orders = calloc(2 * model->asset_count, sizeof(*book->orders));
	if (!counts || !book->positions || !book->orders) {
		free(counts);
		return -ENOMEM;
	}
	for (size_t i = 0; i < model->account_count; i++)
		book->positions[i] = position_of(&model->accounts[i]);
	rc = basket_book_init(book);
	if (!rc)
		rc = index_book_init(book);
	for (uint32_t i = 0; !rc && i < model->account_count; i++)
		if (key_of(book, i) > -INFINITY)
			counts[2 * model->accounts[i].asset + (size_t)position_side(&book->positions[i])]++;
	for (size_t k = 0; !rc && k < 2 * model->asset_count; k++) {
		rc = front_order_init(&book->orders[k], counts[k]);
		book->orders[k].count = 0;
	}
	for (uint32_t i = 0; !rc && i < model->account_count; i++) {
		struct front_order *order = &book->orders[2 * model->accounts[i].asset + (size_t)position_side(&book->positions[i])];

		if (key_of(book, i) > -INFINITY)
			order->entries[order->count++] = (struct front_entry){key_of(book, i), i};
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
	index_book_free(book);
	free(book->heads);
	free(book->keys);
}

/* ---- room ----------------------------------------------------------------------------------------------------------- */

int market_walk_new(struct market_walk **out, const struct market_book *book)
{
	const struct model *model = book->model;
	struct market_walk *walk = calloc(1, sizeof(*walk));
	size_t accounts = model->account_count ? model->account_count : 1;
	const struct market *market = book->market;
	struct control_rules rules = {&market->breaker, &market->dynamic_margin, &market->preemptive_margin, &market->governance};
	int rc = 0;

	*out = walk;
	if (!walk)
		return -ENOMEM;
	walk->book = book;
	walk->leaps = market_leaps(book);
	walk->attempt_capacity = walk->lot_capacity = 64;
	walk->assets = calloc(model->asset_count, sizeof(*walk->assets));
	walk->positions = malloc(accounts * sizeof(*walk->positions));
	walk->states = calloc(accounts, sizeof(*walk->states));
	walk->touched = malloc(accounts * sizeof(*walk->touched));
	walk->attempts = malloc(walk->attempt_capacity * sizeof(*walk->attempts));
	walk->lots = malloc(walk->lot_capacity * sizeof(*walk->lots));
	if (model->dependence.factor)
		walk->shocks = malloc(market_book_steps(model) * model->asset_count * sizeof(*walk->shocks));
	if ((model->dependence.factor && !walk->shocks) || !walk->assets || !walk->positions || !walk->states || !walk->touched || !walk->attempts || !walk->lots)
		return -ENOMEM;
	if (market->keepers.class_count) {
		walk->line = malloc(accounts * keepers_kinds(&market->keepers) * sizeof(*walk->line));
		if (!walk->line)
			return -ENOMEM;
	}
	memcpy(walk->positions, book->positions, model->account_count * sizeof(*walk->positions));
	if (book->keys) {
		walk->keys = malloc(accounts * sizeof(*walk->keys));
		if (!walk->keys)
			return -ENOMEM;
		memcpy(walk->keys, book->keys, model->account_count * sizeof(*walk->keys));
	}
	rc = deleverage_init(walk);
	if (!rc)
		rc = socialise_init(walk);
	if (!rc)
		rc = index_init(walk);
	for (size_t i = 0; !rc && i < model->asset_count; i++) {
		rc = oracle_init(&walk->assets[i].oracle, &market->oracle, model->step_s);
		if (!rc)
			rc = controls_init(&walk->assets[i].controls, &rules, model->step_s);
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
	index_free(walk);
	free(walk->assets);
	free(walk->positions);
	free(walk->states);
	free(walk->keys);
	free(walk->touched);
	free(walk->attempts);
	free(walk->waiting);
	free(walk->again);
	free(walk->lots);
	free(walk->crossings);
	free(walk->shocks);
	free(walk->ranking.heap);
	free(walk->payers);
	free(walk->line);
	free(walk);
}
