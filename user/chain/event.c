// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/keccak.h"
#include "feed/build.h"
#include "feed/timestamp.h"

/* An event fills what the log's topics and data words say; the price's mantissa goes to `mantissa`. */
struct event {
	const char *signature;
	enum oracle_type type;
	size_t topics, words; /* how many it has at least */
	void (*read)(const struct event_log *log, struct feed_message *message, char mantissa[FEED_TEXT_MAX]);
};

static int64_t word_seconds_ns(const uint8_t word[ABI_WORD])
{
	uint64_t seconds;

	return abi_uint64(word, &seconds) ? abi_seconds_ns(seconds) : TIME_UNKNOWN;
}

/* AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt) */
static void read_answer_updated(const struct event_log *log, struct feed_message *message, char mantissa[FEED_TEXT_MAX])
{
	abi_int256_text(log->topics[1], mantissa);
	abi_uint256_text(log->topics[2], message->key);
	message->published_ns = word_seconds_ns(log->words[0]);
}

/* NewTransmission(uint32 indexed aggregatorRoundId, int192 answer, address transmitter, uint32 observationsTimestamp, …) */
static void read_ocr2(const struct event_log *log, struct feed_message *message, char mantissa[FEED_TEXT_MAX])
{
	abi_int256_text(log->words[0], mantissa);
	abi_uint256_text(log->topics[1], message->key);
	message->published_ns = word_seconds_ns(log->words[2]);
}

/* NewTransmission(uint32 indexed aggregatorRoundId, int192 answer, address transmitter, …): no time of observation */
static void read_ocr1(const struct event_log *log, struct feed_message *message, char mantissa[FEED_TEXT_MAX])
{
	abi_int256_text(log->words[0], mantissa);
	abi_uint256_text(log->topics[1], message->key);
}

/* NewRound(uint256 indexed roundId, address indexed startedBy, uint256 startedAt); who started it is read by update.c */
static void read_new_round(const struct event_log *log, struct feed_message *message, char mantissa[FEED_TEXT_MAX])
{
	(void)mantissa;
	abi_uint256_text(log->topics[1], message->key);
	message->published_ns = word_seconds_ns(log->words[0]);
}

/* PriceFeedUpdate(bytes32 indexed id, uint64 publishTime, int64 price, uint64 conf) */
static void read_pyth(const struct event_log *log, struct feed_message *message, char mantissa[FEED_TEXT_MAX])
{
	hex_encode(log->topics[1], ABI_WORD, message->id);
	abi_uint256_text(log->words[0], message->key);
	abi_int256_text(log->words[1], mantissa);
	message->published_ns = word_seconds_ns(log->words[0]);
}

/* ValueUpdate(bytes32 indexed id, uint64 timestampNs, int192 quantizedValue) */
static void read_stork(const struct event_log *log, struct feed_message *message, char mantissa[FEED_TEXT_MAX])
{
	uint64_t ns;

	hex_encode(log->topics[1], ABI_WORD, message->id);
	abi_uint256_text(log->words[0], message->key);
	abi_int256_text(log->words[1], mantissa);
	if (abi_uint64(log->words[0], &ns) && ns <= INT64_MAX)
		message->published_ns = (int64_t)ns;
}

/* Poked(address indexed caller, uint128 val, uint32 age): age is the time of the observation */
static void read_chronicle(const struct event_log *log, struct feed_message *message, char mantissa[FEED_TEXT_MAX])
{
	abi_int256_text(log->words[0], mantissa);
	abi_uint256_text(log->words[1], message->key);
	message->published_ns = word_seconds_ns(log->words[1]);
}

static const struct event events[EVENT_COUNT] = {
	[EVENT_ANSWER_UPDATED] = {"AnswerUpdated(int256,uint256,uint256)", ORACLE_CHAINLINK, 3, 1, read_answer_updated},
	[EVENT_OCR2_TRANSMISSION] = {"NewTransmission(uint32,int192,address,uint32,int192[],bytes,int192,bytes32,uint40)",
				     ORACLE_CHAINLINK, 2, 8, read_ocr2},
	[EVENT_OCR1_TRANSMISSION] = {"NewTransmission(uint32,int192,address,int192[],bytes,bytes32)", ORACLE_CHAINLINK, 2, 5,
				     read_ocr1},
	[EVENT_NEW_ROUND] = {"NewRound(uint256,address,uint256)", ORACLE_CHAINLINK, 3, 1, read_new_round},
	[EVENT_PYTH_UPDATE] = {"PriceFeedUpdate(bytes32,uint64,int64,uint64)", ORACLE_PYTH_EVM, 2, 3, read_pyth},
	[EVENT_STORK_UPDATE] = {"ValueUpdate(bytes32,uint64,int192)", ORACLE_STORK, 2, 2, read_stork},
	[EVENT_CHRONICLE_POKED] = {"Poked(address,uint128,uint32)", ORACLE_CHRONICLE, 2, 2, read_chronicle},
};

void event_topics_init(struct event_topics *topics)
{
	for (int i = 0; i < EVENT_COUNT; i++)
		keccak256(events[i].signature, strlen(events[i].signature), topics->topic0[i]);
}

enum oracle_type event_oracle_type(enum event_id event)
{
	return events[event].type;
}

int event_read_hash(struct json_object *value, char out[HASH_TEXT])
{
	uint8_t bytes[32];

	if (abi_bytes(json_text(value), bytes, sizeof(bytes)))
		return -EBADMSG;
	out[0] = '0';
	out[1] = 'x';
	hex_encode(bytes, sizeof(bytes), out + 2);
	return 0;
}

/* Keeps the first words of the data; the rest (observations, signatures) is not needed, but its hex must be even. */
static int read_data(const char *text, struct event_log *out)
{
	size_t digits, words;

	if (!text || text[0] != '0' || text[1] != 'x')
		return -EBADMSG;
	digits = strlen(text + 2);
	if (digits % 2)
		return -EBADMSG;
	words = digits / (2 * ABI_WORD);
	out->word_count = words < LOG_WORDS_MAX ? words : LOG_WORDS_MAX;
	for (size_t i = 0; i < out->word_count; i++) {
		if (hex_decode(text + 2 + i * 2 * ABI_WORD, 2 * ABI_WORD, out->words[i], ABI_WORD) != ABI_WORD)
			return -EBADMSG;
	}
	return 0;
}

int event_read_log(struct json_object *object, struct event_log *out)
{
	struct json_object *topics = json_member(object, "topics"), *time = json_member(object, "blockTimestamp");
	struct json_object *removed;
	uint64_t index, seconds;

	memset(out, 0, sizeof(*out));
	out->block_ns = TIME_UNKNOWN;
	if (abi_bytes(json_text(json_member(object, "address")), out->address, sizeof(out->address)) ||
	    abi_block_number(json_text(json_member(object, "blockNumber")), &out->block_number) ||
	    abi_quantity(json_text(json_member(object, "logIndex")), &index) || index > UINT32_MAX ||
	    event_read_hash(json_member(object, "blockHash"), out->block_hash) ||
	    event_read_hash(json_member(object, "transactionHash"), out->tx_hash) ||
	    read_data(json_text(json_member(object, "data")), out) || !json_object_is_type(topics, json_type_array))
		return -EBADMSG;
	out->log_index = (uint32_t)index;
	out->topic_count = json_object_array_length(topics);
	if (out->topic_count > LOG_TOPICS_MAX)
		return -EBADMSG;
	for (size_t i = 0; i < out->topic_count; i++) {
		if (abi_bytes(json_text(json_object_array_get_idx(topics, i)), out->topics[i], ABI_WORD))
			return -EBADMSG;
	}
	if (time) {
		if (abi_quantity(json_text(time), &seconds))
			return -EBADMSG;
		out->block_ns = abi_seconds_ns(seconds);
	}
	removed = json_member(object, "removed");
	out->removed = json_object_is_type(removed, json_type_boolean) && json_object_get_boolean(removed);
	return 0;
}

enum event_id event_find(const struct event_topics *topics, const struct event_log *log)
{
	int i = 0;

	while (i < EVENT_COUNT && (!log->topic_count || memcmp(topics->topic0[i], log->topics[0], ABI_WORD)))
		i++;
	return (enum event_id)i;
}

int event_decode(enum event_id id, const struct event_log *log, struct feed_message *out, struct decimal *price)
{
	const struct event *event = &events[id];

	if (log->topic_count < event->topics || log->word_count < event->words)
		return -EBADMSG;
	message_clear(out);
	*price = (struct decimal){0};
	event->read(log, out, price->mantissa);
	return 0;
}

/* ---- events that a site describes ----------------------------------------------------------------------------------- */

int event_place_parse(const char *text, struct event_place *out)
{
	bool topic = !strncmp(text, "topic", 5);
	const char *digit = text + (topic ? 5 : 4);

	if ((!topic && strncmp(text, "data", 4)) || digit[0] < '0' || digit[0] > '9' || digit[1])
		return -EINVAL;
	*out = (struct event_place){.set = true, .topic = topic, .index = (uint8_t)(digit[0] - '0')};
	return (topic ? out->index >= 1 && out->index < LOG_TOPICS_MAX : out->index < LOG_WORDS_MAX) ? 0 : -EINVAL;
}

int event_signature_check(const char *text)
{
	size_t name = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_$");
	size_t types = strspn(text + name, "abcdefghijklmnopqrstuvwxyz0123456789,[]()");

	return name && text[name] == '(' && types >= 2 && text[name + types - 1] == ')' && !text[name + types] ? 0 : -EINVAL;
}

void event_topic0(const struct oracle_event *event, uint8_t topic0[ABI_WORD])
{
	keccak256(event->signature, strlen(event->signature), topic0);
}

/* NULL where the log is too short for the place. */
static const uint8_t *word_at(const struct event_log *log, struct event_place place)
{
	if (place.topic)
		return place.index < log->topic_count ? log->topics[place.index] : NULL;
	return place.index < log->word_count ? log->words[place.index] : NULL;
}

static int64_t time_ns(uint64_t value, enum time_unit unit)
{
	int64_t ns = value <= INT64_MAX ? (int64_t)value : -1;

	for (int digits = 9 + time_unit_exponent(unit); digits > 0 && ns >= 0; digits--)
		if (__builtin_mul_overflow(ns, 10, &ns))
			ns = -1;
	return ns < 0 ? TIME_UNKNOWN : ns;
}

int event_decode_described(const struct oracle_event *event, const struct event_log *log, struct feed_message *out,
			   struct decimal *price)
{
	const struct event_place places[] = {event->price, event->key, event->published, event->id};
	uint64_t time;

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].set && !word_at(log, places[i]))
			return -EBADMSG;
	message_clear(out);
	*price = (struct decimal){0};
	abi_int256_text(word_at(log, event->price), price->mantissa);
	if (event->key.set)
		abi_uint256_text(word_at(log, event->key), out->key);
	if (event->id.set)
		hex_encode(word_at(log, event->id), ABI_WORD, out->id);
	if (event->published.set && abi_uint64(word_at(log, event->published), &time))
		out->published_ns = time_ns(time, event->published_unit);
	return 0;
}
