/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside market_run(): questions to one market, scenario by scenario on the same random numbers. */
#ifndef PL_MARGIN_MARKET_ASK_H
#define PL_MARGIN_MARKET_ASK_H

#include "margin/market_scenario.h"

struct questions {
	struct market_book own;
	const struct market_book *book; /* whose paths are walked: `own`, or one with other laws of delays */
	struct market_starts starts;
	const struct model_control *control;
	struct path_result *base, *other;
	struct path_group *groups; /* of the base; NULL: there is one group */
	struct path_keeper *keepers; /* of the base */
	double imbalance_max; /* of any path of any scenario */
	uint64_t paths; /* finished ones of the base */
	unsigned runs, run;
	bool cut; /* an answer is missing, because the user stopped */
};

/* Walks the base, all paths of it as they are; `runs`: how many questions are to come, for the progress. 0, -ENOMEM or -EAGAIN; to be closed after that, too. */
int questions_open(struct questions *q, const struct market *market, const struct model *model, const struct model_control *control,
		   unsigned runs);
void questions_close(struct questions *q);

/* 0 with *done of the first `paths` paths in q->other, or as questions_open(). */
int ask(struct questions *q, const struct scenario *scenario, uint64_t paths, uint64_t *done);

/* A mean, and by what losses are known further, of the finished paths. */
typedef int ask_statistic(const struct path_result *results, uint64_t paths, double *out);
int ask_mean(const struct path_result *results, uint64_t paths, double *out);
int ask_es99(const struct path_result *results, uint64_t paths, double *out);

/*
 * How far a statistic of the bad debt is off because what was measured is a finite sample: asked of each group of the samples
 * alone (market_measured.h), of a quarter of the paths. NAN where there is too little to be dealt out, or the user stopped.
 */
int ask_measured(struct questions *q, const struct scenario *scenario, ask_statistic *statistic, double *stderr_);

/* The latency that reaches the budget, with its interval. */
int ask_budget(struct questions *q, double budget, struct model_result *result);
#define BUDGET_DOUBLINGS 7 /* of the mean delay, or a block: how far an added delay is looked for */
#define BUDGET_RUNS 35	    /* at most, groups of samples included */

#endif
