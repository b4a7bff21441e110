// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/chrony.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSION 6
#define PACKET_QUESTION 1
#define PACKET_ANSWER 2
#define QUESTION_TRACKING 33
#define ANSWER_TRACKING 5
#define STATUS_UNAUTHORISED 2
#define LEAP_UNSYNCHRONISED 3
#define REFERENCE_LOCAL 0x7f7f0101 /* 127.127.1.1: the clock itself */

/* The default `delay` of a refclock is 1 ns: whoever leaves it there has stated nothing. */
#define DELAY_UNSTATED_NS 2
#define MAX_CLOCK_ERROR_PPM 1.0
#define HUGE_NS ((int64_t)1 << 60) /* 36 years: sums of a few of them do not overflow */

/* Offsets of the answer, big endian. */
enum {
	AT_COMMAND = 4, AT_REPLY = 6, AT_STATUS = 8, AT_SEQUENCE = 16,
	AT_REFERENCE_ID = 28, AT_ADDRESS = 32, AT_FAMILY = 48, AT_STRATUM = 52, AT_LEAP = 54,
	AT_CORRECTION = 68, AT_RESIDUAL_PPM = 84, AT_SKEW_PPM = 88, AT_ROOT_DELAY = 92, AT_ROOT_DISPERSION = 96,
};

static unsigned int read16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static uint32_t read32(const uint8_t *at)
{
	return (uint32_t)read16(at) << 16 | read16(at + 2);
}

/* Seven bits of exponent, 25 of coefficient, both in two's complement: coefficient * 2^(exponent - 25). */
static double read_float(const uint8_t *at)
{
	uint32_t raw = read32(at);
	int exponent = (int)(raw >> 25), coefficient = (int)(raw & 0x1ffffff);

	if (exponent >= 64)
		exponent -= 128;
	if (coefficient >= 1 << 24)
		coefficient -= 1 << 25;
	return ldexp(coefficient, exponent - 25);
}

static int64_t read_seconds(const uint8_t *at)
{
	double ns = 1e9 * read_float(at);

	return ns >= HUGE_NS ? HUGE_NS : ns <= -HUGE_NS ? -HUGE_NS : (int64_t)llround(ns);
}

void chrony_question(uint8_t out[CHRONY_PACKET_BYTES], uint32_t sequence)
{
	memset(out, 0, CHRONY_PACKET_BYTES);
	out[0] = VERSION;
	out[1] = PACKET_QUESTION;
	out[5] = QUESTION_TRACKING;
	for (int i = 0; i < 4; i++)
		out[8 + i] = (uint8_t)(sequence >> (24 - 8 * i));
}

static int refuse(struct error *err, const char *reason)
{
	return error_set(err, -EPROTO, "chronyd on 127.0.0.1 port 323: %s", reason);
}

/* Four letters, as chrony.conf's `refid` or the driver's name and number. */
static void name_refclock(struct chrony_tracking *out, const uint8_t *id)
{
	for (int i = 0; i < 4 && id[i]; i++)
		out->name[i] = isgraph(id[i]) ? (char)id[i] : '?';
	if (!id[0])
		snprintf(out->name, sizeof(out->name), "%08X", read32(id));
}

static void read_reference(struct chrony_tracking *out, const uint8_t *data)
{
	unsigned int family = read16(data + AT_FAMILY);
	uint32_t id = read32(data + AT_REFERENCE_ID);

	if (read16(data + AT_LEAP) >= LEAP_UNSYNCHRONISED || !id || id == REFERENCE_LOCAL)
		return;
	if (family == 1 || family == 2) {
		out->reference = CHRONY_SERVER;
		inet_ntop(family == 1 ? AF_INET : AF_INET6, data + AT_ADDRESS, out->name, sizeof(out->name));
	} else {
		out->reference = CHRONY_REFCLOCK;
		name_refclock(out, data + AT_REFERENCE_ID);
	}
}

int chrony_answer(struct chrony_tracking *out, const uint8_t *data, size_t len, uint32_t sequence, struct error *err)
{
	*out = (struct chrony_tracking){0};
	if (len < AT_REFERENCE_ID || data[1] != PACKET_ANSWER)
		return refuse(err, "what it sent is no answer of chrony's monitoring protocol; is another program on that port?");
	if (data[0] != VERSION)
		return error_set(err, -EPROTO, "chronyd on 127.0.0.1 port 323 speaks version %u of its monitoring protocol, and "
				 "version %d is understood (chrony 2.2 and later)", data[0], VERSION);
	if (read16(data + AT_COMMAND) != QUESTION_TRACKING || read32(data + AT_SEQUENCE) != sequence)
		return refuse(err, "it answered another question");
	if (read16(data + AT_STATUS) == STATUS_UNAUTHORISED)
		return refuse(err, "it does not answer this machine; see cmdallow and cmddeny in chrony.conf");
	if (read16(data + AT_STATUS) || read16(data + AT_REPLY) != ANSWER_TRACKING || len < CHRONY_PACKET_BYTES)
		return refuse(err, "it did not say what it tracks");
	out->stratum = read16(data + AT_STRATUM);
	out->offset_ns = read_seconds(data + AT_CORRECTION);
	out->root_delay_ns = read_seconds(data + AT_ROOT_DELAY);
	out->root_dispersion_ns = read_seconds(data + AT_ROOT_DISPERSION);
	out->drift_ppm = fabs(read_float(data + AT_RESIDUAL_PPM)) + fabs(read_float(data + AT_SKEW_PPM));
	read_reference(out, data);
	return 0;
}

int64_t chrony_bound_ns(const struct chrony_tracking *tracking, int64_t age_ns, int64_t reference_error_ns)
{
	double growth = (double)age_ns * 1e-6 * (tracking->drift_ppm + MAX_CLOCK_ERROR_PPM);
	int64_t bound;

	if (tracking->reference == CHRONY_NONE)
		return TIME_UNKNOWN;
	if (tracking->reference == CHRONY_REFCLOCK && reference_error_ns == TIME_UNKNOWN &&
	    tracking->root_delay_ns <= DELAY_UNSTATED_NS)
		return TIME_UNKNOWN;
	bound = llabs(tracking->offset_ns) + llabs(tracking->root_dispersion_ns) + (llabs(tracking->root_delay_ns) + 1) / 2;
	bound += growth >= HUGE_NS ? HUGE_NS : (int64_t)ceil(growth);
	if (tracking->reference == CHRONY_REFCLOCK && reference_error_ns != TIME_UNKNOWN)
		bound += reference_error_ns > HUGE_NS ? HUGE_NS : reference_error_ns;
	return bound;
}
