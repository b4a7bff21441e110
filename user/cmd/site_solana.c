// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is particular to a chain of type solana in site.yaml. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base58.h"
#include "cmd/site_parts.h"

int site_solana_account(struct conf node, uint8_t out[32], struct error *err)
{
	const char *text = conf_text(node);

	if (!text || strlen(text) >= BASE58_TEXT_MAX || base58_decode(text, out, 32))
		return conf_error(node, err, "'%s' is no account; write its 32 bytes in base58, as Solana does", text ? text : "?");
	return 0;
}

/*
 * Where questions go if the file does not say: as Solana's clients have it the other way round, subscriptions are one
 * port above HTTP, or on the same one where the address has none.
 */
static char *http_of(const char *rpc)
{
	const char *host = strstr(rpc, "://") + 3, *end = host + strcspn(host, "/?#"), *port = end;
	const char *scheme = strncmp(rpc, "wss", 3) ? "http" : "https";
	char *out, *rest;
	unsigned long number;
	int len;

	while (port > host && port[-1] >= '0' && port[-1] <= '9')
		port--;
	if (port == end || port == host || port[-1] != ':' || (number = strtoul(port, &rest, 10)) < 2 || number > 65535)
		len = asprintf(&out, "%s://%s", scheme, host);
	else
		len = asprintf(&out, "%s://%.*s%lu%s", scheme, (int)(port - host), host, number - 1, end);
	return len < 0 ? NULL : out;
}

int site_solana(struct conf map, struct chain_config *out, struct error *err)
{
	static const char *const schemes[] = {"http://", "https://", NULL};
	struct conf http = conf_get(map, "http"), finality = conf_get(map, "finality"), calldata = conf_get(map, "calldata");
	struct conf logs = conf_get(map, "logs");

	if (conf_exists(calldata))
		return conf_error(calldata, err, "belongs to a chain of type ethereum: a price account does not tell its transaction");
	if (conf_exists(finality))
		return conf_error(finality, err, "belongs to a chain of type ethereum: a Solana node tells of each root by itself");
	if (conf_exists(logs) && conf_read_bool(logs, &out->logs, err))
		return -EINVAL;
	if (conf_exists(http)) {
		if (site_text_expand(http, &out->http, err) || site_text_check_scheme(http, out->http, schemes, err))
			return -EINVAL;
	} else {
		out->http = http_of(out->rpc);
		if (!out->http)
			return conf_error(map, err, "out of memory");
	}
	return conf_reject_unknown(map, "name, type, network, rpc, http, headers, ca, max_message, compression, logs, oracles", err);
}
