/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tables of FEC sets in userspace: what the kernel's map holds while recording, for packets that come out of a
 * capture file. Recognition, update and summary are the shared functions of bpf/shred.bpf.h; only the table is of its own.
 */
#ifndef PL_TAP_AGGREGATE_H
#define PL_TAP_AGGREGATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "record.h"
#include "tap/tap.h"

struct aggregate;

struct aggregate_handlers {
	void *context;
	tap_handle_fn on_record; /* SET and SHRED records, laid out and ordered as in the ring */
	tap_set_fn on_set;
	tap_slot_fn on_slot;
};

/*
 * A table for at most `sets_max` live sets (it takes about 130 bytes for each). Where it is full the slots that were
 * silent for longest are summarised before their time, and their sets counted as evicted. -ENOMEM otherwise.
 */
int aggregate_new(struct aggregate **out, size_t sets_max, const struct aggregate_handlers *handlers,
		  struct error *err);
void aggregate_free(struct aggregate *aggregate);

/*
 * Takes in a UDP payload of `len` bytes, of which `captured` are at `payload`; `stamp_ns` is the packet's time. `rule`
 * (PL_ACTION_SHRED*) says whose it is and which shreds are taken. Whatever the payload is, exactly what became of it is
 * added to `counters` (PL_COUNTER_*, of this feed).
 */
void aggregate_payload(struct aggregate *aggregate, const struct pl_rule *rule, const uint8_t *payload,
		       uint32_t captured, uint32_t len, uint64_t stamp_ns, uint64_t counters[PL_COUNTER_MAX]);

/*
 * Takes out every slot that had no packet for `idle_ns` before `now_ns` (idle_ns 0: all of them): its sets in ascending
 * order, then its summary. A shred of a slot that was taken out is late, and is counted, not summarised again.
 */
void aggregate_retire(struct aggregate *aggregate, uint64_t now_ns, uint64_t idle_ns);

/* Adds what is known only when a slot leaves: evicted and astray. */
void aggregate_counters(const struct aggregate *aggregate, uint32_t feed, uint64_t counters[PL_COUNTER_MAX]);

#endif
