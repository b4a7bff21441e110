// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a budget allows in latency, and asks for in margin and in penalties. */
#include <math.h>

#include "base/format.h"
#include "cmd/model_print.h"
#include "output/json_out.h"

struct json_object *model_budget_json(const struct model_answer *answer)
{
	const struct model_result *r = &answer->result;
	struct json_object *object = json_object_new_object();

	json_add_number(object, "bad_debt", answer->model.budget);
	json_add_number(object, "added_delay_s", r->budget_added_s);
	json_add_number(object, "delay_scale", r->budget_scale);
	json_add(object, "ci95", model_pair_json(r->budget_ci95));
	return object;
}

static struct json_object *penalty_json(const struct penalty_answer *penalty)
{
	struct json_object *object;

	if (!penalty->parameter)
		return NULL;
	object = json_object_new_object();
	json_add_text(object, "parameter", penalty->parameter);
	json_add(object, "searched", model_pair_json(penalty->searched));
	json_add_number(object, "least", penalty->least);
	json_add(object, "ci95", model_pair_json(penalty->ci95));
	json_add_number(object, "best", penalty->best);
	json_add_number(object, "bad_debt", penalty->value);
	json_add_number(object, "measurement_stderr", penalty->measurement_stderr);
	return object;
}

struct json_object *model_requirement_json(const struct model_answer *answer)
{
	const struct requirement_answer *required = &answer->required;
	struct json_object *object = json_object_new_object();

	json_add_text(object, "keep", requirement_names[answer->requirement.of]);
	json_add_number(object, "below", answer->requirement.below);
	json_add_number(object, "threshold_scale", required->threshold_scale);
	json_add(object, "ci95", model_pair_json(required->ci95));
	json_add_number(object, "bad_debt", required->value);
	json_add_number(object, "measurement_stderr", required->measurement_stderr);
	json_add_bool(object, "unlimited", required->unlimited);
	json_add(object, "penalty", penalty_json(&required->penalty));
	return object;
}

/* " (95 %: 0.91 to 0.94)", with a dash for an end that the search did not reach. */
static void print_interval(const double ci95[2], const char *unit, double times, FILE *out)
{
	fputs(" (95 %:", out);
	for (int i = 0; i < 2; i++) {
		if (isfinite(ci95[i]))
			fprintf(out, " %.4g%s", times * ci95[i], unit);
		else
			fprintf(out, " %s", FORMAT_UNKNOWN);
		fputs(i ? ")" : " to", out);
	}
}

void model_budget_text(const struct model *model, const struct model_result *r, bool walked, FILE *out)
{
	if (!(model->budget > 0))
		return;
	if (isfinite(r->budget_added_s)) {
		fprintf(out, "  A budget of %.6g is reached with %.4g s of delay on top", model->budget, r->budget_added_s);
		print_interval(r->budget_ci95, " s", 1, out);
		fputs(".\n", out);
	} else if (isfinite(r->budget_scale)) {
		fprintf(out, "  A budget of %.6g is exceeded: all delays would have to shrink to %.3g %%", model->budget, 100 * r->budget_scale);
		print_interval(r->budget_ci95, " %", 100, out);
		fputs(" of what they are.\n", out);
	} else if (walked) {
		fprintf(out, "  A budget of %.6g is not reached by latency within reach: %s.\n", model->budget,
			r->bad_debt.value > model->budget ? "without any delay it is above it"
							  : "64 mean delays on top stay below it, or the search was stopped");
	} else {
		fprintf(out, "  A budget of %.6g is not reached by latency within reach: %s.\n", model->budget,
			r->gap.value > model->budget ? "the gap alone is above it" : "1000 mean delays on top stay below it, or it is not known");
	}
}

static void print_penalty(const struct penalty_answer *penalty, const char *what, double below, FILE *out)
{
	if (isfinite(penalty->least)) {
		fprintf(out, "  Of %s from %.4g to %.4g the smallest that keeps %s below %.6g is %.4g", penalty->parameter, penalty->searched[0],
			penalty->searched[1], what, below, penalty->least);
		if (penalty->least > penalty->searched[0])
			print_interval(penalty->ci95, "", 1, out);
		fprintf(out, ", with %.6g.\n", penalty->value);
	} else if (isfinite(penalty->best)) {
		fprintf(out, "  No %s from %.4g to %.4g keeps %s below %.6g; the least is %.6g, with %.4g.\n", penalty->parameter,
			penalty->searched[0], penalty->searched[1], what, below, penalty->value, penalty->best);
	}
}

void model_requirement_text(const struct model_answer *answer, FILE *out)
{
	const char *what = answer->requirement.of == REQUIREMENT_MEAN ? "the mean" : "the worst 1 %";
	const struct requirement_answer *required = &answer->required;
	double below = answer->requirement.below;

	if (isnan(required->threshold_scale)) {
		fprintf(out, "  Halving all liquidation thresholds does not keep %s below %.6g, or the search was stopped.\n", what, below);
	} else if (required->unlimited) {
		fprintf(out, "  Thresholds of 1 would still keep %s below %.6g.\n", what, below);
	} else {
		fprintf(out, "  Liquidation thresholds times %.4f or less", required->threshold_scale);
		print_interval(required->ci95, "", 1, out);
		fprintf(out, " keep %s below %.6g (%.6g there).\n", what, below, required->value);
	}
	if (required->penalty.parameter)
		print_penalty(&required->penalty, what, below, out);
}
