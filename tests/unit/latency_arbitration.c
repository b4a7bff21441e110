// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* CME's feeds A and B through the collector: as captured, with packets taken out of either, and captures that were filtered. */
#include "session_fixture.h"

#include "base/clock.h"
#include "latency/arbitration.h"
#include "session/collect.h"
#include "session/loss.h"

#define PACKETS_MAX 4096

struct packet {
	uint32_t seq;
	uint16_t port;
	uint64_t stamp_ns;
	const uint8_t *payload;
	uint32_t len;
};

static uint8_t *file;
static struct packet packets[PACKETS_MAX];
static size_t packet_count;
static struct fixture fixture;

static uint32_t le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The UDP packets of a little-endian pcap of plain Ethernet and IPv4, read here on its own. */
static void read_capture(const char *name)
{
	const char *folder = getenv("PRICELAG_DATA");
	char path[512];
	size_t len, at = 24;
	FILE *in;

	snprintf(path, sizeof(path), "%s/marketdata/%s", folder ? folder : "../shared/data", name);
	in = fopen(path, "rb");
	if (!in) {
		printf("skip: %s is not there\n", path);
		skip();
	}
	file = malloc(1 << 20);
	assert_non_null(file);
	len = fread(file, 1, 1 << 20, in);
	fclose(in);
	packet_count = 0;
	while (at + 16 <= len) {
		const uint8_t *frame = file + at + 16;
		size_t ip = 14;

		at += 16 + le32(file + at + 8);
		assert_true(at <= len && packet_count < PACKETS_MAX);
		if (frame[12] == 0x81)
			ip += 4;
		assert_int_equal(frame[ip], 0x45);
		assert_int_equal(frame[ip + 9], 17);
		packets[packet_count] = (struct packet){
			.seq = le32(frame + ip + 28),
			.port = (uint16_t)(frame[ip + 22] << 8 | frame[ip + 23]),
			.stamp_ns = 1000 + packet_count,
			.payload = frame + ip + 28,
			.len = (uint32_t)(frame[ip + 24] << 8 | frame[ip + 25]) - 8,
		};
		packet_count++;
	}
}

/* Numbers [first, last) of a port that are in none of its packets: the plainest count there is. */
static uint64_t absent(uint16_t port, bool (*dropped)(const struct packet *))
{
	uint32_t first = UINT32_MAX, last = 0;
	uint64_t distinct = 0;

	for (size_t i = 0; i < packet_count; i++) {
		bool seen = packets[i].port != port || (dropped && dropped(&packets[i]));

		for (size_t k = 0; k < i && !seen; k++)
			seen = packets[k].port == port && packets[k].seq == packets[i].seq;
		if (seen)
			continue;
		distinct++;
		if (packets[i].seq < first)
			first = packets[i].seq;
		if (packets[i].seq > last)
			last = packets[i].seq;
	}
	return (uint64_t)last - first + 1 - distinct;
}

static void collect(uint16_t port_a, bool (*dropped)(const struct packet *))
{
	struct collect_feed feeds[] = {{.name = "a", .role = "oracle", .transport = "udp", .decoder = decoder_find("cme-mdp3")},
				       {.name = "b", .role = "oracle", .transport = "udp", .decoder = decoder_find("cme-mdp3")}};
	struct collector *collector;
	struct session *session;
	struct error err = {""};

	fixture_folder(&fixture);
	if (session_create(&session, fixture.path, &err) || collector_new(&collector, session, feeds, 2, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < packet_count; i++) {
		struct pl_datagram datagram = {.head = {PL_RECORD_DATAGRAM, packets[i].port != port_a, packets[i].stamp_ns},
					       .len = packets[i].len, .wanted = packets[i].len,
					       .captured = packets[i].len, .dest_port = packets[i].port};

		if (!dropped || !dropped(&packets[i]))
			collector_datagram(collector, &datagram, packets[i].payload);
	}
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t counts[COLLECT_COUNTER_MAX];

		session_put_feed(session, &(struct session_feed){i, feeds[i].name, feeds[i].role, "cme-mdp3", "udp"});
		collector_counters(collector, i, counts);
		assert_int_equal(counts[COLLECT_COUNTER_UNDECODABLE], 0);
		loss_put_collect(session, feeds[i].name, counts);
	}
	collector_free(collector);
	if (session_close(session, &err) || session_open_read(&fixture.db, fixture.path, &err))
		fail_msg("%s", err.text);
}

static uint64_t counter(const char *feed, const char *name)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count FROM loss WHERE source = '%s' AND name = '%s'", feed, name);
	return (uint64_t)fixture_int(&fixture, sql);
}

static struct arbitration_list arbitrate(void)
{
	struct arbitration_list list;
	struct error err = {""};

	if (arbitration_load(fixture.db, &list, &err))
		fail_msg("%s", err.text);
	return list;
}

static void clean(struct arbitration_list *list)
{
	arbitration_free(list);
	fixture_remove(&fixture);
	free(file);
	file = NULL;
}

static void nothing_is_missing_in_the_capture(void **state)
{
	struct arbitration_list list;

	(void)state;
	read_capture("cme_mdp3_v1.6_first3000.nsec.pcap");
	assert_int_equal(packet_count, 3000);
	collect(14340, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(counter(i ? "b" : "a", "sequence_gaps"), 0);
		assert_int_equal(counter(i ? "b" : "a", "sequence_gap_events"), 0);
		assert_int_equal(counter(i ? "b" : "a", "sequence_repeats"), 0);
		assert_int_equal(counter(i ? "b" : "a", "updates"), 1500);
		assert_int_equal(counter(i ? "b" : "a", "sequence_messages"), 3161);
	}
	list = arbitrate();
	assert_int_equal(list.count, 1);
	assert_true(list.items[0].judged);
	assert_int_equal(list.items[0].last - list.items[0].first + 1, 1500);
	assert_int_equal(list.items[0].nowhere, 0);
	assert_int_equal(list.items[0].feeds[0].missing + list.items[0].feeds[1].missing, 0);
	clean(&list);
}

/* Of the numbers 5615 to 7114, A loses every multiple of 100 and B every multiple of 150: 300 is in both. */
static bool lossy(const struct packet *packet)
{
	return packet->seq % (packet->port == 14340 ? 100 : 150) == 0;
}

static void one_feed_delivers_what_the_other_lost(void **state)
{
	struct arbitration_list list;

	(void)state;
	read_capture("cme_mdp3_v1.6_first3000.nsec.pcap");
	collect(14340, lossy);
	assert_int_equal(counter("a", "sequence_gaps"), 15); /* 5700 … 7100 */
	assert_int_equal(counter("a", "sequence_gap_events"), 15);
	assert_int_equal(counter("b", "sequence_gaps"), 10); /* 5700 … 7050 */
	assert_int_equal(absent(14340, lossy), 15);
	assert_int_equal(absent(15340, lossy), 10);
	list = arbitrate();
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].feeds[0].missing, 15);
	assert_int_equal(list.items[0].feeds[0].filled, 10);
	assert_int_equal(list.items[0].feeds[1].missing, 10);
	assert_int_equal(list.items[0].feeds[1].filled, 5);
	assert_int_equal(list.items[0].nowhere, 5); /* 5700, 6000, 6300, 6600, 6900 */
	clean(&list);
}

static void filtered(const char *name, size_t count)
{
	struct arbitration_list list;

	read_capture(name);
	assert_int_equal(packet_count, count);
	collect(14320, NULL);
	assert_int_equal(counter("a", "sequence_gaps"), absent(14320, NULL));
	assert_int_equal(counter("b", "sequence_gaps"), absent(15320, NULL));
	assert_true(counter("a", "sequence_gaps") > 1000);
	list = arbitrate();
	assert_int_equal(list.items[0].nowhere, absent(14320, NULL)); /* one filter for both */
	assert_int_equal(list.items[0].feeds[1].filled, 0);
	clean(&list);
}

static void filtered_captures_have_gaps(void **state)
{
	(void)state;
	filtered("omi_cme_mdp3_v1.8_volume.pcap", 112);
	filtered("omi_cme_mdp3_v1.8_sessionstats.pcap", 356);
}

static void what_cannot_be_judged(void **state)
{
	struct arbitration_list list;
	struct error err = {""};

	(void)state;
	fixture_session(&fixture);
	fixture_sql(&fixture, "INSERT INTO feed VALUES (0, 'a', 'oracle', 'cme-mdp3', 'udp'), (1, 'b', 'oracle', 'cme-mdp3', 'udp'),"
			      " (2, 'c', 'oracle', 'json', 'ws');"
			      "INSERT INTO oracle_message (feed_id, key, bytes) VALUES (0, '1', 1), (0, '2', 1), (1, '1', 1), (1, '5', 1), (2, '3', 1);"
			      "INSERT INTO loss VALUES ('a', 'sequence_restarts', 0, 0), ('a', 'sequence_streams', 1, 0),"
			      " ('b', 'sequence_restarts', 0, 0), ('b', 'sequence_streams', 2, 0)");
	assert_int_equal(arbitration_load(fixture.db, &list, &err), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].feed_count, 2); /* keys of json are no numbers in a row */
	assert_false(list.items[0].judged);
	arbitration_free(&list);
	fixture_sql(&fixture, "UPDATE loss SET count = 1 WHERE name = 'sequence_streams'");
	assert_int_equal(arbitration_load(fixture.db, &list, &err), 0);
	assert_true(list.items[0].judged);
	assert_int_equal(list.items[0].first, 1);
	assert_int_equal(list.items[0].last, 2); /* after which a could not lose any */
	assert_int_equal(list.items[0].feeds[1].missing, 1);
	arbitration_free(&list);
	fixture_sql(&fixture, "UPDATE loss SET count = 1 WHERE name = 'sequence_restarts' AND source = 'a'");
	assert_int_equal(arbitration_load(fixture.db, &list, &err), 0);
	assert_false(list.items[0].judged);
	arbitration_free(&list);
	fixture_remove(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_missing_in_the_capture),
		cmocka_unit_test(one_feed_delivers_what_the_other_lost),
		cmocka_unit_test(filtered_captures_have_gaps),
		cmocka_unit_test(what_cannot_be_judged),
	};

	return cmocka_run_group_tests_name("latency_arbitration", tests, NULL, NULL);
}
