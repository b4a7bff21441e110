// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/batch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void batch_free(struct batch *batch)
{
	free(batch->bytes);
	free(batch->pieces);
	memset(batch, 0, sizeof(*batch));
}

void batch_trim(struct batch *batch)
{
	if (batch->piece_count)
		return;
	free(batch->bytes);
	free(batch->pieces);
	batch->bytes = NULL;
	batch->pieces = NULL;
	batch->room = batch->piece_room = 0;
}

/* A shred's bytes come whole: the buffer doubles until they fit. */
static int make_room(struct batch *batch, size_t len)
{
	size_t room = batch->room ? batch->room : 4096;
	uint8_t *grown;

	if (batch->len + len <= batch->room)
		return 0;
	while (room < batch->len + len)
		room *= 2;
	grown = realloc(batch->bytes, room);
	if (!grown)
		return -ENOMEM;
	batch->bytes = grown;
	batch->room = room;
	return 0;
}

static int append(struct batch *batch, const struct fec_data *data, unsigned int i)
{
	uint32_t begin = i ? data->end[i - 1] : 0, len = data->end[i] - begin;
	uint64_t before = batch->piece_count ? batch->pieces[batch->piece_count - 1].readable_ns : batch->boundary_ns;
	uint64_t stamp = data->stamp_ns[i];

	if (make_room(batch, len) ||
	    array_grow((void **)&batch->pieces, batch->piece_count, &batch->piece_room, sizeof(*batch->pieces)))
		return -ENOMEM;
	memcpy(batch->bytes + batch->len, data->bytes + begin, len);
	batch->len += len;
	batch->pieces[batch->piece_count++] = (struct batch_piece){
		.shred = data->fec_set_index + i,
		.end = (uint32_t)batch->len,
		.stamp_ns = stamp,
		.readable_ns = stamp > before ? stamp : before,
		.recovered = data->recovered >> i & 1,
	};
	return 0;
}

int batch_add(struct batch *batch, const struct fec_data *data, unsigned int i)
{
	bool mark = data->flags[i] & SHRED_FLAG_DATA_COMPLETE, lost = batch->lost;
	int status = lost ? 0 : append(batch, data, i);

	if (mark) {
		batch->boundary_ns = data->stamp_ns[i];
		batch->lost = false;
	}
	return status ? status : mark && !lost;
}

void batch_next(struct batch *batch)
{
	batch->len = 0;
	batch->piece_count = 0;
}

void batch_gap(struct batch *batch)
{
	batch->batches_incomplete += !batch->lost && batch->piece_count;
	batch->lost = batch->gap = true;
	batch_next(batch);
}

/* ---- reading -------------------------------------------------------------------------------------------------------- */

struct reading {
	struct batch *batch;
	struct transaction_place place; /* feed and slot */
	batch_transaction_fn on_transaction;
	batch_footer_fn on_footer;
	void *context;
};

/* The piece that has the byte at `offset`. */
static const struct batch_piece *piece_of(const struct batch *batch, size_t offset)
{
	size_t low = 0, high = batch->piece_count - 1;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (batch->pieces[middle].end > offset)
			high = middle;
		else
			low = middle + 1;
	}
	return &batch->pieces[low];
}

static void on_entry(void *context, uint64_t hashes, const uint8_t hash[32], uint64_t transactions)
{
	(void)hashes;
	(void)hash;
	(void)transactions;
	((struct reading *)context)->batch->entries++;
}

static void on_transaction(void *context, size_t offset, const struct transaction *transaction)
{
	struct reading *reading = context;
	struct batch *batch = reading->batch;
	const struct batch_piece *first = piece_of(batch, offset), *last = piece_of(batch, offset + transaction->len - 1);
	struct transaction_place place = reading->place;

	place.shred = first->shred;
	place.entry = batch->gap ? -1 : (int64_t)batch->entries - 1;
	place.transaction = batch->gap ? -1 : (int64_t)batch->transactions;
	place.readable_ns = last->readable_ns;
	for (const struct batch_piece *piece = first; piece <= last; piece++) {
		if (piece->stamp_ns > place.block_wire_ns)
			place.block_wire_ns = piece->stamp_ns;
		place.recovered |= piece->recovered;
	}
	batch->transactions++;
	reading->on_transaction(reading->context, &place, transaction);
}

static void on_footer(void *context, uint64_t published_ns)
{
	struct reading *reading = context;

	reading->on_footer(reading->context, published_ns);
}

int batch_read(struct batch *batch, uint32_t feed, uint64_t slot, batch_transaction_fn transaction_fn,
	       batch_footer_fn footer_fn, void *context, struct error *err)
{
	struct reading reading = {batch, {.feed = feed, .slot = slot}, transaction_fn, footer_fn, context};
	const struct entry_handlers handlers = {&reading, on_entry, on_transaction, on_footer};
	int status = entries_read(batch->bytes, batch->len, &handlers, err);

	/* What could not be read may have held entries: nobody knows how many. */
	batch->gap |= status != 0;
	return status;
}
