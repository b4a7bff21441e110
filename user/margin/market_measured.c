// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market_measured.h"

#include <errno.h>
#include <stdlib.h>

#include "margin/rng.h"

static bool is_measured(const struct delay_law *law)
{
	for (size_t i = 0; i < law->part_count; i++)
		if (is_measured(&law->parts[i]))
			return true;
	return law->type == &delay_empirical;
}

bool market_is_measured(const struct market *market, const struct model *model)
{
	for (int i = 0; i < DELAY_STAGES; i++)
		if (is_measured(&model->delays[i]))
			return true;
	return (market->keepers.has_own && is_measured(&market->keepers.own)) ||
	       (market->settlement.delay.type && is_measured(&market->settlement.delay));
}

/* How the samples of one law are dealt. */
struct deal {
	const struct model *model;
	unsigned group;
	uint32_t lane; /* a number of its own for every measured law */
};
#define LANES 0x10000 /* of a site: more than a file has laws */

static unsigned dealt_to(struct rng *rng)
{
	return (unsigned)(rng_uniform(rng) * MEASURED_GROUPS);
}

static int deal_record(const struct deal *deal, uint32_t lane, const struct delay_record *record, struct delay_record *out)
{
	bool stretches = deal->model->dependent_delays == DELAYS_IN_BLOCKS;
	struct rng rng;

	out->key = malloc(record->count * sizeof(*out->key));
	out->delay_s = malloc(record->count * sizeof(*out->delay_s));
	if (!out->key || !out->delay_s)
		return -ENOMEM;
	rng_open(&rng, deal->model->seed, 1, lane, RNG_RESAMPLE);
	for (size_t i = 0; i < record->count; i++) {
		unsigned to = stretches ? (unsigned)(i * MEASURED_GROUPS / record->count) : dealt_to(&rng);

		if (to != deal->group)
			continue;
		out->key[out->count] = record->key[i];
		out->delay_s[out->count++] = record->delay_s[i];
	}
	return out->count < DELAY_REGIMES ? -ERANGE : 0;
}

static int deal_samples(const struct deal *deal, uint32_t lane, const struct delay_law *law, struct delay_law *out)
{
	struct error why;
	struct rng rng;
	int rc;

	if (law->sample_count < MEASURED_MIN * MEASURED_GROUPS)
		return -ERANGE;
	out->samples = malloc(law->sample_count * sizeof(*out->samples));
	if (!out->samples)
		return -ENOMEM;
	rng_open(&rng, deal->model->seed, 0, lane, RNG_RESAMPLE);
	for (size_t i = 0; i < law->sample_count; i++)
		if (dealt_to(&rng) == deal->group)
			out->samples[out->sample_count++] = law->samples[i];
	rc = law->record.count ? deal_record(deal, lane, &law->record, &out->record) : 0;
	if (rc)
		return rc;
	out->tail.above = law->tail.above;
	return delay_prepare(out, &why) ? -ERANGE : 0; /* a tail that so few samples do not carry */
}

static int deal_law(struct deal *deal, const struct delay_law *law, const struct delay_law *beside, struct delay_law *out)
{
	uint32_t lanes = !beside || delay_law_same(law, beside) ? 0 : LANES;
	int rc = 0;

	*out = (struct delay_law){.type = law->type, .parameter = {law->parameter[0], law->parameter[1]}};
	if (law->type == &delay_empirical) {
		deal->lane++;
		return deal_samples(deal, lanes + deal->lane, law, out);
	}
	if (!law->part_count)
		return 0;
	out->parts = calloc(law->part_count, sizeof(*out->parts));
	out->shares = calloc(law->part_count, sizeof(*out->shares));
	if (!out->parts || !out->shares)
		return -ENOMEM;
	for (size_t i = 0; !rc && i < law->part_count; i++) {
		rc = deal_law(deal, &law->parts[i], beside ? &beside->parts[i] : NULL, &out->parts[i]);
		out->shares[i] = law->shares[i];
		out->part_count++;
	}
	return rc;
}

int market_measured(const struct market *market, const struct model *model, unsigned group, const struct gain_site *beside,
		    struct market *market_out, struct model *model_out)
{
	struct deal deal = {model, group, 0};
	int rc = 0;

	*market_out = *market;
	*model_out = *model;
	market_out->keepers.own = market_out->settlement.delay = (struct delay_law){0};
	for (int i = 0; i < DELAY_STAGES; i++)
		model_out->delays[i] = (struct delay_law){0};
	for (int i = 0; !rc && i < DELAY_STAGES; i++)
		rc = deal_law(&deal, &model->delays[i], beside ? &beside->model->delays[i] : NULL, &model_out->delays[i]);
	if (!rc && market->keepers.has_own)
		rc = deal_law(&deal, &market->keepers.own, beside ? &beside->market->keepers.own : NULL, &market_out->keepers.own);
	if (!rc && market->settlement.delay.type)
		rc = deal_law(&deal, &market->settlement.delay, beside ? &beside->market->settlement.delay : NULL, &market_out->settlement.delay);
	if (rc)
		market_measured_free(market_out, model_out);
	return rc;
}

void market_measured_free(struct market *market, struct model *model)
{
	for (int i = 0; i < DELAY_STAGES; i++)
		delay_free(&model->delays[i]);
	delay_free(&market->keepers.own);
	delay_free(&market->settlement.delay);
}
