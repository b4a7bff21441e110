// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * XDP with the network card's own stamps. The kernel lets only a program ask for them that was loaded for this one device,
 * so each such card gets a program of its own, on the maps of the tap's first object.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <bpf/libbpf.h>

#include "tap/internal.h"

#define DEV_BOUND_ONLY (1U << 6) /* BPF_F_XDP_DEV_BOUND_ONLY: Linux 6.3, unknown to older headers */

static int share_maps(struct stamp *bound, const struct tap *tap)
{
	struct bpf_map *map;
	int code;

	bpf_object__for_each_map(map, bound->obj) {
		const struct bpf_map *first = bpf_object__find_map_by_name(tap->kernel->obj, bpf_map__name(map));

		if (!first)
			return -ENOENT;
		code = bpf_map__reuse_fd(map, bpf_map__fd(first));
		if (code)
			return code;
	}
	return 0;
}

static int load_error(const char *interface, int code, struct error *err)
{
	if (code == -EPERM)
		return error_set(err, code, "interface %s: loading a program for the card needs CAP_BPF and CAP_NET_ADMIN: run as root",
				 interface);
	return error_set(err, code,
			 "interface %s: its driver gives XDP programs no receive time (%s: %s); mlx4, mlx5, igc, ice, idpf and stmmac do, from "
			 "Linux 6.3 on. Leave nic_stamps away", interface, strerror(-code), tap_libbpf_warning());
}

int tap_nic_program(const struct tap *tap, const char *interface, int ifindex, int *fd, struct error *err)
{
	struct bpf_program *program;
	struct stamp *bound = stamp__open();
	int code;

	if (!bound)
		return error_set(err, -ENOMEM, "interface %s: out of memory for a program of its own", interface);
	bpf_object__for_each_program(program, bound->obj)
		bpf_program__set_autoload(program, program == bound->progs.pl_xdp_nic);
	program = bound->progs.pl_xdp_nic;
	bpf_program__set_ifindex(program, (__u32)ifindex);
	code = share_maps(bound, tap);
	if (!code)
		code = bpf_program__set_flags(program, bpf_program__flags(program) | DEV_BOUND_ONLY);
	if (!code)
		code = stamp__load(bound);
	if (!code) {
		*fd = fcntl(bpf_program__fd(program), F_DUPFD_CLOEXEC, 0);
		code = *fd < 0 ? -errno : 0;
	}
	if (code)
		load_error(interface, code, err);
	stamp__destroy(bound);
	return code;
}
