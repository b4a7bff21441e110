// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/assembler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SETS_MAX 1024 /* of a slot: 32,768 data shreds at most, by 32 */
#define CLOSED_MAX 1024
#define NO_SET SETS_MAX

#define PUBLISHED_MIN 1577836800000000000ULL /* 2020 */
#define PUBLISHED_MAX 4102444800000000000ULL /* 2100 */

/* A set goes from gathering to its data to done; both pointers are NULL before and after. */
struct set_state {
	struct fec_set *gathering;
	struct fec_data *data;
	bool done;
};

struct slot {
	struct block_content content;
	struct set_state sets[SETS_MAX];
	uint32_t next;	   /* set that the batch continues with */
	uint32_t set_end;  /* highest set seen, + 1 */
	uint64_t touched;
	struct batch batch;
	bool ended; /* the shred flagged last in slot was read */
};

struct closed {
	uint64_t slot;
	uint32_t feed;
};

struct assembler {
	struct assembler_handlers handlers;
	struct fec_hash *hash;
	size_t bytes, bytes_max;
	struct slot *slots[ASSEMBLER_SLOTS_MAX];
	size_t slot_count;
	uint64_t touches;
	struct closed closed[CLOSED_MAX]; /* a ring */
	uint64_t closed_count;
	uint64_t counters[PL_FEEDS_MAX][LEDGER_COUNTER_MAX];
	struct error last_error[PL_FEEDS_MAX];
};

int assembler_new(struct assembler **out, size_t bytes_max, const struct assembler_handlers *handlers, struct error *err)
{
	struct assembler *assembler = calloc(1, sizeof(*assembler));
	int status;

	if (!assembler)
		return error_set(err, -ENOMEM, "no memory to put blocks together");
	assembler->handlers = *handlers;
	assembler->bytes_max = bytes_max ? bytes_max : ASSEMBLER_BYTES_MAX;
	status = fec_hash_new(&assembler->hash, err);
	if (status) {
		free(assembler);
		return status;
	}
	*out = assembler;
	return 0;
}

static void *take(struct assembler *assembler, size_t size)
{
	void *memory = calloc(1, size);

	assembler->bytes += memory ? size : 0;
	return memory;
}

static void give_back(struct assembler *assembler, void *memory, size_t size)
{
	assembler->bytes -= memory ? size : 0;
	free(memory);
}

static void drop_gathering(struct assembler *assembler, struct set_state *set)
{
	give_back(assembler, set->gathering, sizeof(*set->gathering));
	set->gathering = NULL;
}

static void drop_data(struct assembler *assembler, struct set_state *set)
{
	give_back(assembler, set->data, sizeof(*set->data));
	set->data = NULL;
}

static void count(struct assembler *assembler, uint32_t feed, enum ledger_counter counter, uint64_t n)
{
	assembler->counters[feed][counter] += n;
}

/* ---- reading in order ----------------------------------------------------------------------------------------------- */

struct reading {
	struct assembler *assembler;
	struct slot *slot;
};

static void on_transaction(void *context, const struct transaction_place *place, const struct transaction *transaction)
{
	struct reading *reading = context;

	reading->assembler->handlers.on_transaction(reading->assembler->handlers.context, place, transaction);
}

static void on_footer(void *context, uint64_t published_ns)
{
	struct reading *reading = context;
	struct block_content *content = &reading->slot->content;
	bool plausible = published_ns >= PUBLISHED_MIN && published_ns < PUBLISHED_MAX;

	count(reading->assembler, content->feed, plausible ? LEDGER_COUNTER_FOOTERS : LEDGER_COUNTER_BAD_FOOTERS, 1);
	if (plausible)
		content->published_ns = published_ns;
}

static void read_batch(struct assembler *assembler, struct slot *slot)
{
	struct reading reading = {assembler, slot};
	struct block_content *content = &slot->content;

	if (batch_read(&slot->batch, content->feed, content->slot, on_transaction, on_footer, &reading,
		       &assembler->last_error[content->feed]))
		count(assembler, content->feed, LEDGER_COUNTER_BATCHES_UNREADABLE, 1);
	batch_next(&slot->batch);
}

/* Appends the data of a set to the block and reads the batches that end in it. */
static void consume(struct assembler *assembler, struct slot *slot, struct set_state *set)
{
	size_t before = slot->batch.room + slot->batch.piece_room * sizeof(*slot->batch.pieces);
	const struct fec_data *data = set->data;

	for (unsigned int i = 0; i < SHRED_SET_DATA; i++) {
		int ends = batch_add(&slot->batch, data, i);

		if (ends < 0)
			batch_gap(&slot->batch);
		else if (ends)
			read_batch(assembler, slot);
		slot->ended |= (data->flags[i] & SHRED_FLAG_LAST_IN_SLOT) == SHRED_FLAG_LAST_IN_SLOT;
	}
	slot->content.sets++;
	slot->content.sets_recovered += data->recovered != 0;
	drop_data(assembler, set);
	if (slot->ended)
		batch_trim(&slot->batch);
	assembler->bytes += slot->batch.room + slot->batch.piece_room * sizeof(*slot->batch.pieces) - before;
}

static void read_on(struct assembler *assembler, struct slot *slot)
{
	while (slot->next < SETS_MAX && slot->sets[slot->next].data)
		consume(assembler, slot, &slot->sets[slot->next++]);
}

/* ---- closing -------------------------------------------------------------------------------------------------------- */

/* Everything that is there, with gaps where nothing is. */
static void read_rest(struct assembler *assembler, struct slot *slot)
{
	uint32_t feed = slot->content.feed;

	for (; slot->next < slot->set_end; slot->next++) {
		struct set_state *set = &slot->sets[slot->next];

		if (set->data) {
			consume(assembler, slot, set);
			continue;
		}
		batch_gap(&slot->batch);
		count(assembler, feed, LEDGER_COUNTER_SETS_NOT_RECOVERED, !set->done); /* done without data: inconsistent, counted then */
		drop_gathering(assembler, set);
	}
	if (slot->batch.piece_count)
		batch_gap(&slot->batch);
}

static void close_at(struct assembler *assembler, size_t at)
{
	struct slot *slot = assembler->slots[at];
	struct block_content *content = &slot->content;

	read_rest(assembler, slot);
	content->entries = slot->batch.entries;
	content->transactions = slot->batch.transactions;
	content->whole = slot->ended && !slot->batch.gap;
	count(assembler, content->feed, LEDGER_COUNTER_ENTRIES, content->entries);
	count(assembler, content->feed, LEDGER_COUNTER_TRANSACTIONS, content->transactions);
	count(assembler, content->feed, LEDGER_COUNTER_BATCHES_INCOMPLETE, slot->batch.batches_incomplete);
	if (content->sets)
		assembler->handlers.on_block(assembler->handlers.context, content);

	assembler->closed[assembler->closed_count++ % CLOSED_MAX] = (struct closed){content->slot, content->feed};
	assembler->slots[at] = assembler->slots[--assembler->slot_count];
	assembler->bytes -= slot->batch.room + slot->batch.piece_room * sizeof(*slot->batch.pieces);
	batch_free(&slot->batch);
	give_back(assembler, slot, sizeof(*slot));
}

void assembler_close(struct assembler *assembler, uint32_t feed, uint64_t slot)
{
	for (size_t i = 0; i < assembler->slot_count; i++) {
		const struct block_content *content = &assembler->slots[i]->content;

		if (content->slot == slot && content->feed == feed) {
			close_at(assembler, i);
			return;
		}
	}
}

/* Quietest first, as they would have been closed. */
static size_t quietest(const struct assembler *assembler)
{
	size_t found = 0;

	for (size_t i = 1; i < assembler->slot_count; i++)
		if (assembler->slots[i]->touched < assembler->slots[found]->touched)
			found = i;
	return found;
}

void assembler_close_all(struct assembler *assembler)
{
	while (assembler->slot_count)
		close_at(assembler, quietest(assembler));
}

/* Everything up to the shred flagged last was read: the slot only waits for the end of its packets. */
static bool is_finished(const struct slot *slot)
{
	return slot->ended && slot->next >= slot->set_end;
}

static void evict(struct assembler *assembler)
{
	size_t at = quietest(assembler);
	const struct slot *slot = assembler->slots[at];

	count(assembler, slot->content.feed, LEDGER_COUNTER_SLOTS_EVICTED, !is_finished(slot));
	close_at(assembler, at);
}

/* ---- gathering ------------------------------------------------------------------------------------------------------ */

static bool is_closed(const struct assembler *assembler, uint32_t feed, uint64_t slot)
{
	uint64_t held = assembler->closed_count < CLOSED_MAX ? assembler->closed_count : CLOSED_MAX;

	for (uint64_t i = 1; i <= held; i++) { /* the latest are the likeliest */
		const struct closed *closed = &assembler->closed[(assembler->closed_count - i) % CLOSED_MAX];

		if (closed->slot == slot && closed->feed == feed)
			return true;
	}
	return false;
}

/* The slot, made where it is new. NULL: it was closed, or there is no memory; counted. */
static struct slot *slot_of(struct assembler *assembler, uint32_t feed, uint64_t number)
{
	struct slot *slot;

	for (size_t i = 0; i < assembler->slot_count; i++) {
		slot = assembler->slots[i];
		if (slot->content.slot == number && slot->content.feed == feed)
			return slot;
	}
	if (is_closed(assembler, feed, number)) {
		count(assembler, feed, LEDGER_COUNTER_SHREDS_LATE, 1);
		return NULL;
	}
	if (assembler->slot_count == ASSEMBLER_SLOTS_MAX)
		evict(assembler);
	slot = take(assembler, sizeof(*slot));
	if (!slot) {
		count(assembler, feed, LEDGER_COUNTER_SHREDS_UNUSABLE, 1);
		return NULL;
	}
	slot->content.feed = feed;
	slot->content.slot = number;
	assembler->slots[assembler->slot_count++] = slot;
	return slot;
}

static struct fec_set *gathering_of(struct assembler *assembler, struct set_state *set, const struct shred *shred)
{
	if (set->gathering)
		return set->gathering;
	set->gathering = take(assembler, sizeof(*set->gathering));
	if (set->gathering) {
		set->gathering->slot = shred->slot;
		set->gathering->fec_set_index = shred->fec_set_index;
	}
	return set->gathering;
}

/* 32 shreds agree. */
static void decode(struct assembler *assembler, struct slot *slot, struct set_state *set, unsigned int last)
{
	uint32_t feed = slot->content.feed;

	set->done = true;
	set->data = take(assembler, sizeof(*set->data));
	count(assembler, feed, LEDGER_COUNTER_SHREDS_CONFLICTING, fec_set_outliers(set->gathering, last));
	if (!set->data || fec_set_decode(set->gathering, assembler->hash, last, set->data)) {
		count(assembler, feed, LEDGER_COUNTER_SETS_INCONSISTENT, 1);
		drop_data(assembler, set);
	} else {
		count(assembler, feed, LEDGER_COUNTER_SETS_RECOVERED, set->data->recovered != 0);
	}
	drop_gathering(assembler, set);
	read_on(assembler, slot);
}

static void gather(struct assembler *assembler, struct slot *slot, const uint8_t *bytes, const struct shred *shred,
		   uint64_t stamp_ns)
{
	uint32_t number = shred->fec_set_index / SHRED_SET_DATA;
	struct set_state *set = &slot->sets[number];
	struct fec_set *gathering;

	slot->touched = ++assembler->touches;
	if (number >= slot->set_end)
		slot->set_end = number + 1;
	if (set->done)
		return;
	gathering = gathering_of(assembler, set, shred);
	if (!gathering) {
		count(assembler, slot->content.feed, LEDGER_COUNTER_SHREDS_UNUSABLE, 1);
		return;
	}
	switch (fec_set_add(gathering, assembler->hash, bytes, shred, stamp_ns)) {
	case FEC_CONFLICTING:
		count(assembler, slot->content.feed, LEDGER_COUNTER_SHREDS_CONFLICTING, 1);
		break;
	case FEC_DECODABLE:
		decode(assembler, slot, set, shred->bit);
		break;
	case FEC_ADDED:
	case FEC_DUPLICATE:
		break;
	}
}

void assembler_shred(struct assembler *assembler, uint32_t feed, const uint8_t *bytes, uint32_t captured, uint32_t len,
		     uint64_t stamp_ns)
{
	struct shred shred;
	struct slot *slot;

	if (feed >= PL_FEEDS_MAX)
		return;
	if (captured < len || !shred_length_fits(len) || shred_read(bytes, len, 0, &shred) != SHRED_OK ||
	    shred.fec_set_index / SHRED_SET_DATA >= SETS_MAX) {
		count(assembler, feed, LEDGER_COUNTER_SHREDS_UNUSABLE, 1);
		return;
	}
	slot = slot_of(assembler, feed, shred.slot);
	if (slot)
		gather(assembler, slot, bytes, &shred, stamp_ns);
	while (assembler->bytes > assembler->bytes_max && assembler->slot_count > 1)
		evict(assembler);
}

void assembler_counters(const struct assembler *assembler, uint32_t feed, uint64_t out[LEDGER_COUNTER_MAX])
{
	memset(out, 0, LEDGER_COUNTER_MAX * sizeof(*out));
	if (feed < PL_FEEDS_MAX)
		memcpy(out, assembler->counters[feed], LEDGER_COUNTER_MAX * sizeof(*out));
}

const char *assembler_last_error(const struct assembler *assembler, uint32_t feed)
{
	return feed < PL_FEEDS_MAX ? assembler->last_error[feed].text : "";
}

size_t assembler_bytes(const struct assembler *assembler)
{
	return assembler->bytes;
}

void assembler_free(struct assembler *assembler)
{
	if (!assembler)
		return;
	for (size_t i = 0; i < assembler->slot_count; i++) {
		struct slot *slot = assembler->slots[i];

		for (uint32_t k = 0; k < slot->set_end; k++) {
			free(slot->sets[k].gathering);
			free(slot->sets[k].data);
		}
		batch_free(&slot->batch);
		free(slot);
	}
	fec_hash_free(assembler->hash);
	free(assembler);
}
