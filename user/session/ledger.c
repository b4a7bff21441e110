// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base58.h"
#include "feed/build.h"
#include "solana/pyth_post.h"

struct ledger {
	struct session *session;
	const struct collect_feed *feeds;
	size_t feed_count;
	struct assembler *assembler;
	uint64_t watched[PL_FEEDS_MAX], forged[PL_FEEDS_MAX];
};

/* What the rows of one transaction share. */
struct posting {
	struct ledger *ledger;
	struct session_block_transaction row;
};

static void put_price(void *context, const struct feed_message *message)
{
	struct posting *posting = context;

	posting->row.message = *message;
	posting->ledger->watched[posting->row.feed_id]++;
	session_put_block_transaction(posting->ledger->session, &posting->row);
}

static void put_transaction(struct posting *posting, const struct watch *watch, const struct transaction *transaction)
{
	struct feed_message none;

	memcpy(posting->row.watch, watch->name, sizeof(posting->row.watch));
	message_clear(&none);
	if (!pyth_posts(transaction, put_price, posting))
		put_price(posting, &none);
}

static void on_transaction(void *context, const struct transaction_place *place, const struct transaction *transaction)
{
	struct ledger *ledger = context;
	const struct collect_feed *feed = &ledger->feeds[place->feed];
	struct posting posting = {ledger, {
		.feed_id = place->feed,
		.number = place->slot,
		.entry = place->entry,
		.position = place->transaction,
		.shred = place->shred,
		.block_wire_mono_ns = (int64_t)place->block_wire_ns,
		.readable_mono_ns = (int64_t)place->readable_ns,
		.recovered = place->recovered,
	}};
	bool verified = false;

	for (size_t i = 0; i < feed->watch_count; i++) {
		if (!watch_matches(&feed->watches[i], transaction))
			continue;
		if (!verified && !transaction_verify(transaction)) {
			ledger->forged[place->feed]++;
			return;
		}
		if (!verified)
			base58_encode(transaction->signatures, SOLANA_SIGNATURE_BYTES, posting.row.signature);
		verified = true;
		put_transaction(&posting, &feed->watches[i], transaction);
	}
}

static void on_block(void *context, const struct block_content *content)
{
	struct ledger *ledger = context;

	session_put_block_content(ledger->session, content);
}

int ledger_new(struct ledger **out, struct session *session, const struct collect_feed *feeds, size_t feed_count,
	       struct error *err)
{
	struct ledger *ledger = calloc(1, sizeof(*ledger));
	struct assembler_handlers handlers = {ledger, on_transaction, on_block};
	int status;

	if (!ledger)
		return error_set(err, -ENOMEM, "no memory to read blocks");
	ledger->session = session;
	ledger->feeds = feeds;
	ledger->feed_count = feed_count;
	status = assembler_new(&ledger->assembler, 0, &handlers, err);
	if (status) {
		free(ledger);
		return status;
	}
	*out = ledger;
	return 0;
}

void ledger_free(struct ledger *ledger)
{
	if (!ledger)
		return;
	assembler_free(ledger->assembler);
	free(ledger);
}

void ledger_shred(struct ledger *ledger, const struct pl_shred_record *shred)
{
	if (shred->head.feed < ledger->feed_count && ledger->feeds[shred->head.feed].payload)
		assembler_shred(ledger->assembler, shred->head.feed, (const uint8_t *)(shred + 1), shred->captured, shred->len,
				shred->head.stamp_ns);
}

void ledger_close(struct ledger *ledger, uint32_t feed, uint64_t slot)
{
	assembler_close(ledger->assembler, feed, slot);
}

void ledger_close_all(struct ledger *ledger)
{
	assembler_close_all(ledger->assembler);
}

void ledger_counters(const struct ledger *ledger, uint32_t feed, uint64_t out[COLLECT_COUNTER_MAX])
{
	uint64_t assembled[LEDGER_COUNTER_MAX];

	if (feed >= ledger->feed_count)
		return;
	assembler_counters(ledger->assembler, feed, assembled);
	out[COLLECT_COUNTER_WATCHED] += ledger->watched[feed];
	out[COLLECT_COUNTER_FORGED] += ledger->forged[feed];
#define X(ID, name, text, is_loss) out[COLLECT_COUNTER_##ID] += assembled[LEDGER_COUNTER_##ID];
	LEDGER_COUNTERS(X)
#undef X
}

const char *ledger_last_error(const struct ledger *ledger, uint32_t feed)
{
	return assembler_last_error(ledger->assembler, feed);
}
