/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The collector: takes stamped packets and messages, decodes them as their feed says, and writes the session's rows.
 * `record` and `replay` both end here, so a capture file takes the same way as the wire.
 */
#ifndef PL_SESSION_COLLECT_H
#define PL_SESSION_COLLECT_H

#include <stddef.h>
#include <stdint.h>

#include "feed/block.h"
#include "feed/decoder.h"
#include "record.h"
#include "session/session.h"
#include "solana/assembler.h"
#include "solana/watch.h"
#include "stream/reads.h"
#include "stream/subscriber.h"

/* Name of an asset and the feed's own id for it (hex without 0x, lower case; or a symbol). */
struct asset_name {
	char asset[FEED_TEXT_MAX];
	char id[FEED_TEXT_MAX];
};

#define READS_TYPE "reads" /* what a feed of that kind says in place of a decoder */

struct collect_feed {
	char name[FEED_TEXT_MAX];
	const char *role;	       /* "oracle" or "block" */
	const char *transport;	       /* "udp", "ws", "wss", "http", "https" */
	const struct decoder *decoder; /* of a feed of prices … */
	const struct block_decoder *block_decoder; /* … or of blocks; neither for solana-shred: aggregated by the tap */
	bool flows; /* … or of packets that are only counted, by kind (FLOW_TYPE) */
	bool reads; /* … or of packets of which only the waiting for their reader is measured (READS_TYPE) */
	bool plaintext; /* with `reads` and a decoder: messages come of what another process's TLS library gives it */
	struct decode_options decode;
	const struct asset_name *assets; /* empty: the id in the message is the asset's name, and every one is kept */
	size_t asset_count;
	/* solana-shred */
	bool each_packet; /* a row for each shred */
	bool payload;	  /* its shreds come with their bytes: blocks are put together and read */
	const struct watch *watches; /* transactions to store; wanted only with payload */
	size_t watch_count;
};

#define COLLECT_COUNTERS(X)                                                                                            \
	X(UPDATES, updates, "price updates decoded", 0)                                                                \
	X(UNDECODABLE, undecodable, "messages that the decoder refused", 1)                                            \
	X(OTHER_ASSETS, other_assets, "updates of assets that the feed does not list", 0)                              \
	X(WITHOUT_WIRE, without_wire, "updates or block messages without a wire stamp", 1)                             \
	X(BLOCK_MESSAGES, block_messages, "messages about blocks decoded", 0)                                          \
	X(SEALED, sealed, "messages that only the peers' keys can open: nothing of them was read", 1)                    \
	X(BAD_SIGNATURES, bad_signatures, "updates whose publisher's signature is wrong", 1)                                 \
	X(NIC_FORGOTTEN, nic_forgotten, "stamps of the network card pushed out by later ones before their message was read", 1) \
	X(SEQUENCE_GAPS, sequence_gaps, "numbered messages (CME: packets) that never came", 1)                         \
	X(SEQUENCE_GAP_EVENTS, sequence_gap_events, "jumps in the numbers of a feed", 0)                               \
	X(SEQUENCE_LATE, sequence_late, "numbered messages that came after a later one", 0)                            \
	X(SEQUENCE_REPEATS, sequence_repeats, "numbered messages that came again", 0)                                  \
	X(SEQUENCE_RESTARTS, sequence_restarts, "numberings that began again", 0)                                      \
	X(SEQUENCE_STREAMS, sequence_streams, "numberings that were followed: source, port and session", 0)            \
	X(SEQUENCE_UNFOLLOWED, sequence_unfollowed, "datagrams of numberings beyond what is followed: gaps unknown", 1) \
	X(SEQUENCE_MESSAGES, sequence_messages, "messages inside numbered datagrams", 0) \
	X(WATCHED, watched, "transactions of a watch, or prices in them, that were stored", 0)                         \
	X(FORGED, forged, "transactions of a watch that were not stored: their signature is wrong", 1)                 \
	LEDGER_COUNTERS(X)

enum collect_counter {
#define X(ID, name, text, is_loss) COLLECT_COUNTER_##ID,
	COLLECT_COUNTERS(X)
#undef X
		COLLECT_COUNTER_MAX
};

struct collector;

/* The feeds' index in the array is their id in the session and in bpf records. The array must outlive the collector. */
int collector_new(struct collector **out, struct session *session, const struct collect_feed *feeds, size_t feed_count,
		  struct error *err);

/* What a session calls the feed's way of decoding: the `type` in site.yaml. */
const char *collect_feed_type(const struct collect_feed *feed);

/* The card's stamp of the packet that comes next (or of a segment of one of pricelag's own connections). */
void collector_nic_stamp(struct collector *collector, const struct pl_nic_stamp *stamp);
void collector_datagram(struct collector *collector, const struct pl_datagram *datagram, const uint8_t *payload);
void collector_stream_message(struct collector *collector, uint32_t feed, const struct stream_message *message);
/* A segment of a watched stream: its messages come out as those of collector_stream_message() do. */
void collector_stream(struct collector *collector, const struct pl_stream *segment, const uint8_t *payload);
/* Of a feed of READS_TYPE: a packet that came, and a read by the process that it was for. */
void collector_arrival(struct collector *collector, const struct pl_stream *packet);
void collector_read(struct collector *collector, const struct pl_read *event);
/* Of a feed of plaintext: its messages come out as those of collector_stream_message() do. */
void collector_plaintext(struct collector *collector, const struct pl_plaintext *text, const uint8_t *bytes);
void collector_set(struct collector *collector, const struct pl_set_key *key, const struct pl_set *set);
void collector_slot(struct collector *collector, const struct pl_slot_key *key, const struct pl_slot *slot);
void collector_shred(struct collector *collector, const struct pl_shred_record *shred); /* `captured` bytes follow it */
void collector_egress(struct collector *collector, const struct pl_egress *egress);

/* Stores what has only been counted so far: call it every second. */
void collector_flush(struct collector *collector);
/* Nothing more comes: blocks that are still open are closed, and watched streams end. Before the last counters are asked for. */
void collector_finish(struct collector *collector);

void collector_counters(const struct collector *collector, uint32_t feed, uint64_t out[COLLECT_COUNTER_MAX]);
/* False where the feed watches no streams. */
bool collector_stream_counters(const struct collector *collector, uint32_t feed, uint64_t out[STREAM_COUNTER_MAX]);
/* False where the feed traces no reads. *wait_ns: how long the latest packet waited for its reader; TIME_UNKNOWN: none was read yet. */
bool collector_reads_counters(const struct collector *collector, uint32_t feed, uint64_t out[READS_COUNTER_MAX],
			      int64_t *wait_ns);
/* The text of the last decoding error of a feed, "" if there was none: shown once at the end of a run. */
const char *collector_last_error(const struct collector *collector, uint32_t feed);
void collector_free(struct collector *collector);

#endif
