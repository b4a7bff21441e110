/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * HTML on a FILE*: whatever may come from a packet or a file goes through here, so that a name can hold anything and is
 * still only text. Write errors are for the caller to find with ferror().
 */
#ifndef PL_OUTPUT_HTML_H
#define PL_OUTPUT_HTML_H

#include <json-c/json.h>
#include <stdio.h>

#include "output/table.h"

/* Text, or the value of a quoted attribute: & < > " ' escaped, control characters as U+FFFD. */
void html_text(FILE *out, const char *text);

/* <tag class="…">formatted text, escaped</tag> and a newline. class_name NULL: none. tag and class_name are the program's own. */
void html_element(FILE *out, const char *tag, const char *class_name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A table as <table> in a box that scrolls. */
void html_table(FILE *out, const struct table *table);

/* JSON inside <script type="application/json">: nothing in it can end the script or start a comment. */
void html_json(FILE *out, struct json_object *value);

#endif
