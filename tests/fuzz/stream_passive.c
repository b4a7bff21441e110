// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A capture of a hostile connection. First byte: the scheme (ws, wss, http, https) and whether what follows goes to the
 * TLS client or the key log reader instead. Then segments: flags, two bytes of offset, one of length, payload.
 * The key log has a secret for the client random that is all zero, so that the way to the ciphers is open.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "record.h"
#include "stream/passive.h"
#include "stream/tls.h"
#include "stream/tls_record.h"

#define FROM_SERVER 0x80
#define LIMIT 500

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char keylog[] = "/tmp/pricelag-fuzz-XXXXXX";
static SSL_CTX *context;
static unsigned endings;

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void remove_keylog(void)
{
	unlink(keylog);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	FILE *file = fdopen(mkstemp(keylog), "w");

	(void)argc;
	(void)argv;
	require(file);
	fprintf(file, "CLIENT_RANDOM %064d %096d\nSERVER_TRAFFIC_SECRET_0 %064d %064d\n", 0, 0, 0, 0);
	fclose(file);
	atexit(remove_keylog);
	require(!tls_context_new(&context, NULL, NULL));
	return 0;
}

static void on_message(void *unused, const struct stream_message *message)
{
	(void)unused;
	require(message->len <= LIMIT && !endings && message->app_mono_ns == TIME_UNKNOWN);
	require(message->wire_mono_ns != TIME_UNKNOWN && message->stall_ns >= 0 &&
		message->stall_ns <= message->wire_mono_ns);
}

static void on_state(void *unused, const char *reason)
{
	(void)unused;
	require(reason && *reason && !endings++);
}

static void watch(const char *url, const uint8_t *data, size_t size)
{
	const struct passive_options options = {.name = "fuzz", .url = url, .keylog_file = keylog,
						.max_message_bytes = LIMIT, .on_message = on_message, .on_state = on_state};
	struct passive *passive;
	int64_t now = 1;

	endings = 0;
	require(!passive_new(&passive, &options, NULL));
	while (size >= 4) {
		size_t len = data[3] < size - 4 ? data[3] : size - 4;
		uint8_t *copy = malloc(len);

		require(copy || !len);
		if (len)
			memcpy(copy, data + 4, len);
		passive_segment(passive, data[0] & FROM_SERVER, 0xffffff00u + (uint32_t)(data[1] | data[2] << 8), data[0] & 0x1f,
				copy, len, ++now);
		free(copy);
		data += 4 + len;
		size -= 4 + len;
	}
	passive_free(passive);
}

static int no_plaintext(void *unused, const struct piece *piece, struct error *err)
{
	(void)unused;
	(void)piece;
	(void)err;
	abort(); /* nobody was authenticated */
}

/* What a server that is none says to our client. */
static void feed_client(const uint8_t *data, size_t size)
{
	struct error err;
	struct url url;
	struct tls *tls;
	size_t half = size / 2;

	require(!url_parse(&url, "wss://localhost/", &err));
	require(!tls_new(&tls, context, &url, &err));
	if (!tls_feed(tls, data, half, no_plaintext, NULL, &err))
		tls_feed(tls, data + half, size - half, no_plaintext, NULL, &err);
	require(!tls_ready(tls));
	tls_free(tls);
	url_free(&url);
}

/* Records, whole, under keys that are known: nothing of it authenticates. */
static void open_record(const uint8_t *data, size_t size)
{
	static const uint8_t random[TLS_RANDOM];
	static const uint16_t ids[][2] = {{0x1301, 1}, {0x1302, 1}, {0x1303, 1}, {0xc02f, 0}, {0xc030, 0}, {0xcca8, 0}};
	uint8_t *plain = malloc(size);

	if (size >= TLS_HEADER + 1) {
		const uint16_t *id = ids[data[0] % 6];
		struct tls_keys keys = {.suite = tls_suite_find(id[0], id[1])};

		require(!(id[1] ? tls_keys_13(&keys) : tls_keys_12(&keys, random, random)));
		require(tls_keys_open(&keys, data + 1, size - 1, plain) == -EBADMSG && keys.sequence == 0);
		tls_keys_free(&keys);
	}
	free(plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const urls[] = {"ws://h/", "wss://h/", "http://h/", "https://h/"};

	if (!size)
		return 0;
	if (data[0] == 4)
		feed_client(data + 1, size - 1);
	else if (data[0] == 5)
		open_record(data + 1, size - 1);
	else
		watch(urls[data[0] & 3], data + 1, size - 1);
	return 0;
}
