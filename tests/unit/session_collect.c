// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Datagrams through the collector into a session's tables. */
#include "session_fixture.h"

#include "base/clock.h"
#include "session/collect.h"
#include "session/loss.h"

static struct fixture fixture;
static struct session *session;
static struct collector *collector;

static void begin(const struct collect_feed *feeds, size_t count)
{
	struct error err = {""};

	fixture_folder(&fixture);
	if (session_create(&session, fixture.path, &err) || collector_new(&collector, session, feeds, count, &err))
		fail_msg("%s", err.text);
	for (uint32_t i = 0; i < count; i++)
		session_put_feed(session, &(struct session_feed){i, feeds[i].name, feeds[i].role,
								 collect_feed_type(&feeds[i]), feeds[i].transport});
}

static void deliver(uint32_t feed, uint64_t stamp_ns, const uint8_t *payload, uint32_t len)
{
	struct pl_datagram datagram = {.head = {PL_RECORD_DATAGRAM, feed, stamp_ns}, .len = len, .wanted = len, .captured = len};

	collector_datagram(collector, &datagram, payload);
}

static void end(size_t count)
{
	uint64_t counts[COLLECT_COUNTER_MAX];
	struct error err = {""};
	char name[8];

	for (uint32_t i = 0; i < count; i++) {
		collector_counters(collector, i, counts);
		snprintf(name, sizeof(name), "%u", i);
		loss_put_collect(session, name, counts);
	}
	collector_free(collector);
	if (session_close(session, &err) || session_open_read(&fixture.db, fixture.path, &err))
		fail_msg("%s", err.text);
}

static int64_t counter(const char *feed, const char *name)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count FROM loss WHERE source = '%s' AND name = '%s'", feed, name);
	return fixture_int(&fixture, sql);
}

/* A version-1 packet of RaptorCast, an encrypted one, and one that is neither. */
static void blocks_in_messages(void **state)
{
	static uint8_t packet[1440] = {[65] = 1, [67] = 0x83, [68] = 1, [69] = 42, [93] = 0xab, [113] = 200, [117 + 40 + 2] = 9};
	static const uint8_t sealed[64] = {4};
	const struct collect_feed feed = {.name = "monad", .role = "block", .transport = "udp",
					  .block_decoder = block_decoder_find("monad-raptorcast")};

	(void)state;
	begin(&feed, 1);
	deliver(0, 1000, packet, sizeof(packet));
	deliver(0, 2000, sealed, sizeof(sealed));
	deliver(0, 3000, packet, sizeof(packet) - 1);
	assert_non_null(strstr(collector_last_error(collector, 0), "1439 bytes"));
	end(1);
	assert_string_equal(fixture_text(&fixture, "SELECT decoder FROM feed"), "monad-raptorcast");
	assert_int_equal(counter("0", "block_messages"), 1);
	assert_int_equal(counter("0", "sealed"), 1);
	assert_int_equal(counter("0", "undecodable"), 1);
	assert_int_equal(counter("0", "updates"), 0);
	assert_string_equal(fixture_text(&fixture, "SELECT count(*) || kind || number || ' ' || part || ' ' || parts_needed || ' '"
						   " || substr(hash, 1, 4) || ' ' || published_ns || ' ' || first_mono_ns ||"
						   " ' ' || wire_mono_ns || ' ' || bytes || ifnull(parent, ' no parent')"
						   " || ifnull(stall_ns, ' no stall') || ifnull(app_mono_ns, ' no app') FROM block_message"),
			    "1chunk42 9 1 ab00 0 1000 1000 1440 no parent no stall no app");
	fixture_remove(&fixture);
}

/* Of a payload only the beginning came, because its decoder reads no more; and one that was cut before that. */
static void beginnings_of_payloads(void **state)
{
	static const uint8_t payload[8] = {42};
	const struct collect_feed feed = {.name = "venue", .role = "oracle", .transport = "udp", .decoder = decoder_find("fields"),
					  .decode = {.field_price = {.set = true, .width = 1}}};
	struct pl_datagram datagram = {.head = {PL_RECORD_DATAGRAM, 0, 1000}, .len = 400, .wanted = 8, .captured = 8};

	(void)state;
	begin(&feed, 1);
	collector_datagram(collector, &datagram, payload);
	datagram.captured = 7;
	collector_datagram(collector, &datagram, payload);
	assert_string_equal(collector_last_error(collector, 0), "a payload of 400 bytes was captured only up to byte 7");
	end(1);
	assert_int_equal(counter("0", "updates"), 1);
	assert_int_equal(counter("0", "undecodable"), 1);
	assert_int_equal(fixture_int(&fixture, "SELECT bytes FROM oracle_message"), 400);
	fixture_remove(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_in_messages),
		cmocka_unit_test(beginnings_of_payloads),
	};

	return cmocka_run_group_tests_name("session_collect", tests, NULL, NULL);
}
