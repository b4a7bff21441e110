/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Parameters of a price process from a series of prices, by maximum likelihood, with standard errors from the observed
 * information (for garch the robust ones of Bollerslev and Wooldridge 1992, because returns are not normal given their
 * variance). Lévy processes take each return with its own length of time, so gaps in the series do no harm.
 */
#ifndef PL_MARGIN_FIT_H
#define PL_MARGIN_FIT_H

#include "margin/process.h"

struct fit {
	const struct process_type *type;
	double value[PROCESS_PARAMETERS_MAX], stderr_[PROCESS_PARAMETERS_MAX]; /* in the order of type->parameters; NAN: not estimated, or at the edge of what is allowed */
	double log_likelihood, akaike; /* 2 k - 2 ln L: lower is better, between processes on the same series */
	size_t returns;
	size_t uneven; /* garch: returns whose length is not the bar; they are taken for bars all the same */
	bool converged;
};

#define FIT_RETURNS_MIN 100

/* Whether a process can be fitted: gbm, merton, kou, garch. */
bool fit_possible(const struct process_type *type);

/* `progress` (NULL: none) hears how often the likelihood has been worked out. 0, -EINVAL if the series is too short or does not move, -ENOMEM. */
int fit_process(const struct process_type *type, const struct series *series, unsigned threads, void (*progress)(unsigned evaluations),
		struct fit *out, struct error *err);

#endif
