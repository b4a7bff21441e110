// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/watch.h"

#include <string.h>

static bool is_key(const uint8_t *key, const uint8_t wanted[SOLANA_KEY_BYTES])
{
	return key && !memcmp(key, wanted, SOLANA_KEY_BYTES);
}

static bool names_account(const struct transaction *transaction, const struct instruction *instruction,
			  const uint8_t account[SOLANA_KEY_BYTES])
{
	for (unsigned int i = 0; i < instruction->account_count; i++)
		if (is_key(transaction_key(transaction, instruction->accounts[i]), account))
			return true;
	return false;
}

bool watch_matches(const struct watch *watch, const struct transaction *transaction)
{
	struct instruction_walk walk = {0};
	struct instruction instruction;

	while (transaction_next(transaction, &walk, &instruction))
		if ((!watch->has_program || is_key(instruction.program, watch->program)) &&
		    (!watch->has_account || names_account(transaction, &instruction, watch->account)))
			return true;
	return false;
}
