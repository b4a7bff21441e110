/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the network card lost before any program could see it, in the network namespace of this process. */
#ifndef PL_TAP_NIC_H
#define PL_TAP_NIC_H

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

#endif
