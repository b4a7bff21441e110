/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The kernel's own look-up of rules. Behind vmlinux.h. */
#ifndef PL_RULE_BPF_H
#define PL_RULE_BPF_H

#include "maps.bpf.h"
#include "match.bpf.h"

/* The first rule on the chain that wants the packet. */
static __always_inline const struct pl_rule *rule_find(__u32 number, const struct packet *packet)
{
	int i;

	for (i = 0; i < PL_RULE_CHAIN_MAX && number; i++) {
		const struct pl_rule *rule = &rules[(number - 1) & (PL_RULES_MAX - 1)];

		if (rule_matches(rule, packet))
			return rule;
		number = rule->next;
	}
	return NULL;
}

#endif
