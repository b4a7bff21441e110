// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market_measured.h"

bool market_is_measured(const struct market *market, const struct model *model)
{
	for (size_t i = 0; i < market->keepers.class_count; i++)
		if (measured_is(&market->keepers.classes[i].delay))
			return true;
	return measured_any(model) || (market->keepers.has_own && measured_is(&market->keepers.own)) ||
	       (market->settlement.delay.type && measured_is(&market->settlement.delay));
}

int market_measured(const struct market *market, const struct model *model, unsigned group, const struct gain_site *beside,
		    struct market *market_out, struct model *model_out)
{
	struct measured_deal deal = {model, group, 0};
	int rc;

	*market_out = *market;
	*model_out = *model;
	market_out->keepers.own = market_out->settlement.delay = (struct delay_law){0};
	for (size_t i = 0; i < market->keepers.class_count; i++)
		market_out->keepers.classes[i].delay = (struct delay_law){0};
	rc = measured_stages(&deal, beside ? beside->model : NULL, model_out->delays);
	if (!rc && market->keepers.has_own)
		rc = measured_law(&deal, &market->keepers.own, beside ? &beside->market->keepers.own : NULL, &market_out->keepers.own);
	if (!rc && market->settlement.delay.type)
		rc = measured_law(&deal, &market->settlement.delay, beside ? &beside->market->settlement.delay : NULL, &market_out->settlement.delay);
	for (size_t i = 0; !rc && i < market->keepers.class_count; i++)
		rc = measured_law(&deal, &market->keepers.classes[i].delay, beside ? &beside->market->keepers.classes[i].delay : NULL,
				  &market_out->keepers.classes[i].delay);
	if (rc)
		market_measured_free(market_out, model_out);
	return rc;
}

void market_measured_free(struct market *market, struct model *model)
{
	for (int i = 0; i < DELAY_STAGES; i++)
		delay_free(&model->delays[i]);
	delay_free(&market->keepers.own);
	for (size_t i = 0; i < market->keepers.class_count; i++)
		delay_free(&market->keepers.classes[i].delay);
	delay_free(&market->settlement.delay);
}
