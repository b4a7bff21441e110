// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/dependence.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "margin/model.h"

#define PIVOT_MIN (-1e-12) /* rounding of a singular, but valid matrix */

static int factorise(struct dependence *dependence, size_t n, const struct model *model, struct error *err)
{
	const double *c = dependence->correlation;
	double *l;

	free(dependence->factor);
	l = dependence->factor = calloc(n * n, sizeof(double));
	if (!l)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++) {
			double rest = c[i * n + j];

			if (!(fabs(rest) <= 1))
				return error_set(err, -EINVAL, "the correlation of %s and %s is %g; allowed: -1 to 1",
						 model->assets[i].name, model->assets[j].name, rest);
			for (size_t k = 0; k < j; k++)
				rest -= l[i * n + k] * l[j * n + k];
			if (i == j && rest < PIVOT_MIN)
				return error_set(err, -EINVAL, "no prices can be correlated like this: the matrix is not positive "
							       "(at %s)", model->assets[i].name);
			if (i == j)
				l[i * n + i] = sqrt(fmax(0, rest));
			else
				l[i * n + j] = l[j * n + j] > 0 ? rest / l[j * n + j] : 0;
		}
	return 0;
}

int dependence_prepare(struct dependence *dependence, const struct model *model, struct error *err)
{
	double least = INFINITY;

	for (size_t i = 0; dependence->correlation && i < model->asset_count; i++) {
		const struct process *process = &model->assets[i].process;

		if (process_is_levy(process) || (process->type == &process_garch && process->bar_s == model->step_s))
			continue;
		for (size_t j = 0; j < model->asset_count; j++)
			if (j != i && dependence->correlation[i * model->asset_count + j] != 0)
				return error_set(err, -EINVAL, "%s cannot be correlated: process %s takes no shocks from outside%s",
						 model->assets[i].name, process->type->name,
						 process->type == &process_garch ? " unless its bar is the model's step" : "");
	}
	for (size_t i = 0; dependence->jumps_together && i < model->asset_count; i++) {
		if (!dependence->jumps_together[i])
			continue;
		if (!(model->assets[i].process.jump_rate > 0))
			return error_set(err, -EINVAL, "%s has no jumps that could be common", model->assets[i].name);
		least = fmin(least, model->assets[i].process.jump_rate);
	}
	dependence->common_rate = isfinite(least) ? dependence->common_share * least : 0;
	return dependence->correlation ? factorise(dependence, model->asset_count, model, err) : 0;
}

void dependence_free(struct dependence *dependence)
{
	free(dependence->correlation);
	free(dependence->factor);
	free(dependence->jumps_together);
	*dependence = (struct dependence){0};
}

void dependence_normals(const struct dependence *dependence, uint64_t seed, uint64_t path, size_t steps, size_t assets,
			double *normals)
{
	struct rng rng;

	rng_open(&rng, seed, path, 0, RNG_SHOCKS);
	for (size_t step = 0; step < steps; step++) {
		double *z = &normals[step * assets];

		for (size_t i = 0; i < assets; i++)
			z[i] = rng_normal(&rng);
		for (size_t i = assets; i-- > 0;) { /* in place: row i uses rows up to i, not yet overwritten */
			double sum = 0;

			for (size_t k = 0; k <= i; k++)
				sum += dependence->factor[i * assets + k] * z[k];
			z[i] = sum;
		}
	}
}
