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
	out[PL_COUNTER_EVICTED] += tap->evicted[feed];
	out[PL_COUNTER_ASTRAY] += tap->astray[feed];
	free(values);
	return code;
}

static int open_copies(struct tap *tap)
{
	__u32 max = bpf_map__max_entries(tap->kernel->maps.sets);

	if (!tap->set_keys)
		tap->set_keys = calloc(max, sizeof(*tap->set_keys));
	if (!tap->set_values)
		tap->set_values = calloc(max, sizeof(*tap->set_values));
	if (!tap->set_order)
		tap->set_order = calloc(max, sizeof(*tap->set_order));
	if (!tap->spans)
		tap->spans = calloc(max, sizeof(*tap->spans));
	if (!tap->memory)
		tap->memory = slots_memory_new();
	return tap->set_keys && tap->set_values && tap->set_order && tap->spans && tap->memory ? 0 : -ENOMEM;
}

/* Copies the table of sets in one go, and lists its slots. Returns how many. */
static ssize_t copy_sets(struct tap *tap)
{
	struct slots_table table = {tap->set_keys, tap->set_values, tap->set_order, 0};
	int fd = bpf_map__fd(tap->kernel->maps.sets);
	__u32 count = bpf_map__max_entries(tap->kernel->maps.sets), i;
	char cursor[sizeof(struct pl_set_key)];

	/* ENOENT: that was all of them. */
	if (bpf_map_lookup_batch(fd, NULL, cursor, tap->set_keys, tap->set_values, &count, NULL) && errno != ENOENT)
		return -errno;
	for (i = 0; i < count; i++)
		tap->set_order[i] = i;
	table.count = count;
	return slots_list(tap->memory, &table, tap->spans);
}

/* Takes the sets of one slot out of the kernel's table. True: a slot came of it. */
static bool retire_slot(struct tap *tap, const struct slots_span *span, tap_set_fn on_set, tap_slot_fn on_slot, void *context)
{
	const uint32_t *order = tap->set_order + span->begin;
	const struct pl_set_key *first = &tap->set_keys[order[0]];
	struct pl_slot_key key = {.slot = first->slot, .feed = first->feed};
	uint32_t feed = key.feed < PL_FEEDS_MAX ? key.feed : PL_FEED_NONE;
	int sets = bpf_map__fd(tap->kernel->maps.sets);
	struct pl_slot slot = {};
	__u8 yes = 1;
	uint32_t i;
	/* From here on the kernel begins no set of this slot any more. One begun in the moment before is late as well. */
	bool again = bpf_map_update_elem(bpf_map__fd(tap->kernel->maps.retired), &key, &yes, BPF_NOEXIST) && errno == EEXIST;

	for (i = 0; i < span->end - span->begin; i++) {
		const struct pl_set_key *set_key = &tap->set_keys[order[i]];
		struct pl_set set = tap->set_values[order[i]];

		if (bpf_map_lookup_and_delete_elem(sets, set_key, &set))
			bpf_map_delete_elem(sets, set_key);
		tap->retired[feed]++;
		if (!again && slots_is_astray(tap->memory, set_key, &set)) {
			tap->astray[feed] += shred_count(set.seen) + set.duplicates;
			continue;
		}
		shred_slot_add(&slot, set_key, &set);
		if (!again)
			on_set(context, set_key, &set);
	}
	if (again)
		tap->late[feed] += slot.packets;
	else if (slot.sets)
		on_slot(context, &key, &slot);
	return !again && slot.sets;
}

/*
 * Sets that began (as of before the copy) and were neither taken out nor are there any more. Those that began since the
 * counters were read make it too small, never too large; the next look makes up for it.
 */
static void count_evicted(struct tap *tap, const uint64_t *begun, uint64_t *live)
{
	uint32_t feed;

	for (feed = 0; feed < PL_FEEDS_MAX; feed++) {
		uint64_t known = tap->retired[feed] + live[feed] + tap->evicted[feed];

		if (begun[feed] > known)
			tap->evicted[feed] += begun[feed] - known;
	}
}

static int read_begun(struct tap *tap, uint64_t begun[PL_FEEDS_MAX])
{
	uint64_t counters[PL_COUNTER_MAX];
	uint32_t feed;
	int code = 0;

	for (feed = 0; feed < PL_FEEDS_MAX && !code; feed++) {
		code = tap_counters(tap, feed, counters);
		begun[feed] = counters[PL_COUNTER_SETS];
	}
	return code;
}

int tap_retire_slots(struct tap *tap, uint64_t now_ns, uint64_t idle_ns, size_t sets_max, tap_set_fn on_set,
		     tap_slot_fn on_slot, void *context)
{
	uint32_t half = bpf_map__max_entries(tap->kernel->maps.sets) / 2, i;
	uint64_t begun[PL_FEEDS_MAX], live[PL_FEEDS_MAX] = {0};
	int slots = 0, code = open_copies(tap);
	size_t there = 0, taken = 0;
	ssize_t count;

	if (!code)
		code = read_begun(tap, begun);
	if (code)
		return code;
	count = copy_sets(tap);
	if (count < 0)
		return count;
	if (count)
		there = tap->spans[count - 1].end;
	if (there > half && idle_ns)
		slots_sort_by_silence(tap->spans, count);
	for (i = 0; i < count; i++) {
		const struct slots_span *span = &tap->spans[i];
		uint32_t feed = tap->set_keys[tap->set_order[span->begin]].feed, sets = span->end - span->begin;
		bool over = !idle_ns || (span->last_ns <= now_ns && now_ns - span->last_ns >= idle_ns);

		if ((over || there > half) && (!taken || taken + sets <= sets_max)) {
			slots += retire_slot(tap, span, on_set, on_slot, context);
			taken += sets;
			there -= sets;
		} else {
			live[feed < PL_FEEDS_MAX ? feed : PL_FEED_NONE] += sets;
		}
	}
	count_evicted(tap, begun, live);
	return slots;
}

void tap_detach(struct tap *tap)
{
	while (tap->link_count)
		close(tap->links[--tap->link_count]);
	guard_stop(tap);
}

void tap_close(struct tap *tap)
{
	if (!tap)
		return;
	tap_detach(tap);
	ring_buffer__free(tap->ring);
	stamp__destroy(tap->kernel);
	free(tap->set_keys);
	free(tap->set_values);
	free(tap->set_order);
	free(tap->spans);
	free(tap->memory);
	free(tap);
}
