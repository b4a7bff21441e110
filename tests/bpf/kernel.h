/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Runs frames through the kernel programs by BPF_PROG_TEST_RUN, and keeps the records that come out. */
#ifndef PL_TESTS_BPF_KERNEL_H
#define PL_TESTS_BPF_KERNEL_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <bpf/bpf.h>

#include "frames.h"
#include "tap/internal.h"

#define RECORDS_MAX 4096
#define VERDICT_XDP_PASS 2
#define VERDICT_TC_UNSPEC ((uint32_t)-1)

union any_record {
	struct pl_record head;
	struct pl_segment segment;
	struct pl_egress egress;
	struct pl_set_record set;
	struct {
		struct pl_datagram head;
		uint8_t payload[PL_DATAGRAM_MAX];
	} datagram;
	struct {
		struct pl_stream head;
		uint8_t payload[PL_DATAGRAM_MAX];
	} stream;
	struct {
		struct pl_plaintext head;
		uint8_t bytes[PL_PLAINTEXT_MAX];
	} plaintext;
};

struct kernel_test {
	struct tap *tap;
	union any_record *records;
	size_t count;
};

static inline uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* False, with the reason printed, where the machine does not let us; any other failure fails the test. */
static inline bool tap_permitted(struct tap **tap, const struct tap_options *options)
{
	struct error err = {};
	int code = tap_open(tap, options, &err);

	if (code == -EPERM) {
		printf("skip: %s\n", err.text);
		return false;
	}
	if (code)
		fail_msg("%s", err.text);
	return true;
}

static inline void keep_record(void *context, const struct pl_record *record, size_t len)
{
	struct kernel_test *test = context;

	assert_true(test->count < RECORDS_MAX);
	assert_true(len <= sizeof(*test->records));
	memcpy(&test->records[test->count++], record, len);
}

/* Drains into test->records, from the beginning; returns their number. */
static inline size_t drained(struct kernel_test *test)
{
	int records;

	test->count = 0;
	records = tap_drain(test->tap, keep_record, test);
	assert_int_equal(records, test->count);
	return test->count;
}

/* Runs one frame; whatever it is, it passes and comes out as it went in. */
static inline void run_frame(const struct bpf_program *program, uint32_t verdict, const uint8_t *frame, size_t len)
{
	static uint8_t out[1 << 17];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = len, .data_out = out,
		    .data_size_out = sizeof(out));

	assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(program), &options), 0);
	assert_int_equal(options.retval, verdict);
	assert_int_equal(options.data_size_out, len);
	assert_memory_equal(out, frame, len);
}

static inline void run_xdp(struct kernel_test *test, const struct frame_spec *spec)
{
	uint8_t frame[FRAME_MAX];
	size_t len = frame_build(spec, frame);

	run_frame(test->tap->kernel->progs.pl_xdp, VERDICT_XDP_PASS, frame, len);
}

static inline uint64_t counted(struct kernel_test *test, uint32_t feed, enum pl_counter counter)
{
	uint64_t counters[PL_COUNTER_MAX];

	assert_int_equal(tap_counters(test->tap, feed, counters), 0);
	return counters[counter];
}

/* Around each test: a tap of its own with a small ring, and the records that come out of it. */
static inline int kernel_test_setup(void **state)
{
	const struct tap_options options = {.ring_bytes = 1 << 16};
	struct kernel_test *test = calloc(1, sizeof(*test));

	test->records = calloc(RECORDS_MAX, sizeof(*test->records));
	if (!tap_permitted(&test->tap, &options))
		test->tap = NULL;
	*state = test;
	return 0;
}

static inline int kernel_test_teardown(void **state)
{
	struct kernel_test *test = *state;

	tap_close(test->tap);
	free(test->records);
	free(test);
	return 0;
}

static inline struct kernel_test *kernel_test_of(void **state)
{
	struct kernel_test *test = *state;

	if (!test->tap)
		skip();
	return test;
}

#endif
