/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside `book:`: the rows that a list and a CSV file make. An account with several collaterals or debts is several rows. */
#ifndef PL_CMD_MODEL_BOOK_ROWS_H
#define PL_CMD_MODEL_BOOK_ROWS_H

#include "cmd/model_book.h"

#define BOOK_NUMBERS 4
#define BOOK_ENTRY 1 /* of a position's */
#define BOOK_MARGIN 2

/* A kind of account: its numbers, by key and by column, and what they make. */
struct book_layout {
	unsigned int kind; /* BOOK_LOANS or BOOK_POSITIONS */
	const char *names[BOOK_NUMBERS + 1];
	const char *(*to_account)(const double numbers[BOOK_NUMBERS], struct account *out); /* what is wrong, or NULL */
};

extern const struct book_layout book_loans, book_positions;

struct book_rows {
	struct model *model;
	const struct model_terms *terms;
	size_t capacity; /* of its accounts, entries, joined and terms */
};

/* 0, or -ENOENT: no such asset. */
int book_asset(const struct model *model, const char *name, uint32_t *out);

/* `entry`: the price at which a position was opened, NAN for loans; `joined`: one more row of the account before it; `terms`: model_terms_of(). 0 or -ENOMEM. */
int book_add(struct book_rows *rows, const struct account *account, double entry, bool joined, uint32_t terms);

/* Units of an asset that the last account owes. What is wrong, or NULL. */
const char *book_add_debt(struct book_rows *rows, uint32_t asset, double units);

/* `book: {csv: FILE}`, and the file itself: errors name `node` and the line. */
int model_book_parse(FILE *file, struct conf node, struct model *model, const struct model_terms *terms, unsigned int *kinds, struct error *err);
int model_book_csv(struct conf node, struct model *model, const struct model_terms *terms, unsigned int *kinds, struct error *err);

#endif
