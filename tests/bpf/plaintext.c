// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Plaintext by uprobes: real TLS connections over the loopback of a network namespace of the test's own, by this process's OpenSSL. */
#include "kernel.h"

#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define FEED 3
#define PORT 7100

static struct kernel_test test;
static char library[4096];
static uint8_t bytes[40000], got[40000];

/* A TLS connection: ends[0] is the client's. Both are driven by this one thread, so each takes its turn. */
struct pair {
	int fd[2];
	SSL *ends[2];
};

static SSL_CTX *context;

/* Which file this process has libssl from. */
static void find_library(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4352], *slash;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (strstr(line, "libssl") && (slash = strchr(line, '/')))
			snprintf(library, sizeof(library), "%.*s", (int)strcspn(slash, "\n"), slash);
	fclose(maps);
}

static int setup(void **state)
{
	struct tap_options options = {.ring_bytes = 1 << 20, .reads = TAP_READS_TCP, .plaintext = true};
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	struct match match = {.space = PL_PORT_TCP, .port_low = PORT, .port_high = PORT};
	struct error err;
	int fd;

	(void)state;
	test.tap = NULL;
	if (tap_reads_check(options.reads, &err)) {
		printf("skip: %s\n", err.text);
		return 0;
	}
	if (access("/sys/bus/event_source/devices/uprobe/type", R_OK)) {
		printf("skip: this kernel has no uprobes\n");
		return 0;
	}
	if (unshare(CLONE_NEWNET)) {
		printf("skip: no network namespace of its own: %s\n", strerror(errno));
		return 0;
	}
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &request), 0);
	close(fd);
	/* No certificate is needed to have something encrypted. */
	context = SSL_CTX_new(TLS_method());
	assert_int_equal(SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION), 1);
	assert_int_equal(SSL_CTX_set_cipher_list(context, "aNULL:@SECLEVEL=0"), 1);
	find_library();
	test.records = calloc(RECORDS_MAX, sizeof(*test.records));
	if (!tap_permitted(&test.tap, &options))
		return 0;
	if (tap_add_match(test.tap, &match, FEED, PL_ACTION_ARRIVAL, 0, &err) || tap_attach_reads(test.tap, &err))
		fail_msg("%s", err.text);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tap_close(test.tap);
	free(test.records);
	test.records = NULL;
	SSL_CTX_free(context);
	context = NULL;
	return 0;
}

static void attach(pid_t process)
{
	struct error err;

	if (tap_attach_plaintext(test.tap, library, process, &err))
		fail_msg("%s", err.text);
}

static void open_pair(struct pair *pair, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, done[2] = {0};

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	assert_int_equal(bind(listener, (void *)&at, sizeof(at)), 0);
	assert_int_equal(listen(listener, 1), 0);
	pair->fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(pair->fd[0], (void *)&at, sizeof(at)), 0);
	pair->fd[1] = accept(listener, NULL, NULL);
	close(listener);
	for (int i = 0; i < 2; i++) {
		pair->ends[i] = SSL_new(context);
		SSL_set_fd(pair->ends[i], pair->fd[i]);
		fcntl(pair->fd[i], F_SETFL, O_NONBLOCK);
	}
	SSL_set_connect_state(pair->ends[0]);
	SSL_set_accept_state(pair->ends[1]);
	for (int i = 0; i < 100000 && !(done[0] && done[1]); i++) {
		done[i & 1] |= SSL_do_handshake(pair->ends[i & 1]) == 1;
		usleep(100);
	}
	assert_true(done[0] && done[1]);
	for (int i = 0; i < 2; i++)
		fcntl(pair->fd[i], F_SETFL, 0); /* what was sent may take its time */
}

static void close_pair(struct pair *pair)
{
	for (int i = 0; i < 2; i++) {
		SSL_free(pair->ends[i]);
		close(pair->fd[i]);
	}
}

/* The records of plaintext among those drained: the i-th, NULL past the last. */
static const struct pl_plaintext *plaintext_at(size_t i)
{
	for (size_t k = 0; k < test.count; k++)
		if (test.records[k].head.type == PL_RECORD_PLAINTEXT && !i--)
			return (const struct pl_plaintext *)&test.records[k];
	return NULL;
}

/* The reads of the socket come before what the library made of them, and say up to where. */
static void assert_read_before(const struct pl_plaintext *text)
{
	const union any_record *record = (const union any_record *)text;
	const struct pl_read *read = (const struct pl_read *)(record - 1);

	assert_true(record > test.records);
	assert_int_equal(read->head.type, PL_RECORD_READ);
	assert_int_equal(read->upto, text->upto);
	assert_int_equal(read->remote_port, text->remote_port);
	assert_memory_equal(read->remote, text->remote, 16);
	assert_true(read->head.stamp_ns <= text->head.stamp_ns);
}

static void what_a_process_reads(void **state)
{
	static const size_t lengths[] = {1, 100, 512, 513, 4096, 4097, 16384};
	const struct pl_plaintext *text;
	struct pair pair;
	size_t total = 0, len;
	uint64_t before;

	(void)state;
	if (!test.tap)
		skip();
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 256);
	attach(0);
	open_pair(&pair, PORT);
	drained(&test);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		assert_int_equal(SSL_write(pair.ends[1], bytes + i, (int)lengths[i]), (int)lengths[i]);
		if (i & 1)
			assert_int_equal(SSL_read_ex(pair.ends[0], got, sizeof(got), &len), 1);
		else
			len = (size_t)SSL_read(pair.ends[0], got, sizeof(got));
		assert_int_equal(len, lengths[i]);
		assert_true(drained(&test) >= 2);
		text = plaintext_at(0);
		assert_non_null(text);
		assert_null(plaintext_at(1)); /* what the other end did was to write */
		assert_int_equal(text->head.feed, FEED);
		assert_int_equal(text->offset, total);
		assert_int_equal(text->len, len);
		assert_int_equal(text->captured, len);
		assert_memory_equal(text + 1, bytes + i, len);
		assert_int_equal(text->remote_port, PORT);
		assert_int_equal(text->pid, getpid());
		assert_true(text->connection == (uint64_t)(uintptr_t)pair.ends[0]);
		assert_read_before(text);
		total += len;
	}
	/* two records at once; the first in two pieces */
	assert_int_equal(SSL_write(pair.ends[1], bytes, 100), 100);
	before = BIO_number_written(SSL_get_wbio(pair.ends[1]));
	assert_int_equal(SSL_write(pair.ends[1], bytes, 50), 50);
	assert_int_equal(SSL_read(pair.ends[0], got, 60), 60);
	assert_int_equal(SSL_read(pair.ends[0], got, 60), 40);
	assert_int_equal(SSL_read(pair.ends[0], got, 60), 50);
	drained(&test);
	assert_int_equal(plaintext_at(0)->len, 60);
	assert_int_equal(plaintext_at(1)->len, 40);
	assert_int_equal(plaintext_at(1)->offset, total + 60);
	assert_int_equal(plaintext_at(1)->upto, plaintext_at(0)->upto); /* it was in the library by then */
	assert_int_equal(plaintext_at(2)->upto, plaintext_at(1)->upto + BIO_number_written(SSL_get_wbio(pair.ends[1])) - before);
	assert_null(plaintext_at(3));
	close_pair(&pair);
}

/* Connections that no feed asks for are not copied, whatever the same thread reads beside them; nor what others read. */
static void what_nobody_asked_for(void **state)
{
	struct pair pair, other;
	pid_t child;
	int status;

	(void)state;
	if (!test.tap)
		skip();
	attach(getpid());
	open_pair(&pair, PORT);
	open_pair(&other, PORT + 1);
	drained(&test);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_write(pair.ends[1], bytes, 10), 10);
		assert_int_equal(SSL_write(other.ends[1], bytes, 20), 20);
		assert_int_equal(SSL_read(pair.ends[0], got, 5), 5);
		assert_int_equal(SSL_read(other.ends[0], got, 20), 20);
		assert_int_equal(SSL_read(pair.ends[0], got, 5), 5); /* out of the library, after the thread read another socket */
	}
	drained(&test);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(plaintext_at(i)->len, 5);
		assert_true(plaintext_at(i)->connection == (uint64_t)(uintptr_t)pair.ends[0]);
	}
	assert_null(plaintext_at(6));
	assert_int_equal(SSL_write(pair.ends[1], bytes, 10), 10);
	child = fork(); /* another process, with the same connection */
	if (!child)
		_exit(SSL_read(pair.ends[0], got, 10) == 10 ? 0 : 1);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
	drained(&test);
	assert_null(plaintext_at(0));
	close_pair(&other);
	close_pair(&pair);
}

static void mistakes(void **state)
{
	struct error err;

	(void)state;
	if (!test.tap)
		skip();
	assert_true(tap_attach_plaintext(test.tap, "/nonexistent/libssl.so", 0, &err) < 0);
	assert_non_null(strstr(err.text, "/nonexistent/libssl.so: No such file"));
	assert_true(tap_attach_plaintext(test.tap, "/proc/self/exe", 0, &err) < 0);
	assert_non_null(strstr(err.text, "SSL_read"));
	assert_true(tap_attach_plaintext(test.tap, library, 1 << 22, &err) < 0);
	assert_non_null(strstr(err.text, "no such process"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_a_process_reads, setup, teardown),
		cmocka_unit_test_setup_teardown(what_nobody_asked_for, setup, teardown),
		cmocka_unit_test_setup_teardown(mistakes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
