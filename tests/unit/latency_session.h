/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Sessions for the tests of joins: of a machine whose monotonic clock is UTC, with oracle messages and updates of ETH given
 * as rows of SQL, and the timeline that they make.
 */
#ifndef PL_TESTS_LATENCY_SESSION_H
#define PL_TESTS_LATENCY_SESSION_H

#include "session_fixture.h"

#include "latency/latency.h"

static struct fixture fixture;

/* feeds: rows of (id, name, role, decoder, transport). The session ends after so many seconds. */
static inline void start_session(const char *feeds, long long seconds)
{
	const long long end_ns = seconds * 1000000000;
	char sql[1024];

	fixture_session(&fixture);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO feed (id, name, role, decoder, transport) VALUES %s;"
		 "INSERT INTO clock VALUES (0, 0, 0, 1, 0, 'kernel'), (%lld, %lld, 0, 1, 0, 'kernel');"
		 "INSERT INTO session VALUES ('end_mono_ns', '%lld')", feeds, end_ns, end_ns, end_ns);
	fixture_sql(&fixture, sql);
}

static inline int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

/* columns: those that each of the rows "(…), (…)" has. */
static inline void add_messages(const char *columns, const char *rows)
{
	char sql[4096];

	snprintf(sql, sizeof(sql), "INSERT INTO oracle_message (asset, bytes, %s) SELECT 'ETH', 1, * FROM (VALUES %s)", columns, rows);
	fixture_sql(&fixture, sql);
}

/* Of chain eth, in block 1. values: what the columns get of a row's column1, column2 … */
static inline void add_updates(const char *columns, const char *values, const char *rows)
{
	char sql[4096];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO chain_update (chain, asset, address, exponent, block_number, block_hash, backfilled, %s)"
		 " SELECT 'eth', 'ETH', '0x1', -8, 1, '0xb', 0, %s FROM (VALUES %s)", columns, values, rows);
	fixture_sql(&fixture, sql);
}

/* Joins, and holds what `query` makes of the timeline, as text, to `wanted`. */
static inline void expect_joined(const char *query, const char *wanted)
{
	struct error err = {""};

	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	assert_string_equal(fixture_text(&fixture, query), wanted);
}

#endif
