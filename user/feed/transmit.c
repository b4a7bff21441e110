// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Arguments as the contract ABI lays them out, in words of 32 bytes; what is of variable length stands where its word's
 * offset points to, behind its own length:
 *
 *   OCR1   transmit(bytes report, bytes32[] rs, bytes32[] ss, bytes32 vs)
 *          report: context (bytes 27 to 31: epoch u32, round u8), observers, int192[] observations, in ascending order
 *   OCR2   transmit(bytes32[3] context, bytes report, bytes32[] rs, bytes32[] ss, bytes32 vs)
 *          context: digest of the configuration, the same epoch and round, extra hash; report: uint32 time of the
 *          observations in s, observers, int192[] observations, int192 LINK in wei
 *   Stork  updateTemporalNumericValuesV1(((uint64 ns, int192 value), bytes32 id, bytes32 Merkle root, bytes32 algorithm,
 *          bytes32 r, bytes32 s, uint8 v)[])
 *
 * smartcontractkit/libocr, contract/OffchainAggregator.sol and contract2/OCR2Aggregator.sol; Stork-Oracle/stork-external,
 * chains/evm/contracts/stork/contracts/StorkStructs.sol.
 */
#include "feed/transmit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/keccak.h"
#include "base/wide.h"
#include "feed/build.h"
#include "feed/digest.h"
#include "feed/stork.h"

#define WORD		32
#define OBSERVATIONS_MAX 31 /* oracles of an OCR network */
#define REPORT_MAX	((5 + OBSERVATIONS_MAX) * WORD)
#define EPOCH_AT	27
#define STORK_INPUT	8  /* words of an update */
#define STORK_MAX	64 /* updates in one call */
#define STORK_DECIMALS	18

/* Keccak-256 of the signatures above, the tuples written out; tests/unit/feed_calldata.c computes them. */
const uint8_t transmit_ocr1_selector[] = {0xc9, 0x80, 0x75, 0x39};
const uint8_t transmit_ocr2_selector[] = {0xb1, 0xdc, 0x65, 0xa4};
const uint8_t transmit_stork_selector[] = {0x41, 0xbd, 0x64, 0xba};

/* A word below 2^32. */
static bool small(const uint8_t *word, size_t *out)
{
	*out = 0;
	for (int i = 0; i < WORD - 4; i++)
		if (word[i])
			return false;
	for (int i = WORD - 4; i < WORD; i++)
		*out = *out << 8 | word[i];
	return true;
}

/* What the word `index` of `data` points to: `count` units behind its length. */
static bool tail(const uint8_t *data, size_t len, size_t index, size_t unit, const uint8_t **out, size_t *count)
{
	size_t offset;

	if (len < WORD * (index + 1) || !small(data + WORD * index, &offset) || offset % WORD || offset > len ||
	    len - offset < WORD || !small(data + offset, count) || *count > (len - offset - WORD) / unit)
		return false;
	*out = data + offset + WORD;
	return true;
}

static int no_call(struct error *err, const char *what)
{
	return error_set(err, -EBADMSG, "%s: not the arguments of this call", what);
}

/* ---- OCR ------------------------------------------------------------------------------------------------------------ */

struct ocr_report {
	const uint8_t *bytes, *context; /* context: the word with epoch and round */
	size_t len;
	size_t observations_at; /* the report's word that points to them */
};

/* The observations are told in ascending order: which also tells a report from bytes that only look like one. */
static bool read_median(const struct ocr_report *report, struct feed_message *message, struct feed_details *details)
{
	const uint8_t *observations;
	size_t count;
	char digits[WIDE_TEXT];

	if (!tail(report->bytes, report->len, report->observations_at, WORD, &observations, &count) || !count ||
	    count > OBSERVATIONS_MAX)
		return false;
	for (size_t i = 0; i < count; i++) {
		uint8_t sign = observations[WORD * i + 8] & 0x80 ? 0xff : 0; /* int192 in a word */

		for (size_t k = 0; k < 8; k++)
			if (observations[WORD * i + k] != sign)
				return false;
		/* in two's complement the order of bytes is that of numbers but for the sign */
		if (i && ((observations[WORD * (i - 1)] ^ 0x80) > (observations[WORD * i] ^ 0x80) ||
			  (observations[WORD * (i - 1)] == observations[WORD * i] &&
			   memcmp(observations + WORD * (i - 1), observations + WORD * i, WORD) > 0)))
			return false;
	}
	wide_text(observations + WORD * (count / 2), WORD, true, digits);
	details_uint(details, "observations", count);
	return !message_set_mantissa(message, digits, false, 0);
}

static uint64_t be(const uint8_t *bytes, size_t width)
{
	uint64_t value = 0;

	for (size_t i = 0; i < width; i++)
		value = value << 8 | bytes[i];
	return value;
}

static bool begin_ocr(const struct ocr_report *report, struct feed_message *message, struct feed_details *details)
{
	details->count = 0;
	message_clear(message);
	message->details = details;
	details_uint(details, "epoch", be(report->context + EPOCH_AT, 4));
	details_uint(details, "round", report->context[EPOCH_AT + 4]);
	return read_median(report, message, details);
}

int transmit_ocr1(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		  struct error *err)
{
	struct ocr_report report = {.observations_at = 2};
	struct feed_details details;
	struct feed_message message;

	(void)options;
	if (!tail(data, len, 0, 1, &report.bytes, &report.len) || report.len < 3 * WORD ||
	    report.len > REPORT_MAX)
		return no_call(err, "transmit (OCR1)");
	report.context = report.bytes;
	if (!begin_ocr(&report, &message, &details))
		return no_call(err, "transmit (OCR1)");
	message_set_digest(&message, report.bytes, report.len);
	emit(context, &message);
	return 1;
}

int transmit_ocr2(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		  struct error *err)
{
	struct ocr_report report = {.observations_at = 2};
	uint8_t signed_bytes[KECCAK256_LEN + 3 * WORD];
	struct feed_details details;
	struct feed_message message;
	size_t time;

	(void)options;
	if (!tail(data, len, 3, 1, &report.bytes, &report.len) || report.len < 4 * WORD ||
	    report.len > REPORT_MAX || !small(report.bytes, &time))
		return no_call(err, "transmit (OCR2)");
	report.context = data + WORD;
	if (!begin_ocr(&report, &message, &details) || message_set_time(&message, (int64_t)time, 0))
		return no_call(err, "transmit (OCR2)");
	keccak256(report.bytes, report.len, signed_bytes);
	memcpy(signed_bytes + KECCAK256_LEN, data, 3 * WORD);
	message_set_digest(&message, signed_bytes, sizeof(signed_bytes));
	emit(context, &message);
	return 1;
}

/* ---- Stork ---------------------------------------------------------------------------------------------------------- */

static bool read_stork(const uint8_t *input, struct feed_message *message)
{
	static const int order[STORK_VALUE_WORDS] = {2, 0, 1, 3, 4}; /* id, time, value, root, algorithm: as they are signed */
	uint8_t value[STORK_VALUE_LEN];
	uint64_t time = be(input + WORD - 8, 8);
	char digits[WIDE_TEXT];

	for (int i = 0; i < WORD - 8; i++)
		if (input[i])
			return false;
	message_clear(message);
	message_set_hex_id(message, input + 2 * WORD, WORD);
	wide_text(input + WORD, WORD, true, digits);
	snprintf(message->key, sizeof(message->key), "%llu", (unsigned long long)time);
	if (time > INT64_MAX || message_set_time(message, (int64_t)time, -9) ||
	    message_set_mantissa(message, digits, true, -STORK_DECIMALS))
		return false;
	for (int i = 0; i < STORK_VALUE_WORDS; i++)
		memcpy(value + WORD * i, input + WORD * order[i], WORD);
	message_set_digest(message, value, sizeof(value));
	return true;
}

int transmit_stork(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		   struct error *err)
{
	const uint8_t *inputs;
	size_t count;
	int updates = 0;

	(void)options;
	if (!tail(data, len, 0, WORD * STORK_INPUT, &inputs, &count) || count > STORK_MAX)
		return no_call(err, "updateTemporalNumericValuesV1");
	for (size_t i = 0; i < count; i++) {
		struct feed_message message;

		if (!read_stork(inputs + WORD * STORK_INPUT * i, &message))
			return no_call(err, "updateTemporalNumericValuesV1");
		emit(context, &message);
		updates++;
	}
	return updates;
}
