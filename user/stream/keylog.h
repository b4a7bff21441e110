/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* TLS secrets of a key log file: lines "LABEL CLIENT_RANDOM SECRET" in hex (NSS format, draft-ietf-tls-keylogfile). */
#ifndef PL_STREAM_KEYLOG_H
#define PL_STREAM_KEYLOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define KEYLOG_RANDOM 32
#define KEYLOG_SECRET_MAX 64

/* Length of the secret of that label and client random, 0 where the file has none; negative errno where it cannot be read. The last line wins. */
int keylog_find(const char *path, const char *label, const uint8_t random[KEYLOG_RANDOM],
		uint8_t secret[KEYLOG_SECRET_MAX], struct error *err);

#endif
