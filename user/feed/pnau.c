// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `pyth-pnau`: Pyth's accumulator update, the bytes that Hermes hands out and that updatePriceFeeds takes on
 * chain. All integers are big endian:
 *
 *   "PNAU", major u8 (1), minor u8, trailing header {u8 length, bytes}, type u8 (0: Wormhole Merkle),
 *   VAA {u16 length, bytes}, u8 number of updates, each {message {u16 length, bytes}, proof {u8 number, 20 bytes each}}
 *   VAA: version u8, guardian set u32, signatures {u8 number, 66 bytes each}, timestamp u32 s, nonce u32, emitter chain u16,
 *   emitter 32 bytes, sequence u64, consistency u8, payload "AUWV", type u8 (0), slot u64, ring size u32, Merkle root 20 bytes
 *
 * Layouts: pyth-network/pyth-crosschain, pythnet/pythnet_sdk/src/wire.rs and messages.rs; the tree: accumulators/merkle.rs
 * (Keccak-256 cut to 20 bytes; a leaf is 0x00 and the message, a node 0x01 and its children in order of size).
 *
 * The key is publish_time, as PriceFeedUpdate carries it. The Merkle proof is checked against the root that the guardians
 * have signed; their signatures (secp256k1 over the Keccak-256 of the Keccak-256 of the VAA from its timestamp on, by
 * ascending index) only where the options name the guardians: their set of the day stands on another chain.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/keccak.h"
#include "base/wide.h"
#include "feed/build.h"
#include "feed/cursor.h"
#include "feed/decoder.h"
#include "feed/digest.h"
#include "feed/pnau.h"
#include "feed/raw.h"
#include "feed/signature.h"

#define NODE 20
#define EMITTER 32
#define GUARDIAN_SIGNATURE (1 + SIGNATURE_LEN + 1) /* index, r, s, recovery */

enum { PRICE_FEED = PNAU_MESSAGE_PRICE, TWAP = 1 };

struct vaa {
	uint32_t guardian_set, timestamp_s;
	unsigned signatures, chain;
	uint64_t sequence, slot;
	const uint8_t *signed_by, *body, *emitter, *root;
	size_t body_len;
};

static bool expect(struct cursor *c, const char *magic, const char *field)
{
	const uint8_t *bytes = cursor_bytes(c, 4, field);

	if (bytes && memcmp(bytes, magic, 4)) {
		c->failed = true;
		error_set(c->err, -EBADMSG, "%s: not '%s' at offset %zu", field, magic, c->at - 4);
	}
	return !c->failed;
}

static bool expect_number(struct cursor *c, unsigned wanted, const char *field)
{
	uint64_t value = cursor_be(c, 1, field);

	if (!c->failed && value != wanted) {
		c->failed = true;
		error_set(c->err, -EBADMSG, "%s: %llu where %u is the only one known, at offset %zu", field,
			  (unsigned long long)value, wanted, c->at - 1);
	}
	return !c->failed;
}

static int read_vaa(const uint8_t *data, size_t len, struct vaa *out, struct error *err)
{
	struct cursor c = cursor_over(data, len, err);

	*out = (struct vaa){0};
	expect_number(&c, 1, "version");
	out->guardian_set = (uint32_t)cursor_be(&c, 4, "guardian set");
	out->signatures = (unsigned)cursor_be(&c, 1, "number of signatures");
	out->signed_by = cursor_bytes(&c, GUARDIAN_SIGNATURE * (size_t)out->signatures, "signatures");
	out->body = data + c.at;
	out->body_len = len - c.at;
	out->timestamp_s = (uint32_t)cursor_be(&c, 4, "timestamp");
	cursor_bytes(&c, 4, "nonce");
	out->chain = (unsigned)cursor_be(&c, 2, "emitter chain");
	out->emitter = cursor_bytes(&c, EMITTER, "emitter");
	out->sequence = cursor_be(&c, 8, "sequence");
	cursor_bytes(&c, 1, "consistency");
	expect(&c, "AUWV", "payload");
	expect_number(&c, 0, "payload type");
	out->slot = cursor_be(&c, 8, "slot");
	cursor_bytes(&c, 4, "ring size");
	out->root = cursor_bytes(&c, NODE, "root");
	return cursor_end(&c) ? error_prefix(err, -EBADMSG, "VAA") : 0;
}

/* As Wormhole's contracts do: every signature has to be of the guardian that it names, each higher than the last. */
static enum feed_signature check_guardians(const struct vaa *vaa, const struct decode_options *options)
{
	uint8_t digest[KECCAK256_LEN];
	struct signer signer;
	int last = -1;

	if (!options->guardian_count)
		return FEED_SIGNATURE_UNCHECKED;
	keccak256(vaa->body, vaa->body_len, digest);
	keccak256(digest, sizeof(digest), digest);
	for (unsigned i = 0; i < vaa->signatures; i++) {
		const uint8_t *one = vaa->signed_by + i * GUARDIAN_SIGNATURE;

		if (one[0] <= last || one[0] >= options->guardian_count ||
		    !secp256k1_recover(digest, one + 1, one[1 + SIGNATURE_LEN], &signer) ||
		    memcmp(signer.address, options->guardians[one[0]], SIGNER_ADDRESS))
			return FEED_SIGNATURE_BAD;
		last = one[0];
	}
	return vaa->signatures >= options->quorum ? FEED_SIGNATURE_VERIFIED : FEED_SIGNATURE_BAD;
}

/* 1, 0, or -ENOMEM. Digests are cut to NODE bytes. */
static int proof_holds(const uint8_t *message, size_t len, const uint8_t *proof, unsigned nodes, const uint8_t *root)
{
	uint8_t pair[1 + 2 * NODE] = {1}, current[KECCAK256_LEN], *leaf = malloc(1 + len);

	if (!leaf)
		return -ENOMEM;
	leaf[0] = 0;
	memcpy(leaf + 1, message, len);
	keccak256(leaf, 1 + len, current);
	free(leaf);
	for (unsigned i = 0; i < nodes; i++, proof += NODE) {
		bool first = memcmp(current, proof, NODE) <= 0;

		memcpy(pair + 1, first ? current : proof, NODE);
		memcpy(pair + 1 + NODE, first ? proof : current, NODE);
		keccak256(pair, sizeof(pair), current);
	}
	return !memcmp(current, root, NODE);
}

/* What the updates of one message share, while they are read. */
struct pnau {
	const struct decode_options *options;
	struct vaa vaa;
	enum feed_signature signature;
	uint8_t signed_hash[KECCAK256_LEN]; /* of the VAA's body */
	decode_emit_fn emit;
	void *context;
	int updates;
};

static int set_times(struct feed_message *message, int64_t publish_time, struct error *err)
{
	snprintf(message->key, sizeof(message->key), "%lld", (long long)publish_time);
	return message_set_time(message, publish_time, 0)
		       ? error_set(err, -EBADMSG, "publish time: %s is no time in seconds", message->key)
		       : 0;
}

/* Longer messages are read as far as they are known: the format lets later versions append fields. */
int pnau_read_price(struct cursor *c, struct feed_message *message, struct feed_details *details)
{
	const uint8_t *id = cursor_bytes(c, 32, "feed id");
	int64_t price = cursor_be_signed(c, 8, "price"), publish_time, previous;
	uint64_t confidence = cursor_be(c, 8, "confidence");
	int exponent = (int)cursor_be_signed(c, 4, "exponent");
	char digits[24];

	publish_time = cursor_be_signed(c, 8, "publish time");
	previous = cursor_be_signed(c, 8, "previous publish time");
	details_uint(details, "confidence", confidence);
	details_int(details, "prev_publish_time_s", previous);
	details_int(details, "ema_price", cursor_be_signed(c, 8, "EMA price"));
	details_uint(details, "ema_confidence", cursor_be(c, 8, "EMA confidence"));
	if (c->failed)
		return -EBADMSG;
	message_set_hex_id(message, id, 32);
	snprintf(digits, sizeof(digits), "%lld", (long long)price);
	if (message_set_mantissa(message, digits, true, exponent))
		return error_set(c->err, -EBADMSG, "price: %se%d is beyond a double", digits, exponent);
	return set_times(message, publish_time, c->err);
}

/* The integral of a price over slots: no price yet, that takes two of them. */
static int read_twap(struct cursor *c, struct feed_message *message, struct feed_details *details)
{
	const uint8_t *id = cursor_bytes(c, 32, "feed id"), *price, *confidence;
	char digits[WIDE_TEXT];
	int64_t publish_time;

	price = cursor_bytes(c, 16, "cumulative price");
	confidence = cursor_bytes(c, 16, "cumulative confidence");
	details_uint(details, "down_slots", cursor_be(c, 8, "down slots"));
	details_int(details, "cumulative_exponent", cursor_be_signed(c, 4, "exponent"));
	publish_time = cursor_be_signed(c, 8, "publish time");
	details_int(details, "prev_publish_time_s", cursor_be_signed(c, 8, "previous publish time"));
	details_uint(details, "publish_slot", cursor_be(c, 8, "publish slot"));
	if (c->failed)
		return -EBADMSG;
	message_set_hex_id(message, id, 32);
	wide_text(price, 16, true, digits);
	details_text(details, "cumulative_price", digits);
	wide_text(confidence, 16, false, digits);
	details_text(details, "cumulative_confidence", digits);
	return set_times(message, publish_time, c->err);
}

static int read_message(struct pnau *pnau, const uint8_t *data, size_t len, const uint8_t *proof, unsigned nodes,
			struct error *err)
{
	struct cursor c = cursor_over(data, len, err);
	struct feed_details details = {.count = 0};
	struct feed_message message;
	unsigned type = (unsigned)cursor_be(&c, 1, "type");
	bool proven;
	int ret;

	if (c.failed)
		return -EBADMSG;
	if (type != PRICE_FEED && type != TWAP) /* publishers' stake caps and the like: no update of a price */
		return 0;
	message_clear(&message);
	message.details = &details;
	message.signature = pnau->signature;
	ret = proof_holds(data, len, proof, nodes, pnau->vaa.root);
	if (ret < 0)
		return error_set(err, ret, "no memory for a message of %zu bytes", len);
	proven = ret;
	details_text(&details, "merkle", proven ? "verified" : "bad");
	if (!proven && message.signature == FEED_SIGNATURE_VERIFIED) /* they have signed the root: this is not under it */
		message.signature = FEED_SIGNATURE_BAD;
	details_text(&details, "kind", type == TWAP ? "twap" : "price_feed");
	details_uint(&details, "sequence", pnau->vaa.sequence);
	details_uint(&details, "slot", pnau->vaa.slot);
	details_uint(&details, "vaa_timestamp_s", pnau->vaa.timestamp_s);
	details_uint(&details, "guardian_set", pnau->vaa.guardian_set);
	details_uint(&details, "guardian_signatures", pnau->vaa.signatures);
	details_uint(&details, "emitter_chain", pnau->vaa.chain);
	details_hex(&details, "emitter", pnau->vaa.emitter, EMITTER);
	ret = type == TWAP ? read_twap(&c, &message, &details) : pnau_read_price(&c, &message, &details);
	if (ret)
		return ret;
	if (proven)
		message_set_digest_of(&message, pnau->signed_hash);
	pnau->emit(pnau->context, &message);
	pnau->updates++;
	return 0;
}

static int read_updates(struct pnau *pnau, struct cursor *c)
{
	unsigned count = (unsigned)cursor_be(c, 1, "number of updates");
	int first_fault = 0;

	for (unsigned i = 0; i < count && !c->failed; i++) {
		size_t len = (size_t)cursor_be(c, 2, "message length");
		const uint8_t *data = cursor_bytes(c, len, "message");
		unsigned nodes = (unsigned)cursor_be(c, 1, "number of proof nodes");
		const uint8_t *proof = cursor_bytes(c, NODE * (size_t)nodes, "proof");
		struct error later, *err = first_fault ? &later : c->err;
		int ret = c->failed ? -EBADMSG : read_message(pnau, data, len, proof, nodes, err);

		if (ret && !first_fault)
			first_fault = error_prefix(err, ret, "update %u", i);
	}
	return first_fault ? first_fault : cursor_end(c);
}

static int read_pnau(struct pnau *pnau, struct cursor *c)
{
	const uint8_t *vaa;
	size_t len;

	expect(c, "PNAU", "magic");
	expect_number(c, 1, "major version");
	cursor_bytes(c, 1, "minor version");
	cursor_bytes(c, (size_t)cursor_be(c, 1, "length of the trailing header"), "trailing header");
	expect_number(c, 0, "update type");
	len = (size_t)cursor_be(c, 2, "VAA length");
	vaa = cursor_bytes(c, len, "VAA");
	if (c->failed || read_vaa(vaa, len, &pnau->vaa, c->err))
		return -EBADMSG;
	keccak256(pnau->vaa.body, pnau->vaa.body_len, pnau->signed_hash);
	pnau->signature = check_guardians(&pnau->vaa, pnau->options);
	return read_updates(pnau, c);
}

int pnau_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		struct error *err)
{
	struct pnau pnau = {.options = options, .emit = emit, .context = context};
	struct cursor cursor;
	struct raw raw;
	int ret;

	ret = raw_message(data, len, &raw, err);
	if (ret)
		return ret;
	cursor = cursor_over(raw.data, raw.len, err);
	ret = read_pnau(&pnau, &cursor);
	raw_free(&raw);
	return ret ? ret : pnau.updates;
}
