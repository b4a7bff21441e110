// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A fast chain for hours: a slot every 400 ms with an update of each of ten assets, whose keys and bytes are those of messages at one
 * feed, and whose prices those at another. The join's memory does not follow the updates, nor the messages that they name.
 * PRICELAG_JOIN_SLOTS: how many slots (2,000; 36,000 are four hours); a tenth of them goes first.
 */
#include "session_fixture.h"

#include "latency/latency.h"
#include "resident.h"

/* AddressSanitizer keeps what was freed for a while, 256 MB of it and what belongs to that: it says nothing about memory. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_MAX (1U << 30)
#else
#define GROWTH_MAX (4U << 20) /* SQLite's caches and sorts fill: 2 MB each */
#endif

static int slots_wanted(void)
{
	const char *wanted = getenv("PRICELAG_JOIN_SLOTS");

	return wanted ? atoi(wanted) : 2000;
}

static void fill(struct fixture *fixture, int slots)
{
	char sql[2600];

	snprintf(sql, sizeof(sql),
		 "BEGIN;"
		 "INSERT INTO feed (id, name, role, decoder, transport) VALUES (0, 'signed', 'oracle', 'json', 'ws'),"
		 " (1, 'priced', 'oracle', 'json', 'ws');"
		 "INSERT INTO clock VALUES (0, 0, 0, 1, 0, 'kernel'), (100000000000000, 100000000000000, 0, 1, 0, 'kernel');"
		 "CREATE TEMP TABLE slot AS WITH RECURSIVE n (n) AS (VALUES (10) UNION ALL SELECT n + 1 FROM n WHERE n < %d * 10 + 9)"
		 " SELECT n / 10 AS slot, n %% 10 AS asset, n / 10 * 400000000 AS at FROM n;"
		 "INSERT INTO oracle_message (feed_id, asset, key, price, wire_mono_ns, bytes, digest)"
		 " SELECT f.id, 'A' || asset, iif(f.id, NULL, slot), 1000 + slot * 0.5 + asset, at + f.id, 1,"
		 "  iif(f.id, NULL, printf('%%040d%%02d', slot, asset)) FROM slot, feed f ORDER BY slot, asset, f.id;"
		 "INSERT INTO chain_update (chain, asset, type, address, key, price, exponent, block_number, block_hash, tx_hash,"
		 " log_index, seen_mono_ns, removed, backfilled) SELECT 'eth', 'A' || asset, 'pyth-evm', '0x1', slot, 1000 + slot * 0.5 + asset,"
		 "  -8, slot, printf('0x%%064x', slot * 2654435761), printf('0x%%064x', slot), asset, at + 300000000, 0, 0 FROM slot;"
		 "INSERT INTO chain_calldata (chain, tx_hash, type, digest) SELECT 'eth', printf('0x%%064x', slot), 'pyth-pnau',"
		 "  printf('%%040d%%02d', slot, asset) FROM slot WHERE asset %% 2;"
		 "INSERT INTO chain_final (chain, level, number, hash, after_mono_ns, seen_mono_ns)"
		 " SELECT 'eth', 'finalized', slot, '', at, at + 13000000000 FROM slot WHERE asset = 0;"
		 "DROP TABLE slot; COMMIT", slots);
	fixture_sql(fixture, sql);
}

/* What the join takes beyond what the process has, in bytes. *told: whether the kernel says so. */
static uint64_t join(int slots, bool *told)
{
	struct fixture fixture;
	struct error err = {""};
	uint64_t before, took;

	fixture_session(&fixture);
	fill(&fixture, slots);
	before = resident_bytes();
	*told = peak_begin();
	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	took = peak_bytes();
	took -= took < before ? took : before;
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status = 'matched' AND final_ns = seen_ns + 12700000000"),
			 20 * slots);
	assert_int_equal(fixture_int(&fixture, "SELECT sum(by_bytes) FROM timeline_summary WHERE feed = 'signed'"), 5 * slots);
	assert_int_equal(fixture_int(&fixture, "SELECT sum(by_key) FROM timeline_summary WHERE feed = 'signed'"), 5 * slots);
	assert_int_equal(fixture_int(&fixture, "SELECT sum(by_price) FROM timeline_summary WHERE feed = 'priced'"), 10 * slots);
	fixture_remove(&fixture);
	return took;
}

static void memory_does_not_follow_updates(void **state)
{
	uint64_t few, many;
	bool told;

	(void)state;
	few = join(slots_wanted() / 10, &told);
	many = join(slots_wanted(), &told); /* has what the one before gave back */
	print_message("the join took %.1f MB for %d updates, and %.1f MB more for %d\n", (double)few / 1e6, slots_wanted(), (double)many / 1e6,
		      slots_wanted() * 10);
	if (!told) {
		print_message("skip: this kernel does not tell a process's peak (/proc/self/clear_refs)\n");
		skip();
	}
	assert_true(many <= GROWTH_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(memory_does_not_follow_updates)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
