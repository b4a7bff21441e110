// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/loss_words.h"

#include <stddef.h>
#include <string.h>

#include "chain/chain.h"
#include "record.h"
#include "session/collect.h"
#include "stream/reads.h"
#include "stream/subscriber.h"

static const struct {
	const char *name, *words;
} counters[] = {
#define X(ID, name, text, is_loss) {#name, text},
	PL_COUNTERS(X) STREAM_COUNTERS(X) COLLECT_COUNTERS(X) CHAIN_COUNTERS(X) READS_COUNTERS(X)
#undef X
	{"rows_lost", "rows that found the session's queue full and were not stored: the disk is too slow"},
};

const char *loss_words(const char *name)
{
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		if (!strcmp(counters[i].name, name))
			return counters[i].words;
	}
	return name;
}
