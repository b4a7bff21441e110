// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Logs that were missed while the connection was down: eth_getLogs, page by page. */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "chain/state.h"

void backfill_open(struct chain *chain, uint64_t from)
{
	chain->gap_open = true;
	chain->gap_from = from < chain->first_block ? chain->first_block : from;
}

static void backfill_next(struct chain *chain)
{
	struct backfill *b = &chain->backfill;
	char range[96], last[24] = "latest";

	while (b->type < ORACLE_TYPES && !request_has_type(chain, b->type))
		b->type++;
	if (b->type == ORACLE_TYPES) { /* the page is through */
		b->type = 0;
		b->next += b->span <= b->tip - b->next ? b->span : b->tip - b->next + 1;
		chain->gap_from = b->next; /* should the connection break, the rest is fetched by the next one */
		b->active = chain->gap_open = b->next <= b->tip;
		if (b->active)
			backfill_next(chain);
		return;
	}
	if (b->span <= b->tip - b->next)
		snprintf(last, sizeof(last), "0x%" PRIx64, b->next + b->span - 1);
	snprintf(range, sizeof(range), "[{\"fromBlock\":\"0x%" PRIx64 "\",\"toBlock\":\"%s\",", b->next, last);
	request_send_filter(chain, REQUEST_GET_LOGS, "eth_getLogs", range, b->type, "}]");
}

void backfill_start(struct chain *chain, uint64_t tip)
{
	struct backfill *b = &chain->backfill;

	b->active = true;
	b->type = 0;
	b->next = chain->gap_from;
	b->tip = tip < b->next ? b->next : tip; /* a node that lags still answers "latest" */
	b->span = b->tip - b->next < b->span_limit ? b->tip - b->next + 1 : b->span_limit;
	backfill_next(chain);
}

void backfill_page(struct chain *chain, struct json_object *logs)
{
	static const struct chain_stamps unknown = {TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN};
	struct backfill *b = &chain->backfill;
	size_t count = json_object_array_length(logs);

	for (size_t i = 0; i < count; i++)
		update_read_log(chain, json_object_array_get_idx(logs, i), &unknown, true);
	if (b->active) {
		b->type++;
		backfill_next(chain);
	}
}

bool backfill_halve(struct chain *chain)
{
	struct backfill *b = &chain->backfill;

	if (!b->active || b->span <= 1 || b->next == b->tip)
		return false;
	b->span = (b->span < b->tip - b->next + 1 ? b->span + 1 : b->tip - b->next + 2) / 2;
	backfill_next(chain);
	return true;
}

void backfill_connection_lost(struct chain *chain)
{
	struct backfill *b = &chain->backfill;

	if (b->active) /* perhaps because the answer was too long for the connection's limit */
		b->span_limit = b->span > 1 ? b->span / 2 : 1;
	b->active = false;
}
