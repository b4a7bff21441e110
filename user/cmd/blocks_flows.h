/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `pricelag blocks` of the feeds whose packets are only counted: table flow. */
#ifndef PL_CMD_BLOCKS_FLOWS_H
#define PL_CMD_BLOCKS_FLOWS_H

#include <json-c/json.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "base/error.h"

/* A new list of {feed, kind, packets, bytes, first_ns, last_ns}. Negative errno with the reason otherwise. */
int flows_json(sqlite3 *db, struct json_object **out, struct error *err);

/* The same as a table. */
int flows_print(sqlite3 *db, bool csv, struct error *err);
bool flows_present(sqlite3 *db);

#endif
