// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/oracle.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define WINDOW_MAX 1000000
#define HOP_MAX_S 1e7

int oracle_check(const struct oracle_policy *policy, double step_s, struct error *err)
{
	if (policy->on_deviation && !(policy->deviation > 0 && policy->deviation < 1))
		return error_set(err, -EINVAL, "deviation is %g; it should be a share between 0 and 1, e.g. 0.005", policy->deviation);
	if (policy->on_deviation && !(policy->heartbeat_s >= step_s))
		return error_set(err, -EINVAL, "heartbeat is %g s; it should be one step (%g s) or more", policy->heartbeat_s, step_s);
	if (!(policy->twap_s >= 0) || policy->twap_s / step_s > WINDOW_MAX)
		return error_set(err, -EINVAL, "twap is %g s; allowed: 0 to %d steps", policy->twap_s, WINDOW_MAX);
	if (policy->pull && (policy->on_deviation || policy->hop_s > 0))
		return error_set(err, -EINVAL, "policy is pull: a transaction brings the price, which waits for no deviation and no hop");
	if (policy->hop_s != 0 && !(policy->hop_s >= step_s && policy->hop_s <= HOP_MAX_S))
		return error_set(err, -EINVAL, "hop is %g s; it should be 0, or from one step (%g s) to %g s", policy->hop_s, step_s, HOP_MAX_S);
	if (policy->sources > ORACLE_SOURCES_MAX)
		return error_set(err, -EINVAL, "sources is %u; at most %d", policy->sources, ORACLE_SOURCES_MAX);
	for (unsigned i = 0; i < policy->sources; i++)
		if (!(policy->source_delay_s[i] >= 0) || policy->source_delay_s[i] / step_s > WINDOW_MAX)
			return error_set(err, -EINVAL, "source %u is %g s late; allowed: 0 to %d steps", i + 1, policy->source_delay_s[i], WINDOW_MAX);
	if (!(policy->source_sd >= 0 && policy->source_sd < 1) || !(policy->outlier_sd >= 0 && policy->outlier_sd < 10) ||
	    !(policy->outlier_probability >= 0 && policy->outlier_probability <= 1))
		return error_set(err, -EINVAL, "source_sd (%g), outlier_probability (%g) or outlier_sd (%g) is out of range: shares of "
					       "the price below 1 and below 10, and a probability", policy->source_sd,
				 policy->outlier_probability, policy->outlier_sd);
	return 0;
}

int oracle_init(struct oracle *oracle, const struct oracle_policy *policy, double step_s)
{
	*oracle = (struct oracle){.policy = policy, .capacity = 64};
	oracle->window_size = policy->twap_s > 0 ? (size_t)fmax(1, round(policy->twap_s / step_s)) : 0;
	oracle->told_size = 1;
	for (unsigned i = 0; i < policy->sources; i++) {
		oracle->lag[i] = (size_t)round(policy->source_delay_s[i] / step_s);
		oracle->told_size = oracle->lag[i] >= oracle->told_size ? oracle->lag[i] + 1 : oracle->told_size;
	}
	oracle->told = malloc(oracle->told_size * sizeof(*oracle->told));
	oracle->waiting = malloc(oracle->capacity * sizeof(*oracle->waiting));
	oracle->window = malloc((oracle->window_size ? oracle->window_size : 1) * sizeof(*oracle->window));
	if (oracle->waiting && oracle->window && oracle->told)
		return 0;
	oracle_free(oracle);
	return -ENOMEM;
}

void oracle_free(struct oracle *oracle)
{
	free(oracle->waiting);
	free(oracle->window);
	free(oracle->told);
	oracle->waiting = NULL;
	oracle->window = oracle->told = NULL;
}

void oracle_start(struct oracle *oracle, double price)
{
	oracle->price = oracle->last_price = oracle->source = oracle->next = price;
	oracle->last_s = oracle->latency_s = 0;
	oracle->next_hop_s = oracle->policy->hop_s;
	oracle->sent = oracle->landed = 0;
	oracle->count = oracle->window_filled = oracle->window_at = 0;
	oracle->window_sum = 0;
	oracle->told_at = 0;
	for (size_t i = 0; i < oracle->told_size; i++)
		oracle->told[i] = price;
}

/* The mean over the window, as far as it reaches back. Summed anew once a round, so that rounding does not pile up. */
static double window_mean(struct oracle *oracle, double price)
{
	if (oracle->window_filled == oracle->window_size)
		oracle->window_sum -= oracle->window[oracle->window_at];
	else
		oracle->window_filled++;
	oracle->window[oracle->window_at] = price;
	oracle->window_sum += price;
	if (++oracle->window_at == oracle->window_size) {
		oracle->window_at = 0;
		oracle->window_sum = 0;
		for (size_t i = 0; i < oracle->window_filled; i++)
			oracle->window_sum += oracle->window[i];
	}
	return oracle->window_sum / (double)oracle->window_filled;
}

static double median_of_sources(struct oracle *oracle, double price, struct rng *errors)
{
	const struct oracle_policy *policy = oracle->policy;
	double values[ORACLE_SOURCES_MAX];
	unsigned n = policy->sources;

	oracle->told_at = (oracle->told_at + 1) % oracle->told_size;
	oracle->told[oracle->told_at] = price;

	for (unsigned i = 0; i < n; i++) {
		double sd = rng_uniform(errors) < policy->outlier_probability ? policy->outlier_sd : policy->source_sd;
		double told = oracle->told[(oracle->told_at + oracle->told_size - oracle->lag[i]) % oracle->told_size];
		double value = told * exp(sd * rng_normal(errors));
		unsigned k = i;

		for (; k && values[k - 1] > value; k--)
			values[k] = values[k - 1];
		values[k] = value;
	}
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

/* The module's poke: what waited becomes the price, and what is reported now waits for the next hop. */
static bool hop(struct oracle *oracle, double now_s, double *report)
{
	if (now_s < oracle->next_hop_s - 1e-9 * oracle->policy->hop_s)
		return false;
	*report = oracle->next;
	oracle->next = oracle->source;
	oracle->next_hop_s += oracle->policy->hop_s;
	return true;
}

bool oracle_observe(struct oracle *oracle, double price, double now_s, struct rng *errors, double *report)
{
	const struct oracle_policy *policy = oracle->policy;
	double value = oracle->window_size ? window_mean(oracle, price) : price;
	bool due;

	if (policy->sources)
		value = median_of_sources(oracle, value, errors);
	due = !policy->on_deviation || fabs(value / oracle->last_price - 1) >= policy->deviation ||
	      now_s - oracle->last_s >= policy->heartbeat_s;
	if (due) {
		oracle->last_price = oracle->source = *report = value;
		oracle->last_s = now_s;
	}
	return policy->hop_s > 0 ? hop(oracle, now_s, report) : due;
}

int oracle_send(struct oracle *oracle, double report, double now_s, double delay_s)
{
	struct oracle_report item = {now_s + delay_s, delay_s, ++oracle->sent, report};
	size_t i = oracle->count;

	if (oracle->count == oracle->capacity) {
		void *memory = realloc(oracle->waiting, 2 * oracle->capacity * sizeof(*oracle->waiting));

		if (!memory)
			return -ENOMEM;
		oracle->waiting = memory;
		oracle->capacity *= 2;
	}
	oracle->count++;
	for (; i && item.lands_s < oracle->waiting[(i - 1) / 2].lands_s; i = (i - 1) / 2)
		oracle->waiting[i] = oracle->waiting[(i - 1) / 2];
	oracle->waiting[i] = item;
	return 0;
}

static void drop_first(struct oracle *oracle)
{
	struct oracle_report last = oracle->waiting[--oracle->count];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < oracle->count) {
		if (child + 1 < oracle->count && oracle->waiting[child + 1].lands_s < oracle->waiting[child].lands_s)
			child++;
		if (oracle->waiting[child].lands_s >= last.lands_s)
			break;
		oracle->waiting[i] = oracle->waiting[child];
		i = child;
	}
	oracle->waiting[i] = last;
}

void oracle_land(struct oracle *oracle, double now_s)
{
	while (oracle->count && oracle->waiting[0].lands_s <= now_s) {
		if (oracle->waiting[0].number > oracle->landed) {
			oracle->landed = oracle->waiting[0].number;
			oracle->price = oracle->waiting[0].price;
			oracle->latency_s = oracle->waiting[0].delay_s;
		}
		drop_first(oracle);
	}
}
