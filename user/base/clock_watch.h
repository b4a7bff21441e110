/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Readings of this machine's clock with the best bound that somebody gives on its distance from UTC. Nothing here needs
 * privileges, changes anything or waits: chronyd is asked with every reading, and what it answered by then to the
 * question before bounds this one, grown by its age.
 */
#ifndef PL_BASE_CLOCK_WATCH_H
#define PL_BASE_CLOCK_WATCH_H

#include "base/chrony.h"
#include "base/clock.h"
#include "base/error.h"

#define CLOCK_STALE_NS 5000000000 /* what is older than this is not used */

struct clock_watch;

/* What each source said last. */
struct clock_facts {
	bool kernel_synchronized;
	int64_t kernel_error_ns; /* adjtimex maxerror; TIME_UNKNOWN unless synchronized */
	bool chrony_answers;	 /* within CLOCK_STALE_NS */
	struct chrony_tracking tracking; /* valid if chrony_answers */
	int64_t tracking_age_ns;
	/*
	 * AWS: the Nitro system's bound on the error of the network card's clock, which the ENA driver shows in
	 * /sys/class/net/IFACE/device/phc_error_bound, in ns (README of amzn-drivers' ENA driver; EC2 User Guide, "PTP
	 * hardware clock"). The largest of the machine's. TIME_UNKNOWN: no such card, or none that could be read.
	 */
	bool has_ena;
	bool has_other_phc; /* a clock beside ENA's, like the hypervisor's: which of them chrony calls PHC0 cannot be told */
	int64_t ena_error_ns;
};

/*
 * Which source bounds the clock, and by how much: fills source, synchronized and max_error_ns of the reading.
 *   chrony answers, synchronised to a server            → its bound
 *   … to a PHC of a machine with ENA's bound            → its bound plus ENA's, "chrony+ena"; where there is another
 *                                                         hardware clock too, only if chrony.conf states a delay
 *   … to another refclock whose delay chrony.conf states → its bound; without one: unknown (see chrony_bound_ns)
 *   otherwise                                           → the kernel's, if it is synchronised
 * Where chrony's bound of a refclock is unknown, the kernel's is not used either: chronyd made it of the same figures.
 */
void clock_judge(struct clock_reading *reading, const struct clock_facts *facts);

/* Asks chronyd, and waits for the answer for at most wait_ns. sysfs: "/sys". NULL if out of memory. */
struct clock_watch *clock_watch_new(const char *sysfs, int64_t wait_ns);

void clock_watch_read(struct clock_watch *watch, struct clock_reading *out);

/* What the last reading was judged by. */
const struct clock_facts *clock_watch_facts(const struct clock_watch *watch);

/* Why chronyd was not understood or cannot be asked; "" where it answers, or nobody listens there. */
const char *clock_watch_chrony_error(const struct clock_watch *watch);

void clock_watch_free(struct clock_watch *watch);

#endif
