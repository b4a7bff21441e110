/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Processes that are not ours: when a packet of theirs came, and when they read it. No byte is looked at, so encryption
 * does not matter. Behind vmlinux.h.
 *
 * The reads are seen at tracepoints of the kernel, in the context of the process that reads and after the copy:
 *	tcp:tcp_rcv_space_adjust	after each piece that recvmsg, read, splice … took out of a TCP socket's queue
 *	sock:sock_recv_length		at the end of each recvmsg, recv, read … of any socket (Linux 6.3); used for UDP
 *	udp:udp_fail_queue_rcv_skb	a datagram found the socket's buffer full, and will not be read
 * They fire for every socket of the machine: what is not asked for leaves after one look at its port.
 */
#ifndef PL_READ_BPF_H
#define PL_READ_BPF_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "frame.bpf.h"
#include "maps.bpf.h"
#include "parse.bpf.h"
#include "plaintext.bpf.h"
#include "record.h"
#include "rule.bpf.h"

/* What vmlinux.h cannot hold, because these are no enums in the kernel. */
#define AF_INET 2
#define AF_INET6 10
#define MSG_PEEK 2
#define MSG_ERRQUEUE 0x2000

/* Sockets of other network namespaces may have the same ports: only those of ours get the packets that are stamped. */
const volatile __u32 own_netns;
__u32 reads_lost;

static __always_inline enum pl_counter arrival(const struct packet *packet, __u32 feed)
{
	struct pl_stream *record;

	if (packet->space == PL_PORT_TCP && !packet->len && !(packet->flags & (PL_TCP_SYN | PL_TCP_FIN | PL_TCP_RST)))
		return PL_COUNTER_PACKETS;
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record)
		return PL_COUNTER_RING_FULL;
	record_head(&record->head, PL_RECORD_ARRIVAL, feed, bpf_ktime_get_ns());
	*(__u64 *)&record->source[0] = packet->source_words[0];
	*(__u64 *)&record->source[8] = packet->source_words[1];
	*(__u64 *)&record->dest[0] = packet->dest_words[0];
	*(__u64 *)&record->dest[8] = packet->dest_words[1];
	record->source_port = packet->source_port;
	record->dest_port = packet->dest_port;
	record->seq = packet->seq;
	record->flags = packet->flags;
	record->len = packet->len;
	record->captured = 0;
	record->space = packet->space;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return PL_COUNTER_PACKETS;
}

static __always_inline void map_address(__u64 words[2], __be32 address)
{
	words[0] = 0;
	words[1] = address ? (__u64)address << 32 | 0xffff0000u : 0;
}

/* The socket as the packets that come to it look: `dest` is its own side. All zero where it has no address. */
static __always_inline bool socket_addresses(const struct sock *sk, struct packet *packet)
{
	if (sk->__sk_common.skc_net.net->ns.inum != own_netns)
		return false;
	if (sk->__sk_common.skc_family == AF_INET) {
		map_address(packet->dest_words, sk->__sk_common.skc_rcv_saddr);
		map_address(packet->source_words, sk->__sk_common.skc_daddr);
		return true;
	}
	BPF_CORE_READ_INTO(&packet->dest, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
	BPF_CORE_READ_INTO(&packet->source, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
	return true;
}

static __always_inline bool is_open(const __u64 words[2])
{
	return !(words[0] | words[1]);
}

/* A UDP socket may have no address of its own, and need not be connected: then it takes whatever comes to its port. */
static __always_inline const struct pl_rule *rule_of_datagrams(__u32 number, const struct packet *packet)
{
	int i;

	for (i = 0; i < PL_RULE_CHAIN_MAX && number; i++) {
		const struct pl_rule *rule = &rules[(number - 1) & (PL_RULES_MAX - 1)];
		struct packet as = *packet;

		if (is_open(packet->dest_words)) {
			as.dest_words[0] = rule->dest_words[0];
			as.dest_words[1] = rule->dest_words[1];
		}
		if (is_open(packet->source_words)) {
			as.source_words[0] = rule->source_words[0];
			as.source_words[1] = rule->source_words[1];
		}
		as.gre = rule->gre == PL_GRE_ONLY;
		if (rule->action == PL_ACTION_ARRIVAL && rule_matches(rule, &as))
			return rule;
		number = rule->next;
	}
	return NULL;
}

static __always_inline void read_record(struct sock *sk, const struct packet *packet, __u32 feed, enum pl_read_kind kind,
					__u32 upto, __u32 queued)
{
	__u64 stamp_ns = bpf_ktime_get_ns();
	struct pl_read *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);

	if (!record) {
		count(feed, PL_COUNTER_RING_FULL);
		__sync_fetch_and_add(&reads_lost, 1);
		return;
	}
	record_head(&record->head, PL_RECORD_READ, feed, stamp_ns);
	record->socket = bpf_get_socket_cookie(sk);
	*(__u64 *)&record->local[0] = packet->dest_words[0];
	*(__u64 *)&record->local[8] = packet->dest_words[1];
	*(__u64 *)&record->remote[0] = packet->source_words[0];
	*(__u64 *)&record->remote[8] = packet->source_words[1];
	record->local_port = packet->dest_port;
	record->remote_port = packet->source_port;
	record->upto = upto;
	record->queued = queued;
	record->pid = bpf_get_current_pid_tgid() >> 32;
	record->lost = reads_lost;
	record->kind = kind;
	record->pad[0] = record->pad[1] = record->pad[2] = 0;
	bpf_get_current_comm(record->comm, sizeof(record->comm));
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

SEC("?tp_btf/tcp_rcv_space_adjust")
int pl_read_stream(__u64 *arguments)
{
	struct sock *sk = (struct sock *)arguments[0];
	struct packet packet = {
		.dest_port = sk->__sk_common.skc_num,
		.source_port = bpf_ntohs(sk->__sk_common.skc_dport),
		.space = PL_PORT_TCP,
	};
	__u32 of_dest = ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_STREAM, packet.dest_port)];
	__u32 of_source = ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_STREAM, packet.source_port)];
	const struct pl_rule *rule = NULL;
	__u32 upto;

	if ((of_dest || of_source) && socket_addresses(sk, &packet)) {
		/* As for the packets themselves: ingress_stream(). */
		rule = rule_find(of_dest, &packet);
		if (!rule)
			rule = rule_find(of_source, &packet);
		if (rule && rule->action != PL_ACTION_ARRIVAL)
			rule = NULL;
	}
	if (!rule && !plaintext_wanted)
		return 0;
	upto = BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
	if (plaintext_wanted)
		tls_see_read(&packet, rule ? rule->feed : PL_FEED_NONE, upto);
	if (rule)
		read_record(sk, &packet, rule->feed, PL_READ_STREAM, upto, 0);
	return 0;
}

static __always_inline void datagram_event(struct sock *sk, enum pl_read_kind kind, __u32 bytes)
{
	__u16 family = sk->__sk_common.skc_family;
	const struct pl_rule *rule;
	struct packet packet = {.space = PL_PORT_UDP};
	__u32 number;

	if ((family != AF_INET && family != AF_INET6) || sk->sk_protocol != PACKET_PROTO_UDP)
		return;
	packet.dest_port = sk->__sk_common.skc_num;
	number = ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_UDP, packet.dest_port)];
	if (!number || !socket_addresses(sk, &packet))
		return;
	packet.source_port = bpf_ntohs(sk->__sk_common.skc_dport);
	rule = rule_of_datagrams(number, &packet);
	if (rule)
		read_record(sk, &packet, rule->feed, kind, bytes, sk->sk_receive_queue.qlen +
			    BPF_CORE_READ((struct udp_sock *)sk, reader_queue.qlen));
}

SEC("?tp_btf/sock_recv_length")
int pl_read_datagram(__u64 *arguments)
{
	__s32 result = (__s32)arguments[1];

	if (result >= 0 && !(arguments[2] & (MSG_PEEK | MSG_ERRQUEUE)))
		datagram_event((struct sock *)arguments[0], PL_READ_DATAGRAM, result);
	return 0;
}

SEC("?tp_btf/udp_fail_queue_rcv_skb")
int pl_read_dropped(__u64 *arguments)
{
	datagram_event((struct sock *)arguments[1], PL_READ_DROPPED, 0);
	return 0;
}

#endif
