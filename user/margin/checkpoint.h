/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Results of a long run on their way, in a file: whoever is stopped, or dies, goes on from there. A file belongs to one question
 * (`key`); what it holds are records, each the outcome of one slice of one run, written as they are done and never changed. A
 * record that a crash cut short, or that is damaged, ends the file: what was before it counts.
 *
 * Runs are numbered in the order in which they are asked for, which is the same for the same question. One thread at a time.
 */
#ifndef PL_MARGIN_CHECKPOINT_H
#define PL_MARGIN_CHECKPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct checkpoint;

/* Opens the file, or makes it. The error names it: something else, another question's, in use, or what the system says. */
int checkpoint_open(struct checkpoint **out, const char *path, uint64_t key, struct error *err);

/* Closes it; finished removes it, because there is nothing left to go on from. NULL: nothing. */
void checkpoint_close(struct checkpoint *checkpoint, bool finished);

/* The number of the run that begins now. */
uint32_t checkpoint_run(struct checkpoint *checkpoint);

/* Copies the record of a slice that was there when the file was opened; false where there is none of this size. */
bool checkpoint_get(struct checkpoint *checkpoint, uint32_t run, uint64_t slice, void *data, size_t size);

/* Writes one, and makes what there is last once a second (fdatasync). A run does not end because that fails: checkpoint_failure() tells. */
void checkpoint_put(struct checkpoint *checkpoint, uint32_t run, uint64_t slice, const void *data, size_t size);

/* Packs a record part by part, or unpacks it: to *bytes, or back from there, which then stands behind the part. */
void checkpoint_move(void *ours, char **bytes, size_t size, bool back);

/* Records that were there when it was opened. */
size_t checkpoint_found(const struct checkpoint *checkpoint);

/* 0, or -errno of the first record that could not be written: from there on nothing was. */
int checkpoint_failure(const struct checkpoint *checkpoint);

/* FNV-1a, of a key's parts: begin with CHECKPOINT_KEY. */
#define CHECKPOINT_KEY UINT64_C(0xcbf29ce484222325)
uint64_t checkpoint_hash(uint64_t hash, const void *data, size_t size);

#endif
