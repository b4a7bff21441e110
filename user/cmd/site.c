// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "cmd/site_parts.h"

#define MAX_LIST 256
#define FINALITY_NS 12000000000 /* a slot of Ethereum, where blocks become final every 32 slots */
#define FINALITY_MIN_NS 500000000
#define FINALITY_MAX_NS 3600000000000

static const char *const hook_names[] = {"xdp-native", "xdp-generic", "tc", NULL};
static const char *const trigger_names[] = {"wire", "seen", NULL};

const char *keeper_trigger_name(enum keeper_trigger trigger)
{
	return trigger_names[trigger];
}

/* A list of `count` zeroed elements for a list or map in the file; calloc(0) is made one so that NULL means failure. */
static int allocate(struct conf node, size_t count, size_t size, void **out, struct error *err)
{
	*out = calloc(count ? count : 1, size);
	return *out ? 0 : conf_error(node, err, "out of memory for %zu entries", count);
}

/* ---- interface ---------------------------------------------------------------------------------------------------- */

static int read_hook(struct conf node, enum tap_hook *hook, struct error *err)
{
	static const enum tap_hook hooks[] = {TAP_XDP_NATIVE, TAP_XDP_GENERIC, TAP_TC};
	int choice;

	if (!conf_exists(node))
		return 0;
	if (conf_read_choice(node, hook_names, &choice, err))
		return -EINVAL;
	*hook = hooks[choice];
	return 0;
}

/* Behind the hook, on which it depends. */
static int read_nic_stamps(struct conf node, struct site_interface *out, struct error *err)
{
	if (!conf_exists(node))
		return 0;
	if (conf_read_bool(node, &out->nic_stamps, err))
		return -EINVAL;
	if (out->nic_stamps && out->hook != TAP_XDP_NATIVE)
		return conf_error(node, err, "the card's own stamps come with hook: xdp-native only");
	return 0;
}

static int read_interface(struct conf node, struct site_interface *out, enum tap_hook hook, struct error *err)
{
	struct conf name = node;

	out->hook = hook;
	if (conf_is_map(node) && (conf_require(node, "name", "the interface's name", &name, err) ||
				  read_hook(conf_get(node, "hook"), &out->hook, err) ||
				  read_nic_stamps(conf_get(node, "nic_stamps"), out, err) ||
				  conf_reject_unknown(node, "name, hook, nic_stamps", err)))
		return -EINVAL;

	return conf_read_text(name, out->name, sizeof(out->name), err);
}

static int read_interfaces(struct conf root, struct site *site, struct error *err)
{
	enum tap_hook hook = TAP_XDP_NATIVE;
	struct conf node;
	void *memory;

	if (conf_require(root, "interface", "the network interface to watch, or a list of them", &node, err) ||
	    read_hook(conf_get(root, "hook"), &hook, err))
		return -EINVAL;
	site->interface_count = conf_is_list(node) ? conf_count(node) : 1;
	if (!site->interface_count || site->interface_count > 32)
		return conf_error(node, err, "name 1 to 32 interfaces");
	if (allocate(node, site->interface_count, sizeof(*site->interfaces), &memory, err))
		return -ENOMEM;
	site->interfaces = memory;
	for (size_t i = 0; i < site->interface_count; i++)
		if (read_interface(conf_is_list(node) ? conf_at(node, i) : node, &site->interfaces[i], hook, err))
			return -EINVAL;
	return 0;
}

/* ---- feeds -------------------------------------------------------------------------------------------------------- */

static int read_assets(struct conf map, struct collect_feed *out, struct error *err)
{
	struct asset_name *names;
	void *memory;

	if (!conf_exists(map))
		return 0;
	if (!conf_is_map(map) || !conf_count(map))
		return conf_error(map, err, "should be a map of asset names to the feed's own ids, e.g. {ETH/USD: \"0xff61…\"}");
	if (allocate(map, conf_count(map), sizeof(*names), &memory, err))
		return -ENOMEM;
	out->assets = names = memory;
	for (size_t i = 0; i < conf_count(map); i++, out->asset_count++) {
		if (strlen(conf_key(map, i)) >= sizeof(names[i].asset))
			return conf_error(conf_at(map, i), err, "the asset's name is too long");
		strcpy(names[i].asset, conf_key(map, i));
		if (conf_read_text(conf_at(map, i), names[i].id, sizeof(names[i].id), err))
			return -EINVAL;
		site_text_plain_id(names[i].id);
	}
	return 0;
}

static int read_source(struct conf feed, struct site_feed *out, struct collect_feed *collect, struct error *err)
{
	static const char *const schemes[] = {"ws://", "wss://", "http://", "https://", NULL};
	static const char *const only_active[] = {"headers", "auth", "send", "ca", "max_message", "compression", NULL};
	struct conf match = conf_get(feed, "match"), connect = conf_get(feed, "connect");

	if (conf_exists(match) == conf_exists(connect))
		return conf_error(feed, err, "give either 'match' (packets that arrive anyway) or 'connect' (pricelag subscribes)");
	if (conf_exists(connect)) {
		if (site_connection(feed, connect, out, schemes, err) || site_connection_auth(conf_get(feed, "auth"), out, err))
			return -EINVAL;
		collect->transport = site_text_transport(out->url);
		return 0;
	}
	for (int i = 0; only_active[i]; i++)
		if (conf_exists(conf_get(feed, only_active[i])))
			return conf_error(conf_get(feed, only_active[i]), err, "belongs to a feed with 'connect'; this one has 'match'");
	if (site_matches(match, false, &out->matches, &out->match_count, err))
		return -EINVAL;
	collect->transport = out->matches[0].space == PL_PORT_UDP ? "udp" : "tcp";
	return 0;
}

/* Packets of a passive feed: UDP, or TCP where the format is one of streams. */
static int check_transport(struct conf match, const struct site_feed *feed, const struct collect_feed *collect,
			   struct error *err)
{
	bool streams = collect->block_decoder && collect->block_decoder->frame;

	for (size_t i = 0; i < feed->match_count; i++) {
		if (collect->reads && feed->matches[i].space == PL_PORT_UDP && feed->matches[i].source.set)
			return conf_error(match, err, "a UDP socket reads what comes from anybody: 'source' cannot tell its reads apart");
		if (collect->flows || collect->reads)
			continue;
		if (streams && feed->matches[i].space != PL_PORT_TCP)
			return conf_error(match, err, "%s comes in TCP streams: match tcp", collect->block_decoder->name);
		if (!streams && feed->matches[i].space != PL_PORT_UDP)
			return conf_error(match, err, "%s comes in UDP packets: match udp%s", collect_feed_type(collect),
					  feed->action == PL_ACTION_DATAGRAM ?
						  "; to read it from a connection let pricelag subscribe with 'connect'" : "");
	}
	return 0;
}

/* So that the tap copies no more of a packet than the decoder looks at. */
static void limit_capture(struct site_feed *feed, const struct collect_feed *collect)
{
	for (size_t i = 0; collect->decoder && i < feed->match_count; i++)
		feed->matches[i].capture = decoder_reach(collect->decoder, &collect->decode);
}

static int read_feed(struct conf map, struct site_feed *out, struct collect_feed *collect, struct error *err)
{
	static const char *const roles[] = {"oracle", "block", NULL};
	struct conf name, role, decode;
	bool passive;
	int choice;

	if (conf_require(map, "name", "a short name for this feed", &name, err) ||
	    conf_read_text(name, collect->name, sizeof(collect->name), err) ||
	    conf_require(map, "role", "oracle or block", &role, err) || conf_read_choice(role, roles, &choice, err) ||
	    conf_require(map, "decode", "how to read the messages, e.g. {type: json, …}", &decode, err))
		return -EINVAL;
	collect->role = roles[choice];
	if (choice && conf_exists(conf_get(map, "assets")))
		return conf_error(conf_get(map, "assets"), err, "belongs to a feed with role 'oracle'; blocks have no prices");
	if (read_source(map, out, collect, err) ||
	    site_decode(decode, collect, &out->action, &out->shred_version, err) ||
	    read_assets(conf_get(map, "assets"), collect, err) || site_plaintext(conf_get(map, "plaintext"), out, collect, err))
		return -EINVAL;
	limit_capture(out, collect);
	if (collect->reads && !collect->plaintext && conf_exists(conf_get(map, "assets")))
		return conf_error(conf_get(map, "assets"), err, "belongs to a feed that is decoded; of this one only the reads are traced");
	passive = out->action != PL_ACTION_DATAGRAM || collect->flows || (collect->block_decoder && collect->block_decoder->frame);
	if (passive && !out->match_count)
		return conf_error(decode, err, "%s needs 'match': %s", collect_feed_type(collect),
				  out->action == PL_ACTION_DATAGRAM || collect->reads ? "its connections are other programs'" :
											 "shreds are UDP packets");
	if (check_transport(conf_get(map, "match"), out, collect, err))
		return -EINVAL;
	return conf_reject_unknown(map, "name, role, match, connect, headers, auth, send, ca, max_message, compression, decode, assets, plaintext", err);
}

static int read_feeds(struct conf list, struct site *site, struct error *err)
{
	void *memory;

	if (!conf_exists(list))
		return 0;
	if (!conf_is_list(list))
		return conf_error(list, err, "should be a list of feeds");
	/* flow ids of chains follow those of feeds, and the last index counts what belongs to no feed */
	if (conf_count(list) > PL_FEED_NONE / 2)
		return conf_error(list, err, "at most %d feeds", PL_FEED_NONE / 2);
	if (allocate(list, conf_count(list), sizeof(*site->feeds), &memory, err))
		return -ENOMEM;
	site->feeds = memory;
	if (allocate(list, conf_count(list), sizeof(*site->collect), &memory, err))
		return -ENOMEM;
	site->collect = memory;
	for (size_t i = 0; i < conf_count(list); i++) {
		site->feed_count = i + 1;
		if (read_feed(conf_at(list, i), &site->feeds[i], &site->collect[i], err))
			return -EINVAL;
		for (size_t j = 0; j < i; j++)
			if (!strcmp(site->collect[i].name, site->collect[j].name))
				return conf_error(conf_at(list, i), err, "a second feed is named '%s'; names must differ",
						  site->collect[i].name);
	}
	return 0;
}

/* ---- chains ------------------------------------------------------------------------------------------------------- */

/* How often each node is asked. A day would be of no use, and more than twice a second a burden to it. */
static int read_finality(struct conf node, int64_t *out, struct error *err)
{
	*out = FINALITY_NS;
	if (!conf_exists(node))
		return 0;
	if (conf_text(node) && !strcmp(conf_text(node), "off")) {
		*out = 0;
		return 0;
	}
	if (conf_read_duration_ns(node, out, err))
		return -EINVAL;
	return *out >= FINALITY_MIN_NS && *out <= FINALITY_MAX_NS
		       ? 0
		       : conf_error(node, err, "should be 500ms to 1h, or off: how often the node is asked which block is final");
}

static int read_flag(struct conf node, bool *out, struct error *err)
{
	return conf_exists(node) ? conf_read_bool(node, out, err) : 0;
}

static int read_chain(struct conf map, struct site *site, struct chain_config *out, struct site_feed *connection,
		      struct error *err)
{
	static const char *const schemes[] = {"ws://", "wss://", NULL};
	struct conf name, network, rpc, oracles, type = conf_get(map, "type");
	void *memory;
	int choice = -1;

	if (conf_require(map, "name", "a short name for this chain", &name, err) ||
	    conf_read_text(name, out->name, sizeof(out->name), err) ||
	    (conf_exists(type) && conf_read_choice(type, chain_type_names, &choice, err)) ||
	    conf_require(map, "rpc", "the node's WebSocket address, ws:// or wss://", &rpc, err) ||
	    site_connection(map, rpc, connection, schemes, err))
		return -EINVAL;
	out->rpc = connection->url;
	network = conf_get(map, "network");
	if (!conf_exists(network))
		memcpy(out->network, out->name, sizeof(out->network));
	else if (conf_read_text(network, out->network, sizeof(out->network), err))
		return -EINVAL;
	oracles = conf_get(map, "oracles");
	if (conf_exists(oracles) && !conf_is_list(oracles))
		return conf_error(oracles, err, "should be a list of oracles: {asset, type, address}");
	if (allocate(map, conf_count(oracles), sizeof(*out->oracles), &memory, err))
		return -ENOMEM;
	out->oracles = memory;
	for (size_t i = 0; i < conf_count(oracles); i++, out->oracle_count++)
		if (site_oracle(conf_at(oracles, i), site, &out->oracles[i], err))
			return -EINVAL;
	/* what is not said follows from the oracles */
	out->type = choice >= 0 ? (enum chain_type)choice : out->oracle_count ? oracle_type_chain(out->oracles[0].type) : CHAIN_ETHEREUM;
	for (size_t i = 0; i < out->oracle_count; i++)
		if (oracle_type_chain(out->oracles[i].type) != out->type)
			return conf_error(conf_at(oracles, i), err, "%s is none of a chain of type %s",
					  oracle_type_name(out->oracles[i].type), chain_type_names[out->type]);
	if (out->type == CHAIN_SOLANA)
		return site_solana(map, out, err);
	if (read_finality(conf_get(map, "finality"), &out->finality_ns, err) ||
	    read_flag(conf_get(map, "calldata"), &out->calldata, err) || read_flag(conf_get(map, "pending"), &out->pending, err))
		return -EINVAL;
	return conf_reject_unknown(map, "name, type, network, rpc, headers, ca, max_message, compression, finality, calldata, pending, oracles", err);
}

/* Whether a feed, or a chain before this one, has its name: counters go by names. */
static bool is_taken(const struct site *site, size_t chain)
{
	const char *name = site->chains[chain].name;

	for (size_t i = 0; i < site->feed_count; i++)
		if (!strcmp(site->collect[i].name, name))
			return true;
	for (size_t i = 0; i < chain; i++)
		if (!strcmp(site->chains[i].name, name))
			return true;
	return false;
}

static int read_chains(struct conf list, struct site *site, struct error *err)
{
	void *memory;

	if (!conf_exists(list))
		return 0;
	if (!conf_is_list(list) || conf_count(list) > PL_FEED_NONE / 2)
		return conf_error(list, err, "should be a list of at most %d chains", PL_FEED_NONE / 2);
	if (allocate(list, conf_count(list), sizeof(*site->chains), &memory, err))
		return -ENOMEM;
	site->chains = memory;
	if (allocate(list, conf_count(list), sizeof(*site->chain_connections), &memory, err))
		return -ENOMEM;
	site->chain_connections = memory;
	for (size_t i = 0; i < conf_count(list); i++) {
		site->chain_count = i + 1;
		if (read_chain(conf_at(list, i), site, &site->chains[i], &site->chain_connections[i], err))
			return -EINVAL;
		if (is_taken(site, i))
			return conf_error(conf_at(list, i), err,
					  "a second feed or chain is named '%s'; names must differ (nodes of one network share 'network')",
					  site->chains[i].name);
	}
	return 0;
}

/* ---- keeper ------------------------------------------------------------------------------------------------------- */

static int read_keeper(struct conf map, struct site *site, struct error *err)
{
	struct conf match, after = conf_get(map, "after"), assets = conf_get(map, "assets");
	int choice = KEEPER_AFTER_WIRE;

	if (!conf_exists(map))
		return 0;
	if (conf_require(map, "match", "the keeper's outgoing flow, e.g. {tcp: 8545, remote: 10.0.0.2}", &match, err) ||
	    site_matches(match, true, &site->keeper, &site->keeper_match_count, err) ||
	    (conf_exists(after) && conf_read_choice(after, trigger_names, &choice, err)))
		return -EINVAL;
	site->keeper_after = (enum keeper_trigger)choice;
	if (conf_exists(assets) && !conf_is_list(assets))
		return conf_error(assets, err, "should be a list of the assets that the keeper reacts to");
	for (size_t i = 0; i < conf_count(assets); i++) {
		const char *name = conf_text(conf_at(assets, i));
		size_t used = strlen(site->keeper_assets);

		if (!name || strchr(name, ',') || used + strlen(name) + 2 > sizeof(site->keeper_assets))
			return conf_error(conf_at(assets, i), err, "is not a usable asset name (no commas, not too many)");
		snprintf(site->keeper_assets + used, sizeof(site->keeper_assets) - used, "%s%s", used ? "," : "", name);
	}
	return conf_reject_unknown(map, "match, after, assets", err);
}

/* ------------------------------------------------------------------------------------------------------------------- */

int site_load(struct site *out, const char *path, struct error *err)
{
	struct conf_file *file;
	struct conf root, name;
	int status;

	memset(out, 0, sizeof(*out));
	status = conf_open(&file, path, err);
	if (status)
		return status;
	root = conf_root(file);
	if (conf_require(root, "site", "a name for this place, e.g. fra1-a", &name, err) ||
	    conf_read_text(name, out->name, sizeof(out->name), err) || read_interfaces(root, out, err) ||
	    read_feeds(conf_get(root, "feeds"), out, err) || read_chains(conf_get(root, "chains"), out, err) ||
	    read_keeper(conf_get(root, "keeper"), out, err) ||
	    conf_reject_unknown(root, "site, interface, hook, feeds, chains, keeper", err))
		status = -EINVAL;
	else if (!out->feed_count && !out->chain_count)
		status = conf_error(root, err, "there is nothing to record: give at least one feed or chain");
	conf_close(file);
	if (status)
		site_free(out);
	return status;
}

unsigned int site_reads(const struct site *site)
{
	unsigned int reads = 0;

	for (size_t i = 0; i < site->feed_count; i++)
		for (size_t k = 0; site->collect[i].reads && k < site->feeds[i].match_count; k++)
			reads |= site->feeds[i].matches[k].space == PL_PORT_TCP ? TAP_READS_TCP : TAP_READS_UDP;
	return reads;
}

void site_free(struct site *site)
{
	for (size_t i = 0; i < site->feed_count; i++) {
		site_connection_free(&site->feeds[i]);
		free((void *)site->collect[i].assets);
		free((void *)site->collect[i].watches);
	}
	for (size_t i = 0; i < site->chain_count; i++) {
		free(site->chains[i].oracles);
		free(site->chains[i].http);
		site_connection_free(&site->chain_connections[i]);
	}
	free(site->feeds);
	free(site->collect);
	free(site->chains);
	free(site->chain_connections);
	free(site->interfaces);
	free(site->keeper);
	memset(site, 0, sizeof(*site));
}
