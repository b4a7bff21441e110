// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/match.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>


/* Bits that an IPv4 prefix grows by when the address is mapped into IPv6. */
#define MAPPED_BITS 96

static int parse_prefix(const char *text, unsigned int max, unsigned int *out)
{
	char *end;
	unsigned long value;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	value = strtoul(text, &end, 10);
	if (*end || value > max)
		return -EINVAL;
	*out = value;
	return 0;
}

int match_address_parse(const char *text, struct match_address *out)
{
	struct match_address parsed = {.set = true};
	char address[INET6_ADDRSTRLEN];
	const char *slash;
	unsigned int prefix;
	size_t len;

	slash = strchr(text, '/');
	len = slash ? (size_t)(slash - text) : strlen(text);
	if (len >= sizeof(address))
		return -EINVAL;
	memcpy(address, text, len);
	address[len] = '\0';

	if (inet_pton(AF_INET, address, parsed.address + 12) == 1) {
		prefix = 32;
		if (slash && parse_prefix(slash + 1, 32, &prefix))
			return -EINVAL;
		memset(parsed.address + 10, 0xff, 2);
		prefix += MAPPED_BITS;
	} else if (inet_pton(AF_INET6, address, parsed.address) == 1) {
		prefix = 128;
		if (slash && parse_prefix(slash + 1, 128, &prefix))
			return -EINVAL;
	} else {
		return -EINVAL;
	}
	parsed.prefix = prefix;
	*out = parsed;
	return 0;
}

/* Mask of the prefix, and the address with the bits outside of it cleared: a rule compares (packet & mask) with it. */
static void address_to_rule(const struct match_address *address, uint8_t out[16], uint8_t mask[16])
{
	unsigned int i;

	memset(out, 0, 16);
	memset(mask, 0, 16);
	if (!address->set)
		return;
	for (i = 0; i < address->prefix && i < 128; i++)
		mask[i / 8] |= 0x80 >> i % 8;
	for (i = 0; i < 16; i++)
		out[i] = address->address[i] & mask[i];
}

void match_to_rule(const struct match *match, uint32_t feed, enum pl_rule_action action, uint16_t shred_version,
		   struct pl_rule *out)
{
	memset(out, 0, sizeof(*out));
	out->action = action;
	out->feed = feed;
	out->shred_version = shred_version;
	out->gre = match->gre;
	out->capture = match->capture ? match->capture : PL_CAPTURE_ALL;
	address_to_rule(&match->dest, out->dest, out->dest_mask);
	address_to_rule(&match->source, out->source, out->source_mask);
}
