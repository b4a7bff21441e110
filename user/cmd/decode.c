// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag decode: one message through one decoder, for whoever debugs a feed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "cmd/cmd.h"
#include "cmd/decode_parts.h"
#include "cmd/site_parts.h"
#include "feed/preset.h"
#include "feed/calldata.h"
#include "solana/decode.h"

#define INPUT_MAX (16 << 20) /* a subscriber's largest message */

enum { KEY_JSON = 0x100, KEY_LIST, KEY_OPTION };

static const struct argp_option options[] = {
	{"json", KEY_JSON, 0, 0, "One JSON document instead of a table", 0},
	{"list", KEY_LIST, 0, 0, "The types and presets there are", 0},
	{0, 0, 0, 0, "What a feed's decode: says, for the types that take it (PLACE: an RFC 6901 pointer for json, u32le@0 and "
		     "the like for fields):", 1},
#define X(ID, name, flag, value, help) {flag, KEY_OPTION + DECODE_OPTION_##ID, value, 0, help, 0},
	DECODE_OPTIONS(X)
#undef X
	{0},
};

struct arguments {
	bool json, list;
	const char *type, *input;
	const char *texts[DECODE_OPTION_MAX];
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *args = state->input;

	switch (key) {
	case KEY_JSON:
		args->json = true;
		return 0;
	case KEY_LIST:
		args->list = true;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_error(state, "one message at a time: '%s' is too much", value);
		*(state->arg_num ? &args->input : &args->type) = value;
		return 0;
	case ARGP_KEY_END:
		if (!args->list && !args->input)
			argp_error(state, "a type and a message belong here; --list shows the types");
		return 0;
	default:
		if (key < KEY_OPTION || key >= KEY_OPTION + DECODE_OPTION_MAX)
			return ARGP_ERR_UNKNOWN;
		args->texts[key - KEY_OPTION] = value;
		return 0;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "TYPE HEX|@FILE",
	.doc = "Sends one message through one decoder.\v"
	       "HEX is the message's bytes in hexadecimal; text that starts with { or [ is taken as it is; @FILE reads the "
	       "bytes of a file, @- standard input.\n\n"
	       "TYPE may be a preset, which needs no options.\n\n"
	       "  pricelag decode binance-trade '{\"s\":\"ETHUSDT\",\"p\":\"2999.12\",\"t\":7,\"E\":1763899200123}'\n"
	       "  pricelag decode json '{\"s\":\"ETH\",\"p\":\"2999.12\"}' --asset /s --price /p\n"
	       "  pricelag decode fields 0100000040e20100 --key u32le@0 --price i32le@4",
};

/* What a type is for: the role of a feed, or `decode` alone. */
typedef void (*each_type_fn)(void *context, const char *name, const char *role, const char *help, int help_len);

static void each_type(each_type_fn each, void *context)
{
	for (const struct decoder *d = decoders; d->name; d++)
		each(context, d->name, "oracle", d->help, (int)strlen(d->help));
	for (const struct block_decoder *d = block_decoders; d->name; d++)
		each(context, d->name, "block", d->help, (int)strlen(d->help));
	for (const struct decoder *d = packet_decoders; d->name; d++)
		each(context, d->name, "block", d->help, (int)strlen(d->help));
	each(context, calldata_decoder.name, "none", calldata_decoder.help, (int)strlen(calldata_decoder.help));
	for (const struct decoder *d = solana_decoders; d->name; d++)
		each(context, d->name, "none", d->help, (int)strlen(d->help));
	for (const struct preset *p = presets; p->name; p++) /* the first line is `# what it reads` */
		each(context, p->name, "preset", p->text + 2, (int)strcspn(p->text, "\n") - 2);
}

static void print_type(void *context, const char *name, const char *role, const char *help, int help_len)
{
	fprintf(context, "  %-27s %-7s %.*s\n", name, role, help_len, help);
}

static void list_types(FILE *out)
{
	fprintf(out, "  %-27s %-7s %s\n", "type", "role", "(preset: decode: {preset: NAME} in site.yaml)");
	each_type(print_type, out);
}

static void add_type(void *context, const char *name, const char *role, const char *help, int help_len)
{
	struct json_object *type = json_object_new_object();

	json_object_object_add(type, "name", json_object_new_string(name));
	json_object_object_add(type, "role", json_object_new_string(role));
	json_object_object_add(type, "help", json_object_new_string_len(help, help_len));
	json_object_array_add(context, type);
}

static void print_types_json(void)
{
	struct json_object *document = json_object_new_object(), *types = json_object_new_array();

	each_type(add_type, types);
	json_object_object_add(document, "schema", json_object_new_string("pricelag.decode-types/1"));
	json_object_object_add(document, "types", types);
	puts(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
}

static int read_file(const char *path, uint8_t *out, size_t *len, struct error *err)
{
	FILE *in = strcmp(path, "-") ? fopen(path, "rb") : stdin;
	int failed;

	if (!in)
		return error_set(err, -errno, "%s: %s", path, strerror(errno));
	*len = fread(out, 1, INPUT_MAX + 1, in);
	failed = ferror(in) ? errno : 0;
	if (in != stdin)
		fclose(in);
	if (failed)
		return error_set(err, -failed, "%s: %s", path, strerror(failed));
	return *len > INPUT_MAX ? error_set(err, -EFBIG, "%s: more than 16 MiB is no message", path) : 0;
}

static int read_input(const char *text, uint8_t *out, size_t *len, struct error *err)
{
	long bytes;

	if (*text == '@')
		return read_file(text + 1, out, len, err);
	*len = strlen(text);
	if (*len > INPUT_MAX)
		return error_set(err, -EFBIG, "more than 16 MiB is no message");
	if (*text == '{' || *text == '[') {
		memcpy(out, text, *len);
		return 0;
	}
	bytes = hex_decode(text, *len, out, INPUT_MAX);
	if (bytes < 0)
		return error_set(err, -EINVAL, "the message is neither hex (an even number of digits), nor text with { or [ in "
					       "front, nor @FILE");
	*len = (size_t)bytes;
	return 0;
}

/* Prices, or packets that the kernel aggregates. */
static int decode_prices(const struct arguments *args, const struct decoder *decoder, const struct decode_options *how,
			 const uint8_t *data, size_t len)
{
	struct decode_printer printer;
	struct error err = {0};
	int ret;

	decode_printer_begin(&printer, args->type, args->json);
	ret = decoder->decode(how, data, len, decode_printer_message, &printer, &err);
	return decode_printer_end(&printer, ret, &err);
}

static int decode_blocks(const struct arguments *args, const struct block_decoder *decoder, const uint8_t *data, size_t len)
{
	struct decode_printer printer;
	struct error err = {0};
	int ret;

	decode_printer_begin(&printer, decoder->name, args->json);
	ret = decoder->decode(data, len, decode_printer_block, &printer, &err);
	return decode_printer_end(&printer, ret, &err);
}

/* How a type decodes: one of the three. */
struct how {
	const struct decoder *decoder;
	const struct block_decoder *block_decoder;
	struct decode_options options;
	bool preset; /* the options are its own */
};

static int refuse_options(const struct arguments *args)
{
	for (int i = 0; i < DECODE_OPTION_MAX; i++) {
		if (args->texts[i]) {
			fprintf(stderr, "pricelag decode: %s is a preset: it says all that there is to say, and takes no options\n",
				args->type);
			return EXIT_USAGE;
		}
	}
	return EXIT_OK;
}

static int find_how(const struct arguments *args, struct how *out)
{
	struct error err;
	int status = site_preset(args->type, &out->decoder, &out->options, &err);

	if (status && status != -ENOENT) {
		fprintf(stderr, "pricelag decode: %s\n", err.text);
		return EXIT_FAILED;
	}
	out->preset = !status;
	if (out->preset)
		return EXIT_OK;
	out->decoder = decoder_find(args->type);
	if (!out->decoder)
		out->decoder = packet_decoder_find(args->type);
	if (!out->decoder)
		out->decoder = solana_decoder_find(args->type);
	if (!out->decoder && !strcmp(args->type, calldata_decoder.name))
		out->decoder = &calldata_decoder;
	out->block_decoder = block_decoder_find(args->type);
	if (out->decoder || out->block_decoder)
		return EXIT_OK;
	fprintf(stderr, "pricelag decode: unknown type '%s'; there are:\n", args->type);
	list_types(stderr);
	return EXIT_USAGE;
}

int cmd_decode(int argc, char **argv)
{
	struct arguments args = {0};
	struct how how = {0};
	struct error err;
	uint8_t *data;
	size_t len = 0;
	int status;

	if (argp_parse(&parser, argc, argv, 0, NULL, &args))
		return EXIT_USAGE;
	if (args.list) {
		if (args.json)
			print_types_json();
		else
			list_types(stdout);
		return EXIT_OK;
	}
	status = find_how(&args, &how);
	if (status)
		return status;
	data = malloc(INPUT_MAX + 1);
	if (!data) {
		fprintf(stderr, "pricelag decode: no memory\n");
		return EXIT_FAILED;
	}
	status = read_input(args.input, data, &len, &err);
	if (status) {
		fprintf(stderr, "pricelag decode: %s\n", err.text);
		status = status == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	} else if (!how.decoder) {
		status = decode_blocks(&args, how.block_decoder, data, len);
	} else {
		status = how.preset ? refuse_options(&args) : decode_read_options(args.texts, how.decoder, &how.options);
		how.options.explain = true;
		if (!status)
			status = decode_prices(&args, how.decoder, &how.options, data, len);
	}
	free(data);
	return status;
}
