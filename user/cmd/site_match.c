// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `match:` of feeds and of the keeper. */
#include <errno.h>
#include <stdlib.h>

#include "cmd/site_parts.h"

#define MAX_MATCHES 64

/* "8001", "8000-8010" */
static int read_ports(struct conf node, const char *text, struct match *out, struct error *err)
{
	unsigned long low, high;
	char *end;

	low = strtoul(text, &end, 10);
	high = low;
	if (end != text && *end == '-') {
		text = end + 1;
		high = strtoul(text, &end, 10);
	}
	if (end == text || *end || low < 1 || high > 65535 || low > high)
		return conf_error(node, err, "'%s' is not a port (1-65535) or a range of ports such as 8000-8010",
				  conf_text(node) ? conf_text(node) : "?");
	out->port_low = (uint16_t)low;
	out->port_high = (uint16_t)high;
	return 0;
}

static int read_address(struct conf node, struct match_address *out, struct error *err)
{
	if (!conf_exists(node))
		return 0;
	if (!conf_text(node) || match_address_parse(conf_text(node), out))
		return conf_error(node, err, "'%s' is not an IPv4 or IPv6 address, with or without /PREFIX",
				  conf_text(node) ? conf_text(node) : "?");
	return 0;
}

static int read_gre(struct conf node, uint8_t *out, struct error *err)
{
	bool only;

	if (!conf_exists(node))
		return 0;
	if (conf_read_bool(node, &only, err))
		return -EINVAL;
	*out = only ? PL_GRE_ONLY : PL_GRE_NEVER;
	return 0;
}

/* One map of `match:` makes one struct match per port or range in it. */
static int read_match(struct conf map, bool keeper, struct match *out, size_t *count, struct error *err)
{
	static const char *const allowed[] = {"udp, tcp, group, address, source, gre", "tcp, udp, remote"};
	struct match base = {0};
	struct conf udp, tcp, ports, dest;

	if (!conf_is_map(map))
		return conf_error(map, err, "should be a map such as {udp: 8001}; allowed keys: %s", allowed[keeper]);
	udp = conf_get(map, "udp");
	tcp = conf_get(map, "tcp");
	if (conf_exists(udp) == conf_exists(tcp))
		return conf_error(map, err, "give either udp or tcp, with a port, a range (8000-8010) or a list of them");
	ports = conf_exists(udp) ? udp : tcp;
	base.space = conf_exists(udp) ? PL_PORT_UDP : PL_PORT_TCP;
	dest = conf_get(map, keeper ? "remote" : "group");
	if (!keeper && conf_exists(conf_get(map, "address"))) {
		if (conf_exists(dest))
			return conf_error(dest, err, "give group or address, not both: each is the destination address");
		dest = conf_get(map, "address");
	}
	if (read_address(dest, &base.dest, err) ||
	    (!keeper && (read_address(conf_get(map, "source"), &base.source, err) ||
			 read_gre(conf_get(map, "gre"), &base.gre, err))) ||
	    conf_reject_unknown(map, allowed[keeper], err))
		return -EINVAL;
	if (conf_is_map(ports) || (conf_is_list(ports) && !conf_count(ports)))
		return conf_error(ports, err, "should be a port, a range (8000-8010) or a list of them");
	for (size_t i = 0; i < (conf_is_list(ports) ? conf_count(ports) : 1); i++) {
		struct conf port = conf_is_list(ports) ? conf_at(ports, i) : ports;

		if (*count == MAX_MATCHES)
			return conf_error(port, err, "more than %d ports and ranges in one match; use ranges", MAX_MATCHES);
		out[*count] = base;
		if (read_ports(port, conf_text(port) ? conf_text(port) : "", &out[(*count)++], err))
			return -EINVAL;
	}
	return 0;
}

int site_matches(struct conf node, bool keeper, struct match **out, size_t *count, struct error *err)
{
	*out = calloc(MAX_MATCHES, sizeof(**out));
	if (!*out)
		return conf_error(node, err, "out of memory");
	if (!conf_is_list(node))
		return read_match(node, keeper, *out, count, err);
	if (!conf_count(node))
		return conf_error(node, err, "the list is empty; give at least one match such as {udp: 8001}");
	for (size_t i = 0; i < conf_count(node); i++)
		if (read_match(conf_at(node, i), keeper, *out, count, err))
			return -EINVAL;
	return 0;
}
