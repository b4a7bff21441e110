/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Whether a packet is one that a rule (record.h) asks for. The port is not looked at here: it is how the rule was found.
 * Compiles for BPF and for userspace.
 */
#ifndef PL_MATCH_BPF_H
#define PL_MATCH_BPF_H

#include "parse.bpf.h"

/* packet: with its addresses filled in. For an egress rule `dest` is the remote side, as it is in a packet that leaves. */
static __always_inline bool rule_matches(const struct pl_rule *rule, const struct packet *packet)
{
	if (rule->gre != PL_GRE_ANY && (rule->gre == PL_GRE_ONLY) != packet->gre)
		return false;
	return (packet->dest_words[0] & rule->dest_mask_words[0]) == rule->dest_words[0] &&
	       (packet->dest_words[1] & rule->dest_mask_words[1]) == rule->dest_words[1] &&
	       (packet->source_words[0] & rule->source_mask_words[0]) == rule->source_words[0] &&
	       (packet->source_words[1] & rule->source_mask_words[1]) == rule->source_words[1];
}

#endif
