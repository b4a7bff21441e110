// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/lvr.h"

#include <math.h>

#include "margin/lognormal.h"

#define ABS_ZETA_HALF 1.4603545088095868 /* |ζ(1/2)| */

double arbitrage_share(double sigma, double block_rate, double fee)
{
	return 1 / (1 + sqrt(2 * block_rate) * log1p(fee) / sigma);
}

double lvr(double sigma)
{
	return sigma * sigma / 8;
}

double lvr_with_fee(double sigma, double block_rate, double fee)
{
	double room = 1 - sigma * sigma / (8 * block_rate);

	if (!(room > 0))
		return NAN;
	return lvr(sigma) * arbitrage_share(sigma, block_rate, fee) * cosh(log1p(fee) / 2) / room;
}

double arbitrage_per_block(double sigma_block, double width)
{
	return sigma_block * sigma_block / (2 + sqrt(2 * M_PI) / ABS_ZETA_HALF * width / sigma_block);
}

double lvr_even_blocks(double sigma, double block_time, double fee)
{
	return arbitrage_per_block(sigma * sqrt(block_time), 2 * log1p(fee)) / 4 / block_time;
}

double brownian_move(double sigma, double time)
{
	return sigma * sqrt(2 * time / M_PI);
}

double brownian_move_beyond(double sigma, double time, double fee)
{
	double sd = sigma * sqrt(time), gamma = log1p(fee), x = gamma / sd;

	if (!(sd > 0))
		return isnan(sd) ? NAN : 0;
	return 2 * (sd * exp(-x * x / 2) / sqrt(2 * M_PI) - gamma * normal_cdf(-x));
}
