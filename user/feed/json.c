// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Decoder `json`: RFC 6901 pointers say where each update's asset, price, key and time stand.
 *
 * An element without the price (or, where no price is configured, without the key, or without the time) is no update:
 * acknowledgements and heartbeats share the connection with the data.
 */
#include <errno.h>
#include <string.h>

#include "base/json.h"
#include "feed/build.h"
#include "feed/decoder.h"
#include "feed/timestamp.h"

/* Where the element stands, for messages: "/data/3". */
struct place {
	const char *each;
	size_t index;
	bool in_list;
};

static int fault(const struct place *place, const char *pointer, struct error *err, const char *what)
{
	if (place->in_list)
		return error_set(err, -EBADMSG, "%s/%zu%s: %s", place->each, place->index, pointer, what);
	return error_set(err, -EBADMSG, "%s%s: %s", place->each, pointer, what);
}

static struct json_object *find(struct json_object *element, const char *pointer)
{
	return *pointer ? json_at(element, pointer) : NULL;
}

static int read_price(struct feed_message *message, struct json_object *value, const char *pointer,
		      const struct place *place, struct error *err)
{
	struct decimal price;
	const char *text = json_number_text(value);

	if (!text)
		return fault(place, pointer, err, "a price is a number of up to 64 bits, a decimal, or text holding a number");
	switch (decimal_parse(text, &price)) {
	case 0:
		break;
	case -ERANGE:
		return fault(place, pointer, err, "more than 80 digits, or an exponent beyond 308");
	default:
		return fault(place, pointer, err, "text that is no number");
	}
	if (message_set_price(message, &price))
		return fault(place, pointer, err, "a number beyond a double");
	return 0;
}

static int read_time(struct feed_message *message, struct json_object *value, enum time_unit unit, const char *pointer,
		     const struct place *place, struct error *err)
{
	struct decimal number;
	const char *text = json_number_text(value);
	int ret;

	if (!text)
		return fault(place, pointer, err, "a time is a number, or ISO 8601 text");
	ret = decimal_parse(text, &number);
	if (!ret)
		ret = decimal_time_ns(&number, time_unit_exponent(unit), &message->published_ns);
	else if (ret == -EINVAL && json_object_is_type(value, json_type_string))
		ret = timestamp_parse_iso(text, &message->published_ns);
	if (ret == -ERANGE)
		return fault(place, pointer, err, "a time beyond 64 bits of nanoseconds; see published's unit");
	return ret ? fault(place, pointer, err, "neither a number nor ISO 8601 text with a zone (…Z)") : 0;
}

/* 1 if the element is an update, 0 if it is none. */
static int read_element(const struct decode_options *o, struct json_object *element, const struct place *place,
			struct feed_message *message, struct error *err)
{
	struct json_object *asset = find(element, o->asset), *price = find(element, o->price);
	struct json_object *key = find(element, o->key), *published = find(element, o->published);
	const char *text;

	if (!(*o->price ? price : *o->key ? key : published))
		return 0;
	message_clear(message);
	if (*o->asset) {
		text = json_number_text(asset);
		if (!text || message_set_id(message, text))
			return fault(place, o->asset, err, "no asset: text or a number of up to 95 characters belongs here");
	}
	if (key) {
		text = json_number_text(key);
		if (!text || message_set_key(message, text))
			return fault(place, o->key, err, "a key is text or a number of up to 95 characters");
	}
	if (price && read_price(message, price, o->price, place, err))
		return -EBADMSG;
	if (published && read_time(message, published, o->published_unit, o->published, place, err))
		return -EBADMSG;
	return 1;
}

int json_decode(const struct decode_options *options, const uint8_t *data, size_t len, decode_emit_fn emit, void *context,
		struct error *err)
{
	struct json_object *root, *list;
	struct place place = {.each = options->each};
	struct error later;
	size_t count = 1;
	int updates = 0, ret, first_fault = 0;

	ret = json_read(&root, data, len, err);
	if (ret)
		return ret;
	list = json_at(root, options->each);
	place.in_list = json_object_is_type(list, json_type_array);
	if (place.in_list) {
		count = json_object_array_length(list);
	} else if (!list) {
		count = 0;
	} else if (!json_object_is_type(list, json_type_object)) {
		first_fault = fault(&place, "", err, "`each` is to point to an array or an object");
		count = 0;
	}
	for (place.index = 0; place.index < count; place.index++) {
		struct feed_message message;

		ret = read_element(options, place.in_list ? json_object_array_get_idx(list, place.index) : list, &place,
				   &message, first_fault ? &later : err);
		if (ret < 0)
			first_fault = ret;
		if (ret <= 0)
			continue;
		emit(context, &message);
		updates++;
	}
	json_object_put(root);
	return first_fault ? first_fault : updates;
}
