/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Liquidation engines: what happens to one account at the price of execution. One row in engine_types per engine, one
 * small file each. Money is in the numeraire, prices are the numeraire per unit of collateral.
 */
#ifndef PL_MARGIN_ENGINE_H
#define PL_MARGIN_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define ENGINE_PARAMETERS_MAX 4

struct account {
	uint32_t asset;		      /* index of its collateral in the model's assets */
	double collateral;	      /* units, > 0 */
	double debt;		      /* numeraire, >= 0 */
	double liquidation_threshold; /* (0, 1]: liquidatable once collateral·price·threshold < debt */
};

/* seized = repaid + returned + slippage; debt = repaid + bad_debt */
struct outcome {
	double seized;	 /* value of the collateral taken, at the price of execution */
	double repaid;	 /* of the debt */
	double bad_debt; /* debt left without collateral */
	double returned; /* left over for the account's owner */
	double slippage; /* lost in selling */
};

struct engine;

struct engine_parameter {
	const char *name;
	double low, high, preset; /* allowed values and the value if none is given */
};

struct engine_type {
	const char *name;
	struct engine_parameter parameters[ENGINE_PARAMETERS_MAX]; /* ends at the first without a name */
	void (*execute)(const struct engine *engine, const struct account *account, double price, struct outcome *outcome);
	/* The same bad debt as a payoff: units·(strike - price)+, which the closed forms price. */
	void (*payoff)(const struct engine *engine, const struct account *account, double *units, double *strike);
};

struct engine {
	const struct engine_type *type;
	double parameter[ENGINE_PARAMETERS_MAX];
};

extern const struct engine_type *const engine_types[]; /* NULL at the end */
extern const struct engine_type engine_instant;

const struct engine_type *engine_find(const char *name);

/* Checks the parameters against their ranges; -EINVAL names the parameter. */
int engine_check(const struct engine *engine, struct error *err);

#endif
