/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Addresses of a host, without holding up the event loop: looked up once, blocking, at the start; later look-ups run in
 * a thread of their own while the addresses known so far stay in use.
 */
#ifndef PL_STREAM_RESOLVE_H
#define PL_STREAM_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"

struct resolver;

/* -EHOSTUNREACH where the name has no address, -ENOMEM. */
int resolver_new(struct resolver **out, const char *host, uint16_t port, struct error *err);
void resolver_free(struct resolver *resolver);

/* The i-th address, in the order of preference; NULL behind the last. Valid until resolver_refresh(). */
const struct sockaddr *resolver_address(const struct resolver *resolver, size_t i, socklen_t *len);

/* Takes over the answer of the last look-up, if there is a good one, and starts the next. */
void resolver_refresh(struct resolver *resolver);

#endif
