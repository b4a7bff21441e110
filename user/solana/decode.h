/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decoders of `pricelag decode` for what no feed sends by itself: `solana-transaction`, one transaction, one message for each
 * instruction (the id is the program, the key the instruction's number; of an instruction that posts a Pyth price they
 * are those of the price), and `solana-price-update`, the data of one of Pyth's accounts.
 */
#ifndef PL_SOLANA_DECODE_H
#define PL_SOLANA_DECODE_H

#include "feed/decoder.h"

/* Ended by one without a name. */
extern const struct decoder solana_decoders[];
const struct decoder *solana_decoder_find(const char *name);

#endif
