// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `delay:` of model.yaml. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/model_book.h"
#include "cmd/model_parts.h"
#include "latency/latency.h"
#include "session/session.h"

#define MIXTURE_DEPTH_MAX 4

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
		    (parameter->is_duration ? model_read_seconds(value, &out->parameter[i], err) :
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

	MODEL_NAMES_OF(delay_types, names);
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

int model_delays(struct conf map, const char *session, struct model *model, struct error *err)
{
	for (int i = 0; i < DELAY_STAGES; i++) {
		struct conf stage;

		if (conf_require(map, delay_stage_names[i], "a delay law: {type: constant, value: 600s}", &stage, err) ||
		    read_delay(stage, session, 0, &model->delays[i], err))
			return -EINVAL;
	}
	return conf_reject_unknown(map, "oracle, keeper, inclusion", err);
}

int model_delay(struct conf map, const char *session, struct delay_law *out, struct error *err)
{
	return read_delay(map, session, 0, out, err);
}
