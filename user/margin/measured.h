/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What it adds to the error of a mean by paths that measured delays are a finite sample. They are dealt into groups at random (where a
 * path goes through one stretch of the measurement: stretch by stretch), and the question is asked again with each group alone. A
 * group's mean spreads like that of a measurement of its size, so that all of them together are off by its spread over
 * √groups: the grouped jackknife, or Politis and Romano's subsampling (1994), in which nothing has to be linear.
 */
#ifndef PL_MARGIN_MEASURED_H
#define PL_MARGIN_MEASURED_H

#include "margin/model.h"

#define MEASURED_GROUPS 8
#define MEASURED_MIN 8	 /* samples of a law, for each group */
#define MEASURED_SHARE 4 /* each group takes every 4th part of the paths */

bool measured_is(const struct delay_law *law);
bool measured_any(const struct model *model); /* of its three stages */

/* How samples are dealt. */
struct measured_deal {
	const struct model *model;
	unsigned group;
	uint32_t lane; /* a number of its own for every measured law: 0 at the start */
};

/*
 * A law with the samples of the group, or a copy of one that is not measured. One that is that of `beside` (NULL: none) is dealt as it is,
 * another one apart from it. 0; -ERANGE where it has too few; -ENOMEM. Free `out` with delay_free() in any case.
 */
int measured_law(struct measured_deal *deal, const struct delay_law *law, const struct delay_law *beside, struct delay_law *out);
/* Those of the model's stages. */
int measured_stages(struct measured_deal *deal, const struct model *beside, struct delay_law out[DELAY_STAGES]);

/* The groups' means. */
struct measured_spread {
	unsigned groups;
	double mean, squares;
};

void measured_add(struct measured_spread *spread, double mean);
double measured_stderr(const struct measured_spread *spread); /* NAN before all of them are there */

#endif
