/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A probability law of a delay as nodes and weights: E[g(D)] = Σ weight·g(node), for g smooth in ln t. Sums of independent
 * delays are products of rules; a product that grows beyond QUADRATURE_EXACT nodes is compressed bin by bin (1/32 in
 * ln t), each bin to the two-point Gauss rule with the same mass and first three moments: the error of a bin is
 * below (dln g/dln t / 32)^4 / 4320 of its part of the integral.
 */
#ifndef PL_MARGIN_QUADRATURE_H
#define PL_MARGIN_QUADRATURE_H

#include <stddef.h>

#define QUADRATURE_EXACT 4096
#define QUADRATURE_SMALL 700
#define DELAY_MAX_S 1e9	  /* longer delays count as this long (32 years) */
#define DELAY_MIN_S 1e-15 /* shorter ones count as none */

struct quadrature {
	double *node, *weight; /* seconds, probability */
	double *above; /* after quadrature_sort(): mass of the nodes after this one */
	size_t count, capacity;
};

/* Both return 0 or -ENOMEM. Zero weights are left out. */
int quadrature_add(struct quadrature *rule, double node, double weight);
/* The law of the sum of two independent delays; `out` must be empty. */
int quadrature_sum(struct quadrature *out, const struct quadrature *a, const struct quadrature *b);
/* The same law in bins, if it has more than QUADRATURE_SMALL nodes: a constant after a wide law leaves many in one place. 0 or -ENOMEM. */
int quadrature_compress(struct quadrature *rule);
/* Nodes ascending, and the masses above. 0 or -ENOMEM. */
int quadrature_sort(struct quadrature *rule);

/* Quantiles of a sorted law, linear between the middles of the masses: a summary, exact for one node. */
double quadrature_quantile(const struct quadrature *rule, double level);
void quadrature_free(struct quadrature *rule);

#endif
