// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The reference engine: sell all collateral at price·(1 - slippage), pay the debt, return the rest; a shortfall is bad debt. */
#include "margin/engine.h"

#include <math.h>

enum { SLIPPAGE };

static void execute(const struct engine *engine, const struct account *account, double price, struct outcome *outcome)
{
	double proceeds;

	outcome->seized = account->collateral * price;
	outcome->slippage = outcome->seized * engine->parameter[SLIPPAGE];
	proceeds = outcome->seized - outcome->slippage;
	outcome->repaid = fmin(account->debt, proceeds);
	outcome->bad_debt = account->debt - outcome->repaid;
	outcome->returned = proceeds - outcome->repaid;
}

static void payoff(const struct engine *engine, const struct account *account, double *units, double *strike)
{
	*units = account->collateral * (1 - engine->parameter[SLIPPAGE]);
	*strike = account->debt / *units;
}

const struct engine_type engine_instant = {
	.name = "instant",
	.parameters = {{"slippage", 0, 0.99, 0}},
	.execute = execute,
	.payoff = payoff,
};
