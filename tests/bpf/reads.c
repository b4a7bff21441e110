// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Reads as the kernel's tracepoints show them: real sockets on the loopback of a network namespace of the test's own, and
 * the records of the packets that come for them.
 */
#include "kernel.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define FEED 3
#define PORT 7100

static struct kernel_test test;
static uint8_t bytes[65536];
static const uint8_t nobody[16];

/* False where the machine does not let us. */
static bool own_namespace(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd;

	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
	return true;
}

static int setup(void **state)
{
	struct tap_options options = {.ring_bytes = 1 << 20, .reads = TAP_READS_TCP | TAP_READS_UDP};
	struct error err;

	(void)state;
	test.tap = NULL;
	if (tap_reads_check(options.reads, &err)) {
		printf("skip: %s\n", err.text);
		return 0;
	}
	if (!own_namespace()) {
		printf("skip: no network namespace of its own: %s\n", strerror(errno));
		return 0;
	}
	test.records = calloc(RECORDS_MAX, sizeof(*test.records));
	if (!tap_permitted(&test.tap, &options))
		return 0;
	if (tap_attach_reads(test.tap, &err))
		fail_msg("%s", err.text);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tap_close(test.tap);
	free(test.records);
	test.records = NULL;
	return 0;
}

static void trace(enum pl_port_space space, uint16_t port, const char *dest)
{
	struct match match = {.space = space, .port_low = port, .port_high = port};
	struct error err;

	if (dest)
		assert_int_equal(match_address_parse(dest, &match.dest), 0);
	if (tap_add_match(test.tap, &match, FEED, PL_ACTION_ARRIVAL, 0, &err))
		fail_msg("%s", err.text);
}

static const struct pl_read *read_at(size_t i)
{
	assert_true(i < test.count);
	assert_int_equal(test.records[i].head.type, PL_RECORD_READ);
	assert_int_equal(test.records[i].head.feed, FEED);
	return (const struct pl_read *)&test.records[i];
}

static struct sockaddr_in6 address(bool v6, uint16_t port)
{
	struct sockaddr_in6 out = {.sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};

	if (!v6)
		*(struct sockaddr_in *)&out = (struct sockaddr_in){
			.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return out;
}

/* A connection over loopback: pair[0] connected, pair[1] accepted at `port`. */
static void connected(bool v6, uint16_t port, int pair[2])
{
	int family = v6 ? AF_INET6 : AF_INET, listener = socket(family, SOCK_STREAM, 0), one = 1;
	struct sockaddr_in6 at = address(v6, port);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(listener, (void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 1), 0);
	pair[0] = socket(family, SOCK_STREAM, 0);
	assert_int_equal(connect(pair[0], (void *)&at, sizeof(at)), 0);
	pair[1] = accept(listener, NULL, NULL);
	assert_true(pair[1] >= 0);
	close(listener);
}

static int bound(bool v6, uint16_t port, bool any)
{
	struct sockaddr_in6 at = address(v6, port);
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	if (any && v6)
		at.sin6_addr = in6addr_any;
	else if (any)
		((struct sockaddr_in *)&at)->sin_addr.s_addr = 0;
	assert_int_equal(bind(fd, (void *)&at, sizeof(at)), 0);
	return fd;
}

static void send_to(bool v6, uint16_t port, size_t len)
{
	struct sockaddr_in6 at = address(v6, port);
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(sendto(fd, bytes, len, 0, (void *)&at, sizeof(at)), len);
	close(fd);
}

/* Both ends of a connection are sockets with the port: `upto` counts what each of them has read. */
static void bytes_of_a_stream(bool v6)
{
	static uint8_t loopback[16] = {[15] = 1}, mapped[16] = {[10] = 0xff, 0xff, 127, 0, 0, 1};
	uint64_t before = now_ns(), socket;
	const struct pl_read *seen;
	uint32_t upto;
	int pair[2];

	trace(PL_PORT_TCP, PORT, NULL);
	connected(v6, PORT, pair);
	assert_int_equal(write(pair[0], bytes, 100), 100);
	assert_int_equal(recv(pair[1], bytes, 60, MSG_PEEK), 60); /* takes nothing out */
	assert_int_equal(recv(pair[1], bytes, 60, 0), 60);
	assert_int_equal(recv(pair[1], bytes, 60, 0), 40);
	assert_int_equal(drained(&test), 3);
	upto = read_at(0)->upto;
	socket = read_at(0)->socket;
	assert_int_equal(read_at(1)->upto, upto + 60);
	assert_int_equal(read_at(2)->upto, upto + 100);
	for (size_t i = 0; i < 3; i++) {
		seen = read_at(i);
		assert_int_equal(seen->kind, PL_READ_STREAM);
		assert_int_equal(seen->socket, socket);
		assert_int_equal(seen->local_port, PORT);
		assert_int_not_equal(seen->remote_port, 0);
		assert_memory_equal(seen->local, v6 ? loopback : mapped, 16);
		assert_memory_equal(seen->remote, v6 ? loopback : mapped, 16);
		assert_int_equal(seen->pid, getpid());
		assert_string_equal(seen->comm, "reads");
		assert_int_equal(seen->lost, 0);
		assert_true(seen->head.stamp_ns >= before && seen->head.stamp_ns <= now_ns());
	}
	assert_int_equal(write(pair[1], bytes, 7), 7);
	assert_int_equal(read(pair[0], bytes, sizeof(bytes)), 7);
	assert_int_equal(drained(&test), 1);
	assert_int_equal(read_at(0)->remote_port, PORT);
	assert_true(read_at(0)->socket != socket);
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(drained(&test), 0);
}

static void streams(void **state)
{
	(void)state;
	if (!test.tap)
		skip();
	bytes_of_a_stream(false);
}

static void streams_of_ipv6(void **state)
{
	(void)state;
	if (!test.tap)
		skip();
	bytes_of_a_stream(true);
}

/* What nobody asked for: other ports, another address, other namespaces, other kinds of sockets. */
static void others_are_left_alone(void **state)
{
	int pair[2], fd, own;

	(void)state;
	if (!test.tap)
		skip();
	trace(PL_PORT_TCP, PORT, "127.0.0.9");
	trace(PL_PORT_UDP, PORT, "127.0.0.9");
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	for (int other = 0; other < 2; other++) {
		uint16_t port = other ? 40001 : PORT; /* within its own namespace: the port that is asked for */

		if (other) {
			trace(PL_PORT_TCP, 40001, NULL);
			trace(PL_PORT_UDP, 40001, NULL);
			assert_true(own_namespace());
		}
		connected(false, port, pair);
		assert_int_equal(write(pair[0], bytes, 9), 9);
		assert_int_equal(read(pair[1], bytes, 9), 9);
		close(pair[0]);
		close(pair[1]);
		fd = bound(false, port, false);
		send_to(false, port, 9);
		assert_int_equal(read(fd, bytes, sizeof(bytes)), 9);
		close(fd);
	}
	assert_int_equal(setns(own, CLONE_NEWNET), 0);
	close(own);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	assert_int_equal(write(pair[0], bytes, 9), 9);
	assert_int_equal(read(pair[1], bytes, 9), 9);
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(drained(&test), 0);
}

static void datagrams(void **state)
{
	struct mmsghdr several[2] = {};
	struct iovec pieces[2] = {{bytes, 100}, {bytes + 100, 100}};

	(void)state;
	if (!test.tap)
		skip();
	trace(PL_PORT_UDP, PORT, "127.0.0.1");
	trace(PL_PORT_UDP, PORT, "::1");
	for (int i = 0; i < 4; i++) {
		bool v6 = i & 1, any = i & 2;
		int fd = bound(v6, PORT, any);

		for (size_t len = 10; len <= 50; len += 10)
			send_to(v6, PORT, len);
		assert_int_equal(recv(fd, bytes, sizeof(bytes), MSG_PEEK), 10);
		assert_int_equal(recv(fd, bytes, sizeof(bytes), 0), 10);
		assert_int_equal(read(fd, bytes, sizeof(bytes)), 20);
		assert_int_equal(recv(fd, bytes, 8, 0), 8); /* the rest is lost, to the reader and to us */
		for (size_t k = 0; k < 2; k++)
			several[k].msg_hdr = (struct msghdr){.msg_iov = &pieces[k], .msg_iovlen = 1};
		assert_int_equal(recvmmsg(fd, several, 2, MSG_DONTWAIT, NULL), 2);
		assert_int_equal(drained(&test), 5);
		for (size_t k = 0; k < 5; k++) {
			const struct pl_read *seen = read_at(k);

			assert_int_equal(seen->kind, PL_READ_DATAGRAM);
			assert_int_equal(seen->upto, k == 2 ? 8 : 10 * (k + 1));
			assert_int_equal(seen->queued, 4 - k);
			assert_int_equal(seen->local_port, PORT);
			assert_int_equal(seen->remote_port, 0);
			assert_memory_equal(seen->remote, nobody, 16);
			assert_true(any == !memcmp(seen->local, nobody, 16));
			assert_int_equal(seen->pid, getpid());
		}
		close(fd);
	}
}

static void a_full_buffer(void **state)
{
	int fd, room = 1, queued = 0;
	size_t reads = 0;

	(void)state;
	if (!test.tap)
		skip();
	trace(PL_PORT_UDP, PORT, NULL);
	fd = bound(false, PORT, true);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room)); /* the least that there is */
	for (int i = 0; i < 100; i++)
		send_to(false, PORT, 1000);
	assert_true(drained(&test) > 0);
	for (size_t i = 0; i < test.count; i++) {
		assert_int_equal(read_at(i)->kind, PL_READ_DROPPED);
		queued = (int)read_at(i)->queued;
	}
	assert_true(queued > 0);
	while (recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		reads++;
	assert_int_equal(reads, queued);
	assert_int_equal(reads + test.count, 100); /* each was either read or dropped */
	assert_int_equal(drained(&test), reads);
	close(fd);
}

/* A record for each packet, without its bytes, whatever its size. */
static void arrivals(void **state)
{
	struct frame_spec spec = {.tcp = true, .source_port = PORT, .dest_port = 5000, .payload = bytes, .seq = 0xfffffff0, .flags = 0x10};
	const struct pl_stream *head = &test.records[0].stream.head;
	uint8_t frame[FRAME_MAX];

	(void)state;
	if (!test.tap)
		skip();
	trace(PL_PORT_TCP, PORT, NULL);
	trace(PL_PORT_UDP, PORT, NULL);
	for (int i = 0; i < 4; i++) {
		spec.tcp = i < 2;
		spec.dest_port = spec.tcp ? 5000 : PORT;
		spec.source_port = spec.tcp ? PORT : 5000;
		for (spec.len = 1; spec.len <= 1201; spec.len += 400) {
			spec.ipv6 = i & 1;
			if (i == 3)
				run_frame(test.tap->kernel->progs.pl_tc_ingress, VERDICT_TC_UNSPEC, frame, frame_build(&spec, frame));
			else
				run_xdp(&test, &spec);
			assert_int_equal(drained(&test), 1);
			assert_int_equal(head->head.type, PL_RECORD_ARRIVAL);
			assert_int_equal(head->space, spec.tcp ? PL_PORT_TCP : PL_PORT_UDP);
			assert_int_equal(head->len, spec.len);
			assert_int_equal(head->captured, 0);
			assert_int_equal(head->source_port, spec.source_port);
			assert_int_equal(head->dest_port, spec.dest_port);
			if (spec.tcp)
				assert_int_equal(head->seq, spec.seq);
		}
	}
	spec.tcp = true;
	spec.source_port = PORT;
	spec.len = 0; /* a mere acknowledgement */
	run_xdp(&test, &spec);
	assert_int_equal(drained(&test), 0);
	spec.flags = 0x11;
	run_xdp(&test, &spec);
	assert_int_equal(drained(&test), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(streams, setup, teardown),
		cmocka_unit_test_setup_teardown(streams_of_ipv6, setup, teardown),
		cmocka_unit_test_setup_teardown(others_are_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(datagrams, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_buffer, setup, teardown),
		cmocka_unit_test_setup_teardown(arrivals, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
