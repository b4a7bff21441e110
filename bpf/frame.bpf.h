/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A packet where the kernel has it, at XDP or tc, and what each of the tap's programs does with one. Behind vmlinux.h. */
#ifndef PL_FRAME_BPF_H
#define PL_FRAME_BPF_H

#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"
#include "parse.bpf.h"
#include "record.h"

/* One of the two kinds of context. `xdp` and `nic` are known at compile time wherever they are used. */
struct frame {
	void *context;
	const void *data;
	const void *data_end;
	bool xdp;
	bool nic; /* the program is bound to its network card, and may ask it for the packet's stamp */
};

/* Linux 6.3: only for a program that was loaded for one device (BPF_F_XDP_DEV_BOUND_ONLY), whose driver answers. */
extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *xdp, __u64 *nic_ns) __ksym __weak;

/*
 * For a packet whose port is wanted: begins afresh with what the verifier knows. The many ways through the headers leave
 * as many sets of exact offsets and checked ranges, and it would follow each of them through all that comes behind.
 */
static __always_inline void frame_settle(struct frame *frame, struct packet *packet)
{
	asm volatile("" : : "r"(packet) : "memory");
	if (frame->xdp) {
		frame->data = (const void *)(long)((struct xdp_md *)frame->context)->data;
		frame->data_end = (const void *)(long)((struct xdp_md *)frame->context)->data_end;
	} else {
		frame->data = (const void *)(long)((struct __sk_buff *)frame->context)->data;
		frame->data_end = (const void *)(long)((struct __sk_buff *)frame->context)->data_end;
	}
}

/* packet_length() for this frame; all of its bytes are asked for only where the linear part does not hold the packet. */
static __always_inline int frame_packet_length(const struct frame *frame, struct packet *packet)
{
	__u32 len;

	if (!frame->xdp)
		return packet_length(packet, ((struct __sk_buff *)frame->context)->len);
	len = (const __u8 *)frame->data_end - (const __u8 *)frame->data;
	if (packet->ip_end > len)
		len = bpf_xdp_get_buff_len(frame->context);
	return packet_length(packet, len);
}

static __always_inline long frame_read(const struct frame *frame, __u32 offset, void *to, __u32 len)
{
	if (frame->xdp)
		return bpf_xdp_load_bytes(frame->context, offset, to, len);
	return bpf_skb_load_bytes(frame->context, offset, to, len);
}

static __always_inline struct feed_counters *counters_of(__u32 feed)
{
	if (feed >= PL_FEEDS_MAX)
		feed = PL_FEED_NONE;
	return bpf_map_lookup_elem(&counters, &feed);
}

static __always_inline void count(__u32 feed, enum pl_counter counter)
{
	struct feed_counters *of_feed = counters_of(feed);

	if (of_feed)
		of_feed->count[counter]++;
}

static __always_inline void record_head(struct pl_record *head, enum pl_record_type type, __u32 feed, __u64 stamp_ns)
{
	head->type = type;
	head->feed = feed;
	head->stamp_ns = stamp_ns;
}

/* What was lost of one packet is in one counter: a stamp that found no room in the ring is not told apart from one not given. */
static __always_inline void nic_stamp(const struct frame *frame, __u32 feed, struct feed_counters *of_feed, __u64 stamp_ns)
{
	struct pl_nic_stamp *record = NULL;
	__u64 nic_ns = 0;

	/* Drivers answer with an error or with 0 for a packet that their card did not stamp. */
	if (!bpf_xdp_metadata_rx_timestamp(frame->context, &nic_ns) && nic_ns)
		record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);
	if (!record) {
		of_feed->count[PL_COUNTER_NIC_UNSTAMPED]++;
		return;
	}
	record_head(&record->head, PL_RECORD_NIC, feed, stamp_ns);
	record->nic_ns = nic_ns;
	record->ifindex = ((struct xdp_md *)frame->context)->ingress_ifindex;
	record->pad = 0;
	bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
}

/* Now, for the record that is about to be made of this packet. */
static __always_inline __u64 stamp(const struct frame *frame, __u32 feed, struct feed_counters *of_feed)
{
	__u64 stamp_ns = bpf_ktime_get_ns();

	if (frame->nic)
		nic_stamp(frame, feed, of_feed, stamp_ns);
	return stamp_ns;
}

#endif
