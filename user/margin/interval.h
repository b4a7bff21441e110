/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A 95 % interval from what a value is off by for several independent reasons, some of them known from few groups only. */
#ifndef PL_MARGIN_INTERVAL_H
#define PL_MARGIN_INTERVAL_H

#include <stddef.h>

struct error_part {
	double stderr_; /* NAN: not known, and left out */
	double freedom; /* what it was estimated from, less one; INFINITY: by formula */
};

/* The 97.5 % quantile of Student's t; degrees of freedom >= 3 (Abramowitz and Stegun 26.7.5: within 0.004). */
double student_t975(double freedom);

/* value ± t·√Σ stderr², with the degrees of freedom of Welch and Satterthwaite. An unknown value has no interval: NAN. */
void interval95(double value, const struct error_part *parts, size_t count, double out[2]);

#endif
