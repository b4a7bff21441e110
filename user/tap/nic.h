/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The network card below an interface: what it lost before any program could see it, and its clock. In this process's network namespace. */
#ifndef PL_TAP_NIC_H
#define PL_TAP_NIC_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* Cumulative since the interface exists: take the difference of two readings. */
struct nic_losses {
	uint32_t rx_dropped;  /* dropped by driver or kernel: no buffer, or no listener for the protocol */
	uint32_t rx_missed;   /* dropped by the card: its queue was full */
	uint32_t rx_overrun;  /* FIFO overruns */
	uint32_t rx_errors;   /* checksum, length, frame */
};

/* Link statistics by rtnetlink (getifaddrs): no privilege needed, and right inside a namespace, which /sys is not. */
int nic_read(const char *interface, struct nic_losses *out, struct error *err);

/* Linux's Documentation/networking/timestamping.rst. */
struct nic_clock {
	int device;	   /* N of /dev/ptpN; -1: the card has no clock */
	bool can_stamp;	   /* every packet that arrives, by the card */
	bool stamps;	   /* and it does: somebody switched it on (hwstamp_ctl -i IFACE -r 1) */
};

/* What the driver says (ethtool's timestamping information, SIOCGHWTSTAMP); a driver that says nothing has no clock. -ENODEV. */
int nic_clock_read(const char *interface, struct nic_clock *out, struct error *err);

/* An ioctl about the interface, whose name it puts in. A negative errno. */
int nic_ioctl(const char *interface, unsigned long request, struct ifreq *ifreq);

#endif
