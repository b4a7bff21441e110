/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Pieces of site.yaml: texts with a meaning of their own (urls, secrets, ids, addresses), `decode:` and `match:`. */
#ifndef PL_CMD_SITE_PARTS_H
#define PL_CMD_SITE_PARTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conf.h"
#include "base/error.h"
#include "cmd/site.h"
#include "session/collect.h"
#include "tap/match.h"

/*
 * A copy of a scalar with every ${NAME} replaced from the environment; an unset name is an error that names it. The value is
 * never part of a message.
 */
int site_text_expand(struct conf node, char **out, struct error *err);

/* The url begins with one of `schemes` ("ws://", …; NULL-terminated) and goes on after it. */
int site_text_check_scheme(struct conf node, const char *url, const char *const *schemes, struct error *err);

/* "ws", "wss", "http" or "https" of a checked url. */
const char *site_text_transport(const char *url);

/* In place: 0x stripped and lower case where the text is hexadecimal after it; otherwise untouched. */
void site_text_plain_id(char *id);

/* 0x and 40 hex digits → 20 bytes. */
int site_text_address(struct conf node, uint8_t out[20], struct error *err);

/*
 * The map `decode:` of a feed whose role is set → its decoder and its options in `feed`, and what the tap does with a packet;
 * solana-shred has an action and a version, and no decoder.
 */
int site_decode(struct conf map, struct collect_feed *feed, enum pl_rule_action *action, uint16_t *shred_version,
		struct error *err);

/* url, headers, send, ca, max_message, compression of the map of a feed or a chain; `url` is where its address stands. */
int site_connection(struct conf map, struct conf url, struct site_feed *out, const char *const *schemes, struct error *err);
/* The map `auth:` of a feed, which may be absent. */
int site_connection_auth(struct conf map, struct site_feed *out, struct error *err);
/* Wipes what is secret, and frees. */
void site_connection_free(struct site_feed *feed);

/* A preset's decoder and options. -ENOENT where there is none of this name. */
int site_preset(const char *name, const struct decoder **decoder, struct decode_options *out, struct error *err);

/* The map `decode:` of type solana-shred: version, what becomes of each packet, and which transactions to look for. */
int site_shred(struct conf map, struct collect_feed *feed, enum pl_rule_action *action, uint16_t *shred_version,
	       struct error *err);

/*
 * `match:` (one map or a list of them) → one struct match per port or range, in a new array. `keeper`: the key for the
 * address is `remote`, and it is about leaving packets.
 */
int site_matches(struct conf node, bool keeper, struct match **out, size_t *count, struct error *err);

/* A chain of type solana: its `http`, and which keys it may have. -EINVAL names what is another type's. */
int site_solana(struct conf map, struct chain_config *out, struct error *err);

/* An account in base58 → 32 bytes. */
int site_solana_account(struct conf node, uint8_t out[32], struct error *err);

/* The map `plaintext:` of a passive feed of TCP, which may be absent; after `match` and `decode`. */
int site_plaintext(struct conf map, struct site_feed *out, struct collect_feed *collect, struct error *err);

/* One of a chain's `oracles:`. An id that is left out is the one that a feed of the site gives the asset. */
int site_oracle(struct conf map, const struct site *site, struct oracle_config *out, struct error *err);

#endif
