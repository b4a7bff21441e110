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

/* ---- decode: ------------------------------------------------------------------------------------------------------ */

/* A pointer (json) or a field (fields): the decoder's name tells which of the two languages the value is in. */
static int read_place(struct conf node, bool fields, char *pointer, struct field_spec *field, struct error *err)
{
	if (!conf_exists(node))
		return 0;
	if (!fields) {
		if (conf_read_text(node, pointer, FEED_TEXT_MAX, err))
			return -EINVAL;
		return pointer[0] == '/' ? 0 : conf_error(node, err, "'%s' is not a JSON pointer; it begins with /", pointer);
	}
	if (!conf_text(node) || field_spec_parse(conf_text(node), field))
		return conf_error(node, err, "'%s' is not a field; write TYPE@OFFSET such as u32le@0 (u8, u16, u32, u64, i8 … i64; le or be)",
				  conf_text(node) ? conf_text(node) : "?");
	return 0;
}

static int read_published(struct conf node, bool fields, struct decode_options *out, struct error *err)
{
	static const char *const units[] = {"s", "ms", "us", "ns", NULL};
	struct conf at, unit;
	int choice;

	if (!conf_exists(node))
		return 0;
	if (conf_require(node, "at", "where the time stands", &at, err) ||
	    conf_require(node, "unit", "s, ms, us or ns", &unit, err) ||
	    read_place(at, fields, out->published, &out->field_published, err) ||
	    conf_read_choice(unit, units, &choice, err))
		return -EINVAL;
	out->published_unit = (enum time_unit)choice;
	return conf_reject_unknown(node, "at, unit", err);
}

static int read_signer(struct conf node, struct decode_options *out, struct error *err)
{
	if (conf_text(node) && !decode_signer_parse(conf_text(node), out))
		return 0;
	return conf_error(node, err, "'%s': " DECODE_SIGNER_HELP, conf_text(node) ? conf_text(node) : "?");
}

static int read_options(struct conf map, const struct decoder *decoder, struct decode_options *out, struct error *err)
{
	bool fields = !strcmp(decoder->name, "fields");
	struct conf each = decoder_accepts(decoder, "each") ? conf_get(map, "each") : (struct conf){map.file, 0};
	int64_t exponent;

	if (conf_exists(each) && read_place(each, false, out->each, NULL, err))
		return -EINVAL;
	if ((decoder_accepts(decoder, "asset") && read_place(conf_get(map, "asset"), fields, out->asset, &out->field_asset, err)) ||
	    (decoder_accepts(decoder, "price") && read_place(conf_get(map, "price"), fields, out->price, &out->field_price, err)) ||
	    (decoder_accepts(decoder, "key") && read_place(conf_get(map, "key"), fields, out->key, &out->field_key, err)) ||
	    (decoder_accepts(decoder, "published") && read_published(conf_get(map, "published"), fields, out, err)))
		return -EINVAL;
	if (decoder_accepts(decoder, "exponent") && conf_exists(conf_get(map, "exponent"))) {
		if (conf_read_int(conf_get(map, "exponent"), -77, 77, &exponent, err))
			return -EINVAL;
		out->exponent = (int)exponent;
		out->has_exponent = true;
	}
	if (decoder_accepts(decoder, "signer") && conf_exists(conf_get(map, "signer")))
		return read_signer(conf_get(map, "signer"), out, err);
	return 0;
}

static int reject_unknown(struct conf map, const struct decoder *decoder, struct error *err)
{
	char allowed[256] = "type";

	for (size_t i = 0; decoder->options && decoder->options[i]; i++)
		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), ", %s", decoder->options[i]);
	return conf_reject_unknown(map, allowed, err);
}

static int read_shred(struct conf map, enum pl_rule_action *action, uint16_t *shred_version, struct error *err)
{
	static const char *const packets_names[] = {"sets", "all", NULL};
	static const enum pl_rule_action actions[] = {PL_ACTION_SHRED, PL_ACTION_SHRED_EACH};
	struct conf version = conf_get(map, "shred_version"), packets = conf_get(map, "packets");
	uint64_t number = 0;
	int choice = 0;

	if ((conf_exists(version) && conf_read_uint(version, 0, 65535, &number, err)) ||
	    (conf_exists(packets) && conf_read_choice(packets, packets_names, &choice, err)))
		return -EINVAL;
	*action = actions[choice];
	*shred_version = (uint16_t)number;
	return conf_reject_unknown(map, "type, shred_version (0 or absent: any), packets (sets or all)", err);
}

static int unknown_type(struct conf type, bool block, struct error *err)
{
	char types[400] = "";

	if (block)
		for (const struct block_decoder *d = block_decoders; d->name; d++)
			snprintf(types + strlen(types), sizeof(types) - strlen(types), "%s, ", d->name);
	for (const struct decoder *d = decoders; !block && d->name; d++)
		snprintf(types + strlen(types), sizeof(types) - strlen(types), "%s%s", d == decoders ? "" : ", ", d->name);
	return conf_error(type, err, "'%s' is no type of a feed with role '%s'; allowed: %s%s",
			  conf_text(type) ? conf_text(type) : "?", block ? "block" : "oracle", types,
			  block ? "solana-shred" : "");
}

int site_decode(struct conf map, struct collect_feed *feed, enum pl_rule_action *action, uint16_t *shred_version,
		struct error *err)
{
	bool block = !strcmp(feed->role, "block");
	struct conf type;

	if (conf_require(map, "type", "the message format", &type, err))
		return -EINVAL;
	if (block && conf_text(type) && !strcmp(conf_text(type), "solana-shred"))
		return read_shred(map, action, shred_version, err);
	*action = PL_ACTION_DATAGRAM;
	if (block)
		feed->block_decoder = conf_text(type) ? block_decoder_find(conf_text(type)) : NULL;
	else
		feed->decoder = conf_text(type) ? decoder_find(conf_text(type)) : NULL;
	if (!feed->decoder && !feed->block_decoder)
		return unknown_type(type, block, err);
	if (block)
		return conf_reject_unknown(map, "type", err);
	if (read_options(map, feed->decoder, &feed->decode, err))
		return -EINVAL;
	return reject_unknown(map, feed->decoder, err);
}
