// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A network card's stamps from the ring to the latency between card and kernel: a made-up card whose clock counts TAI and runs 20 ppm fast. */
#include "session_fixture.h"

#include "latency/latency.h"
#include "session/collect.h"
#include "session/nic_memory.h"
#include "session/nicmap.h"

#define SECOND_NS 1000000000LL
#define MONO_NS 5000000000LL   /* of the session's start */
#define CARD_NS 1800000037000000000LL /* the card's clock then */
#define REAL_NS 1800000000000000000LL

/* What the card counts at a moment of the monotonic clock. */
static int64_t card_at(int64_t mono_ns)
{
	return CARD_NS + (mono_ns - MONO_NS) + (mono_ns - MONO_NS) / 50000;
}

static struct pl_nic_stamp nic_stamp(uint32_t feed, uint64_t stamp_ns, uint64_t nic_ns)
{
	return (struct pl_nic_stamp){{PL_RECORD_NIC, feed, stamp_ns}, nic_ns, 7, 0};
}

static void of_late_are_remembered(void **state)
{
	struct nic_memory *memory = nic_memory_new();
	const uint32_t count = 10000;
	struct pl_nic_stamp stamp;
	uint32_t lost = 0;

	(void)state;
	assert_non_null(memory);
	assert_null(nic_memory_find(memory, 0, 1));
	/* 10,000 within a second; then as many an hour later, which push out only what nobody waits for any more */
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 0; i < count; i++) {
			stamp = nic_stamp(i % 3, 3600 * SECOND_NS * (round + 1) + i * 99991ULL, 1 + i);
			lost += nic_memory_put(memory, &stamp);
		}
	assert_int_equal(lost, 0);
	for (uint32_t i = 0; i < count; i++) {
		const struct pl_nic_stamp *found = nic_memory_find(memory, i % 3, 7200 * SECOND_NS + i * 99991ULL);

		assert_non_null(found);
		assert_int_equal(found->nic_ns, 1 + i);
		assert_null(nic_memory_find(memory, 3, 7200 * SECOND_NS + i * 99991ULL));
	}
	/* far more than there is room for, at once: what is pushed out is told, once for each, and the rest is there */
	for (uint32_t i = 0; i < 200000; i++) {
		stamp = nic_stamp(0, 9000 * SECOND_NS + i, 1 + i);
		lost += nic_memory_put(memory, &stamp);
	}
	for (uint32_t i = 0; i < 200000; i++)
		lost += nic_memory_find(memory, 0, 9000 * SECOND_NS + i) != NULL;
	assert_int_equal(lost, 200000);
	nic_memory_free(memory);
}

static void begin_sql(struct fixture *f)
{
	struct session *session;
	struct error err = {""};

	fixture_folder(f);
	if (session_create(&session, f->path, &err) || session_close(session, &err))
		fail_msg("%s", err.text);
	assert_int_equal(sqlite3_open(f->path, &f->db), SQLITE_OK);
}

static void put_reading(struct fixture *f, int64_t nic, int64_t mono_ns, int64_t nic_ns, int64_t half_width_ns)
{
	char sql[256];

	snprintf(sql, sizeof(sql), "INSERT INTO nic_clock VALUES (%lld, %lld, %lld, %lld)", (long long)nic, (long long)mono_ns,
		 (long long)nic_ns, (long long)half_width_ns);
	fixture_sql(f, sql);
}

static struct nicmap *load(struct fixture *f)
{
	struct nicmap *map = NULL;
	struct error err = {""};

	if (nicmap_load(&map, f->db, &err))
		fail_msg("%s", err.text);
	return map;
}

static void readings_are_interpolated(void **state)
{
	struct fixture f;
	struct nicmap *map;

	(void)state;
	begin_sql(&f);
	map = load(&f);
	assert_true(nicmap_mono(map, 7, CARD_NS) == TIME_UNKNOWN);
	assert_true(nicmap_error_ns(map) == TIME_UNKNOWN);
	nicmap_free(map);

	/* one reading does not tell the rate */
	put_reading(&f, 7, MONO_NS, CARD_NS, 200);
	map = load(&f);
	assert_true(nicmap_mono(map, 7, CARD_NS) == TIME_UNKNOWN);
	assert_true(nicmap_error_ns(map) == TIME_UNKNOWN);
	nicmap_free(map);

	for (int i = 1; i <= 10; i++)
		put_reading(&f, 7, MONO_NS + i * SECOND_NS, card_at(MONO_NS + i * SECOND_NS), 300);
	/* another card, whose clock stands elsewhere, around it */
	for (int i = 0; i <= 2; i++) {
		put_reading(&f, 3, MONO_NS + i * SECOND_NS, 1000 + i * SECOND_NS, 100);
		put_reading(&f, 9, MONO_NS + i * SECOND_NS, 5000 + i * SECOND_NS, 100);
	}
	map = load(&f);
	for (int64_t mono = MONO_NS - 2 * SECOND_NS; mono < MONO_NS + 13 * SECOND_NS; mono += 333333333)
		assert_in_range(nicmap_mono(map, 7, card_at(mono)) - mono + 2, 0, 4); /* ± 2 ns of rounding */
	assert_int_equal(nicmap_mono(map, 3, 1000 + SECOND_NS / 2), MONO_NS + SECOND_NS / 2);
	assert_int_equal(nicmap_mono(map, 9, 5000 + 3 * SECOND_NS), MONO_NS + 3 * SECOND_NS);
	assert_true(nicmap_mono(map, 4, 1000) == TIME_UNKNOWN);
	assert_true(nicmap_mono(map, 10, 1000) == TIME_UNKNOWN);
	assert_int_equal(nicmap_error_ns(map), 300);
	nicmap_free(map);

	/* a change of rate between two readings bounds what interpolation may miss */
	put_reading(&f, 7, MONO_NS + 11 * SECOND_NS, card_at(MONO_NS + 11 * SECOND_NS) + 4000, 300);
	map = load(&f);
	assert_in_range(nicmap_error_ns(map), 300 + 1990, 300 + 2010);
	nicmap_free(map);

	/* set back: the same time twice */
	put_reading(&f, 7, MONO_NS + 12 * SECOND_NS, CARD_NS + 5, 300);
	map = load(&f);
	assert_true(nicmap_error_ns(map) == TIME_UNKNOWN);
	nicmap_free(map);
	fixture_remove(&f);
}

/* Ten prices that the card stamped 700 ns before the kernel did; the last one it did not stamp. */
static void from_the_ring_to_the_latency(void **state)
{
	struct asset_name asset = {"X", ""};
	struct collect_feed feed = {.name = "f", .role = "oracle", .transport = "udp", .assets = &asset, .asset_count = 1,
				    .decoder = decoder_find("fields")};
	const enum stage published = STAGE_PUBLISHED, nic = STAGE_NIC;
	struct latency_list list = {0};
	struct collector *collector;
	struct session *session;
	struct error err = {""};
	struct fixture f;

	(void)state;
	assert_int_equal(field_spec_parse("i64le@0", &feed.decode.field_price), 0);
	fixture_folder(&f);
	if (session_create(&session, f.path, &err) || collector_new(&collector, session, &feed, 1, &err))
		fail_msg("%s", err.text);
	session_put_feed(session, &(struct session_feed){0, "f", "oracle", "fields", "udp"});
	session_put_nic(session, 7, "eth0", "/dev/ptp0");
	for (int i = 0; i <= 3; i++) {
		int64_t mono = MONO_NS + i * SECOND_NS;

		session_put_clock(session, &(struct clock_reading){mono, REAL_NS + mono - MONO_NS, 20, false, TIME_UNKNOWN, 0});
		session_put_nic_clock(session, &(struct session_nic_clock){7, mono, card_at(mono), 250});
	}
	for (int i = 0; i <= 10; i++) {
		uint64_t wire = MONO_NS + (uint64_t)i * 200000000, price = 100 + (uint64_t)i;
		struct pl_datagram datagram = {.head = {PL_RECORD_DATAGRAM, 0, wire}, .len = 8, .wanted = 8, .captured = 8};
		struct pl_nic_stamp stamp = nic_stamp(0, wire, (uint64_t)card_at((int64_t)wire - 700));

		if (i < 10)
			collector_nic_stamp(collector, &stamp);
		stamp.head.feed = 1; /* of a chain's connection: no row has it */
		collector_nic_stamp(collector, &stamp);
		collector_datagram(collector, &datagram, (const uint8_t *)&price);
	}
	collector_free(collector);
	if (session_close(session, &err) || session_open_read(&f.db, f.path, &err))
		fail_msg("%s", err.text);
	assert_string_equal(fixture_text(&f, "SELECT count(nic_ns) || ' ' || count(*) || ' ' || min(nic_id) FROM oracle_message"), "10 11 7");
	if (latency_compute(f.db, NULL, NULL, &list, &err))
		fail_msg("%s", err.text);
	assert_int_equal(list.count, 1); /* of the default list, what there is data for */
	assert_int_equal(list.items[0].from, STAGE_NIC);
	assert_int_equal(list.items[0].to, STAGE_WIRE);
	assert_int_equal(list.items[0].count, 10);
	assert_in_range(list.items[0].min_ns, 698, 702);
	assert_in_range(list.items[0].max_ns, 698, 702);
	/* the card's readings, and both ends in UTC through the machine's */
	assert_in_range(list.items[0].clock_error_ns, 250 + 20 + 20, 250 + 20 + 20 + 2);
	latency_list_free(&list);
	/* against the publisher the distance from UTC counts, which nobody bounds here */
	if (latency_compute(f.db, &published, &nic, &list, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < list.count; i++)
		assert_true(list.items[i].clock_error_ns == TIME_UNKNOWN);
	latency_list_free(&list);
	fixture_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_late_are_remembered),
		cmocka_unit_test(readings_are_interpolated),
		cmocka_unit_test(from_the_ring_to_the_latency),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
