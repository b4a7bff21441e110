// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/liquidity.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static double proceeds_none(const struct liquidity *liquidity, double x)
{
	(void)liquidity;
	return x;
}

static double proceeds_pool(const struct liquidity *liquidity, double x)
{
	return liquidity->parameter * x / (liquidity->parameter + x);
}

/* x(1 - √(x/V)) grows up to x = 4V/9, where one more unit brings nothing. */
static double proceeds_sqrt(const struct liquidity *liquidity, double x)
{
	double most = 4.0 / 9 * liquidity->parameter;

	x = fmin(x, most);
	return x * (1 - sqrt(x / liquidity->parameter));
}

static double proceeds_book(const struct liquidity *liquidity, double x)
{
	double sum = 0, units = 0, fraction = 1;

	for (size_t i = 0; i < liquidity->level_count; i++) {
		const struct depth_level *level = &liquidity->levels[i];
		double width = level->units - units, taken = fmin(width, x - units);
		double end = fraction + (level->fraction - fraction) * (width > 0 ? taken / width : 0);

		sum += taken * (fraction + end) / 2;
		if (x <= level->units)
			return sum;
		units = level->units;
		fraction = level->fraction;
	}
	return sum;
}

const struct liquidity_type liquidity_none = {"none", NULL, proceeds_none};
const struct liquidity_type liquidity_pool = {"pool", "reserve", proceeds_pool};
const struct liquidity_type liquidity_sqrt = {"sqrt", "units_to_nothing", proceeds_sqrt};
const struct liquidity_type liquidity_book = {"book", NULL, proceeds_book};

const struct liquidity_type *const liquidity_types[] = {&liquidity_none, &liquidity_pool, &liquidity_sqrt, &liquidity_book, NULL};

const struct liquidity_type *liquidity_find(const char *name)
{
	for (size_t i = 0; liquidity_types[i]; i++)
		if (!strcmp(liquidity_types[i]->name, name))
			return liquidity_types[i];
	return NULL;
}

int liquidity_check(const struct liquidity *liquidity, struct error *err)
{
	const struct depth_level *levels = liquidity->levels;

	if (liquidity->type->parameter && !(liquidity->parameter > 0 && isfinite(liquidity->parameter)))
		return error_set(err, -EINVAL, "%s is %g; it should be above 0, in units of the asset",
				 liquidity->type->parameter, liquidity->parameter);
	if (!(liquidity->recovery_s > 0))
		return error_set(err, -EINVAL, "recovery is %g s; it should be above 0", liquidity->recovery_s);
	if (liquidity->type == &liquidity_book && !liquidity->level_count)
		return error_set(err, -EINVAL, "a book needs at least one level: cumulative units and the price's fraction there");
	for (size_t i = 0; i < liquidity->level_count; i++)
		if (!(levels[i].units > (i ? levels[i - 1].units : 0)) || !(levels[i].fraction <= (i ? levels[i - 1].fraction : 1)) ||
		    !(levels[i].fraction >= 0))
			return error_set(err, -EINVAL, "level %zu: units have to rise, fractions have to fall from 1 to 0", i + 1);
	return 0;
}

double liquidity_average(const struct liquidity *liquidity, double used, double units)
{
	return (liquidity->type->proceeds(liquidity, used + units) - liquidity->type->proceeds(liquidity, used)) / units;
}

double liquidity_recover(const struct liquidity *liquidity, double used, double dt_s)
{
	return used * exp2(-dt_s / liquidity->recovery_s);
}

double liquidity_marginal(const struct liquidity *liquidity, double used)
{
	double step = 1e-6 * (used > 0 ? used : 1);

	return liquidity_average(liquidity, used, step);
}
