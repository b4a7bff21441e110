// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/site_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "feed/preset.h"

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

/* One, or a list of them. */
static int read_signers(struct conf node, struct decode_options *out, struct error *err)
{
	size_t count = conf_is_list(node) ? conf_count(node) : 1;

	if (!count)
		return conf_error(node, err, DECODE_SIGNER_HELP);
	for (size_t i = 0; i < count; i++) {
		struct conf one = conf_is_list(node) ? conf_at(node, i) : node;

		if (!conf_text(one) || decode_signer_parse(conf_text(one), out))
			return conf_error(one, err, "'%s': " DECODE_SIGNER_HELP, conf_text(one) ? conf_text(one) : "?");
	}
	return 0;
}

static int read_guardians(struct conf list, struct conf quorum, struct decode_options *out, struct error *err)
{
	uint64_t number = 0;

	if (!conf_exists(list))
		return conf_exists(quorum) ? conf_error(quorum, err, "needs 'guardians'") : 0;
	if (!conf_is_list(list) || !conf_count(list))
		return conf_error(list, err, "should be the list of the guardians' addresses, in their order");
	for (size_t i = 0; i < conf_count(list); i++)
		if (!conf_text(conf_at(list, i)) || decode_guardian_parse(conf_text(conf_at(list, i)), out))
			return conf_error(conf_at(list, i), err, DECODE_GUARDIAN_HELP);
	if (conf_exists(quorum) && conf_read_uint(quorum, 1, out->guardian_count, &number, err))
		return -EINVAL;
	out->quorum = (uint8_t)number;
	decode_default_quorum(out);
	return 0;
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
	if (decoder_accepts(decoder, "guardians") &&
	    read_guardians(conf_get(map, "guardians"), conf_get(map, "quorum"), out, err))
		return -EINVAL;
	if (decoder_accepts(decoder, "signer") && conf_exists(conf_get(map, "signer")))
		return read_signers(conf_get(map, "signer"), out, err);
	return 0;
}

static int reject_unknown(struct conf map, const struct decoder *decoder, struct error *err)
{
	char allowed[256] = "type";

	for (size_t i = 0; decoder->options && decoder->options[i]; i++)
		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), ", %s", decoder->options[i]);
	return conf_reject_unknown(map, allowed, err);
}

static int unknown_type(struct conf type, bool block, struct error *err)
{
	char types[400] = "";

	if (block)
		for (const struct block_decoder *d = block_decoders; d->name; d++)
			snprintf(types + strlen(types), sizeof(types) - strlen(types), "%s, ", d->name);
	for (const struct decoder *d = decoders; !block && d->name; d++)
		snprintf(types + strlen(types), sizeof(types) - strlen(types), "%s%s", d == decoders ? "" : ", ", d->name);
	return conf_error(type, err, "'%s' is no type of a feed with role '%s'; allowed: %s%s, " READS_TYPE,
			  conf_text(type) ? conf_text(type) : "?", block ? "block" : "oracle", types,
			  block ? FLOW_TYPE ", solana-shred" : "");
}

static int read_prices(struct conf map, struct conf type, const struct decoder **decoder, struct decode_options *out,
		       struct error *err)
{
	*decoder = conf_text(type) ? decoder_find(conf_text(type)) : NULL;
	if (!*decoder)
		return unknown_type(type, false, err);
	if (read_options(map, *decoder, out, err))
		return -EINVAL;
	return reject_unknown(map, *decoder, err);
}

int site_preset(const char *name, const struct decoder **decoder, struct decode_options *out, struct error *err)
{
	const struct preset *preset = preset_find(name);
	struct conf_file *file;
	struct conf type;
	char place[80];
	int status;

	if (!preset)
		return -ENOENT;
	*out = (struct decode_options){0};
	snprintf(place, sizeof(place), "preset %s", name);
	status = conf_open_text(&file, place, preset->text, err);
	if (status)
		return status;
	status = conf_require(conf_root(file), "type", "the message format", &type, err);
	if (!status)
		status = read_prices(conf_root(file), type, decoder, out, err);
	conf_close(file);
	return status;
}

/* {preset: NAME} stands for the whole map. */
static int read_preset(struct conf map, struct conf preset, struct collect_feed *feed, struct error *err)
{
	const char *name = conf_text(preset) ? conf_text(preset) : "?";
	int status = site_preset(name, &feed->decoder, &feed->decode, err);
	char names[1024] = "";

	if (status != -ENOENT)
		return status ? status : conf_reject_unknown(map, "preset alone: what it says is `pricelag decode --list`", err);
	for (const struct preset *p = presets; p->name; p++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s", p == presets ? "" : ", ", p->name);
	return conf_error(preset, err, "'%s' is no preset; there are: %s", name, names);
}

int site_decode(struct conf map, struct collect_feed *feed, enum pl_rule_action *action, uint16_t *shred_version,
		struct error *err)
{
	bool block = !strcmp(feed->role, "block");
	struct conf type, preset = conf_get(map, "preset");

	*action = PL_ACTION_DATAGRAM;
	if (!block && conf_exists(preset))
		return read_preset(map, preset, feed, err);
	if (conf_text(conf_get(map, "type")) && !strcmp(conf_text(conf_get(map, "type")), READS_TYPE)) {
		feed->reads = true;
		*action = PL_ACTION_ARRIVAL;
		return conf_reject_unknown(map, "type", err);
	}
	if (conf_require(map, "type", block ? "the message format" : "the message format (or preset)", &type, err))
		return -EINVAL;
	if (!block)
		return read_prices(map, type, &feed->decoder, &feed->decode, err);
	if (conf_text(type) && !strcmp(conf_text(type), "solana-shred"))
		return site_shred(map, feed, action, shred_version, err);
	if (conf_text(type) && !strcmp(conf_text(type), FLOW_TYPE)) {
		feed->flows = true;
		return conf_reject_unknown(map, "type", err);
	}
	feed->block_decoder = conf_text(type) ? block_decoder_find(conf_text(type)) : NULL;
	if (!feed->block_decoder)
		return unknown_type(type, block, err);
	return conf_reject_unknown(map, "type", err);
}
