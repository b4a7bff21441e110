// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What site.yaml says of a connection that pricelag owns, and of its secrets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cmd/site_parts.h"

#define MAX_LIST 256

static int read_headers(struct conf map, struct site_feed *out, struct error *err)
{
	if (!conf_exists(map))
		return 0;
	if (!conf_is_map(map))
		return conf_error(map, err, "should be a map of header names to values");
	if (conf_count(map) > MAX_LIST)
		return conf_error(map, err, "too many headers");
	out->headers = calloc(conf_count(map) + 1, sizeof(*out->headers));
	if (!out->headers)
		return conf_error(map, err, "out of memory");
	for (size_t i = 0; i < conf_count(map); i++) {
		char *value;

		if (site_text_expand(conf_at(map, i), &value, err))
			return -EINVAL;
		out->headers[out->header_count++] = (struct stream_header){strdup(conf_key(map, i)), value};
	}
	return 0;
}

static int read_send(struct conf list, struct site_feed *out, struct error *err)
{
	if (!conf_exists(list))
		return 0;
	if (!conf_is_list(list) || conf_count(list) > MAX_LIST)
		return conf_error(list, err, "should be a list of messages to send after connecting (at most %d)", MAX_LIST);
	out->send = calloc(conf_count(list) + 1, sizeof(*out->send));
	if (!out->send)
		return conf_error(list, err, "out of memory");
	for (size_t i = 0; i < conf_count(list); i++, out->send_count++)
		if (site_text_expand(conf_at(list, i), &out->send[i], err))
			return -EINVAL;
	return 0;
}

/* A secret: it comes from the environment, and is not to stand in the file. */
static int read_secret(struct conf map, const char *key, char **out, struct error *err)
{
	struct conf node;

	if (conf_require(map, key, "a secret from the environment: \"${NAME}\"", &node, err))
		return -EINVAL;
	if (!conf_text(node) || !strstr(conf_text(node), "${"))
		return conf_error(node, err, "a secret does not belong into the file: export it and write \"${NAME}\"");
	return site_text_expand(node, out, err);
}

int site_connection_auth(struct conf map, struct site_feed *out, struct error *err)
{
	static const char *const types[] = {"chainlink-hmac", NULL};
	struct conf type;
	int choice;

	if (!conf_exists(map))
		return 0;
	if (conf_require(map, "type", "chainlink-hmac", &type, err) || conf_read_choice(type, types, &choice, err) ||
	    read_secret(map, "id", &out->auth_id, err) || read_secret(map, "secret", &out->auth_secret, err))
		return -EINVAL;
	for (size_t i = 0; i < out->header_count; i++)
		if (!strcasecmp(out->headers[i].name, "Authorization") || !strncasecmp(out->headers[i].name, "X-Authorization-", 16))
			return conf_error(map, err, "writes the header '%s' itself: remove it from 'headers'", out->headers[i].name);
	return conf_reject_unknown(map, "type, id, secret", err);
}

static int read_compression(struct conf node, struct site_feed *out, struct error *err)
{
	static const char *const names[] = {"none", "deflate", NULL};
	int choice = 0;

	if (!conf_exists(node))
		return 0;
	if (conf_read_choice(node, names, &choice, err))
		return -EINVAL;
	if (choice && out->url[0] == 'h')
		return conf_error(node, err, "'deflate' needs a WebSocket (ws:// or wss://)");
	out->deflate = choice;
	return 0;
}

int site_connection(struct conf map, struct conf url, struct site_feed *out, const char *const *schemes, struct error *err)
{
	struct conf ca = conf_get(map, "ca"), max = conf_get(map, "max_message");
	uint64_t bytes = 0;

	if (site_text_expand(url, &out->url, err) || site_text_check_scheme(url, out->url, schemes, err) ||
	    read_headers(conf_get(map, "headers"), out, err) || read_send(conf_get(map, "send"), out, err) ||
	    read_compression(conf_get(map, "compression"), out, err) ||
	    (conf_exists(ca) && site_text_expand(ca, &out->ca_file, err)) ||
	    (conf_exists(max) && conf_read_uint(max, 1024, 1 << 30, &bytes, err)))
		return -EINVAL;
	out->max_message_bytes = bytes;
	if (out->send_count && out->url[0] == 'h')
		return conf_error(url, err, "'send' needs a WebSocket; server-sent events (http, https) are receive-only");
	return 0;
}

static void free_secret(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

void site_connection_free(struct site_feed *feed)
{
	free(feed->matches);
	free(feed->url);
	free(feed->ca_file);
	free(feed->plaintext_library);
	free_secret(feed->auth_id);
	free_secret(feed->auth_secret);
	for (size_t i = 0; i < feed->header_count; i++) {
		free((char *)feed->headers[i].name);
		free((char *)feed->headers[i].value);
	}
	free(feed->headers);
	for (size_t i = 0; i < feed->send_count; i++)
		free(feed->send[i]);
	free(feed->send);
}
