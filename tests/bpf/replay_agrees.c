// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The same packets through the kernel programs (BPF_PROG_TEST_RUN) and through replay: the states of all sets, the
 * slots, the datagrams and the counters must be the same. Only the stamps differ.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "frames.h"
#include "shred_files.h"
#include "tap/capture.h"
#include "tap/internal.h"
#include "tap/link.h"

#define ROWS_MAX 4096
#define SHREDS 0
#define DATAGRAMS 1
#define EACH 2 /* shreds as well, with a record of each */
#define STREAMS 3
#define FEEDS 4

struct datagram {
	uint8_t source[16];
	uint16_t source_port, dest_port;
	uint32_t len, wanted, captured, sum;
};

struct segment {
	struct pl_stream head; /* without the stamp */
	uint32_t sum;
};

/* What one side made of the packets. */
struct side {
	struct pl_set_key set_keys[ROWS_MAX];
	struct pl_set sets[ROWS_MAX];
	size_t set_count;
	struct pl_slot_key slot_keys[ROWS_MAX];
	struct pl_slot slots[ROWS_MAX];
	size_t slot_count;
	struct datagram datagrams[ROWS_MAX];
	size_t datagram_count;
	struct pl_shred_record shreds[ROWS_MAX];
	uint32_t shred_sums[ROWS_MAX]; /* of their bytes */
	size_t shred_count;
	struct pl_set_record decodable[ROWS_MAX];
	size_t decodable_count;
	struct segment segments[ROWS_MAX];
	size_t segment_count;
	uint64_t counters[FEEDS + 1][PL_COUNTER_MAX]; /* and PL_FEED_NONE */
};

static bool payload_wanted;
static uint16_t version; /* of the shreds that are taken */

static uint32_t sum_of(const uint8_t *bytes, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	const struct pl_datagram *from = (const void *)record;
	const uint8_t *payload = (const uint8_t *)(from + 1);
	struct side *side = context;
	struct datagram *to;

	if (record->type == PL_RECORD_SHRED) {
		const struct pl_shred_record *shred = (const void *)record;

		assert_true(len >= sizeof(*shred) + shred->captured && side->shred_count < ROWS_MAX);
		assert_int_equal(shred->captured, payload_wanted ? shred->len : 0);
		side->shred_sums[side->shred_count] = sum_of((const uint8_t *)(shred + 1), shred->captured);
		side->shreds[side->shred_count++] = *shred;
		return;
	}
	if (record->type == PL_RECORD_SET) {
		assert_int_equal(len, sizeof(struct pl_set_record));
		assert_true(side->decodable_count < ROWS_MAX);
		side->decodable[side->decodable_count++] = *(const struct pl_set_record *)record;
		return;
	}
	if (record->type == PL_RECORD_STREAM) {
		struct segment *segment = &side->segments[side->segment_count++];

		assert_true(side->segment_count <= ROWS_MAX);
		segment->head = *(const struct pl_stream *)record;
		segment->head.head.stamp_ns = 0;
		segment->sum = sum_of((const uint8_t *)record + sizeof(segment->head), segment->head.captured);
		return;
	}
	assert_int_equal(record->type, PL_RECORD_DATAGRAM);
	assert_true(side->datagram_count < ROWS_MAX);
	to = &side->datagrams[side->datagram_count++];
	memcpy(to->source, from->source, sizeof(to->source));
	to->source_port = from->source_port;
	to->dest_port = from->dest_port;
	to->len = from->len;
	to->wanted = from->wanted;
	to->captured = from->captured;
	to->sum = sum_of(payload, from->captured);
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	struct side *side = context;

	assert_true(side->set_count < ROWS_MAX);
	side->set_keys[side->set_count] = *key;
	side->sets[side->set_count++] = *set;
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	struct side *side = context;

	assert_true(side->slot_count < ROWS_MAX);
	side->slot_keys[side->slot_count] = *key;
	side->slots[side->slot_count++] = *slot;
}

static bool on_segment(void *context, const struct capture_segment *segment)
{
	(void)context;
	(void)segment;
	return false;
}

static struct tap *tap;
static struct capture *capture;
static struct side kernel, replay;

static int open_version(uint16_t wanted)
{
	struct capture_options options = {.idle_ns = 5000000000};
	struct capture_handlers handlers = {&replay, on_record, on_set, on_slot, on_segment};
	struct match shreds = {.space = PL_PORT_UDP, .port_low = 40000, .port_high = 65535};
	struct match each = shreds; /* of the same ports, what goes to 127.0.0.0/8 */
	struct match datagrams = {.space = PL_PORT_UDP, .port_low = 1, .port_high = 39999};
	struct match beginnings = {.space = PL_PORT_UDP, .port_low = 1, .port_high = 19999, .capture = 60};
	enum pl_rule_action of_each = payload_wanted ? PL_ACTION_SHRED_PAYLOAD : PL_ACTION_SHRED_EACH;
	struct match streams = {.space = PL_PORT_TCP, .port_low = 8333, .port_high = 8333};
	struct error err = {""};

	version = wanted;
	memset(&kernel, 0, sizeof(kernel));
	memset(&replay, 0, sizeof(replay));
	if (tap_open(&tap, &(struct tap_options){0}, &err)) {
		printf("skip: %s\n", err.text);
		return 0;
	}
	assert_int_equal(capture_new(&capture, &options, &handlers, NULL), 0);
	assert_int_equal(match_address_parse("127.0.0.0/8", &each.dest), 0);
	if (tap_add_match(tap, &each, EACH, of_each, version, &err) ||
	    tap_add_match(tap, &shreds, SHREDS, PL_ACTION_SHRED, version, &err) ||
	    tap_add_match(tap, &beginnings, DATAGRAMS, PL_ACTION_DATAGRAM, 0, &err) ||
	    tap_add_match(tap, &datagrams, DATAGRAMS, PL_ACTION_DATAGRAM, 0, &err) ||
	    tap_add_match(tap, &streams, STREAMS, PL_ACTION_STREAM, 0, &err))
		fail_msg("%s", err.text);
	assert_int_equal(capture_add_match(capture, &each, EACH, of_each, version, NULL), 0);
	assert_int_equal(capture_add_match(capture, &shreds, SHREDS, PL_ACTION_SHRED, version, NULL), 0);
	assert_int_equal(capture_add_match(capture, &beginnings, DATAGRAMS, PL_ACTION_DATAGRAM, 0, NULL), 0);
	assert_int_equal(capture_add_match(capture, &datagrams, DATAGRAMS, PL_ACTION_DATAGRAM, 0, NULL), 0);
	assert_int_equal(capture_add_match(capture, &streams, STREAMS, PL_ACTION_STREAM, 0, NULL), 0);
	return 0;
}

static int open_both(void **state)
{
	(void)state;
	return open_version(6051); /* of the generated shreds */
}

static int open_with_payload(void **state)
{
	payload_wanted = true;
	return open_both(state);
}

static int open_any_version(void **state)
{
	(void)state;
	payload_wanted = true;
	return open_version(0);
}

static int close_both(void **state)
{
	(void)state;
	if (tap) {
		tap_close(tap);
		capture_free(capture);
	}
	tap = NULL;
	payload_wanted = false;
	return 0;
}

static void give(const uint8_t *frame, uint32_t len, uint64_t stamp_ns)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame, .data_size_in = len, .repeat = 1);
	int status = bpf_prog_test_run_opts(bpf_program__fd(tap->kernel->progs.pl_xdp), &run);

	if (status)
		fail_msg("BPF_PROG_TEST_RUN of %u bytes: %s", len, strerror(-status));
	capture_packet(capture, LINKTYPE_ETHERNET, frame, len, len, stamp_ns);
}

static void finish(void)
{
	static const uint32_t feeds[] = {SHREDS, DATAGRAMS, EACH, STREAMS, PL_FEED_NONE};

	assert_true(tap_drain(tap, on_record, &kernel) >= 0);
	assert_true(tap_retire_slots(tap, 0, 0, SIZE_MAX, on_set, on_slot, &kernel) >= 0);
	capture_finish(capture);
	for (size_t i = 0; i <= FEEDS; i++) {
		assert_int_equal(tap_counters(tap, feeds[i], kernel.counters[i]), 0);
		capture_counters(capture, feeds[i], replay.counters[i]);
	}
}

static void same_sets(void)
{
	assert_int_equal(kernel.set_count, replay.set_count);
	for (size_t i = 0; i < kernel.set_count; i++) {
		struct pl_set *a = &kernel.sets[i], *b = &replay.sets[i];

		assert_memory_equal(&kernel.set_keys[i], &replay.set_keys[i], sizeof(struct pl_set_key));
		assert_int_equal(!a->decodable_ns, !b->decodable_ns);
		assert_true(a->first_ns && a->first_ns <= a->last_ns);
		a->first_ns = b->first_ns;
		a->decodable_ns = b->decodable_ns;
		a->last_ns = b->last_ns;
		assert_memory_equal(a, b, sizeof(*a));
	}
	assert_int_equal(kernel.slot_count, replay.slot_count);
	for (size_t i = 0; i < kernel.slot_count; i++) {
		assert_memory_equal(&kernel.slot_keys[i], &replay.slot_keys[i], sizeof(struct pl_slot_key));
		kernel.slots[i].first_ns = replay.slots[i].first_ns;
		kernel.slots[i].last_ns = replay.slots[i].last_ns;
		assert_memory_equal(&kernel.slots[i], &replay.slots[i], sizeof(struct pl_slot));
	}
}

static void same_records(void)
{
	assert_int_equal(kernel.shred_count, replay.shred_count);
	for (size_t i = 0; i < kernel.shred_count; i++) {
		assert_true(kernel.shreds[i].head.stamp_ns >= kernel.shreds[i ? i - 1 : 0].head.stamp_ns);
		kernel.shreds[i].head.stamp_ns = replay.shreds[i].head.stamp_ns;
		assert_memory_equal(&kernel.shreds[i], &replay.shreds[i], sizeof(struct pl_shred_record));
		assert_int_equal(kernel.shred_sums[i], replay.shred_sums[i]);
	}
	assert_int_equal(kernel.decodable_count, replay.decodable_count);
	for (size_t i = 0; i < kernel.decodable_count; i++) {
		kernel.decodable[i].head.stamp_ns = replay.decodable[i].head.stamp_ns;
		kernel.decodable[i].first_ns = replay.decodable[i].first_ns;
		assert_memory_equal(&kernel.decodable[i], &replay.decodable[i], sizeof(struct pl_set_record));
	}
}

static void same(void)
{
	finish();
	same_sets();
	same_records();
	assert_int_equal(kernel.datagram_count, replay.datagram_count);
	assert_memory_equal(kernel.datagrams, replay.datagrams, kernel.datagram_count * sizeof(struct datagram));
	assert_int_equal(kernel.segment_count, replay.segment_count);
	assert_memory_equal(kernel.segments, replay.segments, kernel.segment_count * sizeof(struct segment));
	for (size_t feed = 0; feed <= FEEDS; feed++)
		for (size_t i = 0; i < PL_COUNTER_MAX; i++)
			assert_int_equal(kernel.counters[feed][i], replay.counters[feed][i]);
}

/* Frames of a published pcap file, little endian as all of them are. */
struct frames {
	uint8_t *data[3000];
	uint32_t len[3000];
	size_t count;
};

static void read_frames(const char *name, struct frames *out)
{
	const char *root = getenv("PRICELAG_DATA");
	uint8_t header[24];
	char path[512];
	FILE *file;

	if (!tap)
		skip();
	snprintf(path, sizeof(path), "%s/%s", root ? root : "../shared/data", name);
	file = fopen(path, "rb");
	if (!file) {
		printf("skip: %s is not there\n", path);
		skip();
	}
	assert_int_equal(fread(header, 1, 24, file), 24);
	for (out->count = 0; out->count < 3000 && fread(header, 1, 16, file) == 16; out->count++) {
		uint32_t len = header[8] | header[9] << 8 | header[10] << 16;

		out->data[out->count] = malloc(len);
		assert_non_null(out->data[out->count]);
		assert_int_equal(fread(out->data[out->count], 1, len, file), len);
		out->len[out->count] = len;
	}
	fclose(file);
}

static void free_frames(struct frames *frames)
{
	for (size_t i = 0; i < frames->count; i++)
		free(frames->data[i]);
}

static void whole_capture(const char *name)
{
	static struct frames frames;

	read_frames(name, &frames);
	for (size_t i = 0; i < frames.count; i++)
		give(frames.data[i], frames.len[i], 1000 + i);
	free_frames(&frames);
	same();
}

static void generated_shreds(void **state)
{
	(void)state;
	whole_capture("solana/fd_demo-shreds.pcap");
	assert_int_equal(replay.slot_count, 1);
	assert_int_equal(replay.slots[0].sets_decodable, 8);
	assert_int_equal(replay.shred_count, 512);
	assert_int_equal(replay.decodable_count, 8);
}

static void unchained_shreds(void **state)
{
	(void)state;
	whole_capture("solana/fd_demo-shreds_unchained.pcap");
	assert_int_equal(replay.slot_count, 0);
}

static void shreds_in_disorder(void **state)
{
	static struct frames frames;
	uint64_t random = 7;

	(void)state;
	read_frames("solana/fd_demo-shreds.pcap", &frames);
	for (size_t i = 0; i < 700; i++) {
		size_t at;

		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		at = (random >> 33) % frames.count;
		/* now and then a byte of the shred's head is another one */
		if (i % 7 == 0)
			frames.data[at][42 + 60 + random % 30] ^= (uint8_t)(1 << i % 8);
		give(frames.data[at], frames.len[at], 1000 + i);
	}
	free_frames(&frames);
	same();
	assert_true(replay.slots[0].duplicates > 0);
}

/* The shreds of the capture, and a heartbeat behind each eighth, in all that a packet may be wrapped in. */
static void every_encapsulation(void **state)
{
	static const uint8_t hop_by_hop[] = {0}, heartbeat[] = {'D', 'Z', 0, 1, 7};
	static const struct frame_spec specs[] = {
		{.tags = 1},	   {.tags = 2},		    {.options = 12},		  {.ipv6 = true},
		{.gre = true},	   {.gre = true, .tags = 1}, {.ipv6 = true, .tags = 2}, {.padding = 9},
		{.ipv6 = true, .extensions = hop_by_hop, .extension_count = 1},
	};
	static struct frames frames;
	uint8_t frame[FRAME_MAX];

	(void)state;
	read_frames("solana/fd_demo-shreds.pcap", &frames);
	for (size_t i = 0; i < frames.count; i++) {
		struct frame_spec spec = specs[i % (sizeof(specs) / sizeof(specs[0]))];

		spec.dest_port = 46049;
		spec.payload = frames.data[i] + 42;
		spec.len = frames.len[i] - 42;
		give(frame, (uint32_t)frame_build(&spec, frame), 1000 + i);
		spec.payload = heartbeat;
		spec.len = sizeof(heartbeat);
		if (i % 8 == 0)
			give(frame, (uint32_t)frame_build(&spec, frame), 1000 + i);
	}
	free_frames(&frames);
	same();
	assert_int_equal(replay.slot_count, 1);
	assert_int_equal(replay.slots[0].sets_decodable, 8);
	assert_int_equal(replay.slots[0].packets, 512);
	assert_int_equal(replay.slots[0].duplicates, 0);
	assert_int_equal(replay.counters[SHREDS][PL_COUNTER_PACKETS], 512 + 64);
	assert_int_equal(replay.counters[SHREDS][PL_COUNTER_HEARTBEATS], 64);
	assert_int_equal(replay.counters[SHREDS][PL_COUNTER_UNKNOWN], 0);
}

/* The whole capture shuffled, some of it twice, some cut, some with a wrong byte anywhere: the same on both sides, and no slot but 0. */
static void hostile_shreds(void **state)
{
	static struct frames frames;
	static uint8_t frame[2048];
	uint64_t random = 20261125;
	uint64_t shreds = 0;

	(void)state;
	read_frames("solana/fd_demo-shreds.pcap", &frames);
	for (size_t i = 0; i < 3500; i++) {
		size_t at = i * 211 % frames.count; /* 211 and 512 have no common factor: each frame comes in turn */
		uint32_t len = frames.len[at];

		memcpy(frame, frames.data[at], len);
		random = random * 6364136223846793005ULL + 1442695040888963407ULL;
		if (i % 5 == 1)
			frame[14 + (random >> 33) % (len - 14)] ^= (uint8_t)(1 + (random >> 56) % 255);
		else if (i % 10 == 2)
			frame[42 + 64 + (random >> 33) % 25] ^= (uint8_t)(1 + (random >> 56) % 255);
		else if (i % 5 == 3)
			len = 14 + (uint32_t)(random >> 33) % (len - 14);
		give(frame, len, 1000 + i);
	}
	free_frames(&frames);
	same();
	for (size_t i = 0; i < replay.slot_count; i++)
		assert_int_equal(replay.slot_keys[i].slot, 0);
	for (size_t i = 0; i < replay.set_count; i++)
		assert_true(replay.set_keys[i].fec_set_index < 256);
	assert_true(replay.counters[EACH][PL_COUNTER_ASTRAY] > 50);
	for (size_t i = 0; i < replay.slot_count; i++) /* a wrong destination address makes another feed's */
		shreds += replay.slot_keys[i].feed == EACH ? replay.slots[i].packets : 0;
	shreds += replay.counters[EACH][PL_COUNTER_ASTRAY];
	assert_int_equal(shreds, replay.shred_count);
	assert_int_equal(shreds + replay.counters[EACH][PL_COUNTER_UNKNOWN] + replay.counters[EACH][PL_COUNTER_WRONG_VERSION] +
				 replay.counters[EACH][PL_COUNTER_MALFORMED] + replay.counters[EACH][PL_COUNTER_FRAGMENT],
			 replay.counters[EACH][PL_COUNTER_PACKETS]);
}

/* Shreds that were published without their packets: in frames to the feed with payloads, each third of them twice. */
static void give_published(struct shred_file *file)
{
	uint8_t frame[FRAME_MAX];

	for (size_t i = 0; i < file->count; i++) {
		struct frame_spec spec = {.tags = i % 3, .dest = "127.0.0.1", .source_port = 8000, .dest_port = 46049,
					  .payload = file->bytes[i], .len = file->len[i]};

		for (size_t copy = 0; copy <= (i % 3 == 2); copy++)
			give(frame, (uint32_t)frame_build(&spec, frame), 1000 + 2 * i + copy);
	}
	free(file);
	same();
}

static void a_whole_block(void **state)
{
	(void)state;
	if (!tap)
		skip();
	give_published(shred_file_json("sig_testnet-417955322_shreds.json.gz"));
	assert_int_equal(replay.slot_count, 1);
	assert_int_equal(replay.slot_keys[0].slot, 417955322);
	assert_int_equal(replay.slots[0].data, 320);
	assert_int_equal(replay.slots[0].duplicates, 106);
	assert_int_equal(replay.slots[0].sets_decodable, 10);
}

static void a_set_of_a_block(void **state)
{
	(void)state;
	if (!tap)
		skip();
	give_published(shred_file_bin("sig_slot-410010000_fecset0_shreds.bin"));
	assert_int_equal(replay.slot_count, 1);
	assert_int_equal(replay.slot_keys[0].slot, 410010000);
	assert_int_equal(replay.slots[0].data + replay.slots[0].code, 59);
	assert_int_equal(replay.decodable_count, 1);
}

/* Files of one frame each. */
static void frames_inside_gre(void **state)
{
	static const char *const names[] = {"fd_dns_query_a_gre.bin", "fd_quic_initial_gre.bin", "fd_tcp_ack_gre.bin"};
	uint8_t frame[FRAME_MAX];

	(void)state;
	if (!tap)
		skip();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *root = getenv("PRICELAG_DATA");
		char path[512];
		FILE *file;
		size_t len;

		snprintf(path, sizeof(path), "%s/net/%s", root ? root : "../shared/data", names[i]);
		file = fopen(path, "rb");
		if (!file) {
			printf("skip: %s is not there\n", path);
			skip();
		}
		len = fread(frame, 1, sizeof(frame), file);
		fclose(file);
		give(frame, (uint32_t)len, 1000 + i);
	}
	same();
	assert_int_equal(replay.datagram_count, 2);
}

static void market_data(void **state)
{
	(void)state;
	whole_capture("marketdata/cme_mdp3_v1.6_first3000.nsec.pcap");
	assert_int_equal(replay.datagram_count, 3000);
}

static void watched_streams(void **state)
{
	(void)state;
	whole_capture("bitcoin/ndpi_bitcoin_2011.pcap");
	assert_int_equal(replay.counters[STREAMS][PL_COUNTER_PACKETS], 529);
	assert_true(replay.segment_count > 400);
}

static void other_traffic(void **state)
{
	(void)state;
	whole_capture("ethereum/ndpi_ethereum_discv4_rlpx.pcap");
	assert_true(replay.counters[SHREDS][PL_COUNTER_PACKETS] + replay.counters[DATAGRAMS][PL_COUNTER_PACKETS] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(generated_shreds, open_both, close_both),
		cmocka_unit_test_setup_teardown(generated_shreds, open_with_payload, close_both),
		cmocka_unit_test_setup_teardown(shreds_in_disorder, open_with_payload, close_both),
		cmocka_unit_test_setup_teardown(unchained_shreds, open_both, close_both),
		cmocka_unit_test_setup_teardown(shreds_in_disorder, open_both, close_both),
		cmocka_unit_test_setup_teardown(every_encapsulation, open_both, close_both),
		cmocka_unit_test_setup_teardown(hostile_shreds, open_both, close_both),
		cmocka_unit_test_setup_teardown(a_whole_block, open_any_version, close_both),
		cmocka_unit_test_setup_teardown(a_set_of_a_block, open_any_version, close_both),
		cmocka_unit_test_setup_teardown(frames_inside_gre, open_both, close_both),
		cmocka_unit_test_setup_teardown(market_data, open_both, close_both),
		cmocka_unit_test_setup_teardown(watched_streams, open_both, close_both),
		cmocka_unit_test_setup_teardown(other_traffic, open_both, close_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
