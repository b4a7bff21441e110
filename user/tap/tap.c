// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "tap/internal.h"

static char libbpf_warning[256];

/* libbpf writes to stderr by itself; what matters of that belongs into the error that the caller prints. */
static int keep_warning(enum libbpf_print_level level, const char *format, va_list args)
{
	int len;

	if (level != LIBBPF_WARN)
		return 0;
	len = vsnprintf(libbpf_warning, sizeof(libbpf_warning), format, args);
	libbpf_warning[strcspn(libbpf_warning, "\n")] = '\0';
	return len;
}

const char *tap_libbpf_warning(void)
{
	return libbpf_warning;
}

static int on_record(void *context, void *data, size_t len)
{
	struct tap *tap = context;

	tap->handle(tap->context, data, len);
	return 0;
}

static int load_error(int code, struct error *err)
{
	if (code == -EPERM)
		return error_set(err, code, "loading the kernel programs needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN: run as root");
	return error_set(err, code, "loading the kernel programs: %s (%s); they need Linux 5.18 or newer", strerror(-code),
			 libbpf_warning);
}

static int random_seed(struct tap *tap, struct error *err)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return error_set(err, -errno, "random numbers: %s", strerror(errno));
	tap->kernel->rodata->set_seed = seed;
	return 0;
}

int tap_open(struct tap **out, const struct tap_options *options, struct error *err)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct tap *tap;
	int code;

	if (options && options->ring_bytes &&
	    (options->ring_bytes & (options->ring_bytes - 1) || options->ring_bytes < page || options->ring_bytes > 1UL << 30))
		return error_set(err, -EINVAL, "ring of %zu bytes: a power of two between %zu and 1 GiB is wanted",
				 options->ring_bytes, page);
	tap = calloc(1, sizeof(*tap));
	if (!tap)
		return error_set(err, -ENOMEM, "out of memory");
	tap->force_clsact = options && options->force_clsact;
	libbpf_warning[0] = '\0';
	libbpf_set_print(keep_warning);
	tap->kernel = stamp__open();
	if (!tap->kernel) {
		code = load_error(-errno, err);
		goto fail;
	}
	if (options && options->ring_bytes)
		bpf_map__set_max_entries(tap->kernel->maps.ring, options->ring_bytes);
	code = random_seed(tap, err);
	if (!code)
		code = reads_prepare(tap, options ? options->reads : 0, err);
	if (code)
		goto fail;
	if (options && options->plaintext)
		plaintext_prepare(tap);
	code = stamp__load(tap->kernel);
	if (code) {
		load_error(code, err);
		goto fail;
	}
	code = sets_open(tap, err);
	if (code)
		goto fail;
	tap->ring = ring_buffer__new(bpf_map__fd(tap->kernel->maps.ring), on_record, tap, NULL);
	if (!tap->ring) {
		code = error_set(err, -errno, "mapping the ring: %s", strerror(errno));
		goto fail;
	}
	*out = tap;
	return 0;
fail:
	tap_close(tap);
	return code;
}

int tap_drain(struct tap *tap, tap_handle_fn handle, void *context)
{
	tap->handle = handle;
	tap->context = context;
	return ring_buffer__consume(tap->ring);
}

int tap_counters(struct tap *tap, uint32_t feed, uint64_t out[PL_COUNTER_MAX])
{
	int cpus = libbpf_num_possible_cpus(), cpu, i, code = 0;
	uint64_t(*values)[PL_COUNTER_MAX];

	if (cpus < 0)
		return cpus;
	if (feed >= PL_FEEDS_MAX)
		return -EINVAL;
	values = calloc(cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	memset(out, 0, PL_COUNTER_MAX * sizeof(*out));
	if (bpf_map_lookup_elem(bpf_map__fd(tap->kernel->maps.counters), &feed, values))
		code = -errno;
	for (cpu = 0; !code && cpu < cpus; cpu++)
		for (i = 0; i < PL_COUNTER_MAX; i++)
			out[i] += values[cpu][i];
	out[PL_COUNTER_LATE] += tap->late[feed];
	out[PL_COUNTER_ASTRAY] += tap->astray[feed];
	free(values);
	return code;
}

void tap_detach(struct tap *tap)
{
	while (tap->link_count)
		close(tap->links[--tap->link_count]);
	plaintext_detach(tap);
	guard_stop(tap);
}

void tap_close(struct tap *tap)
{
	if (!tap)
		return;
	tap_detach(tap);
	ring_buffer__free(tap->ring);
	stamp__destroy(tap->kernel);
	sets_close(tap);
	free(tap);
}
