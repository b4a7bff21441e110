// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/requirement.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/expected.h"

#define BISECTIONS 13 /* of a range of about a half: 1e-4 */

const char *const requirement_names[] = {"mean", "es99", NULL};

struct search {
	const struct model *model;
	const struct market *market;
	const struct requirement *requirement;
	const struct model_control *control;
	struct account *accounts;
};

/* The bad debt with thresholds times `scale`. */
static int attempt(struct search *search, double scale, double *value, struct error *err)
{
	struct model model = *search->model;
	struct model_result result;
	struct market_result more;
	bool mean = search->requirement->of == REQUIREMENT_MEAN;
	int rc;

	for (size_t i = 0; i < model.account_count; i++) {
		search->accounts[i] = model.accounts[i];
		if (!account_is_debt(&model.accounts[i]))
			search->accounts[i].liquidation_threshold = fmin(1, scale * model.accounts[i].liquidation_threshold);
	}
	model.accounts = search->accounts;
	model.group_count = 0; /* the book's answer is asked for */
	if (search->market)
		rc = market_bad_debt(search->market, &model, search->control, &result, &more, err);
	else
		rc = mean && expected_known(&model) ? model_expect(&model, search->control, &result, err) :
						      model_bad_debt(&model, search->control, &result, err);
	*value = rc ? NAN : result.interrupted ? NAN : mean ? result.bad_debt.value : result.es99;
	return rc;
}

int model_requirement(const struct model *model, const struct market *market, const struct requirement *requirement, const struct model_control *control,
		      struct requirement_answer *out, struct error *err)
{
	struct search search = {model, market, requirement, control, calloc(model->account_count, sizeof(struct account))};
	double low = REQUIREMENT_LOWEST, high = 1, value;
	int rc;

	*out = (struct requirement_answer){NAN, NAN, false};
	if (!search.accounts)
		return error_set(err, -ENOMEM, "out of memory for %zu accounts", model->account_count);
	for (size_t i = 0; i < model->account_count; i++)
		if (model->accounts[i].debt != 0 || model_joined(model, i))
			high = fmax(high, 1 / model->accounts[i].liquidation_threshold);
	rc = attempt(&search, high, &value, err);
	if (!rc && value <= requirement->below) {
		*out = (struct requirement_answer){high, value, true};
		goto out;
	}
	if (!rc)
		rc = attempt(&search, low, &value, err);
	if (rc || !(value <= requirement->below))
		goto out;
	out->value = value;
	for (int i = 0; !rc && i < BISECTIONS; i++) {
		double middle = 0.5 * (low + high);

		rc = attempt(&search, middle, &value, err);
		if (isnan(value)) {
			out->value = NAN;
			goto out;
		}
		if (value <= requirement->below) {
			low = middle;
			out->value = value;
		} else {
			high = middle;
		}
	}
	out->threshold_scale = low;
out:
	free(search.accounts);
	return rc;
}
