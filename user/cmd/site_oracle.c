// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `oracles:` of a chain in site.yaml. */
#include <errno.h>
#include <string.h>

#include "cmd/site.h"
#include "cmd/site_parts.h"
#include "feed/timestamp.h"

/* The id that some feed gives this asset. */
static const char *id_of_asset(const struct site *site, const char *asset)
{
	for (size_t i = 0; i < site->feed_count; i++)
		for (size_t j = 0; j < site->collect[i].asset_count; j++)
			if (!strcmp(site->collect[i].assets[j].asset, asset) &&
			    strlen(site->collect[i].assets[j].id) == 64)
				return site->collect[i].assets[j].id;
	return NULL;
}

static int read_id(struct conf map, const struct site *site, struct oracle_config *out, struct error *err)
{
	struct conf id = conf_get(map, "id");

	if (!oracle_type_has_id(out->type) && !out->event.id.set)
		return conf_exists(id) ? conf_error(id, err, "belongs to oracles whose contract serves many feeds (pyth-evm, stork, or "
							     "an event with a place for it): this one is known by its address")
				       : 0;
	if (conf_exists(id)) {
		if (conf_read_text(id, out->id, sizeof(out->id), err))
			return -EINVAL;
		site_text_plain_id(out->id);
	} else if (id_of_asset(site, out->asset)) {
		strcpy(out->id, id_of_asset(site, out->asset));
	}
	if (strlen(out->id) != 64)
		return conf_error(conf_exists(id) ? id : map, err,
				  "this oracle needs 'id', the price feed's 32 bytes in hex (or a feed whose assets give one for %s)",
				  out->asset);
	return 0;
}

static int read_place(struct conf node, struct event_place *out, struct error *err)
{
	if (!conf_exists(node))
		return 0;
	if (!conf_text(node) || event_place_parse(conf_text(node), out))
		return conf_error(node, err, "'%s' is no place in a log; allowed: topic1 to topic3, data0 to data7",
				  conf_text(node) ? conf_text(node) : "?");
	return 0;
}

/* `published: data1` (seconds), or `published: {at: data1, unit: ms}`. */
static int read_published(struct conf node, struct oracle_event *out, struct error *err)
{
	struct conf at, unit = conf_get(node, "unit");

	if (!conf_is_map(node))
		return read_place(node, &out->published, err);
	if (conf_require(node, "at", "the place of the time, e.g. data1", &at, err) || read_place(at, &out->published, err))
		return -EINVAL;
	if (conf_exists(unit) && (!conf_text(unit) || time_unit_parse(conf_text(unit), &out->published_unit)))
		return conf_error(unit, err, "'%s' is no unit; allowed: s, ms, us, ns", conf_text(unit) ? conf_text(unit) : "?");
	return conf_reject_unknown(node, "at, unit", err);
}

static int read_event(struct conf map, struct oracle_event *out, struct error *err)
{
	struct conf signature, price;

	if (conf_require(map, "signature", "the event with its types, e.g. ValueUpdate(uint256,bytes32,uint256)", &signature, err) ||
	    conf_read_text(signature, out->signature, sizeof(out->signature), err) ||
	    conf_require(map, "price", "the place of the price in the log: topic1 to topic3, data0 to data7", &price, err) ||
	    read_place(price, &out->price, err) || read_place(conf_get(map, "key"), &out->key, err) ||
	    read_place(conf_get(map, "id_at"), &out->id, err) || read_published(conf_get(map, "published"), out, err))
		return -EINVAL;
	if (event_signature_check(out->signature))
		return conf_error(signature, err, "'%s' is no event signature: a name, and the types alone in parentheses without spaces",
				  out->signature);
	return 0;
}

/* Its exponent stands in the account; an id only guards against a wrong account. */
static int read_price_update(struct conf map, struct oracle_config *out, struct error *err)
{
	struct conf account, id = conf_get(map, "id");

	if (conf_require(map, "account", "the price account, in base58", &account, err) ||
	    site_solana_account(account, out->account, err))
		return -EINVAL;
	if (conf_exists(id)) {
		if (conf_read_text(id, out->id, sizeof(out->id), err))
			return -EINVAL;
		site_text_plain_id(out->id);
		if (strlen(out->id) != 64)
			return conf_error(id, err, "should be the price feed's 32 bytes in hex, 64 hex digits");
	}
	return conf_reject_unknown(map, "asset, type, account, id", err);
}

int site_oracle(struct conf map, const struct site *site, struct oracle_config *out, struct error *err)
{
	struct conf asset, type, address, decimals;
	uint64_t digits;

	if (conf_require(map, "asset", "the asset's name, as in the feeds' assets", &asset, err) ||
	    conf_read_text(asset, out->asset, sizeof(out->asset), err) ||
	    conf_require(map, "type", oracle_type_names, &type, err))
		return -EINVAL;
	if (!conf_text(type) || oracle_type_parse(conf_text(type), &out->type))
		return conf_error(type, err, "'%s' is not known; allowed: %s", conf_text(type) ? conf_text(type) : "?",
				  oracle_type_names);
	if (out->type == ORACLE_PRICE_UPDATE)
		return read_price_update(map, out, err);
	if (conf_require(map, "address", "the contract's address, 0x and 40 hex digits", &address, err))
		return -EINVAL;
	if (site_text_address(address, out->address, err))
		return -EINVAL;
	digits = (uint64_t)oracle_type_decimals(out->type);
	decimals = conf_get(map, "decimals");
	if (conf_exists(decimals) && conf_read_uint(decimals, 0, 77, &digits, err))
		return -EINVAL;
	out->exponent = -(int)digits;
	if ((out->type == ORACLE_EVENT && read_event(map, &out->event, err)) || read_id(map, site, out, err))
		return -EINVAL;
	return conf_reject_unknown(map, out->type == ORACLE_EVENT
						? "asset, type, address, id, decimals, signature, price, key, published, id_at"
						: "asset, type, address, id, decimals", err);
}
