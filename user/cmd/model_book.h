/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `book:` of model.yaml: accounts in the file itself, in a CSV file, or drawn by distribution. */
#ifndef PL_CMD_MODEL_BOOK_H
#define PL_CMD_MODEL_BOOK_H

#include <stdio.h>

#include "base/conf.h"
#include "cmd/model_terms.h"
#include "margin/model.h"

#define ACCOUNTS_MAX 10000000u

/* What a book holds, any of: in struct account both look alike, but no protocol takes both. */
#define BOOK_LOANS 1u
#define BOOK_POSITIONS 2u

/*
 * Fills model->accounts; model->assets must be there. CSV: a header line, then one account a line, with the columns
 * asset, collateral (units), debt (numeraire), liquidation_threshold (0 to 1], in any order; or, of perpetual positions,
 * asset, size (units, negative: short), entry (price), margin (numeraire), maintenance_margin (share of the value), where rows that
 * follow each other under one name in a column account share the margin. Loans may
 * have a column account: rows that follow each other under one name are one account with several collaterals and debts, those
 * in the numeraire added up; and a column debt_asset: the row's debt is in units of that asset (empty: in the numeraire). A row
 * whose asset, collateral and liquidation_threshold are empty is one more debt of the account before it. A column group names
 * what the account belongs to, if anything; all rows of an account the same.
 * A column emode names one of the engine's, for all rows of an account; a threshold that is the e-mode's or the reserve's is left empty.
 * `kinds`: which there are.
 */
int model_book(struct conf map, struct model *model, const struct model_terms *terms, unsigned int *kinds, struct error *err);

/* `book: {synthetic: [...]}` (margin/synthetic.h), drawn by model->seed. */
int model_book_synthetic(struct conf list, struct model *model, unsigned int *kinds, struct error *err);

/*
 * Groups of accounts (margin/model.h) in the order in which the book names them, accounts without one last. find: the index of a name, a
 * new one if need be; returns what is wrong with it, to follow the name, or NULL. put: of the rows from … end - 1, which follow those
 * that were put before; 0 or -ENOMEM. end: when all are there; 0 or -ENOMEM.
 */
#define GROUP_NONE UINT8_MAX
const char *model_group_find(struct model *model, const char *name, uint8_t *out);
int model_group_put(struct model *model, size_t from, size_t end, uint8_t group);
int model_group_end(struct model *model);
/* `group:` of an account or a distribution; GROUP_NONE where there is none. */
int model_group_read(struct conf map, struct model *model, uint8_t *out, struct error *err);

/* Opens a file named in a configuration: from the folder of that. The error names the configuration's line. */
int model_open_csv(struct conf node, FILE **out, struct error *err);

#endif
