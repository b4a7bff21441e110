/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Hardware clocks of network cards and hypervisors (/dev/ptpN) read against CLOCK_REALTIME. What comes out is where the
 * two stand to each other, not how far either is from UTC: only who steers the hardware clock can tell that.
 */
#ifndef PL_BASE_PTP_H
#define PL_BASE_PTP_H

#include <linux/ptp_clock.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PTP_DEVICES_MAX 16

struct ptp_device {
	char path[32]; /* "/dev/ptp0" */
	char name[64]; /* the driver's: "ena-ptp-05", "KVM virtual PTP"; "" unknown */
};

struct ptp_reading {
	int64_t device_ns;     /* the hardware clock, at the moment of the reading */
	int64_t offset_ns;     /* hardware clock minus CLOCK_REALTIME, about 37 s for a clock that counts TAI */
	int64_t half_width_ns; /* how far that may be off: half the bracket of system clock readings; 0 if crossed in hardware */
	bool crossed;	       /* both clocks were latched at one moment by the hardware (PTP_SYS_OFFSET_PRECISE) */
};

/* The devices of sysfs ("/sys") in out[0..PTP_DEVICES_MAX): returns their number. */
size_t ptp_list(struct ptp_device *out, const char *sysfs);

/* A descriptor of the device ("/dev/ptp0"), for ptp_read() and close(). Needs the right to open it: root, or its group. */
int ptp_open(const char *path, struct error *err);

/* One reading: crossed in hardware where the device can, else the narrowest of PTP_MAX_SAMPLES brackets. The path is for errors. */
int ptp_read(int fd, const char *path, struct ptp_reading *out, struct error *err);

/* The arithmetic of the two ioctls. -EBADMSG for a bracket that ends before it begins, or no bracket. */
int ptp_of_brackets(const struct ptp_sys_offset_extended *brackets, struct ptp_reading *out);
void ptp_of_crossing(const struct ptp_sys_offset_precise *crossing, struct ptp_reading *out);

#endif
