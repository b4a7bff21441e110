/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A session as one HTML page: every figure in a table that needs no script, plots (uPlot, built in) on top of it, and
 * one plain sentence for each that says what it means. Opened, the page asks the network for nothing: its
 * Content-Security-Policy allows the two scripts and the style sheet that are in it, by their hashes, and nothing else.
 */
#ifndef PL_OUTPUT_REPORT_H
#define PL_OUTPUT_REPORT_H

#include <json-c/json.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/*
 * Writes the page of a session (joined first if needed). `model`: a document of schema pricelag.model/1, or NULL.
 * `reasons` gets what latency_untrusted() said, one sentence a line, "" where nothing speaks against the figures; the
 * page has it at the top. 0 or a negative errno with its text.
 */
int report_write(sqlite3 *db, struct json_object *model, FILE *out, char *reasons, size_t reasons_size,
		 struct error *err);

#endif
