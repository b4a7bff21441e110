/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What another process reads out of its TLS connections, taken at the end of its calls of OpenSSL's SSL_read and
 * SSL_read_ex (uprobes), and from which socket it came. Loaded and attached only where a feed asks for it. Behind vmlinux.h.
 *
 * OpenSSL is handed the ciphertext by the thread that calls it, just before the call or within it: the socket that a thread
 * has read from since its last call is the connection's. Bytes of connections that no feed asks for are not copied.
 */
#ifndef PL_PLAINTEXT_BPF_H
#define PL_PLAINTEXT_BPF_H

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "frame.bpf.h"
#include "maps.bpf.h"
#include "record.h"

const volatile bool plaintext_wanted;

#define CALLS_MAX 4096
#define CONNECTIONS_MAX 4096

/* A call that has begun, by thread. */
struct tls_call {
	__u64 connection, buffer;
	__u64 read; /* where SSL_read_ex writes how much it has read; 0: SSL_read, which returns it */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CALLS_MAX);
	__type(key, __u64);
	__type(value, struct tls_call);
} tls_calls SEC(".maps");

/* The socket that a thread, which calls OpenSSL, has read from last. */
struct tls_source {
	__u32 feed; /* PL_FEED_NONE: nobody asks for it */
	__u32 fresh; /* no call of OpenSSL has ended since */
	__u32 upto;
	__u16 local_port, remote_port;
	__u64 local[2], remote[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CALLS_MAX);
	__type(key, __u64);
	__type(value, struct tls_source);
} tls_threads SEC(".maps");

struct tls_key {
	__u64 connection;
	__u64 process;
};

struct tls_connection {
	struct tls_source source;
	__u64 offset; /* bytes of plaintext that were read so far */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, CONNECTIONS_MAX);
	__type(key, struct tls_key);
	__type(value, struct tls_connection);
} tls_connections SEC(".maps");

/* A thread that has called OpenSSL before reads from a socket. */
static __always_inline void tls_see_read(const struct packet *packet, __u32 feed, __u32 upto)
{
	__u64 thread = bpf_get_current_pid_tgid();
	struct tls_source *source = bpf_map_lookup_elem(&tls_threads, &thread);

	if (!source)
		return;
	source->feed = feed;
	source->fresh = 1;
	source->upto = upto;
	source->local_port = packet->dest_port;
	source->remote_port = packet->source_port;
	source->local[0] = packet->dest_words[0];
	source->local[1] = packet->dest_words[1];
	source->remote[0] = packet->source_words[0];
	source->remote[1] = packet->source_words[1];
}

static __always_inline int tls_enter(__u64 connection, __u64 buffer, __u64 read)
{
	struct tls_call call = {.connection = connection, .buffer = buffer, .read = read};
	struct tls_source none = {.feed = PL_FEED_NONE};
	__u64 thread = bpf_get_current_pid_tgid();

	bpf_map_update_elem(&tls_calls, &thread, &call, BPF_ANY);
	bpf_map_update_elem(&tls_threads, &thread, &none, BPF_NOEXIST); /* from now on its reads of sockets are looked at */
	return 0;
}

/* One record of at most `size` bytes, which is known at compile time as a reservation's size has to be. */
static __always_inline bool tls_copy(const struct tls_key *key, const struct tls_connection *of, __u64 stamp_ns, __u64 from,
				     __u32 len, const __u32 size)
{
	struct pl_plaintext *record = bpf_ringbuf_reserve(&ring, sizeof(*record) + size, 0);

	if (!record)
		return false;
	record_head(&record->head, PL_RECORD_PLAINTEXT, of->source.feed, stamp_ns);
	record->connection = key->connection;
	record->offset = of->offset;
	record->local_words[0] = of->source.local[0];
	record->local_words[1] = of->source.local[1];
	record->remote_words[0] = of->source.remote[0];
	record->remote_words[1] = of->source.remote[1];
	record->local_port = of->source.local_port;
	record->remote_port = of->source.remote_port;
	record->upto = of->source.upto;
	record->pid = key->process;
	record->len = len;
	record->captured = 0;
	record->pad = 0;
	if (len > size)
		len = size;
	asm volatile("" : "+r"(len));
	if (len <= size && !bpf_probe_read_user(record + 1, len, (const void *)from))
		record->captured = len;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return true;
}

static __always_inline int tls_leave(__s32 result)
{
	__u64 thread = bpf_get_current_pid_tgid(), len = result, stamp_ns;
	struct tls_key key = {.process = thread >> 32};
	struct tls_call *call = bpf_map_lookup_elem(&tls_calls, &thread);
	struct tls_source *source = bpf_map_lookup_elem(&tls_threads, &thread);
	struct tls_connection begun = {}, *of;
	__u64 buffer;
	bool copied;

	if (!call || !source)
		return 0;
	key.connection = call->connection;
	buffer = call->buffer;
	if (call->read && result == 1 && bpf_probe_read_user(&len, sizeof(len), (const void *)call->read))
		result = 0;
	bpf_map_delete_elem(&tls_calls, &thread);
	of = bpf_map_lookup_elem(&tls_connections, &key);
	if (source->fresh) {
		source->fresh = 0;
		if (!of || of->source.local_port != source->local_port || of->source.remote_port != source->remote_port) {
			begun.source = *source;
			bpf_map_update_elem(&tls_connections, &key, &begun, BPF_ANY);
			of = bpf_map_lookup_elem(&tls_connections, &key);
		} else {
			of->source = *source;
		}
	}
	if (result <= 0 || !len || !of || of->source.feed >= PL_FEED_NONE)
		return 0;
	stamp_ns = bpf_ktime_get_ns();
	if (len <= 512)
		copied = tls_copy(&key, of, stamp_ns, buffer, len, 512);
	else if (len <= 4096)
		copied = tls_copy(&key, of, stamp_ns, buffer, len, 4096);
	else
		copied = tls_copy(&key, of, stamp_ns, buffer, len, PL_PLAINTEXT_MAX);
	of->offset += len;
	if (!copied) /* the next one's offset tells as well */
		count(of->source.feed, PL_COUNTER_RING_FULL);
	return 0;
}

SEC("?uprobe")
int pl_ssl_read(struct pt_regs *registers)
{
	return tls_enter(PT_REGS_PARM1(registers), PT_REGS_PARM2(registers), 0);
}

SEC("?uprobe")
int pl_ssl_read_ex(struct pt_regs *registers)
{
	return tls_enter(PT_REGS_PARM1(registers), PT_REGS_PARM2(registers), PT_REGS_PARM4(registers));
}

SEC("?uretprobe")
int pl_ssl_read_end(struct pt_regs *registers)
{
	return tls_leave((__s32)PT_REGS_RC(registers));
}

#endif
