// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/clock_watch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ptp.h"

#define CHRONY_PORT 323

struct clock_watch {
	int fd; /* to chronyd; -1: there is no loopback */
	uint32_t sequence;
	int64_t asked_ns, answered_ns; /* CLOCK_MONOTONIC; answered_ns: when the question was asked that was answered last */
	glob_t ena;
	int64_t ena_read_ns;
	struct clock_facts facts;
	struct error chrony_error;
};

/* ---- sources ------------------------------------------------------------------------------------------------------ */

static void open_chrony(struct clock_watch *watch)
{
	const struct sockaddr_in chronyd = {AF_INET, htons(CHRONY_PORT), {htonl(INADDR_LOOPBACK)}, {0}};

	watch->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (watch->fd >= 0 && connect(watch->fd, (const struct sockaddr *)&chronyd, sizeof(chronyd))) {
		close(watch->fd);
		watch->fd = -1;
	}
}

static void ask_chrony(struct clock_watch *watch)
{
	uint8_t question[CHRONY_PACKET_BYTES];

	if (watch->fd < 0)
		return;
	chrony_question(question, ++watch->sequence);
	watch->asked_ns = clock_mono_ns();
	if (send(watch->fd, question, sizeof(question), 0) < 0) /* the refusal of an earlier question is told here: once more */
		send(watch->fd, question, sizeof(question), 0);
}

static void hear_chrony(struct clock_watch *watch)
{
	uint8_t answer[512];
	ssize_t len;

	/* a few at most: whoever floods the port does not hold the recorder */
	for (int i = 0; i < 4 && watch->fd >= 0; i++) {
		struct chrony_tracking tracking;

		len = recv(watch->fd, answer, sizeof(answer), 0);
		if (len < 0 && errno == ECONNREFUSED) {
			watch->facts.chrony_answers = false;
			watch->chrony_error.text[0] = '\0';
		}
		if (len < 0)
			return;
		if (chrony_answer(&tracking, answer, (size_t)len, watch->sequence, &watch->chrony_error))
			continue;
		watch->chrony_error.text[0] = '\0';
		watch->facts.chrony_answers = true;
		watch->facts.tracking = tracking;
		watch->answered_ns = watch->asked_ns;
	}
}

/* The bounds that the driver shows, and whether each of the machine's hardware clocks is one of its ("ena-ptp-05"). */
static void look_for_ena(struct clock_watch *watch, const char *sysfs)
{
	struct ptp_device devices[PTP_DEVICES_MAX];
	size_t count = ptp_list(devices, sysfs);
	char pattern[4096];

	snprintf(pattern, sizeof(pattern), "%s/class/net/*/device/phc_error_bound", sysfs);
	glob(pattern, 0, NULL, &watch->ena);
	watch->facts.has_ena = watch->ena.gl_pathc > 0;
	watch->facts.ena_error_ns = TIME_UNKNOWN;
	for (size_t i = 0; i < count; i++)
		watch->facts.has_other_phc |= strncmp(devices[i].name, "ena", 3) != 0;
}

/* The driver refuses for a moment after a reading that failed; until it is stale the bound from before counts. */
static void read_ena(struct clock_watch *watch, int64_t now)
{
	int64_t largest = TIME_UNKNOWN;

	for (size_t i = 0; i < watch->ena.gl_pathc; i++) {
		FILE *file = fopen(watch->ena.gl_pathv[i], "re");
		int64_t bound;

		if (!file)
			continue;
		if (fscanf(file, "%" SCNd64, &bound) == 1 && bound > 0 && bound > largest)
			largest = bound;
		fclose(file);
	}
	if (largest != TIME_UNKNOWN) {
		watch->facts.ena_error_ns = largest;
		watch->ena_read_ns = now;
	} else if (now - watch->ena_read_ns > CLOCK_STALE_NS) {
		watch->facts.ena_error_ns = TIME_UNKNOWN;
	}
}

/* ---- the judgement ------------------------------------------------------------------------------------------------ */

static bool judge_chrony(struct clock_reading *reading, const struct clock_facts *facts)
{
	const struct chrony_tracking *tracking = &facts->tracking;
	bool by_ena = facts->has_ena && tracking->reference == CHRONY_REFCLOCK && !strncmp(tracking->name, "PHC", 3);
	int64_t stated_ns, whole_ns;

	if (!facts->chrony_answers || tracking->reference == CHRONY_NONE)
		return false;
	reading->synchronized = true;
	stated_ns = chrony_bound_ns(tracking, facts->tracking_age_ns, TIME_UNKNOWN);
	whole_ns = chrony_bound_ns(tracking, facts->tracking_age_ns, facts->ena_error_ns);
	if (!by_ena)
		reading->max_error_ns = stated_ns;
	else if (facts->ena_error_ns != TIME_UNKNOWN && (!facts->has_other_phc || stated_ns != TIME_UNKNOWN))
		reading->max_error_ns = whole_ns;
	if (reading->max_error_ns != TIME_UNKNOWN)
		reading->source = by_ena ? CLOCK_SOURCE_CHRONY_ENA : CLOCK_SOURCE_CHRONY;
	return true;
}

void clock_judge(struct clock_reading *reading, const struct clock_facts *facts)
{
	reading->source = CLOCK_SOURCE_NONE;
	reading->synchronized = facts->kernel_synchronized;
	reading->max_error_ns = TIME_UNKNOWN;
	if (judge_chrony(reading, facts) || !facts->kernel_synchronized)
		return;
	reading->source = CLOCK_SOURCE_KERNEL;
	reading->max_error_ns = facts->kernel_error_ns;
}

/* ---- life --------------------------------------------------------------------------------------------------------- */

struct clock_watch *clock_watch_new(const char *sysfs, int64_t wait_ns)
{
	struct clock_watch *watch = calloc(1, sizeof(*watch));
	struct pollfd answer = {.events = POLLIN};

	if (!watch)
		return NULL;
	look_for_ena(watch, sysfs);
	open_chrony(watch);
	ask_chrony(watch);
	answer.fd = watch->fd;
	if (watch->fd >= 0)
		poll(&answer, 1, (int)(wait_ns / 1000000));
	return watch;
}

void clock_watch_read(struct clock_watch *watch, struct clock_reading *out)
{
	clock_read(out);
	watch->facts.kernel_synchronized = out->synchronized;
	watch->facts.kernel_error_ns = out->max_error_ns;
	hear_chrony(watch);
	watch->facts.tracking_age_ns = out->mono_ns > watch->answered_ns ? out->mono_ns - watch->answered_ns : 0;
	if (watch->facts.tracking_age_ns > CLOCK_STALE_NS)
		watch->facts.chrony_answers = false;
	read_ena(watch, out->mono_ns);
	clock_judge(out, &watch->facts);
	ask_chrony(watch);
}

const struct clock_facts *clock_watch_facts(const struct clock_watch *watch)
{
	return &watch->facts;
}

const char *clock_watch_chrony_error(const struct clock_watch *watch)
{
	return watch->chrony_error.text;
}

void clock_watch_free(struct clock_watch *watch)
{
	if (!watch)
		return;
	if (watch->fd >= 0)
		close(watch->fd);
	globfree(&watch->ena);
	free(watch);
}
