/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decoders: pure functions from bytes to price updates. No I/O, no globals, no state between calls, so that each can be
 * fuzzed and golden-tested alone. Whatever the bytes are, a decoder returns; it never reads outside them.
 */
#ifndef PL_FEED_DECODER_H
#define PL_FEED_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "feed/message.h"

enum time_unit { TIME_UNIT_S, TIME_UNIT_MS, TIME_UNIT_US, TIME_UNIT_NS };

/* A number at a fixed place: `u32le@0`, `i64be@12`. */
struct field_spec {
	bool set;
	bool is_signed;
	bool big_endian;
	uint8_t width; /* 1, 2, 4 or 8 bytes */
	uint32_t offset;
};

/* "u32le@0" → out; -EINVAL otherwise. */
int field_spec_parse(const char *text, struct field_spec *out);

#define SIGNERS_MAX 32 /* a network of oracles has up to 31 */
#define GUARDIANS_MAX 32 /* Wormhole has 19, Pyth's routers are 5 */

/* What `decode:` in site.yaml may say. Which members a decoder reads is up to it; site.c refuses those that it does not. */
struct decode_options {
	/* json: RFC 6901 pointers, relative to each element of `each` (empty string = not given) */
	char each[FEED_TEXT_MAX];      /* pointer to an array, or to one object; "" = the document itself */
	char asset[FEED_TEXT_MAX];
	char price[FEED_TEXT_MAX];
	char key[FEED_TEXT_MAX];
	char published[FEED_TEXT_MAX];
	enum time_unit published_unit;
	/* fields */
	struct field_spec field_asset, field_price, field_key, field_published;
	int exponent; /* price = field * 10^exponent */
	bool has_exponent;
	/* pyth-lazer, redstone, stork: any of whom is expected to sign; chainlink-streams: of whom more than a third are (none: anyone) */
	struct expected_signer {
		uint8_t len; /* 20 an address, 32 an Ed25519 key, 33 a compressed secp256k1 key */
		uint8_t bytes[33];
	} signers[SIGNERS_MAX];
	uint8_t signer_count;
	bool explain; /* recover who has signed also where nobody is expected: a third of a millisecond, for whoever debugs a feed */
	/* pyth-pnau, pyth-hermes: the addresses of the guardians by index (none: signatures stay unchecked), and how many must sign */
	uint8_t guardians[GUARDIANS_MAX][20];
	uint8_t guardian_count, quorum;
	/* solana-shred */
	uint16_t shred_version; /* 0 = any */
};

/* "0x…" or bare hex of 20, 32 or 33 bytes → the next of signers. -EINVAL otherwise, -ERANGE for one too many. */
int decode_signer_parse(const char *text, struct decode_options *out);
#define DECODE_SIGNER_HELP                                                                                             \
	"a signer is hex: an address (20 bytes), an Ed25519 key (32) or a compressed secp256k1 key (33); up to 32 of them"

/* "0x…" or bare hex of 20 bytes → the next of guardians. -EINVAL otherwise, -ERANGE for one too many. */
int decode_guardian_parse(const char *text, struct decode_options *out);
#define DECODE_GUARDIAN_HELP "a guardian is an address, 20 bytes in hex; there may be up to 32"

/* Where none was given: more than two thirds, as Wormhole has it. */
void decode_default_quorum(struct decode_options *options);

typedef void (*decode_emit_fn)(void *context, const struct feed_message *message);

/* Decodes one message (a datagram's payload, a WebSocket message, an event's data) and emits each update in it, in order.
 * Returns how many were emitted (0 is fine: a heartbeat, an acknowledgement), or -EBADMSG with `err` naming offset and reason.
 * In a list, a bad element does not hide the others: they are emitted, and the first fault is returned. */
typedef int (*decode_fn)(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
			 void *context, struct error *err);

struct decoder {
	const char *name; /* `type:` in site.yaml and of `pricelag decode` */
	const char *help;
	const char *const *options; /* names in `decode:` that it accepts besides type; NULL-terminated */
	decode_fn decode;
};

/* user/feed/NAME.c each */
int json_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		struct error *err);
int hermes_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
		  void *context, struct error *err);
int fields_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
		  void *context, struct error *err);
uint32_t fields_reach(const struct decode_options *options);
int pnau_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		struct error *err);
int lazer_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		 struct error *err);
int chainlink_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		     struct error *err);
int redstone_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		    struct error *err);
int stork_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		 struct error *err);
int binance_sbe_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
		       void *context, struct error *err);
int shred_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		 struct error *err);

/* user/feed/mdp3.c and moldudp64.c: feeds of numbered packets (see sequence.h) */
int mdp3_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		struct error *err);
int moldudp64_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit,
		     void *context, struct error *err);

/* All decoders of feeds, ended by one without a name. */
extern const struct decoder decoders[];
const struct decoder *decoder_find(const char *name);
/* Bytes from the beginning of a message beyond which the decoder never looks; 0: it may read all. */
uint32_t decoder_reach(const struct decoder *decoder, const struct decode_options *options);
bool decoder_accepts(const struct decoder *decoder, const char *option);

/* Formats of block propagation, ended likewise: their packets are aggregated in the kernel, and a decoder here shows what
 * one of them holds. Such a message has no price: its id is the block and its key the packet's place in it. */
extern const struct decoder packet_decoders[];
const struct decoder *packet_decoder_find(const char *name);

#endif
