// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose connection is it: feeds' and chains' connections in a capture, told apart from the keeper's and everybody else's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture_files.h"
#include "cmd/flows.h"
#include "tap/link.h"

#define SERVER "10.0.0.2"
#define PUSH_ACK 0x18

struct inbox {
	char last[64];
	int64_t wire_ns, first_ns;
	size_t count;
};

struct bench {
	struct flows *flows;
	struct capture *capture;
	struct inbox inboxes[3];
	size_t egress;
	uint64_t now_ns;
};

static void on_message(void *context, const struct stream_message *message)
{
	struct inbox *inbox = context;

	snprintf(inbox->last, sizeof(inbox->last), "%.*s", (int)message->len, (const char *)message->data);
	inbox->first_ns = message->first_mono_ns;
	inbox->wire_ns = message->wire_mono_ns;
	inbox->count++;
}

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	(void)len;
	assert_int_equal(record->type, PL_RECORD_EGRESS);
	((struct bench *)context)->egress++;
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	(void)context;
	(void)key;
	(void)set;
	fail();
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	(void)context;
	(void)key;
	(void)slot;
	fail();
}

static bool on_segment(void *context, const struct capture_segment *segment)
{
	return flows_segment(((struct bench *)context)->flows, segment);
}

/* Targets with these urls; every packet to port 8545 is the keeper's unless it is of a target's connection. */
static void open_bench(struct bench *bench, size_t count, const char *const *urls)
{
	static struct flow_target targets[3];
	struct capture_options options = {0};
	struct capture_handlers handlers = {bench, on_record, on_set, on_slot, on_segment};
	struct match keeper = {.space = PL_PORT_TCP, .port_low = 8545, .port_high = 8545};
	struct error err = {""};

	memset(bench, 0, sizeof(*bench));
	for (size_t i = 0; i < count; i++)
		targets[i] = (struct flow_target){.name = "target", .url = urls[i], .context = &bench->inboxes[i],
						  .on_message = on_message};
	if (flows_new(&bench->flows, targets, count, NULL, &err))
		fail_msg("%s", err.text);
	assert_int_equal(capture_new(&bench->capture, &options, &handlers, NULL), 0);
	assert_int_equal(capture_add_match(bench->capture, &keeper, PL_FEED_NONE, PL_ACTION_EGRESS, 0, NULL), 0);
	flows_watch(bench->flows, bench->capture);
	bench->now_ns = 1000;
}

static void close_bench(struct bench *bench)
{
	flows_free(bench->flows);
	capture_free(bench->capture);
}

static void packet(struct bench *bench, bool from_server, uint16_t port, uint16_t client_port, uint32_t seq, uint8_t flags,
		   const void *data, size_t len)
{
	uint8_t ip[2048];
	size_t total = from_server ? ip4_tcp(ip, SERVER, port, "10.0.0.1", client_port, seq, flags, data, len) :
				     ip4_tcp(ip, "10.0.0.1", client_port, SERVER, port, seq, flags, data, len);

	capture_packet(bench->capture, LINKTYPE_RAW, ip, (uint32_t)total, (uint32_t)total, bench->now_ns++);
}

/* The client's sequence numbers begin at 100, the server's at 900. */
static void open_connection(struct bench *bench, uint16_t port, uint16_t client_port)
{
	packet(bench, false, port, client_port, 100, PL_TCP_SYN, NULL, 0);
	packet(bench, true, port, client_port, 900, PL_TCP_SYN | PL_TCP_ACK, NULL, 0);
	packet(bench, false, port, client_port, 101, PL_TCP_ACK, NULL, 0);
}

static void get(struct bench *bench, uint16_t port, uint16_t client_port, const char *path, const char *host)
{
	char text[256];
	int len = snprintf(text, sizeof(text),
			   "GET %s HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nhost: %s\r\n"
			   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
			   path, host);

	packet(bench, false, port, client_port, 101, PUSH_ACK, text, (size_t)len);
}

static const char accepted[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			       "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/* Opens the socket and has the server send one text frame. Returns the stamp of the frame's packet. */
static uint64_t subscribe(struct bench *bench, uint16_t port, uint16_t client_port, const char *path, const char *host)
{
	uint64_t stamp_ns;

	open_connection(bench, port, client_port);
	get(bench, port, client_port, path, host);
	packet(bench, true, port, client_port, 901, PUSH_ACK, accepted, sizeof(accepted) - 1);
	stamp_ns = bench->now_ns;
	packet(bench, true, port, client_port, 901 + sizeof(accepted) - 1, PUSH_ACK, "\x81\x05" "hello", 7);
	return stamp_ns;
}

static void a_websocket_of_a_feed(void **state)
{
	struct bench bench;
	struct flow_totals totals;
	uint64_t stamp_ns;

	(void)state;
	open_bench(&bench, 1, (const char *const[]){"ws://10.0.0.2:9000/prices"});
	stamp_ns = subscribe(&bench, 9000, 4000, "/prices", "10.0.0.2:9000");
	assert_int_equal(bench.inboxes[0].count, 1);
	assert_string_equal(bench.inboxes[0].last, "hello");
	assert_int_equal(bench.inboxes[0].wire_ns, stamp_ns);
	flows_finish(bench.flows);
	flows_totals(bench.flows, 0, &totals);
	assert_int_equal(totals.connections, 1);
	assert_int_equal(totals.stream[STREAM_COUNTER_MESSAGES], 1);
	assert_int_equal(totals.tap[PL_COUNTER_TRUNCATED], 0);
	assert_int_equal(flows_not_followed(bench.flows), 0);
	close_bench(&bench);
}

static void other_paths_ports_and_hosts_are_not_the_feeds(void **state)
{
	struct bench bench;
	struct flow_totals totals;

	(void)state;
	open_bench(&bench, 2, (const char *const[]){"ws://10.0.0.2:9000/prices", "ws://feed.example:9001/"});
	subscribe(&bench, 9000, 4000, "/prices2", "10.0.0.2:9000");
	subscribe(&bench, 9000, 4001, "/", "10.0.0.2:9000");
	subscribe(&bench, 9002, 4002, "/prices", "10.0.0.2:9002");
	subscribe(&bench, 9001, 4003, "/", "other.example:9001");
	subscribe(&bench, 9001, 4004, "/", "feed.example:90010");
	assert_int_equal(bench.inboxes[0].count + bench.inboxes[1].count, 0);
	subscribe(&bench, 9001, 4005, "/", "Feed.Example:9001");
	assert_int_equal(bench.inboxes[1].count, 1);
	flows_totals(bench.flows, 0, &totals);
	assert_int_equal(totals.connections, 0);
	close_bench(&bench);
}

static void the_keeper_on_the_nodes_port(void **state)
{
	static const char post[] = "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}";
	struct bench bench;

	(void)state;
	open_bench(&bench, 1, (const char *const[]){"ws://10.0.0.2:8545/"});
	subscribe(&bench, 8545, 4000, "/", "10.0.0.2:8545");
	assert_int_equal(bench.inboxes[0].count, 1);
	assert_int_equal(bench.egress, 0); /* our own request is no reaction of the keeper */
	open_connection(&bench, 8545, 5000);
	assert_int_equal(bench.egress, 0);
	packet(&bench, false, 8545, 5000, 101, PUSH_ACK, post, sizeof(post) - 1);
	assert_int_equal(bench.egress, 1);
	/* the feed's connection goes on being the feed's: a pong */
	packet(&bench, false, 8545, 4000, 400, PUSH_ACK, "\x8a\x80\0\0\0\0", 6);
	assert_int_equal(bench.egress, 1);
	/* connections that began before the capture: one is plainly the keeper's, the others could be a feed's, which is said */
	packet(&bench, false, 8545, 6000, 777, PUSH_ACK, post, sizeof(post) - 1);
	packet(&bench, true, 8545, 6001, 777, PUSH_ACK, "HTTP/1.1 200 OK\r\n", 17);
	assert_int_equal(bench.egress, 2);
	assert_int_equal(flows_not_followed(bench.flows), 0);
	packet(&bench, false, 8545, 6002, 777, PUSH_ACK, "\x8a\x80\0\0\0\0", 6);
	packet(&bench, true, 8545, 6003, 777, PUSH_ACK, "\x81\x05" "hello", 7);
	packet(&bench, true, 8545, 6004, 777, PUSH_ACK, accepted, sizeof(accepted) - 1);
	assert_int_equal(bench.egress, 3); /* as far as can be told */
	assert_int_equal(flows_not_followed(bench.flows), 3);
	close_bench(&bench);
}

static void the_same_ports_again(void **state)
{
	struct bench bench;
	struct flow_totals totals;

	(void)state;
	open_bench(&bench, 1, (const char *const[]){"ws://10.0.0.2:9000/"});
	subscribe(&bench, 9000, 4000, "/", "10.0.0.2:9000");
	packet(&bench, false, 9000, 4000, 100, PL_TCP_SYN, NULL, 0); /* a late copy of the SYN changes nothing */
	assert_int_equal(bench.inboxes[0].count, 1);
	packet(&bench, false, 9000, 4000, 70000, PL_TCP_SYN, NULL, 0);
	packet(&bench, true, 9000, 4000, 900, PL_TCP_SYN | PL_TCP_ACK, NULL, 0);
	get(&bench, 9000, 4000, "/", "10.0.0.2:9000");
	packet(&bench, true, 9000, 4000, 901, PUSH_ACK, accepted, sizeof(accepted) - 1);
	packet(&bench, true, 9000, 4000, 901 + sizeof(accepted) - 1, PUSH_ACK, "\x81\x05" "again", 7);
	assert_int_equal(bench.inboxes[0].count, 2);
	assert_string_equal(bench.inboxes[0].last, "again");
	flows_finish(bench.flows);
	flows_totals(bench.flows, 0, &totals);
	assert_int_equal(totals.connections, 2);
	assert_int_equal(totals.stream[STREAM_COUNTER_MESSAGES], 2);
	close_bench(&bench);
}

static void two_feeds_at_one_place_share_by_order(void **state)
{
	struct bench bench;

	(void)state;
	open_bench(&bench, 2, (const char *const[]){"ws://10.0.0.2:9000/", "ws://10.0.0.2:9000/"});
	subscribe(&bench, 9000, 4000, "/", "10.0.0.2:9000");
	subscribe(&bench, 9000, 4001, "/", "10.0.0.2:9000");
	assert_int_equal(bench.inboxes[0].count, 1);
	assert_int_equal(bench.inboxes[1].count, 1);
	close_bench(&bench);
}

static void encrypted_without_secrets_is_counted(void **state)
{
	static const uint8_t hello[] = {22, 3, 1, 0, 4, 1, 0, 0, 0};
	struct bench bench;
	struct flow_totals totals;

	(void)state;
	open_bench(&bench, 1, (const char *const[]){"wss://10.0.0.2:8545/"});
	open_connection(&bench, 8545, 4000);
	packet(&bench, false, 8545, 4000, 101, PUSH_ACK, hello, sizeof(hello));
	packet(&bench, true, 8545, 4000, 901, PUSH_ACK, hello, sizeof(hello));
	flows_finish(bench.flows);
	flows_totals(bench.flows, 0, &totals);
	assert_int_equal(totals.connections, 1);
	assert_int_equal(totals.stream[STREAM_COUNTER_ENCRYPTED], 1);
	assert_int_equal(bench.inboxes[0].count, 0);
	assert_int_equal(bench.egress, 0);
	close_bench(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_websocket_of_a_feed),
		cmocka_unit_test(other_paths_ports_and_hosts_are_not_the_feeds),
		cmocka_unit_test(the_keeper_on_the_nodes_port),
		cmocka_unit_test(the_same_ports_again),
		cmocka_unit_test(two_feeds_at_one_place_share_by_order),
		cmocka_unit_test(encrypted_without_secrets_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
