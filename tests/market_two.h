/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The market made by hand with two assets, and accounts of several rows. */
#ifndef PL_TESTS_MARKET_TWO_H
#define PL_TESTS_MARKET_TWO_H

#include "market_world.h"

#define ETH 0
#define BTC 1

struct two {
	struct world w;
	struct model_asset assets[2];
	struct liquidity liquidity[2];
	double tape_s[TAPE_MAX], tape_log[2][TAPE_MAX];
	bool joined[ACCOUNTS_MAX];
};

/* A row without a debt is one more of the account before it. */
static inline void with_two(struct two *t, const struct account *accounts, size_t count)
{
	calm_fall(&t->w, 1000, 0, accounts[0]);
	t->assets[ETH] = t->assets[BTC] = t->w.asset;
	t->assets[BTC].price = 10000;
	t->liquidity[ETH] = t->liquidity[BTC] = t->w.liquidity;
	memcpy(t->w.accounts, accounts, count * sizeof(*accounts));
	for (size_t i = 0; i < count; i++)
		t->joined[i] = i && !(accounts[i].debt > 0);
	t->w.model.joined = t->joined;
	t->w.model.account_count = count;
	t->w.model.assets = t->assets;
	t->w.model.asset_count = 2;
	t->w.market.liquidity = t->liquidity;
}

/* One price of each in each 12 s block. */
static inline void on_two_tapes(struct two *t, const struct account *accounts, size_t rows, const double *eth, const double *btc, size_t count)
{
	const double *prices[2] = {eth, btc};
	struct error err;

	with_two(t, accounts, rows);
	for (int asset = 0; asset < 2; asset++) {
		for (size_t i = 0; i < count; i++) {
			t->tape_s[i] = 12.0 * (double)i;
			t->tape_log[asset][i] = log(prices[asset][i]);
		}
		t->assets[asset].price = prices[asset][0];
		t->assets[asset].process = (struct process){.type = &process_tape, .series = {t->tape_s, t->tape_log[asset], count}};
		assert_int_equal(process_prepare(&t->assets[asset].process, &err), 0);
	}
	t->w.model.horizon_s = 12.0 * (double)(count - 1);
}

#endif
