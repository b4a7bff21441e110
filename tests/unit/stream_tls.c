// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Offsets of TLS records, by a client that owns the session and by a watcher with its secrets; plain watched streams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <pcap/pcap.h>

#include "base/clock.h"
#include "record.h"
#include "stream/passive.h"
#include "stream/segments.h"
#include "stream/tls.h"
#include "stream_peer.h"

#define CLIENT_ISN 0xfffffff0u
#define SERVER_ISN 0xffffff00u /* wraps during the handshake */
#define RECORDS 12

static struct certificate authority, leaf;
static char ca_file[64], keylog_file[64];
static FILE *keylog;

/* ---- a session in memory ---------------------------------------------------------------------------------------------- */

static struct session {
	SSL_CTX *server_context, *client_context;
	SSL *server;
	BIO *to_server, *from_server;
	struct tls *client;
	struct buffer up, down; /* all bytes of either direction */
	size_t fed;		/* of `down`, to the client */
} session;

static struct {
	size_t count, bytes;
	uint64_t end[4096];
	size_t upto[4096]; /* plaintext bytes up to and with this piece */
	uint8_t text[300000];
} plain;

static int take_plain(void *context, const struct piece *piece, struct error *err)
{
	(void)context;
	(void)err;
	assert_in_range(piece->start, 5, piece->record_end - piece->len);
	memcpy(plain.text + plain.bytes, piece->data, piece->len);
	plain.bytes += piece->len;
	plain.end[plain.count] = piece->record_end;
	plain.upto[plain.count++] = plain.bytes;
	return 0;
}

static void log_key(const SSL *ssl, const char *line)
{
	(void)ssl;
	fprintf(keylog, "# a comment\nCLIENT_RANDOM 00 11\n%s\n", line);
	fflush(keylog);
}

/* Moves bytes both ways; the client is fed in cuts of up to `cut` bytes. */
static void pump(size_t cut)
{
	struct error err = {0};

	for (bool moved = true; moved;) {
		size_t before = session.up.len;
		int waiting, code;

		assert_int_equal(tls_take_output(session.client, &session.up), 0);
		BIO_write(session.to_server, session.up.data + before, (int)(session.up.len - before));
		moved = session.up.len > before;
		if (!SSL_is_init_finished(session.server))
			SSL_do_handshake(session.server);
		else
			SSL_read(session.server, (char[1]){0}, 1); /* key updates of the client */
		waiting = (int)BIO_ctrl_pending(session.from_server);
		if (waiting) {
			uint8_t *room = buffer_reserve(&session.down, (size_t)waiting);

			assert_int_equal(BIO_read(session.from_server, room, waiting), waiting);
			session.down.len += (size_t)waiting;
		}
		while (session.fed < session.down.len) {
			size_t left = session.down.len - session.fed, n = 1 + (size_t)rand() % cut;

			n = n < left ? n : left;
			code = tls_feed(session.client, session.down.data + session.fed, n, take_plain, NULL, &err);
			if (code && code != -ESHUTDOWN)
				fail_msg("%s", err.text);
			session.fed += n;
			moved = true;
		}
	}
}

static void session_begin(int version, const char *ciphers)
{
	struct error err = {0};
	struct url url;

	memset(&session, 0, sizeof(session));
	memset(&plain, 0, sizeof(plain));
	session.server_context = server_context(&leaf, version);
	if (version == TLS1_3_VERSION)
		assert_true(SSL_CTX_set_ciphersuites(session.server_context, ciphers));
	else
		assert_true(SSL_CTX_set_cipher_list(session.server_context, ciphers));
	SSL_CTX_set_keylog_callback(session.server_context, log_key);
	session.server = SSL_new(session.server_context);
	session.to_server = BIO_new(BIO_s_mem());
	session.from_server = BIO_new(BIO_s_mem());
	SSL_set_bio(session.server, session.to_server, session.from_server);
	SSL_set_accept_state(session.server);
	if (tls_context_new(&session.client_context, ca_file, &err))
		fail_msg("%s", err.text);
	assert_int_equal(url_parse(&url, "wss://localhost/", &err), 0);
	if (tls_new(&session.client, session.client_context, &url, &err))
		fail_msg("%s", err.text);
	url_free(&url);
	pump(500);
	assert_true(tls_ready(session.client));
	assert_int_equal(plain.count, 0);
}

static void session_end(void)
{
	tls_free(session.client);
	SSL_free(session.server);
	SSL_CTX_free(session.server_context);
	SSL_CTX_free(session.client_context);
	buffer_free(&session.up);
	buffer_free(&session.down);
}

static const struct {
	int version;
	const char *ciphers;
} suites[] = {
	{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256"},
	{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384"},
	{TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256"},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256"},
	{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384"},
	{TLS1_2_VERSION, "ECDHE-ECDSA-CHACHA20-POLY1305"},
};
#define SUITES (sizeof(suites) / sizeof(suites[0]))

/* Every plaintext byte is tied to the end of the record that the server wrote it in. */
static void record_ends(void **state)
{
	static const size_t sizes[RECORDS] = {1, 5000, 16384, 300, 300, 16384, 16383, 2, 60, 1400, 9000, 7};
	static uint8_t data[16384];
	uint64_t end[RECORDS];
	size_t upto[RECORDS];

	(void)state;
	for (size_t s = 0; s < SUITES; s++) {
		size_t sum = 0;

		session_begin(suites[s].version, suites[s].ciphers);
		for (size_t i = 0; i < RECORDS; i++) {
			if (i % 5 == 4 && suites[s].version == TLS1_3_VERSION)
				SSL_key_update(session.server, SSL_KEY_UPDATE_REQUESTED);
			for (size_t j = 0; j < sizes[i]; j++)
				data[j] = (uint8_t)rand();
			assert_int_equal(SSL_write(session.server, data, (int)sizes[i]), (int)sizes[i]);
			/* its end: all that waits, after all that went before */
			end[i] = session.down.len + BIO_ctrl_pending(session.from_server);
			upto[i] = sum += sizes[i];
			if (i % 3 == 2) /* records also arrive several at a time */
				pump(i % 2 ? 7 : 20000);
		}
		pump(4000);
		assert_int_equal(plain.count, RECORDS);
		assert_memory_equal(plain.end, end, sizeof(end));
		assert_memory_equal(plain.upto, upto, sizeof(upto));
		assert_memory_equal(plain.text + sum - sizes[RECORDS - 1], data, sizes[RECORDS - 1]);
		session_end();
	}
}

/* ---- watched ---------------------------------------------------------------------------------------------------------- */

static struct {
	size_t count;
	char text[64][64];
	int64_t first_ns[64], wire_ns[64], stall_ns[64];
	unsigned ends;
	char reason[768];
} seen;

static void on_message(void *context, const struct stream_message *message)
{
	size_t i = seen.count++;

	(void)context;
	assert_in_range(i, 0, 63);
	assert_int_equal(message->app_mono_ns, TIME_UNKNOWN);
	snprintf(seen.text[i], sizeof(seen.text[i]), "%.*s", (int)message->len, message->data);
	seen.first_ns[i] = message->first_mono_ns;
	seen.wire_ns[i] = message->wire_mono_ns;
	seen.stall_ns[i] = message->stall_ns;
}

static void on_state(void *context, const char *reason)
{
	(void)context;
	assert_non_null(reason);
	seen.ends++;
	snprintf(seen.reason, sizeof(seen.reason), "%s", reason);
}

static struct passive *watch(const char *url, const char *keylog_path)
{
	const struct passive_options options = {
		.name = "test", .url = url, .keylog_file = keylog_path, .on_message = on_message, .on_state = on_state};
	struct passive *passive;
	struct error err = {0};

	memset(&seen, 0, sizeof(seen));
	if (passive_new(&passive, &options, &err))
		fail_msg("%s", err.text);
	return passive;
}

static uint64_t counter(const struct passive *passive, enum stream_counter which)
{
	uint64_t all[STREAM_COUNTER_MAX];

	passive_counters(passive, all);
	return all[which];
}

static void open_watched(struct passive *passive)
{
	passive_segment(passive, false, CLIENT_ISN, PL_TCP_SYN, NULL, 0, 1);
	passive_segment(passive, true, SERVER_ISN, PL_TCP_SYN | PL_TCP_ACK, NULL, 0, 2);
}

static void from_server(struct passive *passive, uint64_t offset, const void *data, size_t len, int64_t stamp_ns)
{
	passive_segment(passive, true, (uint32_t)(SERVER_ISN + 1 + offset), PL_TCP_ACK, data, len, stamp_ns);
}

#define EVENTS_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

static void plain_events(void **state)
{
	static const char text[] = EVENTS_HEAD "data: one\n\ndata: two\n\ndata: three\n\n";
	const size_t at = sizeof(EVENTS_HEAD) - 1;
	struct passive *passive = watch("http://h/", NULL);

	(void)state;
	open_watched(passive);
	from_server(passive, 0, text, at + 5, 10);
	from_server(passive, at + 16, text + at + 16, 6, 20); /* out of order: the first half of the second */
	from_server(passive, at + 16, "XXXXXX", 6, 25);	      /* a differing copy: the first counts */
	from_server(passive, at + 22, text + at + 22, 8, 30);
	assert_int_equal(seen.count, 0);
	from_server(passive, at, text + at, 11, 40);
	assert_int_equal(seen.count, 1);
	from_server(passive, at + 11, text + at + 11, 5, 50);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.text[0], "one");
	assert_string_equal(seen.text[1], "two");
	assert_int_equal(seen.first_ns[0], 10);
	assert_int_equal(seen.wire_ns[0], 40);
	assert_int_equal(seen.stall_ns[0], 0);
	assert_int_equal(seen.first_ns[1], 50);
	assert_int_equal(seen.wire_ns[1], 50);
	assert_int_equal(seen.stall_ns[1], 30);
	/* FIN before the last bytes: the end comes with them. */
	passive_segment(passive, true, (uint32_t)(SERVER_ISN + 1 + sizeof(text) - 1), PL_TCP_FIN | PL_TCP_ACK, NULL, 0, 60);
	assert_int_equal(seen.ends, 0);
	from_server(passive, at + 30, text + at + 30, sizeof(text) - 1 - at - 30, 70);
	assert_int_equal(seen.count, 3);
	assert_string_equal(seen.text[2], "three");
	assert_int_equal(seen.ends, 1);
	assert_string_equal(seen.reason, "the server closed the connection");
	assert_int_equal(counter(passive, STREAM_COUNTER_MESSAGES), 3);
	assert_int_equal(counter(passive, STREAM_COUNTER_UNMAPPED), 0);
	assert_int_equal(counter(passive, STREAM_COUNTER_RETRANSMITS), 1);
	assert_int_equal(counter(passive, STREAM_COUNTER_REORDERED), 2);
	from_server(passive, sizeof(text) - 1, "data: late\n\n", 12, 80);
	assert_int_equal(seen.count, 3);
	passive_free(passive);
}

static void plain_endings(void **state)
{
	struct passive *passive = watch("ws://h/", NULL);
	uint8_t *mib = calloc(1, 1 << 20);

	(void)state;
	assert_non_null(mib);
	from_server(passive, 77, "\x81\x01z", 3, 5); /* neither SYN-ACK nor the beginning of an answer */
	assert_non_null(strstr(seen.reason, "middle of the connection"));
	assert_int_equal(counter(passive, STREAM_COUNTER_INCOMPLETE), 1);
	passive_free(passive);

	passive = watch("http://h/", NULL); /* without the SYN-ACK, but from the answer on */
	from_server(passive, 0, EVENTS_HEAD "data: x\n\n", sizeof(EVENTS_HEAD) - 1 + 9, 5);
	assert_int_equal(seen.count, 1);
	assert_int_equal(seen.wire_ns[0], 5);
	passive_segment(passive, false, 1, PL_TCP_RST, NULL, 0, 6);
	assert_string_equal(seen.reason, "the client reset the connection");
	assert_int_equal(seen.ends, 1);
	passive_free(passive);

	passive = watch("http://h/", NULL); /* a hole that nothing fills */
	open_watched(passive);
	for (uint64_t i = 0; i < 16 && !seen.ends; i++)
		from_server(passive, 10 + (i << 20), mib, 1 << 20, (int64_t)i);
	assert_non_null(strstr(seen.reason, "offset 0 of the stream are missing"));
	assert_int_equal(counter(passive, STREAM_COUNTER_INCOMPLETE), 1);
	passive_free(passive);
	free(mib);

	passive = watch("http://h/", NULL);
	open_watched(passive);
	from_server(passive, 0, "garbage", 7, 3);
	assert_int_equal(counter(passive, STREAM_COUNTER_PROTOCOL_ERRORS), 1);
	passive_free(passive);

	passive = watch("wss://h/", NULL);
	open_watched(passive);
	assert_int_equal(counter(passive, STREAM_COUNTER_ENCRYPTED), 1);
	assert_int_equal(seen.ends, 1);
	passive_free(passive);
}

/* One event in each record; where each record ends. */
static uint64_t event_start[RECORDS], event_end[RECORDS];

static void serve_events(bool key_updates)
{
	assert_int_equal(tls_write(session.client, (const uint8_t *)"GET /", 5, NULL), 0);
	SSL_write(session.server, EVENTS_HEAD, sizeof(EVENTS_HEAD) - 1);
	for (int i = 0; i < RECORDS; i++) {
		char text[64];

		if (key_updates && i % 4 == 2)
			SSL_key_update(session.server, SSL_KEY_UPDATE_NOT_REQUESTED);
		snprintf(text, sizeof(text), "data: event %d\n\n", i);
		pump(1000);
		SSL_write(session.server, text, (int)strlen(text));
		pump(1000);
		event_end[i] = session.down.len;
		event_start[i] = session.down.len - strlen(text); /* lies in the record, behind its header */
	}
	SSL_shutdown(session.server);
	pump(1000);
}

/* The session's bytes as segments of up to `cut` bytes, shuffled by up to three places; byte i arrives at stamp 1000 + its segment's place. */
static void replay(struct passive *passive, size_t cut, bool shuffle, int64_t *arrival)
{
	size_t starts[8192], count = 0;

	open_watched(passive);
	passive_segment(passive, false, CLIENT_ISN + 1, PL_TCP_ACK, session.up.data, 20, 3);
	passive_segment(passive, false, CLIENT_ISN + 21, PL_TCP_ACK, session.up.data + 20, session.up.len - 20, 4);
	for (size_t at = 0; at < session.down.len; at += 1 + (size_t)rand() % cut)
		starts[count++] = at;
	starts[count] = session.down.len;
	for (size_t i = 0; i < count; i++) {
		/* within groups of three the order is turned round */
		size_t group = i / 3 * 3, last = group + 2 < count ? group + 2 : count - 1;
		size_t k = shuffle ? last - (i - group) : i;

		from_server(passive, starts[k], session.down.data + starts[k], starts[k + 1] - starts[k], (int64_t)(1000 + i));
		for (size_t b = starts[k]; b < starts[k + 1]; b++)
			arrival[b] = (int64_t)(1000 + i);
	}
}

static void decrypted(void **state)
{
	static int64_t arrival[100000];

	(void)state;
	for (size_t s = 0; s < SUITES; s++) {
		session_begin(suites[s].version, suites[s].ciphers);
		serve_events(suites[s].version == TLS1_3_VERSION);
		assert_in_range(session.down.len, 0, 100000);
		for (int way = 0; way < 4; way++) {
			struct passive *passive = watch("https://localhost/", keylog_file);

			replay(passive, way & 1 ? 40 : 1400, way & 2, arrival);
			if (seen.count != RECORDS)
				fail_msg("%s: %zu events, %s", suites[s].ciphers, seen.count, seen.reason);
			for (int i = 0; i < RECORDS; i++) {
				char text[64];
				int64_t wire_ns = 0;

				snprintf(text, sizeof(text), "event %d", i);
				assert_string_equal(seen.text[i], text);
				for (uint64_t b = 0; b < event_end[i]; b++)
					wire_ns = arrival[b] > wire_ns ? arrival[b] : wire_ns;
				assert_int_equal(seen.wire_ns[i], wire_ns);
				assert_int_equal(seen.stall_ns[i], wire_ns - arrival[event_end[i] - 1]);
				assert_true(seen.first_ns[i] >= 1000);
			}
			assert_string_equal(seen.reason, "the server closed the TLS session");
			assert_int_equal(counter(passive, STREAM_COUNTER_UNMAPPED), 0);
			assert_int_equal(counter(passive, STREAM_COUNTER_PROTOCOL_ERRORS), 0);
			passive_free(passive);
		}
		session_end();
	}
}

static void expect_encrypted(const char *log_path, const char *reason)
{
	static int64_t arrival[100000];
	struct passive *passive = watch("https://localhost/", log_path);

	replay(passive, 1000, false, arrival);
	if (!strstr(seen.reason, reason))
		fail_msg("'%s' lacks '%s'", seen.reason, reason);
	assert_int_equal(seen.count, 0);
	assert_int_equal(seen.ends, 1);
	assert_int_equal(counter(passive, STREAM_COUNTER_ENCRYPTED), 1);
	passive_free(passive);
}

static void not_decrypted(void **state)
{
	struct passive_options options = {.name = "test", .url = "wss://h/", .keylog_file = "/nonexistent/keys"};
	struct passive *passive;
	struct error err;
	char wrong[] = "/tmp/pricelag-test-XXXXXX";
	FILE *file;

	(void)state;
	session_begin(TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256"); /* CBC */
	serve_events(false);
	expect_encrypted(keylog_file, "cipher suite 0xc023");
	session_end();

	session_begin(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
	serve_events(false);
	expect_encrypted(ca_file, "no secret of it");
	passive = watch("https://localhost/", keylog_file); /* without the client's side */
	passive_segment(passive, true, SERVER_ISN, PL_TCP_SYN, NULL, 0, 2);
	from_server(passive, 0, session.down.data, session.down.len, 3);
	assert_non_null(strstr(seen.reason, "hello is not in the capture"));
	passive_free(passive);
	/* A byte of the last record is changed: told apart, and not passed on. */
	session.down.data[event_end[RECORDS - 1] - 1] ^= 1;
	passive = watch("https://localhost/", keylog_file);
	replay(passive, 500, true, (int64_t[100000]){0});
	assert_int_equal(seen.count, RECORDS - 1);
	assert_non_null(strstr(seen.reason, "does not authenticate"));
	assert_int_equal(counter(passive, STREAM_COUNTER_PROTOCOL_ERRORS), 1);
	passive_free(passive);

	session_end();
	/* A secret of the right form that is not the session's; enough records to be sure. */
	session_begin(TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256");
	file = fdopen(mkstemp(wrong), "w");
	assert_non_null(file);
	fprintf(file, "SERVER_TRAFFIC_SECRET_0 ");
	for (int i = 0; i < 32; i++) /* the client's random: behind record header, message header and version */
		fprintf(file, "%02x", session.up.data[11 + i]);
	fprintf(file, " %064d\n", 1);
	fclose(file);
	for (int i = 0; i < 80; i++)
		SSL_write(session.server, "x", 1);
	pump(1000);
	expect_encrypted(wrong, "does not fit");
	session_end();
	unlink(wrong);

	assert_int_equal(passive_new(&passive, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "/nonexistent/keys"));
}

/* ---- a recorded connection -------------------------------------------------------------------------------------------- */

static const char *data_path(const char *name, char *out, size_t size)
{
	const char *root = getenv("PRICELAG_DATA");

	snprintf(out, size, "%s/tls/%s", root ? root : "../shared/data", name);
	return access(out, R_OK) ? NULL : out;
}

#define SERVER_PORT 22346

/* 65 record ends that the client counted while tcpdump saw the segments: each gets the stamp of the one that covers it. */
static void recorded_connection(void **state)
{
	static struct {
		uint64_t start, end;
		int64_t stamp_ns;
	} seen_segments[256];
	char path[512], line[256], text[PCAP_ERRBUF_SIZE];
	struct segments segments = {0};
	struct pcap_pkthdr *header;
	const uint8_t *frame;
	unsigned ends = 0, count = 0;
	uint32_t isn = 0;
	pcap_t *pcap;
	FILE *file;

	(void)state;
	if (!data_path("tls13_lo.pcap", path, sizeof(path))) {
		print_message("skip: tls13_lo.pcap is not there (PRICELAG_DATA)\n");
		skip();
	}
	pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
	assert_non_null(pcap);
	while (pcap_next_ex(pcap, &header, &frame) == 1) {
		const uint8_t *ip = frame + 14, *tcp = ip + (ip[0] & 15) * 4;
		uint32_t len = (uint32_t)(ip[2] << 8 | ip[3]) - (uint32_t)(tcp - ip) - (tcp[12] >> 4) * 4u;
		uint32_t seq = (uint32_t)tcp[4] << 24 | (uint32_t)tcp[5] << 16 | (uint32_t)tcp[6] << 8 | tcp[7];
		int64_t stamp_ns = (int64_t)header->ts.tv_sec * 1000000000 + header->ts.tv_usec;

		if ((tcp[0] << 8 | tcp[1]) != SERVER_PORT)
			continue;
		segments_add(&segments, seq, len, tcp[13], stamp_ns);
		if (tcp[13] & PL_TCP_SYN)
			isn = seq;
		else if (len && count < 256) {
			seen_segments[count].start = seq - isn - 1;
			seen_segments[count].end = seq - isn - 1 + len;
			seen_segments[count++].stamp_ns = stamp_ns;
		}
	}
	pcap_close(pcap);
	file = fopen(data_path("tls13_lo.offsets.txt", path, sizeof(path)), "r");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		struct segments_time time;
		unsigned long len, end;

		if (sscanf(line, "R %lu %lu", &len, &end) != 2)
			continue;
		assert_int_equal(segments_find(&segments, end - len, end, &time), SEGMENTS_KNOWN);
		for (unsigned i = 0; i < count; i++)
			if (seen_segments[i].start < end && end <= seen_segments[i].end)
				assert_int_equal(time.wire_ns, seen_segments[i].stamp_ns);
		assert_int_equal(time.stall_ns, 0);
		ends++;
	}
	fclose(file);
	assert_int_equal(ends, 65);
	assert_int_equal(segments.frontier, 392033);
	segments_free(&segments);
}

static int set_up(void **state)
{
	(void)state;
	srand(1);
	authority = certificate_new(NULL, NULL, 100000);
	leaf = certificate_new(&authority, "DNS:localhost", 100000);
	snprintf(ca_file, sizeof(ca_file), "/tmp/pricelag-test-XXXXXX");
	snprintf(keylog_file, sizeof(keylog_file), "/tmp/pricelag-test-XXXXXX");
	close(mkstemp(ca_file));
	keylog = fdopen(mkstemp(keylog_file), "w");
	certificate_save(&authority, ca_file);
	return keylog ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	fclose(keylog);
	unlink(ca_file);
	unlink(keylog_file);
	certificate_free(&authority);
	certificate_free(&leaf);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_ends),	 cmocka_unit_test(plain_events),
		cmocka_unit_test(plain_endings), cmocka_unit_test(decrypted),
		cmocka_unit_test(not_decrypted), cmocka_unit_test(recorded_connection),
	};

	return cmocka_run_group_tests_name("stream/tls", tests, set_up, tear_down);
}
