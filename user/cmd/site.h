/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* site.yaml, read and checked: what each lower module needs, in its own types. */
#ifndef PL_CMD_SITE_H
#define PL_CMD_SITE_H

#include <sys/types.h>

#include "base/error.h"
#include "chain/chain.h"
#include "session/collect.h"
#include "stream/subscriber.h"
#include "tap/match.h"
#include "tap/tap.h"

struct site_interface {
	char name[64];
	enum tap_hook hook;
	bool nic_stamps; /* ask the card for its own receive times */
};

/* How bytes arrive. */
struct site_feed {
	/* passive: match_count > 0; active: url */
	struct match *matches;
	size_t match_count;
	char *url;
	struct stream_header *headers;
	size_t header_count;
	char **send;
	size_t send_count;
	char *ca_file;
	size_t max_message_bytes; /* 0 = the subscriber's default */
	bool deflate;
	char *auth_id, *auth_secret; /* NULL: none */
	enum pl_rule_action action; /* passive: what becomes of a packet in the tap */
	uint16_t shred_version;
	char *plaintext_library; /* NULL: none; else whose calls are watched, … */
	pid_t plaintext_process; /* … in this process; 0: in every one */
};

/* What the tap does with a packet of a passive feed's match: TCP is a stream that is watched, unless only its reads are wanted. */
static inline enum pl_rule_action site_action(const struct site_feed *feed, const struct match *match)
{
	return match->space == PL_PORT_TCP && feed->action != PL_ACTION_ARRIVAL ? PL_ACTION_STREAM : feed->action;
}

enum keeper_trigger { KEEPER_AFTER_WIRE, KEEPER_AFTER_SEEN };

struct site {
	char name[FEED_TEXT_MAX];
	struct site_interface *interfaces;
	size_t interface_count;
	struct collect_feed *collect; /* feed i: how to decode … */
	struct site_feed *feeds;      /* … and how to receive */
	size_t feed_count;
	struct chain_config *chains;		/* chain i: what to look for … */
	struct site_feed *chain_connections;	/* … and how to reach the node (url, headers, ca_file) */
	size_t chain_count;
	struct match *keeper; /* NULL: none; else keeper_match_count rules for leaving packets */
	size_t keeper_match_count;
	enum keeper_trigger keeper_after;
	char keeper_assets[512]; /* comma separated; "" = every asset */
};

/*
 * Reads and checks a file. Each mistake names file:line, the path (feeds[2].decode.type) and the allowed values. ${NAME} in
 * headers, send and urls is replaced from the environment; an unset one is an error that names it.
 */
int site_load(struct site *out, const char *path, struct error *err);
void site_free(struct site *site);

/* TAP_READS_*: the reads of which sockets some feed wants. */
unsigned int site_reads(const struct site *site);

/* Feeds with `plaintext`: whether there are any, and their uprobes, each with a warning on stderr (site_plaintext.c). */
bool site_reads_plaintext(const struct site *site);
int site_attach_plaintext(const struct site *site, struct tap *tap, struct error *err);

/* "wire" or "seen". */
const char *keeper_trigger_name(enum keeper_trigger trigger);

#endif
