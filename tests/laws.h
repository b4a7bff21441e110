/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Laws of prices and delays that are ready to be drawn from, for tests of the model; what cannot be prepared fails the test. */
#ifndef PL_TESTS_LAWS_H
#define PL_TESTS_LAWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "margin/delay.h"
#include "margin/process.h"
#include "margin/rng.h"

/* `parameters`: the type's first `count`. */
static inline struct process process_of(const struct process_type *type, const double *parameters, size_t count)
{
	struct process process = {.type = type};
	struct error err;

	memcpy(process.parameter, parameters, count * sizeof(double));
	if (process_prepare(&process, &err))
		fail_msg("%s", err.text);
	return process;
}

/* `count` exponential delays of a mean, as a session would have measured them; the caller frees the law. */
static inline struct delay_law measured_delays(size_t count, double mean_s, uint64_t seed)
{
	struct delay_law law = {.type = &delay_empirical, .samples = calloc(count, sizeof(double)), .sample_count = count};
	struct error err;
	struct rng rng;

	assert_non_null(law.samples);
	rng_open(&rng, seed, 0, 0, RNG_DELAY);
	for (size_t i = 0; i < count; i++)
		law.samples[i] = mean_s * rng_exponential(&rng);
	assert_int_equal(delay_prepare(&law, &err), 0);
	return law;
}

#endif
