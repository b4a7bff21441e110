/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of what watches found inside Solana blocks, as commands and the report show it. */
#ifndef PL_OUTPUT_WATCH_TABLE_H
#define PL_OUTPUT_WATCH_TABLE_H

#include "latency/watch_summary.h"
#include "output/table.h"

/* As table_new(): NULL if out of memory, which the table's functions accept. */
struct table *watch_table(const struct watch_summary *watches, size_t count);

#endif
