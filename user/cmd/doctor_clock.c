// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What doctor says of clocks: who bounds this machine's, by how much, what that allows to claim, and how to do better. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/clock_watch.h"
#include "base/format.h"
#include "base/ptp.h"
#include "cmd/doctor_parts.h"
#include "tap/nic.h"

#define ANSWER_WAIT_NS 500000000
#define COARSE_NS 10000000 /* above, the order of two machines' messages is rarely known */

/* One reading, and what it was judged by; chrony_error as of clock_watch_chrony_error(). */
static int look(struct clock_reading *reading, struct clock_facts *facts, struct error *chrony_error, struct finding *out)
{
	struct clock_watch *watch = clock_watch_new("/sys", ANSWER_WAIT_NS);

	if (!watch) {
		find(out, BAD, "", "out of memory");
		return -1;
	}
	clock_watch_read(watch, reading);
	*facts = *clock_watch_facts(watch);
	snprintf(chrony_error->text, sizeof(chrony_error->text), "%s", clock_watch_chrony_error(watch));
	clock_watch_free(watch);
	return 0;
}

/* ---- who bounds the clock ----------------------------------------------------------------------------------------- */

static const char unbounded_means[] =
	"nothing may be said about published → wire, about block times or about another site";

static void say_unbounded(const struct clock_facts *facts, const char *width, struct finding *out)
{
	if (!facts->chrony_answers || facts->tracking.reference == CHRONY_NONE) {
		find(out, BAD, "install chrony ('apt install chrony'), wait until 'chronyc tracking' says Normal",
		     "the clock is not synchronised: latencies inside this machine are exact to ± %s, but %s", width,
		     unbounded_means);
		return;
	}
	find(out, BAD, facts->has_ena && facts->ena_error_ns == TIME_UNKNOWN ? "look for phc_err in 'ethtool -S IFACE'; a newer ENA driver, or time by NTP (169.254.169.123)" :
		       "state the clock's own error in chrony.conf, of which 'delay' is twice: 'refclock PHC /dev/ptp0 poll 0 delay "
		       "0.00001' vouches for 5 µs; or add an NTP server that is preferred",
	     "the clock follows %s, a clock of this machine whose own error %s: chrony and the kernel count it as exact. "
	     "Latencies inside this machine are exact to ± %s, but %s",
	     facts->tracking.name, facts->has_ena && facts->ena_error_ns == TIME_UNKNOWN ? "the network card does not tell at the moment" :
							      "nobody has stated to chrony",
	     width, unbounded_means);
}

static void say_bounded(const struct clock_reading *reading, const struct clock_facts *facts, const char *width,
			struct finding *out)
{
	static const char *const givers[CLOCK_SOURCES] = {
		[CLOCK_SOURCE_KERNEL] = ("by the kernel (adjtimex): what its time daemon told it last, plus 500 µs for each second "
					 "since"),
		[CLOCK_SOURCE_CHRONY] = "by chrony, asked every second",
		[CLOCK_SOURCE_CHRONY_ENA] = "by chrony, asked every second, plus the bound of the network card's own clock (ENA)",
	};
	struct ptp_device devices[PTP_DEVICES_MAX];
	bool coarse = reading->max_error_ns > COARSE_NS, phc = ptp_list(devices, "/sys") > 0;
	bool kernel = reading->source == CLOCK_SOURCE_KERNEL;
	const char *remedy = "";
	char bound[FORMAT_MAX], twice[FORMAT_MAX];

	if (kernel)
		remedy = facts->chrony_answers ? "see chrony below" :
						 "chrony ('apt install chrony') is asked for its own bound, which is far narrower";
	else if (coarse)
		remedy = "a nearer time server ('server HOST iburst minpoll 4 maxpoll 6 xleave' in chrony.conf), or PTP";
	find(out, coarse || (kernel && phc) ? NOTE : GOOD, remedy,
	     "within ± %s of UTC, bounded %s; read to ± %s. Of two machines with such a bound the order of two messages is known "
	     "where they are more than %s apart%s%s",
	     format_duration(reading->max_error_ns, bound, sizeof(bound)), givers[reading->source], width,
	     format_duration(2 * reading->max_error_ns, twice, sizeof(twice)),
	     coarse ? ": enough for block times, coarse for published → wire" : "",
	     kernel && phc ? ". If phc2sys steers the clock this bound is none: it tells the kernel an error of 0 at each update" : "");
}

void doctor_check_clock(const struct arguments *a, struct finding *out)
{
	struct clock_reading reading;
	struct clock_facts facts;
	struct error ignored;
	char width[FORMAT_MAX];

	(void)a;
	if (look(&reading, &facts, &ignored, out))
		return;
	format_duration(reading.half_width_ns, width, sizeof(width));
	if (reading.max_error_ns == TIME_UNKNOWN)
		say_unbounded(&facts, width, out);
	else
		say_bounded(&reading, &facts, width, out);
}

/* ---- chrony ------------------------------------------------------------------------------------------------------- */

static void say_tracking(const struct clock_facts *facts, struct finding *out)
{
	const struct chrony_tracking *t = &facts->tracking;
	char offset[FORMAT_MAX], dispersion[FORMAT_MAX], delay[FORMAT_MAX], ena[FORMAT_MAX];

	if (t->reference == CHRONY_NONE) {
		find(out, NOTE, "'chronyc sources' shows which servers it reaches; a clock of its own ('local') is no reference",
		     "chronyd runs, and is not synchronised to anything");
		return;
	}
	find(out, GOOD, "",
	     "synchronised to %s, stratum %u: %s to correct, dispersion %s, delay to the reference and back %s, drift at most "
	     "%.3g ppm%s%s",
	     t->name, t->stratum, format_duration(llabs(t->offset_ns), offset, sizeof(offset)),
	     format_duration(t->root_dispersion_ns, dispersion, sizeof(dispersion)),
	     format_duration(t->root_delay_ns, delay, sizeof(delay)), t->drift_ppm + 1,
	     facts->has_ena ? "; the network card bounds its own clock to " : "",
	     facts->has_ena ? format_duration(facts->ena_error_ns, ena, sizeof(ena)) : "");
}

void doctor_check_chrony(const struct arguments *a, struct finding *out)
{
	struct clock_reading reading;
	struct clock_facts facts;
	struct error chrony_error;

	(void)a;
	if (look(&reading, &facts, &chrony_error, out))
		return;
	if (facts.chrony_answers)
		say_tracking(&facts, out);
	else if (chrony_error.text[0])
		find(out, NOTE, "", "%s", chrony_error.text);
	else
		find(out, NOTE, "'apt install chrony'; if it runs, take 'cmdport 0' out of chrony.conf, and in a container use the host's "
				"network: its chronyd listens on the host's loopback",
		     "no chronyd answers on 127.0.0.1 port 323");
}

/* ---- hardware clocks ---------------------------------------------------------------------------------------------- */

/* "37 s and 12.0 ns before the system clock (± 450 ns)": TAI is a whole number of seconds before UTC. */
static void say_device(const struct ptp_device *device, char *out, size_t size)
{
	struct ptp_reading reading;
	char rest[FORMAT_MAX], width[FORMAT_MAX];
	struct timex kernel = {0};
	struct error err;
	int64_t seconds;
	int fd = ptp_open(device->path, &err), status = fd < 0 ? fd : ptp_read(fd, device->path, &reading, &err);

	if (fd >= 0)
		close(fd);
	if (status) {
		snprintf(out, size, "%s", err.text);
		return;
	}
	adjtimex(&kernel);
	seconds = (reading.offset_ns + (reading.offset_ns < 0 ? -500000000 : 500000000)) / 1000000000;
	snprintf(out, size, "%s is %" PRId64 " s and %s ahead of the system clock (± %s%s)%s", device->path, seconds,
		 format_duration(reading.offset_ns - seconds * 1000000000, rest, sizeof(rest)),
		 format_duration(reading.half_width_ns, width, sizeof(width)), reading.crossed ? ", latched together" : "",
		 seconds && seconds == kernel.tai ? ": it counts TAI" : "");
}

/* The network card's own receive stamps (nic_stamps in site.yaml). */
void doctor_check_nic(const struct arguments *a, struct finding *out)
{
	struct nic_clock nic;
	struct error err;

	if (!a->interface)
		find(out, NOTE, "pricelag doctor -i IFACE", "no interface was given: its own stamps not looked at");
	else if (nic_clock_read(a->interface, &nic, &err))
		find(out, BAD, "'ip link' lists the interfaces", "%s: no such interface", a->interface);
	else if (nic.device < 0 || !nic.can_stamp)
		find(out, NOTE, "", "%s: %s: the stage nic will be empty, wire is the kernel's stamp at XDP as everywhere", a->interface,
		     nic.device < 0 ? "the card has no clock" : "the card does not stamp every packet that arrives");
	else if (!nic.stamps)
		find(out, NOTE, "'hwstamp_ctl -i IFACE -r 1' (linuxptp) switches them on; then 'nic_stamps: true' for the interface",
		     "%s: the card can stamp every packet by /dev/ptp%d, and does not at the moment", a->interface, nic.device);
	else
		find(out, GOOD, "", "%s: the card stamps every packet by /dev/ptp%d: 'nic_stamps: true' for the interface records it, if its "
				    "driver gives the stamps to XDP programs (Linux 6.3 on)", a->interface, nic.device);
}

void doctor_check_ptp(const struct arguments *a, struct finding *out)
{
	struct ptp_device devices[PTP_DEVICES_MAX];
	size_t count = ptp_list(devices, "/sys"), len = 0;
	char text[700] = "";

	(void)a;
	if (!count) {
		find(out, NOTE, "on EC2: an instance type with a PTP hardware clock and an ENA driver loaded with phc_enable=1; else a card "
				"with one, ptp4l, and 'refclock PHC' in chrony.conf",
		     "no PTP hardware clock (/dev/ptp*): the clock can only be as good as NTP makes it");
		return;
	}
	for (size_t i = 0; i < count && len < sizeof(text); i++) {
		char state[sizeof(((struct error *)NULL)->text)];

		say_device(&devices[i], state, sizeof(state));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s: %s", i ? "; " : "",
					devices[i].name[0] ? devices[i].name : "unnamed", state);
	}
	find(out, GOOD, "", "%s", text);
}
