/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses of feeds: ws:// wss:// http:// https:// (RFC 3986, the parts that a subscription needs). */
#ifndef PL_STREAM_URL_H
#define PL_STREAM_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct url {
	bool tls;	/* wss, https */
	bool websocket; /* ws, wss; otherwise server-sent events */
	bool literal;	/* the host is an IP address */
	uint16_t port;
	char host[256];	     /* without the brackets of an IPv6 address */
	char authority[300]; /* value of the Host header: the port only where it is not the default */
	char place[320];     /* scheme://host:port, for messages: paths and queries may hold keys and are never printed */
	char *target;	     /* path and query, at least "/" */
};

/* -EINVAL with a text that tells what is wrong (and never repeats the path); -ENOMEM. */
int url_parse(struct url *out, const char *text, struct error *err);
void url_free(struct url *url);

#endif
