/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What `match:` in site.yaml says: protocol, port range, addresses. Shared by the kernel table (tap.h) and by replay,
 * which evaluates the very same rules over a capture file.
 */
#ifndef PL_TAP_MATCH_H
#define PL_TAP_MATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

struct match_address {
	bool set;
	uint8_t address[16]; /* IPv6 or IPv4-mapped, network byte order */
	uint8_t prefix;	     /* 0..128 in the mapped form */
};

struct match {
	enum pl_port_space space;
	uint16_t port_low, port_high; /* destination ports (egress: remote ports), inclusive; both ends the same for one port */
	struct match_address dest;    /* `group:` or `address:`; for the keeper `remote:` */
	struct match_address source;  /* `source:` */
	uint8_t gre;		      /* PL_GRE_* */
	uint32_t capture; /* of a datagram's payload, the bytes from its beginning that the feed reads; 0: all */
};

/* "10.0.0.1", "10.0.0.0/8", "2001:db8::/32" → out; -EINVAL if it is none of them. */
int match_address_parse(const char *text, struct match_address *out);

/* The kernel's rule for this match (without `next`). */
void match_to_rule(const struct match *match, uint32_t feed, enum pl_rule_action action, uint16_t shred_version,
		   struct pl_rule *out);

#endif
