/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A liquidation on Aave v3 to the last unit: the integers, roundings and refusals of the contracts, for an account with any
 * number of collaterals and debts, in an e-mode or not. The market walk's rule (rules.h) is this one in floating point;
 * the tests hold it to this one, and this one to the contracts themselves.
 *
 * Sources: LiquidationLogic.sol, GenericLogic.sol, ValidationLogic.sol and the tokens, of npm's @aave/core-v3 1.19.3 (3.0)
 * and @aave-dao/aave-v3-origin 3.6.0 (3.6), read 2026-11-25.
 *
 * Amounts are in a token's smallest unit; ratios and bonuses in 1/10000 as the pool's configuration has them (bonus 10500
 * is 5 %); prices in the oracle's unit, the base currency with 8 decimals; indices in ray (1e27), grown to the block's time.
 * Not here: debt at a stable rate (gone since 3.2), isolation mode's ceilings, and what a pool can refuse for reasons that are
 * not the account's (a reserve that is paused, or has not the collateral at hand).
 */
#ifndef PL_MARGIN_AAVE_H
#define PL_MARGIN_AAVE_H

#include <stddef.h>

#include "base/error.h"
#include "base/u256.h"

/* 3.0 leaves bad debt with the account. 3.6 writes it off as the reserve's deficit, closes small positions whole, and rounds
 * in the protocol's favour. */
enum aave_version { AAVE_3_0, AAVE_3_6 };

struct aave_reserve {
	unsigned decimals;
	unsigned ltv, liquidation_threshold, liquidation_bonus, protocol_fee;
	bool in_emode;	   /* a collateral of the account's e-mode category */
	struct u256 price; /* of 10^decimals units; 3.0: the category's own where it has one and the reserve is in it */
	struct u256 liquidity_index, borrow_index;
	/* what the account has in it */
	struct u256 scaled_supply, scaled_debt;
	bool as_collateral;
	/* debt of this account that the pool has written off */
	struct u256 deficit;
};

struct aave_emode {
	unsigned ltv, liquidation_threshold, liquidation_bonus;
};

struct aave_account {
	enum aave_version version;
	bool has_emode;
	struct aave_emode emode;
	struct aave_reserve *reserves;
	size_t count;
};

/* getUserAccountData() */
struct aave_health {
	struct u256 collateral, debt; /* base currency */
	struct u256 available;	      /* to be borrowed */
	struct u256 liquidation_threshold, ltv; /* averages by value */
	struct u256 health;	      /* wad; the largest number without debt */
};

enum aave_answer {
	AAVE_LIQUIDATED,
	AAVE_HEALTHY,	     /* health is 1 or more */
	AAVE_NOT_COLLATERAL, /* the account does not use this reserve as collateral */
	AAVE_NOT_BORROWED,
	AAVE_LEAVES_DUST, /* 3.6: neither all of collateral or debt, nor 1,000 left of both */
	AAVE_NOTHING,	  /* so little that nothing would be burnt */
	AAVE_OVERFLOW,	  /* a number leaves 256 bits */
	AAVE_ANSWERS
};

extern const char *const aave_answer_names[AAVE_ANSWERS + 1];

struct aave_liquidation {
	struct u256 repaid; /* of the debt's token, by the keeper */
	struct u256 seized; /* of the collateral's token, to the keeper */
	struct u256 fee;    /* of the collateral's token, to the treasury */
};

/* -EINVAL names what a pool could not be configured with. */
int aave_check(const struct aave_account *account, struct error *err);

struct u256 aave_supply(const struct aave_account *account, const struct aave_reserve *reserve);
struct u256 aave_debt(const struct aave_account *account, const struct aave_reserve *reserve);

/* False: a number leaves 256 bits. */
bool aave_health(const struct aave_account *account, struct aave_health *out);

/*
 * liquidationCall(): up to `cover` of the debt in reserve `debt` against the collateral in reserve `collateral`. The account
 * becomes what it is afterwards; where the pool refuses, nothing changes.
 */
enum aave_answer aave_liquidate(struct aave_account *account, size_t collateral, size_t debt, struct u256 cover,
				struct aave_liquidation *out);

#endif
