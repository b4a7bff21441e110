/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside market_run(): all paths of one scenario over threads, slice by slice where there is a checkpoint. Every path leaves its
 * result in a place of its own: the same answer, to the last bit, for any number of threads.
 */
#ifndef PL_MARGIN_MARKET_SCENARIO_H
#define PL_MARGIN_MARKET_SCENARIO_H

#include "margin/market_path.h"

/* Of every path, found by the first scenario for all of them. */
struct market_starts {
	uint64_t *chunks;   /* NULL: this market and these processes do not allow it */
	double *diffusions; /* assets of each path; NULL: what was before is not forgotten */
	bool found;
};

/* 0 or -ENOMEM; to be freed after that, too. */
int market_starts_init(struct market_starts *starts, const struct market_book *book);
void market_starts_free(struct market_starts *starts);

/* One scenario, and where it stands in all work. */
struct market_job {
	const struct market_book *book;
	struct market_starts *starts;
	const struct scenario *scenario;
	const struct model_control *control;
	double from, to; /* the share of all work that this is */
	struct path_result *results;
	struct path_group *groups; /* of each path, market_book_groups() of them; NULL: nobody asks */
	struct path_keeper *keepers; /* of each path, keepers_kinds() of them; NULL: nobody asks */
	uint64_t paths;
};

/* Runs all paths of the job; *done are the first ones that are finished. 0, -ENOMEM or -EAGAIN. */
int market_scenario(const struct market_job *job, uint64_t *done);

#endif
