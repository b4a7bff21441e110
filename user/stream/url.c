// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/url.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct scheme {
	const char *prefix;
	bool tls, websocket;
	uint16_t port;
} schemes[] = {
	{"ws://", false, true, 80},
	{"wss://", true, true, 443},
	{"http://", false, false, 80},
	{"https://", true, false, 443},
};

static const struct scheme *find_scheme(const char *text)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (!strncasecmp(text, schemes[i].prefix, strlen(schemes[i].prefix)))
			return &schemes[i];
	return NULL;
}

static int parse_port(const char *text, size_t len, uint16_t *out, struct error *err)
{
	unsigned long port = 0;

	for (size_t i = 0; i < len && port <= UINT16_MAX; i++) {
		if (!isdigit((unsigned char)text[i]))
			return error_set(err, -EINVAL, "the port of the address is not a number");
		port = port * 10 + (unsigned long)(text[i] - '0');
	}
	if (!port || port > UINT16_MAX)
		return error_set(err, -EINVAL, "the port of the address must be 1..65535");
	*out = (uint16_t)port;
	return 0;
}

static int parse_host(struct url *url, const char *text, size_t len, struct error *err)
{
	struct in6_addr address;
	bool v6 = len >= 2 && text[0] == '[' && text[len - 1] == ']';

	if (v6)
		text++, len -= 2;
	if (!len || len >= sizeof(url->host))
		return error_set(err, -EINVAL, "the address needs a host of 1..255 characters");
	memcpy(url->host, text, len);
	url->host[len] = '\0';
	if (v6 && inet_pton(AF_INET6, url->host, &address) != 1)
		return error_set(err, -EINVAL, "what stands between [ and ] is not an IPv6 address");
	for (size_t i = 0; !v6 && i < len; i++)
		if (!isalnum((unsigned char)text[i]) && !strchr("-._", text[i]))
			return error_set(err, -EINVAL,
					 "the host may hold letters, digits, '-', '.' and '_' only (IPv6 in brackets)");
	url->literal = v6 || inet_pton(AF_INET, url->host, &address) == 1;
	return 0;
}

static int parse_target(struct url *url, const char *text, struct error *err)
{
	for (const char *c = text; *c; c++) {
		if (*c == '#')
			return error_set(err, -EINVAL, "the address has a fragment (#…): remove it");
		if (*c <= ' ' || *c >= 0x7f) /* signed char: bytes above 0x7f are negative */
			return error_set(err, -EINVAL,
					 "the path of the address holds a space or a character that needs %%-encoding");
	}
	if (asprintf(&url->target, "%s%s", *text == '/' ? "" : "/", text) < 0) {
		url->target = NULL;
		return error_set(err, -ENOMEM, "out of memory");
	}
	return 0;
}

int url_parse(struct url *out, const char *text, struct error *err)
{
	const struct scheme *scheme = find_scheme(text);
	const char *rest, *colon, *bracket;
	size_t len, host_len;
	bool v6;
	int code;

	*out = (struct url){0};
	if (!scheme)
		return error_set(err, -EINVAL, "the address must begin with ws://, wss://, http:// or https://");
	out->tls = scheme->tls;
	out->websocket = scheme->websocket;
	out->port = scheme->port;
	rest = text + strlen(scheme->prefix);
	len = host_len = strcspn(rest, "/?#");
	if (memchr(rest, '@', len))
		return error_set(err, -EINVAL,
				 "the address holds a user name or password: put credentials under `headers:`");
	colon = memrchr(rest, ':', len);
	bracket = memrchr(rest, ']', len);
	if (colon && (!bracket || colon > bracket)) {
		host_len = (size_t)(colon - rest);
		code = parse_port(colon + 1, len - host_len - 1, &out->port, err);
		if (code)
			return code;
	}
	code = parse_host(out, rest, host_len, err);
	if (code)
		return code;
	v6 = strchr(out->host, ':');
	snprintf(out->place, sizeof(out->place), "%s%s%s%s:%u", scheme->prefix, v6 ? "[" : "", out->host, v6 ? "]" : "",
		 out->port);
	snprintf(out->authority, sizeof(out->authority), out->port == scheme->port ? "%s%s%s" : "%s%s%s:%u",
		 v6 ? "[" : "", out->host, v6 ? "]" : "", out->port);
	return parse_target(out, rest + len, err);
}

void url_free(struct url *url)
{
	if (url->target)
		OPENSSL_cleanse(url->target, strlen(url->target));
	free(url->target);
	url->target = NULL;
}
