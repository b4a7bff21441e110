// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/gain.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "margin/expected.h"
#include "margin/interval.h"
#include "margin/measured.h"
#include "margin/run.h"

/* The delays of both sites: each whole, and without each of the stages. */
struct laws {
	struct quadrature whole[2], rest[2][DELAY_STAGES];
};

static void laws_free(struct laws *laws)
{
	for (int site = 0; site < 2; site++) {
		quadrature_free(&laws->whole[site]);
		for (int i = 0; i < DELAY_STAGES; i++)
			quadrature_free(&laws->rest[site][i]);
	}
}

static int laws_build(struct laws *laws, const struct gain_site sites[2])
{
	int rc = 0;

	memset(laws, 0, sizeof(*laws));
	for (int site = 0; !rc && site < 2; site++) {
		rc = delay_total(sites[site].model->delays, DELAY_STAGES, &laws->whole[site]);
		for (int i = 0; !rc && i < DELAY_STAGES; i++)
			rc = delay_total(sites[site].model->delays, (enum delay_stage)i, &laws->rest[site][i]);
	}
	return rc;
}

/* What a stage's samples at both sites, or the same samples at both, add to the variance of the difference. */
static double stage_variance(const struct fixed_delay *fixed, const struct delay_law *a, const struct delay_law *b, double share,
			     const struct quadrature *rest_a, const struct quadrature *rest_b, bool *measured)
{
	struct delay_beside both = {rest_a, rest_b, 1, 0}, beside_a = {rest_a, NULL, 1, 0}, beside_b = {rest_b, NULL, 1, 0};
	double variance = 0;

	if (delay_law_same(a, b))
		return fixed_delay_measured_variance(fixed, a, share, &both, measured);
	if (!a->part_count || a->part_count != b->part_count)
		return fixed_delay_measured_variance(fixed, a, share, &beside_a, measured) +
		       fixed_delay_measured_variance(fixed, b, share, &beside_b, measured);
	for (size_t i = 0; i < a->part_count; i++)
		variance += stage_variance(fixed, &a->parts[i], &b->parts[i], share * a->shares[i], rest_a, rest_b, measured);
	return variance;
}

/* `masses`: what is triggered, the same at both sites. 0 or -ENOMEM. */
static int measure(const struct gain_site sites[2], struct fixed_delay *masses, double expected, struct gain *gain)
{
	struct quadrature rules[2 * (DELAY_STAGES + 1)]; /* borrowed */
	size_t count = 0;
	struct laws laws;
	double variance = 0;
	bool measured = false;
	int rc = laws_build(&laws, sites);

	for (int site = 0; site < 2; site++) {
		rules[count++] = laws.whole[site];
		for (int i = 0; i < DELAY_STAGES; i++)
			rules[count++] = laws.rest[site][i];
	}
	if (!rc)
		rc = fixed_delay_tabulate(masses, rules, count, 1, expected);
	for (int i = 0; !rc && i < DELAY_STAGES; i++)
		variance += stage_variance(masses, &sites[0].model->delays[i], &sites[1].model->delays[i], 1, &laws.rest[0][i],
					   &laws.rest[1][i], &measured);
	if (!rc && measured)
		gain->measurement_stderr = sqrt(variance);
	laws_free(&laws);
	return rc;
}

static int by_formula(const struct gain_site sites[2], const struct model_control *control, struct gain_answer *out, struct error *err)
{
	struct quadrature delay = {0};
	struct model_result results[2];
	struct expected expected;
	int rc = 0;

	for (int site = 0; !rc && site < 2; site++)
		rc = model_expect(sites[site].model, control, &results[site], err);
	if (rc)
		return rc;
	out->bad_debt = results[1].bad_debt;
	out->delay_mean_s = results[1].delay_mean_s;
	out->less_bad_debt.mean = (struct estimate){results[0].bad_debt.value - results[1].bad_debt.value,
						    hypot(results[0].bad_debt.stderr_, results[1].bad_debt.stderr_)};
	rc = delay_total(sites[0].model->delays, DELAY_STAGES, &delay);
	if (!rc)
		rc = expected_build(&expected, sites[0].model, &delay, control->threads);
	if (!rc) {
		rc = measure(sites, &expected.masses, fmin(results[0].bad_debt.value, results[1].bad_debt.value), &out->less_bad_debt);
		expected_free(&expected);
	}
	quadrature_free(&delay);
	return rc ? error_set(err, rc, "out of memory for %zu accounts", sites[0].model->account_count) : 0;
}

/* Both sites on the same paths; *sampled: the mean comes from executions. `measured`: with what the measurement adds, where that has a formula. */
static int compare(const struct gain_site sites[2], const struct model_control *control, bool measured, struct gain_answer *out, bool *sampled)
{
	struct model_result result = {0};
	struct fixed_delay masses = {0};
	struct run run, other;
	int rc = run_prepare(&run, sites[0].model, 1, 0);

	if (rc)
		return rc;
	rc = run_prepare(&other, sites[1].model, 1, 0);
	if (rc)
		goto out;
	run.against = &other;
	rc = run_slices(&run, control);
	if (!rc)
		rc = run_result(&run, &result);
	if (!rc)
		run_gain(&run, &result.bad_debt, out);
	out->interrupted = result.interrupted;
	*sampled = result.sampled_assets;
	if (!rc && measured && !*sampled) {
		rc = run_masses(&run, &masses);
		if (!rc)
			rc = measure(sites, &masses, fmin(result.bad_debt.value, out->bad_debt.value), &out->less_bad_debt);
		fixed_delay_free(&masses);
	}
	run_free(&other);
out:
	run_free(&run);
	return rc;
}

/* The gain with one group of the samples of each site alone (measured.h). */
static int compare_group(const struct gain_site sites[2], const struct model_control *control, unsigned group, struct gain_answer *out)
{
	struct model parts[2] = {*sites[0].model, *sites[1].model};
	struct gain_site dealt[2] = {{&parts[0], NULL}, {&parts[1], NULL}};
	bool sampled;
	int rc = 0;

	*out = (struct gain_answer){0};
	for (int site = 0; site < 2; site++) {
		struct measured_deal deal = {sites[site].model, group, 0};

		for (int i = 0; i < DELAY_STAGES; i++)
			parts[site].delays[i] = (struct delay_law){0};
		parts[site].paths = parts[site].paths / MEASURED_SHARE ? parts[site].paths / MEASURED_SHARE : parts[site].paths;
		if (!rc)
			rc = measured_stages(&deal, site ? sites[0].model : NULL, parts[site].delays);
	}
	if (!rc)
		rc = compare(dealt, control, false, out, &sampled);
	for (int i = 0; i < 2 * DELAY_STAGES; i++)
		delay_free(&parts[i / DELAY_STAGES].delays[i % DELAY_STAGES]);
	return rc;
}

static int measure_by_groups(const struct gain_site sites[2], const struct model_control *control, struct gain_answer *out)
{
	struct measured_spread spread = {0};
	int rc = 0;

	for (unsigned group = 0; !rc && group < MEASURED_GROUPS && !out->interrupted; group++) {
		struct gain_answer alone;

		rc = compare_group(sites, control, group, &alone);
		out->interrupted = !rc && alone.interrupted;
		if (!rc && !out->interrupted)
			measured_add(&spread, alone.less_bad_debt.mean.value);
	}
	out->less_bad_debt.measurement_stderr = measured_stderr(&spread);
	return rc == -ERANGE ? 0 : rc;
}

static int by_paths(const struct gain_site sites[2], const struct model_control *control, struct gain_answer *out, bool *by_groups,
		    struct error *err)
{
	int rc = model_check(sites[0].model, err);

	if (!rc)
		rc = model_check(sites[1].model, err);
	if (rc)
		return rc;
	rc = compare(sites, control, true, out, by_groups);
	*by_groups = *by_groups && (measured_any(sites[0].model) || measured_any(sites[1].model));
	for (int i = 0; i < DELAY_STAGES; i++)
		out->delay_mean_s += delay_mean(&sites[1].model->delays[i]);
	if (!rc && *by_groups)
		rc = measure_by_groups(sites, control, out);
	if (rc)
		error_set(err, rc, rc == -EAGAIN ? "no thread could be started: raise the limit of processes" : "out of memory");
	return rc;
}

int model_gain(const struct gain_site sites[2], const struct model_control *control, struct gain_answer *out, struct error *err)
{
	const struct estimate unknown = {NAN, NAN};
	const struct gain nobody = {unknown, NAN, {NAN, NAN}};
	struct error_part errors[2];
	bool by_groups = false;
	int rc;

	if (sites[0].market)
		return market_gain(sites, control, out, err);
	*out = (struct gain_answer){.keeper_profit = unknown, .own_profit = unknown, .more_keeper_profit = nobody,
				    .more_own_profit = nobody, .less_bad_debt = nobody};
	rc = expected_known(sites[0].model) ? by_formula(sites, control, out, err) : by_paths(sites, control, out, &by_groups, err);
	errors[0] = (struct error_part){out->less_bad_debt.mean.stderr_, INFINITY};
	errors[1] = (struct error_part){out->less_bad_debt.measurement_stderr, by_groups ? MEASURED_GROUPS - 1 : INFINITY};
	interval95(out->less_bad_debt.mean.value, errors, 2, out->less_bad_debt.ci95);
	return rc;
}
