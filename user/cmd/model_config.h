/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* model.yaml, read and checked, with the measured delays taken out of session files. */
#ifndef PL_CMD_MODEL_CONFIG_H
#define PL_CMD_MODEL_CONFIG_H

#include "base/error.h"
#include "margin/market.h"
#include "margin/requirement.h"

/*
 * Reads `path`. Each mistake is named with FILE:LINE, the path in the file and the allowed values. `session` (NULL: none)
 * is where empirical delays without `session:` or `csv:` of their own come from. What the reader should know about the
 * measured delays (updates still open at the end, samples below zero) goes to stderr. `market` has rules only where the file
 * asks for what the market walk alone has. `requirement` has an amount
 * where one is asked for. Free with model_free() and market_free().
 */
int model_config_load(struct model *model, struct market *market, struct requirement *requirement, const char *path,
		      const char *session, struct error *err);

#endif
