// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag decode: one message through one decoder, for whoever debugs a feed. */
#include <ctype.h>
#include <errno.h>
#include <json-c/json_object.h>
#include <json-c/linkhash.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "feed/block.h"
#include "feed/decoder.h"
#include "feed/timestamp.h"
#include "shred.bpf.h"

#define INPUT_MAX   (16 << 20) /* a subscriber's largest message */
#define SHRED_TYPE  "solana-shred" /* no decoder: packets are aggregated in the kernel; shown here through the same parser */

enum { KEY_JSON = 0x100, KEY_LIST, KEY_EACH, KEY_ASSET, KEY_PRICE, KEY_KEY, KEY_PUBLISHED, KEY_UNIT, KEY_EXPONENT, KEY_VERSION };

static const struct argp_option options[] = {
	{"json", KEY_JSON, 0, 0, "One JSON document instead of a table", 0},
	{"list", KEY_LIST, 0, 0, "The types there are", 0},
	{0, 0, 0, 0, "Where json and fields find the values (RFC 6901 pointers, or u32le@0 and the like):", 1},
	{"each", KEY_EACH, "POINTER", 0, "json: the list of updates, or the one update", 0},
	{"asset", KEY_ASSET, "PLACE", 0, 0, 0},
	{"price", KEY_PRICE, "PLACE", 0, 0, 0},
	{"key", KEY_KEY, "PLACE", 0, "What tells one update of an asset from the next: sequence, round, publish time", 0},
	{"published", KEY_PUBLISHED, "PLACE", 0, 0, 0},
	{"unit", KEY_UNIT, "UNIT", 0, "Of published: s (default), ms, us, ns", 0},
	{"exponent", KEY_EXPONENT, "N", 0, "fields: the price is the field times 10^N", 0},
	{"shred-version", KEY_VERSION, "N", 0, SHRED_TYPE ": refuse shreds of other clusters", 2},
	{0},
};

struct arguments {
	bool json, list;
	const char *type, *input;
	const char *places[KEY_PUBLISHED - KEY_EACH + 1]; /* by key - KEY_EACH */
	const char *unit, *exponent;
	long shred_version;
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
	struct arguments *args = state->input;
	char *end;

	switch (key) {
	case KEY_JSON:
		args->json = true;
		return 0;
	case KEY_LIST:
		args->list = true;
		return 0;
	case KEY_EACH:
	case KEY_ASSET:
	case KEY_PRICE:
	case KEY_KEY:
	case KEY_PUBLISHED:
		args->places[key - KEY_EACH] = value;
		return 0;
	case KEY_UNIT:
		args->unit = value;
		return 0;
	case KEY_EXPONENT:
		args->exponent = value;
		return 0;
	case KEY_VERSION:
		args->shred_version = strtol(value, &end, 10);
		if (!*value || *end || args->shred_version < 1 || args->shred_version > UINT16_MAX)
			argp_error(state, "--shred-version is a number from 1 to 65535");
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
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.args_doc = "TYPE HEX|@FILE",
	.doc = "Sends one message through one decoder.\v"
	       "HEX is the message's bytes in hexadecimal; text that starts with { or [ is taken as it is; @FILE reads the "
	       "bytes of a file, @- standard input.\n\n"
	       "  pricelag decode json '{\"s\":\"ETH\",\"p\":\"2999.12\"}' --asset /s --price /p\n"
	       "  pricelag decode fields 0100000040e20100 --key u32le@0 --price i32le@4",
};

/* ---- what to decode ------------------------------------------------------------------------------------------------- */

static void list_types(FILE *out)
{
	for (const struct decoder *d = decoders; d->name; d++)
		fprintf(out, "  %-16s %s\n", d->name, d->help);
	for (const struct block_decoder *d = block_decoders; d->name; d++)
		fprintf(out, "  %-16s %s\n", d->name, d->help);
	fprintf(out, "  %-16s %s\n", SHRED_TYPE, "one Solana shred (Turbine): its place in slot and FEC set");
}

static int wrong_usage(const char *text, const char *what)
{
	fprintf(stderr, "pricelag decode: %s%s\n", what, text);
	return EXIT_USAGE;
}

static bool accepts(const struct decoder *decoder, const char *name)
{
	for (const char *const *o = decoder->options; *o; o++) {
		if (!strcmp(*o, name))
			return true;
	}
	return false;
}

/* One place (pointer or field) into the options; texts for json, specs for fields. */
static int set_place(struct decode_options *out, const struct decoder *decoder, int key, const char *value)
{
	static const char *const names[] = {"each", "asset", "price", "key", "published"};
	char *const texts[] = {out->each, out->asset, out->price, out->key, out->published};
	struct field_spec *const specs[] = {NULL, &out->field_asset, &out->field_price, &out->field_key,
					    &out->field_published};
	int i = key - KEY_EACH;

	if (!accepts(decoder, names[i])) {
		fprintf(stderr, "pricelag decode: %s has no --%s\n", decoder->name, names[i]);
		return EXIT_USAGE;
	}
	if (decoder->decode == fields_decode) {
		if (!field_spec_parse(value, specs[i]))
			return EXIT_OK;
		fprintf(stderr, "pricelag decode: --%s %s: a field is u or i, 8 to 64 bits, le or be, @offset: u32le@0\n",
			names[i], value);
		return EXIT_USAGE;
	}
	if (!json_pointer_valid(value) || strlen(value) >= FEED_TEXT_MAX) {
		fprintf(stderr, "pricelag decode: --%s %s: an RFC 6901 pointer starts with /, like /data/0/price\n", names[i],
			value);
		return EXIT_USAGE;
	}
	strcpy(texts[i], value);
	return EXIT_OK;
}

static int read_options(const struct arguments *args, const struct decoder *decoder, struct decode_options *out)
{
	bool any = false;
	char *end;
	long exponent;
	int status;

	*out = (struct decode_options){0};
	for (int key = KEY_EACH; key <= KEY_PUBLISHED; key++) {
		const char *value = args->places[key - KEY_EACH];

		if (!value)
			continue;
		any |= key != KEY_EACH;
		status = set_place(out, decoder, key, value);
		if (status)
			return status;
	}
	if (*decoder->options && !any)
		return wrong_usage(decoder->name, "at least one of --price --key --published is needed for ");
	if (args->unit && (!accepts(decoder, "published") || time_unit_parse(args->unit, &out->published_unit)))
		return wrong_usage(args->unit, "--unit is s, ms, us or ns, of a type that has --published; not ");
	if (args->exponent) {
		exponent = strtol(args->exponent, &end, 10);
		if (!accepts(decoder, "exponent") || !*args->exponent || *end || exponent < -308 || exponent > 308)
			return wrong_usage(args->exponent, "--exponent is a number from -308 to 308, for fields; not ");
		out->exponent = (int)exponent;
		out->has_exponent = true;
	}
	return EXIT_OK;
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

/* ---- what came out -------------------------------------------------------------------------------------------------- */

struct printer {
	struct json_object *messages; /* NULL: a table */
	size_t count;
};

static struct json_object *time_or_null(int64_t ns)
{
	return ns == TIME_UNKNOWN ? NULL : json_object_new_int64(ns);
}

/* The shortest digits that read back as the same double. */
static struct json_object *price_or_null(double price)
{
	char text[32];

	if (isnan(price))
		return NULL;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, price);
		if (strtod(text, NULL) == price)
			break;
	}
	return json_object_new_double_s(price, text);
}

static struct json_object *message_json(const struct feed_message *m)
{
	struct json_object *out = json_object_new_object();

	json_object_object_add(out, "id", *m->id ? json_object_new_string(m->id) : NULL);
	json_object_object_add(out, "key", *m->key ? json_object_new_string(m->key) : NULL);
	json_object_object_add(out, "mantissa", *m->mantissa ? json_object_new_string(m->mantissa) : NULL);
	json_object_object_add(out, "exponent", m->has_exponent ? json_object_new_int(m->exponent) : NULL);
	json_object_object_add(out, "price", price_or_null(m->price));
	json_object_object_add(out, "published_ns", time_or_null(m->published_ns));
	return out;
}

static void format_time(int64_t ns, char *out, size_t size)
{
	int64_t seconds = ns / 1000000000 - (ns % 1000000000 < 0);
	time_t time = (time_t)seconds;
	struct tm tm;
	size_t used;

	if (ns == TIME_UNKNOWN || !gmtime_r(&time, &tm)) {
		snprintf(out, size, "-");
		return;
	}
	used = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(out + used, size - used, ".%09lldZ", (long long)(ns - seconds * 1000000000));
}

/* Ids and keys come from the message: nothing of them may steer the terminal. */
static void print_row(const struct feed_message *m)
{
	char id[FEED_TEXT_MAX], key[FEED_TEXT_MAX], price[32] = "-", exponent[16] = "", published[48];

	json_printable(id, sizeof(id), *m->id ? m->id : "-");
	json_printable(key, sizeof(key), *m->key ? m->key : "-");
	if (!isnan(m->price))
		snprintf(price, sizeof(price), "%.10g", m->price);
	if (m->has_exponent)
		snprintf(exponent, sizeof(exponent), "e%d", m->exponent);
	format_time(m->published_ns, published, sizeof(published));
	printf("%-20s %-20s %16s  %s%-8s %s\n", id, key, price, *m->mantissa ? m->mantissa : "-", exponent, published);
}

static void on_message(void *context, const struct feed_message *message)
{
	struct printer *printer = context;

	if (printer->messages)
		json_object_array_add(printer->messages, message_json(message));
	else if (!printer->count)
		printf("%-20s %-20s %16s  %-16s %s\n", "id", "key", "price", "mantissa", "published");
	if (!printer->messages)
		print_row(message);
	printer->count++;
}

static void print_document(const char *type, struct json_object *messages)
{
	struct json_object *document = json_object_new_object();

	json_object_object_add(document, "schema", json_object_new_string("pricelag.decode/1"));
	json_object_object_add(document, "type", json_object_new_string(type));
	json_object_object_add(document, "messages", messages);
	json_object_object_add(document, "signature", json_object_new_string("unchecked"));
	puts(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
}

/* One line for each value that there is. */
static void print_members(struct json_object *message)
{
	json_object_object_foreach(message, name, value) {
		if (value)
			printf("%-15s %s\n", name, json_object_get_string(value));
	}
}

static int decode_message(const struct arguments *args, const struct decoder *decoder, const uint8_t *data, size_t len)
{
	struct printer printer = {.messages = args->json ? json_object_new_array() : NULL};
	struct decode_options decode_options;
	struct error err = {0};
	int ret = read_options(args, decoder, &decode_options);

	if (ret) {
		json_object_put(printer.messages);
		return ret;
	}
	ret = decoder->decode(&decode_options, data, len, on_message, &printer, &err);
	if (args->json)
		print_document(decoder->name, printer.messages);
	else if (ret == 0)
		puts("no price update in this message");
	if (ret < 0)
		fprintf(stderr, "pricelag decode: %s: %s\n", decoder->name, err.text);
	return ret < 0 ? EXIT_FAILED : EXIT_OK;
}

/* ---- blocks --------------------------------------------------------------------------------------------------------- */

static struct json_object *block_json(const struct block_message *m)
{
	struct feed_message common = {.price = NAN, .published_ns = m->published_ns};
	struct json_object *out;

	snprintf(common.id, sizeof(common.id), "%s", m->hash);
	if (m->part != BLOCK_PART_WHOLE)
		snprintf(common.key, sizeof(common.key), "%lld", (long long)m->part);
	out = message_json(&common);
	json_object_object_add(out, "kind", json_object_new_string(block_kinds[m->kind].name));
	json_object_object_add(out, "number", m->has_number ? json_object_new_uint64(m->number) : NULL);
	json_object_object_add(out, "part", m->part != BLOCK_PART_WHOLE ? json_object_new_int64(m->part) : NULL);
	json_object_object_add(out, "parts_needed", m->parts_needed ? json_object_new_int64(m->parts_needed) : NULL);
	json_object_object_add(out, "hash", *m->hash ? json_object_new_string(m->hash) : NULL);
	json_object_object_add(out, "parent", *m->parent ? json_object_new_string(m->parent) : NULL);
	return out;
}

static void on_block(void *context, const struct block_message *message)
{
	json_object_array_add(context, block_json(message));
}

static int decode_block(const struct arguments *args, const struct block_decoder *decoder, const uint8_t *data, size_t len)
{
	struct json_object *messages = json_object_new_array();
	struct error err = {0};
	int ret = decoder->decode(data, len, on_block, messages, &err);

	if (args->json) {
		print_document(decoder->name, messages);
	} else {
		for (size_t i = 0; i < json_object_array_length(messages); i++) {
			if (i)
				putchar('\n');
			print_members(json_object_array_get_idx(messages, i));
		}
		if (!ret)
			puts("nothing about a block in this message");
		json_object_put(messages);
	}
	if (ret < 0)
		fprintf(stderr, "pricelag decode: %s: %s\n", decoder->name, err.text);
	return ret < 0 ? EXIT_FAILED : EXIT_OK;
}

/* ---- shreds --------------------------------------------------------------------------------------------------------- */

static struct json_object *shred_json(const struct shred *shred, const uint8_t *data)
{
	struct feed_message empty = {.price = NAN, .published_ns = TIME_UNKNOWN};
	struct json_object *out;

	snprintf(empty.id, sizeof(empty.id), "%llu", (unsigned long long)shred->slot);
	snprintf(empty.key, sizeof(empty.key), "%u", shred->index);
	out = message_json(&empty);
	json_object_object_add(out, "slot", json_object_new_uint64(shred->slot));
	json_object_object_add(out, "index", json_object_new_int64(shred->index));
	json_object_object_add(out, "fec_set_index", json_object_new_int64(shred->fec_set_index));
	json_object_object_add(out, "kind", json_object_new_string(shred->code ? "code" : "data"));
	json_object_object_add(out, "position", json_object_new_int(shred->bit % SHRED_SET_DATA));
	json_object_object_add(out, "shred_version", json_object_new_int(load_le16(data + 77)));
	json_object_object_add(out, "repair", json_object_new_boolean(shred->repair));
	if (!shred->code) {
		int flags = shred->flags;

		json_object_object_add(out, "reference_tick", json_object_new_int(flags & SHRED_TICK_MASK));
		json_object_object_add(out, "data_complete", json_object_new_boolean(flags & SHRED_FLAG_DATA_COMPLETE));
		json_object_object_add(out, "last_in_slot", json_object_new_boolean((flags & SHRED_FLAG_LAST_IN_SLOT) ==
										    SHRED_FLAG_LAST_IN_SLOT));
	}
	return out;
}

static int decode_shred(const struct arguments *args, const uint8_t *data, size_t len)
{
	struct json_object *messages, *message;
	struct shred shred;
	const char *reason = NULL;

	if (len > UINT32_MAX || !shred_length_fits((uint32_t)len))
		reason = "a shred has 1203 (data) or 1228 bytes (code), and four more with a repair nonce";
	else if (shred_read(data, (uint32_t)len, (uint16_t)args->shred_version, &shred) == SHRED_WRONG_VERSION)
		reason = "a shred of another version than --shred-version: another cluster";
	else if (shred_read(data, (uint32_t)len, 0, &shred) != SHRED_OK)
		reason = "no chained Merkle shred of a set of 32 data and 32 code shreds, the only kind that is live";
	if (reason) {
		fprintf(stderr, "pricelag decode: " SHRED_TYPE ": %s\n", reason);
		return EXIT_FAILED;
	}
	message = shred_json(&shred, data);
	if (args->json) {
		messages = json_object_new_array();
		json_object_array_add(messages, message);
		print_document(SHRED_TYPE, messages);
		return EXIT_OK;
	}
	print_members(message);
	json_object_put(message);
	return EXIT_OK;
}

int cmd_decode(int argc, char **argv)
{
	struct arguments args = {0};
	const struct block_decoder *block_decoder;
	const struct decoder *decoder;
	struct error err;
	uint8_t *data;
	size_t len = 0;
	int status;

	if (argp_parse(&parser, argc, argv, 0, NULL, &args))
		return EXIT_USAGE;
	if (args.list) {
		list_types(stdout);
		return EXIT_OK;
	}
	decoder = decoder_find(args.type);
	block_decoder = block_decoder_find(args.type);
	if (!decoder && !block_decoder && strcmp(args.type, SHRED_TYPE)) {
		fprintf(stderr, "pricelag decode: unknown type '%s'; there are:\n", args.type);
		list_types(stderr);
		return EXIT_USAGE;
	}
	data = malloc(INPUT_MAX + 1);
	if (!data) {
		fprintf(stderr, "pricelag decode: no memory\n");
		return EXIT_FAILED;
	}
	status = read_input(args.input, data, &len, &err);
	if (status) {
		fprintf(stderr, "pricelag decode: %s\n", err.text);
		status = status == -EINVAL ? EXIT_USAGE : EXIT_FAILED;
	} else if (decoder) {
		status = decode_message(&args, decoder, data, len);
	} else if (block_decoder) {
		status = decode_block(&args, block_decoder, data, len);
	} else {
		status = decode_shred(&args, data, len);
	}
	free(data);
	return status;
}
