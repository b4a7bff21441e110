// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Latencies by hour, by regime of volatility and by feed, of a session that was made so that they differ. */
#include "latency_session.h"

#include <errno.h>
#include <math.h>

#include "latency/parts.h"
#include "latency/record.h"

#define SECOND 1000000000LL
#define HOUR (3600 * SECOND)
#define MS 1000000LL

/*
 * Two hours from 10:30 UTC on, a message every 10 s on two assets. The price moves by 1 bp a message, from 11:30 on by 10; the
 * latency from wire to app is 1 ms, from 11:30 on 5 ms, and 2 ms more on BTC.
 */
static int set_up(void **state)
{
	int64_t begin = 10 * HOUR + HOUR / 2;
	char *sql;

	(void)state;
	start_session("(0, 'a', 'oracle', 'json', 'ws')", 86400);
	fixture_sql(&fixture, "BEGIN");
	for (int i = 0; i < 720; i++) {
		bool rough = i >= 360;

		for (int asset = 0; asset < 2; asset++) {
			int64_t wire = begin + i * 10 * SECOND;

			sql = sqlite3_mprintf("INSERT INTO oracle_message (feed_id, asset, key, price, wire_mono_ns, app_mono_ns, bytes)"
					      " VALUES (0, '%s', '%d', %.17g, %lld, %lld, 1)", asset ? "BTC" : "ETH", i,
					      100 * (1 + (i % 2) * (rough ? 1e-3 : 1e-4)), (long long)wire,
					      (long long)(wire + (rough ? 5 : 1) * MS + asset * 2 * MS + i * 7 % 13));
			fixture_sql(&fixture, sql);
			sqlite3_free(sql);
		}
	}
	fixture_sql(&fixture, "COMMIT");
	return 0;
}

static struct latency_part_list parts_by(enum part_by by, struct latency_list *list)
{
	enum stage from = STAGE_WIRE, to = STAGE_APP;
	struct latency_part_list parts = {0};
	struct error err = {""};

	if (latency_compute(fixture.db, &from, &to, list, &err) || latency_parts(fixture.db, list, by, &parts, &err))
		fail_msg("%s", err.text);
	return parts;
}

static void hours_of_the_day(void **state)
{
	struct latency_list list;
	struct latency_part_list parts = parts_by(PART_HOUR, &list);

	(void)state;
	assert_int_equal(parts.count, 6); /* 10, 11 and 12 h of BTC, then of ETH */
	assert_string_equal(parts.items[0].asset, "BTC");
	assert_string_equal(parts.items[3].part, "10:00");
	assert_string_equal(parts.items[4].part, "11:00");
	assert_string_equal(parts.items[5].part, "12:00");
	assert_int_equal(parts.items[3].count, 180);
	assert_int_equal(parts.items[4].count, 360);
	assert_int_equal(parts.items[5].count, 180);
	assert_int_equal(parts.items[3].quantiles[0].ns / MS, 1);
	assert_int_equal(parts.items[5].quantiles[0].ns / MS, 5);
	assert_true(isnan(parts.items[3].volatility[0]));
	latency_parts_free(&parts);
	latency_list_free(&list);
}

static void regimes_of_volatility(void **state)
{
	struct latency_list list;
	struct latency_part_list parts = parts_by(PART_REGIME, &list);
	const struct latency_part *calm = &parts.items[3], *rough = &parts.items[5];
	/* a move of 1 bp every 10 s, per root of a year */
	double sigma = log1p(1e-4) / sqrt(10) * sqrt(365 * 86400.0);

	(void)state;
	assert_int_equal(parts.count, 6);
	assert_string_equal(calm->part, "calm");
	assert_string_equal(parts.items[4].part, "usual");
	assert_string_equal(rough->part, "rough");
	assert_true(fabs(calm->volatility[0] / sigma - 1) < 0.1);
	assert_true(fabs(rough->volatility[1] / (10 * sigma) - 1) < 0.1);
	assert_int_equal(calm->quantiles[1].ns / MS, 1);
	assert_int_equal(rough->quantiles[0].ns / MS, 5);
	/* all but those of the first minutes, in three equal parts */
	assert_in_range(calm->count + parts.items[4].count + rough->count, 700, 720);
	assert_in_range(rough->count - calm->count, 0, 1);
	latency_parts_free(&parts);
	latency_list_free(&list);
}

static void all_assets_of_a_feed(void **state)
{
	struct latency_list list;
	struct latency_part_list parts = parts_by(PART_FEED, &list);

	(void)state;
	assert_int_equal(parts.count, 1);
	assert_string_equal(parts.items[0].feed, "a");
	assert_string_equal(parts.items[0].asset, "");
	assert_int_equal(parts.items[0].count, 1440);
	assert_int_equal(parts.items[0].quantiles[0].ns / MS, 3); /* of 1, 3, 5 and 7 ms */
	latency_parts_free(&parts);
	latency_list_free(&list);
}

/* What the model takes: each latency with the volatility before it, or with its time. The rough hour is ten times as wild, and slow. */
static void latencies_with_what_was_around_them(void **state)
{
	struct latency_record record;
	double calm = 0, rough = INFINITY;
	struct error err;

	(void)state;
	assert_int_equal(latency_record(fixture.db, "a", "ETH", STAGE_WIRE, STAGE_APP, true, &record, &err), 0);
	assert_in_range(record.count, 700, 720); /* the first minute or so has no minute before it */
	for (size_t i = 0; i < record.count; i++) {
		if (record.seconds[i] < 0.003)
			calm = fmax(calm, record.key[i]);
		else if (i > 400) /* the lookback of the first rough ones reaches into the calm */
			rough = fmin(rough, record.key[i]);
	}
	assert_true(calm > 0 && rough > 5 * calm);
	latency_record_free(&record);
	assert_int_equal(latency_record(fixture.db, NULL, NULL, STAGE_WIRE, STAGE_APP, false, &record, &err), 0);
	assert_int_equal(record.count, 1440);
	for (size_t i = 0; i < record.count; i++)
		assert_true(record.key[i] >= 0 && record.key[i] <= 7190 && record.seconds[i] > (record.key[i] >= 3600 ? 0.0045 : 0.0005));
	latency_record_free(&record);
	assert_int_equal(latency_record(fixture.db, "nobody", NULL, STAGE_WIRE, STAGE_APP, false, &record, &err), -ENODATA);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(hours_of_the_day, set_up, tear_down),
		cmocka_unit_test_setup_teardown(regimes_of_volatility, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_assets_of_a_feed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(latencies_with_what_was_around_them, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
