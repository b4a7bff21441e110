// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/nic.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

int nic_read(const char *interface, struct nic_losses *out, struct error *err)
{
	struct ifaddrs *list, *entry;
	int status = error_set(err, -ENODEV, "%s: no such interface; 'ip link' lists them", interface);

	if (getifaddrs(&list))
		return error_set(err, -errno, "%s: cannot read the interface list: %s", interface, strerror(errno));
	for (entry = list; entry; entry = entry->ifa_next) {
		const struct rtnl_link_stats *stats = entry->ifa_data;

		if (strcmp(entry->ifa_name, interface) || !entry->ifa_addr || !stats ||
		    entry->ifa_addr->sa_family != AF_PACKET)
			continue;
		*out = (struct nic_losses){stats->rx_dropped, stats->rx_missed_errors, stats->rx_over_errors,
					   stats->rx_errors};
		status = 0;
		break;
	}
	freeifaddrs(list);
	return status;
}
