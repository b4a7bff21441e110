/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The oracle messages that the input of an EVM transaction carries, wherever they stand in it: updates go through keepers',
 * forwarders' and multicall contracts, whose own arguments nobody can know. Each kind is found by bytes that it begins or
 * ends with, and read by the decoder of the feed that delivers it, so that its digest is the feed's (digest.h).
 *
 *   pyth-pnau          "PNAU"
 *   pyth-lazer         the magic of its format evm
 *   chainlink-streams  the first offset of a full report (0xe0) in a word of its own, behind three words of context
 *   chainlink-ocr      the selectors of OCR1's and OCR2's transmit()
 *   redstone           the marker behind its payload
 *   stork              the selector of updateTemporalNumericValuesV1()
 */
#ifndef PL_FEED_CALLDATA_H
#define PL_FEED_CALLDATA_H

#include <stddef.h>
#include <stdint.h>

#include "feed/decoder.h"

/* What nodes let into their pools (geth: txMaxSize). */
#define CALLDATA_MAX 131072

/* A hostile transaction may be full of beginnings: so many are read, and so many messages taken. */
#define CALLDATA_TRIES_MAX    16
#define CALLDATA_MESSAGES_MAX 256

/* `type` is the name in the list above: a literal. */
typedef void (*calldata_emit_fn)(void *context, const char *type, const struct feed_message *message);

/* Never fails: what only looked like a message is passed over. Returns how many were emitted. */
unsigned calldata_scan(const uint8_t *data, size_t len, calldata_emit_fn emit, void *context);

/* The same for `pricelag decode evm-calldata`: the type comes as the detail `carries`. -EBADMSG beyond CALLDATA_MAX. */
extern const struct decoder calldata_decoder;

#endif
