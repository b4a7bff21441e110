/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Capture files (pcap, pcapng) in place of a network card: the same rules, the same parser and the same records as the
 * kernel side, without root. Several files are read as one stream, merged by time.
 *
 * What differs from the wire, and is not hidden: stamps are those of the file (UTC), a packet may have been cut by the
 * snap length, TCP segments come with their payload, and a plain Ethernet capture does not tell which way a packet went
 * (a Linux cooked one does, and so does pcapng with epb_flags: outgoing packets are no ingress, and the other way round).
 */
#ifndef PL_TAP_CAPTURE_H
#define PL_TAP_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"
#include "parse.bpf.h"
#include "record.h"
#include "tap/capfile.h"
#include "tap/match.h"
#include "tap/tap.h"

/* A TCP segment to or from a watched port. */
struct capture_segment {
	const struct packet *packet; /* addresses, ports, seq, flags and len */
	const uint8_t *payload;
	uint32_t captured; /* bytes at `payload`; < packet->len where the snap length cut it */
	uint64_t stamp_ns;
};

struct capture_handlers {
	void *context;
	tap_handle_fn on_record; /* DATAGRAM, EGRESS, SET and SHRED records, laid out as in the ring */
	tap_set_fn on_set;	 /* when a slot was idle for capture_options.idle_ns, and at the end: its sets … */
	tap_slot_fn on_slot;	 /* … and its summary */
	/* A segment of a watched port, before the egress rules see it: true = of a connection that is nobody's egress. */
	bool (*on_segment)(void *context, const struct capture_segment *segment);
};

struct capture_options {
	uint64_t idle_ns; /* a slot without a packet for this long, in the files' time, is summarised */
};

struct capture;

int capture_new(struct capture **out, const struct capture_options *options, const struct capture_handlers *handlers,
		struct error *err);
void capture_free(struct capture *capture);

/* As tap_add_match(): of several rules that want a packet, the one that was added first gets it. */
int capture_add_match(struct capture *capture, const struct match *match, uint32_t feed, enum pl_rule_action action,
		      uint16_t shred_version, struct error *err);

/* TCP segments from or to this port go to on_segment. */
void capture_watch_port(struct capture *capture, uint16_t port);

/* Opens a file ("-": standard input). The error names the file, and the link types that are understood where it has another one. */
int capture_add_file(struct capture *capture, const char *path, struct error *err);

/* Takes over an open stream; `name` is for messages. */
int capture_add_stream(struct capture *capture, FILE *stream, const char *name, struct error *err);

/* Handles the next packet in time order: 1, or 0 when all files have ended. */
int capture_next(struct capture *capture);

/* The packet that capture_next() handled last, or is handling; valid until it is called again. */
const struct capfile_packet *capture_in_hand(const struct capture *capture);

/* Handles one captured packet of link type LINKTYPE_* (tap/link.h): `captured` bytes of the `len` that were on the wire. */
void capture_packet(struct capture *capture, int link_type, const uint8_t *data, uint32_t captured, uint32_t len,
		    uint64_t stamp_ns);

/* Summarises every slot that is still open. */
void capture_finish(struct capture *capture);

/* As tap_counters(). */
void capture_counters(const struct capture *capture, uint32_t feed, uint64_t out[PL_COUNTER_MAX]);

struct capture_totals {
	uint64_t packets;
	uint64_t bytes_read, bytes_all; /* of the files, for a progress line; all = 0 where a size is not known */
	uint64_t backwards;		/* packets stamped before their predecessor in the same file */
	uint64_t bad_stamps;		/* packets whose stamp is no time: left out */
	uint64_t unknown_link;		/* packets of an interface whose link type is not understood, beside others that are */
	uint64_t dropped;		/* packets that the capturing program says it lost (pcapng) */
	uint64_t cut_files;		/* files that end, or break, in the middle of a packet: what comes before was taken */
	int64_t first_ns, last_ns;	/* TIME_UNKNOWN: no packet */
};
void capture_totals(const struct capture *capture, struct capture_totals *out);

/* What was wrong with the i-th file that broke off, as one sentence with its name; NULL past the last. */
const char *capture_broken(const struct capture *capture, size_t i);

#endif
