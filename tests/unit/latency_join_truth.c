// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The join over sessions made by a law: nothing is left out, whatever comes, and wrong matches are as many as it says. */
#include "latency_session.h"

#include <math.h>

#include "latency/account.h"
#include "margin/rng.h"

static int set_up(void **state)
{
	(void)state;
	start_session("(0, 'a', 'oracle', 'json', 'ws'), (1, 'b', 'oracle', 'fields', 'udp')", 100000);
	return 0;
}

static int64_t pick(struct rng *rng, int64_t count)
{
	return (int64_t)(rng_uniform(rng) * (double)count);
}

/* A text or NULL, for SQL; one of five static buffers. */
static const char *number_or_null(struct rng *rng, double null_share, const char *format, double value)
{
	static char texts[5][48];
	static int next;
	char *text = texts[next++ % 5];

	snprintf(text, sizeof(texts[0]), format, value);
	return rng_uniform(rng) < null_share ? "NULL" : text;
}

/* Few keys, few prices, stamps in any order or none, copies, removals, assets that only one side has. */
static void fill_at_random(struct rng *rng)
{
	static const char *const assets[] = {"'ETH'", "'BTC'", "'SOL'", "NULL"};
	char sql[1024];

	fixture_sql(&fixture, "BEGIN; DELETE FROM oracle_message; DELETE FROM chain_update");
	for (int64_t i = 0, count = pick(rng, 120); i < count; i++) {
		snprintf(sql, sizeof(sql), "INSERT INTO oracle_message (feed_id, asset, key, price, published_ns, wire_mono_ns,"
			 " app_mono_ns, bytes) VALUES (%d, %s, %s, %s, %s, %s, %s, 1)", (int)pick(rng, 2), assets[pick(rng, 4)],
			 number_or_null(rng, 0.3, "'%.0f'", (double)pick(rng, 40)),
			 number_or_null(rng, 0.1, "%.1f", 100 + (double)pick(rng, 20)),
			 number_or_null(rng, 0.3, "%.0f", (double)pick(rng, 1000)),
			 number_or_null(rng, 0.1, "%.0f", (double)pick(rng, 1000)),
			 number_or_null(rng, 0.5, "%.0f", (double)pick(rng, 1000)));
		fixture_sql(&fixture, sql);
	}
	for (int64_t i = 0, count = pick(rng, 60); i < count; i++) {
		int log = (int)pick(rng, 40);

		snprintf(sql, sizeof(sql), "INSERT INTO chain_update (chain, asset, type, address, key, price, exponent, published_ns,"
			 " block_number, block_hash, tx_hash, log_index, seen_mono_ns, removed, backfilled) VALUES ('eth', %s, 'event',"
			 " '0x%d', %s, %s, -8, %s, 1, '0xb', '0xt', %d, %s, %d, 0)", assets[log % 3], log % 2,
			 number_or_null(rng, 0.3, "'%.0f'", (double)pick(rng, 40)),
			 number_or_null(rng, 0.1, "%.1f", 100 + (double)pick(rng, 20)),
			 number_or_null(rng, 0.5, "%.0f", (double)pick(rng, 1000)), log,
			 number_or_null(rng, 0.2, "%.0f", (double)pick(rng, 1200)), rng_uniform(rng) < 0.1);
		fixture_sql(&fixture, sql);
	}
	fixture_sql(&fixture, "COMMIT");
}

/* Updates that hold in the end: a removal takes back the last one of its log, and what is delivered twice counts once. */
static int64_t standing_updates(const char *asset)
{
	char sql[512];

	/* a log stands if its last row does, once for each time that it came back after a removal */
	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM (SELECT removed, lead(removed) OVER log AS next FROM (SELECT * FROM (SELECT *,"
		 " lag(removed) OVER (PARTITION BY address, tx_hash, log_index ORDER BY id) AS before FROM chain_update)"
		 " WHERE before IS NOT removed) WHERE asset = '%s' WINDOW log AS (PARTITION BY address, tx_hash, log_index"
		 " ORDER BY id)) WHERE NOT removed AND next IS NULL", asset);
	return fixture_int(&fixture, sql);
}

static void check_account(const struct join_account *account)
{
	char sql[512];

	assert_int_equal(account->matched + account->censored + account->superseded + account->unmatched, account->total);
	if (!account->feed[0])
		return;
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM oracle_message m JOIN feed f ON f.id = m.feed_id"
				   " WHERE f.name = '%s' AND m.asset = '%s'", account->feed, account->asset);
	assert_int_equal(account->matched + account->censored + account->superseded, fixture_int(&fixture, sql));
	if (account->before_start + account->repeated + account->unmatched + account->matched)
		assert_int_equal(account->matched + account->unmatched + account->before_start + account->repeated,
				 standing_updates(account->asset));
}

static void nothing_is_left_out(void **state)
{
	uint64_t seen[4] = {0};

	(void)state;
	for (uint64_t run = 0; run < 150; run++) {
		struct join_account_list accounts;
		struct error err = {""};
		struct rng rng;

		rng_open(&rng, 21, run, 0, RNG_WALK);
		fill_at_random(&rng);
		if (join_session(fixture.db, &err) || join_accounts_load(fixture.db, &accounts, &err))
			fail_msg("%s", err.text);
		for (size_t i = 0; i < accounts.count; i++) {
			const struct join_account *account = &accounts.items[i];
			const uint64_t ends[] = {account->matched, account->censored, account->superseded, account->unmatched};

			check_account(account);
			for (int k = 0; k < 4; k++)
				seen[k] += ends[k];
		}
		join_accounts_free(&accounts);
		assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status NOT IN"
						       " ('matched', 'censored', 'superseded', 'unmatched')"), 0);
		assert_int_equal(fixture_int(&fixture, "SELECT count(*) - count(DISTINCT chain_update_id) FROM timeline"
						       " WHERE feed = 'a' AND status = 'matched'"), 0);
	}
	for (int k = 0; k < 4; k++)
		assert_true(seen[k] > 100); /* each end was met */
}

/*
 * A price that moves by `ticks` of 0.01 at random, four a second; every 40th is put on chain after a lognormal delay of
 * median 2 s. The feed loses a share of its messages. No keys: the price decides. *truth: share of matches that are wrong.
 */
static struct proportion measure(uint64_t run, int64_t ticks, double lost, double *truth)
{
	enum { MESSAGES = 12000 };
	struct join_account_list accounts;
	struct proportion out;
	struct error err = {""};
	struct rng rng;
	double at = 0;
	int64_t price = 300000;
	char sql[512];

	rng_open(&rng, 22, run, 0, RNG_WALK);
	fixture_sql(&fixture, "BEGIN; DELETE FROM oracle_message; DELETE FROM chain_update");
	for (int i = 0; i < MESSAGES; i++) {
		at += 0.25 * rng_exponential(&rng);
		price += pick(&rng, 2 * ticks + 1) - ticks;
		if (rng_uniform(&rng) >= lost) {
			snprintf(sql, sizeof(sql), "INSERT INTO oracle_message (id, feed_id, asset, price, wire_mono_ns, bytes)"
				 " VALUES (%d, 0, 'ETH', %.2f, %.0f, 1)", i + 1, (double)price / 100, at * 1e9);
			fixture_sql(&fixture, sql);
		}
		if (i % 40)
			continue;
		snprintf(sql, sizeof(sql), "INSERT INTO chain_update (chain, asset, type, address, key, price, exponent, block_number,"
			 " block_hash, tx_hash, log_index, seen_mono_ns, removed, backfilled) VALUES ('eth', 'ETH', 'event', '0x1',"
			 " '%d', %.2f, -8, %d, '0xb', '0xt', %d, %.0f, 0, 0)", i + 1, (double)price / 100, i, i,
			 (at + 2 * exp(0.5 * rng_normal(&rng))) * 1e9);
		fixture_sql(&fixture, sql);
	}
	fixture_sql(&fixture, "COMMIT");
	if (join_session(fixture.db, &err) || join_accounts_load(fixture.db, &accounts, &err))
		fail_msg("%s", err.text);
	assert_int_equal(accounts.count, 1);
	assert_string_equal(accounts.items[0].joined_by, "price");
	out = accounts.items[0].false_matches;
	join_accounts_free(&accounts);
	/* the key that the join could not use is the truth */
	*truth = (double)fixture_int(&fixture, "SELECT sum(t.oracle_message_id <> CAST(u.key AS INTEGER)) FROM timeline t"
					       " JOIN chain_update u ON u.id = t.chain_update_id WHERE t.status = 'matched'") /
		 (double)fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status = 'matched'");
	return out;
}

static void wrong_matches_are_as_many_as_it_says(void **state)
{
	static const struct {
		int64_t ticks;
		double lost;
	} cases[] = {{2000, 0}, {100, 0}, {10, 0}, {1, 0}, {2000, 0.3}, {100, 0.3}, {10, 0.3}};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		double truth;
		struct proportion said = measure(c, cases[c].ticks, cases[c].lost, &truth);

		print_message("steps up to %lld ticks, %.0f %% lost: wrong %.4f, said %.4f (%.4f … %.4f)\n",
			      (long long)cases[c].ticks, 100 * cases[c].lost, truth, said.share, said.ci95[0], said.ci95[1]);
		assert_true(said.ci95[0] - 0.02 <= truth && truth <= said.ci95[1] + 0.02);
		/* where most are wrong, so are the delays that planted updates get */
		assert_true(fabs(said.share - truth) < 0.02 + 0.25 * truth);
	}
}

static void keys_whose_prices_disagree_are_counted(void **state)
{
	struct join_account_list accounts;
	struct error err = {""};

	(void)state;
	fixture_sql(&fixture, "BEGIN");
	for (int i = 0; i < 20; i++) {
		char sql[512];

		snprintf(sql, sizeof(sql), "INSERT INTO oracle_message (feed_id, asset, key, price, wire_mono_ns, bytes) VALUES"
			 " (0, 'ETH', '%d', %d, %d, 1); INSERT INTO chain_update (chain, asset, type, address, key, price, exponent,"
			 " block_number, block_hash, tx_hash, log_index, seen_mono_ns, removed, backfilled) VALUES ('eth', 'ETH', 'event',"
			 " '0x1', '%d', %d, -8, 1, '0xb', '0xt', %d, %d, 0, 0)", i, 100 + i, 10 * i, i, 100 + i + (i < 5), i, 10 * i + 5);
		fixture_sql(&fixture, sql);
	}
	fixture_sql(&fixture, "COMMIT");
	if (join_accounts_load(fixture.db, &accounts, &err))
		fail_msg("%s", err.text);
	assert_string_equal(accounts.items[0].joined_by, "key");
	assert_true(accounts.items[0].false_matches.share == 0.25);
	/* Wilson's interval of 5 out of 20 */
	assert_true(fabs(accounts.items[0].false_matches.ci95[0] - 0.1118617) < 1e-6);
	assert_true(fabs(accounts.items[0].false_matches.ci95[1] - 0.4687009) < 1e-6);
	assert_true(proportion_of(0, 7).ci95[0] == 0 && proportion_of(7, 7).ci95[1] == 1); /* not 3e-17, which is printed */
	join_accounts_free(&accounts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_left_out, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_matches_are_as_many_as_it_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keys_whose_prices_disagree_are_counted, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
