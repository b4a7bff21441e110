// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market_ask.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/distribution.h"
#include "margin/market_measured.h"

static void look_at_balance(struct questions *q, const struct path_result *results, uint64_t paths)
{
	for (uint64_t i = 0; i < paths; i++)
		q->imbalance_max = fmax(q->imbalance_max, results[i].imbalance);
}

int questions_open(struct questions *q, const struct market *market, const struct model *model, const struct model_control *control,
		   unsigned runs)
{
	static const struct scenario as_it_is;
	int rc;

	*q = (struct questions){.control = control, .runs = 1 + runs};
	q->book = &q->own;
	rc = market_book_init(&q->own, market, model);
	q->base = calloc(model->paths, sizeof(*q->base));
	q->other = calloc(runs ? model->paths : 1, sizeof(*q->other));
	if (market_book_groups(model))
		q->groups = calloc(model->paths * market_book_groups(model), sizeof(*q->groups));
	q->keepers = calloc(model->paths * keepers_kinds(&market->keepers), sizeof(*q->keepers));
	if (!rc && (!q->base || !q->other || !q->keepers || (market_book_groups(model) && !q->groups)))
		rc = -ENOMEM;
	if (!rc)
		rc = market_starts_init(&q->starts, &q->own);
	if (!rc)
		rc = market_scenario(&(struct market_job){&q->own, &q->starts, &as_it_is, control, 0, 1.0 / q->runs, q->base, q->groups,
						  q->keepers, model->paths},
				     &q->paths);
	q->run = 1;
	q->cut = q->paths < model->paths;
	look_at_balance(q, q->base, q->paths);
	return rc;
}

void questions_close(struct questions *q)
{
	market_book_free(&q->own);
	market_starts_free(&q->starts);
	free(q->base);
	free(q->other);
	free(q->groups);
	free(q->keepers);
}

int ask(struct questions *q, const struct scenario *scenario, uint64_t paths, uint64_t *done)
{
	double from = (double)q->run / q->runs, to = (double)(q->run + 1) / q->runs;
	int rc;

	q->run++;
	*done = 0;
	if (q->control->stop && *q->control->stop) {
		q->cut = true;
		return 0;
	}
	rc = market_scenario(&(struct market_job){q->book, &q->starts, scenario, q->control, from, to, q->other, NULL, NULL, paths}, done);
	look_at_balance(q, q->other, *done);
	q->cut = q->cut || *done < paths;
	return rc;
}

/* ---- the measurement ------------------------------------------------------------------------------------------------ */

int ask_mean(const struct path_result *results, uint64_t paths, double *out)
{
	double sum = 0;

	for (uint64_t i = 0; i < paths; i++)
		sum += results[i].bad_debt;
	*out = sum / (double)paths;
	return 0;
}

int ask_es99(const struct path_result *results, uint64_t paths, double *out)
{
	double *losses = malloc(paths * sizeof(*losses));
	struct model_result found;
	int rc;

	if (!losses)
		return -ENOMEM;
	for (uint64_t i = 0; i < paths; i++)
		losses[i] = results[i].bad_debt;
	rc = distribution_of(losses, paths, &found);
	*out = found.es99;
	free(losses);
	return rc;
}

/* One group's; NAN where the user stopped. */
static int ask_group(struct questions *q, const struct scenario *scenario, unsigned group, ask_statistic *statistic, double *out)
{
	uint64_t paths = q->paths / MEASURED_SHARE ? q->paths / MEASURED_SHARE : q->paths, done;
	struct market_book book = q->own;
	struct market market;
	struct model model;
	int rc = market_measured(q->own.market, q->own.model, group, NULL, &market, &model);

	*out = NAN;
	if (rc)
		return rc;
	book.market = &market;
	book.model = &model;
	q->book = &book;
	rc = ask(q, scenario, paths, &done);
	q->book = &q->own;
	market_measured_free(&market, &model);
	return rc || done < paths ? rc : statistic(q->other, paths, out);
}

int ask_measured(struct questions *q, const struct scenario *scenario, ask_statistic *statistic, double *stderr_)
{
	struct measured_spread spread = {0};
	int rc = 0;

	*stderr_ = NAN;
	for (unsigned group = 0; !rc && group < MEASURED_GROUPS; group++) {
		double value;

		rc = ask_group(q, scenario, group, statistic, &value);
		if (rc || isnan(value))
			return rc == -ERANGE ? 0 : rc;
		measured_add(&spread, value);
	}
	*stderr_ = measured_stderr(&spread);
	return 0;
}
