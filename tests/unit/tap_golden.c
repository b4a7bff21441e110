// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Published captures, whole and in disorder: shuffled, with copies, with packets missing. What must come out is worked
 * out here from the frames alone, by another way than the program's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "capture_files.h"
#include "tap/capture.h"

#define FRAMES_MAX 4096
#define UDP_PAYLOAD 42 /* Ethernet, IPv4 without options, UDP */

struct frame {
	uint8_t *data;
	uint32_t len;
};

struct frames {
	struct frame items[FRAMES_MAX];
	size_t count;
};

static char *data_path(const char *name)
{
	static char path[512];
	const char *root = getenv("PRICELAG_DATA");

	snprintf(path, sizeof(path), "%s/%s", root ? root : "../shared/data", name);
	return path;
}

/* Skips the test where the file is absent. */
static void read_frames(const char *name, struct frames *out)
{
	char text[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const uint8_t *data;
	pcap_t *pcap = pcap_open_offline(data_path(name), text);

	if (!pcap) {
		printf("skip: %s\n", text);
		skip();
	}
	out->count = 0;
	while (pcap_next_ex(pcap, &header, &data) == 1 && out->count < FRAMES_MAX) {
		out->items[out->count].data = malloc(header->caplen);
		assert_non_null(out->items[out->count].data);
		memcpy(out->items[out->count].data, data, header->caplen);
		out->items[out->count++].len = header->caplen;
	}
	pcap_close(pcap);
}

static void free_frames(struct frames *frames)
{
	for (size_t i = 0; i < frames->count; i++)
		free(frames->items[i].data);
}

/* ---- a plain model of one slot ------------------------------------------------------------------------------------ */

#define SETS 8 /* of the demo capture: shreds 0..255 of either kind */

struct model {
	bool seen[2][SETS * 32]; /* data, code; by set and place in it */
	uint64_t packets, duplicates, data, code;
};

static void model_add(struct model *model, const struct frame *frame)
{
	const uint8_t *shred = frame->data + UDP_PAYLOAD;
	bool code = shred[64] == 0x66 || shred[64] == 0x76;
	uint32_t set = shred[79] | shred[80] << 8, at;

	at = code ? set + (shred[87] | shred[88] << 8) : (uint32_t)(shred[73] | shred[74] << 8);
	assert_true(at < SETS * 32);
	model->packets++;
	if (model->seen[code][at])
		model->duplicates++;
	else if (code)
		model->code++;
	else
		model->data++;
	model->seen[code][at] = true;
}

static uint32_t model_sets(const struct model *model, bool decodable)
{
	uint32_t sets = 0;

	for (size_t set = 0; set < SETS; set++) {
		size_t there = 0;

		for (size_t i = 0; i < 32; i++)
			there += model->seen[0][set * 32 + i] + model->seen[1][set * 32 + i];
		sets += decodable ? there >= 32 : there > 0;
	}
	return sets;
}

/* ---- the program -------------------------------------------------------------------------------------------------- */

struct result {
	struct capture *capture;
	struct pl_slot slot;
	size_t slots, decodable, datagrams, completions;
	uint64_t decodable_ns; /* of the last set that was */
	uint64_t slot_number;
	uint8_t payload[1500];
	uint32_t payload_len;
};

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	struct result *result = context;
	const struct pl_datagram *datagram = (const void *)record;

	if (record->type == PL_RECORD_SET) {
		result->completions++;
		return;
	}
	assert_int_equal(record->type, PL_RECORD_DATAGRAM);
	assert_int_equal(len, sizeof(*datagram) + datagram->captured);
	assert_true(datagram->captured <= sizeof(result->payload));
	result->datagrams++;
	result->payload_len = datagram->len;
	memcpy(result->payload, datagram + 1, datagram->captured);
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	struct result *result = context;

	assert_true(key->fec_set_index < SETS * 32);
	assert_true(set->first_ns <= set->last_ns);
	if (set->decodable_ns) {
		assert_true(set->decodable_ns >= set->first_ns && set->decodable_ns <= set->last_ns);
		result->decodable++;
		result->decodable_ns = set->decodable_ns;
	}
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	struct result *result = context;

	result->slots++;
	result->slot_number = key->slot;
	result->slot = *slot;
}

static bool on_segment(void *context, const struct capture_segment *segment)
{
	(void)context;
	(void)segment;
	return false;
}

static void open_result(struct result *result, enum pl_rule_action action, uint16_t version)
{
	struct capture_options options = {.idle_ns = 5000000000};
	struct capture_handlers handlers = {result, on_record, on_set, on_slot, on_segment};
	struct match every_port = {.space = PL_PORT_UDP, .port_low = 1, .port_high = 65535};

	memset(result, 0, sizeof(*result));
	assert_int_equal(capture_new(&result->capture, &options, &handlers, NULL), 0);
	assert_int_equal(capture_add_match(result->capture, &every_port, 0, action, version, NULL), 0);
}

static void give(struct result *result, const struct frame *frame, uint64_t stamp_ns)
{
	capture_packet(result->capture, DLT_EN10MB, frame->data, frame->len, frame->len, stamp_ns);
}

static uint64_t counter(const struct result *result, enum pl_counter which)
{
	uint64_t counts[PL_COUNTER_MAX];

	capture_counters(result->capture, 0, counts);
	return counts[which];
}

/* A fixed sequence, so that a failure comes again (Numerical Recipes' LCG). */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(*state >> 33);
}

/* ---- tests -------------------------------------------------------------------------------------------------------- */

static void demo_capture_as_it_is(void **state)
{
	static struct frames frames;
	struct result result;

	(void)state;
	read_frames("solana/fd_demo-shreds.pcap", &frames);
	assert_int_equal(frames.count, 512);
	open_result(&result, PL_ACTION_SHRED, 6051);
	for (size_t i = 0; i < frames.count; i++)
		give(&result, &frames.items[i], 1000 + i);
	capture_finish(result.capture);
	assert_int_equal(result.slots, 1);
	assert_int_equal(result.slot_number, 0);
	assert_int_equal(result.slot.packets, 512);
	assert_int_equal(result.slot.duplicates, 0);
	assert_int_equal(result.slot.data, 256);
	assert_int_equal(result.slot.code, 256);
	assert_int_equal(result.slot.sets, 8);
	assert_int_equal(result.slot.sets_decodable, 8);
	assert_int_equal(result.slot.last_index, 256);
	assert_int_equal(result.slot.max_data_index, 256);
	assert_int_equal(result.slot.first_ns, 1000);
	assert_int_equal(result.slot.last_ns, 1511);
	capture_free(result.capture);
	free_frames(&frames);
}

/* Any number of packets, drawn with repetition: order, copies and holes at once. */
static void demo_capture_in_disorder(void **state)
{
	static struct frames frames;
	uint64_t random = 1;

	(void)state;
	read_frames("solana/fd_demo-shreds.pcap", &frames);
	for (unsigned int round = 0; round < 200; round++) {
		size_t draws = 1 + next_random(&random) % 1200;
		struct model model = {0};
		struct result result;

		open_result(&result, PL_ACTION_SHRED, 6051);
		for (size_t i = 0; i < draws; i++) {
			const struct frame *frame = &frames.items[next_random(&random) % frames.count];

			model_add(&model, frame);
			give(&result, frame, 1000 + i);
		}
		capture_finish(result.capture);
		assert_int_equal(result.slots, 1);
		assert_int_equal(result.slot_number, 0);
		assert_int_equal(result.slot.packets, model.packets);
		assert_int_equal(result.slot.duplicates, model.duplicates);
		assert_int_equal(result.slot.data, model.data);
		assert_int_equal(result.slot.code, model.code);
		assert_int_equal(result.slot.sets, model_sets(&model, false));
		assert_int_equal(result.slot.sets_decodable, model_sets(&model, true));
		assert_int_equal(result.decodable, model_sets(&model, true));
		assert_int_equal(result.completions, result.decodable);
		assert_int_equal(counter(&result, PL_COUNTER_PACKETS), draws);
		capture_free(result.capture);
	}
	free_frames(&frames);
}

/* Every frame cut at every length: never a slot that was not sent, and nothing uncounted. */
static void cut_frames_make_no_slots(void **state)
{
	static struct frames frames;
	struct result result;
	uint64_t cut = 0, none[PL_COUNTER_MAX];

	(void)state;
	read_frames("solana/fd_demo-shreds.pcap", &frames);
	open_result(&result, PL_ACTION_SHRED, 6051);
	for (size_t i = 0; i < frames.count; i += 37)
		for (uint32_t len = 0; len < frames.items[i].len; len++, cut++)
			capture_packet(result.capture, DLT_EN10MB, frames.items[i].data, len, len, 1000);
	capture_finish(result.capture);
	capture_counters(result.capture, PL_FEED_NONE, none);
	assert_int_equal(result.slots, 0);
	assert_int_equal(counter(&result, PL_COUNTER_MALFORMED) + none[PL_COUNTER_MALFORMED], cut);
	capture_free(result.capture);
	free_frames(&frames);
}

static void other_shreds_are_rejected(void **state)
{
	static struct frames frames;
	struct result result;

	(void)state;
	read_frames("solana/fd_demo-shreds_unchained.pcap", &frames);
	assert_int_equal(frames.count, 480);
	open_result(&result, PL_ACTION_SHRED, 0);
	for (size_t i = 0; i < frames.count; i++)
		give(&result, &frames.items[i], 1000 + i);
	capture_finish(result.capture);
	assert_int_equal(result.slots, 0);
	assert_int_equal(counter(&result, PL_COUNTER_UNKNOWN), 480);
	capture_free(result.capture);
	free_frames(&frames);

	read_frames("solana/fd_demo-shreds.pcap", &frames);
	open_result(&result, PL_ACTION_SHRED, 6052);
	for (size_t i = 0; i < frames.count; i++)
		give(&result, &frames.items[i], 1000 + i);
	capture_finish(result.capture);
	assert_int_equal(result.slots, 0);
	assert_int_equal(counter(&result, PL_COUNTER_WRONG_VERSION), 512);
	capture_free(result.capture);
	free_frames(&frames);
}

/* A real network with other traffic: nothing in it is a shred, and nothing in it is taken for one. */
static void other_traffic_is_no_shred(void **state)
{
	static struct frames frames;
	struct result result;

	(void)state;
	read_frames("ethereum/ndpi_ethereum_discv4_rlpx.pcap", &frames);
	open_result(&result, PL_ACTION_SHRED, 0);
	for (size_t i = 0; i < frames.count; i++)
		give(&result, &frames.items[i], 1000 + i);
	capture_finish(result.capture);
	assert_int_equal(result.slots, 0);
	assert_true(counter(&result, PL_COUNTER_PACKETS) > 0);
	assert_int_equal(counter(&result, PL_COUNTER_UNKNOWN), counter(&result, PL_COUNTER_PACKETS));
	capture_free(result.capture);
	free_frames(&frames);
}

static void read_bytes(const char *name, struct frame *out)
{
	FILE *file = fopen(data_path(name), "rb");

	if (!file) {
		printf("skip: %s is not there\n", data_path(name));
		skip();
	}
	out->data = malloc(4096);
	out->len = (uint32_t)fread(out->data, 1, 4096, file);
	fclose(file);
}

/*
 * 59 shreds of one set of slot 410010000 (32 data, 27 code) as they were stored by another client: a length of eight bytes
 * before each. The set can be decoded with the 32nd distinct shred, in whatever order they come, and not before.
 */
static void a_set_of_a_real_slot(void **state)
{
	uint8_t file[80000], packet[2048];
	struct frame shreds[64], frame = {.data = packet};
	size_t size, count = 0;
	FILE *stream = fopen(data_path("solana/sig_slot-410010000_fecset0_shreds.bin"), "rb");

	(void)state;
	if (!stream) {
		printf("skip: %s is not there\n", data_path("solana/sig_slot-410010000_fecset0_shreds.bin"));
		skip();
	}
	size = fread(file, 1, sizeof(file), stream);
	fclose(stream);
	for (size_t at = 0; at + 8 <= size; at += 8 + shreds[count++].len) {
		assert_true(count < 64 && !file[at + 2]);
		shreds[count].len = file[at] | file[at + 1] << 8;
		shreds[count].data = file + at + 8;
		assert_true(at + 8 + shreds[count].len <= size);
	}
	assert_int_equal(count, 59);
	for (size_t step = 1; step < 59; step++) { /* 59 is prime: each step is another order of all */
		struct result result;

		open_result(&result, PL_ACTION_SHRED, 57087);
		for (size_t i = 0; i < 59; i++) {
			const struct frame *shred = &shreds[i * step % 59];

			memset(packet, 0, 14);
			packet[12] = 0x08;
			frame.len = 14 + (uint32_t)ip4_udp(packet + 14, "10.0.0.1", 8000, "10.0.0.2", 8001, shred->data, shred->len);
			give(&result, &frame, 1000 + 2 * i);
			give(&result, &frame, 1001 + 2 * i); /* a copy is no further shred */
			assert_int_equal(result.completions, i >= 31);
		}
		capture_finish(result.capture);
		assert_int_equal(result.slots, 1);
		assert_int_equal(result.slot_number, 410010000);
		assert_int_equal(result.slot.data, 32);
		assert_int_equal(result.slot.code, 27);
		assert_int_equal(result.slot.packets, 118);
		assert_int_equal(result.slot.duplicates, 59);
		assert_int_equal(result.decodable_ns, 1000 + 2 * 31);
		capture_free(result.capture);
	}
}

/* Wrong bytes anywhere in one frame of four: each packet is in the slot or in a counter, and there is no slot but 0. */
static void corrupted_frames_make_no_slots(void **state)
{
	static struct frames frames;
	static uint8_t packet[2048];
	uint64_t random = 410010000;

	(void)state;
	read_frames("solana/fd_demo-shreds.pcap", &frames);
	for (unsigned int round = 0; round < 200; round++) {
		uint64_t none[PL_COUNTER_MAX], sum;
		struct result result;

		open_result(&result, PL_ACTION_SHRED, round % 2 ? 6051 : 0);
		for (size_t i = 0; i < frames.count; i++) {
			struct frame frame = {packet, frames.items[i].len};

			memcpy(packet, frames.items[i].data, frame.len);
			if (next_random(&random) % 4 == 0)
				packet[14 + next_random(&random) % (frame.len - 14)] ^= 1 + next_random(&random) % 255;
			give(&result, &frame, 1000 + i);
		}
		capture_finish(result.capture);
		capture_counters(result.capture, PL_FEED_NONE, none);
		assert_int_equal(result.slots, 1);
		assert_int_equal(result.slot_number, 0);
		sum = result.slot.packets + counter(&result, PL_COUNTER_ASTRAY) + counter(&result, PL_COUNTER_UNKNOWN) +
		      counter(&result, PL_COUNTER_WRONG_VERSION) + counter(&result, PL_COUNTER_MALFORMED) +
		      counter(&result, PL_COUNTER_FRAGMENT) + counter(&result, PL_COUNTER_TRUNCATED);
		assert_int_equal(sum, counter(&result, PL_COUNTER_PACKETS));
		assert_true(result.slot.packets > 480);
		capture_free(result.capture);
	}
	free_frames(&frames);
}

/* Each twentieth shred with one wrong bit in its slot: two of a set, and three, often name the same slot. It is none. */
static void shreds_that_agree_on_a_wrong_slot_make_none(void **state)
{
	static struct frames frames;
	static uint8_t packet[2048];
	uint64_t random = 417955322;

	(void)state;
	read_frames("solana/fd_demo-shreds.pcap", &frames);
	for (unsigned int round = 0; round < 100; round++) {
		struct result result;

		open_result(&result, PL_ACTION_SHRED, 6051);
		for (size_t i = 0; i < frames.count; i++) {
			struct frame frame = {packet, frames.items[i].len};

			memcpy(packet, frames.items[i].data, frame.len);
			if (next_random(&random) % 20 == 0)
				packet[42 + 65 + next_random(&random) % 8] ^= 1 << next_random(&random) % 8;
			give(&result, &frame, 1000 + i);
		}
		capture_finish(result.capture);
		assert_int_equal(result.slots, 1);
		assert_int_equal(result.slot_number, 0);
		assert_int_equal(result.slot.packets + counter(&result, PL_COUNTER_ASTRAY), frames.count);
		capture_free(result.capture);
	}
	free_frames(&frames);
}

static void frames_inside_gre(void **state)
{
	struct result result;
	struct frame dns, quic, tcp;

	(void)state;
	read_bytes("net/fd_dns_query_a_gre.bin", &dns);
	read_bytes("net/fd_quic_initial_gre.bin", &quic);
	read_bytes("net/fd_tcp_ack_gre.bin", &tcp);
	open_result(&result, PL_ACTION_DATAGRAM, 0);
	give(&result, &dns, 1);
	assert_int_equal(result.datagrams, 1);
	/* Ethernet 14, IPv4 20, GRE 4, IPv4 20, UDP 8: the query stands behind them */
	assert_int_equal(result.payload_len, dns.len - 66);
	assert_memory_equal(result.payload, dns.data + 66, dns.len - 66);
	give(&result, &quic, 2);
	assert_int_equal(result.datagrams, 2);
	assert_int_equal(result.payload_len, 1200);
	give(&result, &tcp, 3);
	assert_int_equal(result.datagrams, 2);
	assert_int_equal(counter(&result, PL_COUNTER_PACKETS), 2);
	capture_free(result.capture);
	free(dns.data);
	free(quic.data);
	free(tcp.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demo_capture_as_it_is),    cmocka_unit_test(demo_capture_in_disorder),
		cmocka_unit_test(cut_frames_make_no_slots), cmocka_unit_test(other_shreds_are_rejected),
		cmocka_unit_test(other_traffic_is_no_shred), cmocka_unit_test(frames_inside_gre),
		cmocka_unit_test(a_set_of_a_real_slot),	    cmocka_unit_test(corrupted_frames_make_no_slots),
		cmocka_unit_test(shreds_that_agree_on_a_wrong_slot_make_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
