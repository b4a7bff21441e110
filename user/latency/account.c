// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/account.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "latency/latency.h"
#include "session/query.h"

static const char query[] =
	"SELECT ifnull(t.feed, ''), t.asset, s.joined_by, total, matched, censored, superseded, unmatched, s.before_start,"
	" s.repeated, s.false_match_rate, s.false_match_low, s.false_match_high, s.by_bytes, s.by_key, s.by_price, s.feed IS NOT NULL OR unmatched > 0"
	" FROM (SELECT feed, asset, count(*) AS total,"
	"  sum(status = 'matched') AS matched, sum(status = 'censored') AS censored, sum(status = 'superseded') AS superseded,"
	"  sum(status = 'unmatched') AS unmatched FROM timeline GROUP BY feed, asset) t"
	" LEFT JOIN timeline_summary s ON s.feed = t.feed AND s.asset = t.asset"
	" WHERE s.feed IS NOT NULL OR unmatched > 0 OR (t.feed <> '' AND t.asset <> '' AND EXISTS (SELECT 1 FROM chain)) ORDER BY 1, 2";

static int add_row(void *context, sqlite3_stmt *row)
{
	struct join_account_list *list = context;
	struct join_account *grown = realloc(list->items, (list->count + 1) * sizeof(*grown)), *account;

	if (!grown)
		return -ENOMEM;
	list->items = grown;
	account = &grown[list->count++];
	memset(account, 0, sizeof(*account));
	column_copy(row, 0, account->feed, sizeof(account->feed));
	column_copy(row, 1, account->asset, sizeof(account->asset));
	column_copy(row, 2, account->joined_by, sizeof(account->joined_by));
	account->total = (uint64_t)sqlite3_column_int64(row, 3);
	account->matched = (uint64_t)sqlite3_column_int64(row, 4);
	account->censored = (uint64_t)sqlite3_column_int64(row, 5);
	account->superseded = (uint64_t)sqlite3_column_int64(row, 6);
	account->unmatched = (uint64_t)sqlite3_column_int64(row, 7);
	account->before_start = (uint64_t)sqlite3_column_int64(row, 8);
	account->repeated = (uint64_t)sqlite3_column_int64(row, 9);
	account->false_matches.share = column_number(row, 10);
	account->false_matches.ci95[0] = column_number(row, 11);
	account->false_matches.ci95[1] = column_number(row, 12);
	for (int m = 0; m < JOIN_METHODS; m++)
		account->by[m] = (uint64_t)sqlite3_column_int64(row, 13 + m);
	account->updated = sqlite3_column_int(row, 13 + JOIN_METHODS);
	return 0;
}

int join_accounts_load(sqlite3 *db, struct join_account_list *out, struct error *err)
{
	int status = join_if_needed(db, err);

	memset(out, 0, sizeof(*out));
	if (!status)
		status = query_each(db, query, NULL, "table timeline", add_row, out, err);
	if (status)
		join_accounts_free(out);
	return status;
}

void join_accounts_free(struct join_account_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}
