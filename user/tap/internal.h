/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the parts of the tap share: tap.c (load, drain, counters), sets.c (the table of FEC sets), table.c (what to match),
 * attach.c and attach_nic.c (where to hook in), reads.c (tracepoints), plaintext.c (uprobes) and guard.c (taking clsact filters off again when
 * this process dies).
 */
#ifndef PL_TAP_INTERNAL_H
#define PL_TAP_INTERNAL_H

#include <sys/types.h>

#include <bpf/libbpf.h>

#include "tap/slots.h"
#include "tap/tap.h"

/* After record.h, whose types it names. */
#include "stamp.skel.h"

#define TAP_MATCHES_MAX 256
#define TAP_UPROBES_MAX 128 /* four for each feed that reads plaintext */
#define TAP_LINKS_MAX 80 /* two for each of 32 interfaces, and the tracepoints */

struct tap_match {
	struct match match;
	struct pl_rule rule;
};

struct tap {
	struct stamp *kernel;
	struct ring_buffer *ring;
	tap_handle_fn handle; /* of the tap_drain() that is under way */
	void *context;
	bool force_clsact;

	struct tap_match matches[TAP_MATCHES_MAX];
	unsigned int match_count;
	unsigned int rule_half; /* the half of the rule table that is in use */
	bool flow_used[PL_FLOWS_MAX];
	unsigned int flow_last;

	int links[TAP_LINKS_MAX]; /* bpf_link descriptors: closing one detaches it */
	unsigned int link_count;
	struct bpf_link *uprobes[TAP_UPROBES_MAX];
	unsigned int uprobe_count;
	pid_t guard_pid; /* 0: no guardian */
	int guard_pipe;
	unsigned int guard_count;

	struct pl_set_bucket *buckets; /* the kernel's table of sets, mapped: PL_SET_BUCKETS */
	struct pl_set_key *set_keys;   /* of those that the last look at it found; arrays of PL_SETS_MAX */
	struct pl_set *set_values;
	uint32_t *set_places; /* in the table: bucket * PL_SET_WAYS + way */
	uint32_t *set_order;
	struct slots_span *spans;
	struct slots_memory *memory;
	uint64_t astray[PL_FEEDS_MAX];
	uint64_t late[PL_FEEDS_MAX]; /* packets of a slot that were still taken in while it was being retired */
};

/* A clsact filter, by everything that tells it from another one. */
struct guard_filter {
	int ifindex;
	enum bpf_tc_attach_point point;
	uint32_t handle;
	uint32_t priority;
	uint32_t prog_id;
};
#define GUARD_FILTERS_MAX 64

/*
 * A clsact filter outlives its process. The guardian is a child that does nothing but wait for the end of its parent,
 * however that comes, and then removes the filters it was told of; one that carries another program it leaves alone.
 */
int guard_add(struct tap *tap, const struct guard_filter *filter, struct error *err);
/* Has the filters removed and waits until they are. */
void guard_stop(struct tap *tap);

/*
 * The XDP program that asks for the network card's stamps, loaded for this one device on the tap's maps: a descriptor that
 * the caller closes once its link holds the program. -EOPNOTSUPP or what the kernel says where the driver has no stamps.
 */
int tap_nic_program(const struct tap *tap, const char *interface, int ifindex, int *fd, struct error *err);

/* The kernel's table of sets, from the moment the programs are loaded: sets.c, which has tap_retire_slots() too. */
int sets_open(struct tap *tap, struct error *err);
void sets_close(struct tap *tap);

/* Between open and load: has the programs for TAP_READS_* loaded too. */
int reads_prepare(struct tap *tap, unsigned int reads, struct error *err);
/* The same for tap_attach_plaintext(). */
void plaintext_prepare(struct tap *tap);
void plaintext_detach(struct tap *tap);

/* The last warning libbpf gave, one line, for an error's text; "" if there was none since tap_open(). */
const char *tap_libbpf_warning(void);

#endif
