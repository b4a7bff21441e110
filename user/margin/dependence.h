/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How several assets move together. Their diffusions (and the shocks of garch) are correlated on the model's grid: exact
 * at every grid point, and inside a step each asset is the bridge that it would be alone, so each asset's own law does not
 * change at all. A common jump hits all assets of the group at one moment, each with a jump of its own law at the same
 * quantile, and takes the place of one of its own jumps: again each asset's law stays.
 */
#ifndef PL_MARGIN_DEPENDENCE_H
#define PL_MARGIN_DEPENDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct model;

struct dependence {
	double *correlation;	/* of `assets` × `assets`, row by row; NULL: independent */
	double *factor;		/* its Cholesky factor, from dependence_prepare() */
	bool *jumps_together;	/* one per asset; NULL: no common jumps */
	double common_share;	/* of the jumps of the asset of the group that jumps least, [0, 1] */
	double common_rate;	/* jumps per second, from dependence_prepare() */
};

/* -EINVAL: not a correlation matrix, or assets that cannot do what they are asked for; -ENOMEM. */
int dependence_prepare(struct dependence *dependence, const struct model *model, struct error *err);
void dependence_free(struct dependence *dependence);

/* The correlated N(0, 1) of one path: normals[step · assets + asset]. */
void dependence_normals(const struct dependence *dependence, uint64_t seed, uint64_t path, size_t steps, size_t assets,
			double *normals);

#endif
