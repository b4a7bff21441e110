/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pieces of `pricelag decode`: its command line's options as a decoder takes them, and its table and document. */
#ifndef PL_CMD_DECODE_PARTS_H
#define PL_CMD_DECODE_PARTS_H

#include <json-c/json_object.h>

#include "feed/block.h"
#include "feed/decoder.h"

/* Id, its name in `decode:` of site.yaml, its name on the command line, what follows it there, help. */
#define DECODE_OPTIONS(X)                                                                                              \
	X(EACH, "each", "each", "POINTER", "json: the list of updates, or the one update")                             \
	X(ASSET, "asset", "asset", "PLACE", NULL)                                                                      \
	X(PRICE, "price", "price", "PLACE", NULL)                                                                      \
	X(KEY, "key", "key", "PLACE", "What tells one update of an asset from the next: sequence, round, publish time") \
	X(PUBLISHED, "published", "published", "PLACE", NULL)                                                          \
	X(UNIT, "published", "unit", "UNIT", "Of published: s (default), ms, us, ns")                                  \
	X(EXPONENT, "exponent", "exponent", "N", "Where the message does not say it: the price is the integer times 10^N") \
	X(SIGNER, "signer", "signer", "HEX,…", "Who is expected to sign: addresses or public keys")                    \
	X(GUARDIANS, "guardians", "guardians", "HEX,…", "Addresses of those who are to sign, in their order")       \
	X(QUORUM, "quorum", "quorum", "N", "How many of them must; default: more than two thirds")                    \
	X(SHRED_VERSION, "shred_version", "shred-version", "N", "Refuse shreds of other clusters")

enum decode_option {
#define X(ID, name, flag, value, help) DECODE_OPTION_##ID,
	DECODE_OPTIONS(X)
#undef X
		DECODE_OPTION_MAX
};

/* texts: as on the command line, NULL where not given. EXIT_OK, or EXIT_USAGE with a message on stderr. */
int decode_read_options(const char *const texts[DECODE_OPTION_MAX], const struct decoder *decoder,
			struct decode_options *out);

struct decode_printer {
	const char *type;
	struct json_object *messages; /* NULL: a table on stdout, at once */
	unsigned count, verified, bad;
};

void decode_printer_begin(struct decode_printer *printer, const char *type, bool json);
/* A decode_emit_fn and a block_emit_fn; `printer` is their context. */
void decode_printer_message(void *printer, const struct feed_message *message);
void decode_printer_block(void *printer, const struct block_message *message);
/* Prints the document, or the table's last lines, and the error where the decoder's return value `ret` is one. The exit status. */
int decode_printer_end(struct decode_printer *printer, int ret, const struct error *err);

#endif
