/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Random numbers by position, not by state: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, SC 2011; Random123), keyed by the
 * seed, counted by (path, lane, stream, step). Any path can be drawn by any thread, in any order, with the same result.
 */
#ifndef PL_MARGIN_RNG_H
#define PL_MARGIN_RNG_H

#include <stdint.h>

/* What a number is for: two purposes never share a stream, so that a change in one does not move the other. */
enum rng_stream {
	RNG_SKELETON,  /* prices at jump times and at the horizon, jump times and sizes */
	RNG_MINIMUM,   /* lowest price between two points of the skeleton */
	RNG_WALK,      /* crossing times, prices at execution */
	RNG_DELAY,     /* delays of one account */
	RNG_SHOCKS,    /* diffusions of correlated assets */
	RNG_COMMON,    /* times of the jumps that assets share (lane 0), and the n-th one's size (lane n) */
	RNG_PRICE,     /* the market walk: prices, block by block (steps.h; of assets that are correlated or have a memory: one by one) */
	RNG_REPORT,    /* the market walk: delays and errors of oracle reports */
	RNG_ATTEMPT,   /* the market walk: delays of one account's liquidations */
	RNG_SETTLE,    /* the market walk: how long one account's collateral is on its way to another chain */
	RNG_JUMPS,     /* the market walk: an asset's own jumps */
	RNG_ENDS,      /* the market walk: where chunks of blocks end (market_price.h) */
	RNG_BOOK,      /* a synthetic book: one account's size and leverage */
	RNG_INCLUSION, /* the market walk: whether a block includes the transaction that waits for an account (step: the block) */
	RNG_DELEVERAGE, /* the market walk: at which position deleveraging begins */
	RNG_POSITION, /* the market walk: which position of an account is liquidated first (step: the block) */
	RNG_RESAMPLE = 200, /* measured samples, drawn again (stats): a number of its own, so that its draws stay when streams are added */
};

struct rng {
	uint32_t key[2];
	uint32_t counter[4];
	uint32_t block[4];
	unsigned used;	/* words of the block already taken */
	double spare;	/* second value of a Box-Muller pair */
	int has_spare;
};

/* `lane` separates the assets (RNG_SKELETON … RNG_WALK) or the accounts (RNG_DELAY) of one path. path < 2^56. */
void rng_open(struct rng *rng, uint64_t seed, uint64_t path, uint32_t lane, enum rng_stream stream);

/* Passes over `count` uniforms, of a stream from which nothing but uniforms was taken so far. */
void rng_skip(struct rng *rng, uint64_t count);

double rng_uniform(struct rng *rng);	 /* (0, 1), 52 bits, neither end */
double rng_normal(struct rng *rng);	 /* N(0, 1), Box-Muller */
double rng_exponential(struct rng *rng); /* mean 1 */

#endif
