// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/auth.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"

/* SHA-256 of no bytes: a GET has no body. */
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SHA256_LEN   32

int auth_check(const struct stream_auth *auth, struct error *err)
{
	if (!auth->id)
		return 0;
	for (const char *c = auth->id; *c; c++)
		if (*c <= ' ' || *c >= 0x7f)
			return error_set(err, -EINVAL, "`auth: id` holds a blank, a line break or another character that a header "
						       "cannot carry (does its variable end in a newline?)");
	return *auth->id && *auth->secret ? 0 : error_set(err, -EINVAL, "`auth:` has an empty id or secret");
}

int auth_fields(struct buffer *out, const struct stream_auth *auth, const char *target, int64_t now_ms)
{
	char time[24], hex[2 * SHA256_LEN + 1];
	uint8_t digest[SHA256_LEN];
	struct buffer text = {0};
	int code;

	snprintf(time, sizeof(time), "%" PRId64, now_ms);
	code = buffer_append_text(&text, "GET ") ?: buffer_append_text(&text, target) ?: buffer_append_text(&text, " " EMPTY_SHA256 " ") ?:
	       buffer_append_text(&text, auth->id) ?: buffer_append_text(&text, " ") ?: buffer_append_text(&text, time);
	if (!code && !HMAC(EVP_sha256(), auth->secret, (int)strlen(auth->secret), text.data, text.len, digest, NULL))
		code = -ENOMEM;
	buffer_free(&text);
	if (code)
		return code;
	hex_encode(digest, sizeof(digest), hex);
	return buffer_append_text(out, "Authorization: ") ?: buffer_append_text(out, auth->id) ?:
	       buffer_append_text(out, "\r\nX-Authorization-Timestamp: ") ?: buffer_append_text(out, time) ?:
	       buffer_append_text(out, "\r\nX-Authorization-Signature-SHA256: ") ?: buffer_append_text(out, hex) ?:
	       buffer_append_text(out, "\r\n");
}
