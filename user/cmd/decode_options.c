// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/decode_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/cmd.h"
#include "feed/timestamp.h"

static const struct {
	const char *name, *flag;
} known[] = {
#define X(ID, name, flag, value, help) {name, flag},
	DECODE_OPTIONS(X)
#undef X
};

static const char place_help[] = "an RFC 6901 pointer starts with /, like /data/0/price";
static const char field_help[] = "a field is u or i, 8 to 64 bits, le or be, @offset: u32le@0";

static int wrong(enum decode_option option, const char *text, const char *why)
{
	fprintf(stderr, "pricelag decode: --%s %s: %s\n", known[option].flag, text, why);
	return EXIT_USAGE;
}

static int set_pointer(enum decode_option option, const char *text, struct decode_options *out)
{
	char *const texts[] = {
		[DECODE_OPTION_EACH] = out->each,   [DECODE_OPTION_ASSET] = out->asset,
		[DECODE_OPTION_PRICE] = out->price, [DECODE_OPTION_KEY] = out->key,
		[DECODE_OPTION_PUBLISHED] = out->published,
	};

	if (!json_pointer_valid(text) || strlen(text) >= FEED_TEXT_MAX)
		return wrong(option, text, place_help);
	strcpy(texts[option], text);
	return EXIT_OK;
}

static int set_field(enum decode_option option, const char *text, struct decode_options *out)
{
	struct field_spec *const specs[] = {
		[DECODE_OPTION_ASSET] = &out->field_asset, [DECODE_OPTION_PRICE] = &out->field_price,
		[DECODE_OPTION_KEY] = &out->field_key,	   [DECODE_OPTION_PUBLISHED] = &out->field_published,
	};

	return field_spec_parse(text, specs[option]) ? wrong(option, text, field_help) : EXIT_OK;
}

/* A whole number from `least` to `most`. */
static int set_number(enum decode_option option, const char *text, long least, long most, long *out)
{
	char why[64], *end;

	*out = strtol(text, &end, 10);
	if (*text && !*end && *out >= least && *out <= most)
		return EXIT_OK;
	snprintf(why, sizeof(why), "a number from %ld to %ld belongs here", least, most);
	return wrong(option, text, why);
}

/* Each of a list with commas between. */
static int set_each(enum decode_option option, const char *text, int (*parse)(const char *, struct decode_options *),
		    const char *help, struct decode_options *out)
{
	char one[80];

	do {
		size_t len = strcspn(text, ",");

		snprintf(one, sizeof(one), "%.*s", (int)len, text);
		if (parse(one, out))
			return wrong(option, one, help);
		text += len;
	} while (*text++);
	return EXIT_OK;
}

static int set_one(enum decode_option option, const char *text, const struct decoder *decoder, struct decode_options *out)
{
	long number;
	int status;

	switch (option) {
	case DECODE_OPTION_UNIT:
		return time_unit_parse(text, &out->published_unit) ? wrong(option, text, "a unit is s, ms, us or ns") : EXIT_OK;
	case DECODE_OPTION_EXPONENT:
		status = set_number(option, text, -308, 308, &number);
		out->exponent = (int)number;
		out->has_exponent = true;
		return status;
	case DECODE_OPTION_SIGNER:
		return set_each(option, text, decode_signer_parse, DECODE_SIGNER_HELP, out);
	case DECODE_OPTION_GUARDIANS:
		return set_each(option, text, decode_guardian_parse, DECODE_GUARDIAN_HELP, out);
	case DECODE_OPTION_QUORUM:
		status = set_number(option, text, 1, GUARDIANS_MAX, &number);
		out->quorum = (uint8_t)number;
		return status;
	case DECODE_OPTION_SHRED_VERSION:
		status = set_number(option, text, 1, UINT16_MAX, &number);
		out->shred_version = (uint16_t)number;
		return status;
	default:
		return decoder->decode == fields_decode ? set_field(option, text, out) : set_pointer(option, text, out);
	}
}

int decode_read_options(const char *const texts[DECODE_OPTION_MAX], const struct decoder *decoder,
			struct decode_options *out)
{
	bool places = decoder_accepts(decoder, known[DECODE_OPTION_PUBLISHED].name);

	*out = (struct decode_options){0};
	for (enum decode_option i = 0; i < DECODE_OPTION_MAX; i++) {
		int status;

		if (!texts[i])
			continue;
		if (!decoder_accepts(decoder, known[i].name)) {
			fprintf(stderr, "pricelag decode: %s has no --%s\n", decoder->name, known[i].flag);
			return EXIT_USAGE;
		}
		status = set_one(i, texts[i], decoder, out);
		if (status)
			return status;
	}
	decode_default_quorum(out);
	if (!places || texts[DECODE_OPTION_PRICE] || texts[DECODE_OPTION_KEY] || texts[DECODE_OPTION_PUBLISHED])
		return EXIT_OK;
	fprintf(stderr, "pricelag decode: at least one of --price --key --published is needed for %s\n", decoder->name);
	return EXIT_USAGE;
}
