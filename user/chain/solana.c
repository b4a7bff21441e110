// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "chain/solana.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base58.h"
#include "base/clock.h"
#include "base/json.h"

/* An id tells connection and place, so that answers can be told apart that nobody remembers to have asked for: those in a capture. */
#ifdef PL_SMALL_TABLES /* of the fuzzer, which makes thousands a second and is to fill them */
#define PLACES 32
#else
#define PLACES 65536
#endif
#define PLACE_SLOTS 0 /* slotsUpdates, or where it is refused … */
#define PLACE_SLOT 1  /* … slot */
#define PLACE_ACCOUNTS 2 /* one for each oracle; then, with config.logs, one for the transactions of each */

static int open_solana(struct chain *chain, struct error *err)
{
	size_t oracles = chain->config->oracle_count;
	struct solana *s;

	if (oracles > SOLANA_ORACLES_MAX)
		return error_set(err, -EINVAL, "chain %s: %zu oracles; at most %d", chain->config->name, oracles, SOLANA_ORACLES_MAX);
	s = calloc(1, sizeof(*s));
	chain->solana = s;
	if (!s)
		return -ENOMEM;
	s->subscription_count = PLACE_ACCOUNTS + (chain->config->logs ? 2 : 1) * oracles;
	s->subscriptions = calloc(s->subscription_count, sizeof(*s->subscriptions));
	s->warned = calloc(oracles + 1, sizeof(*s->warned));
	s->gap.accounts = calloc(oracles + 1, sizeof(*s->gap.accounts));
	return s->subscriptions && s->warned && s->gap.accounts ? 0 : -ENOMEM;
}

static void close_solana(struct chain *chain)
{
	if (!chain->solana)
		return;
	free(chain->solana->subscriptions);
	free(chain->solana->warned);
	free(chain->solana->recent);
	free(chain->solana->gap.accounts);
	free(chain->solana->gap.candidates);
	free(chain->solana);
}

void solana_warn(struct chain *chain, const char *format, ...)
{
	char text[640], printable[640];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_printable(printable, sizeof(printable), text);
	request_warn(chain, printable);
}

bool solana_number(struct json_object *value, uint64_t *out)
{
	int64_t number;

	if (!json_integer(value, &number) || number < 0 || number >> 62)
		return false;
	*out = (uint64_t)number;
	return true;
}

/* ---- subscribing ------------------------------------------------------------------------------------------------------ */

uint64_t solana_id(const struct solana *s, size_t place)
{
	return s->connection * PLACES + place;
}

static void subscribe_one(struct chain *chain, size_t place, const char *method, const char *params)
{
	char text[320];
	int len = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":\"%s\",\"params\":%s}",
			   solana_id(chain->solana, place), method, params);

	/* Where sending fails the connection is gone, and the next one subscribes again. */
	chain->callbacks.send(chain->callbacks.context, text, (size_t)len);
}

static void begin_connection(struct solana *s, uint64_t number)
{
	s->connection = number;
	memset(s->subscriptions, 0, s->subscription_count * sizeof(*s->subscriptions));
}

static void subscribe(struct chain *chain)
{
	struct solana *s = chain->solana;

	begin_connection(s, s->connection + 1);
	s->unconfirmed = chain->config->oracle_count;
	subscribe_one(chain, PLACE_SLOTS, "slotsUpdatesSubscribe", "[]");
	for (size_t i = 0; i < chain->config->oracle_count; i++) {
		char account[BASE58_TEXT_MAX], params[160];

		base58_encode(chain->config->oracles[i].account, sizeof(chain->config->oracles[i].account), account);
		snprintf(params, sizeof(params), "[\"%s\",{\"encoding\":\"base64\",\"commitment\":\"processed\"}]", account);
		subscribe_one(chain, PLACE_ACCOUNTS + i, "accountSubscribe", params);
		if (!chain->config->logs)
			continue;
		snprintf(params, sizeof(params), "[{\"mentions\":[\"%s\"]},{\"commitment\":\"processed\"}]", account);
		subscribe_one(chain, PLACE_ACCOUNTS + chain->config->oracle_count + i, "logsSubscribe", params);
	}
}

/* The subscriptions' numbers hold until the next connection: messages that waited for their packets' stamps still come. */
static void lost(struct chain *chain)
{
	chain->solana->unconfirmed = 0;
	solana_gap_lost(chain);
}

static bool is_of_logs(const struct chain *chain, size_t place)
{
	return place >= PLACE_ACCOUNTS + chain->config->oracle_count;
}

static void refused(struct chain *chain, size_t place, struct json_object *error)
{
	char text[200];

	chain->counters[CHAIN_COUNTER_RPC_ERRORS]++;
	json_printable(text, sizeof(text), json_text(json_member(error, "message")));
	if (place == PLACE_SLOTS) {
		solana_warn(chain, "chain %s: slotsUpdatesSubscribe is answered with \"%s\": slotSubscribe takes its place, which says "
				   "nothing of first shreds and dead slots", chain->config->name, text);
		if (chain->callbacks.send)
			subscribe_one(chain, PLACE_SLOT, "slotSubscribe", "[]");
	} else if (place == PLACE_SLOT) {
		solana_warn(chain, "chain %s: slotSubscribe is answered with \"%s\": no slots, hence no block stages, and no update is "
				   "known to be final or undone", chain->config->name, text);
	} else if (is_of_logs(chain, place)) {
		solana_warn(chain, "chain %s: oracle %s: logsSubscribe is answered with \"%s\": its transactions will not be listed",
			    chain->config->name, chain->config->oracles[place - PLACE_ACCOUNTS - chain->config->oracle_count].asset, text);
	} else if (!chain->solana->warned[place - PLACE_ACCOUNTS]) {
		chain->solana->warned[place - PLACE_ACCOUNTS] = true;
		solana_warn(chain, "chain %s: oracle %s: accountSubscribe is answered with \"%s\": its updates will not be seen",
			    chain->config->name, chain->config->oracles[place - PLACE_ACCOUNTS].asset, text);
	}
}

/* Once every account is subscribed to, what was missed before can be asked for without a gap between. */
static void confirmed(struct chain *chain)
{
	struct solana *s = chain->solana;

	if (s->unconfirmed && !--s->unconfirmed)
		solana_gap_open(chain);
}

/* The answer to a subscription: its number, by which account notifications are known. */
static void answer(struct chain *chain, struct json_object *message, const struct chain_stamps *stamps)
{
	struct solana *s = chain->solana;
	struct json_object *error = json_member(message, "error");
	struct subscription *subscription;
	uint64_t id;
	size_t place;

	(void)stamps;
	if (!solana_number(json_member(message, "id"), &id) || id % PLACES >= s->subscription_count ||
	    (chain->callbacks.send && id / PLACES != s->connection)) {
		chain->counters[error ? CHAIN_COUNTER_RPC_ERRORS : CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	if (id / PLACES != s->connection) /* a capture goes on with the next connection */
		begin_connection(s, id / PLACES);
	place = id % PLACES;
	subscription = &s->subscriptions[place];
	if (subscription->known) {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++; /* answered twice */
		return;
	}
	if (error) {
		refused(chain, place, error);
	} else if (json_integer(json_member(message, "result"), &subscription->id)) {
		subscription->known = true;
	} else {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	if (place >= PLACE_ACCOUNTS && !is_of_logs(chain, place))
		confirmed(chain);
}

/* ---- notifications ---------------------------------------------------------------------------------------------------- */

/* The place of a notification's subscription, one that is of an oracle; 0: none of ours. */
static size_t place_of(const struct solana *s, struct json_object *params)
{
	int64_t id;

	if (!json_integer(json_member(params, "subscription"), &id))
		return 0;
	for (size_t place = PLACE_ACCOUNTS; place < s->subscription_count; place++)
		if (s->subscriptions[place].known && s->subscriptions[place].id == id)
			return place;
	return 0;
}

static void oracle_notification(struct chain *chain, struct json_object *params, bool of_logs, const struct chain_stamps *stamps)
{
	struct json_object *result = json_member(params, "result");
	size_t place = place_of(chain->solana, params);
	struct chain_update update;

	if (place && is_of_logs(chain, place) == of_logs) {
		if (!of_logs)
			solana_account(chain, place - PLACE_ACCOUNTS, result, stamps, false, &update);
		else if (solana_log(chain, place - PLACE_ACCOUNTS - chain->config->oracle_count, result, stamps))
			chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		return;
	}
	/* in a capture it may be another program's subscription */
	chain->counters[chain->callbacks.send ? CHAIN_COUNTER_BAD_MESSAGES : CHAIN_COUNTER_OTHER_LOGS]++;
}

static void notification(struct chain *chain, struct json_object *message, const struct chain_stamps *stamps)
{
	const char *method = json_text(json_member(message, "method"));
	struct json_object *params = json_member(message, "params"), *result = json_member(params, "result");
	bool of_logs = method && !strcmp(method, "logsNotification");
	int status = -EBADMSG;

	if (of_logs || (method && !strcmp(method, "accountNotification"))) {
		oracle_notification(chain, params, of_logs, stamps);
		return;
	}
	if (method && !strcmp(method, "slotsUpdatesNotification"))
		status = solana_slot_event(chain, result, stamps);
	else if (method && !strcmp(method, "slotNotification"))
		status = solana_slot_processed(chain, result, stamps);
	if (status)
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
}

static void finish(struct chain *chain)
{
	for (size_t i = 0; i < SLOTS_KEPT; i++) {
		struct slot *slot = &chain->solana->slots[i];

		if (slot->used && slot->updates && slot->block != BLOCK_TOLD)
			solana_tell_block(chain, slot, NULL);
	}
}

const struct chain_kind solana_kind = {
	.seen_kept = SOLANA_SEEN_KEPT,
	.open = open_solana,
	.subscribe = subscribe,
	.lost = lost,
	.notification = notification,
	.answer = answer,
	.step = solana_ask,
	.posted = solana_answer,
	.finish = finish,
	.close = close_solana,
};
