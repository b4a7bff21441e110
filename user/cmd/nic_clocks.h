/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The clocks of the network cards that are asked for their stamps, read once a second against this machine's. */
#ifndef PL_CMD_NIC_CLOCKS_H
#define PL_CMD_NIC_CLOCKS_H

#include <stddef.h>

#include "base/clock.h"
#include "base/error.h"
#include "cmd/site.h"
#include "session/session.h"

struct nic_clocks;

/*
 * Opens the clock of each interface with nic_stamps: call while still privileged. A card without a clock, or one on which
 * nobody has switched its stamps on, is said in one line on stderr; its packets then count as nic_unstamped.
 */
int nic_clocks_open(struct nic_clocks **out, const struct site_interface *interfaces, size_t count, struct error *err);

/* The session's table nic. */
void nic_clocks_name(const struct nic_clocks *clocks, struct session *session);

/* A reading of each; `now` ties the two clocks of this machine, and was taken right before. One that fails is missing. */
void nic_clocks_put(const struct nic_clocks *clocks, struct session *session, const struct clock_reading *now);

void nic_clocks_free(struct nic_clocks *clocks);

#endif
