// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/gas.h"

#include <errno.h>
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

double gas_hazard(const struct gas *gas, double base_fee_wei, double shorter)
{
	double usual = gas->base_fee_gwei * 1e9, hazard = gas->hazard;

	if (!(hazard > 0))
		return 1;
	if (base_fee_wei > usual)
		hazard = gas->congested + (hazard - gas->congested) * usual / base_fee_wei;
	return 1 / (1 + (1 - shorter) * (1 - hazard) / hazard);
}

double gas_cost(const struct gas *gas, double base_fee_wei, double coin_price)
{
	return gas->units * (base_fee_wei + gas->priority_gwei * 1e9) * 1e-18 * coin_price;
}

int gas_check(const struct gas *gas, size_t asset_count, struct error *err)
{
	if (!(gas->units >= 0 && isfinite(gas->units)) || !(gas->base_fee_gwei >= 0 && gas->base_fee_gwei <= 1e6) ||
	    !(gas->priority_gwei >= 0 && gas->priority_gwei <= 1e6))
		return error_set(err, -EINVAL, "gas, base_fee_gwei and priority_gwei should be 0 or more, fees at most 1e6");
	if (!(gas->bid_share >= 0 && gas->bid_share <= 1))
		return error_set(err, -EINVAL, "bid_share is %g; allowed: 0 to 1", gas->bid_share);
	if (!(gas->congestion >= 0 && gas->congestion <= 100))
		return error_set(err, -EINVAL, "congestion is %g; allowed: 0 to 100", gas->congestion);
	if (!(gas->hazard >= 0 && gas->hazard <= 1) || !(gas->congested >= 0 && gas->congested <= gas->hazard))
		return error_set(err, -EINVAL, "inclusion: hazard is %g and congested %g; allowed: above 0 to 1, and 0 to hazard", gas->hazard,
				 gas->congested);
	if (gas->congested < gas->hazard && !(gas->congestion > 0 && gas->base_fee_gwei > 0))
		return error_set(err, -EINVAL, "inclusion: congested never comes about: give a congestion and a base_fee_gwei above 0, or leave it "
				 "out");
	if ((isnan(gas->price) && gas->asset >= asset_count) || gas->price < 0)
		return error_set(err, -EINVAL, "the coin's price is unknown");
	return 0;
}
