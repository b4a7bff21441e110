/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The tap: loads the XDP and tc programs, attaches them with bpf_link, fills the match table and drains the ring.
 * It never drops, changes or delays a packet. Records come out as bpf/record.h lays them out.
 */
#ifndef PL_TAP_TAP_H
#define PL_TAP_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "record.h"
#include "tap/match.h"

struct tap;

enum tap_hook { TAP_XDP_NATIVE, TAP_XDP_GENERIC, TAP_TC };

/* "xdp-native", "xdp-generic", "tc"; NULL for anything else. */
const char *tap_hook_name(enum tap_hook hook);

/* Of which sockets the reads are traced. */
#define TAP_READS_TCP 1u
#define TAP_READS_UDP 2u

struct tap_options {
	size_t ring_bytes; /* power of two; 0 = 16 MiB */
	unsigned int reads; /* TAP_READS_*: what tap_attach_reads() will attach */
	bool plaintext; /* tap_attach_plaintext() will be called; together with TAP_READS_TCP */
	bool force_clsact; /* egress (and hook tc) by clsact even where the kernel has TCX links: for kernels < 6.6, and tests */
};

/* Opens and loads the programs (needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN). */
int tap_open(struct tap **out, const struct tap_options *options, struct error *err);

struct tap_hooks {
	enum tap_hook ingress;
	bool egress;	 /* tc egress as well */
	bool nic_stamps; /* TAP_XDP_NATIVE only: ask the network card for its own receive time of each packet that matches
			    (PL_RECORD_NIC). Linux 6.3 and a driver with xmo_rx_timestamp */
};

/*
 * Attaches an interface. Fails rather than change the mode; the message says
 * which mode would work. Says in one line on stderr what is attached how. Interfaces that carry Ethernet frames only.
 */
int tap_attach(struct tap *tap, const char *interface, const struct tap_hooks *hooks, struct error *err);

/*
 * Attaches what sees the reads of other processes' sockets in this network namespace; which ones, the rules with
 * PL_ACTION_ARRIVAL say. tap_options.reads names the kinds; needs CAP_BPF and CAP_PERFMON, as tap_open() does.
 */
int tap_attach_reads(struct tap *tap, struct error *err);

/*
 * Has what `process` (0: every process) reads by OpenSSL's SSL_read and SSL_read_ex of `library` come up as PL_RECORD_PLAINTEXT,
 * of connections that a rule with PL_ACTION_ARRIVAL asks for, and of no other. `library`: the path of the shared library, or
 * of a program that has OpenSSL in it and exports the functions.
 */
int tap_attach_plaintext(struct tap *tap, const char *library, pid_t process, struct error *err);

/* -EOPNOTSUPP, with the tracepoint that is missing, where this kernel cannot do it. Needs no privilege. */
int tap_reads_check(unsigned int reads, struct error *err);

/*
 * Adds a rule (match.h) for feed index `feed` (< PL_FEED_NONE): a passive UDP feed (PL_ACTION_DATAGRAM, PL_ACTION_SHRED…),
 * a watched TCP stream (PL_ACTION_STREAM; the ports are those of either side, `dest` and `source` the
 * packet's), packets whose reads are traced (PL_ACTION_ARRIVAL, UDP, or TCP as before) or the keeper (PL_ACTION_EGRESS; tcp
 * or udp; ports and `dest` are the remote side's). A packet goes to the first
 * rule, in the order of these calls, that matches it. May be called while attached.
 */
int tap_add_match(struct tap *tap, const struct match *match, uint32_t feed, enum pl_rule_action action,
		  uint16_t shred_version, struct error *err);

/*
 * Stamps the segments of a TCP connection that pricelag is about to open; call before connect(), so that the SYN-ACK is seen.
 * flow_id comes back in pl_segment.head.feed.
 */
int tap_add_flow(struct tap *tap, const struct pl_flow_key *key, uint32_t flow_id, struct error *err);
void tap_remove_flow(struct tap *tap, const struct pl_flow_key *key);

/*
 * Calls `handle` for every record that waits in the ring, in order, and returns their number or a negative errno. Call every
 * millisecond: the kernel side never wakes the reader.
 */
typedef void (*tap_handle_fn)(void *context, const struct pl_record *record, size_t len);
int tap_drain(struct tap *tap, tap_handle_fn handle, void *context);

/* Sum over CPUs of the counters of one feed (PL_FEED_NONE: those of no feed). */
int tap_counters(struct tap *tap, uint32_t feed, uint64_t out[PL_COUNTER_MAX]);

/*
 * How long a slot has to be silent before it counts as over. No slot time: it is what a straggler may take, repairs
 * included, before it tells nothing of the block's propagation; it is then counted as late. Slots of any length overlap
 * within it, and take as much of the table as packets come in it.
 */
#define TAP_SLOT_IDLE_NS 5000000000ULL

/*
 * Takes out (returns and deletes) the state of every slot that had no packet for `idle_ns` before `now_ns`; sets of a slot
 * are passed before it. idle_ns 0 takes all. Where there are more than PL_SETS_LIVE sets the slots that were silent for
 * longest leave before that, so that there is room for the next. At most sets_max sets are taken (but one slot in any
 * case): what is over and left is taken by the next call. What is to be said of `astray` and `late` is known after it.
 * Returns the number of slots.
 */
typedef void (*tap_set_fn)(void *context, const struct pl_set_key *key, const struct pl_set *set);
typedef void (*tap_slot_fn)(void *context, const struct pl_slot_key *key, const struct pl_slot *slot);
int tap_retire_slots(struct tap *tap, uint64_t now_ns, uint64_t idle_ns, size_t sets_max, tap_set_fn on_set,
		     tap_slot_fn on_slot, void *context);

/* No packet comes any more; what waits in the ring and in the tables can still be read. */
void tap_detach(struct tap *tap);

/* Detaches everything and frees. A killed process leaves nothing behind either: links die with their descriptors. */
void tap_close(struct tap *tap);

#endif
