// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What the kernel programs are measured against: the same harness with nothing in it, and with nothing but the parse.
 * The programs under test are the tap's own source, compiled with them.
 */
#include "stamp.bpf.c"

/* Which of the 64 shreds of which set comes next. */
__u32 turn;

/* bench_live: where its frames go, and how many went. */
const volatile __u32 live_ifindex;
const volatile __u32 live_ip_sum; /* of the IP header without length and checksum */
__u64 live_sent;

static __always_inline int parse_only(const void *data, const void *data_end)
{
	struct packet packet;
	int result = packet_headers(data, data_end, &packet);

	/* What a reader of the headers would want to know; without this the compiler would leave the work out. */
	asm volatile("" : : "r"(packet.source_port), "r"(packet.dest_port), "r"(packet.payload), "r"(packet.len));
	return result;
}

/*
 * Turns the shred in the frame (untagged IPv4, UDP) into the next one: 32 data shreds and 32 code shreds make a set, then
 * the next set begins.
 */
static __always_inline bool next_shred(struct xdp_md *xdp)
{
	__u8 *data = (void *)(long)xdp->data, *payload = data + 14 + 20 + 8;
	__u32 n = turn++, in_set = n % 64, first = n / 64 * 32;
	bool code = in_set & 1;
	__u16 len = code ? SHRED_CODE_BYTES : SHRED_DATA_BYTES;

	if (payload + SHRED_CODE_BYTES > (__u8 *)(long)xdp->data_end)
		return false;
	*(__u16 *)(data + 16) = bpf_htons(len + 28);
	*(__u16 *)(data + 38) = bpf_htons(len + 8);
	payload[64] = code ? 0x66 : 0x96;
	*(__u32 *)(payload + 73) = first % 32768 + in_set / 2;
	*(__u64 *)(payload + 65) = first / 32768; /* as wide as it is read, or the load would wait for the store */
	*(__u32 *)(payload + 79) = first % 32768;
	if (code) {
		*(__u16 *)(payload + 83) = 32;
		*(__u16 *)(payload + 85) = 32;
		*(__u16 *)(payload + 87) = in_set / 2;
	} else {
		payload[85] = 0x40;
	}
	return true;
}

SEC("xdp.frags")
int bench_pass(struct xdp_md *xdp)
{
	return XDP_PASS;
}

SEC("xdp.frags")
int bench_drop(struct xdp_md *xdp)
{
	return XDP_DROP;
}

SEC("xdp.frags")
int bench_parse(struct xdp_md *xdp)
{
	parse_only((void *)(long)xdp->data, (void *)(long)xdp->data_end);
	return XDP_PASS;
}

SEC("xdp.frags")
int bench_sets_parse(struct xdp_md *xdp)
{
	next_shred(xdp);
	parse_only((void *)(long)xdp->data, (void *)(long)xdp->data_end);
	return XDP_PASS;
}

SEC("xdp.frags")
int bench_sets(struct xdp_md *xdp)
{
	next_shred(xdp);
	return xdp_take(xdp, false);
}

/* The generator of `make bench-tap`: each frame is the next shred, and leaves by the interface. */
SEC("xdp")
int bench_live(struct xdp_md *xdp)
{
	__u8 *ip = (void *)(long)xdp->data + 14;
	__u32 sum;

	if (!next_shred(xdp) || ip + 20 > (__u8 *)(long)xdp->data_end)
		return XDP_DROP;
	sum = live_ip_sum + *(__u16 *)(ip + 2);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(__u16 *)(ip + 10) = ~sum;
	live_sent++;
	return bpf_redirect(live_ifindex, 0);
}

SEC("tc")
int bench_tc_pass(struct __sk_buff *skb)
{
	return TC_ACT_UNSPEC;
}

SEC("tc")
int bench_tc_parse(struct __sk_buff *skb)
{
	parse_only((void *)(long)skb->data, (void *)(long)skb->data_end);
	return TC_ACT_UNSPEC;
}
