/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Credentials that are computed anew for each connection, because the time is signed with them. */
#ifndef PL_STREAM_AUTH_H
#define PL_STREAM_AUTH_H

#include <stdint.h>

#include "base/error.h"
#include "stream/buffer.h"

/* Chainlink Data Streams (smartcontractkit/data-streams-sdk, go/auth.go): a key, and an HMAC-SHA256 under its secret of
 * "GET target SHA256-of-the-empty-body id ms". Both are secrets: never printed. */
struct stream_auth {
	const char *id, *secret; /* NULL: none */
};

/* Appends the three header fields of a GET of `target` (path and query) at UTC `now_ms`. -ENOMEM. */
int auth_fields(struct buffer *out, const struct stream_auth *auth, const char *target, int64_t now_ms);

/* -EINVAL for an id that would break the header. */
int auth_check(const struct stream_auth *auth, struct error *err);

#endif
