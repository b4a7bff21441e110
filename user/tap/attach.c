// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Hooks the programs in: XDP and TCX by bpf_link, clsact where the kernel has no TCX. Never another mode than asked for. */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "tap/internal.h"
#include "tap/nic.h"

/* Linux 6.6, unknown to older headers. */
#define ATTACH_TCX_INGRESS 46
#define ATTACH_TCX_EGRESS 47
#define TCX_BEFORE (1U << 3) /* BPF_F_BEFORE: at the head, as those behind may end the chain */

#define CLSACT_PRIORITIES 16

static const char *const hook_names[] = {
	[TAP_XDP_NATIVE] = "xdp-native",
	[TAP_XDP_GENERIC] = "xdp-generic",
	[TAP_TC] = "tc",
};

const char *tap_hook_name(enum tap_hook hook)
{
	return (size_t)hook < sizeof(hook_names) / sizeof(*hook_names) ? hook_names[hook] : NULL;
}

static void driver_name(const char *interface, char *out, size_t size)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ifreq = {.ifr_data = (void *)&info};

	if (nic_ioctl(interface, SIOCETHTOOL, &ifreq))
		snprintf(info.driver, sizeof(info.driver), "unknown");
	snprintf(out, size, "%s", info.driver);
}

/* The programs parse Ethernet frames; a tunnel device hands over bare IP packets. */
static int check_ethernet(const char *interface, struct error *err)
{
	struct ifreq ifreq = {};
	int code = nic_ioctl(interface, SIOCGIFHWADDR, &ifreq);

	if (code)
		return error_set(err, code, "interface %s: %s", interface, strerror(-code));
	if (ifreq.ifr_hwaddr.sa_family != ARPHRD_ETHER && ifreq.ifr_hwaddr.sa_family != ARPHRD_LOOPBACK)
		return error_set(err, -EOPNOTSUPP,
				 "interface %s carries no Ethernet frames (link type %u): attach to the network card below it, "
				 "where packets inside GRE are matched too", interface, ifreq.ifr_hwaddr.sa_family);
	return 0;
}

static void program_name(uint32_t id, char *out, size_t size)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
		info.name[0] = '\0';
	if (fd >= 0)
		close(fd);
	snprintf(out, size, "%s", info.name);
}

static int xdp_busy(const char *interface, int ifindex, int code, struct error *err)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	const char *mode = "native";
	char name[64];
	uint32_t id;

	if (bpf_xdp_query(ifindex, 0, &query))
		return error_set(err, code, "interface %s: another XDP program holds the hook: use hook: tc, which runs beside it",
				 interface);
	id = query.prog_id ? query.prog_id : query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id;
	if (id && id == query.skb_prog_id)
		mode = "generic";
	else if (id && id == query.hw_prog_id)
		mode = "offloaded";
	program_name(id, name, sizeof(name));
	return error_set(err, code,
			 "interface %s already runs the XDP program '%s' (id %u, %s), and the hook takes only one: stop its owner "
			 "(`bpftool link show` tells which; `ip link set dev %s xdp off` if it is none), or use hook: tc, which "
			 "runs beside it", interface, name, id, mode, interface);
}

static int attach_xdp(struct tap *tap, const char *interface, int ifindex, const struct tap_hooks *hooks, struct error *err)
{
	LIBBPF_OPTS(bpf_link_create_opts, options);
	bool native = hooks->ingress == TAP_XDP_NATIVE;
	int program = bpf_program__fd(tap->kernel->progs.pl_xdp), fd, code;
	char driver[32];

	options.flags = native ? XDP_FLAGS_DRV_MODE : XDP_FLAGS_SKB_MODE;
	if (hooks->nic_stamps) {
		code = tap_nic_program(tap, interface, ifindex, &program, err);
		if (code)
			return code;
	}
	fd = bpf_link_create(program, ifindex, BPF_XDP, &options);
	code = fd < 0 ? -errno : 0;
	if (hooks->nic_stamps)
		close(program);
	if (!code) {
		tap->links[tap->link_count++] = fd;
		return 0;
	}
	driver_name(interface, driver, sizeof(driver));
	switch (code) {
	case -EBUSY:
	case -EEXIST:
		return xdp_busy(interface, ifindex, code, err);
	case -EPERM:
		return error_set(err, code, "interface %s: attaching XDP needs CAP_NET_ADMIN and CAP_BPF: run as root", interface);
	case -EOPNOTSUPP:
		if (native)
			return error_set(err, code, "interface %s (driver %s) has no native XDP: use hook: xdp-generic or hook: tc",
					 interface, driver);
		break;
	}
	if (native)
		return error_set(err, code,
				 "interface %s (driver %s) refuses native XDP: %s; often the MTU, LRO or the number of queues (the "
				 "kernel log says more). hook: xdp-generic and hook: tc do without the driver",
				 interface, driver, strerror(-code));
	return error_set(err, code, "interface %s (driver %s) refuses generic XDP: %s; hook: tc may work", interface, driver,
			 strerror(-code));
}

static int program_id(int fd, uint32_t *id)
{
	struct bpf_prog_info info = {};
	__u32 len = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	*id = info.id;
	return 0;
}

/* Takes the first priority that is free. The guardian learns of a filter before it exists, so that none is left behind. */
static int attach_clsact(struct tap *tap, const char *interface, int ifindex, struct bpf_program *program,
			 enum bpf_tc_attach_point point, struct error *err)
{
	LIBBPF_OPTS(bpf_tc_hook, qdisc, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = point);
	struct guard_filter filter = {.ifindex = ifindex, .point = point, .handle = 1};
	int code;

	code = program_id(bpf_program__fd(program), &filter.prog_id);
	if (code)
		return error_set(err, code, "program information: %s", strerror(-code));
	code = bpf_tc_hook_create(&qdisc);
	if (code && code != -EEXIST)
		return error_set(err, code, "interface %s: no clsact qdisc: %s (kernel option NET_SCH_INGRESS?)", interface,
				 strerror(-code));
	for (filter.priority = 1; filter.priority <= CLSACT_PRIORITIES; filter.priority++) {
		LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = bpf_program__fd(program), .handle = filter.handle,
			    .priority = filter.priority);

		code = guard_add(tap, &filter, err);
		if (code)
			return code;
		code = bpf_tc_attach(&hook, &options);
		/* EINVAL: a filter of another kind has this priority. */
		if (code != -EEXIST && code != -EINVAL)
			break;
	}
	if (code)
		return error_set(err, code, "interface %s: clsact filter: %s (%s)", interface, strerror(-code),
				 tap_libbpf_warning());
	return 0;
}

static int attach_tc(struct tap *tap, const char *interface, int ifindex, bool egress, const char **how, struct error *err)
{
	struct bpf_program *program = egress ? tap->kernel->progs.pl_tc_egress : tap->kernel->progs.pl_tc_ingress;
	LIBBPF_OPTS(bpf_link_create_opts, options, .flags = TCX_BEFORE);
	int fd, code;

	if (!tap->force_clsact) {
		fd = bpf_link_create(bpf_program__fd(program), ifindex, egress ? ATTACH_TCX_EGRESS : ATTACH_TCX_INGRESS,
				     &options);
		if (fd >= 0) {
			tap->links[tap->link_count++] = fd;
			*how = "a TCX link";
			return 0;
		}
		code = -errno;
		if (code == -EEXIST)
			return error_set(err, code, "interface %s: this tap is attached there already", interface);
		if (code != -EINVAL) /* EINVAL: a kernel before 6.6 does not know the hook */
			return error_set(err, code, "interface %s: tc %s: %s", interface, egress ? "egress" : "ingress",
					 strerror(-code));
	}
	*how = "a clsact filter, which a guardian process removes";
	return attach_clsact(tap, interface, ifindex, program, egress ? BPF_TC_EGRESS : BPF_TC_INGRESS, err);
}

int tap_attach(struct tap *tap, const char *interface, const struct tap_hooks *hooks, struct error *err)
{
	const char *in_how = "a link", *out_how = NULL;
	char driver[32];
	int ifindex, code;

	ifindex = if_nametoindex(interface);
	if (!ifindex)
		return error_set(err, -ENODEV, "interface %s: there is none (`ip link` lists them)", interface);
	if (tap->link_count + 2 > TAP_LINKS_MAX)
		return error_set(err, -ENOSPC, "interface %s: more than %d interfaces", interface, TAP_LINKS_MAX / 2);
	if (hooks->nic_stamps && hooks->ingress != TAP_XDP_NATIVE)
		return error_set(err, -EINVAL, "interface %s: the card's own stamps come with hook: xdp-native only", interface);
	code = check_ethernet(interface, err);
	if (code)
		return code;
	if (hooks->ingress == TAP_TC)
		code = attach_tc(tap, interface, ifindex, false, &in_how, err);
	else
		code = attach_xdp(tap, interface, ifindex, hooks, err);
	if (code)
		return code;
	if (hooks->egress) {
		code = attach_tc(tap, interface, ifindex, true, &out_how, err);
		if (code)
			return code;
	}
	driver_name(interface, driver, sizeof(driver));
	fprintf(stderr, "%s (driver %s): attached, ingress at %s by %s%s%s%s\n", interface, driver, tap_hook_name(hooks->ingress), in_how,
		hooks->nic_stamps ? ", with the card's own stamps" : "", out_how ? ", egress at tc by " : "", out_how ? out_how : "");
	return 0;
}
