/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Laws of one stage's delay, in seconds: one row each in delay_types. A law is used in two ways: as quadrature nodes, so
 * that expectations carry no sampling error of the delay at all, and as an inverse distribution function, so that the
 * same uniform number gives a comparable delay under two laws.
 */
#ifndef PL_MARGIN_DELAY_H
#define PL_MARGIN_DELAY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "margin/quadrature.h"

#define DELAY_PARAMETERS_MAX 2

enum delay_stage { DELAY_ORACLE, DELAY_KEEPER, DELAY_INCLUSION, DELAY_STAGES };
extern const char *const delay_stage_names[DELAY_STAGES + 1]; /* "oracle", "keeper", "inclusion", NULL */

struct delay_law;

struct delay_parameter {
	const char *name; /* key in model.yaml */
	bool is_duration; /* seconds here, written with a unit there */
	double low, high; /* allowed values */
};

struct delay_type {
	const char *name;
	struct delay_parameter parameters[DELAY_PARAMETERS_MAX];
	double (*mean)(const struct delay_law *law);
	double (*quantile)(const struct delay_law *law, double u); /* 0 < u < 1 → seconds; a uniform u gives the law */
	int (*nodes)(const struct delay_law *law, double mass, struct quadrature *out); /* adds nodes with weights summing to `mass` */
};

/*
 * Do delays know of prices? Under `regime` a measured law gives a delay from the quarter of its samples that were measured
 * under volatility like that of the moment; under `block` all of a path's delays come from one stretch of the measurement, in
 * its order, so that a congestion is met by every account and in every stage at once.
 */
enum delay_dependence { DELAYS_INDEPENDENT, DELAYS_BY_REGIME, DELAYS_IN_BLOCKS };
extern const char *const delay_dependence_names[]; /* "independent", "regime", "block", NULL */
#define DELAY_REGIMES 4

/* The samples of a measured law with what was around them; count 0: not known. */
struct delay_record {
	double *key;	 /* volatility per root of a year (regime), or seconds (block) */
	double *delay_s; /* in the order of the keys, which delay_prepare() makes ascending */
	size_t count;
};

/*
 * Beyond a quantile of the samples the law is generalised Pareto (pareto.h), fitted to what lies there: a delay that no
 * measurement is long enough to show may come, and what few samples say of it has an error of its own. Delays that know of prices
 * keep the ranks that they were measured with: a sample beyond it stands for the tail's law between its rank and the next.
 */
struct delay_tail {
	double above;	  /* the quantile, 0.5 .. 1; 0: the samples are all there is */
	double threshold_s, share; /* from delay_prepare(): where it begins, and the share of the samples beyond */
	size_t count;		   /* of them */
	double shape, scale_s, shape_stderr, scale_stderr_s;
};
#define DELAY_TAIL_MIN 50 /* samples beyond */

/* The moment at which a delay is drawn. */
struct delay_moment {
	double volatility; /* per root of a year */
	double time_s;	   /* on the path */
	double start;	   /* where in the measurement this path began, 0..1 */
};

struct delay_law {
	const struct delay_type *type;
	double parameter[DELAY_PARAMETERS_MAX];
	double *samples; /* empirical: ascending, sample_count of them */
	size_t sample_count;
	struct delay_tail tail;	    /* empirical */
	struct delay_record record;
	struct delay_law *parts; /* mixture: part_count laws with their probabilities */
	double *shares;
	size_t part_count;
};

extern const struct delay_type *const delay_types[]; /* NULL at the end */
extern const struct delay_type delay_constant, delay_uniform, delay_exponential, delay_lognormal, delay_empirical, delay_mixture;

const struct delay_type *delay_find(const char *name);

/* Checks ranges and, for all parts, that there is something to draw from; sorts samples; makes shares add up to 1. -EINVAL names the parameter. */
int delay_prepare(struct delay_law *law, struct error *err);
void delay_free(struct delay_law *law);

/* The same law, from the same samples where it is measured. */
bool delay_law_same(const struct delay_law *a, const struct delay_law *b);

/* -EINVAL where no stage knows what was around its samples, or regimes have no window (s). */
int delay_dependence_check(const struct delay_law stages[DELAY_STAGES], enum delay_dependence dependence, double window_s,
			   struct error *err);

double delay_mean(const struct delay_law *law);
double delay_quantile(const struct delay_law *law, double u); /* never above DELAY_MAX_S */
int delay_nodes(const struct delay_law *law, struct quadrature *out);

/* Adds the nodes of a tail, with weights summing to `mass`; step 1/16 of ln t is exact. 0 or -ENOMEM. */
int delay_tail_nodes(const struct delay_tail *tail, double mass, double step, struct quadrature *out);

/* A delay at a moment: from the record where there is one and `dependence` asks for it, delay_quantile() otherwise. */
double delay_draw(const struct delay_law *law, enum delay_dependence dependence, const struct delay_moment *moment, double u);

/* The law of the sum of the stages, sorted; `without` (or DELAY_STAGES for none) is left out. 0 or -ENOMEM. */
int delay_total(const struct delay_law stages[DELAY_STAGES], enum delay_stage without, struct quadrature *out);

#endif
