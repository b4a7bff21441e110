// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Fills the kernel's match table (bpf/record.h) through the mapping of its .bss. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tap/internal.h"

#define HALF (PL_RULES_MAX / 2)

/*
 * Puts `match` before the chains of its ports. Ports whose chains were the same share the new rule too, so a range costs
 * as many rules as there are different chains in it.
 */
static int prepend(struct pl_rule *rules, unsigned int *used, unsigned int limit, uint8_t *depth, uint32_t *ports,
		   const struct tap_match *match)
{
	unsigned int direction = match->rule.action == PL_ACTION_EGRESS ? PL_EGRESS : PL_INGRESS;
	bool stream = direction == PL_INGRESS && match->match.space == PL_PORT_TCP;
	unsigned int space = stream ? PL_PORT_STREAM : match->match.space;
	unsigned int first = *used, port, n;

	for (port = match->match.port_low; port <= match->match.port_high; port++) {
		uint32_t *head = &ports[PL_PORT_INDEX(direction, space, port)];

		for (n = first; n < *used; n++)
			if (rules[n].next == *head)
				break;
		if (n == *used) {
			if (n == limit)
				return -ENOSPC;
			depth[n] = *head ? depth[*head - 1] + 1 : 1;
			if (depth[n] > PL_RULE_CHAIN_MAX)
				return -E2BIG;
			rules[n] = match->rule;
			rules[n].next = *head;
			++*used;
		}
		*head = n + 1;
	}
	return 0;
}

/*
 * Builds all chains anew in the half of the rule table that is not in use, then points the ports at them one by one: a
 * packet that is under way keeps following the old half.
 */
static int rebuild(struct tap *tap)
{
	static const struct {
		unsigned int direction, space;
	} parts[] = {{PL_INGRESS, PL_PORT_UDP}, {PL_INGRESS, PL_PORT_STREAM}, {PL_EGRESS, PL_PORT_UDP}, {PL_EGRESS, PL_PORT_TCP}};
	struct pl_rule *rules = tap->kernel->bss->rules;
	unsigned int half = !tap->rule_half, used = half * HALF, streams, i, port;
	uint8_t depth[PL_RULES_MAX];
	uint32_t *ports;
	int code = 0;

	ports = calloc(PL_PORTS_MAX, sizeof(*ports));
	if (!ports)
		return -ENOMEM;
	/* From the last to the first, each before the ones already there: the first in the file is the first to be asked. */
	for (i = tap->match_count; i-- && !code;)
		code = prepend(rules, &used, (half + 1) * HALF, depth, ports, &tap->matches[i]);
	if (code)
		goto out;
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		for (port = 0; port < 65536; port++) {
			uint32_t index = PL_PORT_INDEX(parts[i].direction, parts[i].space, port);

			if (tap->kernel->bss->ports[index] != ports[index])
				__atomic_store_n(&tap->kernel->bss->ports[index], ports[index], __ATOMIC_RELEASE);
		}
	}
	tap->rule_half = half;
	for (i = 0, streams = 0; i < tap->match_count; i++)
		streams += tap->matches[i].rule.action != PL_ACTION_EGRESS && tap->matches[i].match.space == PL_PORT_TCP;
	__atomic_store_n(&tap->kernel->bss->stream_rules, streams, __ATOMIC_RELEASE);
out:
	free(ports);
	return code;
}

int tap_add_match(struct tap *tap, const struct match *match, uint32_t feed, enum pl_rule_action action,
		  uint16_t shred_version, struct error *err)
{
	struct tap_match *entry = &tap->matches[tap->match_count];
	int code;

	if (feed >= PL_FEED_NONE)
		return error_set(err, -EINVAL, "feed number %u: at most %d feeds can be tapped", feed, PL_FEED_NONE);
	if (action == PL_ACTION_STREAM && match->space != PL_PORT_TCP)
		return error_set(err, -EINVAL, "a stream is matched on TCP");
	if (action != PL_ACTION_EGRESS && action != PL_ACTION_STREAM && action != PL_ACTION_ARRIVAL &&
	    match->space != PL_PORT_UDP)
		return error_set(err, -EINVAL, "a passive feed is matched on UDP; for a TCP feed let pricelag connect: itself");
	if (match->port_low > match->port_high)
		return error_set(err, -EINVAL, "port range %u-%u: the lower port goes first", match->port_low,
				 match->port_high);
	if (tap->match_count == TAP_MATCHES_MAX)
		return error_set(err, -ENOSPC, "more than %d match rules", TAP_MATCHES_MAX);
	entry->match = *match;
	match_to_rule(match, feed, action, shred_version, &entry->rule);
	tap->match_count++;
	code = rebuild(tap);
	if (!code)
		return 0;
	tap->match_count--;
	if (code == -E2BIG)
		return error_set(err, code, "ports %u-%u: more than %d rules on one port", match->port_low,
				 match->port_high, PL_RULE_CHAIN_MAX);
	if (code == -ENOSPC)
		return error_set(err, code, "the match table is full (%d rules): use fewer overlapping port ranges", HALF);
	return error_set(err, code, "match table: %s", strerror(-code));
}

static uint32_t *flow_head(struct tap *tap, const struct pl_flow_key *key)
{
	return &tap->kernel->bss->ports[PL_PORT_INDEX(PL_INGRESS, PL_PORT_TCP, key->local_port)];
}

int tap_add_flow(struct tap *tap, const struct pl_flow_key *key, uint32_t flow_id, struct error *err)
{
	struct pl_flow *flows = tap->kernel->bss->flows;
	uint32_t *head = flow_head(tap, key), number;
	unsigned int n, length = 0, tries = 0;

	for (number = *head; number; number = flows[number - 1].next) {
		if (!memcmp(&flows[number - 1].key, key, sizeof(*key)))
			return error_set(err, -EEXIST, "the connection from local port %u is tapped already", key->local_port);
		length++;
	}
	if (length == PL_FLOW_CHAIN_MAX)
		return error_set(err, -ENOSPC, "more than %d tapped connections from local port %u", PL_FLOW_CHAIN_MAX,
				 key->local_port);
	/* Round robin: a slot that was just given back may still be under a packet's eyes. */
	n = tap->flow_last;
	do {
		if (tries++ == PL_FLOWS_MAX)
			return error_set(err, -ENOSPC, "more than %d tapped connections", PL_FLOWS_MAX);
		n = (n + 1) % PL_FLOWS_MAX;
	} while (tap->flow_used[n]);
	tap->flow_last = n;
	tap->flow_used[n] = true;
	flows[n].key = *key;
	flows[n].id = flow_id;
	flows[n].next = *head;
	__atomic_store_n(head, n + 1, __ATOMIC_RELEASE);
	return 0;
}

void tap_remove_flow(struct tap *tap, const struct pl_flow_key *key)
{
	struct pl_flow *flows = tap->kernel->bss->flows;
	uint32_t *link = flow_head(tap, key);

	for (; *link; link = &flows[*link - 1].next) {
		uint32_t n = *link - 1;

		if (memcmp(&flows[n].key, key, sizeof(*key)))
			continue;
		__atomic_store_n(link, flows[n].next, __ATOMIC_RELEASE);
		tap->flow_used[n] = false;
		return;
	}
}
