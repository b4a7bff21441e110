// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `decode:` of a feed of Solana shreds, with the transactions to look for in its blocks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base58.h"
#include "cmd/site_parts.h"

#define WATCHES_MAX 64

static int read_key(struct conf node, uint8_t out[SOLANA_KEY_BYTES], bool *present, struct error *err)
{
	const char *text = conf_text(node);
	int status;

	*present = conf_exists(node);
	if (!*present)
		return 0;
	status = text ? base58_decode(text, out, SOLANA_KEY_BYTES) : -EINVAL;
	if (status == -ERANGE)
		return conf_error(node, err, "'%s' is not 32 bytes long: an address has 32 to 44 characters of base58", text);
	if (status)
		return conf_error(node, err, "'%s' is not base58: the digits and letters without 0, O, I and l", text ? text : "?");
	return 0;
}

static int read_watch(struct conf map, struct watch *out, struct error *err)
{
	struct conf name;

	if (conf_require(map, "name", "what these transactions are called in the tables", &name, err) ||
	    conf_read_text(name, out->name, sizeof(out->name), err) ||
	    read_key(conf_get(map, "program"), out->program, &out->has_program, err) ||
	    read_key(conf_get(map, "account"), out->account, &out->has_account, err) ||
	    conf_reject_unknown(map, "name, program, account", err))
		return -EINVAL;
	if (!out->has_program && !out->has_account)
		return conf_error(map, err, "give the 'program' that is called, an 'account' that is named, or both");
	return 0;
}

static int read_watches(struct conf list, struct collect_feed *feed, struct error *err)
{
	size_t count = conf_count(list);
	struct watch *watches;

	if (!conf_exists(list))
		return 0;
	if (!feed->payload)
		return conf_error(list, err, "needs 'payload: true', so that blocks can be read; that copies every shred: see "
					     "docs/site.md for its price");
	if (!conf_is_list(list) || !count || count > WATCHES_MAX)
		return conf_error(list, err, "should be a list of 1 to %d maps {name, program, account}", WATCHES_MAX);
	watches = calloc(count, sizeof(*watches));
	if (!watches)
		return conf_error(list, err, "out of memory for %zu entries", count);
	feed->watches = watches;
	feed->watch_count = count;
	for (size_t i = 0; i < count; i++) {
		if (read_watch(conf_at(list, i), &watches[i], err))
			return -EINVAL;
		for (size_t k = 0; k < i; k++)
			if (!strcmp(watches[i].name, watches[k].name))
				return conf_error(conf_at(list, i), err, "a second watch is named '%s'; names must differ",
						  watches[i].name);
	}
	return 0;
}

int site_shred(struct conf map, struct collect_feed *feed, enum pl_rule_action *action, uint16_t *shred_version,
	       struct error *err)
{
	static const char *const packets_names[] = {"sets", "all", NULL};
	struct conf version = conf_get(map, "shred_version"), packets = conf_get(map, "packets"),
		    payload = conf_get(map, "payload");
	uint64_t number = 0;
	int choice = 0;

	if ((conf_exists(version) && conf_read_uint(version, 0, 65535, &number, err)) ||
	    (conf_exists(packets) && conf_read_choice(packets, packets_names, &choice, err)) ||
	    (conf_exists(payload) && conf_read_bool(payload, &feed->payload, err)) ||
	    read_watches(conf_get(map, "watch"), feed, err))
		return -EINVAL;
	feed->each_packet = choice == 1;
	*action = feed->payload ? PL_ACTION_SHRED_PAYLOAD : feed->each_packet ? PL_ACTION_SHRED_EACH : PL_ACTION_SHRED;
	*shred_version = (uint16_t)number;
	return conf_reject_unknown(map, "type, shred_version (0 or absent: any), packets (sets or all), payload (true or false), watch",
				   err);
}
