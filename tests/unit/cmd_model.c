// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What speaks against a model's measured delays: as `pricelag latency` would say of the same session. */
#include "session_fixture.h"

#include "cmd/model_config.h"

static struct fixture fixture;
static struct model_measured measured;

/* A feed whose messages were published, arrived a second later, and were decoded 2 to 2.999 ms after that. */
static int set_up(void **state)
{
	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO clock VALUES (0, 0, 0, 1, 0, 'kernel'), (1000000000000, 1000000000000, 0, 1, 0, 'kernel');"
			      "INSERT INTO session VALUES ('end_mono_ns', '900000000000');"
			      "INSERT INTO feed (id, name, role, decoder, transport) VALUES (0, 'a', 'oracle', 'json', 'ws'), (1, 'b', 'oracle', 'json', 'ws')");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

static void messages(int feed, int count)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
		 " INSERT INTO oracle_message (feed_id, asset, key, price, published_ns, wire_mono_ns, app_mono_ns, bytes)"
		 " SELECT %d, 'ETH', 'k' || i, 1, i * 1000000000 - 7, (i + 1) * 1000000000, (i + 1) * 1000000000 + 2000000 + i * 7919 %% 1000000, 1 FROM n",
		 count, feed);
	fixture_sql(&fixture, sql);
}

/* The doubts of a model whose oracle and inclusion take what this pair of stages took. */
static const char *doubts(const char *from, const char *to)
{
	struct requirement requirement;
	struct market market;
	struct model model;
	struct error err = {""};
	char path[96];
	FILE *file;

	snprintf(path, sizeof(path), "%s/model.yaml", fixture.folder);
	file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "paths: 100\nhorizon: 1h\nstep: 1s\nassets: {ETH: {price: 3000, process: {type: gbm, volatility: 1}}}\n"
		      "book: {accounts: [{collateral: {ETH: 1}, debt: {USD: 2900}, liquidation_threshold: {ETH: 0.97}}]}\n"
		      "engine: {type: instant}\n"
		      "delay: {oracle: {type: empirical, from: %s, to: %s}, keeper: {type: constant, value: 0s},\n"
		      "  inclusion: {type: empirical, from: %s, to: %s}}\n", from, to, from, to);
	fclose(file);
	measured = (struct model_measured){.session = fixture.path};
	if (model_config_load(&model, &market, &requirement, path, &measured, &err))
		fail_msg("%s", err.text);
	market_free(&market, model.asset_count);
	model_free(&model);
	return measured.doubts;
}

static void nothing_speaks_against_it(void **state)
{
	(void)state;
	messages(0, 200);
	messages(1, 3); /* three of 203: the law is the others' */
	assert_string_equal(doubts("wire", "app"), "");
}

static void too_few(void **state)
{
	(void)state;
	messages(0, 5);
	assert_non_null(strstr(doubts("wire", "app"), "s.db: too few samples for an interval of the median: a ETH wire to app (5)\n"));
}

/* Both stages come from one session: what is said of it stands there once. */
static void lost_once(void **state)
{
	const char *first;

	(void)state;
	messages(0, 200);
	fixture_sql(&fixture, "INSERT INTO loss VALUES ('a', 'ring_full', 12, 1)");
	first = strstr(doubts("wire", "app"), "lost or unreadable: a.ring_full 12\n");
	assert_non_null(first);
	assert_null(strstr(first + 1, "lost or unreadable"));
}

static void clocks_without_a_bound(void **state)
{
	(void)state;
	messages(0, 200);
	fixture_sql(&fixture, "UPDATE clock SET synchronized = 0, max_error_ns = NULL");
	assert_non_null(strstr(doubts("published", "wire"), "nothing bounds how far the two clocks are apart"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_speaks_against_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(too_few, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lost_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(clocks_without_a_bound, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
