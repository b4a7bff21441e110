// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/nic.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

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

int nic_ioctl(const char *interface, unsigned long request, struct ifreq *ifreq)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), code = 0;

	if (fd < 0)
		return -errno;
	snprintf(ifreq->ifr_name, sizeof(ifreq->ifr_name), "%s", interface);
	if (ioctl(fd, request, ifreq))
		code = -errno;
	close(fd);
	return code;
}

int nic_clock_read(const char *interface, struct nic_clock *out, struct error *err)
{
	struct ethtool_ts_info info = {.cmd = ETHTOOL_GET_TS_INFO};
	struct hwtstamp_config now = {.rx_filter = HWTSTAMP_FILTER_NONE};
	struct ifreq ask_info = {.ifr_data = (void *)&info}, ask_now = {.ifr_data = (void *)&now};

	*out = (struct nic_clock){.device = -1};
	if (!if_nametoindex(interface))
		return error_set(err, -ENODEV, "interface %s: there is none (`ip link` lists them)", interface);
	if (nic_ioctl(interface, SIOCETHTOOL, &ask_info))
		return 0;
	out->device = info.phc_index;
	out->can_stamp = info.so_timestamping & SOF_TIMESTAMPING_RX_HARDWARE && info.rx_filters & 1U << HWTSTAMP_FILTER_ALL;
	out->stamps = out->can_stamp && !nic_ioctl(interface, SIOCGHWTSTAMP, &ask_now) && now.rx_filter == HWTSTAMP_FILTER_ALL;
	return 0;
}
