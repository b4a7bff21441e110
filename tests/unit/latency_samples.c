// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* More durations than are held: what is drawn of them, and what is told of all. */
#include "session_fixture.h"

#include <math.h>

#include "latency/latency.h"
#include "latency/parts.h"
#include "latency/samples.h"

#define BUSY 300000
#define QUIET 200000

static struct fixture fixture;
static struct latency_list list; /* from wire to app: A, B */

/*
 * Asset A: four messages a packet, of which each waits for the one before, 1 to 4 µs; the last of all takes 7 s, the second
 * minus 5 ns. Asset B: 9 µs each.
 */
static int set_up(void **state)
{
	const enum stage from = STAGE_WIRE, to = STAGE_APP;
	struct error err = {""};
	char sql[1024];

	(void)state;
	fixture_session(&fixture);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO feed (id, name, role, decoder, transport) VALUES (0, 'f', 'oracle', 'json', 'ws');"
		 "INSERT INTO clock VALUES (0, 0, 0, 1, 0, 'kernel'), (100000000000000, 100000000000000, 0, 1, 0, 'kernel');"
		 "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1)"
		 " INSERT INTO oracle_message (feed_id, asset, wire_mono_ns, app_mono_ns, bytes) SELECT 0, 'A', i / 4 * 100000,"
		 " i / 4 * 100000 + CASE i WHEN 1 THEN -5 WHEN %d - 1 THEN 7000000000 ELSE 1000 * (1 + i %% 4) END, 1 FROM n;"
		 "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < %d - 1)"
		 " INSERT INTO oracle_message (feed_id, asset, wire_mono_ns, app_mono_ns, bytes)"
		 " SELECT 0, 'B', i * 37000, i * 37000 + 9000, 1 FROM n", BUSY, BUSY, QUIET);
	fixture_sql(&fixture, sql);
	if (latency_compute(fixture.db, &from, &to, &list, &err))
		fail_msg("%s", err.text);
	assert_int_equal(list.count, 2);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	latency_list_free(&list);
	fixture_remove(&fixture);
	return 0;
}

/* A rhythm of four does not show in one of two, and what needs no order is of all. */
static void what_is_drawn_is_like_all(void **state)
{
	const int64_t sum = (int64_t)BUSY / 4 * 10000 - 2000 - 5 - 4000 + 7000000000;
	const struct latency *a = &list.items[0];
	double share[5] = {0};

	(void)state;
	assert_int_equal(a->count, BUSY);
	assert_int_equal(a->min_ns, -5);
	assert_int_equal(a->max_ns, 7000000000);
	assert_int_equal(a->mean_ns, sum / BUSY);
	assert_int_equal(a->negative, 1);
	assert_int_equal(a->samples.halvings, 1);
	assert_int_equal(a->drawn, a->samples.series_count);
	assert_true(fabs((double)a->drawn / BUSY - 0.5) < 0.001);
	for (size_t i = 0; i < a->samples.series_count; i++) {
		int64_t ns = a->samples.series[i].ns;

		if (ns % 1000 == 0 && ns <= 4000)
			share[ns / 1000] += 1.0 / (double)a->drawn;
		assert_true(!i || a->samples.series[i].at_ns >= a->samples.series[i - 1].at_ns);
	}
	for (int k = 1; k <= 4; k++) /* five times the deviation of 150,000 fair draws */
		assert_true(fabs(share[k] - 0.25) < 0.006);
	assert_int_equal(a->p90_ns, 4000);
	/* below the limit nothing is drawn: everything is there */
	assert_int_equal(list.items[1].count, QUIET);
	assert_int_equal(list.items[1].drawn, QUIET);
	assert_int_equal(list.items[1].samples.halvings, 0);
}

/* B has 40 % of the messages, and 57 % of what is held: the median of both is one of A's. */
static void pools_keep_their_shares(void **state)
{
	struct latency_part_list parts;
	struct error err = {""};
	double *seconds, b = 0;
	uint64_t censored;
	size_t count;

	(void)state;
	if (latency_parts(fixture.db, &list, PART_FEED, &parts, &err))
		fail_msg("%s", err.text);
	assert_int_equal(parts.count, 1);
	assert_true(fabs((double)parts.items[0].count / (BUSY + QUIET) - 1) < 0.001);
	assert_int_equal(parts.items[0].quantiles[0].ns, 4000); /* 15, 30, 45, 60 % are done by 1, 2, 3, 4 µs */
	assert_int_equal(parts.items[0].quantiles[1].ns, 9000);
	assert_int_equal(list.items[1].drawn, list.items[1].samples.series_count); /* the list is as it was */
	latency_parts_free(&parts);
	if (latency_samples(fixture.db, NULL, NULL, STAGE_WIRE, STAGE_APP, &seconds, &count, &censored, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < count; i++)
		b += fabs(seconds[i] - 9e-6) < 1e-12;
	assert_true(fabs(b / (double)count - 0.4) < 0.001);
	free(seconds);
}

struct seen {
	const struct sample_set *set;
	int groups;
};

static int same_group(void *context, struct sample_group *group)
{
	struct seen *seen = context;
	const struct sample_group *other = seen->set->groups;
	const struct pair_samples *a = &group->pairs[0], *b;

	while (strcmp(other->asset, group->asset))
		other++;
	b = &other->pairs[0];
	seen->groups++;
	assert_int_equal(group->unmatched + group->superseded, other->unmatched + other->superseded);
	assert_int_equal(group->published_step_ns, other->published_step_ns);
	assert_int_equal(a->end_count, b->end_count);
	assert_int_equal(a->series_count, b->series_count);
	assert_int_equal(a->ends.count, b->ends.count);
	assert_memory_equal(a->series, b->series, b->series_count * sizeof(*b->series));
	assert_memory_equal(a->ends.values, b->ends.values, b->ends.count * sizeof(*b->ends.values));
	return 0;
}

/* However few durations may be held at once, each group comes once, whole. */
static void groups_that_wait_for_another_pass_are_the_same(void **state)
{
	const struct stage_pair pair = {STAGE_WIRE, STAGE_APP};
	const size_t held[] = {1000, QUIET + 1000, SIZE_MAX};
	struct sample_set set;
	struct error err = {""};

	(void)state;
	if (samples_load(&set, fixture.db, &pair, 1, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		struct seen seen = {&set, 0};

		if (samples_each(fixture.db, &pair, 1, held[i], same_group, &seen, &err))
			fail_msg("%s", err.text);
		assert_int_equal(seen.groups, set.count);
	}
	assert_int_equal(set.count, 2);
	samples_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_drawn_is_like_all),
		cmocka_unit_test(pools_keep_their_shares),
		cmocka_unit_test(groups_that_wait_for_another_pass_are_the_same),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
