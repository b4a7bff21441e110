// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/losses.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "output/loss_words.h"

static const char query[] =
	"SELECT source, name, count FROM loss WHERE is_loss AND count > 0"
	" AND source NOT IN (SELECT name FROM feed WHERE role <> ?1)"
	" ORDER BY source, name";

enum exit_status losses_print(sqlite3 *db, const char *role)
{
	enum exit_status status = EXIT_OK;
	sqlite3_stmt *rows = NULL;
	int step = SQLITE_ERROR;

	if (sqlite3_prepare_v2(db, query, -1, &rows, NULL) == SQLITE_OK) {
		sqlite3_bind_text(rows, 1, role, -1, SQLITE_STATIC);
		while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
			const char *name = (const char *)sqlite3_column_text(rows, 1);

			fprintf(stderr, "lost: %s.%s %" PRId64 ": %s\n", sqlite3_column_text(rows, 0), name,
				(int64_t)sqlite3_column_int64(rows, 2), loss_words(name));
			status = EXIT_UNTRUSTED;
		}
	}
	if (step != SQLITE_DONE) {
		fprintf(stderr, "pricelag: session: table loss: %s\n", sqlite3_errmsg(db));
		status = EXIT_FAILED;
	}
	sqlite3_finalize(rows);
	return status;
}

enum exit_status doubts_print(sqlite3 *db, const struct latency_list *list)
{
	char reasons[4096];

	if (!latency_untrusted(db, list, reasons, sizeof(reasons)))
		return EXIT_OK;
	fflush(stdout);
	fprintf(stderr, "Not to be trusted as it stands:\n%s", reasons);
	return EXIT_UNTRUSTED;
}
