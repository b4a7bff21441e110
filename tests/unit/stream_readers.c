// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* HTTP, WebSocket and event readers: any cut of the bytes gives the same messages at the same offsets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/framing.h"

#define BASE 5000 /* offset of the first byte that is fed */

struct message {
	uint8_t data[512];
	size_t len;
	uint64_t first, end;
};

static struct result {
	struct message messages[64];
	size_t count;
	int code;
	unsigned opened, controls;
	enum ws_opcode opcode;
	struct error err;
} got;

static void on_message(void *context, const uint8_t *data, size_t len, uint64_t first, uint64_t end)
{
	struct message *message = &got.messages[got.count++];

	(void)context;
	assert_in_range(got.count, 1, 64);
	assert_in_range(len, 0, sizeof(message->data));
	if (len)
		memcpy(message->data, data, len);
	message->len = len;
	message->first = first;
	message->end = end;
}

static void on_open(void *context)
{
	(void)context;
	got.opened++;
}

static void on_control(void *context, enum ws_opcode opcode, const uint8_t *payload, size_t len)
{
	(void)context;
	(void)payload;
	assert_in_range(len, 0, 125);
	got.controls++;
	got.opcode = opcode;
}

static const struct framing_callbacks callbacks = {NULL, on_message, on_open, on_control};

/* Feeds in cuts of `step` bytes (0: random ones). */
static void feed_cut(bool websocket, const void *data, size_t len, size_t step, size_t limit)
{
	struct framing framing;

	memset(&got, 0, sizeof(got));
	framing_init(&framing, websocket, NULL, limit, &callbacks);
	for (size_t i = 0; i < len && !got.code;) {
		size_t n = step ? step : 1 + (size_t)rand() % 40;
		/* a copy of its own, so that a read behind its end is seen by the sanitizer */
		uint8_t *copy = malloc(n = n < len - i ? n : len - i);
		struct piece piece = {copy, n, BASE + i, 0};

		assert_non_null(copy);
		memcpy(copy, (const uint8_t *)data + i, n);
		got.code = framing_feed(&framing, &piece, &got.err);
		free(copy);
		i += n;
	}
	framing_free(&framing);
}

/* Feeds at once, byte by byte, and in random cuts: all the same. Leaves the result in `got`. */
static void feed(bool websocket, const void *data, size_t len, size_t limit)
{
	struct result *whole = malloc(sizeof(*whole));

	assert_non_null(whole);
	feed_cut(websocket, data, len, len, limit);
	*whole = got;
	for (int i = 0; i < 20; i++) {
		feed_cut(websocket, data, len, i ? 0 : 1, limit);
		assert_int_equal(got.code, whole->code);
		assert_int_equal(got.count, whole->count);
		assert_int_equal(got.controls, whole->controls);
		assert_memory_equal(got.messages, whole->messages, sizeof(got.messages));
		assert_string_equal(got.err.text, whole->err.text);
	}
	free(whole);
}

static void expect(size_t i, const char *text, uint64_t first, uint64_t end)
{
	assert_true(i < got.count);
	assert_int_equal(got.messages[i].len, strlen(text));
	assert_memory_equal(got.messages[i].data, text, strlen(text));
	assert_int_equal(got.messages[i].first, BASE + first);
	assert_int_equal(got.messages[i].end, BASE + end);
}

/* ---- WebSocket -------------------------------------------------------------------------------------------------------- */

#define UPGRADE "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: a\r\n\r\n"
#define UPGRADE_LEN (sizeof(UPGRADE) - 1)

static uint8_t input[200000];

static void feed_frames(const void *frames, size_t len, size_t limit)
{
	memcpy(input, UPGRADE, UPGRADE_LEN);
	memcpy(input + UPGRADE_LEN, frames, len);
	feed(true, input, UPGRADE_LEN + len, limit);
	assert_int_equal(got.opened, 1);
}

#define FRAMES(text, limit) feed_frames(text, sizeof(text) - 1, limit)

static void ws_messages(void **state)
{
	const uint64_t at = UPGRADE_LEN;

	(void)state;
	FRAMES("\x81\x05hello" "\x82\x00" "\x01\x02" "ab" "\x89\x01x" "\x00\x01" "c" "\x8a\x00" "\x80\x00" "\x81\x01z", 0);
	assert_int_equal(got.code, 0);
	assert_int_equal(got.count, 4);
	assert_int_equal(got.controls, 2);
	expect(0, "hello", at, at + 7);
	expect(1, "", at + 7, at + 9);
	expect(2, "abc", at + 9, at + 23);
	expect(3, "z", at + 23, at + 26);
}

/* 126 and 65536 bytes: the longer forms of the length. */
static void ws_lengths(void **state)
{
	static uint8_t frames[100000];
	struct framing framing;
	struct piece piece = {frames, 0, 0, 0};
	size_t n = 0;

	(void)state;
	memcpy(frames, "\x82\x7e\x00\x7e", 4);
	n = 4 + 126;
	memcpy(frames + n, "\x82\x01x", 3);
	feed_frames(frames, n + 3, 0);
	assert_int_equal(got.count, 2);
	assert_int_equal(got.messages[0].len, 126);
	expect(1, "x", UPGRADE_LEN + n, UPGRADE_LEN + n + 3);

	memset(&got, 0, sizeof(got));
	memcpy(frames, "\x82\x7f\0\0\0\0\0\x01\0\0", 10);
	framing_init(&framing, true, NULL, 0x10000, &callbacks);
	framing.open = true;
	piece.len = 10 + 0xffff; /* all but its last byte */
	assert_int_equal(framing_feed(&framing, &piece, &got.err), 0);
	assert_int_equal(framing.ws.message.len, 0xffff);
	assert_int_equal(got.count, 0);
	framing_free(&framing);
}

static void ws_violations(void **state)
{
	static const struct {
		const char *frame;
		size_t len;
		int code;
	} cases[] = {
		{"\xc1\x00", 2, -EPROTO},			 /* compressed */
		{"\xa1\x00", 2, -EPROTO},			 /* reserved bit */
		{"\x81\x80zzzz", 6, -EPROTO},			 /* masked */
		{"\x83\x00", 2, -EPROTO},			 /* unknown opcodes */
		{"\x8b\x00", 2, -EPROTO},
		{"\x80\x00", 2, -EPROTO},			 /* continuation of nothing */
		{"\x01\x01x\x81\x01y", 6, -EPROTO},		 /* a new message inside one */
		{"\x09\x00", 2, -EPROTO},			 /* fragmented ping */
		{"\x89\x7e\x00\x7e", 4, -EPROTO},		 /* long ping */
		{"\x81\x7e\x00\x7d", 4, -EPROTO},		 /* length not in the shortest form */
		{"\x81\x7f\0\0\0\0\0\0\xff\xff", 10, -EPROTO},
		{"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10, -EPROTO},
		{"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10, -EMSGSIZE},
		{"\x82\x7e\x01\x01", 4, -EMSGSIZE},		 /* 257 where 256 are allowed */
		{"\x02\x7e\x01\x00", 4, 0},			 /* 256 */
		{"\x81\x01\xff", 3, -EPROTO},			 /* not UTF-8 */
		{"\x81\x01\xc3", 3, -EPROTO},			 /* ends inside a character */
		{"\x81\x02\xc0\x80", 4, -EPROTO},		 /* overlong */
		{"\x81\x03\xe0\x80\xaf", 5, -EPROTO},
		{"\x81\x03\xed\xa0\x80", 5, -EPROTO},		 /* surrogate */
		{"\x81\x04\xf4\x90\x80\x80", 6, -EPROTO},	 /* above U+10FFFF */
		{"\x81\x04\xf0\x9f\x98\x80", 6, 0},
		{"\x82\x01\xff", 3, 0},				 /* binary may be anything */
		{"\x88\x01x", 3, -EPROTO},			 /* close of one byte */
		{"\x88\x02\x03\xe7", 4, -EPROTO},		 /* code 999 */
		{"\x88\x02\x03\xed", 4, -EPROTO},		 /* 1005 may not be sent */
		{"\x88\x02\x0b\xb7", 4, -EPROTO},		 /* 2999 */
		{"\x88\x03\x03\xe8\xff", 5, -EPROTO},		 /* reason not UTF-8 */
		{"\x88\x00\x81\x01x", 5, -ESHUTDOWN},
		{"\x88\x02\x0f\xa0", 4, -ESHUTDOWN},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		feed_frames(cases[i].frame, cases[i].len, 256);
		if (got.code != cases[i].code)
			fail_msg("case %zu: %d instead of %d (%s)", i, got.code, cases[i].code, got.err.text);
		assert_int_equal(got.controls, cases[i].code == -ESHUTDOWN);
	}
}

/* The limit holds for the sum of fragments. */
static void ws_fragments_add_up(void **state)
{
	(void)state;
	FRAMES("\x02\x05" "aaaaa" "\x00\x05" "bbbbb" "\x80\x01" "c", 10);
	assert_int_equal(got.code, -EMSGSIZE);
	FRAMES("\x02\x05" "aaaaa" "\x80\x05" "bbbbb", 10);
	assert_int_equal(got.code, 0);
	assert_int_equal(got.count, 1);
}

static void ws_writer(void **state)
{
	static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536};
	static uint8_t data[65536];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t len = lengths[i], head = len < 126 ? 2 : len < 65536 ? 4 : 10, sum = 0;
		struct buffer out = {0};

		assert_int_equal(ws_write(&out, WS_BINARY, data, len), 0);
		assert_int_equal(out.len, head + 4 + len);
		assert_int_equal(out.data[0], 0x82);
		assert_true(out.data[1] & 0x80);
		for (size_t j = 2; j < head; j++)
			sum = sum << 8 | out.data[j];
		assert_int_equal(head == 2 ? out.data[1] & 0x7fu : sum, len);
		for (size_t j = 0; j < len; j++)
			assert_int_equal(out.data[head + 4 + j] ^ out.data[head + (j & 3)], data[j]);
		buffer_free(&out);
	}
}

/* RFC 6455 1.3 */
static void ws_handshake_key(void **state)
{
	char accept[WS_ACCEPT_SIZE], one[WS_KEY_SIZE], two[WS_KEY_SIZE];

	(void)state;
	assert_int_equal(ws_accept("dGhlIHNhbXBsZSBub25jZQ==", accept), 0);
	assert_string_equal(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_int_equal(ws_key(one) | ws_key(two), 0);
	assert_int_equal(strlen(one), 24);
	assert_string_not_equal(one, two);
}

/* Several messages in one TLS record share its end; one message over several records has the last one's. */
static void tls_record_ends(void **state)
{
	static const uint8_t bytes[] = "\x81\x01" "a" "\x81\x02" "bc" "\x81\x04" "defg";
	const struct piece pieces[] = {{bytes, 9, 105, 140}, {bytes + 9, 3, 145, 180}, {bytes + 12, 1, 185, 250}};
	struct framing framing;

	(void)state;
	memset(&got, 0, sizeof(got));
	framing_init(&framing, true, NULL, 0, &callbacks);
	framing.open = true;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(framing_feed(&framing, &pieces[i], &got.err), 0);
	framing_free(&framing);
	assert_int_equal(got.count, 3);
	assert_int_equal(got.messages[0].first, 105);
	assert_int_equal(got.messages[0].end, 140);
	assert_int_equal(got.messages[1].first, 108);
	assert_int_equal(got.messages[1].end, 140);
	assert_int_equal(got.messages[2].first, 112);
	assert_int_equal(got.messages[2].end, 250);
}

/* ---- server-sent events ----------------------------------------------------------------------------------------------- */

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"

static void feed_events(const char *head, const char *body, size_t limit)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s\r\n%s", head, body);
	feed(false, text, strlen(text), limit);
}

static void sse_events(void **state)
{
	const uint64_t at = sizeof(OK_HEAD "\r\n") - 1;

	(void)state;
	feed_events(OK_HEAD, "\xef\xbb\xbf" "data: one\n\n", 0);
	expect(0, "one", at, at + 14);
	feed_events(OK_HEAD, "data: one\r\rdata:two\r\n\r\ndata:  three\n\n", 0);
	assert_int_equal(got.count, 3);
	expect(0, "one", at, at + 11);
	expect(1, "two", at + 11, at + 22);
	expect(2, " three", at + 23, at + 37);
	feed_events(OK_HEAD, ": hello\n\nevent: x\ndata: a\nid: 1\ndata: b\nretry: 5\n\n", 0);
	assert_int_equal(got.count, 1);
	expect(0, "a\nb", at + 9, at + 50);
	feed_events(OK_HEAD, "data\n\n\ndata\ndata\n\nevent: only\n\ndatax: 1\n\ndata: cut", 0);
	assert_int_equal(got.count, 2);
	expect(0, "", at, at + 6);
	expect(1, "\n", at + 7, at + 18);
	assert_int_equal(got.code, 0);
}

static void sse_limits(void **state)
{
	(void)state;
	feed_events(OK_HEAD, "data: 12345\n\n", 11);
	assert_int_equal(got.code, 0);
	assert_int_equal(got.count, 1);
	feed_events(OK_HEAD, "data: 123456\n\n", 11);
	assert_int_equal(got.code, -EMSGSIZE);
	feed_events(OK_HEAD, "data:1234\ndata:1234\ndata:1234\n\n", 11);
	assert_int_equal(got.code, -EMSGSIZE);
	assert_int_equal(got.count, 0);
}

/* ---- HTTP ------------------------------------------------------------------------------------------------------------- */

static void chunked(void **state)
{
	const uint64_t at = sizeof(OK_HEAD "Transfer-Encoding: Chunked\r\n\r\n") - 1;

	(void)state;
	feed_events(OK_HEAD "Transfer-Encoding: Chunked\r\n",
		    "4\r\ndata\r\n5 ;ext=\"a\"\r\n: a\n\n\r\n00A\r\ndata: bcd\n\r\n1\r\n\n\r\n0\r\nTrailer: x\r\n\r\ndata: no\n\n", 0);
	assert_int_equal(got.code, -ESHUTDOWN);
	assert_int_equal(got.count, 2);
	expect(0, "a", at + 3, at + 26);
	expect(1, "bcd", at + 33, at + 49);
}

static void http_violations(void **state)
{
	static const struct {
		const char *head, *body;
		int code;
	} cases[] = {
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "\r\n", -EPROTO},
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "-1\r\n", -EPROTO},
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "1\n", -EPROTO},
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "1\r\nab\r\n", -EPROTO},
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "1\r\na\rb", -EPROTO},
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "1;\n\r\n", -EPROTO},
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "1\rx", -EPROTO},
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "1111111111111111\r\n", -EPROTO},
		{OK_HEAD "Transfer-Encoding: chunked\r\n", "fffffffffffffff\r\n", 0},
		{OK_HEAD "Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n", -EPROTO},
		{OK_HEAD "Content-Length: -5\r\n", "", -EPROTO},
		{OK_HEAD "Content-Length: 99999999999999999999\r\n", "", -EPROTO},
		{OK_HEAD "Content-Length: \r\n", "", -EPROTO},
		{OK_HEAD "Content-Length: 0\r\n", "", -ESHUTDOWN},
		{OK_HEAD "Content-Length: 9\r\n", "data: a\n\ndata: b\n\n", -ESHUTDOWN},
		{OK_HEAD "Content-Length: 10\r\n", "data: a\n\n", 0},
		{OK_HEAD " folded: x\r\n", "", -EPROTO},
		{OK_HEAD ": x\r\n", "", -EPROTO},
		{"HTTP/1.1 20 OK\r\n", "", -EPROTO},
		{"HTTP/1.1 2000 OK\r\n", "", -EPROTO},
		{"HTTP/1.1 099 OK\r\n", "", -EPROTO},
		{"HTTP/3 200 OK\r\n", "", -EPROTO},
		{"HTTP/1.1 100 Continue\r\n\r\n" OK_HEAD, "data: a\n\n", 0},
	};
	char *large = calloc(1, HTTP_HEAD_MAX + 100);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		feed_events(cases[i].head, cases[i].body, 0);
		if (got.code != cases[i].code)
			fail_msg("case %zu: %d instead of %d (%s)", i, got.code, cases[i].code, got.err.text);
		assert_in_range(got.count, 0, 1);
	}
	assert_non_null(large);
	memset(large, 'x', HTTP_HEAD_MAX + 50);
	memcpy(large, "HTTP/", 5);
	feed(false, large, HTTP_HEAD_MAX + 50, 0);
	assert_int_equal(got.code, -EMSGSIZE);
	large[0] = '\0';
	strcpy(large, OK_HEAD);
	for (int i = 0; i < HTTP_FIELDS_MAX; i++)
		strcat(large, "a:b\r\n");
	strcat(large, "\r\n");
	feed(false, large, strlen(large), 0);
	assert_int_equal(got.code, -EPROTO);
	feed(false, "HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", 25, 0);
	assert_int_equal(got.code, -EPROTO);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ws_messages),
		cmocka_unit_test(ws_lengths),
		cmocka_unit_test(ws_violations),
		cmocka_unit_test(ws_fragments_add_up),
		cmocka_unit_test(ws_writer),
		cmocka_unit_test(ws_handshake_key),
		cmocka_unit_test(tls_record_ends),
		cmocka_unit_test(sse_events),
		cmocka_unit_test(sse_limits),
		cmocka_unit_test(chunked),
		cmocka_unit_test(http_violations),
	};

	srand(1);
	return cmocka_run_group_tests_name("stream/readers", tests, NULL, NULL);
}
