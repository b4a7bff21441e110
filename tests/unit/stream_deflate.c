// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* permessage-deflate: what a server may agree to, messages in one window, and what a hostile one sends. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/auth.h"
#include "stream/deflate.h"
#include "stream/framing.h"

#define MAX 100000

static uint8_t bytes[300000];

/* A sender: one window for all of its messages. */
static z_stream sender;

static void sender_begin(int window_bits)
{
	memset(&sender, 0, sizeof(sender));
	assert_int_equal(deflateInit2(&sender, 9, Z_DEFLATED, -window_bits, 9, Z_DEFAULT_STRATEGY), Z_OK);
}

/* The message as it goes into frames: without the last four bytes of the flush. */
static size_t compress_with(const void *data, size_t len, uint8_t *out, size_t size, int flush)
{
	size_t n;

	sender.next_in = (Bytef *)data;
	sender.avail_in = (uInt)len;
	sender.next_out = out;
	sender.avail_out = (uInt)size;
	assert_true(deflate(&sender, flush) >= 0);
	assert_int_equal(sender.avail_in, 0);
	n = size - sender.avail_out;
	if (flush == Z_FINISH) { /* RFC 7692 7.2.3.4: a zero byte takes the empty block's place */
		out[n++] = 0;
		return n;
	}
	assert_memory_equal(out + n - 4, "\x00\x00\xff\xff", 4);
	return n - 4;
}

static void test_terms(void **state)
{
	static const struct {
		const char *answer;
		int code;
		bool no_context;
	} cases[] = {
		{"permessage-deflate", 0, false},
		{"Permessage-Deflate", 0, false},
		{"permessage-deflate; server_no_context_takeover", 0, true},
		{"permessage-deflate;client_no_context_takeover;server_max_window_bits=12", 0, false},
		{"permessage-deflate; server_max_window_bits=\"8\" ; server_no_context_takeover", 0, true},
		{"permessage-deflate; client_max_window_bits=15", -EPROTO, false}, /* was not offered */
		{"permessage-deflate; server_max_window_bits=7", -EPROTO, false},
		{"permessage-deflate; server_max_window_bits=16", -EPROTO, false},
		{"permessage-deflate; server_max_window_bits", -EPROTO, false},
		{"permessage-deflate; server_no_context_takeover; server_no_context_takeover", -EPROTO, false},
		{"permessage-deflate; server_no_context_takeover=1", -EPROTO, false},
		{"permessage-deflate; mux", -EPROTO, false},
		{"permessage-deflate, permessage-deflate", -EPROTO, false},
		{"permessage-bzip2", -EPROTO, false},
		{"permessage-deflate;", -EPROTO, false},
		{"", -EPROTO, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct deflate deflate = {.agreed = false};
		struct error err = {0};

		assert_int_equal(deflate_agree(&deflate, cases[i].answer, &err), cases[i].code);
		assert_int_equal(deflate.agreed, !cases[i].code);
		assert_int_equal(deflate.no_context, cases[i].no_context);
		assert_true(!cases[i].code || strstr(err.text, "not offered"));
	}
}

/* Each message refers to those before it, so that it can be read only in the window of all of them. */
static void test_a_window_for_all_messages(void **state)
{
	struct deflate deflate = {.agreed = true};
	uint8_t out[1000];
	size_t first = 0, len = 0;
	struct error err;
	char text[200];

	(void)state;
	sender_begin(15);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof(text), "{\"feedID\":\"0x00030ab7d02fbba9c6304f98824524407b1f494741174320cfd17a2c22eec1de\",\"n\":%d}", i);
		len = compress_with(text, strlen(text), out, sizeof(out), Z_SYNC_FLUSH);
		first = i ? first : len;
		assert_int_equal(deflate_message(&deflate, out, len, MAX, &err), 0);
		assert_int_equal(deflate.message.len, strlen(text));
		assert_memory_equal(deflate.message.data, text, strlen(text));
	}
	assert_true(len < first / 4);
	/* the same bytes in a window that was forgotten mean nothing */
	deflate_free(&deflate);
	deflate.agreed = true;
	assert_int_equal(deflate_message(&deflate, out, len, MAX, &err), -EPROTO);
	deflate_free(&deflate);
	deflateEnd(&sender);
}

static void test_a_window_for_each_message(void **state)
{
	struct deflate deflate = {.agreed = true, .no_context = true};
	uint8_t out[200];
	struct error err;

	(void)state;
	sender_begin(9);
	for (int i = 0; i < 5; i++) {
		size_t len = compress_with("{\"price\":1}", 11, out, sizeof(out), Z_SYNC_FLUSH);

		assert_int_equal(deflate_message(&deflate, out, len, MAX, &err), 0);
		assert_memory_equal(deflate.message.data, "{\"price\":1}", 11);
		deflateReset(&sender);
	}
	deflate_free(&deflate);
	deflateEnd(&sender);
}

static void test_sizes_and_final_blocks(void **state)
{
	struct deflate deflate = {.agreed = true};
	static uint8_t out[400000];
	struct error err;

	(void)state;
	sender_begin(15);
	srand(1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rand();
	for (size_t len = 0; len < 90000; len = len * 3 + 1) {
		size_t n = compress_with(bytes, len, out, sizeof(out), Z_SYNC_FLUSH);

		assert_int_equal(deflate_message(&deflate, out, n, MAX, &err), 0);
		assert_int_equal(deflate.message.len, len);
		assert_true(!len || !memcmp(deflate.message.data, bytes, len));
	}
	deflateReset(&sender);
	for (int i = 0; i < 3; i++) { /* a final block ends the stream; the next message goes on all the same */
		size_t n = compress_with("hello hello", 11, out, sizeof(out), Z_FINISH);

		assert_int_equal(deflate_message(&deflate, out, n, MAX, &err), 0);
		assert_int_equal(deflate.message.len, 11);
		deflateReset(&sender);
	}
	deflate_free(&deflate);
	deflateEnd(&sender);
}

static void test_hostile_messages(void **state)
{
	static const uint8_t reserved[] = {0x06}, far_back[] = {0x4a, 0x04, 0x92, 0x00}, empty_finals[] = {0x03, 0x00, 0x03, 0x00};
	struct deflate deflate = {.agreed = true};
	static uint8_t out[400000];
	struct error err;
	size_t n;

	(void)state;
	/* 290 kB of zeros are some 300 bytes: a bomb stops at the limit */
	sender_begin(15);
	memset(bytes, 0, sizeof(bytes));
	n = compress_with(bytes, sizeof(bytes), out, sizeof(out), Z_SYNC_FLUSH);
	assert_true(n < 1000);
	assert_int_equal(deflate_message(&deflate, out, n, MAX, &err), -EMSGSIZE);
	assert_non_null(strstr(err.text, "limit of 100000 bytes"));
	assert_true(deflate.message.capacity < 2 * MAX);
	deflate_free(&deflate);
	deflateEnd(&sender);

	deflate.agreed = true;
	assert_int_equal(deflate_message(&deflate, reserved, sizeof(reserved), MAX, &err), -EPROTO);
	deflate_free(&deflate);
	deflate.agreed = true;
	assert_int_equal(deflate_message(&deflate, far_back, sizeof(far_back), MAX, &err), -EPROTO);
	assert_non_null(strstr(err.text, "cannot be decompressed"));
	deflate_free(&deflate);
	deflate.agreed = true;
	for (size_t i = 0; i < 1000; i += sizeof(empty_finals))
		memcpy(out + i, empty_finals, sizeof(empty_finals));
	assert_int_equal(deflate_message(&deflate, out, 1000, MAX, &err), -EPROTO);
	assert_non_null(strstr(err.text, "too many final blocks"));
	deflate_free(&deflate);
}

/* ---- in frames ------------------------------------------------------------------------------------------------------ */

static struct {
	char text[10][64];
	uint64_t first[10], end[10];
	size_t count;
} got;

static void on_message(void *context, const uint8_t *data, size_t len, uint64_t first, uint64_t end)
{
	(void)context;
	snprintf(got.text[got.count], sizeof(got.text[0]), "%.*s", (int)len, (const char *)data);
	got.first[got.count] = first;
	got.end[got.count++] = end;
}

static const char answer[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
			     "Sec-WebSocket-Accept: x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

static int feed(bool offered, const uint8_t *data, size_t len, size_t step, struct error *err)
{
	const struct framing_callbacks callbacks = {.on_message = on_message};
	struct framing framing;
	int code = 0;

	memset(&got, 0, sizeof(got));
	framing_init(&framing, true, NULL, MAX, &callbacks);
	framing.deflate = offered;
	for (size_t i = 0; i < len && !code; i += step) {
		struct piece piece = {data + i, step < len - i ? step : len - i, i, 0};

		code = framing_feed(&framing, &piece, err);
	}
	framing_free(&framing);
	return code;
}

static size_t put_frame(uint8_t *at, uint8_t first, const uint8_t *payload, size_t len)
{
	at[0] = first;
	at[1] = (uint8_t)len;
	memcpy(at + 2, payload, len);
	return len + 2;
}

/* A message's place is that of its frames, whatever they hold. */
static void test_offsets_are_those_of_the_frames(void **state)
{
	uint8_t stream[1000], packed[200];
	size_t n = sizeof(answer) - 1, ends[4], len;
	struct error err;

	(void)state;
	memcpy(stream, answer, n);
	sender_begin(15);
	len = compress_with("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 40, packed, sizeof(packed), Z_SYNC_FLUSH);
	n += put_frame(stream + n, 0xc1, packed, len);
	ends[0] = n;
	n += put_frame(stream + n, 0x81, (const uint8_t *)"plain", 5); /* an uncompressed one between them */
	ends[1] = n;
	len = compress_with("aaaaaaaaaaaaaaaaaaaab", 21, packed, sizeof(packed), Z_SYNC_FLUSH);
	n += put_frame(stream + n, 0x42, packed, 2); /* in two frames, with a ping between */
	n += put_frame(stream + n, 0x89, (const uint8_t *)"?", 1);
	n += put_frame(stream + n, 0x80, packed + 2, len - 2);
	ends[2] = n;
	for (size_t step = 1; step < 60; step += 7) {
		assert_int_equal(feed(true, stream, n, step, &err), 0);
		assert_int_equal(got.count, 3);
		assert_string_equal(got.text[0], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		assert_string_equal(got.text[1], "plain");
		assert_string_equal(got.text[2], "aaaaaaaaaaaaaaaaaaaab");
		for (int i = 0; i < 3; i++) {
			assert_int_equal(got.end[i], ends[i]);
			assert_int_equal(got.first[i], i ? ends[i - 1] : sizeof(answer) - 1);
		}
	}
	deflateEnd(&sender);
}

static void test_violations_in_frames(void **state)
{
	uint8_t stream[1000], packed[200];
	size_t head = sizeof(answer) - 1, len;
	struct error err;

	(void)state;
	memcpy(stream, answer, head);
	assert_int_equal(feed(false, stream, head, 50, &err), -EPROTO);
	assert_non_null(strstr(err.text, "compression: deflate"));
	sender_begin(15);
	len = compress_with("\xff\xfe text that is none", 20, packed, sizeof(packed), Z_SYNC_FLUSH);
	assert_int_equal(feed(true, stream, head + put_frame(stream + head, 0xc1, packed, len), 50, &err), -EPROTO);
	assert_non_null(strstr(err.text, "not UTF-8"));
	assert_int_equal(feed(true, stream, head + put_frame(stream + head, 0xc9, packed, 1), 50, &err), -EPROTO);
	assert_non_null(strstr(err.text, "does not begin a message"));
	len = put_frame(stream + head, 0x41, packed, 1);
	len += put_frame(stream + head + len, 0xc0, packed, 1);
	assert_int_equal(feed(true, stream, head + len, 50, &err), -EPROTO);
	assert_non_null(strstr(err.text, "does not begin a message"));
	deflateEnd(&sender);
}

/* ---- credentials that carry the time --------------------------------------------------------------------------------- */

/* Held against generateAuthHeaders() of @chainlink/data-streams-sdk 1.2.1. */
static void test_chainlink_hmac(void **state)
{
	const struct stream_auth auth = {"clientId", "userSecret"};
	struct buffer out = {0};
	struct error err;

	(void)state;
	assert_int_equal(auth_fields(&out, &auth, "/api/v1/ws?feedIDs=0x0003", 1718885772000), 0);
	assert_int_equal(buffer_append(&out, "", 1), 0);
	assert_string_equal((char *)out.data, "Authorization: clientId\r\nX-Authorization-Timestamp: 1718885772000\r\n"
					      "X-Authorization-Signature-SHA256: 6e9049667a19594919ce2ab0e7565457c33e27f939eddfd8158a8a59222753b4\r\n");
	buffer_free(&out);
	assert_int_equal(auth_check(&auth, &err), 0);
	assert_int_equal(auth_check(&(struct stream_auth){NULL, NULL}, &err), 0);
	assert_int_equal(auth_check(&(struct stream_auth){"id\n", "s"}, &err), -EINVAL);
	assert_int_equal(auth_check(&(struct stream_auth){"id", ""}, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_a_window_for_all_messages),
		cmocka_unit_test(test_a_window_for_each_message),
		cmocka_unit_test(test_sizes_and_final_blocks),
		cmocka_unit_test(test_hostile_messages),
		cmocka_unit_test(test_offsets_are_those_of_the_frames),
		cmocka_unit_test(test_violations_in_frames),
		cmocka_unit_test(test_chainlink_hmac),
	};

	return cmocka_run_group_tests_name("stream_deflate", tests, NULL, NULL);
}
