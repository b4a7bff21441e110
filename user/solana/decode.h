/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Decoder `solana-transaction` of `pricelag decode`: one transaction, one message for each instruction. The id is the
 * program, the key the instruction's number; of an instruction that posts a Pyth price they are those of the price.
 */
#ifndef PL_SOLANA_DECODE_H
#define PL_SOLANA_DECODE_H

#include "feed/decoder.h"

extern const struct decoder solana_transaction_decoder;

#endif
