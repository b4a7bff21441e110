// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/calldata.h"

#include <errno.h>
#include <string.h>

#include "feed/build.h"
#include "feed/raw.h"
#include "feed/transmit.h"

#define WORD 32

struct scan {
	const uint8_t *data;
	size_t len;
	calldata_emit_fn emit;
	void *context;
	const char *type;
	unsigned tries, found;
};

static void take(void *context, const struct feed_message *message)
{
	struct scan *scan = context;

	if (scan->found == CALLDATA_MESSAGES_MAX)
		return;
	scan->found++;
	scan->emit(scan->context, scan->type, message);
}

/* What a decoder makes of a part; an error says that it was no such message, or that more follows behind it. */
static void read_part(struct scan *scan, decode_fn decode, size_t from, size_t to)
{
	static const struct decode_options none;

	decode(&none, scan->data + from, to - from, take, scan, NULL);
}

/* The end of a `bytes` that begins at `from`, by the length in the word before; the end of all where that is no length. */
static size_t end_of_bytes(const struct scan *scan, size_t from)
{
	uint64_t len = 0;

	if (from < WORD)
		return scan->len;
	for (size_t i = from - WORD; i < from; i++) {
		if (len >> 32)
			return scan->len;
		len = len << 8 | scan->data[i];
	}
	return len && len <= scan->len - from ? from + (size_t)len : scan->len;
}

static void read_pnau(struct scan *scan, size_t at)
{
	read_part(scan, pnau_decode, at, end_of_bytes(scan, at));
}

static void read_lazer(struct scan *scan, size_t at)
{
	const size_t head = 4 + 65; /* magic, signature; then the payload's length */
	size_t len;

	if (scan->len - at < head + 2)
		return;
	len = (size_t)scan->data[at + head] << 8 | scan->data[at + head + 1];
	if (len <= scan->len - at - head - 2)
		read_part(scan, lazer_decode, at, at + head + 2 + len);
}

static void read_streams(struct scan *scan, size_t at)
{
	if (at >= 3 * WORD)
		read_part(scan, chainlink_decode, at - 3 * WORD, end_of_bytes(scan, at - 3 * WORD));
}

/* From the end: whatever stands before the payload is the call's own. */
static void read_redstone(struct scan *scan, size_t at)
{
	read_part(scan, redstone_decode, 0, at + 9);
}

static void read_ocr1(struct scan *scan, size_t at)
{
	read_part(scan, transmit_ocr1, at + SELECTOR_LEN, scan->len);
}

static void read_ocr2(struct scan *scan, size_t at)
{
	read_part(scan, transmit_ocr2, at + SELECTOR_LEN, scan->len);
}

static void read_stork(struct scan *scan, size_t at)
{
	read_part(scan, transmit_stork, at + SELECTOR_LEN, scan->len);
}

static const uint8_t redstone_marker[] = {0x00, 0x00, 0x02, 0xed, 0x57, 0x01, 0x1e, 0x00, 0x00};
static const uint8_t lazer_magic[] = {0x2a, 0x22, 0x99, 0x9a};
static const uint8_t streams_offset[WORD] = {[WORD - 1] = 0xe0};

static const struct kind {
	const char *type;
	const void *mark;
	size_t len;
	void (*read)(struct scan *scan, size_t at);
} kinds[] = {
	{"pyth-pnau", "PNAU", 4, read_pnau},
	{"pyth-lazer", lazer_magic, sizeof(lazer_magic), read_lazer},
	{"chainlink-streams", streams_offset, sizeof(streams_offset), read_streams},
	{"chainlink-ocr", transmit_ocr1_selector, SELECTOR_LEN, read_ocr1},
	{"chainlink-ocr", transmit_ocr2_selector, SELECTOR_LEN, read_ocr2},
	{"redstone", redstone_marker, sizeof(redstone_marker), read_redstone},
	{"stork", transmit_stork_selector, SELECTOR_LEN, read_stork},
};

unsigned calldata_scan(const uint8_t *data, size_t len, calldata_emit_fn emit, void *context)
{
	struct scan scan = {.data = data, .len = len, .emit = emit, .context = context};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		const uint8_t *at = data;

		scan.type = kinds[k].type;
		scan.tries = 0;
		while (scan.tries < CALLDATA_TRIES_MAX && scan.found < CALLDATA_MESSAGES_MAX &&
		       (at = memmem(at, len - (size_t)(at - data), kinds[k].mark, kinds[k].len))) {
			kinds[k].read(&scan, (size_t)(at - data));
			scan.tries++;
			at++;
		}
	}
	return scan.found;
}

/* ---- as a decoder --------------------------------------------------------------------------------------------------- */

struct explained {
	decode_emit_fn emit;
	void *context;
};

static void explain(void *context, const char *type, const struct feed_message *message)
{
	const struct explained *explained = context;
	struct feed_details details = {.count = 0};
	struct feed_message told = *message;

	details_text(&details, "carries", type);
	for (unsigned i = 0; message->details && i < message->details->count && details.count < FEED_DETAILS_MAX; i++)
		details.list[details.count++] = message->details->list[i];
	told.details = &details;
	explained->emit(explained->context, &told);
}

static int decode_calldata(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
			   struct error *err)
{
	struct explained explained = {emit, context};
	struct raw raw;
	int ret = raw_message(data, len, &raw, err);

	(void)options;
	if (ret)
		return ret;
	ret = raw.len <= CALLDATA_MAX
		      ? (int)calldata_scan(raw.data, raw.len, explain, &explained)
		      : error_set(err, -EBADMSG, "%zu bytes: a transaction's input has at most %d", raw.len, CALLDATA_MAX);
	raw_free(&raw);
	return ret;
}

const struct decoder calldata_decoder = {
	"evm-calldata", "the input of an EVM transaction: the oracle messages in it, wherever they stand",
	(const char *const[]){NULL}, decode_calldata};
