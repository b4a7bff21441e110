// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/row_statement.h"

#include <math.h>

void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
	if (text && *text)
		sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(statement, at);
}

void bind_name(sqlite3_stmt *statement, int at, const char *text)
{
	sqlite3_bind_text(statement, at, text ? text : "", -1, SQLITE_STATIC);
}

void bind_time(sqlite3_stmt *statement, int at, int64_t ns)
{
	if (ns == TIME_UNKNOWN)
		sqlite3_bind_null(statement, at);
	else
		sqlite3_bind_int64(statement, at, ns);
}

void bind_count(sqlite3_stmt *statement, int at, uint64_t count)
{
	sqlite3_bind_int64(statement, at, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

void bind_index(sqlite3_stmt *s, int at, int64_t index)
{
	bind_time(s, at, index < 0 ? TIME_UNKNOWN : index);
}

void bind_message(sqlite3_stmt *statement, int at, const struct feed_message *message)
{
	bind_text(statement, at, message->id);
	bind_text(statement, at + 1, message->key);
	bind_text(statement, at + 2, message->mantissa);
	if (message->has_exponent)
		sqlite3_bind_int(statement, at + 3, message->exponent);
	else
		sqlite3_bind_null(statement, at + 3);
	if (isfinite(message->price))
		sqlite3_bind_double(statement, at + 4, message->price);
	else
		sqlite3_bind_null(statement, at + 4);
	bind_time(statement, at + 5, message->published_ns);
}
