// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Packets that came for other processes, and their reads: hand-made sequences with known answers, and a simulated socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "stream/reads.h"

#define ISN 0xfffffff0u /* numbers wrap around within the first bytes */
#define MS 1000000LL

static struct reads *reads;
static char seen[4096];		    /* "reader:wire>app/bytes " of each packet */
static struct reader readers[64];   /* by id */
static struct packet_read last;
static uint64_t given;
static int64_t unit = 1; /* of the times in `seen` */

static void on_reader(void *context, const struct reader *reader)
{
	(void)context;
	assert_true(reader->id < 64);
	readers[reader->id] = *reader;
}

static void on_read(void *context, const struct packet_read *read)
{
	size_t used = strlen(seen);

	(void)context;
	last = *read;
	given++;
	assert_int_equal(readers[read->reader].id, read->reader);
	if (sizeof(seen) - used < 64)
		return;
	if (read->app_mono_ns == TIME_UNKNOWN)
		snprintf(seen + used, sizeof(seen) - used, "%u:%lld>?/%u ", read->reader, (long long)(read->wire_mono_ns / unit), read->bytes);
	else
		snprintf(seen + used, sizeof(seen) - used, "%u:%lld>%lld/%u ", read->reader, (long long)(read->wire_mono_ns / unit),
			 (long long)(read->app_mono_ns / unit), read->bytes);
}

static int set_up(void **state)
{
	const struct reads_callbacks callbacks = {NULL, on_reader, on_read};
	struct error err;

	(void)state;
	seen[0] = '\0';
	given = 0;
	unit = 1;
	return reads_new(&reads, 2, &callbacks, &err);
}

static int tear_down(void **state)
{
	(void)state;
	reads_free(reads);
	return 0;
}

static uint64_t counter(enum reads_counter which)
{
	uint64_t counts[READS_COUNTER_MAX];

	reads_counters(reads, 0, counts);
	return counts[which];
}

static void assert_losses(uint64_t unstamped, uint64_t blurred, uint64_t never_read)
{
	assert_int_equal(counter(READS_COUNTER_UNSTAMPED), unstamped);
	assert_int_equal(counter(READS_COUNTER_BLURRED), blurred);
	assert_int_equal(counter(READS_COUNTER_NEVER_READ), never_read);
	assert_int_equal(counter(READS_COUNTER_NOT_TRACED), 0);
}

/* ---- TCP ---------------------------------------------------------------------------------------------------------- */

static struct pl_stream of_peer = {.source = {1}, .dest = {2}, .source_port = 443, .dest_port = 40000, .space = PL_PORT_TCP};
static uint32_t pid = 7, lost;

/* A segment whose first byte is `offset` bytes behind the beginning of the stream. */
static void segment(uint64_t stamp_ns, uint32_t offset, uint32_t len, uint32_t flags)
{
	struct pl_stream packet = of_peer;

	packet.head.stamp_ns = stamp_ns;
	packet.seq = flags & PL_TCP_SYN ? ISN : ISN + 1 + offset;
	packet.flags = flags | PL_TCP_ACK;
	packet.len = len;
	reads_arrival(reads, &packet);
}

static void syn(uint64_t stamp_ns)
{
	segment(stamp_ns, 0, 0, PL_TCP_SYN);
}

static void reads_up_to(uint64_t stamp_ns, uint32_t offset)
{
	struct pl_read event = {.head.stamp_ns = stamp_ns, .kind = PL_READ_STREAM, .upto = ISN + 1 + offset, .pid = pid, .lost = lost,
				.local = {2}, .remote = {1}, .local_port = 40000, .remote_port = 443, .comm = "node"};

	reads_event(reads, &event);
}

static void packets_are_read_with_their_last_byte(void **state)
{
	(void)state;
	syn(1);
	segment(10, 0, 100, 0); /* the numbers wrap in here */
	segment(20, 100, 50, 0);
	reads_up_to(30, 60);
	assert_string_equal(seen, "");
	reads_up_to(31, 60); /* a look at bytes that stay */
	reads_up_to(40, 100);
	assert_string_equal(seen, "1:10>40/100 ");
	segment(50, 150, 10, 0);
	segment(51, 160, 10, 0);
	reads_up_to(60, 170);
	assert_string_equal(seen, "1:10>40/100 1:20>60/50 1:50>60/10 1:51>60/10 ");
	assert_int_equal(counter(READS_COUNTER_PACKETS), 4);
	assert_losses(0, 0, 0);
	assert_int_equal(readers[1].pid, 7);
	assert_string_equal(readers[1].comm, "node");
	assert_int_equal(readers[1].local_port, 40000);
	assert_int_equal(readers[1].remote_port, 443);
}

/* A packet that came before a missing one can be read only when that has come; copies are no arrivals. */
static void order_and_copies(void **state)
{
	(void)state;
	syn(1);
	segment(10, 100, 100, 0);
	segment(11, 100, 100, 0);
	segment(20, 0, 100, 0);
	segment(21, 0, 200, 0);
	reads_up_to(30, 200);
	assert_string_equal(seen, "1:20>30/100 1:20>30/100 ");
	assert_int_equal(last.first_mono_ns, 10);
	segment(40, 150, 100, 0); /* half of it is new */
	reads_up_to(50, 250);
	assert_int_equal(last.bytes, 50);
	assert_losses(0, 0, 0);
}

static void connections_that_began_before(void **state)
{
	(void)state;
	segment(10, 1000, 100, 0);
	reads_up_to(15, 900); /* what came before the first packet */
	reads_up_to(16, 1000);
	assert_string_equal(seen, "");
	reads_up_to(20, 1100);
	assert_string_equal(seen, "1:10>20/100 ");
	assert_losses(0, 0, 0);
}

static void packets_that_were_not_seen(void **state)
{
	(void)state;
	reads_up_to(5, 100); /* over another interface */
	assert_int_equal(counter(READS_COUNTER_ELSEWHERE), 1);
	syn(1);
	segment(10, 0, 100, 0);
	segment(20, 200, 100, 0); /* the one between was lost by the ring */
	reads_up_to(30, 250);
	assert_string_equal(seen, "1:10>30/100 ");
	assert_losses(1, 0, 0);
	segment(40, 300, 100, 0); /* the rest of the one that came behind it is not known either, and then all is well again */
	reads_up_to(50, 400);
	assert_string_equal(seen, "1:10>30/100 1:40>50/100 ");
	assert_losses(2, 0, 0);
}

/* Reads that the ring lost: when those bytes were read nobody knows. */
static void reads_that_were_not_seen(void **state)
{
	(void)state;
	syn(1);
	segment(10, 0, 100, 0);
	reads_up_to(15, 100);
	segment(20, 100, 100, 0);
	segment(21, 200, 100, 0);
	lost = 3;
	reads_up_to(30, 300);
	assert_losses(0, 2, 0);
	segment(40, 300, 100, 0);
	reads_up_to(50, 400);
	assert_string_equal(seen, "1:10>15/100 1:40>50/100 ");
	assert_losses(0, 2, 0);
	lost = 0;
}

static void another_process_takes_over(void **state)
{
	(void)state;
	syn(1);
	segment(10, 0, 100, 0);
	reads_up_to(15, 100);
	pid = 8;
	segment(20, 100, 100, 0);
	reads_up_to(25, 200);
	pid = 7;
	segment(30, 200, 100, 0);
	reads_up_to(35, 300);
	assert_string_equal(seen, "1:10>15/100 2:20>25/100 3:30>35/100 ");
	assert_int_equal(readers[2].pid, 8);
}

static void ends(void **state)
{
	(void)state;
	syn(1);
	segment(10, 0, 100, PL_TCP_FIN);
	reads_up_to(15, 101); /* with the FIN's own number */
	assert_string_equal(seen, "1:10>15/100 ");
	reads_up_to(16, 101); /* nothing is left of the connection */
	assert_int_equal(counter(READS_COUNTER_ELSEWHERE), 1);
	syn(20);
	segment(30, 0, 10, 0);
	segment(31, 10, 10, PL_TCP_RST);
	reads_up_to(40, 10);
	/* the same ports again, with a number of its own: what was left will not be read */
	of_peer.seq = 0;
	struct pl_stream again = of_peer;
	again.head.stamp_ns = 50;
	again.seq = 5;
	again.flags = PL_TCP_SYN;
	reads_arrival(reads, &again);
	assert_losses(0, 0, 1);
	/* a connection of which nobody tells the end */
	segment(60, 0, 10, 0);
	of_peer.source_port = 444;
	for (uint64_t i = 0; i < 5000; i++)
		segment(60 + READS_IDLE_NS + 1 + i, 0, 0, 0);
	of_peer.source_port = 443;
	reads_up_to(60 + READS_IDLE_NS + 5002, 10);
	assert_int_equal(counter(READS_COUNTER_ELSEWHERE), 2);
}

static void the_end_of_the_recording(void **state)
{
	(void)state;
	syn(1);
	segment(10, 0, 100, 0);
	segment(20, 100, 100, 0);
	segment(30, 300, 100, 0); /* cannot be read: what is before it has not come */
	reads_up_to(40, 100);
	of_peer.dest_port = 40001; /* nobody ever read from this one */
	segment(50, 0, 100, 0);
	of_peer.dest_port = 40000;
	reads_finish(reads);
	assert_string_equal(seen, "1:10>40/100 1:20>?/100 ");
	assert_losses(0, 0, 1);
}

static void many_connections(void **state)
{
	struct pl_stream packet = of_peer;

	(void)state;
	packet.len = 10;
	for (uint32_t i = 0; i < READS_FLOWS_MAX + 3; i++) {
		packet.dest_port = (uint16_t)i;
		packet.source[3] = (uint8_t)(i >> 16);
		reads_arrival(reads, &packet);
	}
	assert_int_equal(counter(READS_COUNTER_NOT_TRACED), 3);
	packet.head.feed = 2; /* there is none */
	reads_arrival(reads, &packet);
	reads_event(reads, &(struct pl_read){.head.feed = 2, .kind = PL_READ_STREAM});
}

/* ---- UDP ---------------------------------------------------------------------------------------------------------- */

static void comes(int64_t at_ms, uint32_t len)
{
	struct pl_stream packet = {.head.stamp_ns = (uint64_t)(at_ms * MS), .source = {1}, .dest = {2}, .source_port = 5, .dest_port = 7100,
				   .len = len, .space = PL_PORT_UDP};

	unit = MS;
	reads_arrival(reads, &packet);
}

static void socket_event(enum pl_read_kind kind, uint64_t socket, int64_t at_ms, uint32_t len, uint32_t queued)
{
	struct pl_read event = {.head.stamp_ns = (uint64_t)(at_ms * MS), .kind = kind, .socket = socket, .local_port = 7100, .upto = len,
				.queued = queued, .pid = 9, .comm = "feed"};

	reads_event(reads, &event);
}

static void takes(int64_t at_ms, uint32_t len, uint32_t queued)
{
	socket_event(PL_READ_DATAGRAM, 1, at_ms, len, queued);
}

static void datagrams_are_read_in_turn(void **state)
{
	(void)state;
	for (int i = 1; i <= 4; i++)
		comes(10 * i, 100);
	takes(50, 100, 3);
	takes(51, 100, 2);
	comes(52, 100);
	takes(60, 100, 2);
	takes(70, 100, 1);
	takes(80, 100, 0);
	assert_string_equal(seen, "1:10>50/100 1:20>51/100 1:30>60/100 1:40>70/100 1:52>80/100 ");
	assert_int_equal(readers[1].space, PL_PORT_UDP);
	assert_losses(0, 0, 0);
}

/* The queue that the kernel tells keeps in step: with what was read before, and with what never reached the socket. */
static void datagrams_that_others_had(void **state)
{
	(void)state;
	for (int i = 1; i <= 5; i++)
		comes(10 * i, 100);
	takes(60, 100, 1); /* three were read before: this is the fourth, and one waits */
	assert_string_equal(seen, "1:40>60/100 ");
	assert_losses(0, 0, 0);
	takes(65, 100, 0);
	comes(70, 100); /* with a wrong checksum: it never reaches the socket */
	comes(80, 100);
	takes(90, 100, 0);
	assert_string_equal(seen, "1:40>60/100 1:50>65/100 1:80>90/100 ");
	assert_losses(0, 0, 1);
	takes(95, 100, 0); /* its packet was not stamped */
	assert_losses(1, 0, 1);
	comes(100, 100);
	takes(110, 100, 1); /* neither was this one's, which waited before it */
	takes(111, 100, 0);
	assert_int_equal(last.wire_mono_ns, 100 * MS);
	assert_losses(2, 0, 1);
}

/* A datagram on its way into the queue is not yet counted there: which of two was read, their lengths tell. */
static void datagrams_on_their_way(void **state)
{
	(void)state;
	comes(10, 100);
	takes(11, 100, 0);
	comes(20, 100);
	comes(20, 200);
	takes(20, 100, 0); /* the second one is stamped, and not queued yet */
	takes(21, 200, 0);
	assert_string_equal(seen, "1:10>11/100 1:20>20/100 1:20>21/200 ");
	comes(30, 100);
	takes(40, 60, 0); /* read in part: not the length that came */
	assert_losses(1, 0, 0);
}

static void a_full_socket_drops_what_comes_last(void **state)
{
	(void)state;
	comes(1, 100);
	takes(5, 100, 0);
	for (int i = 1; i <= 5; i++) {
		comes(10 * i, 100);
		if (i > 3)
			socket_event(PL_READ_DROPPED, 1, 10 * i, 0, 3);
	}
	comes(60, 100);
	takes(70, 100, 3);
	takes(71, 100, 2);
	takes(72, 100, 1);
	takes(73, 100, 0);
	assert_string_equal(seen, "1:1>5/100 1:10>70/100 1:20>71/100 1:30>72/100 1:60>73/100 ");
	assert_int_equal(counter(READS_COUNTER_SOCKET_FULL), 2);
	assert_losses(0, 0, 0);
}

/* Each socket of a multicast group has a copy of its own; one that is connected takes what its peer sends alone. */
static void several_sockets(void **state)
{
	struct pl_stream packet = {.head.stamp_ns = 12 * MS, .source = {9}, .dest = {2}, .source_port = 5, .dest_port = 7100, .len = 50,
				   .space = PL_PORT_UDP};
	struct pl_read event = {.head.stamp_ns = 15 * MS, .kind = PL_READ_DATAGRAM, .socket = 3, .local_port = 7100, .local = {2},
				.remote = {9}, .remote_port = 5, .upto = 50, .pid = 10};

	(void)state;
	comes(10, 100);
	reads_arrival(reads, &packet);
	socket_event(PL_READ_DATAGRAM, 1, 13, 100, 1);
	socket_event(PL_READ_DATAGRAM, 2, 14, 100, 1);
	reads_event(reads, &event);
	socket_event(PL_READ_DATAGRAM, 2, 16, 50, 0);
	socket_event(PL_READ_DATAGRAM, 1, 20, 50, 0);
	assert_string_equal(seen, "1:10>13/100 2:10>14/100 3:12>15/50 2:12>16/50 1:12>20/50 ");
	comes(30, 100);
	socket_event(PL_READ_DATAGRAM, 1, 31, 100, 0);
	seen[0] = '\0';
	reads_finish(reads); /* the other one was reading until now, and has not read it */
	assert_string_equal(seen, "2:30>?/100 ");
}

static void sockets_that_are_gone(void **state)
{
	(void)state;
	comes(10, 100);
	takes(11, 100, 0);
	comes(20, 100);
	comes(30000, 100);
	reads_finish(reads);
	assert_string_equal(seen, "1:10>11/100 ");
	assert_losses(0, 0, 2);
	for (uint64_t i = 0; i < READS_SOCKETS_MAX + 10; i++)
		socket_event(PL_READ_DROPPED, 100 + i, 40000 + (int64_t)i, 0, 0);
	assert_int_equal(counter(READS_COUNTER_SOCKET_FULL), READS_SOCKETS_MAX + 10);
}

struct outcome {
	uint64_t reads, right;
};

/*
 * A socket as the kernel keeps one: datagrams come, one in `astray` (0: none) does not reach it, some find it full, and they
 * are read in turn. Times are such that what has come has also been queued.
 */
static struct outcome simulate(int astray)
{
	enum { ROOM = 20 };
	struct outcome out = {0};
	int64_t queue[ROOM], now_ms = 1000;
	uint32_t lengths[ROOM];
	size_t queued = 0;

	srand(1);
	for (int i = 0; i < 20000; i++) {
		now_ms += 2 + rand() % 3;
		if (rand() % 100 < 52) {
			uint32_t len = 100 + (uint32_t)(rand() % 3);

			comes(now_ms, len);
			if (astray && rand() % astray == 0)
				continue;
			if (queued == ROOM) {
				socket_event(PL_READ_DROPPED, 1, now_ms + 1, 0, ROOM);
				continue;
			}
			queue[queued] = now_ms;
			lengths[queued++] = len;
		} else if (queued) {
			uint64_t before = given;

			takes(now_ms, lengths[0], (uint32_t)--queued);
			out.reads++;
			out.right += given == before + 1 && last.wire_mono_ns == queue[0] * MS;
			memmove(queue, queue + 1, queued * sizeof(*queue));
			memmove(lengths, lengths + 1, queued * sizeof(*lengths));
			seen[0] = '\0';
		}
	}
	assert_int_equal(counter(READS_COUNTER_PACKETS) + counter(READS_COUNTER_UNSTAMPED), out.reads);
	assert_true(out.reads > 5000);
	return out;
}

static void a_simulated_socket(void **state)
{
	struct outcome out = simulate(0);

	(void)state;
	assert_int_equal(out.right, out.reads);
	assert_losses(0, 0, 0);
	assert_true(counter(READS_COUNTER_SOCKET_FULL) > 100);
}

/* Which of those that wait never reached a socket that is always near to full shows only as they are read. */
static void a_simulated_socket_with_phantoms(void **state)
{
	struct outcome out = simulate(200);

	(void)state;
	assert_true(out.right * 100 > out.reads * 90);
	assert_true(counter(READS_COUNTER_NEVER_READ) > 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(packets_are_read_with_their_last_byte),
		TEST(order_and_copies),
		TEST(connections_that_began_before),
		TEST(packets_that_were_not_seen),
		TEST(reads_that_were_not_seen),
		TEST(another_process_takes_over),
		TEST(ends),
		TEST(the_end_of_the_recording),
		TEST(many_connections),
		TEST(datagrams_are_read_in_turn),
		TEST(datagrams_that_others_had),
		TEST(datagrams_on_their_way),
		TEST(a_full_socket_drops_what_comes_last),
		TEST(several_sockets),
		TEST(sockets_that_are_gone),
		TEST(a_simulated_socket),
		TEST(a_simulated_socket_with_phantoms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
