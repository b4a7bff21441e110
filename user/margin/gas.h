/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a transaction costs: EIP-1559's base fee, and blocks that fill up when prices move. Keepers compare their profit
 * with it, so congestion delays liquidations exactly when they are needed.
 */
#ifndef PL_MARGIN_GAS_H
#define PL_MARGIN_GAS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * The base fee of the next block, in wei: EIP-1559's integer rule (elasticity 2, change denominator 8). `limit` is the
 * parent's gas limit, `used` what it used.
 */
uint64_t gas_next_base_fee(uint64_t parent, uint64_t used, uint64_t limit);

struct gas {
	double units;	       /* gas of one liquidation; 0: transactions cost nothing */
	double base_fee_gwei;  /* at the start, and the floor to which it returns */
	double priority_gwei;
	double price;	       /* of the chain's coin, numeraire; NAN: that of asset `asset` */
	uint32_t asset;
	double bid_share;      /* of his profit that a keeper bids against others in the same block, who then win by chance; 0: the first one has it */
	double congestion;     /* how much fuller blocks get per standard deviation that the price's move exceeds one */
	double hazard;	       /* probability a block that a transaction which has come is included at the usual base fee; 0: all are, at once */
	double congested;      /* what that falls to as the base fee rises */
};

/*
 * Share of the gas limit that a block uses when the price moved by `deviations` standard deviations over its time: half,
 * which leaves the base fee alone, plus congestion·(deviations - 1) above one; at most 1. Quiet blocks lead an elevated fee
 * back: they use congestion·(1 - deviations)/2 less.
 */
double gas_block_usage(const struct gas *gas, double deviations);

/*
 * The probability with which a transaction is included in this block: congested + (hazard - congested)·usual base fee/base fee. The
 * base fee rises while blocks are full and takes its time to come down, so that waits cluster, and come when prices move. `shorter`:
 * the share of the mean wait, (1 - h)/h blocks, that is left out.
 */
double gas_hazard(const struct gas *gas, double base_fee_wei, double shorter);

/* Cost of one liquidation in the numeraire at this base fee (wei) and price of the coin. */
double gas_cost(const struct gas *gas, double base_fee_wei, double coin_price);

/* -EINVAL names what is wrong. */
int gas_check(const struct gas *gas, size_t asset_count, struct error *err);

#endif
