// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What was missed while the connection was down: the accounts as they stand now, and for each that has changed the
 * transactions since, which carry the prices that they posted. A node lists all transactions that name an account, those
 * that only read it as well: there are limits to how many are looked through, and what is beyond them is counted. If the
 * account's present price is in none of them, its posts cannot be read out of transactions (a program posts by calling
 * another), and that is counted too.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base58.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"
#include "chain/solana.h"
#include "solana/pyth_post.h"

#define SECOND_NS INT64_C(1000000000)
#define ACCOUNTS_PER_QUESTION 100 /* getMultipleAccounts takes no more */
#define SIGNATURES_PER_PAGE 1000  /* as many as getSignaturesForAddress gives */
#define PAGES_MAX 4
#define TRANSACTIONS_MAX 512
#define GAP_BACK 8 /* slots before the last that was heard of, whose updates may not have been told */
#define TRANSACTION_BYTES_MAX 4096 /* SIMD-0296 is the largest that is proposed */

static const struct chain_stamps unknown = {TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN};

static void close_gap(struct gap *gap)
{
	gap->phase = GAP_NONE;
	free(gap->candidates);
	gap->candidates = NULL;
	gap->candidate_count = 0;
}

static struct posted posted_of(const struct chain_update *update)
{
	struct posted out = {.slot = update->block_number};

	memcpy(out.key, update->message.key, sizeof(out.key));
	return out;
}

static bool same(const struct posted *a, const struct posted *b)
{
	return a->slot == b->slot && !strcmp(a->key, b->key);
}

void solana_gap_seen(struct chain *chain, const struct chain_update *update)
{
	struct gap_account *account = &chain->solana->gap.accounts[update->oracle - chain->config->oracles];

	if (update->block_number >= account->last.slot)
		account->last = posted_of(update);
}

void solana_gap_lost(struct chain *chain)
{
	struct solana *s = chain->solana;

	if (!s->started || s->gap.phase != GAP_NONE) /* a gap that was not filled goes on */
		return;
	s->gap.phase = GAP_WAITING;
	s->gap.from = s->highest > GAP_BACK ? s->highest - GAP_BACK : 0;
	for (size_t i = 0; i < chain->config->oracle_count; i++)
		s->gap.accounts[i].before = s->gap.accounts[i].last;
}

void solana_gap_open(struct chain *chain)
{
	struct solana *s = chain->solana;
	uint64_t from = s->gap.from;

	if (s->gap.phase == GAP_NONE || !chain->callbacks.post)
		return;
	s->asked.stale = s->asked.kind != ASK_BLOCK;
	close_gap(&s->gap);
	s->gap.from = from;
	s->gap.phase = GAP_ACCOUNTS;
	s->gap.oracle = s->gap.pages = 0;
	s->gap.beyond = false; /* what has changed and was not looked through still is to be */
}

static void failed(struct chain *chain)
{
	chain->counters[CHAIN_COUNTER_BACKFILL_FAILED]++;
}

/* ---- accounts --------------------------------------------------------------------------------------------------------- */

static size_t accounts_from(const struct chain *chain, size_t first)
{
	size_t count = chain->config->oracle_count - first;

	return count < ACCOUNTS_PER_QUESTION ? count : ACCOUNTS_PER_QUESTION;
}

static void ask_accounts(struct chain *chain)
{
	struct gap *gap = &chain->solana->gap;
	char *params = NULL;
	size_t size;
	FILE *out = open_memstream(&params, &size);

	if (!out)
		return;
	fputs("[[", out);
	for (size_t i = 0; i < accounts_from(chain, gap->oracle); i++) {
		char account[ORACLE_ADDRESS_TEXT];

		oracle_address_text(&chain->config->oracles[gap->oracle + i], account);
		fprintf(out, "%s\"%s\"", i ? "," : "", account);
	}
	fputs("],{\"encoding\":\"base64\",\"commitment\":\"processed\"}]", out);
	if (!fclose(out))
		solana_question(chain, ASK_ACCOUNTS, "getMultipleAccounts", params);
	free(params);
}

/* Each as a notification is. It may be known already by one that came since: what counts is what was known before. */
static void take_account(struct chain *chain, size_t oracle, struct json_object *context, struct json_object *value)
{
	struct json_object *one = json_object_new_object();
	struct gap_account *account = &chain->solana->gap.accounts[oracle];
	struct chain_update update;

	json_object_object_add(one, "context", json_object_get(context));
	json_object_object_add(one, "value", json_object_get(value));
	if (solana_account(chain, oracle, one, &unknown, true, &update) >= 0) {
		account->now = posted_of(&update);
		account->changed |= !same(&account->now, &account->before);
		memcpy(account->id, update.message.id, sizeof(account->id));
	}
	json_object_put(one);
}

static void take_accounts(struct chain *chain, struct json_object *result, const char *text)
{
	struct gap *gap = &chain->solana->gap;
	struct json_object *values = json_member(result, "value");
	size_t count = accounts_from(chain, gap->oracle);

	if (!json_object_is_type(values, json_type_array) || json_object_array_length(values) != count) {
		if (result)
			chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		else
			solana_refused(chain, "updates missed while the connection was down are not in the session: it needs getMultipleAccounts",
				       text);
		failed(chain);
		close_gap(gap);
		return;
	}
	for (size_t i = 0; i < count; i++)
		take_account(chain, gap->oracle + i, json_member(result, "context"), json_object_array_get_idx(values, i));
	gap->oracle += count;
	if (gap->oracle < chain->config->oracle_count)
		return;
	gap->oracle = 0;
	gap->phase = GAP_SIGNATURES;
}

/* ---- signatures ------------------------------------------------------------------------------------------------------- */

/* The next account with a change; false: there is none, and all is done. */
static bool next_changed(struct chain *chain)
{
	struct gap *gap = &chain->solana->gap;

	while (gap->oracle < chain->config->oracle_count && !gap->accounts[gap->oracle].changed)
		gap->oracle++;
	if (gap->oracle < chain->config->oracle_count)
		return true;
	close_gap(gap);
	return false;
}

static void next_oracle(struct chain *chain)
{
	struct gap *gap = &chain->solana->gap;

	gap->accounts[gap->oracle].changed = gap->accounts[gap->oracle].found = false;
	gap->pages = 0;
	gap->beyond = false;
	gap->candidate_count = 0;
	gap->phase = GAP_SIGNATURES;
	next_changed(chain);
}

/* What was posted last is listed once it is confirmed. */
static bool ask_signatures(struct chain *chain)
{
	struct solana *s = chain->solana;
	char params[400], account[ORACLE_ADDRESS_TEXT], before[BASE58_TEXT_MAX + 16] = "";

	if (!next_changed(chain) ||
	    !(solana_has_level(s, s->gap.accounts[s->gap.oracle].now.slot, CHAIN_SAFE) ||
	      solana_has_level(s, s->gap.accounts[s->gap.oracle].now.slot, CHAIN_FINALIZED)))
		return false;
	if (!s->gap.candidates)
		s->gap.candidates = calloc(TRANSACTIONS_MAX, sizeof(*s->gap.candidates));
	if (!s->gap.candidates)
		return false;
	oracle_address_text(&chain->config->oracles[s->gap.oracle], account);
	if (s->gap.pages)
		snprintf(before, sizeof(before), ",\"before\":\"%s\"", s->gap.last);
	snprintf(params, sizeof(params), "[\"%s\",{\"commitment\":\"confirmed\",\"limit\":%d%s}]", account, SIGNATURES_PER_PAGE, before);
	solana_question(chain, ASK_SIGNATURES, "getSignaturesForAddress", params);
	return true;
}

/* Newest first. False: it is none, or of before the gap. */
static bool take_signature(struct chain *chain, struct json_object *one)
{
	struct gap *gap = &chain->solana->gap;
	const char *text = json_text(json_member(one, "signature"));
	uint8_t bytes[SOLANA_SIGNATURE_BYTES];
	uint64_t slot;

	if (!text || strlen(text) >= sizeof(gap->last) || base58_decode(text, bytes, sizeof(bytes)) ||
	    !solana_number(json_member(one, "slot"), &slot)) {
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		gap->beyond = true;
		return false;
	}
	if (slot < gap->from)
		return false;
	strcpy(gap->last, text);
	if (json_member(one, "err")) /* it failed, and posted nothing */
		return true;
	if (gap->candidate_count == TRANSACTIONS_MAX)
		gap->beyond = true;
	else
		strcpy(gap->candidates[gap->candidate_count++], text);
	return true;
}

/* Nothing more is to be had of this account. */
static void oracle_done(struct chain *chain)
{
	struct gap *gap = &chain->solana->gap;

	if (!gap->accounts[gap->oracle].found || gap->beyond)
		failed(chain);
	next_oracle(chain);
}

static void take_signatures(struct chain *chain, struct json_object *result, const char *text)
{
	struct gap *gap = &chain->solana->gap;
	size_t i = 0, count;

	if (!json_object_is_type(result, json_type_array)) {
		if (result)
			chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
		else
			solana_refused(chain, "updates between those before the gap and those after it are not in the session: it needs "
					      "getSignaturesForAddress", text);
		failed(chain);
		next_oracle(chain);
		return;
	}
	count = json_object_array_length(result);
	while (i < count && take_signature(chain, json_object_array_get_idx(result, i)))
		i++;
	if (i == count && count == SIGNATURES_PER_PAGE && ++gap->pages < PAGES_MAX)
		return; /* the next page */
	gap->beyond |= i == count && count >= SIGNATURES_PER_PAGE;
	if (gap->candidate_count)
		gap->phase = GAP_TRANSACTIONS;
	else
		oracle_done(chain);
}

/* ---- transactions ----------------------------------------------------------------------------------------------------- */

/* The oldest of those that are left. */
static void ask_transaction(struct chain *chain)
{
	const struct gap *gap = &chain->solana->gap;
	char params[240];

	snprintf(params, sizeof(params), "[\"%s\",{\"encoding\":\"base64\",\"commitment\":\"confirmed\",\"maxSupportedTransactionVersion\":0}]",
		 gap->candidates[gap->candidate_count - 1]);
	solana_question(chain, ASK_TRANSACTION, "getTransaction", params);
}

/* Whether an instruction may write to the account: it names it, or one out of a look-up table, of which nobody knows the key. */
static bool may_write(const struct transaction *t, const struct instruction *instruction, const uint8_t *account)
{
	for (unsigned int i = 0; i < instruction->account_count; i++) {
		const uint8_t *key = transaction_key(t, instruction->accounts[i]);

		if (!key || !memcmp(key, account, SOLANA_KEY_BYTES))
			return true;
	}
	return false;
}

static void take_posts(struct chain *chain, const struct transaction *t, uint64_t slot, int64_t block_ns)
{
	struct gap *gap = &chain->solana->gap;
	struct gap_account *account = &gap->accounts[gap->oracle];
	struct posted posted;
	struct chain_update update = {.oracle = &chain->config->oracles[gap->oracle], .block_number = slot, .block_ns = block_ns,
				      .backfilled = true, .stamps = unknown};
	struct instruction_walk walk = {0};
	struct instruction instruction;

	strcpy(update.tx_hash, gap->candidates[gap->candidate_count - 1]);
	while (transaction_next(t, &walk, &instruction)) {
		if (!pyth_post_read(&instruction, &update.message) || strcmp(update.message.id, account->id) ||
		    !may_write(t, &instruction, update.oracle->account))
			continue;
		posted = posted_of(&update);
		account->found |= same(&posted, &account->now);
		solana_take(chain, &update);
	}
}

static int read_transaction(struct chain *chain, struct json_object *result)
{
	struct json_object *pair = json_member(result, "transaction"), *time = json_member(result, "blockTime");
	uint8_t data[TRANSACTION_BYTES_MAX];
	int64_t seconds, block_ns = TIME_UNKNOWN;
	struct transaction t;
	const char *text;
	uint64_t slot;
	long len;

	if (!json_object_is_type(pair, json_type_array) || !(text = json_text(json_object_array_get_idx(pair, 0))) ||
	    !solana_number(json_member(result, "slot"), &slot))
		return -EBADMSG;
	if (time && (!json_integer(time, &seconds) || __builtin_mul_overflow(seconds, SECOND_NS, &block_ns)))
		return -EBADMSG;
	len = base64_decode(text, strlen(text), data, sizeof(data));
	if (len < 0 || transaction_read(data, (size_t)len, &t, NULL))
		return -EBADMSG;
	if (slot >= chain->solana->gap.from)
		take_posts(chain, &t, slot, block_ns);
	return 0;
}

static void take_transaction(struct chain *chain, struct json_object *result, const char *text)
{
	struct gap *gap = &chain->solana->gap;

	if (!result)
		solana_refused(chain, "updates between those before the gap and those after it are not in the session: it needs "
				      "getTransaction", text);
	else if (read_transaction(chain, result))
		chain->counters[CHAIN_COUNTER_BAD_MESSAGES]++;
	else
		goto done;
	gap->beyond = true;
done:
	if (--gap->candidate_count == 0)
		oracle_done(chain);
}

void solana_gap_answer(struct chain *chain, struct json_object *result, const char *text)
{
	switch (chain->solana->gap.phase) {
	case GAP_ACCOUNTS:
		take_accounts(chain, result, text);
		break;
	case GAP_SIGNATURES:
		take_signatures(chain, result, text);
		break;
	case GAP_TRANSACTIONS:
		take_transaction(chain, result, text);
		break;
	case GAP_NONE:
	case GAP_WAITING:
		break;
	}
}

/* ----------------------------------------------------------------------------------------------------------------------- */

bool solana_gap_ask(struct chain *chain)
{
	switch (chain->solana->gap.phase) {
	case GAP_NONE:
	case GAP_WAITING:
		return false;
	case GAP_ACCOUNTS:
		ask_accounts(chain);
		return true;
	case GAP_SIGNATURES:
		return ask_signatures(chain);
	case GAP_TRANSACTIONS:
		ask_transaction(chain);
		return true;
	}
	return false;
}
