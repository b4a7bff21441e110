/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Brotli (RFC 7932) frames of a feed, expanded up to a limit: a few hundred bytes may otherwise claim gigabytes. */
#ifndef PL_FEED_EXPAND_H
#define PL_FEED_EXPAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Expands one whole stream, with nothing behind it, into a new buffer *out of *out_len bytes; free() it. -EBADMSG with the
 * reason for anything else, or for more than `limit` bytes; -ENOMEM. Never takes more than `limit` and the library's window (16 MiB).
 */
int expand_brotli(const uint8_t *data, size_t len, size_t limit, uint8_t **out, size_t *out_len, struct error *err);

#endif
