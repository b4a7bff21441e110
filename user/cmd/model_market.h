/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What of model.yaml is about a protocol and its market: engine, oracle, liquidity, network, keepers, settlement, waterfall, controls. */
#ifndef PL_CMD_MODEL_MARKET_H
#define PL_CMD_MODEL_MARKET_H

#include <stdbool.h>

#include "base/conf.h"
#include "cmd/model_config.h"
#include "cmd/model_terms.h"
#include "margin/market.h"

/* The keys at the top of model.yaml that model_market_read() takes. */
#define MODEL_MARKET_KEYS "oracle, liquidity, network, keepers, settlement, waterfall, controls, maintenance_tiers"

/* Whether the file asks for anything that only the market walk has. */
bool model_market_wanted(struct conf root);

/* model->assets must be there; `terms` as the book was read with; `kinds`: of the accounts (model_book.h). Free with market_free(), also after an error. */
int model_market_read(struct conf root, struct model_measured *measured, const struct model *model, const struct model_terms *terms,
		      unsigned int kinds, struct market *out, struct error *err);

/* Parts of it. */
int model_keepers(struct conf map, struct model_measured *measured, enum delay_dependence dependence, struct keepers *out, struct error *err);
/* Settlement, waterfall, controls. */
int model_controls(struct conf root, struct model_measured *measured, double step_s, struct market *out, struct error *err);

#endif
