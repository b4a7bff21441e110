/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* model.yaml, read and checked, with the measured delays taken out of session files. */
#ifndef PL_CMD_MODEL_CONFIG_H
#define PL_CMD_MODEL_CONFIG_H

#include <stdbool.h>

#include "base/error.h"
#include "margin/market.h"
#include "margin/requirement.h"

/* Where measured delays come from. */
struct model_measured {
	const char *session; /* of laws that do not say so themselves; NULL: none */
	bool taken;	     /* a law has taken its samples from it */
	char doubts[4096];   /* why an answer made of them is not to be trusted: one sentence a line; "": nothing speaks against it */
};

/*
 * Reads `path`. Each mistake is named with FILE:LINE, the path in the file and the allowed values. What the reader should know
 * about the measured delays (updates still open at the end, samples below zero) goes to stderr, what speaks against them to
 * measured->doubts. `market` has rules only where the file
 * asks for what the market walk alone has. `requirement` has an amount
 * where one is asked for. Free with model_free() and market_free().
 */
int model_config_load(struct model *model, struct market *market, struct requirement *requirement, const char *path,
		      struct model_measured *measured, struct error *err);

#endif
