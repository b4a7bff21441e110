/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The table of processes that are not ours, as commands and the report show it. */
#ifndef PL_OUTPUT_READER_TABLE_H
#define PL_OUTPUT_READER_TABLE_H

#include "latency/readers.h"
#include "output/table.h"

/* "python3 (4711)", and "10.0.0.1:443" or "[2001:db8::1]:443"; "*:7100" without an address; "" without a port. */
#define READER_TEXT_MAX 96
const char *reader_process(const struct reader_summary *reader, char out[READER_TEXT_MAX]);
const char *reader_address(const char *address, uint16_t port, char out[READER_TEXT_MAX]);

/* The first `count` of the list. As table_new(): NULL if out of memory, which the table's functions accept. */
struct table *reader_table(const struct reader_summary *readers, size_t count);

#endif
