// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/site_parts.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

/* ---- texts -------------------------------------------------------------------------------------------------------- */

int site_text_expand(struct conf node, char **out, struct error *err)
{
	const char *text = conf_text(node);
	char *buffer = NULL;
	size_t size = 0;
	FILE *stream;

	if (!text)
		return conf_error(node, err, "should be text");
	stream = open_memstream(&buffer, &size);
	if (!stream)
		return conf_error(node, err, "out of memory");
	while (*text) {
		const char *end = !strncmp(text, "${", 2) ? strchr(text, '}') : NULL;
		char name[128];
		const char *value;

		if (!end || (size_t)(end - text - 2) >= sizeof(name)) {
			fputc(*text++, stream);
			continue;
		}
		snprintf(name, sizeof(name), "%.*s", (int)(end - text - 2), text + 2);
		value = getenv(name);
		if (!value) {
			fclose(stream);
			free(buffer);
			return conf_error(node, err, "the environment variable %s is not set; export it before the start", name);
		}
		fputs(value, stream);
		text = end + 1;
	}
	fclose(stream);
	*out = buffer;
	return buffer ? 0 : conf_error(node, err, "out of memory");
}

int site_text_check_scheme(struct conf node, const char *url, const char *const *schemes, struct error *err)
{
	char list[80] = "";

	for (int i = 0; schemes[i]; i++) {
		if (!strncmp(url, schemes[i], strlen(schemes[i])) && url[strlen(schemes[i])])
			return 0;
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "", schemes[i]);
	}
	return conf_error(node, err, "should be an address that begins with one of: %s", list);
}

const char *site_text_transport(const char *url)
{
	static const char *const names[] = {"wss", "ws", "https", "http"};

	for (int i = 0; i < 3; i++)
		if (!strncmp(url, names[i], strlen(names[i])) && url[strlen(names[i])] == ':')
			return names[i];
	return names[3];
}

void site_text_plain_id(char *id)
{
	size_t prefix = id[0] == '0' && (id[1] == 'x' || id[1] == 'X') ? 2 : 0;
	size_t digits = strspn(id + prefix, "0123456789abcdefABCDEF");

	/* without a prefix only a full 32-byte id is taken for hex: "BEAD" may well be a symbol */
	if (id[prefix + digits] || !digits || (!prefix && digits != 64))
		return;
	memmove(id, id + prefix, digits + 1);
	for (char *c = id; *c; c++)
		*c = (char)tolower((unsigned char)*c);
}

int site_text_address(struct conf node, uint8_t out[20], struct error *err)
{
	const char *text = conf_text(node);

	if (!text || strlen(text) != 42 || hex_decode(text, 42, out, 20) != 20)
		return conf_error(node, err, "'%s' is not an address; write 0x and 40 hex digits, in quotes", text ? text : "?");
	return 0;
}
