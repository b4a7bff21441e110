// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/collect.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "session/ledger.h"
#include "session/nic_memory.h"
#include "session/numbering.h"
#include "stream/plaintext.h"
#include "stream/watch.h"

#include "shred.bpf.h"

struct feed_state {
	const struct collect_feed *feed;
	const struct asset_name **by_id; /* the feed's assets in the order of their ids */
	sequence_fn sequence;		 /* of a feed that numbers its messages, with … */
	struct numberings *numberings;	 /* … what the numbers told; else both NULL */
	struct session_flow *flows;	 /* by kind, of a feed that only counts; else NULL */
	int64_t wait_ns;		 /* of the packet that was read last */
	uint64_t counters[COLLECT_COUNTER_MAX];
	struct error last_error;
};

struct collector {
	struct session *session;
	struct feed_state *feeds;
	size_t feed_count;
	struct ledger *ledger; /* NULL: no feed gives the payload of its shreds */
	struct watch *watch;
	struct nic_memory *nic_memory; /* NULL until a card stamps */
	struct reads *reads; /* NULL: no feed traces reads */
	struct plaintext *plaintext;
};

/* What all that one message holds shares, while its decoder emits it. */
struct delivery {
	struct collector *collector;
	struct feed_state *feed;
	uint32_t feed_id;
	int64_t first_mono_ns, wire_mono_ns, stall_ns, app_mono_ns;
	uint32_t bytes;
};

static const char *without_0x(const char *id)
{
	return id[0] == '0' && (id[1] == 'x' || id[1] == 'X') ? id + 2 : id;
}

static int by_id(const void *a, const void *b)
{
	const struct asset_name *const *x = a, *const *y = b;

	return strcasecmp(without_0x((*x)->id), without_0x((*y)->id));
}

static void on_watched_message(void *context, uint32_t feed, const struct stream_message *message)
{
	collector_stream_message(context, feed, message);
}

static int watch_streams(struct collector *collector)
{
	struct watch_feed *watched = calloc(collector->feed_count + 1, sizeof(*watched));
	int status = -ENOMEM;

	for (size_t i = 0; watched && i < collector->feed_count; i++) {
		const struct block_decoder *decoder = collector->feeds[i].feed->block_decoder;

		if (decoder)
			watched[i] = (struct watch_feed){decoder->frame, decoder->message_max};
	}
	if (watched)
		status = watch_new(&collector->watch, watched, collector->feed_count, collector, on_watched_message, NULL);
	free(watched);
	return status;
}

static void on_reader(void *context, const struct reader *reader)
{
	session_put_reader(((struct collector *)context)->session, reader);
}

static void on_packet_read(void *context, const struct packet_read *read)
{
	struct collector *collector = context;

	if (read->app_mono_ns != TIME_UNKNOWN)
		collector->feeds[read->feed].wait_ns = read->app_mono_ns - read->wire_mono_ns;
	session_put_packet_read(collector->session, read);
}

static int trace_reads(struct collector *collector, struct error *err)
{
	const struct reads_callbacks callbacks = {collector, on_reader, on_packet_read};

	int status = plaintext_new(&collector->plaintext, collector->feed_count, collector, on_watched_message, err);

	for (size_t i = 0; !status && !collector->reads && i < collector->feed_count; i++)
		if (collector->feeds[i].feed->reads)
			status = reads_new(&collector->reads, collector->feed_count, &callbacks, err);
	return status;
}

int collector_new(struct collector **out, struct session *session, const struct collect_feed *feeds, size_t feed_count,
		  struct error *err)
{
	struct collector *collector = calloc(1, sizeof(*collector));

	if (!collector)
		goto no_memory;
	collector->session = session;
	collector->feeds = calloc(feed_count ? feed_count : 1, sizeof(*collector->feeds));
	if (!collector->feeds)
		goto no_memory;
	collector->feed_count = feed_count;
	for (size_t i = 0; i < feed_count; i++) {
		struct feed_state *state = &collector->feeds[i];
		size_t count = feeds[i].asset_count;

		state->feed = &feeds[i];
		state->wait_ns = TIME_UNKNOWN;
		state->sequence = sequence_reader(feeds[i].decoder);
		if (state->sequence && !(state->numberings = numberings_new()))
			goto no_memory;
		if (feeds[i].flows && !(state->flows = calloc(FLOW_KINDS_MAX, sizeof(*state->flows))))
			goto no_memory;
		if (!count)
			continue;
		state->by_id = calloc(count, sizeof(*state->by_id));
		if (!state->by_id)
			goto no_memory;
		for (size_t k = 0; k < count; k++)
			state->by_id[k] = &feeds[i].assets[k];
		qsort(state->by_id, count, sizeof(*state->by_id), by_id);
	}
	for (size_t i = 0; i < feed_count; i++) {
		int status = feeds[i].payload && !collector->ledger ?
				     ledger_new(&collector->ledger, session, feeds, feed_count, err) : 0;

		if (status) {
			collector_free(collector);
			return status;
		}
	}
	if (watch_streams(collector) || trace_reads(collector, err))
		goto no_memory;
	*out = collector;
	return 0;
no_memory:
	collector_free(collector);
	return error_set(err, -ENOMEM, "no memory for %zu feeds", feed_count);
}

void collector_free(struct collector *collector)
{
	if (!collector)
		return;
	for (size_t i = 0; i < collector->feed_count; i++) {
		free(collector->feeds[i].by_id);
		numberings_free(collector->feeds[i].numberings);
		free(collector->feeds[i].flows);
	}
	ledger_free(collector->ledger);
	watch_free(collector->watch);
	nic_memory_free(collector->nic_memory);
	reads_free(collector->reads);
	plaintext_free(collector->plaintext);
	free(collector->feeds);
	free(collector);
}

/* NULL: an asset that the feed does not list. */
static const char *asset_of(const struct feed_state *state, const char *id)
{
	struct asset_name wanted;
	const struct asset_name *key = &wanted, **found;

	if (!state->feed->asset_count)
		return id;
	/* A feed of one instrument need not name it in each message. */
	if (!id[0] && state->feed->asset_count == 1)
		return state->by_id[0]->asset;
	memcpy(wanted.id, id, sizeof(wanted.id));
	found = bsearch(&key, state->by_id, state->feed->asset_count, sizeof(*state->by_id), by_id);
	return found ? (*found)->asset : NULL;
}

void collector_nic_stamp(struct collector *collector, const struct pl_nic_stamp *stamp)
{
	if (stamp->head.feed >= collector->feed_count) /* a chain's connection: its stages have no stamp of the card */
		return;
	if (!collector->nic_memory)
		collector->nic_memory = nic_memory_new();
	if (!collector->nic_memory || nic_memory_put(collector->nic_memory, stamp))
		collector->feeds[stamp->head.feed].counters[COLLECT_COUNTER_NIC_FORGOTTEN]++;
}

static void find_nic_stamp(const struct collector *collector, struct session_oracle_message *row)
{
	const struct pl_nic_stamp *stamp = NULL;

	if (collector->nic_memory && row->wire_mono_ns != TIME_UNKNOWN)
		stamp = nic_memory_find(collector->nic_memory, row->feed_id, (uint64_t)row->wire_mono_ns);
	if (!stamp)
		return;
	row->nic_id = stamp->ifindex;
	row->nic_ns = (int64_t)stamp->nic_ns;
}

static void store(void *context, const struct feed_message *message)
{
	const struct delivery *delivery = context;
	const char *asset = asset_of(delivery->feed, message->id);
	struct session_oracle_message row = {
		.feed_id = delivery->feed_id,
		.message = *message,
		.nic_ns = TIME_UNKNOWN,
		.first_mono_ns = delivery->first_mono_ns,
		.wire_mono_ns = delivery->wire_mono_ns,
		.stall_ns = delivery->stall_ns,
		.app_mono_ns = delivery->app_mono_ns,
		.bytes = delivery->bytes,
	};

	if (!asset) {
		delivery->feed->counters[COLLECT_COUNTER_OTHER_ASSETS]++;
		return;
	}
	delivery->feed->counters[COLLECT_COUNTER_UPDATES]++;
	delivery->feed->counters[COLLECT_COUNTER_WITHOUT_WIRE] += row.wire_mono_ns == TIME_UNKNOWN;
	delivery->feed->counters[COLLECT_COUNTER_BAD_SIGNATURES] += message->signature == FEED_SIGNATURE_BAD;
	find_nic_stamp(delivery->collector, &row);
	row.message.details = NULL; /* they end with this call */
	memcpy(row.asset, asset, strlen(asset) + 1);
	session_put_oracle_message(delivery->collector->session, &row);
}

static void store_block(void *context, const struct block_message *message)
{
	const struct delivery *delivery = context;

	delivery->feed->counters[COLLECT_COUNTER_BLOCK_MESSAGES]++;
	delivery->feed->counters[COLLECT_COUNTER_WITHOUT_WIRE] += delivery->wire_mono_ns == TIME_UNKNOWN;
	session_put_block_message(delivery->collector->session, &(struct session_block_message){
		.feed_id = delivery->feed_id,
		.message = *message,
		.first_mono_ns = delivery->first_mono_ns,
		.wire_mono_ns = delivery->wire_mono_ns,
		.stall_ns = delivery->stall_ns,
		.app_mono_ns = delivery->app_mono_ns,
		.bytes = delivery->bytes,
	});
}

static void refuse(struct feed_state *state, enum collect_counter counter, const struct error *why)
{
	state->counters[counter]++;
	state->last_error = *why;
}

static void decode(struct delivery *delivery, const uint8_t *data, size_t len)
{
	const struct collect_feed *feed = delivery->feed->feed;
	struct error err = {""};
	int status;

	if (feed->block_decoder)
		status = feed->block_decoder->decode(data, len, store_block, delivery, &err);
	else
		status = feed->decoder->decode(&feed->decode, data, len, store, delivery, &err);
	/* What was emitted before the refusal is kept: it was decoded. */
	if (status < 0)
		refuse(delivery->feed, status == -ENOKEY ? COLLECT_COUNTER_SEALED : COLLECT_COUNTER_UNDECODABLE, &err);
}

const char *collect_feed_type(const struct collect_feed *feed)
{
	if (feed->block_decoder)
		return feed->block_decoder->name;
	if (feed->flows)
		return FLOW_TYPE;
	if (feed->reads && !feed->plaintext)
		return READS_TYPE;
	return feed->decoder ? feed->decoder->name : "solana-shred";
}

/* A record of a feed that the site does not have, or that decodes nothing, is not for the collector. */
static struct feed_state *decoding_feed(struct collector *collector, uint32_t feed)
{
	const struct collect_feed *what;

	if (feed >= collector->feed_count)
		return NULL;
	what = collector->feeds[feed].feed;
	return what->decoder || what->block_decoder ? &collector->feeds[feed] : NULL;
}

static void count_flow(struct feed_state *state, uint32_t feed, enum flow_kind kind, uint32_t bytes, uint64_t stamp_ns)
{
	struct session_flow *flow = &state->flows[kind];

	flow->feed_id = feed;
	flow->kind = kind;
	if (!flow->packets++)
		flow->first_mono_ns = (int64_t)stamp_ns;
	flow->last_mono_ns = (int64_t)stamp_ns;
	flow->bytes += bytes;
}

void collector_flush(struct collector *collector)
{
	for (size_t i = 0; i < collector->feed_count; i++)
		for (int kind = 0; collector->feeds[i].flows && kind < FLOW_KINDS_MAX; kind++)
			if (collector->feeds[i].flows[kind].packets)
				session_put_flow(collector->session, &collector->feeds[i].flows[kind]);
}

void collector_datagram(struct collector *collector, const struct pl_datagram *datagram, const uint8_t *payload)
{
	struct feed_state *feed = decoding_feed(collector, datagram->head.feed);
	int64_t stamp_ns = (int64_t)datagram->head.stamp_ns;
	struct delivery delivery = {
		.collector = collector,
		.feed = feed,
		.feed_id = datagram->head.feed,
		.first_mono_ns = stamp_ns,
		.wire_mono_ns = stamp_ns,
		.stall_ns = TIME_UNKNOWN, /* nothing waits in order before a datagram */
		.app_mono_ns = TIME_UNKNOWN, /* a passive tap is not the application */
		.bytes = datagram->len,
	};
	struct sequence sequence;
	struct error err;

	if (datagram->head.feed < collector->feed_count && collector->feeds[datagram->head.feed].flows)
		count_flow(&collector->feeds[datagram->head.feed], datagram->head.feed,
			   ethereum_udp_kind(payload, datagram->captured), datagram->len, datagram->head.stamp_ns);
	if (!feed)
		return;
	if (datagram->captured < datagram->wanted) {
		error_set(&err, -EMSGSIZE, "a payload of %u bytes was captured only up to byte %u", datagram->len,
			  datagram->captured);
		refuse(feed, COLLECT_COUNTER_UNDECODABLE, &err);
		return;
	}
	if (feed->sequence && feed->sequence(payload, datagram->captured, &sequence))
		numberings_add(feed->numberings, datagram, &sequence);
	decode(&delivery, payload, datagram->captured);
}

void collector_stream_message(struct collector *collector, uint32_t feed_index, const struct stream_message *message)
{
	struct feed_state *feed = decoding_feed(collector, feed_index);
	struct delivery delivery = {
		.collector = collector,
		.feed = feed,
		.feed_id = feed_index,
		.first_mono_ns = message->first_mono_ns,
		.wire_mono_ns = message->wire_mono_ns,
		.stall_ns = message->stall_ns,
		.app_mono_ns = message->app_mono_ns,
		.bytes = message->len > UINT32_MAX ? UINT32_MAX : (uint32_t)message->len,
	};

	if (feed)
		decode(&delivery, message->data, message->len);
}

void collector_stream(struct collector *collector, const struct pl_stream *segment, const uint8_t *payload)
{
	uint32_t feed = segment->head.feed;

	if (feed < collector->feed_count && collector->feeds[feed].flows)
		count_flow(&collector->feeds[feed], feed, ethereum_tcp_kind(payload, segment->captured), segment->captured,
			   segment->head.stamp_ns);
	watch_segment(collector->watch, segment, payload);
}

void collector_arrival(struct collector *collector, const struct pl_stream *packet)
{
	if (collector->reads)
		reads_arrival(collector->reads, packet);
}

void collector_read(struct collector *collector, const struct pl_read *event)
{
	if (collector->reads)
		reads_event(collector->reads, event);
}

void collector_plaintext(struct collector *collector, const struct pl_plaintext *text, const uint8_t *bytes)
{
	if (text->head.feed < collector->feed_count && collector->feeds[text->head.feed].feed->plaintext)
		plaintext_add(collector->plaintext, text, bytes, reads_wire_ns(collector->reads, text));
}

bool collector_reads_counters(const struct collector *collector, uint32_t feed, uint64_t out[READS_COUNTER_MAX],
			      int64_t *wait_ns)
{
	if (feed >= collector->feed_count || !collector->feeds[feed].feed->reads)
		return false;
	reads_counters(collector->reads, feed, out);
	*wait_ns = collector->feeds[feed].wait_ns;
	return true;
}

bool collector_stream_counters(const struct collector *collector, uint32_t feed, uint64_t out[STREAM_COUNTER_MAX])
{
	if (feed < collector->feed_count && collector->feeds[feed].feed->plaintext) {
		plaintext_counters(collector->plaintext, feed, out);
		return true;
	}
	if (feed >= collector->feed_count || !collector->feeds[feed].feed->block_decoder ||
	    !collector->feeds[feed].feed->block_decoder->frame)
		return false;
	watch_counters(collector->watch, feed, out);
	return true;
}

void collector_set(struct collector *collector, const struct pl_set_key *key, const struct pl_set *set)
{
	uint64_t distinct = (uint64_t)__builtin_popcountll(set->seen);

	session_put_block_arrival(collector->session, &(struct session_block_arrival){
		.feed_id = key->feed,
		.number = key->slot,
		.fec_set = key->fec_set_index,
		.first_mono_ns = (int64_t)set->first_ns,
		.decodable_mono_ns = set->decodable_ns ? (int64_t)set->decodable_ns : TIME_UNKNOWN,
		.last_mono_ns = (int64_t)set->last_ns,
		.packets = distinct + set->duplicates,
		.duplicates = set->duplicates,
		.data = (uint64_t)__builtin_popcountll(set->seen & UINT32_MAX),
		.code = (uint64_t)__builtin_popcountll(set->seen >> 32),
		.last_index = -1,
		.complete = set->decodable_ns != 0,
		.repairs = set->repairs,
		.tick = (uint32_t)set->seen ? (int)set->published_tick : -1,
	});
}

void collector_slot(struct collector *collector, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	if (collector->ledger)
		ledger_close(collector->ledger, key->feed, key->slot);
	session_put_block_arrival(collector->session, &(struct session_block_arrival){
		.feed_id = key->feed,
		.number = key->slot,
		.fec_set = -1,
		.first_mono_ns = (int64_t)slot->first_ns,
		.decodable_mono_ns = TIME_UNKNOWN, /* follows from the rows of its sets */
		.last_mono_ns = (int64_t)slot->last_ns,
		.packets = slot->packets,
		.duplicates = slot->duplicates,
		.data = slot->data,
		.code = slot->code,
		.sets = slot->sets,
		.sets_decodable = slot->sets_decodable,
		.last_index = (int64_t)slot->last_index - 1,
		/* Nothing is missing up to the flagged last shred: each set has 32 data shreds. */
		.complete = slot->last_index && slot->sets_decodable == slot->sets &&
			    (uint64_t)slot->sets * 32 >= slot->last_index,
		.repairs = slot->repairs,
		.tick = slot->data ? (int)slot->published_tick : -1,
	});
}

void collector_shred(struct collector *collector, const struct pl_shred_record *shred)
{
	if (collector->ledger)
		ledger_shred(collector->ledger, shred);
	if (shred->head.feed >= collector->feed_count || !collector->feeds[shred->head.feed].feed->each_packet)
		return;
	session_put_shred_arrival(collector->session, &(struct session_shred_arrival){
		.feed_id = shred->head.feed,
		.number = shred->slot,
		.shred = shred->index,
		.fec_set = shred->fec_set_index,
		.mono_ns = (int64_t)shred->head.stamp_ns,
		.code = shred->code,
		.resigned = shred_is_resigned(shred->variant),
		.repair = shred->repair,
		.tick = shred->code ? -1 : shred->flags & SHRED_TICK_MASK,
		.last = !shred->code && (shred->flags & SHRED_FLAG_LAST_IN_SLOT) == SHRED_FLAG_LAST_IN_SLOT,
	});
}

void collector_egress(struct collector *collector, const struct pl_egress *egress)
{
	session_put_sent(collector->session, &(struct session_sent){
		.mono_ns = (int64_t)egress->head.stamp_ns,
		.bytes = egress->len,
		.seq = egress->seq,
		.local_port = egress->local_port,
		.remote_port = egress->remote_port,
	});
}

static void add_numbering(const struct numberings *numberings, uint64_t out[COLLECT_COUNTER_MAX])
{
	struct numbering_counts counts;

	numberings_counts(numberings, &counts);
	out[COLLECT_COUNTER_SEQUENCE_GAPS] = counts.missing;
	out[COLLECT_COUNTER_SEQUENCE_GAP_EVENTS] = counts.gaps;
	out[COLLECT_COUNTER_SEQUENCE_LATE] = counts.late;
	out[COLLECT_COUNTER_SEQUENCE_REPEATS] = counts.repeats;
	out[COLLECT_COUNTER_SEQUENCE_RESTARTS] = counts.restarts;
	out[COLLECT_COUNTER_SEQUENCE_STREAMS] = counts.streams;
	out[COLLECT_COUNTER_SEQUENCE_UNFOLLOWED] = counts.unfollowed;
	out[COLLECT_COUNTER_SEQUENCE_MESSAGES] = counts.messages;
}

void collector_finish(struct collector *collector)
{
	watch_finish(collector->watch);
	if (collector->reads)
		reads_finish(collector->reads);
	collector_flush(collector);
	if (collector->ledger)
		ledger_close_all(collector->ledger);
}

void collector_counters(const struct collector *collector, uint32_t feed, uint64_t out[COLLECT_COUNTER_MAX])
{
	memset(out, 0, COLLECT_COUNTER_MAX * sizeof(*out));
	if (feed >= collector->feed_count)
		return;
	memcpy(out, collector->feeds[feed].counters, COLLECT_COUNTER_MAX * sizeof(*out));
	if (collector->feeds[feed].numberings)
		add_numbering(collector->feeds[feed].numberings, out);
	if (collector->ledger)
		ledger_counters(collector->ledger, feed, out);
}

const char *collector_last_error(const struct collector *collector, uint32_t feed)
{
	if (feed < collector->feed_count && collector->feeds[feed].last_error.text[0])
		return collector->feeds[feed].last_error.text;
	return collector->ledger ? ledger_last_error(collector->ledger, feed) : "";
}
