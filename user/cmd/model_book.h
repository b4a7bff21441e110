/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `book:` of model.yaml: accounts in the file itself, in a CSV file, or drawn by distribution. */
#ifndef PL_CMD_MODEL_BOOK_H
#define PL_CMD_MODEL_BOOK_H

#include <stdio.h>

#include "base/conf.h"
#include "margin/model.h"

#define ACCOUNTS_MAX 10000000u

/* What a book holds, any of: in struct account both look alike, but no protocol takes both. */
#define BOOK_LOANS 1u
#define BOOK_POSITIONS 2u

/*
 * Fills model->accounts; model->assets must be there. CSV: a header line, then one account a line, with the columns
 * asset, collateral (units), debt (numeraire), liquidation_threshold (0 to 1], in any order; or, of perpetual positions,
 * asset, size (units, negative: short), entry (price), margin (numeraire), maintenance_margin (share of the value). Loans may
 * have a column account: rows that follow each other under one name are one account with several collaterals and debts, those
 * in the numeraire added up; and a column debt_asset: the row's debt is in units of that asset (empty: in the numeraire). A row
 * whose asset, collateral and liquidation_threshold are empty is one more debt of the account before it.
 * `kinds`: which there are.
 */
int model_book(struct conf map, struct model *model, unsigned int *kinds, struct error *err);

/* `book: {synthetic: [...]}` (margin/synthetic.h), drawn by model->seed. */
int model_book_synthetic(struct conf list, struct model *model, unsigned int *kinds, struct error *err);

/* Opens a file named in a configuration: from the folder of that. The error names the configuration's line. */
int model_open_csv(struct conf node, FILE **out, struct error *err);

#endif
