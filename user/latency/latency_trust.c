// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What speaks against a list of latencies: losses, too few samples, clocks and stamps too coarse for what they measure. */
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/format.h"
#include "latency/account.h"
#include "latency/latency.h"
#include "session/loss.h"

#define FALSE_MATCHES_MANY 0.05
#define SAMPLES_FEW 6 /* below, even the median has no 95 % interval: 2 * 0.5^5 > 5 % */

static bool is_within_kernel(enum stage from, enum stage to)
{
	return stages[from].clock == STAGE_CLOCK_KERNEL && stages[to].clock == STAGE_CLOCK_KERNEL;
}

struct reasons {
	char *text;
	size_t size, used;
	bool any;
	uint64_t losses;
};

static void add_reason(struct reasons *reasons, const char *format, ...)
{
	va_list args;
	int len;

	reasons->any = true;
	if (reasons->used + 1 >= reasons->size)
		return;
	va_start(args, format);
	len = vsnprintf(reasons->text + reasons->used, reasons->size - reasons->used, format, args);
	va_end(args);
	if (len > 0)
		reasons->used += (size_t)len < reasons->size - reasons->used ? (size_t)len :
									       reasons->size - reasons->used - 1;
}

static void add_loss(void *context, const char *source, const char *name, uint64_t count)
{
	struct reasons *reasons = context;
	char *printable = count ? text_printable(source) : NULL;

	if (count)
		add_reason(reasons, "%s%s.%s %llu", reasons->losses++ ? ", " : "lost or unreadable: ",
			   printable ? printable : "?", name, (unsigned long long)count);
	free(printable);
}

static void add_never_open(void *context, const char *source, const char *reason)
{
	char *name = text_printable(source), *why = text_printable(reason);

	add_reason(context, "%s was never open: %s\n", name ? name : "?", why ? why : "?");
	free(name);
	free(why);
}

/* What may speak against a row of the list, in the order in which it is told. */
enum doubt { DOUBT_FEW, DOUBT_CLOCK_UNBOUNDED, DOUBT_CLOCK_COARSE, DOUBT_STAMPS_COARSE, DOUBT_BELOW_ZERO, DOUBTS };

/* What resolves a latency to worse than a tenth of it does not measure it. */
static bool exceeds_tenth(int64_t error_ns, int64_t latency_ns)
{
	return latency_ns != TIME_UNKNOWN && (double)error_ns > 0.1 * fabs((double)latency_ns);
}

static bool has_doubt(enum doubt doubt, const struct latency *latency)
{
	int64_t error_ns = latency->clock_error_ns;

	if (doubt == DOUBT_FEW)
		return latency->count < SAMPLES_FEW;
	if (!latency->count)
		return false;
	if (doubt == DOUBT_CLOCK_UNBOUNDED)
		return error_ns == TIME_UNKNOWN;
	if (doubt == DOUBT_STAMPS_COARSE)
		return latency->resolution_ns > 1 && exceeds_tenth(latency->resolution_ns, latency->p50_ns);
	if (error_ns == TIME_UNKNOWN)
		return false;
	if (doubt == DOUBT_CLOCK_COARSE)
		return exceeds_tenth(error_ns, latency->p50_ns) && !has_doubt(DOUBT_STAMPS_COARSE, latency);
	/* The order of arrivals at this machine may be either; between clocks no message arrives before it is published. */
	return !is_within_kernel(latency->from, latency->to) && latency->min_ns < -error_ns;
}

/* " eth-ws ETH/USD wire to seen (its figure)" */
static void add_row(struct reasons *reasons, enum doubt doubt, const struct latency *latency)
{
	char first[FORMAT_MAX], second[FORMAT_MAX];
	char *feed = text_printable(latency->feed), *asset = text_printable(latency->asset);

	add_reason(reasons, " %s%s%s%s%s to %s", feed ? feed : "?", feed && *feed ? " " : "", asset ? asset : "?",
		   asset && *asset ? " " : "", stages[latency->from].name, stages[latency->to].name);
	if (doubt == DOUBT_FEW)
		add_reason(reasons, " (%llu)", (unsigned long long)latency->count);
	else if (doubt == DOUBT_CLOCK_COARSE || doubt == DOUBT_STAMPS_COARSE)
		add_reason(reasons, " (±%s of %s)",
			   format_duration(doubt == DOUBT_CLOCK_COARSE ? latency->clock_error_ns : latency->resolution_ns,
					   first, sizeof(first)),
			   format_duration(latency->p50_ns, second, sizeof(second)));
	else if (doubt == DOUBT_BELOW_ZERO)
		add_reason(reasons, " (%llu, the lowest %s)", (unsigned long long)latency->negative,
			   format_duration(latency->min_ns, first, sizeof(first)));
	free(feed);
	free(asset);
}

/* A clock without a bound spoils every feed's latencies between two stages alike: the pair of stages is named, once. */
static bool told_before(const struct latency_list *list, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (list->items[i].from == list->items[at].from && list->items[i].to == list->items[at].to &&
		    has_doubt(DOUBT_CLOCK_UNBOUNDED, &list->items[i]))
			return true;
	return false;
}

static void judge(struct reasons *reasons, enum doubt doubt, const struct latency_list *list)
{
	static const char *const words[DOUBTS] = {
		[DOUBT_FEW] = "too few samples for an interval of the median:",
		[DOUBT_CLOCK_UNBOUNDED] = ("nothing bounds how far the two clocks are apart; synchronize this machine's clock "
					   "('pricelag doctor' tells how):"),
		[DOUBT_CLOCK_COARSE] = "the clocks may be off by more than 10 % of the median:",
		[DOUBT_STAMPS_COARSE] = "the stamps of the publisher or of the block come in steps above 10 % of the median:",
		[DOUBT_BELOW_ZERO] = "latencies below zero, so the clocks disagree by more than their bound:",
	};
	bool begun = false;

	for (size_t i = 0; i < list->count; i++) {
		const struct latency *latency = &list->items[i];

		if (!has_doubt(doubt, latency) || (doubt == DOUBT_CLOCK_UNBOUNDED && told_before(list, i)))
			continue;
		add_reason(reasons, "%s", begun ? "," : words[doubt]);
		begun = true;
		if (doubt == DOUBT_CLOCK_UNBOUNDED)
			add_reason(reasons, " %s to %s", stages[latency->from].name, stages[latency->to].name);
		else
			add_row(reasons, doubt, latency);
	}
	if (begun)
		add_reason(reasons, "\n");
}

/* Where matches are doubtful, so is every latency from a message to the chain. */
static void judge_matches(struct reasons *reasons, sqlite3 *db, const struct latency_list *list)
{
	struct join_account_list accounts;
	struct error err;
	bool begun = false, crosses = false;

	for (size_t i = 0; i < list->count; i++)
		crosses |= stage_is_of_chain(list->items[i].to) && !stage_is_of_chain(list->items[i].from);
	if (!crosses || join_accounts_load(db, &accounts, &err))
		return;
	for (size_t i = 0; i < accounts.count; i++) {
		const struct join_account *account = &accounts.items[i];
		char *feed = text_printable(account->feed), *asset = text_printable(account->asset);

		if (account->false_matches.share > FALSE_MATCHES_MANY) {
			add_reason(reasons, "%s %s %s (%.2g %%, by %s)", begun ? "," :
				   "more than 5 % of the matches of message and update may be wrong:", feed ? feed : "?",
				   asset ? asset : "?", 100 * account->false_matches.share, account->joined_by);
			begun = true;
		}
		free(feed);
		free(asset);
	}
	if (begun)
		add_reason(reasons, "\n");
	join_accounts_free(&accounts);
}

bool latency_untrusted(sqlite3 *db, const struct latency_list *list, char *reason, size_t reason_size)
{
	static const struct latency_list none;
	struct reasons reasons = {.text = reason, .size = reason_size};
	bool expected = list;
	struct error err;

	if (reason_size)
		reason[0] = '\0';
	if (!list)
		list = &none;
	if (loss_each(db, add_loss, &reasons, &err))
		add_reason(&reasons, "%s\n", err.text);
	else if (reasons.losses)
		add_reason(&reasons, "\n");
	if (loss_each_never_open(db, add_never_open, &reasons, &err))
		add_reason(&reasons, "%s\n", err.text);
	if (expected && !list->count)
		add_reason(&reasons, "no update has two stages that were stamped: there is nothing to measure\n");
	for (enum doubt doubt = 0; doubt < DOUBTS; doubt++)
		judge(&reasons, doubt, list);
	judge_matches(&reasons, db, list);
	return reasons.any;
}
