// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The two formats of capture files, made by hand, well and badly. */
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
#include "tap/capfile.h"
#include "tap/pcapng.h"
#include "tap/pcapng_write.h"

#define SECOND_NS 1000000000ULL

/* ---- files made by hand, in either byte order ---------------------------------------------------------------------- */

static bool big_endian; /* of what the next calls write */

static void number(struct capture_bytes *file, uint64_t value, size_t width)
{
	uint8_t bytes[8];

	put_le(bytes, value, width);
	for (size_t i = 0; i < width; i++)
		capture_bytes_add(file, &bytes[big_endian ? width - 1 - i : i], 1);
}

static void padding(struct capture_bytes *file, size_t len)
{
	capture_bytes_add(file, "\0\0\0", -len & 3);
}

static void option(struct capture_bytes *body, unsigned code, const void *value, size_t len)
{
	number(body, code, 2);
	number(body, len, 2);
	if (len)
		capture_bytes_add(body, value, len);
	padding(body, len);
}

static void option_number(struct capture_bytes *body, unsigned code, uint64_t value, size_t width)
{
	number(body, code, 2);
	number(body, width, 2);
	number(body, value, width);
	padding(body, width);
}

/* Takes the body. */
static void block(struct capture_bytes *file, uint32_t type, struct capture_bytes *body)
{
	number(file, type, 4);
	number(file, body->len + 12, 4);
	if (body->len)
		capture_bytes_add(file, body->data, body->len);
	number(file, body->len + 12, 4);
	free(body->data);
	*body = (struct capture_bytes){0};
}

static void section(struct capture_bytes *file)
{
	struct capture_bytes body = {0};

	number(&body, PCAPNG_BYTE_ORDER, 4);
	number(&body, 1, 2);
	number(&body, 0, 2);
	number(&body, UINT64_MAX, 8);
	block(file, PCAPNG_SECTION, &body);
}

#define DEFAULT_RESOLUTION 255

static void interface(struct capture_bytes *file, unsigned link_type, uint8_t resolution, int64_t offset_s)
{
	struct capture_bytes body = {0};

	number(&body, link_type, 2);
	number(&body, 0, 2);
	number(&body, 262144, 4);
	option(&body, PCAPNG_IF_NAME, "eth0", 4);
	if (resolution != DEFAULT_RESOLUTION)
		option(&body, PCAPNG_IF_TSRESOL, &resolution, 1);
	if (offset_s)
		option_number(&body, PCAPNG_IF_TSOFFSET, (uint64_t)offset_s, 8);
	option(&body, PCAPNG_OPT_END, NULL, 0);
	block(file, PCAPNG_INTERFACE, &body);
}

/* An enhanced packet block of the bytes of `text`; options are the caller's. */
static void packet_begin(struct capture_bytes *body, uint32_t interface, uint64_t ticks, const char *text, uint32_t len)
{
	number(body, interface, 4);
	number(body, ticks >> 32, 4);
	number(body, ticks & UINT32_MAX, 4);
	number(body, strlen(text), 4);
	number(body, len, 4);
	capture_bytes_add(body, text, strlen(text));
	padding(body, strlen(text));
}

static void add_packet(struct capture_bytes *file, uint32_t interface, uint64_t ticks, const char *text)
{
	struct capture_bytes body = {0};

	packet_begin(&body, interface, ticks, text, (uint32_t)strlen(text));
	block(file, PCAPNG_PACKET, &body);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

static struct capfile *file_of(const struct capture_bytes *bytes)
{
	FILE *stream = fmemopen(bytes->data, bytes->len, "rb");
	struct capfile *file = NULL;
	struct error err;
	int status;

	assert_non_null(stream);
	status = capfile_open(&file, stream, "memory", &err);
	if (status)
		fail_msg("%s", err.text);
	return file;
}

static uint32_t last_interface;

/* The next packet is this one. */
static void expect_packet(struct capfile *file, const char *text, int link_type, uint64_t stamp_ns)
{
	struct capfile_packet packet;
	struct error err = {""};

	if (capfile_next(file, &packet, &err) != 1)
		fail_msg("no packet '%s': %s", text, err.text);
	assert_int_equal(packet.captured, strlen(text));
	assert_memory_equal(packet.data, text, packet.captured);
	assert_int_equal(packet.link_type, link_type);
	assert_true(packet.has_stamp);
	assert_int_equal(packet.stamp_ns, stamp_ns);
	last_interface = packet.interface;
	assert_string_equal(packet.interface_name, packet.interface_name[0] ? "eth0" : "");
}

static void expect_end(struct capfile *file)
{
	struct capfile_packet packet;
	struct error err = {""};

	if (capfile_next(file, &packet, &err))
		fail_msg("not the end: %s", err.text);
	capfile_close(file);
}

static void expect_fault(struct capture_bytes *bytes, const char *says)
{
	struct capfile *file = file_of(bytes);
	struct capfile_packet packet;
	struct error err = {""};
	int status;

	while ((status = capfile_next(file, &packet, &err)) == 1)
		;
	assert_true(status < 0);
	if (!strstr(err.text, says))
		fail_msg("'%s' does not say '%s'", err.text, says);
	capfile_close(file);
	free(bytes->data);
	*bytes = (struct capture_bytes){0};
}

static void expect_refusal(const void *data, size_t len, const char *says)
{
	struct capfile *file;
	struct error err;

	assert_true(capfile_open(&file, fmemopen((void *)data, len, "rb"), "memory", &err) < 0);
	if (!strstr(err.text, says) || !strstr(err.text, "memory"))
		fail_msg("'%s' does not say '%s'", err.text, says);
}

/* ---- tests ---------------------------------------------------------------------------------------------------------- */

static void test_pcap_in_every_order_and_unit(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct capture_bytes bytes = {0};
		uint32_t unit = kind & 1 ? 1 : 1000;
		struct capfile *file;

		big_endian = kind & 2;
		number(&bytes, unit == 1 ? 0xa1b23c4d : 0xa1b2c3d4, 4);
		number(&bytes, 2, 2);
		number(&bytes, 4, 2);
		number(&bytes, 0, 8);
		number(&bytes, 65535, 4);
		number(&bytes, 0x34000000 | LINKTYPE_LINUX_SLL2, 4); /* with a frame check sequence */
		number(&bytes, 4000000000, 4); /* after 2038 */
		number(&bytes, 999999, 4);
		number(&bytes, 3, 4);
		number(&bytes, 1000, 4);
		capture_bytes_add(&bytes, "abc", 3);
		file = file_of(&bytes);
		expect_packet(file, "abc", LINKTYPE_LINUX_SLL2, 4000000000 * SECOND_NS + 999999 * unit);
		expect_end(file);
		free(bytes.data);
	}
	big_endian = false;
}

static void test_a_fraction_of_a_second_or_more_is_no_time(void **state)
{
	struct capture_bytes bytes = {0};
	struct capfile_packet packet;
	struct capfile *file;

	(void)state;
	pcap_begin(&bytes, false, LINKTYPE_ETHERNET);
	pcap_add(&bytes, 5 * SECOND_NS, (const uint8_t *)"x", 1, 1);
	put_le(bytes.data + 24 + 4, 1000000, 4);
	file = file_of(&bytes);
	assert_int_equal(capfile_next(file, &packet, NULL), 1);
	assert_false(packet.has_stamp);
	expect_end(file);
	free(bytes.data);
}

static void test_sections_and_interfaces(void **state)
{
	struct capture_bytes bytes = {0}, body = {0};
	struct capfile *file;

	(void)state;
	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, DEFAULT_RESOLUTION, 0);
	interface(&bytes, LINKTYPE_RAW, 9, 0);
	capture_bytes_add(&body, "nobody knows", 12);
	block(&bytes, 0x0bad, &body);
	add_packet(&bytes, 1, 1767225600 * SECOND_NS + 123456789, "nano");
	add_packet(&bytes, 0, 1767225600123456, "micro");
	interface(&bytes, LINKTYPE_LINUX_SLL, 0x80 | 10, 1000); /* 1/1024 s, and 1000 s later than it says */
	add_packet(&bytes, 2, 1767225600ULL * 1024 + 256, "quarter");
	big_endian = true;
	section(&bytes);
	interface(&bytes, LINKTYPE_IPV4, 12, -1000);
	add_packet(&bytes, 0, 2000 * SECOND_NS * 1000 + 7999, "pico");
	big_endian = false;
	section(&bytes);
	interface(&bytes, LINKTYPE_PPP, 0, 0);
	add_packet(&bytes, 0, 1767225600, "second");

	file = file_of(&bytes);
	expect_packet(file, "nano", LINKTYPE_RAW, 1767225600 * SECOND_NS + 123456789);
	assert_int_equal(last_interface, 1);
	expect_packet(file, "micro", LINKTYPE_ETHERNET, 1767225600 * SECOND_NS + 123456000);
	expect_packet(file, "quarter", LINKTYPE_LINUX_SLL, 1767226600 * SECOND_NS + 250000000);
	expect_packet(file, "pico", LINKTYPE_IPV4, 1000 * SECOND_NS + 7);
	expect_packet(file, "second", LINKTYPE_PPP, 1767225600 * SECOND_NS);
	assert_int_equal(last_interface, 4); /* of the third section; the first has three */
	expect_end(file);
	free(bytes.data);
}

static void test_times_out_of_reach(void **state)
{
	static const struct {
		uint8_t resolution;
		int64_t offset_s;
		uint64_t ticks;
	} times[] = {
		{0, 0, 9223372036},		 /* 2262 */
		{0, 0, UINT64_MAX},
		{20, 0, 1}, {0x7f, 0, 1}, {0x80 | 64, 0, 1}, {0xfe, 0, 1},
		{6, -1000, 999999999},		 /* before 1970 */
		{6, INT64_MIN, 0}, {6, INT64_MAX, 0}, {6, INT64_MAX, UINT64_MAX},
	};
	struct capture_bytes bytes = {0};
	struct capfile_packet packet;
	struct capfile *file;
	size_t count = sizeof(times) / sizeof(times[0]);

	(void)state;
	section(&bytes);
	for (uint32_t i = 0; i < count; i++)
		interface(&bytes, LINKTYPE_ETHERNET, times[i].resolution, times[i].offset_s);
	for (uint32_t i = 0; i < count; i++)
		add_packet(&bytes, i, times[i].ticks, "x");
	file = file_of(&bytes);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(capfile_next(file, &packet, NULL), 1);
		assert_false(packet.has_stamp);
	}
	expect_end(file);
	free(bytes.data);
}

static void test_old_and_simple_packets(void **state)
{
	struct capture_bytes bytes = {0}, body = {0};
	struct capfile_packet packet;
	struct capfile *file;

	(void)state;
	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	number(&body, 0, 2);
	number(&body, 3, 2); /* drops */
	number(&body, 0, 4);
	number(&body, 77, 4);
	number(&body, 3, 4);
	number(&body, 100, 4);
	capture_bytes_add(&body, "old\0", 4);
	block(&bytes, PCAPNG_PACKET_OLD, &body);
	number(&body, 6, 4);
	capture_bytes_add(&body, "simple\0\0", 8);
	block(&bytes, PCAPNG_PACKET_SIMPLE, &body);

	file = file_of(&bytes);
	expect_packet(file, "old", LINKTYPE_ETHERNET, 77);
	assert_int_equal(capfile_dropped(file), 3);
	assert_int_equal(capfile_next(file, &packet, NULL), 1);
	assert_int_equal(packet.captured, 6);
	assert_memory_equal(packet.data, "simple", 6);
	assert_false(packet.has_stamp);
	expect_end(file);
	free(bytes.data);
}

static void statistics(struct capture_bytes *file, uint32_t interface, uint64_t ifdrop, uint64_t osdrop)
{
	struct capture_bytes body = {0};

	number(&body, interface, 4);
	number(&body, 0, 8);
	option_number(&body, PCAPNG_ISB_IFDROP, ifdrop, 8);
	option_number(&body, PCAPNG_ISB_OSDROP, osdrop, 8);
	block(file, PCAPNG_STATISTICS, &body);
}

static void test_directions_and_drops(void **state)
{
	static const enum link_direction directions[] = {LINK_UNKNOWN, LINK_INCOMING, LINK_OUTGOING, LINK_UNKNOWN};
	struct capture_bytes bytes = {0}, body = {0};
	struct capfile_packet packet;
	struct capfile *file;

	(void)state;
	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	for (uint32_t i = 0; i < 4; i++) {
		packet_begin(&body, 0, i, "abc", 3);
		option(&body, PCAPNG_OPT_COMMENT, "hello", 5);
		option_number(&body, PCAPNG_EPB_FLAGS, 0xfffffffc | i, 4);
		option_number(&body, PCAPNG_EPB_DROPCOUNT, i, 8);
		option(&body, PCAPNG_OPT_END, NULL, 0);
		option_number(&body, PCAPNG_EPB_DROPCOUNT, 1000, 8); /* behind the end: none */
		block(&bytes, PCAPNG_PACKET, &body);
	}
	statistics(&bytes, 0, 1, 2);
	statistics(&bytes, 0, 8, 2); /* counts so far, not since the last time: more than the packets said */
	statistics(&bytes, 1, 5, 0);
	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	statistics(&bytes, 0, 100, 0);

	file = file_of(&bytes);
	for (uint64_t i = 0; i < 4; i++) {
		assert_int_equal(capfile_next(file, &packet, NULL), 1);
		assert_int_equal(packet.direction, directions[i]);
	}
	assert_int_equal(capfile_dropped(file), 0 + 1 + 2 + 3);
	assert_int_equal(capfile_next(file, &packet, NULL), 0);
	assert_int_equal(capfile_dropped(file), 10 + 5 + 100);
	capfile_close(file);
	free(bytes.data);
}

/* A link type that is not understood is refused alone, and told apart beside others. */
static void test_link_types_that_are_not_understood(void **state)
{
	struct capture_bytes bytes = {0};
	struct capfile *file;

	(void)state;
	section(&bytes);
	interface(&bytes, 249 /* USBPcap */, 9, 0);
	add_packet(&bytes, 0, 1, "usb");
	expect_refusal(bytes.data, bytes.len, "link type 249");
	bytes.len = 0;
	section(&bytes);
	interface(&bytes, 249, 9, 0);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	add_packet(&bytes, 0, 1, "usb");
	add_packet(&bytes, 1, 2, "ether");
	file = file_of(&bytes);
	expect_packet(file, "usb", 249, 1);
	expect_packet(file, "ether", LINKTYPE_ETHERNET, 2);
	expect_end(file);
	free(bytes.data);
}

static void test_what_is_no_capture(void **state)
{
	static const struct {
		const char *data, *says;
	} files[] = {
		{"\x1f\x8b\x08\x08", "zcat"}, {"\x28\xb5\x2f\xfd", "zstdcat"}, {"\xa1\xb2\xcd\x34", "editcap"},
		{"snoop", "editcap"}, {"text", "neither"}, {"ab", "cut"}, {"\xd4\xc3\xb2\xa1", "header"},
		{"\xd4\xc3\xb2\xa1\x02", "header"}, {"\x0a\x0d\x0d\x0a", "header"},
		{"\x0a\x0d\x0d\x0a\x1c\0\0\0\x11\x22\x33\x44\1\0\0\0\0\0\0\0", "byte order"},
		{"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\2\0\0\0\0\0\0\0", "version"},
		{"\x0a\x0d\x0d\x0a\x1d\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0\0\0\0\0", "length"},
	};
	static const size_t lens[] = {4, 4, 4, 5, 4, 2, 4, 5, 4, 20, 20, 20};
	static const uint8_t version[24] = {0xd4, 0xc3, 0xb2, 0xa1, 3};

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		expect_refusal(files[i].data, lens[i], files[i].says);
	expect_refusal(version, sizeof(version), "version 3");
}

static void test_blocks_that_contradict_themselves(void **state)
{
	struct capture_bytes bytes = {0}, body = {0};
	size_t at;

	(void)state;
	section(&bytes);
	add_packet(&bytes, 0, 1, "x");
	expect_fault(&bytes, "does not describe");

	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	at = bytes.len;
	add_packet(&bytes, 0, 1, "abcd");
	put_le(bytes.data + at + 20, 5, 4); /* captured, of four */
	expect_fault(&bytes, "more bytes than its block");

	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	add_packet(&bytes, 0, 1, "abcd");
	put_le(bytes.data + bytes.len - 4, 40, 4);
	expect_fault(&bytes, "differ");

	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	at = bytes.len;
	add_packet(&bytes, 0, 1, "abcd");
	put_le(bytes.data + at + 4, 0xfffffff0, 4);
	expect_fault(&bytes, "impossible length");

	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	block(&bytes, PCAPNG_PACKET, &body);
	expect_fault(&bytes, "impossible length");

	section(&bytes);
	number(&bytes, 0x0bad, 4);
	number(&bytes, 0x40000000, 4);
	expect_fault(&bytes, "cut");

	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	statistics(&bytes, 1, 0, 0);
	expect_fault(&bytes, "does not describe");

	pcap_begin(&bytes, true, LINKTYPE_ETHERNET);
	pcap_add(&bytes, 1, (const uint8_t *)"abc", 3, 3);
	put_le(bytes.data + 24 + 8, 0xffffffff, 4);
	expect_fault(&bytes, "claims");
}

/* Wherever a file is cut: what came before is given, and the cut is told unless it lies between two blocks. */
static void test_cut_anywhere(void **state)
{
	struct capture_bytes bytes = {0};
	size_t first_end, second_end;

	(void)state;
	section(&bytes);
	interface(&bytes, LINKTYPE_ETHERNET, 9, 0);
	add_packet(&bytes, 0, 1, "first");
	first_end = bytes.len;
	add_packet(&bytes, 0, 2, "second");
	second_end = bytes.len;
	for (size_t len = first_end; len < second_end; len++) {
		struct capture_bytes cut = {bytes.data, len};
		struct capfile *file = file_of(&cut);
		struct capfile_packet packet;
		struct error err = {""};

		expect_packet(file, "first", LINKTYPE_ETHERNET, 1);
		if (len == first_end) {
			expect_end(file);
			continue;
		}
		assert_true(capfile_next(file, &packet, &err) < 0);
		assert_non_null(strstr(err.text, "packet 1"));
		capfile_close(file);
	}
	free(bytes.data);
}

/* What the writer makes, the reader and libpcap read; Wireshark's tools do in tests/golden/export_packets. */
static void test_what_is_written_is_read(void **state)
{
	static const char *const comments[] = {"feed=turbine slot=1", "", "µs"};
	static const enum link_direction directions[] = {LINK_UNKNOWN, LINK_INCOMING, LINK_OUTGOING};
	static char too_long[PCAPNG_COMMENT_MAX + 100];
	const char *only = too_long;
	struct pcap_pkthdr *header;
	struct capfile_packet packet = {.data = (const uint8_t *)"abcdefgh", .has_stamp = true};
	struct capture_bytes bytes;
	struct capfile *file;
	char text[PCAP_ERRBUF_SIZE];
	const uint8_t *data;
	pcap_t *pcap;
	FILE *stream = open_memstream((char **)&bytes.data, &bytes.len);

	(void)state;
	memset(too_long, 'x', sizeof(too_long) - 1);
	pcapng_write_section(stream, "test");
	pcapng_write_interface(stream, LINKTYPE_ETHERNET, "eth0");
	for (uint32_t i = 0; i < 8; i++) {
		packet.captured = i;
		packet.len = 100 + i;
		packet.direction = directions[i % 3];
		packet.stamp_ns = 1767225600 * SECOND_NS + i;
		pcapng_write_packet(stream, 0, &packet, i < 4 ? comments : &only, i < 4 ? i : 1);
	}
	assert_int_equal(fclose(stream), 0);

	pcap = pcap_fopen_offline_with_tstamp_precision(fmemopen(bytes.data, bytes.len, "rb"), PCAP_TSTAMP_PRECISION_NANO, text);
	assert_non_null(pcap);
	file = file_of(&bytes);
	for (uint32_t i = 0; i < 8; i++) {
		assert_int_equal(pcap_next_ex(pcap, &header, &data), 1);
		assert_int_equal(header->caplen, i);
		assert_int_equal(header->len, 100 + i);
		assert_int_equal(header->ts.tv_sec, 1767225600);
		assert_int_equal(header->ts.tv_usec, i);
		assert_memory_equal(data, "abcdefgh", i);
		assert_int_equal(capfile_next(file, &packet, NULL), 1);
		assert_int_equal(packet.direction, directions[i % 3]);
		assert_int_equal(packet.stamp_ns, 1767225600 * SECOND_NS + i);
		assert_int_equal(packet.len, 100 + i);
		packet.data = (const uint8_t *)"abcdefgh";
	}
	assert_int_equal(pcap_next_ex(pcap, &header, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
	expect_end(file);
	free(bytes.data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pcap_in_every_order_and_unit),
		cmocka_unit_test(test_a_fraction_of_a_second_or_more_is_no_time),
		cmocka_unit_test(test_sections_and_interfaces),
		cmocka_unit_test(test_times_out_of_reach),
		cmocka_unit_test(test_old_and_simple_packets),
		cmocka_unit_test(test_directions_and_drops),
		cmocka_unit_test(test_link_types_that_are_not_understood),
		cmocka_unit_test(test_what_is_no_capture),
		cmocka_unit_test(test_blocks_that_contradict_themselves),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_what_is_written_is_read),
	};

	return cmocka_run_group_tests_name("capture file formats", tests, NULL, NULL);
}
