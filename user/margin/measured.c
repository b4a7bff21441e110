// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/measured.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/rng.h"

bool measured_is(const struct delay_law *law)
{
	for (size_t i = 0; i < law->part_count; i++)
		if (measured_is(&law->parts[i]))
			return true;
	return law->type == &delay_empirical;
}

bool measured_any(const struct model *model)
{
	for (int i = 0; i < DELAY_STAGES; i++)
		if (measured_is(&model->delays[i]))
			return true;
	return false;
}

#define LANES 0x10000 /* of a site: more than a file has laws */

static unsigned dealt_to(struct rng *rng)
{
	return (unsigned)(rng_uniform(rng) * MEASURED_GROUPS);
}

static int deal_record(const struct measured_deal *deal, uint32_t lane, const struct delay_record *record, struct delay_record *out)
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

static int deal_samples(const struct measured_deal *deal, uint32_t lane, const struct delay_law *law, struct delay_law *out)
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

int measured_law(struct measured_deal *deal, const struct delay_law *law, const struct delay_law *beside, struct delay_law *out)
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
		rc = measured_law(deal, &law->parts[i], beside ? &beside->parts[i] : NULL, &out->parts[i]);
		out->shares[i] = law->shares[i];
		out->part_count++;
	}
	return rc;
}

int measured_stages(struct measured_deal *deal, const struct model *beside, struct delay_law out[DELAY_STAGES])
{
	int rc = 0;

	for (int i = 0; i < DELAY_STAGES; i++)
		out[i] = (struct delay_law){0};
	for (int i = 0; !rc && i < DELAY_STAGES; i++)
		rc = measured_law(deal, &deal->model->delays[i], beside ? &beside->delays[i] : NULL, &out[i]);
	return rc;
}

void measured_add(struct measured_spread *spread, double mean)
{
	double delta = mean - spread->mean;

	spread->mean += delta / ++spread->groups;
	spread->squares += delta * (mean - spread->mean);
}

double measured_stderr(const struct measured_spread *spread)
{
	if (spread->groups < MEASURED_GROUPS)
		return NAN;
	return sqrt(spread->squares / (MEASURED_GROUPS - 1) / MEASURED_GROUPS);
}
