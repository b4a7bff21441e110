/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The only contract between the kernel side (bpf/) and userspace (user/).
 *
 * Every record in the ring starts with struct pl_record. Fields have fixed widths, padding is explicit and sizes are
 * asserted, because the two sides are built by different compilers. All stamps are CLOCK_MONOTONIC nanoseconds
 * (bpf_ktime_get_ns); user/session turns them into UTC. Ports and addresses in network byte order are named `_be`,
 * everything else is host order.
 */
#ifndef PL_RECORD_H
#define PL_RECORD_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

enum pl_record_type {
	PL_RECORD_SEGMENT = 1,	/* a TCP segment of a connection that pricelag owns: no payload, the socket gives it */
	PL_RECORD_DATAGRAM = 2, /* a UDP payload of a passive feed */
	PL_RECORD_EGRESS = 3,	/* a packet with payload of the keeper's flow, leaving (tc egress) */
	PL_RECORD_SET = 4,	/* a Solana FEC set became decodable */
	PL_RECORD_SHRED = 5,	/* one packet that is a Solana shred (PL_ACTION_SHRED_EACH, _PAYLOAD) */
	PL_RECORD_STREAM = 6,	/* a TCP segment of a passive feed, payload and all */
	PL_RECORD_NIC = 7,	/* the network card's stamp of the packet whose record, with the same stamp_ns, comes next */
	PL_RECORD_ARRIVAL = 8,	/* a packet of a feed whose reads are traced: a pl_stream of which no bytes follow */
	PL_RECORD_READ = 9,	/* a process read from the socket that such packets go to */
	PL_RECORD_PLAINTEXT = 10, /* what its TLS library gave it out of that */
};

struct pl_record {
	__u32 type;	/* enum pl_record_type */
	__u32 feed;	/* index of the feed in site.yaml; for SEGMENT the flow id given to tap_add_flow() */
	__u64 stamp_ns; /* CLOCK_MONOTONIC at the hook */
};

#define PL_TCP_FIN 0x01
#define PL_TCP_SYN 0x02
#define PL_TCP_RST 0x04
#define PL_TCP_ACK 0x10

struct pl_segment {
	struct pl_record head;
	__u32 seq; /* host order, of the first payload byte (of the SYN itself for a SYN-ACK) */
	__u32 len; /* payload bytes by the IP header: Ethernet padding is not payload */
	__u32 flags;
	__u32 ack; /* acknowledgement number */
};

/* The card's time as the card counts it: what it is in UTC is for userspace to find out. Precedes what pl_xdp_nic stamps. */
struct pl_nic_stamp {
	struct pl_record head;
	__u64 nic_ns;  /* of the card's own clock, not 0 */
	__u32 ifindex; /* the card */
	__u32 pad;
};

struct pl_datagram {
	struct pl_record head;
	__u8 source[16]; /* IPv6, or IPv4 mapped (::ffff:a.b.c.d), network byte order */
	__u16 source_port;
	__u16 dest_port;
	__u32 len;	/* UDP payload bytes on the wire */
	__u32 wanted;	/* what its feed reads of it: len, or less by pl_rule.capture */
	__u32 captured; /* bytes that follow; < wanted where the packet was larger than PL_DATAGRAM_MAX (or a capture was cut) */
	/* captured bytes follow */
};
#define PL_DATAGRAM_MAX 9216

/* A segment larger than PL_DATAGRAM_MAX (merged before the hook, as generic XDP and tc see them) comes in several records. */
struct pl_stream {
	struct pl_record head;
	__u8 source[16]; /* as in pl_datagram */
	__u8 dest[16];
	__u16 source_port;
	__u16 dest_port;
	__u32 seq;	/* host order, of the first payload byte (of the SYN itself on a SYN) */
	__u32 flags;	/* PL_TCP_* */
	__u32 len;	/* payload bytes from seq to the end of the segment */
	__u32 captured; /* bytes that follow */
	__u32 space;	/* enum pl_port_space: TCP; of a PL_RECORD_ARRIVAL also UDP */
	/* captured bytes follow */
};

struct pl_egress {
	struct pl_record head;
	__u32 seq; /* 0 for UDP */
	__u32 len; /* payload bytes, > 0 */
	__u16 local_port;
	__u16 remote_port;
	__u32 pad;
};

enum pl_read_kind {
	PL_READ_STREAM = 1,   /* TCP: everything before `upto` has been read */
	PL_READ_DATAGRAM = 2, /* UDP: one datagram of `upto` bytes has been read */
	PL_READ_DROPPED = 3,  /* UDP: the kernel dropped a datagram: the socket's buffer was full */
};

/* Made in the context of the process that reads; for PL_READ_DROPPED in the softirq that delivers. */
struct pl_read {
	struct pl_record head;
	__u64 socket;	  /* the kernel's cookie */
	__u8 local[16];	  /* as in pl_datagram; all zero: bound to no address */
	__u8 remote[16];  /* all zero: not connected */
	__u16 local_port;
	__u16 remote_port; /* 0: not connected */
	__u32 upto;	   /* sequence number (host order), or bytes */
	__u32 queued;	   /* UDP: datagrams that wait behind it in the socket */
	__u32 pid;	   /* of the process (thread group) */
	__u32 lost;	   /* how many records of this type did not fit into the ring so far, of any socket */
	__u8 kind;	   /* enum pl_read_kind */
	__u8 pad[3];
	char comm[16]; /* of the thread */
};

/* Made as SSL_read or SSL_read_ex returns. */
struct pl_plaintext {
	struct pl_record head;
	__u64 connection; /* the library's handle: tells connections of a process apart */
	__u64 offset;	  /* bytes of plaintext that were read before these */
	union {
		__u8 local[16]; /* as in pl_read */
		__u64 local_words[2];
	};
	union {
		__u8 remote[16];
		__u64 remote_words[2];
	};
	__u16 local_port;
	__u16 remote_port;
	__u32 upto; /* as in pl_read: what had been read of the socket by then */
	__u32 pid;
	__u32 len;
	__u32 captured; /* bytes that follow: all, or fewer where there are more than PL_PLAINTEXT_MAX, or they could not be read */
	__u32 pad;
	/* captured bytes follow */
};
#define PL_PLAINTEXT_MAX 16384 /* a TLS record holds no more, and SSL_read gives no more than one */

/*
 * State of one FEC set, kept in a table: bit i = data shred fec_set_index + i, bit 32 + p = code shred at position p.
 * shred.bpf.h updates it; everything about the slot can be summed from its sets, so a packet costs one look-up.
 */
struct pl_set_key {
	__u64 slot;
	__u32 feed;
	__u32 fec_set_index;
};

struct pl_set {
	__u64 seen;
	__u64 first_ns;
	__u64 decodable_ns; /* 0 while fewer than 32 distinct shreds were seen */
	__u64 last_ns;
	__u64 duplicates;
	__u32 repairs;	      /* packets with a repair nonce */
	__u32 last_index;     /* index of the shred flagged last in slot, + 1; 0 = not in this set */
	__u32 published_tick; /* highest reference tick of its data shreds */
	__u32 votes;	      /* by how much the shreds with this signature outnumber those with another */
	__u64 signature; /* beginning of the leader's, the same in all shreds of a set that came through whole */
};

/*
 * The table of sets, which userspace maps: buckets with places for PL_SET_WAYS sets each. Only the kernel side fills a
 * place (set_table.bpf.h), only userspace gives one back: it writes PL_SET_LEAVING over `rest`, so that no packet finds the
 * set any more, reads it, and writes PL_SET_FREE.
 *
 * Sets spread over the buckets like balls over urns. With as many live ones as userspace lets stay (PL_SETS_LIVE, two to
 * a bucket) one bucket in 10^11 has more than it can hold, with half as many again one in 10^7.
 */
#define PL_SET_WAYS 16
#define PL_SET_BUCKETS_LOG2 14
#define PL_SET_BUCKETS (1 << PL_SET_BUCKETS_LOG2)
#define PL_SETS_MAX (PL_SET_WAYS * PL_SET_BUCKETS)
#define PL_SETS_LIVE 32768 /* half a minute of three feeds at 20,000 shreds a second */

#define PL_SET_FREE 0ULL
#define PL_SET_LEAVING (~0ULL)

struct pl_set_tag {
	__u64 slot;
	__u64 rest; /* shred_set_rest(), or PL_SET_FREE or PL_SET_LEAVING, which are none */
};

struct pl_set_bucket {
	struct pl_set_tag tags[PL_SET_WAYS];
	struct pl_set sets[PL_SET_WAYS]; /* of the tag with the same index */
};

/* Summary of one slot, made in userspace from its sets (shred_slot_add). */
struct pl_slot_key {
	__u64 slot;
	__u32 feed;
	__u32 pad;
};

struct pl_slot {
	__u64 first_ns;
	__u64 last_ns;
	__u64 packets; /* with duplicates */
	__u64 duplicates;
	__u64 repairs; /* packets with a repair nonce, counted in packets as well */
	__u64 data;    /* distinct data shreds */
	__u64 code;    /* distinct code shreds */
	__u32 sets;
	__u32 sets_decodable;
	__u32 max_data_index; /* highest index of a data shred, + 1; 0 = none */
	__u32 last_index;     /* index of the shred flagged last in slot, + 1; 0 = not seen */
	__u64 published_tick; /* highest reference tick seen (tick = slot time / 64) */
};

struct pl_set_record {
	struct pl_record head; /* stamp_ns = the packet that completed the set */
	struct pl_set_key key;
	__u64 first_ns;
	__u64 seen;
};

/* Precedes the set's record where it is the shred with which the set became decodable. */
struct pl_shred_record {
	struct pl_record head;
	__u64 slot;
	__u32 index; /* data and code shreds count apart */
	__u32 fec_set_index;
	__u8 variant; /* as in the shred */
	__u8 flags;   /* of a data shred: reference tick, data complete, last in slot; 0 for code */
	__u8 code;    /* 1: code shred */
	__u8 repair;  /* 1: a repair response, with a nonce behind the shred */
	__u16 len;    /* UDP payload bytes on the wire */
	__u16 captured; /* bytes that follow: 0, or with PL_ACTION_SHRED_PAYLOAD all of them (fewer out of a capture that was cut) */
};
#define PL_SHRED_BYTES_MAX 1232

_Static_assert(sizeof(struct pl_record) == 16, "pl_record");
_Static_assert(sizeof(struct pl_segment) == 32, "pl_segment");
_Static_assert(sizeof(struct pl_nic_stamp) == 32, "pl_nic_stamp");
_Static_assert(sizeof(struct pl_datagram) == 48, "pl_datagram");
_Static_assert(sizeof(struct pl_stream) == 72, "pl_stream");
_Static_assert(sizeof(struct pl_egress) == 32, "pl_egress");
_Static_assert(sizeof(struct pl_read) == 96, "pl_read");
_Static_assert(sizeof(struct pl_plaintext) == 88, "pl_plaintext");
_Static_assert(sizeof(struct pl_set_key) == 16, "pl_set_key");
_Static_assert(sizeof(struct pl_set) == 64, "pl_set");
_Static_assert(sizeof(struct pl_set_bucket) == 1280, "pl_set_bucket");
_Static_assert(sizeof(struct pl_slot_key) == 16, "pl_slot_key");
_Static_assert(sizeof(struct pl_set_record) == 48, "pl_set_record");
_Static_assert(sizeof(struct pl_shred_record) == 40, "pl_shred_record");

/*
 * Counters kept per CPU and feed by the kernel side (and by replay). Name, and what a user should read out of it.
 * One table: it makes the enum, the loss rows of a session and the documentation.
 */
#define PL_COUNTERS(X)                                                                                                 \
	X(PACKETS, packets, "packets that matched the feed", 0)                                                        \
	X(RING_FULL, ring_full, "records lost because the ring was full: drain is too slow or the machine overloaded", \
	  1)                                                                                                           \
	X(MALFORMED, malformed, "packets whose headers or payload were cut short or inconsistent", 1)          \
	X(FRAGMENT, fragments, "IP fragments: only the first one carries a port, and none of them a whole message", 1)      \
	X(TRUNCATED, truncated, "payloads larger than what a record carries", 1)                                       \
	X(UNKNOWN, unknown, "payloads that the feed's recognition rule rejects", 1)                                    \
	X(WRONG_VERSION, wrong_version, "shreds of another shred version (another cluster or fork)", 1)                \
	X(REPAIRS, repairs, "repair responses (shreds with a nonce)", 0)                                               \
	X(HEARTBEATS, heartbeats, "DoubleZero heartbeats", 0)                                                          \
	X(SETS, sets_begun, "FEC sets of which a first shred came", 0)                                                 \
	X(MAP_FULL, map_full, "shreds not aggregated because the table of sets was full", 1)                       \
	X(EVICTED, evicted, "FEC sets that had to leave the full table of sets before their slot was over", 1)         \
	X(ASTRAY, astray, "shreds that name a slot or set other than the one they were signed for: corrupted on the way", 1) \
	X(LATE, late, "shreds of a slot that was already summarised", 1)                                              \
	X(NIC_UNSTAMPED, nic_unstamped, "packets that the network card was asked for a stamp of, and gave none", 1)

enum pl_counter {
#define X(ID, name, text, is_loss) PL_COUNTER_##ID,
	PL_COUNTERS(X)
#undef X
		PL_COUNTER_MAX
};

#define PL_FEEDS_MAX 64 /* feeds and owned flows; index PL_FEEDS_MAX - 1 counts what belongs to no feed */
#define PL_FEED_NONE (PL_FEEDS_MAX - 1)

/*
 * Match rules. One number for every (direction, protocol, destination port), PL_PORT_INDEX, stands before everything
 * else, so that a packet nobody asked for costs one load. 0 is nobody's. Otherwise it is, + 1,
 *	ingress UDP, egress UDP, egress TCP: the number of the first rule of that port; further ones are chained by `next`
 *	ingress TCP: the number of the first connection that pricelag owns with that local port, chained as well
 *	ingress STREAM: the number of the first PL_ACTION_STREAM or _ARRIVAL rule of that port; both ports of a packet are looked up
 * An address matches where (packet & mask) == address. The first rule that matches takes the packet.
 */
enum pl_rule_action {
	PL_ACTION_DATAGRAM = 1, /* copy the payload, or its beginning, to the ring */
	PL_ACTION_SHRED = 2,	/* aggregate in the kernel */
	PL_ACTION_EGRESS = 3,	/* stamp of a leaving packet (tc egress only) */
	PL_ACTION_SHRED_EACH = 4, /* aggregate, and a record of each shred */
	PL_ACTION_SHRED_PAYLOAD = 5, /* the same, with the shred's bytes */
	PL_ACTION_STREAM = 6,	/* copy each TCP segment from or to the port, payload and all */
	PL_ACTION_ARRIVAL = 7,	/* UDP, or TCP from or to the port: a record of each packet without its payload, and of the
				   reads of the socket that it goes to */
};

enum pl_port_space {
	PL_PORT_UDP = 0,
	PL_PORT_TCP = 1,
	PL_PORT_STREAM = 2, /* TCP that is watched: the port of either side */
	PL_PORT_SPACES = 3
};
#define PL_INGRESS 0
#define PL_EGRESS 1
#define PL_PORT_INDEX(direction, space, port) (((__u32)(direction) * PL_PORT_SPACES + (__u32)(space)) * 65536u + (port))
#define PL_PORTS_MAX PL_PORT_INDEX(2, 0, 0)

#define PL_GRE_ANY 0
#define PL_GRE_ONLY 1
#define PL_GRE_NEVER 2

#define PL_CAPTURE_ALL 0xffffffffu

struct pl_rule {
	__u32 action; /* enum pl_rule_action */
	__u32 feed;
	union {
		__u8 dest[16];
		__u64 dest_words[2];
	};
	union {
		__u8 dest_mask[16];
		__u64 dest_mask_words[2];
	};
	union {
		__u8 source[16];
		__u64 source_words[2];
	};
	union {
		__u8 source_mask[16];
		__u64 source_mask_words[2];
	};
	__u16 shred_version; /* PL_ACTION_SHRED*: 0 accepts any */
	__u8 gre;
	__u8 pad;
	__u32 next; /* number of the next rule for this port, + 1; 0 ends */
	__u32 capture; /* PL_ACTION_DATAGRAM: bytes of a payload that its feed reads; PL_CAPTURE_ALL: all of them */
	__u32 pad2;
};
_Static_assert(sizeof(struct pl_rule) == 88, "pl_rule");

#define PL_RULES_MAX 2048 /* two halves of the same table: one is in use while userspace fills the other */
#define PL_RULE_CHAIN_MAX 8 /* rules on one port */

/* A TCP connection that pricelag owns; the local address is left out: it is not known before connect(). */
struct pl_flow_key {
	union {
		__u8 remote[16]; /* IPv6 or IPv4 mapped */
		__u64 remote_words[2];
	};
	__u16 remote_port; /* host order */
	__u16 local_port;
	__u32 pad;
};
_Static_assert(sizeof(struct pl_flow_key) == 24, "pl_flow_key");

struct pl_flow {
	struct pl_flow_key key;
	__u32 id;   /* pl_record.feed of its segments */
	__u32 next; /* number of the next connection with this local port, + 1; 0 ends */
};
_Static_assert(sizeof(struct pl_flow) == 32, "pl_flow");

#define PL_FLOWS_MAX 256
#define PL_FLOW_CHAIN_MAX 8 /* connections that share a local port */

#endif
