/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside market_run(): the same world with a part of the measurement only (measured.h). */
#ifndef PL_MARGIN_MARKET_MEASURED_H
#define PL_MARGIN_MARKET_MEASURED_H

#include "margin/gain.h"
#include "margin/measured.h"

/* Whether any law of this world is measured. */
bool market_is_measured(const struct market *market, const struct model *model);

/*
 * Copies of both that share everything with the originals but the laws of delays, of which measured ones keep the samples of
 * `group`. Laws that are those of the site `beside` (NULL: none) are dealt as its are, others apart from its. 0; -ERANGE where a group has too few samples for the law; -ENOMEM. Nothing to free unless 0.
 */
int market_measured(const struct market *market, const struct model *model, unsigned group, const struct gain_site *beside,
		    struct market *market_out, struct model *model_out);
void market_measured_free(struct market *market, struct model *model);

#endif
