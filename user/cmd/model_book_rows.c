// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_book_rows.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int book_asset(const struct model *model, const char *name, uint32_t *out)
{
	for (size_t i = 0; i < model->asset_count; i++)
		if (!strcmp(model->assets[i].name, name)) {
			*out = (uint32_t)i;
			return 0;
		}
	return -ENOENT;
}

static const char *loan_to_account(const double numbers[BOOK_NUMBERS], struct account *out)
{
	out->collateral = numbers[0];
	out->debt = numbers[1];
	out->liquidation_threshold = numbers[2];
	if (!(out->collateral > 0 && isfinite(out->collateral)))
		return "collateral should be above 0";
	if (!(out->debt >= 0 && isfinite(out->debt)))
		return "debt should be 0 or more";
	if (!(out->liquidation_threshold > 0 && out->liquidation_threshold <= 1))
		return "liquidation_threshold should be above 0, and 1 at most";
	return NULL;
}

/* equity = size·(price - entry) + margin: what a loan of size·entry - margin against `size` units would have. */
static const char *position_to_account(const double numbers[BOOK_NUMBERS], struct account *out)
{
	double size = numbers[0], entry = numbers[1], margin = numbers[2], maintenance = numbers[3];

	if (!(size != 0 && isfinite(size)))
		return "size should be a number of units: above 0 for a long position, below 0 for a short one";
	if (!(entry > 0 && isfinite(entry)) || !(margin >= 0 && isfinite(margin)))
		return "entry should be a price above 0, margin 0 or more";
	if (!(maintenance > 0 && maintenance < 1))
		return "maintenance_margin should be a share of the position's value, between 0 and 1";
	out->collateral = size;
	out->debt = size * entry - margin;
	out->liquidation_threshold = 1 - maintenance;
	return isfinite(out->debt) ? NULL : "size times entry is too large for a number";
}

const struct book_layout book_loans = {BOOK_LOANS, {"collateral", "debt", "liquidation_threshold", NULL}, loan_to_account};
const struct book_layout book_positions = {BOOK_POSITIONS, {"size", "entry", "margin", "maintenance_margin", NULL}, position_to_account};

int book_add(struct book_rows *rows, const struct account *account, double entry, bool joined, uint32_t terms)
{
	struct model *model = rows->model;

	if (model->account_count >= ACCOUNTS_MAX)
		return -ENOMEM;
	if (model->account_count == rows->capacity) {
		size_t more = rows->capacity ? rows->capacity * 2 : 64;
		void *memory = realloc(model->accounts, more * sizeof(*account));

		if (!memory)
			return -ENOMEM;
		model->accounts = memory;
		memory = realloc(model->entries, more * sizeof(*model->entries));
		if (!memory)
			return -ENOMEM;
		model->entries = memory;
		memory = realloc(model->joined, more * sizeof(*model->joined));
		if (!memory)
			return -ENOMEM;
		model->joined = memory;
		memory = realloc(model->terms, more * sizeof(*model->terms));
		if (!memory)
			return -ENOMEM;
		model->terms = memory;
		rows->capacity = more;
	}
	model->entries[model->account_count] = entry;
	model->joined[model->account_count] = joined;
	model->terms[model->account_count] = terms;
	model->accounts[model->account_count++] = *account;
	return 0;
}

const char *book_add_debt(struct book_rows *rows, uint32_t asset, double units)
{
	const struct account row = {.asset = asset, .collateral = -units, .liquidation_threshold = 1};

	if (!(units > 0 && isfinite(units)))
		return "a debt in an asset should be above 0";
	return book_add(rows, &row, NAN, true, 0) ? "no room for so many accounts" : NULL;
}
