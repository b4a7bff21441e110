// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/html.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/format.h"

void html_text(FILE *out, const char *text)
{
	char *printable = text_printable(text);

	for (const char *at = printable; at && *at; at++) {
		switch (*at) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(*at, out);
		}
	}
	free(printable);
}

void html_element(FILE *out, const char *tag, const char *class_name, const char *format, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (class_name)
		fprintf(out, "<%s class=\"%s\">", tag, class_name);
	else
		fprintf(out, "<%s>", tag);
	html_text(out, text ? text : "");
	fprintf(out, "</%s>\n", tag);
	free(text);
}

void html_table(FILE *out, const struct table *table)
{
	size_t columns = table_columns(table), rows = table_rows(table);

	fputs("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>", out);
	for (size_t c = 0; c < columns; c++) {
		fputs(table_column(table, c)->align == TABLE_RIGHT ? "<th class=\"n\">" : "<th>", out);
		html_text(out, table_column(table, c)->title);
		fputs("</th>", out);
	}
	fputs("</tr></thead><tbody>\n", out);
	for (size_t r = 0; r < rows; r++) {
		fputs("<tr>", out);
		for (size_t c = 0; c < columns; c++) {
			const char *cell = table_cell(table, r, c);

			fputs(table_column(table, c)->align == TABLE_RIGHT ? "<td class=\"n\">" : "<td>", out);
			html_text(out, cell);
			fputs("</td>", out);
		}
		fputs("</tr>\n", out);
	}
	fputs("</tbody></table></div>\n", out);
}

void html_json(FILE *out, struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);

	/* these occur in JSON only inside strings, where an escape means the same */
	for (; text && *text; text++) {
		if (*text == '<' || *text == '>' || *text == '&')
			fprintf(out, "\\u%04x", *text);
		else
			fputc(*text, out);
	}
}
