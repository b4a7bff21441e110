// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/conf.h"
#include "cmd/model_book.h"
#include "latency/latency.h"
#include "session/session.h"

#define MIXTURE_DEPTH_MAX 4

/* "constant, uniform, …" of a table of descriptors that begin with their name. */
#define NAMES_OF(table, out)                                                                          \
	do {                                                                                          \
		(out)[0] = '\0';                                                                      \
		for (size_t i_ = 0; (table)[i_]; i_++)                                                \
			snprintf((out) + strlen(out), sizeof(out) - strlen(out), "%s%s", i_ ? ", " : "", \
				 (table)[i_]->name);                                                  \
	} while (0)

static int read_seconds(struct conf node, double *out, struct error *err)
{
	int64_t ns;

	if (conf_read_duration_ns(node, &ns, err))
		return -EINVAL;
	*out = (double)ns / 1e9;
	return 0;
}

/* ---- prices ------------------------------------------------------------------------------------------------------- */

static int read_process(struct conf map, struct process *out, struct error *err)
{
	char names[256], allowed[512] = "type";
	struct error why = {""};
	struct conf type;

	NAMES_OF(process_types, names);
	if (conf_require(map, "type", names, &type, err))
		return -EINVAL;
	out->type = conf_text(type) ? process_find(conf_text(type)) : NULL;
	if (!out->type)
		return conf_error(type, err, "'%s' is not known; allowed: %s", conf_text(type) ? conf_text(type) : "?", names);
	for (size_t i = 0; i < PROCESS_PARAMETERS_MAX && out->type->parameters[i].name; i++) {
		struct conf value = conf_get(map, out->type->parameters[i].name);

		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), ", %s", out->type->parameters[i].name);
		/* drift may be left out: 0, a martingale */
		if (!conf_exists(value) && !strcmp(out->type->parameters[i].name, "drift"))
			continue;
		if (!conf_exists(value))
			return conf_error(map, err, "'%s' is missing; process %s needs it", out->type->parameters[i].name,
					  out->type->name);
		if (conf_read_double(value, &out->parameter[i], err))
			return -EINVAL;
	}
	if (conf_reject_unknown(map, allowed, err))
		return -EINVAL;
	return process_prepare(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

static int read_assets(struct conf map, struct model *model, struct error *err)
{
	if (!conf_is_map(map) || !conf_count(map) || conf_count(map) > 1000)
		return conf_error(map, err, "should be a map of 1 to 1000 assets: {ETH: {price: 3000, process: {…}}}");
	model->assets = calloc(conf_count(map), sizeof(*model->assets));
	if (!model->assets)
		return conf_error(map, err, "out of memory");
	for (size_t i = 0; i < conf_count(map); i++) {
		struct model_asset *asset = &model->assets[i];
		struct conf node = conf_at(map, i), price, process;

		model->asset_count = i + 1;
		if (strlen(conf_key(map, i)) >= sizeof(asset->name))
			return conf_error(node, err, "the asset's name is too long");
		strcpy(asset->name, conf_key(map, i));
		if (conf_require(node, "price", "the price at the start, in the numeraire", &price, err) ||
		    conf_read_double(price, &asset->price, err) ||
		    conf_require(node, "process", "how the price moves: {type: gbm, volatility: 0.8}", &process, err) ||
		    read_process(process, &asset->process, err) || conf_reject_unknown(node, "price, process", err))
			return -EINVAL;
		if (!(asset->price > 0))
			return conf_error(price, err, "should be above 0");
	}
	return 0;
}

/* ---- delays ------------------------------------------------------------------------------------------------------- */

static int read_delay_csv(struct conf node, struct delay_law *out, struct error *err)
{
	size_t capacity = 0, size = 0, number = 0;
	char *line = NULL;
	FILE *file;
	int status = model_open_csv(node, &file, err);

	if (status)
		return status;
	while (!status && getline(&line, &size, file) >= 0) {
		char *end;
		double value = strtod(line, &end);

		number++;
		if (line[strspn(line, " \t\r\n")] == '\0')
			continue;
		if (end == line || end[strspn(end, " \t\r\n")] != '\0') {
			status = conf_error(node, err, "%s:%zu: not a delay in seconds, one a line", conf_text(node), number);
			break;
		}
		if (out->sample_count == capacity) {
			size_t more = capacity ? capacity * 2 : 1024;
			double *memory = realloc(out->samples, more * sizeof(*memory));

			if (!memory) {
				status = conf_error(node, err, "out of memory");
				break;
			}
			out->samples = memory;
			capacity = more;
		}
		out->samples[out->sample_count++] = value;
	}
	free(line);
	fclose(file);
	return status;
}

static int read_stage(struct conf map, const char *key, enum stage *out, struct error *err)
{
	struct conf node;

	if (conf_require(map, key, stage_names(), &node, err))
		return -EINVAL;
	if (!conf_text(node) || stage_parse(conf_text(node), out))
		return conf_error(node, err, "'%s' is not a stage; allowed: %s", conf_text(node) ? conf_text(node) : "?", stage_names());
	return 0;
}

/* Stages of different clocks can give a latency below zero; a delay cannot be: it is taken as none, and said. */
static void lift_negative(const char *path, struct delay_law *law)
{
	size_t negative = 0;

	for (size_t i = 0; i < law->sample_count; i++)
		if (law->samples[i] < 0) {
			law->samples[i] = 0;
			negative++;
		}
	if (negative)
		fprintf(stderr, "pricelag model: %s: %zu of %zu measured delays are below 0 (two clocks that disagree); taken as 0\n",
			path, negative, law->sample_count);
}

static int read_delay_session(struct conf map, const char *fallback, struct delay_law *out, struct error *err)
{
	struct conf session = conf_get(map, "session"), feed = conf_get(map, "feed"), asset = conf_get(map, "asset");
	const char *path = conf_exists(session) ? conf_text(session) : fallback;
	struct error why = {""};
	uint64_t censored;
	enum stage from, to;
	sqlite3 *db;
	int status;

	if (!path)
		return conf_error(map, err, "says nothing about where the samples are: give 'session' or 'csv' (or --session S.db)");
	if (read_stage(map, "from", &from, err) || read_stage(map, "to", &to, err))
		return -EINVAL;
	if (session_open_read(&db, path, &why))
		return conf_error(map, err, "%s", why.text);
	status = latency_samples(db, conf_text(feed), conf_text(asset), from, to, &out->samples, &out->sample_count, &censored,
				 &why);
	sqlite3_close(db);
	if (status)
		return conf_error(map, err, "%s: %s", path, why.text);
	lift_negative(path, out);
	if (censored)
		fprintf(stderr, "pricelag model: %s: %" PRIu64 " updates had not got from %s to %s when the session ended: the law of the %zu "
				"that had is a little too short\n", path, censored, stages[from].name, stages[to].name, out->sample_count);
	return 0;
}

static int read_empirical(struct conf map, const char *session, struct delay_law *out, struct error *err)
{
	struct conf csv = conf_get(map, "csv");
	int status;

	if (conf_exists(csv) && conf_exists(conf_get(map, "session")))
		return conf_error(map, err, "give either 'csv' or 'session'");
	status = conf_exists(csv) ? read_delay_csv(csv, out, err) : read_delay_session(map, session, out, err);
	return status ? status : conf_reject_unknown(map, "type, weight, csv; or session, from, to, feed, asset", err);
}

static int read_delay(struct conf map, const char *session, int depth, struct delay_law *out, struct error *err);

static int read_mixture(struct conf map, const char *session, int depth, struct delay_law *out, struct error *err)
{
	struct conf list;

	if (conf_require(map, "of", "a list of laws, each with a weight", &list, err))
		return -EINVAL;
	if (!conf_is_list(list) || !conf_count(list) || conf_count(list) > 64 || depth >= MIXTURE_DEPTH_MAX)
		return conf_error(list, err, "should be a list of 1 to 64 laws, each with a weight, at most %d levels deep", MIXTURE_DEPTH_MAX);
	out->parts = calloc(conf_count(list), sizeof(*out->parts));
	out->shares = calloc(conf_count(list), sizeof(*out->shares));
	if (!out->parts || !out->shares)
		return conf_error(list, err, "out of memory");
	for (size_t i = 0; i < conf_count(list); i++) {
		struct conf part = conf_at(list, i), weight;

		if (conf_require(part, "weight", "this law's share, above 0", &weight, err) ||
		    conf_read_double(weight, &out->shares[i], err))
			return -EINVAL;
		out->part_count = i + 1;
		if (read_delay(part, session, depth + 1, &out->parts[i], err))
			return -EINVAL;
	}
	return conf_reject_unknown(map, "type, weight, of", err);
}

static int read_parameters(struct conf map, struct delay_law *out, struct error *err)
{
	char allowed[256] = "type";

	for (size_t i = 0; i < DELAY_PARAMETERS_MAX && out->type->parameters[i].name; i++) {
		const struct delay_parameter *parameter = &out->type->parameters[i];
		struct conf value;

		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), ", %s", parameter->name);
		if (conf_require(map, parameter->name, parameter->is_duration ? "a duration such as 150ms" : "a number", &value, err) ||
		    (parameter->is_duration ? read_seconds(value, &out->parameter[i], err) :
					      conf_read_double(value, &out->parameter[i], err)))
			return -EINVAL;
	}
	return conf_reject_unknown(map, allowed, err);
}

static int read_delay(struct conf map, const char *session, int depth, struct delay_law *out, struct error *err)
{
	struct error why = {""};
	struct conf type;
	char names[256];
	int status;

	NAMES_OF(delay_types, names);
	if (conf_require(map, "type", names, &type, err))
		return -EINVAL;
	out->type = conf_text(type) ? delay_find(conf_text(type)) : NULL;
	if (!out->type)
		return conf_error(type, err, "'%s' is not known; allowed: %s", conf_text(type) ? conf_text(type) : "?", names);
	if (out->type == &delay_mixture)
		status = read_mixture(map, session, depth, out, err);
	else if (out->type == &delay_empirical)
		status = read_empirical(map, session, out, err);
	else
		status = read_parameters(map, out, err);
	if (status)
		return status;
	return delay_prepare(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

static int read_delays(struct conf map, const char *session, struct model *model, struct error *err)
{
	for (int i = 0; i < DELAY_STAGES; i++) {
		struct conf stage;

		if (conf_require(map, delay_stage_names[i], "a delay law: {type: constant, value: 600s}", &stage, err) ||
		    read_delay(stage, session, 0, &model->delays[i], err))
			return -EINVAL;
	}
	return conf_reject_unknown(map, "oracle, keeper, inclusion", err);
}

/* ---- engine ------------------------------------------------------------------------------------------------------- */

static int read_engine(struct conf map, struct engine *out, struct error *err)
{
	char names[256], allowed[512] = "type";
	struct error why = {""};
	struct conf type;

	NAMES_OF(engine_types, names);
	if (conf_require(map, "type", names, &type, err))
		return -EINVAL;
	out->type = conf_text(type) ? engine_find(conf_text(type)) : NULL;
	if (!out->type)
		return conf_error(type, err, "'%s' is not known; allowed: %s", conf_text(type) ? conf_text(type) : "?", names);
	for (size_t i = 0; i < ENGINE_PARAMETERS_MAX && out->type->parameters[i].name; i++) {
		struct conf value = conf_get(map, out->type->parameters[i].name);

		snprintf(allowed + strlen(allowed), sizeof(allowed) - strlen(allowed), ", %s", out->type->parameters[i].name);
		out->parameter[i] = out->type->parameters[i].preset;
		if (conf_exists(value) && conf_read_double(value, &out->parameter[i], err))
			return -EINVAL;
	}
	if (conf_reject_unknown(map, allowed, err))
		return -EINVAL;
	return engine_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

/* ------------------------------------------------------------------------------------------------------------------- */

static int read_root(struct conf root, const char *session, struct model *model, struct error *err)
{
	struct conf seed = conf_get(root, "seed"), paths, horizon, step, assets, book, engine, delay;

	model->seed = 1;
	if ((conf_exists(seed) && conf_read_uint(seed, 0, UINT64_MAX, &model->seed, err)) ||
	    conf_require(root, "paths", "how many price paths to draw, e.g. 200000", &paths, err) ||
	    conf_read_uint(paths, 2, 1000000000, &model->paths, err) ||
	    conf_require(root, "horizon", "how far to look, e.g. 24h", &horizon, err) ||
	    read_seconds(horizon, &model->horizon_s, err) ||
	    conf_require(root, "step", "the grid of what needs one, e.g. 1s", &step, err) ||
	    read_seconds(step, &model->step_s, err) ||
	    conf_require(root, "assets", "prices and how they move", &assets, err) || read_assets(assets, model, err) ||
	    conf_require(root, "book", "the accounts", &book, err) || model_book(book, model, err) ||
	    conf_require(root, "engine", "how accounts are liquidated: {type: instant}", &engine, err) ||
	    read_engine(engine, &model->engine, err) ||
	    conf_require(root, "delay", "the three stages oracle, keeper, inclusion", &delay, err) ||
	    read_delays(delay, session, model, err))
		return -EINVAL;
	if (!(model->horizon_s > 0) || model->horizon_s > 366 * 86400.0)
		return conf_error(horizon, err, "should be above 0 and at most 366d");
	if (!(model->step_s > 0) || model->step_s > model->horizon_s)
		return conf_error(step, err, "should be above 0 and at most the horizon");
	return conf_reject_unknown(root, "seed, paths, horizon, step, assets, book, engine, delay", err);
}

int model_config_load(struct model *model, const char *path, const char *session, struct error *err)
{
	struct conf_file *file;
	int status;

	memset(model, 0, sizeof(*model));
	status = conf_open(&file, path, err);
	if (status)
		return status;
	status = read_root(conf_root(file), session, model, err);
	conf_close(file);
	if (status)
		model_free(model);
	return status;
}
