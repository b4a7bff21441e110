/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What it is worth to stand at another site: the same book, prices and rules under the delays of site A and under those of
 * site B, on the same random numbers, so that the difference is known far better than either. Better at B is above 0.
 */
#ifndef PL_MARGIN_GAIN_H
#define PL_MARGIN_GAIN_H

#include "margin/market.h"

/* A before B. Both from the same file: they may differ in the laws of delays, and in nothing else. */
struct gain_site {
	const struct model *model;
	const struct market *market; /* NULL: the expectation */
};

struct gain {
	struct estimate mean;
	double measurement_stderr; /* the delays of both being finite samples; NAN: nothing measured, or not known */
	double ci95[2];		   /* with both errors */
};

struct gain_answer {
	bool interrupted; /* over the paths done so far */
	uint64_t paths;	  /* 0: by formula */
	uint64_t differing; /* pairs of paths (market walk: paths) on which the sites differ at all */
	struct estimate bad_debt; /* at B: what it is at A less the gain; its error is that of B alone */
	double delay_mean_s;	  /* at B */
	struct gain less_bad_debt;	/* A's bad debt less B's */
	/* B's profits, and B's less A's; NAN where nobody is paid, and without an own keeper */
	struct estimate keeper_profit, own_profit;
	struct gain more_keeper_profit, more_own_profit;
};

/* As model_run(). A measurement that both sites share is one measurement: what it errs on both sides cancels. */
int model_gain(const struct gain_site sites[2], const struct model_control *control, struct gain_answer *out, struct error *err);

/* The same by the market walk, which both sites have. */
int market_gain(const struct gain_site sites[2], const struct model_control *control, struct gain_answer *out, struct error *err);

#endif
