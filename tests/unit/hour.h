/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A busy site, second by second, by a law instead of a network: what reaches the recorder's callbacks at 2,000 messages/s,
 * and a count of everything that was sent, so that what comes out can be held to it. Include after cmocka.h.
 *
 *     udp-a, udp-b   800/s each: the same prices of four assets, key = round; b has them 130 µs after a
 *     venue          200/s of two of the assets as JSON in a TCP stream that the kernel stamps; keys that no chain has
 *     itch           200/s, numbered (MoldUDP64)
 *     node-a, node-b blocks every 2 s with an update of each asset, the same ones on both, now and then a reorg
 *     keeper         five packets a second
 *
 * with disorder, copies, losses in the ring and on the way, messages cut short, of other assets and that are none.
 */
#ifndef PL_TESTS_UNIT_HOUR_H
#define PL_TESTS_UNIT_HOUR_H

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chain_node.h"
#include "cmd/recorder_view.h"
#include "cmd/site.h"
#include "session/collect.h"
#include "session/loss.h"
#include "stream/pending.h"

#define HOUR_SECOND_NS INT64_C(1000000000)
#define HOUR_TICK_NS INT64_C(500000) /* 2,000 messages a second */
#define HOUR_TICKS 2000
#define HOUR_START_NS INT64_C(1000000000000) /* CLOCK_MONOTONIC */
#define HOUR_UTC_NS INT64_C(1763899200000000000) /* UTC when it showed 0 */
#define HOUR_BLOCK_S 2
#define HOUR_ASSETS 4
#define HOUR_ISN 77u

static const char hour_site[] =
	"site: hour\n"
	"interface: lo\n"
	"feeds:\n"
	"  - name: udp-a\n"
	"    role: oracle\n"
	"    match: {udp: 9001}\n"
	"    decode: {type: fields, asset: u8@0, key: u32le@4, price: i64le@8, exponent: -8, published: {at: u64le@16, unit: ns}}\n"
	"    assets: {ETH/USD: \"0\", BTC/USD: \"1\", SOL/USD: \"2\", ARB/USD: \"3\"}\n"
	"  - name: udp-b\n"
	"    role: oracle\n"
	"    match: {udp: 9002}\n"
	"    decode: {type: fields, asset: u8@0, key: u32le@4, price: i64le@8, exponent: -8, published: {at: u64le@16, unit: ns}}\n"
	"    assets: {ETH/USD: \"0\", BTC/USD: \"1\", SOL/USD: \"2\", ARB/USD: \"3\"}\n"
	"  - name: venue\n"
	"    role: oracle\n"
	"    connect: ws://127.0.0.1:9/\n"
	"    decode: {type: json, asset: /s, price: /p, key: /t, published: {at: /E, unit: ms}}\n"
	"    assets: {ETH/USD: ETHUSD, BTC/USD: BTCUSD}\n"
	"  - name: itch\n"
	"    role: oracle\n"
	"    match: {udp: 9003}\n"
	"    decode: {type: moldudp64}\n"
	"chains:\n"
	"  - name: node-a\n"
	"    network: chain\n"
	"    rpc: ws://127.0.0.1:9/\n"
	"    oracles:\n"
	"      - {asset: ETH/USD, type: chainlink, address: \"0x0000000000000000000000000000000000000aa0\"}\n"
	"      - {asset: BTC/USD, type: chainlink, address: \"0x0000000000000000000000000000000000000aa1\"}\n"
	"      - {asset: SOL/USD, type: chainlink, address: \"0x0000000000000000000000000000000000000aa2\"}\n"
	"      - {asset: ARB/USD, type: chainlink, address: \"0x0000000000000000000000000000000000000aa3\"}\n"
	"  - name: node-b\n"
	"    network: chain\n"
	"    rpc: ws://127.0.0.1:9/\n"
	"    oracles:\n"
	"      - {asset: ETH/USD, type: chainlink, address: \"0x0000000000000000000000000000000000000aa0\"}\n"
	"      - {asset: BTC/USD, type: chainlink, address: \"0x0000000000000000000000000000000000000aa1\"}\n"
	"      - {asset: SOL/USD, type: chainlink, address: \"0x0000000000000000000000000000000000000aa2\"}\n"
	"      - {asset: ARB/USD, type: chainlink, address: \"0x0000000000000000000000000000000000000aa3\"}\n"
	"keeper: {match: {tcp: 8545, remote: 10.0.0.2}, assets: [ETH/USD]}\n";

enum { HOUR_UDP_A, HOUR_UDP_B, HOUR_VENUE, HOUR_ITCH, HOUR_FEEDS, HOUR_NODE_A = HOUR_FEEDS, HOUR_NODE_B, HOUR_CONNECTIONS };

/* What was sent, by what should become of it. */
struct hour_truth {
	uint64_t sent[HOUR_FEEDS];	   /* messages, each one of the following */
	uint64_t ring_full[HOUR_FEEDS];	   /* lost on the way up, as the kernel side counts */
	uint64_t undecodable[HOUR_FEEDS];
	uint64_t other_assets[HOUR_FEEDS];
	uint64_t lost_before[HOUR_FEEDS];  /* never came: only numbers tell */
	uint64_t copies[HOUR_FEEDS];	   /* came a second time, over and above `sent` */
	uint64_t unmapped, reordered;
	uint64_t blocks, logs, duplicate_logs, removed; /* of node-a; node-b tells blocks and logs once each */
	uint64_t packets;		   /* of the keeper */
};

struct hour {
	struct site site;
	struct session *session;
	struct collector *collector;
	struct chain *nodes[2];
	struct hour_node {
		struct hour *hour;
		const char *name;
	} node_contexts[2];
	struct pending pending; /* of the venue's connection */
	uint64_t stream_offset;
	struct recorder_view *view;
	struct recorder_counts counts[HOUR_CONNECTIONS];
	uint64_t none[PL_COUNTER_MAX];
	uint64_t rounds, trades, number, held_number; /* next of each; held_number: one that comes late, 0 none */
	struct hour_truth truth;
};

/* ---- the law ---- */

static inline uint64_t hour_mix(uint64_t x)
{
	x = (x ^ x >> 31) * 0x9e3779b97f4a7c15;
	return x ^ x >> 29;
}

/* 1e-8 USD of an asset in a round; a round is 5 ms long. */
static inline int64_t hour_price(uint64_t asset, uint64_t round)
{
	return (int64_t)(300000000000 / (1 + asset * asset) + 1000000 * (hour_mix(round * HOUR_ASSETS + asset) % 20011));
}

/* Whoever puts rows into the queue in compressed time waits for the writer, which on the wire has the rest of the second. */
static inline void hour_wait(struct hour *hour)
{
	const struct timespec pause = {.tv_nsec = 200000};
	struct error err = {""};

	while (session_room(hour->session) < 2048) {
		if (session_status(hour->session, &err))
			fail_msg("%s", err.text);
		nanosleep(&pause, NULL);
	}
}

static inline void hour_datagram(struct hour *hour, uint32_t feed, int64_t stamp_ns, const uint8_t *payload, uint32_t len,
				 uint32_t captured)
{
	struct pl_datagram datagram = {.head = {PL_RECORD_DATAGRAM, feed, (uint64_t)stamp_ns}, .source_port = 9000,
				       .dest_port = (uint16_t)(9001 + feed), .len = len, .captured = captured};

	hour->counts[feed].tap[PL_COUNTER_PACKETS]++;
	collector_datagram(hour->collector, &datagram, payload);
}

/* ---- feeds ---- */

/* Price number n of udp-a or udp-b. Every 25th pair changes places; some are lost, cut short or of no asset. */
static inline void hour_udp(struct hour *hour, uint32_t feed, uint64_t n, int64_t stamp_ns)
{
	uint64_t what = hour_mix(n * 2 + feed) % 10000, round;
	uint8_t payload[24] = {0};
	uint32_t key;
	int64_t price;

	n ^= n / 2 % 25 == 0;
	round = n / HOUR_ASSETS;
	key = (uint32_t)round + 1;
	price = hour_price(n % HOUR_ASSETS, round);
	payload[0] = (uint8_t)(what < 20 ? 9 : n % HOUR_ASSETS);
	memcpy(payload + 4, &key, 4);
	memcpy(payload + 8, &price, 8);
	memcpy(payload + 16, &(uint64_t){(uint64_t)(stamp_ns - 700000 + HOUR_UTC_NS)}, 8);
	hour->truth.sent[feed]++;
	if (what < 20) {
		hour->truth.other_assets[feed]++;
	} else if (what < 40) {
		hour->truth.undecodable[feed]++;
		hour_datagram(hour, feed, stamp_ns, payload, what < 30 ? 24 : 20, 20); /* cut by the ring, cut by its sender */
		return;
	} else if (what < 50) {
		hour->truth.ring_full[feed]++;
		hour->counts[feed].tap[PL_COUNTER_PACKETS]++;
		hour->counts[feed].tap[PL_COUNTER_RING_FULL]++;
		return;
	}
	hour_datagram(hour, feed, stamp_ns, payload, sizeof(payload), sizeof(payload));
}

static inline void hour_on_message(void *context, const struct stream_message *message)
{
	struct hour *hour = context;

	if (message->wire_mono_ns != TIME_UNKNOWN)
		recorder_view_wire_to_app(hour->view, HOUR_VENUE, message->app_mono_ns - message->wire_mono_ns);
	collector_stream_message(hour->collector, HOUR_VENUE, message);
}

static inline void hour_segment(struct hour *hour, uint64_t offset, uint64_t len, int64_t stamp_ns)
{
	segments_add(&hour->pending.segments, (uint32_t)(HOUR_ISN + 1 + offset), (uint32_t)len, PL_TCP_ACK, stamp_ns);
}

/* A trade: one message, one segment or two, whose order may be wrong and whose record may be lost. */
static inline void hour_venue(struct hour *hour, int64_t stamp_ns)
{
	uint64_t t = hour->trades++, what = hour_mix(t ^ 0x5555) % 10000, first = hour->stream_offset;
	int64_t price = hour_price(t % 2, hour->rounds / HOUR_ASSETS);
	char text[256];
	int len = snprintf(text, sizeof(text), "{\"e\":\"trade\",\"E\":%" PRId64 ",\"s\":\"%s\",\"t\":%" PRIu64 ",\"p\":\"%" PRId64
			   ".%08" PRId64 "\",\"q\":\"0.01\"%s", (stamp_ns + HOUR_UTC_NS) / 1000000 - 3,
			   what < 20 ? "DOGEUSD" : t % 2 ? "BTCUSD" : "ETHUSD", 900000000000 + t, price / 100000000, price % 100000000,
			   what >= 20 && what < 40 ? "" : "}");

	hour->truth.sent[HOUR_VENUE]++;
	hour->truth.other_assets[HOUR_VENUE] += what < 20;
	hour->truth.undecodable[HOUR_VENUE] += what >= 20 && what < 40;
	hour->stream_offset += (uint64_t)len;
	if (what >= 40 && what < 60) { /* the second half comes first, the whole is late by 90 µs */
		hour->truth.reordered++;
		hour_segment(hour, first + 40, (uint64_t)len - 40, stamp_ns);
		hour_segment(hour, first, 40, stamp_ns + 90000);
	} else if (what >= 60 && what < 70) { /* its record found the ring full */
		hour->truth.unmapped++;
		hour->counts[HOUR_VENUE].tap[PL_COUNTER_RING_FULL]++;
	} else {
		hour_segment(hour, first, (uint64_t)len, stamp_ns);
	}
	assert_int_equal(pending_add(&hour->pending, (const uint8_t *)text, (size_t)len, first, hour->stream_offset,
				     stamp_ns + 150000), 0);
	pending_settle(&hour->pending, stamp_ns + 200000);
}

static inline void hour_mold(struct hour *hour, uint64_t number, int64_t stamp_ns)
{
	uint8_t packet[24] = "HOUR000001";

	for (int i = 0; i < 8; i++)
		packet[10 + i] = (uint8_t)(number >> 8 * (7 - i));
	packet[19] = 1;
	packet[21] = 2;
	hour_datagram(hour, HOUR_ITCH, stamp_ns, packet, sizeof(packet), sizeof(packet));
}

static inline void hour_itch(struct hour *hour, int64_t stamp_ns)
{
	uint64_t number = ++hour->number;

	hour->truth.sent[HOUR_ITCH]++;
	if (number % 101 == 0) {
		hour->truth.lost_before[HOUR_ITCH]++;
	} else if (number % 57 == 0 && !hour->held_number) {
		hour->held_number = number;
		return;
	} else {
		hour_mold(hour, number, stamp_ns);
		if (number % 89 == 0) {
			hour->truth.copies[HOUR_ITCH]++;
			hour_mold(hour, number, stamp_ns + 1000);
		}
	}
	if (hour->held_number && number > hour->held_number + 3) {
		hour_mold(hour, hour->held_number, stamp_ns + 2000);
		hour->held_number = 0;
	}
}

/* ---- chain ---- */

static inline void hour_on_update(void *context, const struct chain_update *update)
{
	struct hour_node *node = context;

	session_put_chain_update(node->hour->session, node->name, update);
}

static inline void hour_on_block(void *context, const struct chain_block *block)
{
	struct hour_node *node = context;

	recorder_view_head(node->hour->view, (size_t)(HOUR_FEEDS + (node - node->hour->node_contexts)), block->number);
	session_put_chain_block(node->hour->session, node->name, block);
}

static inline void hour_say(struct hour *hour, int node, const char *subscription, const char *result, int64_t stamp_ns)
{
	const struct chain_stamps stamps = {stamp_ns, stamp_ns + 20000, stamp_ns + 90000};
	char text[5000];
	int len = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"method\":\"eth_subscription\",\"params\":{\"subscription\":\"%s\","
			   "\"result\":%s}}", subscription, result);

	chain_message(hour->nodes[node], (const uint8_t *)text, (size_t)len, &stamps);
}

static inline void hour_head(struct hour *hour, int node, unsigned number, char branch, int64_t stamp_ns)
{
	char hash[67], parent[67], text[512];

	snprintf(text, sizeof(text), "{\"number\":\"0x%x\",\"hash\":\"%s\",\"parentHash\":\"%s\",\"timestamp\":\"0x%" PRIx64 "\"}", number,
		 node_hash(hash, number, branch), node_hash(parent, number - 1, 'a'),
		 (uint64_t)((HOUR_UTC_NS + stamp_ns) / HOUR_SECOND_NS));
	hour_say(hour, node, "0x1", text, stamp_ns);
}

static inline void hour_logs(struct hour *hour, int node, unsigned number, char branch, bool removed, int64_t stamp_ns)
{
	for (uint64_t asset = 0; asset < HOUR_ASSETS; asset++) {
		uint64_t round = hour->rounds / HOUR_ASSETS - 40 * (1 + asset); /* 200 ms of relaying and more */
		char topics[400], address[43], updated_at[65], text[2048];
		struct node_log log = {.address = address, .topics = topics, .data = updated_at, .block = number, .tx = number,
				       .index = (unsigned)asset, .branch = branch, .removed = removed};

		snprintf(updated_at, sizeof(updated_at), "%064" PRIx64, (uint64_t)((HOUR_UTC_NS + stamp_ns) / HOUR_SECOND_NS));
		snprintf(address, sizeof(address), "0x%040x", 0xaa0 + (unsigned)asset);
		snprintf(topics, sizeof(topics), "\"" ANSWER_UPDATED "\",\"0x%064" PRIx64 "\",\"0x%064" PRIx64 "\"",
			 (uint64_t)hour_price(asset, round), round + 1);
		node_log_text(text, sizeof(text), &log);
		hour_say(hour, node, "0x2", text, stamp_ns + 100000 * (int64_t)asset);
	}
}

/* Every 40th block has a rival first, with the same updates, that is taken back; every 20th is told twice. */
static inline void hour_block(struct hour *hour, unsigned number, int64_t stamp_ns)
{
	hour->truth.blocks++;
	hour->truth.logs += HOUR_ASSETS;
	if (number % 40 == 0) {
		hour->truth.blocks++;
		hour->truth.logs += HOUR_ASSETS;
		hour->truth.removed += HOUR_ASSETS;
		hour_head(hour, 0, number, 'b', stamp_ns);
		hour_logs(hour, 0, number, 'b', false, stamp_ns + 1000000);
		hour_logs(hour, 0, number, 'b', true, stamp_ns + 2000000);
	}
	hour_head(hour, 0, number, 'a', stamp_ns + 3000000);
	hour_logs(hour, 0, number, 'a', false, stamp_ns + 4000000);
	if (number % 20 == 0) {
		hour->truth.duplicate_logs += HOUR_ASSETS;
		hour_logs(hour, 0, number, 'a', false, stamp_ns + 5000000);
	}
	hour_head(hour, 1, number, 'a', stamp_ns + 3200000);
	hour_logs(hour, 1, number, 'a', false, stamp_ns + 4100000);
}

/* ---- a second, as the recorder's loop has it ---- */

static inline void hour_counters(struct hour *hour)
{
	for (uint32_t i = 0; i < HOUR_FEEDS; i++) {
		collector_counters(hour->collector, i, hour->counts[i].collect);
		loss_put_tap(hour->session, hour->site.collect[i].name, hour->counts[i].tap);
		loss_put_collect(hour->session, hour->site.collect[i].name, hour->counts[i].collect);
	}
	hour->counts[HOUR_VENUE].stream[STREAM_COUNTER_MESSAGES] = hour->pending.delivered;
	hour->counts[HOUR_VENUE].stream[STREAM_COUNTER_UNMAPPED] = hour->pending.unmapped;
	hour->counts[HOUR_VENUE].stream[STREAM_COUNTER_REORDERED] = hour->pending.segments.reordered;
	loss_put_stream(hour->session, "venue", hour->counts[HOUR_VENUE].stream);
	for (int i = 0; i < 2; i++) {
		chain_counters(hour->nodes[i], hour->counts[HOUR_FEEDS + i].chain);
		loss_put_chain(hour->session, hour->site.chains[i].name, hour->counts[HOUR_FEEDS + i].chain);
	}
}

static inline void hour_clock(struct hour *hour, int64_t mono_ns)
{
	session_put_clock(hour->session, &(struct clock_reading){mono_ns, mono_ns + HOUR_UTC_NS, 25, true, 1000000,
								  CLOCK_SOURCE_CHRONY});
}

static inline void hour_second(struct hour *hour, uint64_t second)
{
	int64_t start_ns = HOUR_START_NS + (int64_t)second * HOUR_SECOND_NS;

	hour_wait(hour);
	if (second % HOUR_BLOCK_S == HOUR_BLOCK_S - 1)
		hour_block(hour, (unsigned)(20000000 + second / HOUR_BLOCK_S), start_ns);
	for (int64_t tick = 0; tick < HOUR_TICKS; tick++) {
		int64_t now_ns = start_ns + tick * HOUR_TICK_NS;

		if (tick % 256 == 0)
			hour_wait(hour);
		if (tick % 10 == 8)
			hour_venue(hour, now_ns);
		else if (tick % 10 == 9)
			hour_itch(hour, now_ns);
		else if (tick % 2 == 0)
			hour_udp(hour, HOUR_UDP_A, hour->rounds, now_ns);
		else
			hour_udp(hour, HOUR_UDP_B, hour->rounds++, now_ns - HOUR_TICK_NS + 130000);
		if (tick % 400 == 399) {
			struct pl_egress egress = {.head = {PL_RECORD_EGRESS, 0, (uint64_t)now_ns + 300000},
						   .seq = (uint32_t)(++hour->truth.packets * 200), .len = 200, .local_port = 40000,
						   .remote_port = 8545};

			collector_egress(hour->collector, &egress);
		}
	}
	hour_wait(hour);
	hour_clock(hour, start_ns + HOUR_SECOND_NS);
	collector_flush(hour->collector);
	hour_counters(hour);
	recorder_view_paint(hour->view, hour->counts, hour->none, start_ns + HOUR_SECOND_NS);
}

/* ---- life ---- */

static inline void hour_begin(struct hour *hour, const char *folder, const char *path)
{
	struct error err = {""};
	char name[128];
	FILE *file;

	memset(hour, 0, sizeof(*hour));
	snprintf(name, sizeof(name), "%s/site.yaml", folder);
	file = fopen(name, "w");
	assert_non_null(file);
	fputs(hour_site, file);
	fclose(file);
	if (site_load(&hour->site, name, &err) || session_create(&hour->session, path, &err) ||
	    collector_new(&hour->collector, hour->session, hour->site.collect, hour->site.feed_count, &err))
		fail_msg("%s", err.text);
	assert_non_null(hour->view = recorder_view_new(&hour->site, path, 0));
	for (uint32_t i = 0; i < HOUR_FEEDS; i++) {
		const struct collect_feed *feed = &hour->site.collect[i];

		session_put_feed(hour->session, &(struct session_feed){i, feed->name, feed->role, collect_feed_type(feed), feed->transport});
	}
	for (int i = 0; i < 2; i++) {
		struct chain_callbacks callbacks = {.context = &hour->node_contexts[i], .on_update = hour_on_update,
						    .on_block = hour_on_block};

		hour->node_contexts[i] = (struct hour_node){hour, hour->site.chains[i].name};
		session_put_chain(hour->session, &(struct session_chain){(uint32_t)i, hour->site.chains[i].name, hour->site.chains[i].network});
		if (chain_new(&hour->nodes[i], &hour->site.chains[i], &callbacks, &err))
			fail_msg("%s", err.text);
	}
	pending_init(&hour->pending, hour, hour_on_message);
	segments_add(&hour->pending.segments, HOUR_ISN, 0, PL_TCP_SYN, 1);
	session_put_meta(hour->session, "keeper_after", "wire");
	session_put_meta(hour->session, "keeper_assets", hour->site.keeper_assets);
	hour_clock(hour, HOUR_START_NS);
	hour->rounds = 1000; /* there were some before */
}

static inline void hour_end(struct hour *hour, uint64_t seconds)
{
	struct error err = {""};
	char text[32];

	hour_wait(hour);
	if (hour->held_number)
		hour_mold(hour, hour->held_number, HOUR_START_NS + (int64_t)seconds * HOUR_SECOND_NS);
	hour->truth.sent[HOUR_ITCH]++; /* a gap shows by what comes after it */
	hour_mold(hour, ++hour->number, HOUR_START_NS + (int64_t)seconds * HOUR_SECOND_NS);
	collector_finish(hour->collector);
	hour_counters(hour);
	snprintf(text, sizeof(text), "%" PRId64, HOUR_START_NS + (int64_t)seconds * HOUR_SECOND_NS);
	session_put_meta(hour->session, "end_mono_ns", text);
	collector_free(hour->collector);
	for (int i = 0; i < 2; i++)
		chain_free(hour->nodes[i]);
	pending_free(&hour->pending);
	recorder_view_free(hour->view);
	if (session_close(hour->session, &err))
		fail_msg("%s", err.text);
	site_free(&hour->site);
}

#endif
