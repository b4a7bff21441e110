// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/gas.h"

#include <math.h>

#define ELASTICITY 2
#define CHANGE_DENOMINATOR 8

uint64_t gas_next_base_fee(uint64_t parent, uint64_t used, uint64_t limit)
{
	uint64_t target = limit / ELASTICITY, change;

	if (!target || used == target)
		return parent;
	if (used > target) {
		change = (uint64_t)((unsigned __int128)parent * (used - target) / target / CHANGE_DENOMINATOR);
		return parent + (change ? change : 1);
	}
	change = (uint64_t)((unsigned __int128)parent * (target - used) / target / CHANGE_DENOMINATOR);
	return parent - change;
}

double gas_block_usage(const struct gas *gas, double deviations)
{
	double excess = deviations - 1;

	return fmin(1, fmax(0, 0.5 + gas->congestion * (excess > 0 ? excess : excess / 2)));
}

double gas_cost(const struct gas *gas, double base_fee_wei, double coin_price)
{
	return gas->units * (base_fee_wei + gas->priority_gwei * 1e9) * 1e-18 * coin_price;
}
