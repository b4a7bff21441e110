/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Calls that carry prices as arguments: Chainlink's transmit() and Stork's updateTemporalNumericValuesV1(). */
#ifndef PL_FEED_TRANSMIT_H
#define PL_FEED_TRANSMIT_H

#include "feed/decoder.h"

#define SELECTOR_LEN 4

extern const uint8_t transmit_ocr1_selector[SELECTOR_LEN], transmit_ocr2_selector[SELECTOR_LEN], transmit_stork_selector[SELECTOR_LEN];

/*
 * decode_fn's over what follows the selector, to the end of the transaction's input or beyond the call's own.
 *
 * OCR: the price is the median of the observations, an integer whose power of ten the contract knows. There is no id and no
 * key: which aggregator it is for is the call's address, and which round it becomes is the chain's to say.
 */
int transmit_ocr1(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		  struct error *err);
int transmit_ocr2(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		  struct error *err);
int transmit_stork(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		   struct error *err);

#endif
