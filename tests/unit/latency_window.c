// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Moves, corrections and values of a session whose prices are known, and the volatility of a price whose law is. */
#include "latency_session.h"

#include <math.h>

#include "stats/volatility.h"
#include "latency/window.h"
#include "margin/rng.h"

#define SECOND 1000000000LL
#define assert_near(actual, expected) assert_true(fabs((actual) - (expected)) < 1e-12)

static int set_up(void **state)
{
	(void)state;
	start_session("(0, 'a', 'oracle', 'json', 'ws')", 900);
	return 0;
}

static void message(int key, double price, double wire_s)
{
	char *sql = sqlite3_mprintf("INSERT INTO oracle_message (asset, feed_id, key, price, wire_mono_ns, bytes)"
				    " VALUES ('ETH', 0, '%d', %.17g, %lld, 1)", key, price, (long long)(wire_s * SECOND));

	fixture_sql(&fixture, sql);
	sqlite3_free(sql);
}

static void update_of(const char *node, int key, double price, double seen_s, int block)
{
	char *sql = sqlite3_mprintf("INSERT INTO chain_update (chain, asset, type, address, key, price, exponent, block_number,"
				    " block_hash, tx_hash, log_index, block_ns, seen_mono_ns, removed, backfilled) VALUES"
				    " ('%s', 'ETH', 'chainlink', '0x1', '%d', %.17g, -8, %d, '0x%d', '0xt', 0, %lld, %lld, 0, 0)",
				    node, key, price, block, block, block * 12 * SECOND, (long long)(seen_s * SECOND));

	fixture_sql(&fixture, sql);
	sqlite3_free(sql);
}

static void update(int key, double price, double seen_s, int block)
{
	update_of("eth", key, price, seen_s, block);
}

static struct window_list compute(struct latency_list *latencies, struct window_terms terms)
{
	enum stage from = STAGE_WIRE, to = STAGE_SEEN;
	struct window_list list = {0};
	struct error err = {""};

	if (latency_compute(fixture.db, &from, &to, latencies, &err) ||
	    window_compute(fixture.db, latencies, &terms, &list, &err))
		fail_msg("%s", err.text);
	return list;
}

/* Two updates land: known at 10 s and 40 s, on chain at 20 s and 60 s; the feed moves on in between. */
static void moves_by_hand(void **state)
{
	struct window_terms terms = {.fee = 0.001, .gas = 2, .position = 1000};
	struct latency_list latencies;
	struct window_list list;
	const struct window *w;
	double move, correction;

	(void)state;
	message(1, 100, 10);
	message(2, 101, 15); /* the price when update 1 lands */
	message(3, 103, 40);
	message(4, 102, 59); /* and when update 3 does */
	message(5, 90, 61);
	update(1, 100, 20, 1);
	update(3, 103, 60, 4);
	list = compute(&latencies, terms);
	assert_int_equal(list.count, 1);
	w = &list.items[0];
	assert_string_equal(w->chain, "eth");
	assert_int_equal(w->latency->count, 2);
	move = (log(1.01) + log(103. / 102)) / 2;
	correction = log(1.03); /* the first update has none before it */
	assert_near(w->move.mean, move);
	assert_near(w->move_beyond, move - log1p(0.001));
	assert_int_equal(w->correction.count, 1);
	assert_near(w->correction.mean, correction);
	assert_near(w->value_update, 1000 * (correction - log1p(0.001)));
	assert_near(w->value_update_beyond_gas, 1000 * (correction - log1p(0.001)) - 2);
	assert_near(w->worthwhile_share, 1);
	assert_int_equal(w->block_interval_ns, 12 * SECOND);
	assert_true(isnan(w->volatility)); /* five prices are none */
	assert_true(isnan(w->arbitrage_share));
	window_list_free(&list);
	latency_list_free(&latencies);
}

/* Two nodes tell of the same chain, now one first, now the other: the price before is the chain's, not that node's. */
static void nodes_of_one_network(void **state)
{
	struct window_terms terms = {.fee = NAN, .gas = NAN, .position = NAN};
	struct latency_list latencies;
	struct window_list list;

	(void)state;
	fixture_sql(&fixture, "INSERT INTO chain VALUES (1, 'own', 'base'), (2, 'alchemy', 'base')");
	for (int i = 0; i < 4; i++) {
		message(i + 1, 100 + i, 10 * i);
		update_of("own", i + 1, 100 + i, 10 * i + (i & 1 ? 2 : 1), i + 1);
		update_of("alchemy", i + 1, 100 + i, 10 * i + (i & 1 ? 1 : 2), i + 1);
	}
	list = compute(&latencies, terms);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].chain, "base");
	assert_int_equal(list.items[0].correction.count, 3);
	assert_near(list.items[0].correction.mean, log(1.03) / 3);
	assert_int_equal(list.items[0].block_interval_ns, 12 * SECOND);
	window_list_free(&list);
	latency_list_free(&latencies);
}

static void what_was_not_given_is_unknown(void **state)
{
	struct latency_list latencies;
	struct window_list list;

	(void)state;
	message(1, 100, 10);
	update(1, 100, 20, 1);
	list = compute(&latencies, (struct window_terms){NAN, NAN, NAN});
	assert_near(list.items[0].move.mean, 0);
	assert_true(isnan(list.items[0].move_beyond));
	assert_true(isnan(list.items[0].value_update));
	assert_true(isnan(list.items[0].value_update_beyond_gas));
	assert_true(isnan(list.items[0].worthwhile_share));
	assert_true(list.items[0].block_interval_ns == TIME_UNKNOWN);
	window_list_free(&list);
	latency_list_free(&latencies);
}

static void nothing_gives_nothing(void **state)
{
	struct latency_list latencies;
	struct window_list list;

	(void)state;
	list = compute(&latencies, (struct window_terms){0.1, 1, 1});
	assert_int_equal(list.count, 0);
	window_list_free(&list);
	latency_list_free(&latencies);
}

/* 95 % intervals of the volatility of a known one, of prices at random times: 80 % a year, an hour, five a second. */
static void volatility_of_a_known_price(void **state)
{
	enum { TICKS = 18000, RUNS = 40 };
	static struct tick ticks[TICKS];
	double sigma = 0.8 / sqrt(YEAR_SECONDS);
	int covered = 0;

	(void)state;
	for (uint64_t run = 0; run < RUNS; run++) {
		struct volatility volatility;
		double at = 0, log_price = 8;
		struct rng rng;

		rng_open(&rng, 5, run, 0, RNG_WALK);
		for (int i = 0; i < TICKS; i++) {
			double wait = 0.2 * rng_exponential(&rng);

			at += wait;
			log_price += sigma * sqrt(wait) * rng_normal(&rng);
			ticks[i] = (struct tick){(int64_t)(at * 1e9), log_price};
		}
		assert_int_equal(volatility_of(ticks, TICKS, 2 * SECOND, &volatility), 0);
		assert_true(volatility.scale_ns == 2 * SECOND);
		assert_true(fabs(volatility.sigma / sigma - 1) < 0.15);
		covered += volatility.ci95[0] <= sigma && sigma <= volatility.ci95[1];
	}
	assert_true(covered >= 34); /* P(fewer) < 1 % at 95 % */
	assert_true(isnan(tick_price_at(ticks, TICKS, -1)));
	assert_true(tick_price_at(ticks, TICKS, INT64_MAX) == ticks[TICKS - 1].log_price);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(moves_by_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nodes_of_one_network, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_was_not_given_is_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nothing_gives_nothing, set_up, tear_down),
		cmocka_unit_test(volatility_of_a_known_price),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
