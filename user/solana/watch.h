/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which transactions of a block somebody wants: those that call a program, name an account, or both in one instruction.
 * Only what stands in the transaction itself is seen: not the calls that programs make among themselves, nor accounts
 * that a v0 transaction takes out of a look-up table.
 */
#ifndef PL_SOLANA_WATCH_H
#define PL_SOLANA_WATCH_H

#include <stdbool.h>

#include "feed/message.h"
#include "solana/transaction.h"

struct watch {
	char name[FEED_TEXT_MAX];
	bool has_program, has_account; /* at least one of them */
	uint8_t program[SOLANA_KEY_BYTES], account[SOLANA_KEY_BYTES];
};

bool watch_matches(const struct watch *watch, const struct transaction *transaction);

#endif
