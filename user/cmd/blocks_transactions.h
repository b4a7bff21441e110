/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `pricelag blocks --transactions`: what watches found inside blocks. */
#ifndef PL_CMD_BLOCKS_TRANSACTIONS_H
#define PL_CMD_BLOCKS_TRANSACTIONS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum transactions_format { TRANSACTIONS_TABLE, TRANSACTIONS_CSV, TRANSACTIONS_JSON };

/* Prints them on stdout, and how many there were to `count`. Negative errno with the reason otherwise. */
int blocks_print_transactions(sqlite3 *db, enum transactions_format format, size_t *count, struct error *err);

#endif
