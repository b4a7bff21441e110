// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The stage `final`: since when an update's block could no longer be replaced, and what is not known of it. */
#include "latency_session.h"

#include "base/clock.h"

#define SECOND INT64_C(1000000000)

/* Updates of blocks 10, 20, 30 and 40, seen at these seconds; the session ends at 900 s. */
static int set_up(void **state)
{
	(void)state;
	start_session("(0, 'a', 'oracle', 'json', 'ws')", 900);
	for (int block = 10; block <= 40; block += 10) {
		char sql[600];

		snprintf(sql, sizeof(sql),
			 "INSERT INTO oracle_message (asset, feed_id, key, price, wire_mono_ns, bytes) VALUES"
			 " ('ETH', 0, '%d', 1, %d000000000, 1);"
			 "INSERT INTO chain_update (chain, asset, type, address, key, price, exponent, block_number, block_hash,"
			 " tx_hash, log_index, seen_mono_ns, removed, backfilled) VALUES"
			 " ('eth', 'ETH', 'event', '0x1', '%d', 1, 0, %d, '0x%d', '0x%d', 0, %d000000000, 0, 0)",
			 block, block - 1, block, block, block, block, block);
		fixture_sql(&fixture, sql);
	}
	return 0;
}

/* rows: (chain, level, number, after, seen), the times in seconds or NULL. */
static void finals(const char *rows)
{
	char sql[2048];

	snprintf(sql, sizeof(sql),
		 "INSERT INTO chain_final SELECT column1, column2, column3, '0xh', column4 * 1000000000, column5 * 1000000000,"
		 " column5 * 1000000000 + 5 FROM (VALUES %s)", rows);
	fixture_sql(&fixture, sql);
}

/* final_ns in seconds, block by block. */
static void expect(const char *wanted)
{
	expect_joined("SELECT group_concat(ifnull(final_ns / 1000000000, '-')) FROM timeline", wanted);
}

static void the_first_answer_that_reaches_the_block(void **state)
{
	(void)state;
	expect("-,-,-,-");
	finals("('eth', 'finalized', 2, NULL, 5), ('eth', 'finalized', 12, 90, 100), ('eth', 'finalized', 20, 190, 200),"
	       " ('eth', 'finalized', 35, 290, 300), ('eth', 'safe', 40, 40, 50)");
	expect("100,200,300,-");
}

/* What was final when the node was first asked had become so nobody knows when. */
static void before_the_first_answer(void **state)
{
	(void)state;
	finals("('eth', 'finalized', 20, NULL, 60), ('eth', 'finalized', 35, 90, 100)");
	expect("-,-,100,-");
}

/* Two nodes of one network: the first that said so. The other's start takes nothing from it. */
static void nodes_of_a_network(void **state)
{
	(void)state;
	fixture_sql(&fixture, "INSERT INTO chain VALUES (0, 'eth', 'mainnet'), (1, 'backup', 'mainnet'), (2, 'base', 'base')");
	finals("('eth', 'finalized', 2, NULL, 5), ('eth', 'finalized', 12, 90, 100), ('eth', 'finalized', 35, 290, 300),"
	       " ('backup', 'finalized', 20, NULL, 150), ('backup', 'finalized', 31, 240, 250), ('backup', 'finalized', 41, 390, 400),"
	       " ('base', 'finalized', 1, NULL, 6), ('base', 'finalized', 900, 6, 7)");
	expect("100,300,250,400");
}

static struct latency *only(struct latency_list *list)
{
	const enum stage from = STAGE_SEEN, to = STAGE_FINAL;
	struct error err = {""};

	if (latency_compute(fixture.db, &from, &to, list, &err))
		fail_msg("%s", err.text);
	assert_int_equal(list->count, 1);
	return &list->items[0];
}

/* An update that landed and is not final yet still waits; how often was asked is how well the time is known. */
static void the_time_to_finality(void **state)
{
	struct latency_list list;
	const struct latency *l;

	(void)state;
	finals("('eth', 'finalized', 2, NULL, 5), ('eth', 'finalized', 12, 88, 100), ('eth', 'finalized', 20, 190, 200),"
	       " ('eth', 'finalized', 35, 290, 300)");
	l = only(&list);
	assert_int_equal(l->count, 3);
	assert_int_equal(l->censored, 1);
	assert_int_equal(l->min_ns, (100 - 10) * SECOND);
	assert_int_equal(l->max_ns, (300 - 30) * SECOND);
	assert_int_equal(l->resolution_ns, 12 * SECOND);
	latency_list_free(&list);
}

/* Without answers nothing waits: nobody asked. */
static void nobody_asked(void **state)
{
	struct latency_list list;
	const struct latency *l;

	(void)state;
	l = only(&list);
	assert_int_equal(l->count, 0);
	assert_int_equal(l->censored, 0);
	latency_list_free(&list);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_first_answer_that_reaches_the_block),
		TEST(before_the_first_answer),
		TEST(nodes_of_a_network),
		TEST(the_time_to_finality),
		TEST(nobody_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
