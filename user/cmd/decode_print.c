// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/decode_parts.h"

#include <json-c/json_tokener.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/json.h"
#include "cmd/cmd.h"
#include "feed/build.h"

static const char *const signatures[] = {
	[FEED_SIGNATURE_UNCHECKED] = "unchecked", [FEED_SIGNATURE_VERIFIED] = "verified", [FEED_SIGNATURE_BAD] = "bad"};

/* Of the whole message: wrong if any part's is, verified if every part's is. */
static const char *signature(const struct decode_printer *printer)
{
	if (printer->bad)
		return signatures[FEED_SIGNATURE_BAD];
	return signatures[printer->count && printer->verified == printer->count ? FEED_SIGNATURE_VERIFIED
										: FEED_SIGNATURE_UNCHECKED];
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------- */

static struct json_object *text_or_null(const char *text)
{
	return *text ? json_object_new_string(text) : NULL;
}

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

static struct json_object *detail_value(const struct feed_detail *detail)
{
	if (!detail->text[0])
		return NULL;
	return detail->is_text ? json_object_new_string(detail->text) : json_tokener_parse(detail->text);
}

static void add_details(struct json_object *out, const struct feed_details *details)
{
	for (unsigned i = 0; details && i < details->count; i++) {
		const struct feed_detail *d = &details->list[i];

		json_object_object_add(out, d->name, detail_value(d));
	}
}

static struct json_object *message_json(const struct feed_message *m)
{
	struct json_object *out = json_object_new_object();

	json_object_object_add(out, "id", text_or_null(m->id));
	json_object_object_add(out, "key", text_or_null(m->key));
	json_object_object_add(out, "mantissa", text_or_null(m->mantissa));
	json_object_object_add(out, "exponent", m->has_exponent ? json_object_new_int(m->exponent) : NULL);
	json_object_object_add(out, "price", price_or_null(m->price));
	json_object_object_add(out, "published_ns", time_or_null(m->published_ns));
	json_object_object_add(out, "digest", text_or_null(m->digest));
	add_details(out, m->details);
	return out;
}

/* ---- table ---------------------------------------------------------------------------------------------------------- */

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

static void print_details(const struct feed_details *details)
{
	char text[FEED_TEXT_MAX];

	for (unsigned i = 0; details && i < details->count; i++) {
		if (!details->list[i].text[0])
			continue;
		json_printable(text, sizeof(text), details->list[i].text);
		printf("    %-22s %s\n", details->list[i].name, text);
	}
}

/* ------------------------------------------------------------------------------------------------------------------- */

void decode_printer_begin(struct decode_printer *printer, const char *type, bool json)
{
	*printer = (struct decode_printer){.type = type, .messages = json ? json_object_new_array() : NULL};
}

void decode_printer_message(void *context, const struct feed_message *message)
{
	struct decode_printer *printer = context;

	if (printer->messages) {
		json_object_array_add(printer->messages, message_json(message));
	} else {
		if (!printer->count)
			printf("%-20s %-20s %16s  %-16s %s\n", "id", "key", "price", "mantissa", "published");
		print_row(message);
		print_details(message->details);
	}
	printer->count++;
	printer->verified += message->signature == FEED_SIGNATURE_VERIFIED;
	printer->bad += message->signature == FEED_SIGNATURE_BAD;
}

/* A block has no price: its hash is the id, and the part of it the key. */
void decode_printer_block(void *printer, const struct block_message *block)
{
	bool whole = block->part == BLOCK_PART_WHOLE;
	struct feed_details details = {.count = 0};
	struct feed_message message;

	message_clear(&message);
	message.published_ns = block->published_ns;
	message.details = &details;
	message_set_id(&message, block->hash);
	if (!whole)
		snprintf(message.key, sizeof(message.key), "%lld", (long long)block->part);
	details_text(&details, "kind", block_kinds[block->kind].name);
	if (block->has_number)
		details_uint(&details, "number", block->number);
	else
		details_null(&details, "number");
	if (whole)
		details_null(&details, "part");
	else
		details_int(&details, "part", block->part);
	if (block->parts_needed)
		details_uint(&details, "parts_needed", block->parts_needed);
	else
		details_null(&details, "parts_needed");
	details_text(&details, "hash", block->hash);
	details_text(&details, "parent", block->parent);
	decode_printer_message(printer, &message);
}

static void print_document(struct decode_printer *printer)
{
	struct json_object *document = json_object_new_object();

	json_object_object_add(document, "schema", json_object_new_string("pricelag.decode/1"));
	json_object_object_add(document, "type", json_object_new_string(printer->type));
	json_object_object_add(document, "messages", printer->messages);
	json_object_object_add(document, "signature", json_object_new_string(signature(printer)));
	puts(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
}

int decode_printer_end(struct decode_printer *printer, int ret, const struct error *err)
{
	if (printer->messages)
		print_document(printer);
	else if (printer->count)
		printf("signature: %s\n", signature(printer));
	else if (!ret)
		puts("nothing of interest in this message: an acknowledgement, a heartbeat or the like");
	if (ret < 0)
		fprintf(stderr, "pricelag decode: %s: %s\n", printer->type, err->text);
	return ret < 0 ? EXIT_FAILED : EXIT_OK;
}
