// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/groups.h"

#include <errno.h>
#include <math.h>
#include <string.h>

int model_groups_check(const struct model *model, struct error *err)
{
	if (model->group_count > MODEL_GROUPS_MAX)
		return error_set(err, -EINVAL, "%zu groups of accounts; allowed: up to %d", model->group_count, MODEL_GROUPS_MAX);
	for (size_t i = 0; model->group_count && i < model->account_count; i++) {
		if (model->groups[i] >= model->group_count)
			return error_set(err, -EINVAL, "account %zu: group %u of %zu", i, model->groups[i], model->group_count);
		if (model_joined(model, i) && i && model->groups[i] != model->groups[i - 1])
			return error_set(err, -EINVAL, "account %zu: another collateral of the account before it, which is in another group", i);
	}
	return 0;
}

static void take_book(const struct model_result *result, struct model_group *out)
{
	out->bad_debt = result->bad_debt;
	out->triggers = result->triggers;
	out->sampled = result->sampled;
	out->law = (struct loss_law){.losses = result->distribution_losses, .probability = result->probability,
				     .probability_upper95 = result->probability_upper95};
	memcpy(out->law.risks, result->risks, sizeof(out->law.risks));
}

void model_groups_finish(const struct model *model, bool perpetual, struct model_result *result)
{
	for (size_t i = 0; model->group_count && i < model->account_count; i++) {
		const struct account *account = &model->accounts[i];
		struct model_group *group = &result->groups[model->groups[i]];

		group->accounts += !model_joined(model, i);
		group->debt += perpetual ? 0 : account->debt;
		if (perpetual || account_is_debt(account))
			group->debt += fabs(account->collateral) * model->assets[account->asset].price;
	}
	if (model->group_count == 1)
		take_book(result, &result->groups[0]);
}
