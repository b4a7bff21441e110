/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A price series from a CSV file: a header line that names a column of times in seconds and one of prices, among others, in any order. */
#ifndef PL_MARGIN_PRICE_CSV_H
#define PL_MARGIN_PRICE_CSV_H

#include <stdio.h>

#include "base/error.h"
#include "margin/process.h"

/* The columns are time_s and price. Times must ascend, prices be above 0. Negative errno with FILE:LINE and what is wrong; `out` is empty then. */
int price_csv_read(const char *path, struct series *out, struct error *err);
/* The same with other names for the two columns. */
int price_csv_read_columns(const char *path, const char *time_name, const char *price_name, struct series *out,
			   struct error *err);
/* The same from an open file; `name` is for messages. */
int price_csv_parse(FILE *file, const char *name, const char *time_name, const char *price_name, struct series *out,
		    struct error *err);
void price_csv_free(struct series *series);

#endif
