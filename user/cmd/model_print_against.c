// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What another site would gain. */
#include <math.h>

#include "cmd/model_print.h"
#include "output/json_out.h"

static struct json_object *gain_json(const struct gain *gain)
{
	struct json_object *object = model_estimate_json(&gain->mean);

	json_add_number(object, "measurement_stderr", gain->measurement_stderr);
	json_add(object, "ci95", model_pair_json(gain->ci95));
	return object;
}

static void add_profit(struct json_object *object, const char *profit, const struct estimate *there, const char *more, const struct gain *gain)
{
	bool known = isfinite(there->value);

	json_add(object, profit, known ? model_estimate_json(there) : NULL);
	json_add(object, more, known ? gain_json(gain) : NULL);
}

struct json_object *model_against_json(const struct model_answer *answer)
{
	const struct gain_answer *gain = &answer->gain;
	struct json_object *object = json_object_new_object();

	json_add_text(object, "session", answer->against);
	json_add_count(object, "paths", gain->paths);
	json_add_number(object, "delay_mean_s", gain->delay_mean_s);
	json_add(object, "bad_debt", model_estimate_json(&gain->bad_debt));
	json_add(object, "gain", gain_json(&gain->less_bad_debt));
	if (gain->paths)
		json_add_count(object, "differing", gain->differing);
	add_profit(object, "keeper_profit", &gain->keeper_profit, "keeper_profit_gain", &gain->more_keeper_profit);
	add_profit(object, "own_profit", &gain->own_profit, "own_profit_gain", &gain->more_own_profit);
	return object;
}

static void print_interval(const struct gain *gain, FILE *out)
{
	fprintf(out, "%.4g ± %.2g", gain->mean.value, gain->mean.stderr_);
	if (isfinite(gain->measurement_stderr))
		fprintf(out, " (and ± %.2g for the measurements being finite)", gain->measurement_stderr);
	fprintf(out, ", 95 %%: %.4g to %.4g", gain->ci95[0], gain->ci95[1]);
}

static void print_profit(const char *whose, const struct estimate *there, const struct gain *gain, FILE *out)
{
	if (!isfinite(there->value))
		return;
	fprintf(out, "  %s earn%s %.4g ± %.2g there, more by ", whose, whose[0] == 'K' ? "" : "s", there->value, there->stderr_);
	print_interval(gain, out);
	fputs(".\n", out);
}

void model_against_text(const struct model_answer *answer, FILE *out)
{
	const struct gain_answer *gain = &answer->gain;

	fprintf(out, "  With the delays of %s (%.3g s on average, here %.3g s) the bad debt is %.6g ± %.2g, less by ", answer->against,
		gain->delay_mean_s, answer->result.delay_mean_s, gain->bad_debt.value, gain->bad_debt.stderr_);
	print_interval(&gain->less_bad_debt, out);
	fputs(".\n", out);
	if (gain->paths && !gain->differing)
		fprintf(out, "  No path of %llu tells the two apart: that one does has a probability below %.3g (95 %%), not 0.\n",
			(unsigned long long)gain->paths, 3.0 / (double)gain->paths);
	print_profit("Keepers", &gain->keeper_profit, &gain->more_keeper_profit, out);
	print_profit("The own keeper", &gain->own_profit, &gain->more_own_profit, out);
}
