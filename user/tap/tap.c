// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "shred.bpf.h"
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
	code = stamp__load(tap->kernel);
	if (code) {
		load_error(code, err);
		goto fail;
	}
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
	free(values);
	return code;
}

static int compare_sets(const void *a, const void *b, void *keys_)
{
	const struct pl_set_key *keys = keys_;
	const struct pl_set_key *left = &keys[*(const size_t *)a], *right = &keys[*(const size_t *)b];

	if (left->feed != right->feed)
		return left->feed < right->feed ? -1 : 1;
	if (left->slot != right->slot)
		return left->slot < right->slot ? -1 : 1;
	return (left->fec_set_index > right->fec_set_index) - (left->fec_set_index < right->fec_set_index);
}

/* Copies the table of sets in one go, and sorts it by feed, slot and set. Returns the number of sets. */
static ssize_t copy_sets(struct tap *tap)
{
	int fd = bpf_map__fd(tap->kernel->maps.sets);
	__u32 max = bpf_map__max_entries(tap->kernel->maps.sets), count = max, i;
	char cursor[sizeof(struct pl_set_key)];

	if (!tap->set_keys)
		tap->set_keys = calloc(max, sizeof(*tap->set_keys));
	if (!tap->set_values)
		tap->set_values = calloc(max, sizeof(*tap->set_values));
	if (!tap->set_order)
		tap->set_order = calloc(max, sizeof(*tap->set_order));
	if (!tap->set_keys || !tap->set_values || !tap->set_order)
		return -ENOMEM;
	/* ENOENT: that was all of them. */
	if (bpf_map_lookup_batch(fd, NULL, cursor, tap->set_keys, tap->set_values, &count, NULL) && errno != ENOENT)
		return -errno;
	for (i = 0; i < count; i++)
		tap->set_order[i] = i;
	qsort_r(tap->set_order, count, sizeof(*tap->set_order), compare_sets, tap->set_keys);
	return count;
}

/* Takes the sets order[0..count) of one slot out of the kernel's table. */
static void retire_slot(struct tap *tap, const size_t *order, size_t count, tap_set_fn on_set, tap_slot_fn on_slot,
			void *context)
{
	const struct pl_set_key *first = &tap->set_keys[order[0]];
	struct pl_slot_key key = {.slot = first->slot, .feed = first->feed};
	int sets = bpf_map__fd(tap->kernel->maps.sets);
	struct pl_slot slot = {};
	__u8 yes = 1;
	size_t i;
	/* From here on the kernel begins no set of this slot any more. One begun in the moment before is late as well. */
	bool again = bpf_map_update_elem(bpf_map__fd(tap->kernel->maps.retired), &key, &yes, BPF_NOEXIST) && errno == EEXIST;

	for (i = 0; i < count; i++) {
		const struct pl_set_key *set_key = &tap->set_keys[order[i]];
		struct pl_set set = tap->set_values[order[i]];

		if (bpf_map_lookup_and_delete_elem(sets, set_key, &set))
			bpf_map_delete_elem(sets, set_key);
		shred_slot_add(&slot, set_key, &set);
		if (!again)
			on_set(context, set_key, &set);
	}
	if (again)
		tap->late[key.feed < PL_FEEDS_MAX ? key.feed : PL_FEED_NONE] += slot.packets;
	else
		on_slot(context, &key, &slot);
}

int tap_retire_slots(struct tap *tap, uint64_t now_ns, uint64_t idle_ns, tap_set_fn on_set, tap_slot_fn on_slot,
		     void *context)
{
	ssize_t count = copy_sets(tap), begin, end;
	int slots = 0;

	if (count < 0)
		return count;
	for (begin = 0; begin < count; begin = end) {
		const struct pl_set_key *key = &tap->set_keys[tap->set_order[begin]];
		uint64_t last_ns = 0;

		for (end = begin; end < count; end++) {
			const struct pl_set_key *next = &tap->set_keys[tap->set_order[end]];

			if (next->feed != key->feed || next->slot != key->slot)
				break;
			if (tap->set_values[tap->set_order[end]].last_ns > last_ns)
				last_ns = tap->set_values[tap->set_order[end]].last_ns;
		}
		if (idle_ns && (last_ns > now_ns || now_ns - last_ns < idle_ns))
			continue;
		retire_slot(tap, tap->set_order + begin, end - begin, on_set, on_slot, context);
		slots++;
	}
	return slots;
}

void tap_close(struct tap *tap)
{
	if (!tap)
		return;
	while (tap->link_count)
		close(tap->links[--tap->link_count]);
	guard_stop(tap);
	ring_buffer__free(tap->ring);
	stamp__destroy(tap->kernel);
	free(tap->set_keys);
	free(tap->set_values);
	free(tap->set_order);
	free(tap);
}
