// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Two sites whose distance is known: what is claimed, what is not, and in which words. */
#include "session_fixture.h"

#include "latency/compare.h"

#define MS 1000000LL
#define MESSAGES 400

static struct fixture site_a, site_b, *const sites[] = {&site_a, &site_b};

static int set_up(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		fixture_session(sites[i]);
		fixture_sql(sites[i], "INSERT INTO feed (id, name, role, decoder, transport) VALUES (0, 'a', 'oracle', 'json', 'ws');"
				       "INSERT INTO session VALUES ('end_mono_ns', '900000000000')");
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		fixture_remove(sites[i]);
	return 0;
}

static void clocks(int64_t max_error_ns)
{
	for (int i = 0; i < 2; i++) {
		char *sql = sqlite3_mprintf("INSERT INTO clock VALUES (0, 0, 0, 1, %lld, 'kernel'),"
					    " (1000000000000, 1000000000000, 0, 1, %lld, 'kernel')",
					    (long long)max_error_ns, (long long)max_error_ns);

		fixture_sql(sites[i], sql);
		sqlite3_free(sql);
	}
}

/* Message i, a tenth of a second after the one before, `late_ns` late on that site and up to `noise` ms more in no order. */
static void messages(int site, int first, int count, int64_t late_ns, int noise)
{
	fixture_sql(sites[site], "BEGIN");
	for (int i = first; i < first + count; i++) {
		char *sql = sqlite3_mprintf("INSERT INTO oracle_message (asset, feed_id, key, price, published_ns, wire_mono_ns, bytes)"
					    " VALUES ('ETH', 0, '%d', 100, %lld, %lld, 1)", i, i * 100 * MS,
					    i * 100 * MS + late_ns + (long long)i * (37 + 6 * site) % (noise * 100) * MS / 100);

		fixture_sql(sites[site], sql);
		sqlite3_free(sql);
	}
	fixture_sql(sites[site], "COMMIT");
}

static struct comparison_list compare(size_t count)
{
	struct comparison_list list;
	struct error err = {""};

	if (compare_sessions(sites[0]->db, sites[1]->db, NULL, NULL, &list, &err))
		fail_msg("%s", err.text);
	assert_int_equal(list.count, count);
	return list;
}

static void joint_messages_tell_who_is_earlier(void **state)
{
	struct comparison_list list;
	const struct comparison *c;
	char verdict[512];

	(void)state;
	clocks(MS / 20);
	messages(0, 0, MESSAGES, 1 * MS, 1);
	messages(1, 5, MESSAGES, 6 * MS, 1); /* begins later, ends later */
	messages(1, 20, 5, 60 * MS, 1);	     /* copies: the first arrival counts */
	list = compare(1);
	c = &list.items[0];
	assert_true(c->joint);
	assert_int_equal(c->count_a, MESSAGES);
	assert_int_equal(c->count_b, MESSAGES);
	assert_int_equal(c->count_joint, MESSAGES - 5);
	assert_int_equal(c->first_a, MESSAGES - 5);
	assert_int_equal(c->only_a, 0); /* the first and last five were not watched by the other */
	assert_int_equal(c->only_b, 0);
	assert_int_equal(c->clock_error_ns, MS / 10);
	assert_int_equal(c->quantiles[0].claim, CLAIM_A);
	assert_true(llabs(c->quantiles[0].difference.ns + 5 * MS) < MS / 2);
	assert_non_null(strstr(comparison_verdict(c, verdict, sizeof(verdict)), "A is earlier by "));
	assert_non_null(strstr(verdict, " at the median, clocks known to 100 µs; A is earlier by "));
	comparison_list_free(&list);
}

static void the_order_of_the_files_is_the_sign(void **state)
{
	struct comparison_list list;

	(void)state;
	clocks(MS / 20);
	messages(0, 0, MESSAGES, 6 * MS, 1);
	messages(1, 0, MESSAGES, 1 * MS, 1);
	list = compare(1);
	assert_int_equal(list.items[0].quantiles[0].claim, CLAIM_B);
	assert_true(list.items[0].quantiles[0].difference.ns > 4 * MS);
	assert_int_equal(list.items[0].first_b, MESSAGES);
	comparison_list_free(&list);
}

static void clocks_may_forbid_the_claim(void **state)
{
	struct comparison_list list;
	char verdict[512];

	(void)state;
	clocks(4 * MS);
	messages(0, 0, MESSAGES, 1 * MS, 1);
	messages(1, 0, MESSAGES, 6 * MS, 1);
	list = compare(1);
	assert_int_equal(list.items[0].quantiles[0].claim, CLAIM_SWAMPED);
	assert_non_null(strstr(comparison_verdict(&list.items[0], verdict, sizeof(verdict)),
			       "At the median the clocks may make all of the difference, clocks known to 8.00 ms"));
	comparison_list_free(&list);
	fixture_sql(sites[1], "UPDATE clock SET synchronized = 0");
	list = compare(1);
	assert_true(list.items[0].clock_error_ns == TIME_UNKNOWN);
	assert_int_equal(list.items[0].quantiles[0].claim, CLAIM_SWAMPED);
	comparison_list_free(&list);
}

static void equal_sites_allow_no_claim(void **state)
{
	struct comparison_list list;
	char verdict[512];

	(void)state;
	clocks(1000);
	messages(0, 0, MESSAGES, 1 * MS, 9);
	messages(1, 0, MESSAGES, 1 * MS, 9);
	list = compare(1);
	assert_int_equal(list.items[0].quantiles[0].claim, CLAIM_NONE);
	assert_non_null(strstr(comparison_verdict(&list.items[0], verdict, sizeof(verdict)),
			       "At the median no difference can be claimed"));
	comparison_list_free(&list);
}

/* The same numbers on another day are other messages; then latencies from wire to seen are compared, each by its own clock. */
static void two_days_of_one_site(void **state)
{
	struct comparison_list list;
	const struct comparison *c;

	(void)state;
	clocks(1000);
	for (int site = 0; site < 2; site++) {
		messages(site, 0, MESSAGES, 0, 1);
		fixture_sql(sites[site], site ? "INSERT INTO chain_update (chain, asset, type, address, key, price, exponent,"
			" block_number, block_hash, tx_hash, log_index, seen_mono_ns, removed, backfilled) SELECT 'eth', 'ETH', 'chainlink',"
			" '0x1', key, 100, -8, key, '0xb' || key, '0xt', 0, wire_mono_ns + 30000000 + key * 17 % 10 * 100000, 0, 0"
			" FROM oracle_message" :
			"INSERT INTO chain_update (chain, asset, type, address, key, price, exponent,"
			" block_number, block_hash, tx_hash, log_index, seen_mono_ns, removed, backfilled) SELECT 'eth', 'ETH', 'chainlink',"
			" '0x1', key, 100, -8, key, '0xb' || key, '0xt', 0, wire_mono_ns + 20000000 + key * 13 % 10 * 100000, 0, 0"
			" FROM oracle_message");
	}
	fixture_sql(sites[1], "UPDATE oracle_message SET published_ns = published_ns + 86400000000000");
	list = compare(1);
	c = &list.items[0];
	assert_false(c->joint);
	assert_int_equal(c->from, STAGE_WIRE);
	assert_int_equal(c->to, STAGE_SEEN);
	assert_int_equal(c->count_a, MESSAGES);
	assert_true(llabs(c->quantiles[0].difference.ns + 10 * MS) < MS / 2);
	assert_int_equal(c->quantiles[0].claim, CLAIM_A);
	comparison_list_free(&list);
}

static void counters_that_begin_again_are_no_joint_messages(void **state)
{
	struct comparison_list list;

	(void)state;
	clocks(1000);
	messages(0, 0, 10, 0, 1);
	messages(1, 0, 10, 100000 * MS, 1);
	list = compare(0);
	comparison_list_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(joint_messages_tell_who_is_earlier, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_order_of_the_files_is_the_sign, set_up, tear_down),
		cmocka_unit_test_setup_teardown(clocks_may_forbid_the_claim, set_up, tear_down),
		cmocka_unit_test_setup_teardown(equal_sites_allow_no_claim, set_up, tear_down),
		cmocka_unit_test_setup_teardown(two_days_of_one_site, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counters_that_begin_again_are_no_joint_messages, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
