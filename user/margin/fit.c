// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/fit.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "margin/parallel.h"
#include "margin/simplex.h"

#define CHUNK 2048 /* returns a thread takes at a time */
#define DIFFERENCE 1e-3 /* step of numerical derivatives, in the search's own units */
#define JUMP_FROM 4.0 /* robust deviations: the first guess of what is a jump */
#define EDGE 12.0 /* of a logarithm or logit: the search has run away to a limit */

/* How the search sees a parameter: without bounds, and of about unit size. value = offset + unit · (x, e^x or 1/(1 + e^-x)) */
enum scale { PLAIN, LOGARITHM, LOGIT };

struct axis {
	enum scale scale;
	double offset, unit;
};

struct problem {
	const struct process_type *type;
	double *change, *length; /* of ln S, and seconds */
	size_t count, dimensions;
	unsigned threads;
	struct axis axes[PROCESS_PARAMETERS_MAX];
	double bar_s, mean; /* garch: of a return; its drift is not searched for */
	void (*progress)(unsigned evaluations);
	unsigned evaluations;
	double *parts;	    /* a sum per chunk */
	double *each;	    /* minus ln L of every return, if wanted */
};

static double value_of(const struct axis *axis, double x)
{
	double plain = axis->scale == LOGARITHM ? exp(x) : axis->scale == LOGIT ? 1 / (1 + exp(-x)) : x;

	return axis->offset + axis->unit * plain;
}

static double place_of(const struct axis *axis, double value)
{
	double plain = (value - axis->offset) / axis->unit;

	return axis->scale == LOGARITHM ? log(plain) : axis->scale == LOGIT ? log(plain / (1 - plain)) : plain;
}

enum { GARCH_VOLATILITY, GARCH_DRIFT, GARCH_ALPHA, GARCH_BETA, GARCH_BAR };

/* The search's point as the process's parameters. garch: volatility, α + β, and the share of α in it. */
static void parameters_of(const struct problem *problem, const double *x, double *out)
{
	double value[PROCESS_PARAMETERS_MAX];

	for (size_t i = 0; i < problem->dimensions; i++)
		value[i] = value_of(&problem->axes[i], x[i]);
	if (problem->type != &process_garch) {
		memcpy(out, value, problem->dimensions * sizeof(double));
		return;
	}
	out[GARCH_VOLATILITY] = value[0];
	out[GARCH_DRIFT] = problem->mean / problem->bar_s * SECONDS_PER_YEAR + 0.5 * value[0] * value[0];
	out[GARCH_ALPHA] = value[1] * value[2];
	out[GARCH_BETA] = value[1] * (1 - value[2]);
	out[GARCH_BAR] = problem->bar_s;
}

struct likelihood {
	const struct problem *problem;
	struct process process;
};

static void take_chunk(void *context, size_t chunk)
{
	const struct likelihood *likelihood = context;
	const struct problem *problem = likelihood->problem;
	size_t end = (chunk + 1) * CHUNK;
	double sum = 0;

	for (size_t i = chunk * CHUNK; i < end && i < problem->count; i++)
		sum -= log(problem->type->density(&likelihood->process, problem->change[i], problem->length[i]) + 1e-300);
	problem->parts[chunk] = sum;
}

static double levy(const struct problem *problem, struct process *process)
{
	size_t chunks = (problem->count + CHUNK - 1) / CHUNK;
	struct likelihood likelihood = {problem, *process};
	double sum = 0;

	parallel_for(problem->threads, chunks, take_chunk, &likelihood);
	for (size_t i = 0; i < chunks; i++)
		sum += problem->parts[i];
	return sum;
}

static double garch(const struct problem *problem, const struct process *process)
{
	const double *p = process->parameter;
	double level = process->variance * problem->bar_s, h = level, sum = 0;

	for (size_t i = 0; i < problem->count; i++) {
		double shock = problem->change[i] - problem->mean, value = 0.5 * (log(2 * M_PI * h) + shock * shock / h);

		sum += value;
		if (problem->each)
			problem->each[i] = value;
		h = (1 - p[GARCH_ALPHA] - p[GARCH_BETA]) * level + p[GARCH_ALPHA] * shock * shock + p[GARCH_BETA] * h;
	}
	return sum;
}

/* Minus the logarithm of the likelihood. */
static double misfit(void *context, const double *x)
{
	struct problem *problem = context;
	struct process process = {.type = problem->type};

	if (problem->progress)
		problem->progress(++problem->evaluations);
	parameters_of(problem, x, process.parameter);
	if (process_prepare(&process, NULL))
		return INFINITY;
	return problem->type == &process_garch ? garch(problem, &process) : levy(problem, &process);
}

/* ---- where the search begins --------------------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Deviation per √second of what is not a jump, by the median of |return|/√length; what is beyond JUMP_FROM of it counts as jumps. */
struct guess {
	double sd, ups, downs, up_sum, down_sum, jump_squares, seconds;
};

static int guess(const struct problem *problem, struct guess *out)
{
	double *size = calloc(problem->count, sizeof(double));

	*out = (struct guess){0};
	if (!size)
		return -ENOMEM;
	for (size_t i = 0; i < problem->count; i++)
		size[i] = fabs(problem->change[i]) / sqrt(problem->length[i]);
	qsort(size, problem->count, sizeof(double), ascending);
	out->sd = size[problem->count / 2] / 0.6744897501960817;
	if (!(out->sd > 0)) /* most prices stay: the mean square then */
		for (size_t i = 0; i < problem->count; i++)
			out->sd += size[i] * size[i] / (double)problem->count;
	free(size);
	for (size_t i = 0; i < problem->count; i++) {
		double x = problem->change[i];

		out->seconds += problem->length[i];
		if (fabs(x) <= JUMP_FROM * out->sd * sqrt(problem->length[i]))
			continue;
		*(x > 0 ? &out->ups : &out->downs) += 1;
		*(x > 0 ? &out->up_sum : &out->down_sum) += x;
		out->jump_squares += x * x;
	}
	return 0;
}

/* Axes and the first point of the search. */
static int begin(struct problem *problem, double *x)
{
	double years, volatility, jumps, mean, sd, first[PROCESS_PARAMETERS_MAX];
	struct guess g;

	if (guess(problem, &g))
		return -ENOMEM;
	years = g.seconds / SECONDS_PER_YEAR;
	volatility = g.sd * sqrt(SECONDS_PER_YEAR);
	jumps = g.ups + g.downs + 1;
	mean = (g.up_sum + g.down_sum) / jumps;
	sd = fmax(sqrt(fmax(0, g.jump_squares / jumps - mean * mean)), JUMP_FROM * g.sd * sqrt(g.seconds / (double)problem->count));
	problem->axes[0] = (struct axis){LOGARITHM, 0, 1};
	problem->axes[1] = (struct axis){PLAIN, 0, volatility / sqrt(years)};
	problem->axes[2] = (struct axis){LOGARITHM, 0, 1};
	first[0] = volatility;
	first[1] = 0;
	first[2] = jumps / years;
	problem->dimensions = 2;
	if (problem->type == &process_merton) {
		problem->axes[3] = (struct axis){PLAIN, 0, sd};
		problem->axes[4] = (struct axis){LOGARITHM, 0, 1};
		first[3] = mean;
		first[4] = sd;
		problem->dimensions = 5;
	} else if (problem->type == &process_kou) {
		problem->axes[3] = (struct axis){LOGIT, 0, 1};
		problem->axes[4] = (struct axis){LOGARITHM, 1, 1};
		problem->axes[5] = (struct axis){LOGARITHM, 0, 1};
		first[3] = (g.ups + 1) / (g.ups + g.downs + 2);
		first[4] = 1 + (g.ups + 1) / (g.up_sum + sd);
		first[5] = (g.downs + 1) / (sd - g.down_sum);
		problem->dimensions = 6;
	} else if (problem->type == &process_garch) {
		double squares = 0;

		for (size_t i = 0; i < problem->count; i++)
			squares += pow(problem->change[i] - problem->mean, 2);
		problem->axes[1] = (struct axis){LOGIT, 0, 1};
		problem->axes[2] = (struct axis){LOGIT, 0, 1};
		first[0] = sqrt(squares / g.seconds * SECONDS_PER_YEAR);
		first[1] = 0.95;
		first[2] = 0.1;
		problem->dimensions = 3;
	}
	for (size_t i = 0; i < problem->dimensions; i++)
		x[i] = place_of(&problem->axes[i], first[i]);
	return 0;
}

/* ---- errors -------------------------------------------------------------------------------------------------------- */

typedef double matrix[PROCESS_PARAMETERS_MAX][PROCESS_PARAMETERS_MAX];

static double shifted(struct problem *problem, const double *x, size_t i, double di, size_t j, double dj)
{
	double moved[PROCESS_PARAMETERS_MAX];

	memcpy(moved, x, problem->dimensions * sizeof(double));
	moved[i] += di;
	moved[j] += dj;
	return misfit(problem, moved);
}

static void hessian(struct problem *problem, const double *x, matrix out)
{
	double h = DIFFERENCE, here = misfit(problem, x);

	for (size_t i = 0; i < problem->dimensions; i++)
		for (size_t j = 0; j <= i; j++)
			out[i][j] = out[j][i] =
				i == j ? (shifted(problem, x, i, h, i, 0) - 2 * here + shifted(problem, x, i, -h, i, 0)) / (h * h)
				       : (shifted(problem, x, i, h, j, h) - shifted(problem, x, i, h, j, -h) -
					  shifted(problem, x, i, -h, j, h) + shifted(problem, x, i, -h, j, -h)) / (4 * h * h);
}

/* Gauss and Jordan with pivots; false if singular. */
static bool invert(matrix a, size_t n, matrix out)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			out[i][j] = i == j;
	for (size_t column = 0; column < n; column++) {
		size_t pivot = column;

		for (size_t i = column + 1; i < n; i++)
			pivot = fabs(a[i][column]) > fabs(a[pivot][column]) ? i : pivot;
		if (!(fabs(a[pivot][column]) > 1e-12))
			return false;
		for (size_t j = 0; j < n; j++) {
			double t = a[column][j];

			a[column][j] = a[pivot][j];
			a[pivot][j] = t;
			t = out[column][j];
			out[column][j] = out[pivot][j];
			out[pivot][j] = t;
		}
		for (size_t i = 0; i < n; i++) {
			double factor = a[i][column] / a[column][column];

			for (size_t j = 0; i != column && j < n; j++) {
				a[i][j] -= factor * a[column][j];
				out[i][j] -= factor * out[column][j];
			}
		}
	}
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			out[i][j] /= a[i][i];
	return true;
}

/* Σ of the scores' outer products over returns: what the information would be if the model were true. */
static int scores(struct problem *problem, const double *x, matrix out)
{
	size_t n = problem->dimensions;
	double *up = calloc(problem->count * n, sizeof(double)), *down = calloc(problem->count, sizeof(double));
	int rc = up && down ? 0 : -ENOMEM;

	for (size_t i = 0; !rc && i < n; i++) {
		problem->each = up + i * problem->count;
		shifted(problem, x, i, DIFFERENCE, i, 0);
		problem->each = down;
		shifted(problem, x, i, -DIFFERENCE, i, 0);
		for (size_t k = 0; k < problem->count; k++)
			up[i * problem->count + k] = (up[i * problem->count + k] - down[k]) / (2 * DIFFERENCE);
	}
	problem->each = NULL;
	for (size_t i = 0; !rc && i < n; i++)
		for (size_t j = 0; j < n; j++) {
			out[i][j] = 0;
			for (size_t k = 0; k < problem->count; k++)
				out[i][j] += up[i * problem->count + k] * up[j * problem->count + k];
		}
	free(up);
	free(down);
	return rc;
}

static void multiply(matrix a, matrix b, size_t n, matrix out)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			out[i][j] = 0;
			for (size_t k = 0; k < n; k++)
				out[i][j] += a[i][k] * b[k][j];
		}
}

/* The covariance in the search's units, carried over to the parameters by their derivatives. */
static void carry_over(struct problem *problem, const double *x, matrix covariance, struct fit *out)
{
	double up[PROCESS_PARAMETERS_MAX] = {0}, down[PROCESS_PARAMETERS_MAX] = {0}, moved[PROCESS_PARAMETERS_MAX];
	size_t n = problem->dimensions;
	matrix slope;

	for (size_t j = 0; j < n; j++) {
		memcpy(moved, x, n * sizeof(double));
		moved[j] += DIFFERENCE;
		parameters_of(problem, moved, up);
		moved[j] -= 2 * DIFFERENCE;
		parameters_of(problem, moved, down);
		for (size_t i = 0; i < PROCESS_PARAMETERS_MAX; i++)
			slope[i][j] = (up[i] - down[i]) / (2 * DIFFERENCE);
	}
	for (size_t i = 0; i < PROCESS_PARAMETERS_MAX; i++) {
		double variance = 0;

		for (size_t j = 0; j < n; j++)
			for (size_t k = 0; k < n; k++)
				variance += slope[i][j] * covariance[j][k] * slope[i][k];
		out->stderr_[i] = variance > 0 ? sqrt(variance) : NAN;
	}
}

/* The drift of a garch comes from the mean return: its own sampling error, on top of the volatility's part. */
static void mean_error(const struct problem *problem, struct fit *out)
{
	double squares = 0, seconds = 0;

	for (size_t i = 0; i < problem->count; i++) {
		squares += pow(problem->change[i] - problem->mean, 2);
		seconds += problem->length[i];
	}
	out->stderr_[GARCH_DRIFT] = hypot(out->stderr_[GARCH_DRIFT], sqrt(squares) / seconds * SECONDS_PER_YEAR);
}

static int errors(struct problem *problem, const double *x, struct fit *out)
{
	matrix information, covariance, score, half, robust;
	bool at_edge = false;
	int rc;

	for (size_t i = 0; i < PROCESS_PARAMETERS_MAX; i++)
		out->stderr_[i] = NAN;
	for (size_t i = 0; i < problem->dimensions; i++)
		at_edge = at_edge || (problem->axes[i].scale == LOGIT && fabs(x[i]) > EDGE);
	hessian(problem, x, information);
	if (at_edge || !invert(information, problem->dimensions, covariance))
		return 0;
	if (problem->type != &process_garch) {
		carry_over(problem, x, covariance, out);
		return 0;
	}
	rc = scores(problem, x, score);
	if (rc)
		return rc;
	multiply(covariance, score, problem->dimensions, half);
	multiply(half, covariance, problem->dimensions, robust);
	carry_over(problem, x, robust, out);
	mean_error(problem, out);
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------------- */

bool fit_possible(const struct process_type *type)
{
	return type->density || type == &process_garch;
}

static void read_returns(struct problem *problem, const struct series *series)
{
	for (size_t i = 0; i < problem->count; i++) {
		problem->change[i] = series->log_price[i + 1] - series->log_price[i];
		problem->length[i] = series->time_s[i + 1] - series->time_s[i];
		problem->mean += problem->change[i] / (double)problem->count;
	}
}

/* The bar of a garch: the median length. */
static void find_bar(struct problem *problem, struct fit *out)
{
	memcpy(problem->parts, problem->length, problem->count * sizeof(double));
	qsort(problem->parts, problem->count, sizeof(double), ascending);
	problem->bar_s = problem->parts[problem->count / 2];
	for (size_t i = 0; i < problem->count; i++)
		out->uneven += fabs(problem->length[i] - problem->bar_s) > 0.01 * problem->bar_s;
}

int fit_process(const struct process_type *type, const struct series *series, unsigned threads, void (*progress)(unsigned evaluations),
		struct fit *out, struct error *err)
{
	struct problem problem = {.type = type, .threads = threads, .progress = progress, .count = series->count ? series->count - 1 : 0};
	double x[PROCESS_PARAMETERS_MAX], minimum;
	int rc = -ENOMEM;

	*out = (struct fit){.type = type, .returns = problem.count};
	if (!fit_possible(type))
		return error_set(err, -EINVAL, "process %s has no parameters to fit; allowed: gbm, merton, kou, garch", type->name);
	if (problem.count < FIT_RETURNS_MIN)
		return error_set(err, -EINVAL, "%zu returns; a fit needs %d at least", problem.count, FIT_RETURNS_MIN);
	problem.change = calloc(problem.count, sizeof(double));
	problem.length = calloc(problem.count, sizeof(double));
	problem.parts = calloc(problem.count, sizeof(double));
	if (!problem.change || !problem.length || !problem.parts)
		goto out;
	read_returns(&problem, series);
	find_bar(&problem, out);
	rc = begin(&problem, x);
	if (rc)
		goto out;
	if (!isfinite(x[0])) {
		rc = error_set(err, -EINVAL, "the price never moves: there is nothing to fit");
		goto out;
	}
	out->converged = simplex_minimise(misfit, &problem, x, problem.dimensions, 0.3, &minimum);
	parameters_of(&problem, x, out->value);
	out->log_likelihood = -minimum;
	out->akaike = 2 * (double)problem.dimensions + 2 * minimum;
	rc = errors(&problem, x, out);
out:
	if (rc == -ENOMEM)
		error_set(err, rc, "out of memory for %zu returns", problem.count);
	free(problem.change);
	free(problem.length);
	free(problem.parts);
	return rc;
}
