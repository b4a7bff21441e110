// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/decoder.h"

#include <string.h>

static const char *const json_options[] = {"each", "asset", "price", "key", "published", NULL};
static const char *const fields_options[] = {"asset", "price", "exponent", "key", "published", NULL};
static const char *const no_options[] = {NULL};

const struct decoder decoders[] = {
	{"json", "any JSON feed: RFC 6901 pointers say where asset, price, key and time stand", json_options, json_decode},
	{"fields", "any fixed layout: u32le@0 and the like say where asset, price, key and time stand", fields_options,
	 fields_decode},
	{"pyth-hermes", "Pyth's Hermes over WebSocket or server-sent events, with parsed prices", no_options, hermes_decode},
	{0},
};

const struct decoder *decoder_find(const char *name)
{
	for (const struct decoder *d = decoders; d->name; d++) {
		if (!strcmp(d->name, name))
			return d;
	}
	return NULL;
}
