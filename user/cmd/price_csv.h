/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A price series from a CSV file: a header line with the columns time_s and price among others, in any order. */
#ifndef PL_CMD_PRICE_CSV_H
#define PL_CMD_PRICE_CSV_H

#include "base/error.h"
#include "margin/process.h"

/* Times must ascend, prices be above 0. Negative errno with FILE:LINE and what is wrong; `out` is empty then. */
int price_csv_read(const char *path, struct series *out, struct error *err);
void price_csv_free(struct series *series);

#endif
