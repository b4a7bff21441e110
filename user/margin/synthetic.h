/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Books of accounts by distribution, where the real one is not known: values are log-normal (a few large ones hold most), and
 * leverage, value over equity, is 1 + (median - 1)·e^{σz}, cut where an account could be liquidated at the start.
 */
#ifndef PL_MARGIN_SYNTHETIC_H
#define PL_MARGIN_SYNTHETIC_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "margin/engine.h"

struct synthetic {
	uint32_t asset;
	size_t accounts;
	double value; /* of all collateral, or of all positions, in the numeraire */
	double size_sigma;
	double leverage, leverage_sigma; /* its median, before the cut */
	double weight;	   /* liquidation threshold; of positions 1 - maintenance margin */
	double long_share; /* of perpetual positions, by number, 0..1; 1 for loans */
	double initial_margin; /* of perpetual positions: nobody opened one with a higher leverage than 1 over it; 0: whatever the weight allows */
};

/* -EINVAL names what is wrong, by the keys of model.yaml. */
int synthetic_check(const struct synthetic *synthetic, struct error *err);

/* Fills out[0 .. accounts) at this price of the asset: the same for the same seed, and other ones for another `lane`. A checked `synthetic`. */
void synthetic_draw(const struct synthetic *synthetic, double price, uint64_t seed, uint32_t lane, struct account *out);

#endif
