// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two sites in the market walk: the same paths under the delays of both, and with an eighth of the samples of each at a time. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/gain.h"
#include "margin/interval.h"
#include "margin/market_measured.h"
#include "margin/market_result.h"
#include "margin/market_scenario.h"
#include "margin/moments.h"

struct asking {
	const struct gain_site *sites;
	const struct model_control *control;
	struct market_book book; /* of both: positions are the same */
	struct market_starts starts;
	struct path_result *results[2];
	unsigned runs, run;
	bool cut;
};

/* One site's paths with these laws; *paths becomes how many were done. */
static int walk(struct asking *asking, const struct market *market, const struct model *model, int site, uint64_t *paths)
{
	struct market_book book = asking->book;
	double from = (double)asking->run / asking->runs, to = (double)(asking->run + 1) / asking->runs;
	uint64_t wanted = *paths;
	int rc;

	book.market = market;
	book.model = model;
	asking->run++;
	rc = market_scenario(&(struct market_job){&book, &asking->starts, &(struct scenario){0}, asking->control, from, to,
						  asking->results[site], NULL, NULL, wanted}, paths);
	asking->cut = asking->cut || *paths < wanted;
	return rc;
}

/* The same for both sites, on the paths that both have done. */
static int walk_both(struct asking *asking, unsigned group, uint64_t *paths)
{
	uint64_t done[2] = {*paths, *paths};
	int rc = 0;

	for (int site = 0; !rc && site < 2; site++) {
		const struct gain_site *own = &asking->sites[site], *other = &asking->sites[!site];
		struct market market;
		struct model model;

		if (group == MEASURED_GROUPS) {
			rc = walk(asking, own->market, own->model, site, &done[site]);
			continue;
		}
		rc = market_measured(own->market, own->model, group, site ? other : NULL, &market, &model);
		if (rc)
			break;
		rc = walk(asking, &market, &model, site, &done[site]);
		market_measured_free(&market, &model);
	}
	*paths = done[0] < done[1] ? done[0] : done[1];
	return rc;
}

/* What is compared of a path, and its gain from A to B: less bad debt, more profit. */
static double bad_debt_of(const struct path_result *result) { return result->bad_debt; }
static double keepers_of(const struct path_result *result) { return result->keepers; }
static double own_of(const struct path_result *result) { return result->own; }

static const struct quantity {
	double (*of)(const struct path_result *result);
	double sign;
} quantities[] = {{bad_debt_of, 1}, {keepers_of, -1}, {own_of, -1}};
#define QUANTITIES (sizeof(quantities) / sizeof(quantities[0]))

/* Moments over paths of the gain, and of the value at B. */
static struct estimate mean_gain(const struct asking *asking, const struct quantity *quantity, uint64_t paths, struct estimate *there)
{
	struct moments gain = {0}, other = {0};

	for (uint64_t i = 0; i < paths; i++) {
		double a = quantity->of(&asking->results[0][i]), b = quantity->of(&asking->results[1][i]);

		moments_take(&gain, quantity->sign * (a - b));
		moments_take(&other, b);
	}
	if (there)
		*there = moments_estimate(&other);
	return moments_estimate(&gain);
}

/* The spread of the gains that groups of the samples give; NAN where a law has too few of them. */
static int measure(struct asking *asking, uint64_t all, struct gain *const gains[QUANTITIES])
{
	struct moments moments[QUANTITIES] = {{0}};
	uint64_t paths = all / MEASURED_SHARE ? all / MEASURED_SHARE : all;
	int rc = 0;

	for (unsigned group = 0; !rc && !asking->cut && group < MEASURED_GROUPS; group++) {
		uint64_t done = paths;

		rc = walk_both(asking, group, &done);
		for (size_t k = 0; !rc && k < QUANTITIES; k++)
			moments_take(&moments[k], mean_gain(asking, &quantities[k], done, NULL).value);
	}
	for (size_t k = 0; !rc && !asking->cut && k < QUANTITIES; k++)
		gains[k]->measurement_stderr = moments_estimate(&moments[k]).stderr_;
	return rc == -ERANGE ? 0 : rc;
}

static void set_interval(struct gain *gain, uint64_t paths)
{
	struct error_part parts[] = {{gain->mean.stderr_, (double)paths - 1}, {gain->measurement_stderr, MEASURED_GROUPS - 1}};

	interval95(gain->mean.value, parts, 2, gain->ci95);
}

static int answer(struct asking *asking, struct gain_answer *out)
{
	struct gain *gains[QUANTITIES] = {&out->less_bad_debt, &out->more_keeper_profit, &out->more_own_profit};
	struct estimate *there[QUANTITIES] = {&out->bad_debt, &out->keeper_profit, &out->own_profit};
	const struct gain_site *b = &asking->sites[1];
	int rc;

	out->paths = b->model->paths;
	rc = walk_both(asking, MEASURED_GROUPS, &out->paths);
	for (size_t k = 0; !rc && k < QUANTITIES; k++)
		gains[k]->mean = mean_gain(asking, &quantities[k], out->paths, there[k]);
	for (uint64_t i = 0; !rc && i < out->paths; i++)
		out->differing += asking->results[0][i].bad_debt != asking->results[1][i].bad_debt;
	if (!rc && (market_is_measured(asking->sites[0].market, asking->sites[0].model) || market_is_measured(b->market, b->model)))
		rc = measure(asking, out->paths, gains);
	for (size_t k = 0; !rc && k < QUANTITIES; k++)
		set_interval(gains[k], out->paths);
	return rc;
}

int market_gain(const struct gain_site sites[2], const struct model_control *control, struct gain_answer *out, struct error *err)
{
	const struct gain unknown = {{NAN, NAN}, NAN, {NAN, NAN}};
	struct asking asking = {.sites = sites, .control = control, .runs = 2 * (1 + MEASURED_GROUPS)};
	const struct model *model = sites[0].model;
	int rc = 0;

	*out = (struct gain_answer){.less_bad_debt = unknown, .more_keeper_profit = unknown, .more_own_profit = unknown};
	for (int site = 0; !rc && site < 2; site++)
		rc = market_check(sites[site].market, sites[site].model, err);
	if (rc)
		return rc;
	rc = market_book_init(&asking.book, sites[0].market, model);
	for (int site = 0; site < 2; site++)
		asking.results[site] = calloc(model->paths, sizeof(*asking.results[site]));
	if (!rc && (!asking.results[0] || !asking.results[1]))
		rc = -ENOMEM;
	if (!rc)
		rc = market_starts_init(&asking.starts, &asking.book);
	if (!rc)
		rc = answer(&asking, out);
	if (rc)
		error_set(err, rc, rc == -EAGAIN ? "no thread could be started: raise the limit of processes"
						 : "out of memory for %llu paths of %zu accounts",
			  (unsigned long long)model->paths, model->account_count);
	if (!sites[0].market->keepers.has_own) {
		out->own_profit = unknown.mean;
		out->more_own_profit = unknown;
	}
	for (int i = 0; i < DELAY_STAGES; i++)
		out->delay_mean_s += delay_mean(&sites[1].model->delays[i]);
	out->interrupted = asking.cut;
	market_book_free(&asking.book);
	market_starts_free(&asking.starts);
	free(asking.results[0]);
	free(asking.results[1]);
	return rc;
}
