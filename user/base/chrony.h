/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What chronyd knows of this machine's clock: one question and one answer of its monitoring protocol (chrony's candm.h,
 * version 6, chrony 2.2 and later), on UDP port 323 of the loopback, which answers every user of the machine unless
 * chrony.conf says `cmdport 0`.
 *
 * Why ask, where adjtimex(2) has a bound as well: the kernel lets its bound grow by 500 µs a second until chronyd's next
 * update, which may be minutes away; chronyd's own grows by what it knows of the clock's drift, about a microsecond.
 */
#ifndef PL_BASE_CHRONY_H
#define PL_BASE_CHRONY_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/error.h"

#define CHRONY_PACKET_BYTES 104 /* of the question too: chronyd answers with no more than it was sent */

enum chrony_reference {
	CHRONY_NONE,	/* not synchronised, or to nothing but itself (`local`, `manual`) */
	CHRONY_SERVER,	/* an NTP server: its distance from its own reference is in the root delay and dispersion */
	CHRONY_REFCLOCK /* a clock of this machine (PHC, PPS, SHM, SOCK): its error is what chrony.conf states, by default nothing */
};

struct chrony_tracking {
	enum chrony_reference reference;
	char name[48]; /* the server's address, or the refclock's name ("PHC0"); "" for CHRONY_NONE */
	unsigned int stratum;
	int64_t offset_ns;	    /* what is left to be corrected of CLOCK_REALTIME; positive: it is slow */
	int64_t root_delay_ns;	    /* there and back to the reference, all servers in between included */
	int64_t root_dispersion_ns; /* grown to the moment of the answer */
	double drift_ppm;	    /* |residual frequency| + skew: by how much the two above may grow */
};

/* The question "tracking". */
void chrony_question(uint8_t out[CHRONY_PACKET_BYTES], uint32_t sequence);

/* Its answer. -EPROTO, with the reason, for what is none, is refused, or answers another question. */
int chrony_answer(struct chrony_tracking *out, const uint8_t *data, size_t len, uint32_t sequence, struct error *err);

/*
 * Bound on |UTC - CLOCK_REALTIME| age_ns after the question (RFC 5905, 11.2.1 without the jitter, which chronyd has in
 * its dispersion): |offset| + root dispersion + root delay / 2 + age * (drift + 1 ppm, chronyd's maxclockerror).
 * reference_error_ns is added for a refclock: how far it may be off itself, TIME_UNKNOWN if nobody says. TIME_UNKNOWN
 * where nothing bounds the reference: a clock that chrony.conf states no `delay` for counts as exact to chronyd.
 */
int64_t chrony_bound_ns(const struct chrony_tracking *tracking, int64_t age_ns, int64_t reference_error_ns);

#endif
