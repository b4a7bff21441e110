/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Liquidation rules of lending and perpetual protocols: what one liquidation takes from one position. Pure arithmetic; who
 * liquidates, when, and at what market price is the market walk's business (market.h). One row in rules_types per protocol,
 * one file per family.
 *
 * A position holds `units` of one asset and `cash` in the numeraire; its equity is units·price + cash.
 *	loan			units > 0, cash = -debt, weight = liquidation threshold
 *	long perpetual		units = size, cash = margin - size·entry, weight = 1 - maintenance margin
 *	short perpetual		units = -size, cash = margin + size·entry, weight = 1 + maintenance margin
 * It can be liquidated once units·price·weight + cash + relief < 0 at the oracle's price; relief is 0 but for margin by size
 * (margin_tiers.h).
 */
#ifndef PL_MARGIN_RULES_H
#define PL_MARGIN_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define RULES_PARAMETERS_MAX 12

struct position {
	double units, cash, weight;
	unsigned taken; /* liquidations that it has been through */
	/* of an account with several collaterals or debts, of which this is a pair: what its others count and owe, in the numeraire */
	double others_count, others_owe;
	double relief; /* of the requirement, in the numeraire */
	double others_require; /* of a position that shares its margin: the others' maintenance margin; its equity is the account's */
};

/* (0, inf); below 1: to be liquidated. A loan's health factor; for a short position cash over what it must be worth. */
double position_health(const struct position *position, double oracle);

/* The oracle price at which the health of a position that stands by itself is 1: a long one is below 1 under it, a short one above it. */
double position_trigger(const struct position *position);

/* What leaves the position at one liquidation. Signs are those of the position's units. */
struct plan {
	double units;	  /* to the keeper, or onto the market */
	double fee_units; /* to the protocol */
	double repay;	  /* cash that the keeper pays in; NAN: the position gets what the market pays for `units` */
	double penalty;	  /* cash to the insurance fund, at most the equity that is left */
	double limit;	  /* the sale stands only at this price or a better one; 0: at any */
	bool takeover;	  /* the protocol's own vault takes all at the oracle's price, and `penalty` of the equity */
	bool whole;	  /* … and with it all that shares its margin */
	double pause_s;	  /* nobody comes for the rest for so long */
	double reward;	  /* of a takeover: cash from the vault to the keeper who asked for it; 0: the protocol does it by itself */
};

/* Collateral that the protocol has taken over and offers for cash. */
struct lot {
	double units;
	double claim;  /* cash that the protocol is owed for it: less is a loss, more a gain */
	double target; /* cash at which selling ends, and the rest goes back to the owner; INFINITY: all is sold */
	double raised;
	double least;  /* a purchase leaves so much to be raised, or nothing */
	double reward; /* cash from the protocol to whoever started it */
	double top;	/* price at the start of the auction */
	double start_s; /* of the auction, in the path's time */
};

struct rules;

struct rules_parameter {
	const char *name; /* key in model.yaml */
	double low, high, preset;
};

/*
 * A penalty in tiers, in place of the parameter `penalty`: by how far the health has fallen when the liquidation is carried out, or by
 * the size of the position. Protocols with a curve of their own (aave-v4, euler-v2) take none.
 */
enum rules_tiers_by { TIERS_NONE, TIERS_BY_HEALTH, TIERS_BY_NOTIONAL };

struct rules_tier {
	double from; /* health at or below, or |units|·price at or above: the last tier that holds counts, before the first one the parameter */
	double penalty;
};
#define RULES_TIERS_MAX 16

struct rules_type {
	const char *name;   /* of engine.type in model.yaml */
	const char *source; /* where the rule and its numbers were read, and when */
	bool perpetual;	    /* the book holds perpetual positions, not loans */
	bool cross_collateral; /* an account may hold several collaterals, each liquidation takes of one, or (without plan) all … */
	bool cross_debt;       /* … and owe several debts, each liquidation repays of one */
	unsigned int of_reserve; /* bits of the parameters that each collateral may have of its own … */
	unsigned int of_emode;	 /* … and of those that an e-mode has for those in it; 0: there are none */
	bool shared_margin; /* positions of an account may share one margin … */
	bool any_first;	    /* … of which any is liquidated first, one a block; false: the largest first */
	bool deleverages;   /* a bankrupt position is still there, and can be closed against others (waterfall.h) */
	bool commits;	    /* once below 1 it is carried out, whatever the health is by then */
	double oracle_hop_s; /* the protocol's price waits for one hop of this length (oracle.h); 0: it does not */
	enum rules_tiers_by tiers_by;
	const char *penalty; /* of the parameters, what a liquidation costs the borrower: a keeper's bonus, a fee; NULL: none does alone */
	struct rules_parameter parameters[RULES_PARAMETERS_MAX]; /* ends at the first without a name */
	/* One liquidation of a position with health < 1; false where there is nothing to take. NULL: the position becomes a lot. */
	bool (*plan)(const struct rules *rules, const struct position *position, double oracle, struct plan *out);
	/*
	 * The position, or as much of it as the protocol's limits allow, becomes a lot: `position` keeps the rest, and what is its owner's.
	 * `wanted`: cash that lots of this collateral still have to raise. False: the limits do not allow any now.
	 */
	bool (*take)(const struct rules *rules, struct position *position, double oracle, double now_s, double wanted, struct lot *out);
	/* The price at which the lot is on offer; NAN: at none, the auction has to be started anew. */
	double (*offer)(const struct rules *rules, const struct lot *lot, double oracle, double now_s);
	/* Starts it anew, for lot->reward. NULL: offers do not end. */
	void (*renew)(const struct rules *rules, struct lot *lot, double oracle, double now_s);
};

struct rules {
	const struct rules_type *type;
	double parameter[RULES_PARAMETERS_MAX];
	struct rules_tier tiers[RULES_TIERS_MAX]; /* descending health, or ascending size */
	size_t tier_count;
};

extern const struct rules_type *const rules_types[]; /* NULL at the end */
extern const struct rules_type rules_instant, rules_aave_v3, rules_compound_v2, rules_morpho, rules_euler_v2, rules_maker,
	rules_compound_v3, rules_dydx_v4, rules_hyperliquid, rules_spark, rules_aave_v4, rules_drift, rules_gmx_v2, rules_synthetix_v3;

const struct rules_type *rules_find(const char *name);

/* Loans of which keepers repay the debt: it may be in an asset with a price of its own. */
bool rules_lend(const struct rules_type *type);

/* Every parameter at its preset. */
void rules_preset(struct rules *rules, const struct rules_type *type);

/* Index of type->penalty among the parameters; -1: it has none. */
int rules_penalty(const struct rules_type *type);

/* The plan of the rules with the penalty of the tier that holds. As type->plan(), which must be there. */
bool rules_plan(const struct rules *rules, const struct position *position, double oracle, struct plan *out);

/* Checks the parameters against their ranges, tiers against each other; -EINVAL names the parameter. */
int rules_check(const struct rules *rules, struct error *err);

/* The price at which the equity of a perpetual position is nothing. */
double perp_bankruptcy_price(const struct position *position);

/*
 * dYdX v4: the price at which a liquidation order of the whole position may fill. Net notional value minus the adjusted
 * bankruptcy rating's share of the maintenance margin, per unit: (PNNV - ABR·SMMR·PMMR)/PS with ABR = clamp(BA·(1 -
 * TNC/TMMR), 0, 1), TNC the equity, TMMR the maintenance margin of all positions that share it.
 */
double perp_fillable_price(const struct position *position, double oracle, double adjustment, double spread);

/* dYdX v4: initial margin fraction scaled by open interest, min(1, base + max(0, (oi - lower)/(upper - lower))·(1 - base)). */
double perp_initial_margin(double base, double open_interest, double lower, double upper);

#endif
