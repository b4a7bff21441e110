// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Block decoder `bitcoin-p2p`: messages of Bitcoin's peer-to-peer protocol, version 1 (plaintext). Layouts:
 * en.bitcoin.it/wiki/Protocol_documentation; compact blocks: bitcoin/bips, bip-0152. Little-endian but for hashes, which
 * are shown with their bytes reversed.
 *
 *   message     0 magic 4 · 4 command 12, padded with NUL · 16 length u32 · 20 checksum, sha256d(payload)[0..4] · 24 payload
 *               (version and verack had no checksum before 20 February 2012)
 *   inv, getdata  varint n · n × (type u32 · hash 32)
 *   headers     varint n · n × (header 80 · varint 0)
 *   cmpctblock, block   header 80 · …
 *   header      0 version · 4 parent 32 · 36 merkle root 32 · 68 time u32, s · 72 bits · 76 nonce; its sha256d is the hash
 *
 * Version 2 (bip-0324) is encrypted and looks random from its first byte on: in it no message begins.
 */
#include <errno.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/hex.h"
#include "bytes.bpf.h"
#include "feed/block.h"

#define HEAD 24
#define HEAD_WITHOUT_CHECKSUM 20
#define HASH 32
#define BLOCK_HEADER 80
#define VERSION_MAX 1024 /* bytes of a version message: user agents have up to 256 */
#define INV_MAX 50000	 /* entries; both limits are Bitcoin Core's */
#define HEADERS_MAX 2000

/* The low bits of an inventory type that names a block: MSG_BLOCK, MSG_FILTERED_BLOCK, MSG_CMPCT_BLOCK; 2^30 asks for witnesses. */
#define INV_WITNESS 0x40000000u
#define INV_BLOCK_FIRST 2
#define INV_BLOCK_LAST 4

/* Main, testnet3, testnet4, the default signet, regtest: chainparams.cpp of Bitcoin Core. */
static const uint8_t magics[][4] = {
	{0xf9, 0xbe, 0xb4, 0xd9}, {0x0b, 0x11, 0x09, 0x07}, {0x1c, 0x16, 0x3f, 0x28}, {0x0a, 0x03, 0xcf, 0x40}, {0xfa, 0xbf, 0xb5, 0xda},
};

static void sha256d(const uint8_t *data, size_t len, uint8_t out[HASH])
{
	uint8_t once[HASH];

	SHA256(data, len, once);
	SHA256(once, sizeof(once), out);
}

static bool checksum_fits(const uint8_t *data, uint32_t payload)
{
	uint8_t hash[HASH];

	sha256d(data + HEAD, payload, hash);
	return !memcmp(hash, data + 20, 4);
}

/* Whether the bytes may be the beginning of a message: its magic, and printable ASCII, then NULs only. */
static bool may_begin(const uint8_t *data, size_t len)
{
	bool known = false, ended = false;

	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		known |= !memcmp(data, magics[i], len < 4 ? len : 4);
	if (!known)
		return false;
	for (size_t i = 4; i < 16 && i < len; i++) {
		if (!data[i] && i > 4)
			ended = true;
		else if (ended || data[i] <= ' ' || data[i] > '~')
			return false;
	}
	return true;
}

static bool is_command(const uint8_t *data, const char *name)
{
	return !strncmp((const char *)data + 4, name, 12);
}

/* version and verack with or without the checksum; 0: more bytes are needed to tell. */
static long greeting_size(const uint8_t *data, size_t len, uint32_t payload)
{
	if (payload > VERSION_MAX)
		return FRAME_NONE;
	if (len < HEAD + payload)
		return 0;
	return (long)payload + (checksum_fits(data, payload) ? HEAD : HEAD_WITHOUT_CHECKSUM);
}

long bitcoin_frame(const uint8_t *data, size_t len)
{
	uint32_t payload;

	if (!may_begin(data, len))
		return FRAME_NONE;
	if (len < HEAD_WITHOUT_CHECKSUM)
		return 0;
	payload = load_le32(data + 16);
	if (payload > BITCOIN_MESSAGE_MAX - HEAD)
		return FRAME_NONE;
	if (is_command(data, "version") || is_command(data, "verack"))
		return greeting_size(data, len, payload);
	return (long)payload + HEAD;
}

/* ---- payloads ----------------------------------------------------------------------------------------------------- */

struct payload {
	const uint8_t *data;
	size_t len, at;
	block_emit_fn emit;
	void *context;
};

/* Bitcoin's variable integer; false where it is cut short. */
static bool read_count(struct payload *p, uint64_t *out)
{
	static const uint8_t widths[] = {2, 4, 8}; /* after 0xfd, 0xfe, 0xff */
	size_t left = p->len - p->at, width;
	uint8_t first;

	if (!left)
		return false;
	first = p->data[p->at];
	width = first < 0xfd ? 0 : widths[first - 0xfd];
	if (left < 1 + width)
		return false;
	*out = first;
	if (width)
		*out = 0;
	for (size_t i = width; i; i--)
		*out = *out << 8 | p->data[p->at + i];
	p->at += 1 + width;
	return true;
}

static void hash_text(const uint8_t hash[HASH], char out[BLOCK_HASH_MAX])
{
	uint8_t reversed[HASH];

	for (size_t i = 0; i < HASH; i++)
		reversed[i] = hash[HASH - 1 - i];
	hex_encode(reversed, HASH, out);
}

static void emit_header(const struct payload *p, const uint8_t *header, enum block_kind kind)
{
	struct block_message message;
	uint8_t hash[HASH];

	block_message_clear(&message, kind);
	sha256d(header, BLOCK_HEADER, hash);
	hash_text(hash, message.hash);
	hash_text(header + 4, message.parent);
	message.published_ns = (int64_t)load_le32(header + 68) * 1000000000;
	p->emit(p->context, &message);
}

/* Blocks of an inventory; transactions are passed over. */
static int read_inventory(struct payload *p, enum block_kind kind, struct error *err)
{
	struct block_message message;
	uint64_t count;
	int emitted = 0;

	if (!read_count(p, &count) || count > INV_MAX || p->len - p->at != count * (4 + HASH))
		return error_set(err, -EBADMSG, "offset %d: no list of up to %d entries of 36 bytes", HEAD, INV_MAX);
	for (; count; count--, p->at += 4 + HASH) {
		uint32_t type = load_le32(p->data + p->at) & ~INV_WITNESS;

		if (type < INV_BLOCK_FIRST || type > INV_BLOCK_LAST)
			continue;
		block_message_clear(&message, kind);
		hash_text(p->data + p->at + 4, message.hash);
		p->emit(p->context, &message);
		emitted++;
	}
	return emitted;
}

static int read_headers(struct payload *p, enum block_kind kind, struct error *err)
{
	uint64_t count, transactions;
	int emitted = 0;

	if (!read_count(p, &count) || count > HEADERS_MAX)
		return error_set(err, -EBADMSG, "offset %d: no list of up to %d headers", HEAD, HEADERS_MAX);
	for (; count; count--, emitted++) {
		const uint8_t *header = p->data + p->at;

		if (p->len - p->at < BLOCK_HEADER)
			return error_set(err, -EBADMSG, "offset %zu: %zu bytes; a header has %d", HEAD + p->at, p->len - p->at,
					 BLOCK_HEADER);
		p->at += BLOCK_HEADER;
		if (!read_count(p, &transactions))
			return error_set(err, -EBADMSG, "offset %zu: the list ends within a header", HEAD + p->at);
		emit_header(p, header, kind);
	}
	return emitted;
}

static int read_block(struct payload *p, enum block_kind kind, struct error *err)
{
	if (p->len <= BLOCK_HEADER)
		return error_set(err, -EBADMSG, "offset %d: %zu bytes; the header alone has %d", HEAD, p->len, BLOCK_HEADER);
	emit_header(p, p->data, kind);
	return 1;
}

static const struct {
	const char *command;
	int (*read)(struct payload *p, enum block_kind kind, struct error *err);
	enum block_kind kind;
} commands[] = {
	{"inv", read_inventory, BLOCK_KIND_INV},	 {"getdata", read_inventory, BLOCK_KIND_GETDATA},
	{"headers", read_headers, BLOCK_KIND_HEADERS},	 {"cmpctblock", read_block, BLOCK_KIND_CMPCTBLOCK},
	{"block", read_block, BLOCK_KIND_BLOCK},
};

int bitcoin_decode(const uint8_t *data, size_t len, block_emit_fn emit, void *context, struct error *err)
{
	struct payload payload = {.emit = emit, .context = context};

	if (len < HEAD_WITHOUT_CHECKSUM || !may_begin(data, len))
		return error_set(err, -EBADMSG, "offset 0: no message of version 1 begins here (version 2 is encrypted)");
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!is_command(data, commands[i].command))
			continue;
		if (len < HEAD || load_le32(data + 16) != len - HEAD)
			return error_set(err, -EBADMSG, "offset 16: %zu bytes; the header tells of %llu", len,
					 (unsigned long long)load_le32(data + 16) + HEAD);
		payload.data = data + HEAD;
		payload.len = len - HEAD;
		if (!checksum_fits(data, (uint32_t)payload.len))
			return error_set(err, -EBADMSG, "offset 20: the checksum is not that of the payload");
		return commands[i].read(&payload, commands[i].kind, err);
	}
	return 0;
}
