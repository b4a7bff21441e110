// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/synthetic.h"

#include <errno.h>
#include <math.h>

#include "margin/rng.h"

#define HEALTH_LEAST 1.0001 /* at the start: an account at the edge would be triggered by rounding */
#define SIGMA_MAX 5

/* The leverage at which an account can be liquidated: of a loan (1 - 1/L) = threshold, of a position 1/L = maintenance margin. */
static double leverage_most(const struct synthetic *synthetic)
{
	double liquidatable = 1 / (1 - synthetic->weight / HEALTH_LEAST);

	return synthetic->initial_margin > 0 ? fmin(liquidatable, 1 / synthetic->initial_margin) : liquidatable;
}

int synthetic_check(const struct synthetic *synthetic, struct error *err)
{
	if (!synthetic->accounts)
		return error_set(err, -EINVAL, "accounts is 0; it should be how many there are");
	if (!(synthetic->value > 0 && isfinite(synthetic->value)))
		return error_set(err, -EINVAL, "value is %g; it should be what all of them hold, above 0", synthetic->value);
	if (!(synthetic->size_sigma >= 0 && synthetic->size_sigma <= SIGMA_MAX) ||
	    !(synthetic->leverage_sigma >= 0 && synthetic->leverage_sigma <= SIGMA_MAX))
		return error_set(err, -EINVAL, "size_sigma is %g and leverage_sigma %g; allowed: 0 to %d", synthetic->size_sigma,
				 synthetic->leverage_sigma, SIGMA_MAX);
	if (!(synthetic->weight > 0 && synthetic->weight < 1))
		return error_set(err, -EINVAL, "liquidation_threshold, or 1 - maintenance_margin, is %g; it should be between 0 and 1", synthetic->weight);
	if (!(synthetic->long_share >= 0 && synthetic->long_share <= 1))
		return error_set(err, -EINVAL, "long_share is %g; allowed: 0 to 1", synthetic->long_share);
	if (!(synthetic->initial_margin >= 0 && synthetic->initial_margin < 1))
		return error_set(err, -EINVAL, "initial_margin is %g, scaled by open interest; it should be below 1, where nobody can borrow",
				 synthetic->initial_margin);
	if (!(synthetic->leverage > 1 && synthetic->leverage < leverage_most(synthetic)))
		return error_set(err, -EINVAL, "leverage is %g; it should be above 1 and below %.4g, the most that this margin allows"
					       , synthetic->leverage, leverage_most(synthetic));
	return 0;
}

/* Half of the law lies below the median, so that every second draw at least is within. */
static double leverage_of(const struct synthetic *synthetic, struct rng *rng)
{
	double leverage;

	do
		leverage = 1 + (synthetic->leverage - 1) * exp(synthetic->leverage_sigma * rng_normal(rng));
	while (leverage > leverage_most(synthetic));
	return leverage;
}

void synthetic_draw(const struct synthetic *synthetic, double price, uint64_t seed, uint32_t lane, struct account *out)
{
	double total = 0;

	for (size_t i = 0; i < synthetic->accounts; i++) {
		double units, leverage;
		struct rng rng;

		rng_open(&rng, seed, i, lane, RNG_BOOK);
		units = exp(synthetic->size_sigma * rng_normal(&rng));
		leverage = leverage_of(synthetic, &rng);
		total += units;
		if (rng_uniform(&rng) >= synthetic->long_share)
			units = -units;
		/* a loan and a long position owe what is not theirs; a short one holds its proceeds and its margin */
		out[i] = (struct account){synthetic->asset, units, units * price - fabs(units) * price / leverage, synthetic->weight};
	}
	for (size_t i = 0; i < synthetic->accounts; i++) {
		out[i].collateral *= synthetic->value / (total * price);
		out[i].debt *= synthetic->value / (total * price);
	}
}
