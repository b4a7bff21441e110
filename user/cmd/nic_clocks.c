// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/nic_clocks.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ptp.h"
#include "tap/nic.h"

struct open_clock {
	uint32_t nic_id;
	const char *interface;
	char path[32]; /* "" and */
	int fd;	       /* -1: the card has no clock */
};

struct nic_clocks {
	size_t count;
	struct open_clock clocks[];
};

static int open_one(struct nic_clocks *clocks, const char *interface, struct error *err)
{
	struct open_clock *clock = &clocks->clocks[clocks->count];
	struct nic_clock nic;
	int status = nic_clock_read(interface, &nic, err);

	if (status)
		return status;
	clock->nic_id = if_nametoindex(interface);
	clock->interface = interface;
	clock->fd = -1;
	clocks->count++;
	if (nic.device < 0) {
		fprintf(stderr, "%s: the card has no clock that can be read: its stamps, if any, cannot be told in UTC\n", interface);
		return 0;
	}
	if (!nic.stamps)
		fprintf(stderr, "%s: the card does not stamp every packet at the moment: `hwstamp_ctl -i %s -r 1` (linuxptp) switches "
				"that on, if it can\n", interface, interface);
	snprintf(clock->path, sizeof(clock->path), "/dev/ptp%d", nic.device);
	clock->fd = ptp_open(clock->path, err);
	return clock->fd < 0 ? error_prefix(err, clock->fd, "interface %s", interface) : 0;
}

int nic_clocks_open(struct nic_clocks **out, const struct site_interface *interfaces, size_t count, struct error *err)
{
	struct nic_clocks *clocks = calloc(1, sizeof(*clocks) + count * sizeof(clocks->clocks[0]));
	int status = 0;

	if (!clocks)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; !status && i < count; i++)
		if (interfaces[i].nic_stamps)
			status = open_one(clocks, interfaces[i].name, err);
	if (status) {
		nic_clocks_free(clocks);
		return status;
	}
	*out = clocks;
	return 0;
}

void nic_clocks_name(const struct nic_clocks *clocks, struct session *session)
{
	for (size_t i = 0; i < clocks->count; i++)
		session_put_nic(session, clocks->clocks[i].nic_id, clocks->clocks[i].interface, clocks->clocks[i].path);
}

void nic_clocks_put(const struct nic_clocks *clocks, struct session *session, const struct clock_reading *now)
{
	for (size_t i = 0; i < clocks->count; i++) {
		const struct open_clock *clock = &clocks->clocks[i];
		struct ptp_reading reading;

		if (clock->fd < 0 || ptp_read(clock->fd, clock->path, &reading, NULL))
			continue;
		session_put_nic_clock(session, &(struct session_nic_clock){
			.nic_id = clock->nic_id,
			.mono_ns = reading.device_ns - reading.offset_ns - now->real_ns + now->mono_ns,
			.nic_ns = reading.device_ns,
			.half_width_ns = reading.half_width_ns + now->half_width_ns,
		});
	}
}

void nic_clocks_free(struct nic_clocks *clocks)
{
	if (!clocks)
		return;
	for (size_t i = 0; i < clocks->count; i++)
		if (clocks->clocks[i].fd >= 0)
			close(clocks->clocks[i].fd);
	free(clocks);
}
