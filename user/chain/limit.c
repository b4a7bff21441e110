// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A node that answers that there were too many requests: they are put off, and asked again. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "chain/state.h"

#define PAUSE_MIN_NS 1000000000
#define PAUSE_MAX_NS 16000000000
#define REPEAT_NS    100000000 /* between two requests that were put off */

/* Providers have their own codes and words for it. -32005 is also a range of logs that is too long, which waiting does not cure. */
static bool is_rate_limit(enum request_kind kind, struct json_object *error)
{
	static const char *const words[] = {"rate limit", "ratelimit", "too many requests", "request limit", "per second"};
	const char *text = json_text(json_member(error, "message"));
	int64_t code = 0;

	json_integer(json_member(error, "code"), &code);
	for (size_t i = 0; text && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(text, words[i]))
			return true;
	return code == 429 || code == -32007 || (code == -32005 && kind != REQUEST_GET_LOGS);
}

/* The request waits in its slot, and everything else with it: each refusal doubles the pause. */
static void put_off(struct chain *chain, struct request *request)
{
	char warning[300];

	request->put_off = true;
	if (chain->now_ns >= chain->paused_until_ns) {
		chain->pause_ns = chain->pause_ns ? 2 * chain->pause_ns : PAUSE_MIN_NS;
		if (chain->pause_ns > PAUSE_MAX_NS)
			chain->pause_ns = PAUSE_MAX_NS;
		chain->paused_until_ns = chain->now_ns + chain->pause_ns;
	}
	if (chain->counters[CHAIN_COUNTER_RATE_LIMITED]++)
		return;
	snprintf(warning, sizeof(warning),
		 "chain %s: the node refuses requests because there are too many; they are repeated after a pause "
		 "(fewer are made with finality: off, and without calldata)", chain->config->name);
	request_warn(chain, warning);
}

bool limit_step(struct chain *chain)
{
	if (chain->now_ns < chain->paused_until_ns || chain->now_ns < chain->repeat_due_ns)
		return false;
	for (struct request *r = chain->pending; r < chain->pending + PENDING_MAX; r++) {
		if (!r->id || !r->put_off)
			continue;
		r->put_off = false;
		r->sent_ns = chain->now_ns;
		chain->callbacks.send(chain->callbacks.context, r->text, strlen(r->text)); /* failing: the connection is gone */
		chain->repeat_due_ns = chain->now_ns + REPEAT_NS;
		return false;
	}
	return true;
}

bool limit_refused(struct chain *chain, struct request *request, struct json_object *error)
{
	if (!is_rate_limit(request->kind, error))
		return false;
	put_off(chain, request);
	return true;
}
