// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A run slice by slice, each of which is kept in a checkpoint when it is done; in one go where there is none. */
#include <errno.h>
#include <stdlib.h>

#include "margin/checkpoint.h"
#include "margin/run.h"

#define SLICES 64
#define BYTES_MAX 256e6 /* of a whole run's checkpoint, as far as that is ours to choose: exposures are kept with every slice */

/* What a slice has made: its own blocks and losses, and the exposures of everything so far. */
struct slice {
	uint64_t first, end; /* blocks */
	size_t first_loss, losses, exposure;
};

static size_t exposure_bytes(const struct run *run)
{
	size_t bytes = 0;

	for (size_t i = 0; i < run->model->asset_count; i++)
		bytes += (run->exposure[i].hits ? run->ladders[i].count + 1 : 0) * sizeof(int64_t) + sizeof(run->exposure[i].mass) +
			 sizeof(run->exposure[i].moment);
	return bytes;
}

static struct slice slice_at(const struct run *run, uint64_t first, uint64_t end)
{
	uint64_t from = 2 * first * PAIRS_PER_BLOCK, to = 2 * end * PAIRS_PER_BLOCK;
	struct slice slice = {.first = first, .end = end, .exposure = exposure_bytes(run)};

	to = to < run->model->paths ? to : run->model->paths;
	slice.first_loss = (from + run->stride - 1) / run->stride;
	slice.losses = (to + run->stride - 1) / run->stride - slice.first_loss;
	return slice;
}

static size_t slice_bytes(const struct slice *slice, const struct run *run)
{
	size_t groups = run->group_count;

	return (slice->end - slice->first) * (sizeof(*run->blocks) + groups * sizeof(*run->group_sums)) +
	       slice->losses * (sizeof(*run->losses) + groups * sizeof(*run->group_losses)) + slice->exposure;
}

static void pack(struct run *run, const struct slice *slice, char *bytes, bool back)
{
	checkpoint_move(&run->blocks[slice->first], &bytes, (slice->end - slice->first) * sizeof(*run->blocks), back);
	checkpoint_move(&run->losses[slice->first_loss], &bytes, slice->losses * sizeof(*run->losses), back);
	if (run->group_count) {
		size_t groups = run->group_count;

		checkpoint_move(&run->group_sums[slice->first * groups], &bytes, (slice->end - slice->first) * groups * sizeof(*run->group_sums), back);
		checkpoint_move(&run->group_losses[slice->first_loss * groups], &bytes, slice->losses * groups * sizeof(*run->group_losses), back);
	}
	for (size_t i = 0; i < run->model->asset_count; i++) {
		struct exposure *exposure = &run->exposure[i];

		if (exposure->hits)
			checkpoint_move(exposure->hits, &bytes, (run->ladders[i].count + 1) * sizeof(int64_t), back);
		checkpoint_move(exposure->mass, &bytes, sizeof(exposure->mass), back);
		checkpoint_move(exposure->moment, &bytes, sizeof(exposure->moment), back);
	}
}

/* 1 where the user has stopped it. */
static int run_slice(struct run *run, const struct model_control *control, uint32_t id, const struct slice *slice)
{
	size_t size = slice_bytes(slice, run);
	char *bytes = malloc(size);
	int rc = 0;

	if (!bytes)
		return -ENOMEM;
	if (checkpoint_get(control->checkpoint, id, slice->first, bytes, size)) {
		pack(run, slice, bytes, true);
		run->blocks_done = slice->end;
	} else {
		rc = run_threads(run, control, slice->first, slice->end);
		if (!rc && run->blocks_done < slice->end)
			rc = 1;
		if (!rc) {
			pack(run, slice, bytes, false);
			checkpoint_put(control->checkpoint, id, slice->first, bytes, size);
		}
	}
	free(bytes);
	return rc;
}

int run_slices(struct run *run, const struct model_control *control)
{
	double fitting = BYTES_MAX / (double)exposure_bytes(run);
	uint64_t slices = fitting < SLICES ? (fitting < 4 ? 4 : (uint64_t)fitting) : SLICES, each = (run->block_count + slices - 1) / slices;
	uint32_t id;
	int rc = 0;

	if (!control->checkpoint)
		return run_threads(run, control, 0, run->block_count);
	id = checkpoint_run(control->checkpoint);
	for (uint64_t first = 0; !rc && first < run->block_count; first += each) {
		struct slice slice = slice_at(run, first, first + each < run->block_count ? first + each : run->block_count);

		rc = run_slice(run, control, id, &slice);
	}
	return rc < 0 ? rc : 0;
}
