/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the numbers of a feed's messages tell: gaps, late ones, repeats, and numberings that begin again. Pure: fed with
 * sequences, asked for counts.
 *
 * A numbering belongs to a source address and port, a destination port and a session. In each of them
 *   a number beyond the next one     leaves a gap; what of it comes later is late, and missing no more
 *   a number that came already       is a repeat, unless the datagram was sent after all before it: then the numbering began
 *                                    again (CME: every week, and with every loop of a snapshot feed)
 */
#ifndef PL_SESSION_NUMBERING_H
#define PL_SESSION_NUMBERING_H

#include <stdint.h>

#include "base/error.h"
#include "feed/sequence.h"
#include "record.h"

#define NUMBERINGS_MAX 256     /* followed at once; further ones are counted, not followed */
#define NUMBERING_GAPS_MAX 256 /* kept of each; of the oldest beyond it nothing can be late any more */

struct numbering_counts {
	uint64_t missing;    /* numbers that have not come */
	uint64_t gaps;	     /* jumps */
	uint64_t late;	     /* numbers that came after a later one */
	uint64_t repeats;    /* numbers that came again */
	uint64_t restarts;
	uint64_t streams;    /* numberings that are followed */
	uint64_t unfollowed; /* datagrams of numberings that found the table full */
	uint64_t messages;   /* inside all datagrams */
};

struct numberings;

/* NULL if out of memory. */
struct numberings *numberings_new(void);
void numberings_free(struct numberings *numberings);

/* Takes in the numbers of one datagram. */
void numberings_add(struct numberings *numberings, const struct pl_datagram *datagram, const struct sequence *sequence);
void numberings_counts(const struct numberings *numberings, struct numbering_counts *out);

#endif
