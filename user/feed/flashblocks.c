// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Block decoder `flashblocks`: the sub-blocks that OP Stack builders publish while they build a block, about one every
 * 200 ms. JSON, plain or compressed with brotli (Base's public WebSocket), alone or as the result of an eth_subscribe
 * notification (newFlashblocks). Shape: base/base, crates/alloy/flashblocks/src/payload.rs (FlashblocksPayloadV1), and
 * docs.base.org, Flashblocks WebSocket reference:
 *
 *   {payload_id, index, base (index 0 only): {block_number, timestamp, parent_hash, …}, diff: {…}, metadata: {…}}
 *
 * A flashblock is part `index` of what payload_id names; diff.block_hash changes with every part and names none of them.
 * base.timestamp is the block's, not the flashblock's: it lies up to a block time after the first of them. The only clock of
 * the author is World Chain's metadata.flashblock_timestamp, nanoseconds.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "feed/block.h"
#include "feed/expand.h"

#define JSON_BYTES_MAX (16U << 20) /* ten times the largest that were seen under stress */
#define PAYLOAD_ID_BYTES 8
#define HASH_BYTES 32

/* "0x" and exactly 2 * bytes digits → lower-case hex without 0x. */
static bool read_hex(struct json_object *value, size_t bytes, char *out)
{
	const char *text = json_text(value);
	uint8_t raw[HASH_BYTES];

	if (!text || strncmp(text, "0x", 2) || hex_decode(text, strlen(text), raw, bytes) != (long)bytes)
		return false;
	hex_encode(raw, bytes, out);
	return true;
}

/* A JSON-RPC quantity ("0x1a", up to 16 digits) or a number. */
static bool read_number(struct json_object *value, uint64_t *out)
{
	const char *text = json_text(value);
	int64_t integer;

	if (json_integer(value, &integer) && integer >= 0) {
		*out = (uint64_t)integer;
		return true;
	}
	if (!text || strncmp(text, "0x", 2) || !text[2] || strlen(text) > 18 ||
	    strspn(text + 2, "0123456789abcdefABCDEF") != strlen(text + 2))
		return false;
	*out = strtoull(text + 2, NULL, 16);
	return true;
}

static int read_flashblock(struct json_object *object, struct block_message *message, struct error *err)
{
	struct json_object *base = json_member(object, "base"), *metadata = json_member(object, "metadata");
	struct json_object *number = json_member(base ? base : metadata, "block_number");
	struct json_object *published = json_member(metadata, "flashblock_timestamp");

	block_message_clear(message, BLOCK_KIND_FLASHBLOCK);
	if (!read_hex(json_member(object, "payload_id"), PAYLOAD_ID_BYTES, message->hash))
		return error_set(err, -EBADMSG, "/payload_id: not 0x and 16 hex digits");
	if (!json_integer(json_member(object, "index"), &message->part) || message->part < 0)
		return error_set(err, -EBADMSG, "/index: missing, or no number of a part");
	if (number && !(message->has_number = read_number(number, &message->number)))
		return error_set(err, -EBADMSG, "%s/block_number: neither a number nor 0x and up to 16 hex digits",
				 base ? "/base" : "/metadata");
	if (base && !read_hex(json_member(base, "parent_hash"), HASH_BYTES, message->parent))
		return error_set(err, -EBADMSG, "/base/parent_hash: not 0x and 64 hex digits");
	if (published && (!json_integer(published, &message->published_ns) || message->published_ns < 0))
		return error_set(err, -EBADMSG, "/metadata/flashblock_timestamp: no time in ns");
	return 0;
}

static int decode_json(const uint8_t *data, size_t len, block_emit_fn emit, void *context, struct error *err)
{
	struct json_object *root, *object;
	struct block_message message;
	char text[300];
	int status = json_read(&root, data, len, err);

	if (status)
		return status;
	object = json_at(root, "/params/result");
	if (!object)
		object = root;
	if (json_member(object, "payload_id")) {
		status = read_flashblock(object, &message, err);
	} else if (json_member(root, "error")) {
		json_printable(text, sizeof(text), json_text(json_at(root, "/error/message")));
		status = error_set(err, -EBADMSG, "/error: the server answered with an error: %s", text);
	} else if (!json_member(root, "jsonrpc")) { /* of a subscription's answer nothing is wanted */
		status = error_set(err, -EBADMSG, "/payload_id: missing");
	} else {
		json_object_put(root);
		return 0;
	}
	json_object_put(root);
	if (status)
		return status;
	emit(context, &message);
	return 1;
}

int flashblocks_decode(const uint8_t *data, size_t len, block_emit_fn emit, void *context, struct error *err)
{
	uint8_t *text;
	size_t text_len;
	int status;

	/* Text begins so; a brotli stream that does would claim a window and a block that no encoder makes of JSON. */
	if (len && data[0] == '{')
		return decode_json(data, len, emit, context, err);
	status = expand_brotli(data, len, JSON_BYTES_MAX, &text, &text_len, err);
	if (status)
		return error_prefix(err, -EBADMSG, "neither JSON nor a brotli frame of it");
	status = decode_json(text, text_len, emit, context, err);
	free(text);
	return status < 0 ? error_prefix(err, status, "expanded from brotli") : status;
}
