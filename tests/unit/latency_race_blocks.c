// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Who had a shred, an FEC set and a slot first. */
#include "session_fixture.h"

#include "base/clock.h"
#include "latency/race_blocks.h"

static struct fixture fixture;
static struct block_races races;

static int set_up(void **state)
{
	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO feed (id, name, role, decoder, transport) VALUES (0, 'venue', 'oracle', 'json', 'ws'),"
			      " (1, 'turbine', 'block', 'solana-shred', 'udp'), (2, 'jito', 'block', 'solana-shred', 'udp');"
			      "INSERT INTO clock VALUES (0, 1000000, 0, 0, NULL, NULL), (10000, 1010000, 0, 0, NULL, NULL)");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	block_races_free(&races);
	fixture_remove(&fixture);
	return 0;
}

static const struct race *compute(enum block_race which)
{
	struct error err = {""};

	block_races_free(&races);
	if (block_races_compute(fixture.db, &races, &err))
		fail_msg("%s", err.text);
	assert_int_equal(races.of[which].feed_count, 2); /* feeds of messages do not run */
	assert_string_equal(races.of[which].feeds[0].feed, "turbine");
	assert_string_equal(races.of[which].feeds[1].feed, "jito");
	return &races.of[which];
}

static void add_shred(int feed, int slot, const char *kind, int shred, int at, int repair)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "INSERT INTO shred_arrival VALUES (%d, %d, '%s', %d, %d, %d, 0, %d, NULL, NULL)", feed, slot,
		 kind, shred, shred / 32 * 32, at, repair);
	fixture_sql(&fixture, sql);
}

/* A set, and with it its slot's row where there is none yet. */
static void add_set(int feed, int slot, int set, int first, const char *decodable)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO block_arrival VALUES (%d, %d, %d, %d, %s, %d, 40, 0, 32, 8, NULL, NULL, NULL, 0, 0, NULL);"
		 "INSERT INTO block_arrival VALUES (%d, %d, NULL, %d, NULL, %d, 40, 0, 32, 8, 1, %s IS NOT NULL, NULL, 0, 0, NULL)"
		 " ON CONFLICT (feed_id, number, ifnull(fec_set, -1)) DO UPDATE SET sets = sets + 1,"
		 " first_mono_ns = min(first_mono_ns, excluded.first_mono_ns),"
		 " sets_decodable = sets_decodable + excluded.sets_decodable",
		 feed, slot, set, first, decodable, first, feed, slot, first, first, decodable);
	fixture_sql(&fixture, sql);
}

static void shreds_run_one_by_one(void **state)
{
	const struct race *race;

	(void)state;
	add_set(1, 7, 0, 90, "NULL");
	add_set(2, 7, 0, 95, "NULL");
	add_set(1, 8, 0, 300, "NULL");
	add_shred(2, 1048583, "data", 3, 96, 0); /* its slot is none: a wrong bit */
	add_shred(1, 7, "data", 0, 100, 0);
	add_shred(1, 7, "data", 0, 90, 0); /* a copy, and earlier */
	add_shred(2, 7, "data", 0, 95, 0);
	add_shred(1, 7, "code", 0, 200, 0); /* same index, another shred */
	add_shred(2, 7, "code", 0, 170, 0);
	add_shred(1, 8, "data", 0, 300, 0); /* another slot */
	add_shred(1, 7, "data", 1, 400, 1); /* a repair is an answer, not a propagation */
	add_shred(2, 7, "data", 1, 500, 0);
	race = compute(BLOCK_RACE_SHREDS);
	assert_int_equal(race->count, 4);
	assert_int_equal(race->contested, 2);
	assert_int_equal(race->only_one, 2);
	assert_int_equal(race->feeds[0].seen, 3);
	assert_int_equal(race->feeds[0].wins, 1);
	assert_int_equal(race->feeds[0].repeats, 1);
	assert_int_equal(race->feeds[0].only_here, 1);
	assert_int_equal(race->feeds[0].lead.p50_ns, 5);
	assert_int_equal(race->feeds[0].behind.p50_ns, 30);
	assert_int_equal(race->feeds[1].wins, 1);
	assert_int_equal(race->feeds[1].lead.p50_ns, 30);
}

static void sets_run_to_the_packet_that_makes_them_decodable(void **state)
{
	const struct race *race;

	(void)state;
	add_set(1, 7, 0, 100, "150");
	add_set(2, 7, 0, 90, "170"); /* first packet earlier, decodable later */
	add_set(1, 7, 32, 100, "NULL");
	add_set(2, 7, 32, 100, "200");
	race = compute(BLOCK_RACE_SETS);
	assert_int_equal(race->count, 2);
	assert_int_equal(race->contested, 1);
	assert_int_equal(race->feeds[0].seen, 1);
	assert_int_equal(race->feeds[0].wins, 1);
	assert_int_equal(race->feeds[0].lead.p50_ns, 20);
	assert_int_equal(race->feeds[1].only_here, 1);
	race = compute(BLOCK_RACE_FIRST);
	assert_int_equal(race->count, 1);
	assert_int_equal(race->feeds[1].wins, 1);
	assert_int_equal(race->feeds[1].lead.p50_ns, 10);
}

/* A feed that ends early knows fewer sets: that all it knows is decodable does not make the slot so. */
static void a_slot_is_decodable_as_far_as_anyone_knows_it(void **state)
{
	const struct race *race;

	(void)state;
	add_set(1, 7, 0, 100, "110");
	add_set(2, 7, 0, 100, "120");
	add_set(2, 7, 32, 100, "130");
	add_set(1, 8, 0, 200, "220");
	add_set(1, 8, 32, 200, "210");
	add_set(2, 8, 0, 200, "205");
	add_set(2, 8, 32, 200, "280");
	race = compute(BLOCK_RACE_DECODABLE);
	assert_int_equal(race->count, 2);
	assert_int_equal(race->contested, 1);
	assert_int_equal(race->feeds[0].seen, 1);
	assert_int_equal(race->feeds[0].wins, 1);
	assert_int_equal(race->feeds[0].lead.p50_ns, 60);
	assert_int_equal(race->feeds[1].seen, 2);
	assert_int_equal(race->feeds[1].only_here, 1);
}

/* Leads of 1 to 400 ns, in an order without memory: the quantiles are known, and so are the ranks of their intervals. */
static void distances_have_intervals(void **state)
{
	const struct race_distance *lead;
	const struct race *race;
	char number[16];

	(void)state;
	fixture_sql(&fixture, "BEGIN");
	for (int slot = 1; slot <= 400; slot++) {
		snprintf(number, sizeof(number), "%d", 5000 + slot * 157 % 401);
		add_set(1, slot, 0, 5000, "5000");
		add_set(2, slot, 0, 5000, number);
	}
	fixture_sql(&fixture, "COMMIT");
	race = compute(BLOCK_RACE_SETS);
	assert_int_equal(race->feeds[0].wins, 400);
	assert_int_equal(race->ties, 0);
	lead = &race->feeds[0].lead;
	assert_int_equal(lead->p50_ns, 200);
	assert_int_equal(lead->p99_ns, 396);
	/* Bin(400, 1/2): P(B < 180) <= 2.5 % < P(B < 181), and the same from above */
	assert_int_equal(lead->p50_ci95_ns[0], 180);
	assert_int_equal(lead->p50_ci95_ns[1], 221);
	assert_true(lead->p99_ci95_ns[0] < 396 && lead->p99_ci95_ns[0] >= 390);
	assert_int_equal(lead->p99_ci95_ns[1], 400);
	assert_int_equal(race->feeds[0].behind.p50_ns, TIME_UNKNOWN);
	race = compute(BLOCK_RACE_FIRST);
	assert_int_equal(race->ties, 400);
	race = compute(BLOCK_RACE_SHREDS);
	assert_int_equal(race->count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(shreds_run_one_by_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(sets_run_to_the_packet_that_makes_them_decodable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_slot_is_decodable_as_far_as_anyone_knows_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(distances_have_intervals, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
