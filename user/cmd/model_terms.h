/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * `engine: {reserves: …, emodes: …}`: what each collateral has of its own of the engine's parameters, and its liquidation threshold, and
 * which collaterals have what in an e-mode. Read before the book, which is made of it. Names live as long as the file is open.
 */
#ifndef PL_CMD_MODEL_TERMS_H
#define PL_CMD_MODEL_TERMS_H

#include "base/conf.h"
#include "margin/market.h"

#define MODEL_EMODES_MAX 256

/* NAN: not given. */
struct model_term {
	double threshold, parameter[RULES_PARAMETERS_MAX];
};

struct model_emode {
	const char *name, *cash; /* cash: the numeraire's name among what it lends; NULL: it does not */
	struct model_term term;
	bool *holds, *lends; /* of each asset */
};

struct model_terms {
	size_t asset_count, emode_count;
	struct model_term *reserves; /* of each asset; NULL: neither reserves nor e-modes */
	struct model_emode *emodes;
};

#define MODEL_NO_EMODE (-1)

/* model->assets must be there. An engine that is not known has no terms: whoever reads it names the mistake. Free in any case. */
int model_terms_read(struct conf engine, const struct model *model, struct model_terms *out, struct error *err);
void model_terms_free(struct model_terms *terms);

/* Index of an e-mode, or -EINVAL. */
int model_terms_emode(const struct model_terms *terms, struct conf node, int *out, struct error *err);
int model_terms_find(const struct model_terms *terms, const char *name); /* -ENOENT: there is none */

/*
 * The threshold of a collateral: `given` (NAN: it is not), the e-mode's, or the reserve's; in an e-mode that holds the asset none
 * may be given. What is wrong, or NULL.
 */
const char *model_terms_threshold(const struct model_terms *terms, int emode, uint32_t asset, double given, double *out);

/* Whether it may be owed in this e-mode; asset UINT32_MAX: the numeraire, under this name (NULL: it has none here). */
bool model_terms_lend(const struct model_terms *terms, int emode, uint32_t asset, const char *name);

/* Which of the market's variants hold for a collateral (model.h). */
uint32_t model_terms_of(const struct model_terms *terms, int emode, uint32_t asset);

/* market->rules, as each collateral has them. 0 or -EINVAL. */
int model_terms_apply(const struct model_terms *terms, struct conf engine, struct market *market, struct error *err);

#endif
