// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/deflate.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "stream/http.h"

#define CHUNK	       16384
#define WINDOW_MAX     32768 /* bytes of a DEFLATE window */
#define FINAL_BLOCKS   16    /* a sender has no reason for more than one; each costs a copy of the window */

/* ---- terms ---------------------------------------------------------------------------------------------------------- */

/* Cuts the next piece up to `separator` off, without the blanks around it; false at the end. */
static bool next_piece(const char **list, char separator, const char **out, size_t *len)
{
	const char *at = *list, *end;

	if (!at)
		return false;
	end = strchr(at, separator);
	*list = end ? end + 1 : NULL;
	if (!end)
		end = at + strlen(at);
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (end > at && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	*out = at;
	*len = (size_t)(end - at);
	return true;
}

static bool is(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !strncasecmp(text, word, len);
}

/* "8" to "15", perhaps in quotes: the window that the server uses. Ours is the largest, and takes any. */
static bool is_window(const char *text, size_t len)
{
	if (len > 2 && text[0] == '"' && text[len - 1] == '"') {
		text++;
		len -= 2;
	}
	return (len == 1 && (*text == '8' || *text == '9')) || (len == 2 && *text == '1' && text[1] >= '0' && text[1] <= '5');
}

/* What may be said once each; client_max_window_bits was not offered. */
enum { SERVER_ANEW = 1, CLIENT_ANEW = 2, SERVER_WINDOW = 4 };

static unsigned parameter(const char *text, size_t len)
{
	static const char window[] = "server_max_window_bits";
	size_t name = sizeof(window) - 1;

	if (is(text, len, "server_no_context_takeover"))
		return SERVER_ANEW;
	if (is(text, len, "client_no_context_takeover"))
		return CLIENT_ANEW;
	if (len > name + 1 && !strncasecmp(text, window, name) && text[name] == '=' && is_window(text + name + 1, len - name - 1))
		return SERVER_WINDOW;
	return 0;
}

int deflate_agree(struct deflate *deflate, const char *extensions, struct error *err)
{
	const char *piece, *rest = extensions;
	unsigned said = 0, one;
	char quoted[80];
	size_t len;

	if (!next_piece(&rest, ';', &piece, &len) || !is(piece, len, "permessage-deflate"))
		goto refuse;
	while (next_piece(&rest, ';', &piece, &len)) {
		one = parameter(piece, len);
		if (!one || said & one)
			goto refuse;
		said |= one;
	}
	deflate->agreed = true;
	deflate->no_context = said & SERVER_ANEW;
	return 0;
refuse:
	http_printable(quoted, sizeof(quoted), extensions, strlen(extensions));
	return error_set(err, -EPROTO, "the server's handshake agrees to a WebSocket extension that was not offered: '%s'", quoted);
}

/* ---- messages ------------------------------------------------------------------------------------------------------- */

static int broken(struct error *err, const char *why)
{
	return error_set(err, -EPROTO, "WebSocket: the server sent a compressed message that cannot be decompressed: %s", why);
}

static int prepare(struct deflate *deflate, struct error *err)
{
	if (!deflate->ready) {
		memset(&deflate->stream, 0, sizeof(deflate->stream));
		if (inflateInit2(&deflate->stream, -MAX_WBITS) != Z_OK)
			return error_set(err, -ENOMEM, "out of memory");
		deflate->ready = true;
	} else if (deflate->no_context) {
		inflateReset(&deflate->stream);
	}
	deflate->message.len = 0;
	return 0;
}

/* Behind a final block another stream may begin, which still refers to what came before (RFC 7692 7.2.3.4). */
static int begin_anew(struct deflate *deflate)
{
	uint8_t window[WINDOW_MAX];
	unsigned len = sizeof(window);

	return inflateGetDictionary(&deflate->stream, window, &len) == Z_OK && inflateReset(&deflate->stream) == Z_OK &&
			       inflateSetDictionary(&deflate->stream, window, len) == Z_OK
		       ? 0
		       : -EPROTO;
}

/* Takes one piece of the stream to its last byte. */
static int decompress(struct deflate *deflate, const uint8_t *data, size_t len, size_t max, unsigned *final_blocks,
		      struct error *err)
{
	z_stream *z = &deflate->stream;
	struct buffer *out = &deflate->message;

	z->next_in = (Bytef *)data; /* zlib does not write to it */
	z->avail_in = (uInt)len;    /* a message is far below 4 GiB */
	for (;;) {
		uint8_t *to = buffer_reserve(out, CHUNK);
		int status;

		if (!to)
			return error_set(err, -ENOMEM, "out of memory");
		z->next_out = to;
		z->avail_out = CHUNK;
		status = inflate(z, Z_SYNC_FLUSH);
		out->len += CHUNK - z->avail_out;
		if (out->len > max)
			return error_set(err, -EMSGSIZE, "WebSocket: a message above the limit of %zu bytes once decompressed", max);
		if (status == Z_STREAM_END) {
			if (++*final_blocks > FINAL_BLOCKS || begin_anew(deflate))
				return broken(err, "too many final blocks");
		} else if (status != Z_OK && status != Z_BUF_ERROR) {
			return broken(err, z->msg ? z->msg : "no DEFLATE stream");
		}
		/* with room left over, all that could come has come */
		if (!z->avail_in && z->avail_out)
			return 0;
		if (status == Z_BUF_ERROR && z->avail_out)
			return broken(err, "it breaks off");
	}
}

int deflate_message(struct deflate *deflate, const uint8_t *data, size_t len, size_t max, struct error *err)
{
	static const uint8_t tail[] = {0x00, 0x00, 0xff, 0xff}; /* which the sender leaves away */
	unsigned final_blocks = 0;
	int code = prepare(deflate, err);

	if (!code)
		code = decompress(deflate, data, len, max, &final_blocks, err);
	if (!code)
		code = decompress(deflate, tail, sizeof(tail), max, &final_blocks, err);
	return code;
}

void deflate_free(struct deflate *deflate)
{
	if (deflate->ready)
		inflateEnd(&deflate->stream);
	buffer_free(&deflate->message);
	*deflate = (struct deflate){.agreed = false};
}
