// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The tap in the kernel: stamps the packets that userspace asked for, at XDP or tc ingress and at tc egress. Every packet
 * goes on untouched, whatever happens here. A packet nobody asked for costs the parse of its headers and one load; the
 * clock is read only for those that match.
 *
 * Records leave through a ring that never wakes its reader (a wake-up costs thousands of nanoseconds in the softirq that
 * delivers the node's packets): userspace drains it every millisecond. Whatever does not get through is counted.
 */
#include "vmlinux.h"

#include <bpf/bpf_helpers.h>

#include "frame.bpf.h"
#include "maps.bpf.h"
#include "match.bpf.h"
#include "parse.bpf.h"
#include "read.bpf.h"
#include "record.h"
#include "rule.bpf.h"
#include "take_shred.bpf.h"

/* What vmlinux.h cannot hold, because it is not an enum in the kernel. */
#define TC_ACT_UNSPEC (-1) /* the verdict is left to whoever comes next; with TCX: TCX_NEXT */

/* Payloads up to this are copied word by word, which costs less than the helper's call. */
#define COPY_INLINE_MAX 128

/*
 * Room for a datagram's record. A reservation's size has to be a constant, so there are a few to choose from; tight ones
 * for the small payloads of price feeds, as every further cache line of the ring costs more than the choice.
 */
static __always_inline struct pl_datagram *datagram_reserve(__u32 len, __u32 *room)
{
	const __u32 head = sizeof(struct pl_datagram);

	if (len <= 32)
		return bpf_ringbuf_reserve(&ring, head + (*room = 32), 0);
	if (len <= 64)
		return bpf_ringbuf_reserve(&ring, head + (*room = 64), 0);
	if (len <= 96)
		return bpf_ringbuf_reserve(&ring, head + (*room = 96), 0);
	if (len <= 128)
		return bpf_ringbuf_reserve(&ring, head + (*room = 128), 0);
	if (len <= 256)
		return bpf_ringbuf_reserve(&ring, head + (*room = 256), 0);
	if (len <= 512)
		return bpf_ringbuf_reserve(&ring, head + (*room = 512), 0);
	if (len <= 1024)
		return bpf_ringbuf_reserve(&ring, head + (*room = 1024), 0);
	if (len <= 1536)
		return bpf_ringbuf_reserve(&ring, head + (*room = 1536), 0);
	return bpf_ringbuf_reserve(&ring, head + (*room = PL_DATAGRAM_MAX), 0);
}

/*
 * Copies `len` bytes, 8 or more, that lie at `offset` in the linear part: whole words, then the last eight bytes once
 * more. False where they do not all lie there, or are more than `room` or COPY_INLINE_MAX.
 */
static __always_inline bool copy_inline(const struct frame *frame, __u32 offset, __u8 *to, __u32 len, __u32 room)
{
	const __u8 *from = (const __u8 *)frame->data + (offset & PACKET_OFFSET_MASK), *tail;
	__u32 last = len - 8, i;

	/* Keeps the comparison in the program: the verifier needs it where the compiler does not. */
	asm volatile("" : "+r"(last));
	if (last > COPY_INLINE_MAX - 8 || last > room - 8)
		return false;
	tail = from + last;
	if (tail + 8 > (const __u8 *)frame->data_end)
		return false;
	for (i = 0; i < last; i += 8) {
		if (from + i + 8 > (const __u8 *)frame->data_end)
			return false;
		*(__u64 *)(to + i) = load_u64(from + i);
	}
	*(__u64 *)(to + last) = load_u64(tail);
	return true;
}

static __always_inline enum pl_counter datagram(const struct frame *frame, const struct packet *packet,
						const struct pl_rule *rule, __u64 stamp_ns)
{
	struct pl_datagram *record;
	__u32 wanted = packet->len < rule->capture ? packet->len : rule->capture, captured = wanted, room;
	__u8 *payload;

	record = datagram_reserve(captured, &room);
	if (!record)
		return PL_COUNTER_RING_FULL;
	record_head(&record->head, PL_RECORD_DATAGRAM, rule->feed, stamp_ns);
	*(__u64 *)&record->source[0] = packet->source_words[0];
	*(__u64 *)&record->source[8] = packet->source_words[1];
	record->source_port = packet->source_port;
	record->dest_port = packet->dest_port;
	record->len = packet->len;
	record->wanted = wanted;
	if (captured > room)
		captured = room;
	record->captured = captured;
	payload = (__u8 *)(record + 1);
	if (captured >= 8 && copy_inline(frame, packet->payload, payload, captured, room))
		goto out;
	if (captured && frame_read(frame, packet->payload, payload, captured)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return PL_COUNTER_MALFORMED;
	}
out:
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	return wanted > room ? PL_COUNTER_TRUNCATED : PL_COUNTER_PACKETS;
}

static __always_inline const struct pl_flow *flow_find(__u32 number, __u16 local_port, __u16 remote_port,
						       const __u64 remote[2])
{
	int i;

	for (i = 0; i < PL_FLOW_CHAIN_MAX && number; i++) {
		const struct pl_flow *flow = &flows[(number - 1) & (PL_FLOWS_MAX - 1)];

		if (flow->key.local_port == local_port && flow->key.remote_port == remote_port &&
		    flow->key.remote_words[0] == remote[0] && flow->key.remote_words[1] == remote[1])
			return flow;
		number = flow->next;
	}
	return NULL;
}

static __always_inline void ingress_udp(struct frame *frame, struct packet *packet, __u32 number)
{
	const struct pl_rule *rule;
	struct feed_counters *of_feed;
	enum pl_counter counter;

	frame_settle(frame, packet);
	if (!packet_addresses(frame->data, frame->data_end, packet))
		return;
	rule = rule_find(number, packet);
	if (!rule)
		return;
	of_feed = counters_of(rule->feed);
	if (!of_feed)
		return;
	of_feed->count[PL_COUNTER_PACKETS]++;
	if (frame_packet_length(frame, packet) != PACKET_OK)
		counter = PL_COUNTER_MALFORMED;
	else if (packet->fragment)
		counter = PL_COUNTER_FRAGMENT;
	else if (rule->action == PL_ACTION_DATAGRAM)
		counter = datagram(frame, packet, rule, stamp(frame, rule->feed, of_feed));
	else if (rule->action == PL_ACTION_ARRIVAL)
		counter = arrival(packet, rule->feed);
	else
		counter = shred_packet(frame, packet, rule, of_feed);
	if (counter != PL_COUNTER_PACKETS && counter < PL_COUNTER_MAX)
		of_feed->count[counter]++;
}

/* A segment of 64 KiB, as generic XDP and tc may see it, in pieces of PL_DATAGRAM_MAX. */
#define STREAM_PIECES_MAX 8

/*
 * One record with the bytes from `offset` of the frame on. `size` is known at compile time, as a reservation's size has to
 * be; where more than that is left, *head goes on to the rest.
 */
static __always_inline enum pl_counter stream_piece(const struct frame *frame, struct pl_stream *head, __u32 *offset,
						    const __u32 size)
{
	struct pl_stream *record = bpf_ringbuf_reserve(&ring, sizeof(*record) + size, 0);
	__u32 captured = head->len;

	if (!record)
		return PL_COUNTER_RING_FULL;
	if (captured > size)
		captured = size;
	head->captured = captured;
	*record = *head;
	if (captured && frame_read(frame, *offset, record + 1, captured)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return PL_COUNTER_MALFORMED;
	}
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
	*offset += captured;
	head->seq += captured + (head->flags >> 1 & 1); /* a SYN takes up a number of its own */
	head->flags &= ~PL_TCP_SYN;
	head->len -= captured;
	return PL_COUNTER_PACKETS;
}

static __always_inline enum pl_counter stream_copy(const struct frame *frame, struct pl_stream *head, __u32 offset)
{
	enum pl_counter counter = PL_COUNTER_PACKETS;
	int i;

	if (head->len <= 128)
		return stream_piece(frame, head, &offset, 128);
	if (head->len <= 512)
		return stream_piece(frame, head, &offset, 512);
	if (head->len <= 1536)
		return stream_piece(frame, head, &offset, 1536);
	for (i = 0; i < STREAM_PIECES_MAX && head->len && counter == PL_COUNTER_PACKETS; i++)
		counter = stream_piece(frame, head, &offset, PL_DATAGRAM_MAX);
	return head->len && counter == PL_COUNTER_PACKETS ? PL_COUNTER_TRUNCATED : counter;
}

/* Functions of their own, and global, so that the verifier looks at them once and not behind every way that leads here. */
__noinline int stream_copy_xdp(struct xdp_md *xdp, struct pl_stream *head, __u32 offset)
{
	struct frame frame = {.context = xdp, .xdp = true};

	return head ? stream_copy(&frame, head, offset) : PL_COUNTER_MALFORMED;
}

__noinline int stream_copy_skb(struct __sk_buff *skb, struct pl_stream *head, __u32 offset)
{
	struct frame frame = {.context = skb, .xdp = false};

	return head ? stream_copy(&frame, head, offset) : PL_COUNTER_MALFORMED;
}

static __always_inline enum pl_counter stream(const struct frame *frame, const struct packet *packet, __u32 feed,
					      struct feed_counters *of_feed)
{
	struct pl_stream head = {
		.source_port = packet->source_port,
		.dest_port = packet->dest_port,
		.seq = packet->seq,
		.flags = packet->flags,
		.len = packet->len,
		.space = PL_PORT_TCP,
	};

	if (!packet->len && !(packet->flags & (PL_TCP_SYN | PL_TCP_FIN | PL_TCP_RST)))
		return PL_COUNTER_PACKETS;
	record_head(&head.head, PL_RECORD_STREAM, feed, stamp(frame, feed, of_feed));
	*(__u64 *)&head.source[0] = packet->source_words[0];
	*(__u64 *)&head.source[8] = packet->source_words[1];
	*(__u64 *)&head.dest[0] = packet->dest_words[0];
	*(__u64 *)&head.dest[8] = packet->dest_words[1];
	if (frame->xdp)
		return stream_copy_xdp(frame->context, &head, packet->payload);
	return stream_copy_skb(frame->context, &head, packet->payload);
}

/* TCP of other programs' connections that a feed watches, or whose reads it wants; the rules are those of either side's port. */
static __always_inline void ingress_stream(struct frame *frame, struct packet *packet, __u32 of_dest, __u32 of_source)
{
	const struct pl_rule *rule = rule_find(of_dest, packet);
	struct feed_counters *of_feed;
	__u64 counter;

	if (!rule)
		rule = rule_find(of_source, packet);
	if (!rule)
		return;
	of_feed = counters_of(rule->feed);
	if (!of_feed)
		return;
	of_feed->count[PL_COUNTER_PACKETS]++;
	if (frame_packet_length(frame, packet) != PACKET_OK)
		counter = PL_COUNTER_MALFORMED;
	else if (packet->fragment)
		counter = PL_COUNTER_FRAGMENT;
	else if (rule->action == PL_ACTION_ARRIVAL)
		counter = arrival(packet, rule->feed);
	else
		counter = stream(frame, packet, rule->feed, of_feed);
	/* The verifier knows nothing of what another function returns, and the compiler must not take the test apart. */
	asm volatile("" : "+r"(counter));
	if (counter != PL_COUNTER_PACKETS && counter < PL_COUNTER_MAX)
		of_feed->count[counter]++;
}

static __always_inline void ingress_tcp(struct frame *frame, struct packet *packet, __u32 number)
{
	__u32 of_dest = 0, of_source = 0;
	struct feed_counters *of_flow;
	const struct pl_flow *flow;
	struct pl_segment *record;
	__u64 stamp_ns;

	if (stream_rules) {
		of_dest = ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_STREAM, packet->dest_port)];
		of_source = ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_STREAM, packet->source_port)];
	}
	if (!number && !of_dest && !of_source)
		return;
	frame_settle(frame, packet);
	if (!packet_addresses(frame->data, frame->data_end, packet))
		return;
	flow = flow_find(number, packet->dest_port, packet->source_port, packet->source_words);
	if (!flow) {
		ingress_stream(frame, packet, of_dest, of_source);
		return;
	}
	of_flow = counters_of(flow->id);
	if (!of_flow)
		return;
	of_flow->count[PL_COUNTER_PACKETS]++;
	if (frame_packet_length(frame, packet) != PACKET_OK) {
		of_flow->count[PL_COUNTER_MALFORMED]++;
		return;
	}
	if (packet->fragment) {
		of_flow->count[PL_COUNTER_FRAGMENT]++;
		return;
	}
	if (!packet->len && !(packet->flags & (PL_TCP_SYN | PL_TCP_FIN | PL_TCP_RST)))
		return;
	stamp_ns = stamp(frame, flow->id, of_flow);
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		of_flow->count[PL_COUNTER_RING_FULL]++;
		return;
	}
	record_head(&record->head, PL_RECORD_SEGMENT, flow->id, stamp_ns);
	record->seq = packet->seq;
	record->len = packet->len;
	record->flags = packet->flags;
	record->ack = packet->ack;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

static __always_inline void ingress(struct frame *frame, struct packet *packet, int result)
{
	__u32 number;

	if (result != PACKET_OK) {
		if (result == PACKET_FRAGMENT)
			count(PL_FEED_NONE, PL_COUNTER_FRAGMENT);
		else if (result == PACKET_MALFORMED)
			count(PL_FEED_NONE, PL_COUNTER_MALFORMED);
		return;
	}
	if (packet->space == PL_PORT_UDP) {
		number = ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_UDP, packet->dest_port)];
		if (number)
			ingress_udp(frame, packet, number);
	} else {
		number = ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_TCP, packet->dest_port)];
		if (number || stream_rules)
			ingress_tcp(frame, packet, number);
	}
}

/* Connections that pricelag opened itself are its feeds, never the keeper's. */
static __always_inline bool is_own_flow(const struct packet *packet)
{
	__u32 number = ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_TCP, packet->source_port)];

	return packet->space == PL_PORT_TCP && number &&
	       flow_find(number, packet->source_port, packet->dest_port, packet->dest_words);
}

static __always_inline void egress(struct frame *frame, struct packet *packet)
{
	__u32 number = ports[PL_PORT_INDEX(PL_EGRESS, packet->space & 1, packet->dest_port)];
	struct feed_counters *of_feed;
	const struct pl_rule *rule;
	struct pl_egress *record;
	__u64 stamp_ns;

	if (!number)
		return;
	frame_settle(frame, packet);
	if (!packet_addresses(frame->data, frame->data_end, packet))
		return;
	rule = rule_find(number, packet);
	if (!rule || is_own_flow(packet))
		return;
	of_feed = counters_of(rule->feed);
	if (!of_feed)
		return;
	of_feed->count[PL_COUNTER_PACKETS]++;
	if (frame_packet_length(frame, packet) != PACKET_OK) {
		of_feed->count[PL_COUNTER_MALFORMED]++;
		return;
	}
	if (!packet->len)
		return;
	stamp_ns = bpf_ktime_get_ns();
	record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		of_feed->count[PL_COUNTER_RING_FULL]++;
		return;
	}
	record_head(&record->head, PL_RECORD_EGRESS, rule->feed, stamp_ns);
	record->seq = packet->seq;
	record->len = packet->len;
	record->local_port = packet->source_port;
	record->remote_port = packet->dest_port;
	record->pad = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/*
 * Headers of an skb. Where they do not all lie in its linear part (some drivers leave next to nothing there) they are
 * pulled into it, which moves bytes from a fragment but changes none.
 */
static __always_inline int skb_headers(struct __sk_buff *skb, struct frame *frame, struct packet *packet)
{
	__u32 linear, want = PACKET_HEADERS_MAX;
	int result;

	frame->context = skb;
	frame->data = (const void *)(long)skb->data;
	frame->data_end = (const void *)(long)skb->data_end;
	frame->xdp = false;
	frame->nic = false;
	result = packet_headers(frame->data, frame->data_end, packet);
	linear = frame->data_end - frame->data;
	if (result != PACKET_MALFORMED || linear >= want || linear >= skb->len)
		return result;
	if (want > skb->len)
		want = skb->len;
	if (bpf_skb_pull_data(skb, want))
		return result;
	frame->data = (const void *)(long)skb->data;
	frame->data_end = (const void *)(long)skb->data_end;
	return packet_headers(frame->data, frame->data_end, packet);
}

static __always_inline int xdp_take(struct xdp_md *xdp, bool nic)
{
	struct frame frame = {
		.context = xdp,
		.data = (const void *)(long)xdp->data,
		.data_end = (const void *)(long)xdp->data_end,
		.xdp = true,
		.nic = nic,
	};
	struct packet packet;
	int result = packet_headers(frame.data, frame.data_end, &packet);

	ingress(&frame, &packet, result);
	return XDP_PASS;
}

SEC("xdp.frags")
int pl_xdp(struct xdp_md *xdp)
{
	return xdp_take(xdp, false);
}

/* The same, with the card's own stamp beside the kernel's. Loaded once for each card that is asked for its stamps. */
SEC("?xdp.frags")
int pl_xdp_nic(struct xdp_md *xdp)
{
	return xdp_take(xdp, true);
}

SEC("tc")
int pl_tc_ingress(struct __sk_buff *skb)
{
	struct packet packet;
	struct frame frame;
	int result = skb_headers(skb, &frame, &packet);

	ingress(&frame, &packet, result);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int pl_tc_egress(struct __sk_buff *skb)
{
	struct packet packet;
	struct frame frame;

	if (skb_headers(skb, &frame, &packet) == PACKET_OK)
		egress(&frame, &packet);
	return TC_ACT_UNSPEC;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
