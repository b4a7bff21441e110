// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `delay:` of model.yaml. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/model_book.h"
#include "cmd/model_parts.h"
#include "latency/latency.h"
#include "latency/record.h"
#include "session/session.h"

#define MIXTURE_DEPTH_MAX 4

/* Where measured laws come from, and which column beside the delay is asked for. */
struct source {
	struct model_measured *measured;
	enum delay_dependence dependence;
};

static const char *const key_columns[] = {[DELAYS_BY_REGIME] = "volatility", [DELAYS_IN_BLOCKS] = "time_s"};

/* A file of delays: one in seconds a line, or a header line with the column delay_s and others. */
struct delay_file {
	struct conf node;
	size_t number, capacity;
	int delay_column, key_column; /* -1: there is none */
};

static int read_header(struct delay_file *file, char *line, const char *key, struct error *err)
{
	char *name;

	file->delay_column = file->key_column = -1;
	line[strcspn(line, "\r\n")] = '\0';
	for (int i = 0; (name = strsep(&line, ",")); i++) {
		if (!strcmp(name, "delay_s"))
			file->delay_column = i;
		else if (key && !strcmp(name, key))
			file->key_column = i;
	}
	if (file->delay_column < 0 || (key && file->key_column < 0))
		return conf_error(file->node, err, "%s:%zu: no column '%s'", conf_text(file->node), file->number,
				  file->delay_column < 0 ? "delay_s" : key);
	return 0;
}

static int read_row(struct delay_file *file, char *line, struct delay_law *out, struct error *err)
{
	double delay = NAN, key = NAN;
	char *cell, *end;

	line[strcspn(line, "\r\n")] = '\0';
	for (int i = 0; (cell = strsep(&line, ",")); i++) {
		double value = strtod(cell, &end);

		if (i != file->delay_column && i != file->key_column)
			continue;
		if (end == cell || end[strspn(end, " \t")] != '\0' || !isfinite(value))
			return conf_error(file->node, err, "%s:%zu: '%.40s' is not a number", conf_text(file->node), file->number, cell);
		*(i == file->delay_column ? &delay : &key) = value;
	}
	if (isnan(delay) || (file->key_column >= 0 && isnan(key)))
		return conf_error(file->node, err, "%s:%zu: a column is missing", conf_text(file->node), file->number);
	if (out->sample_count == file->capacity) {
		size_t capacity = file->capacity ? 2 * file->capacity : 1024;
		double **const arrays[] = {&out->samples, &out->record.key, &out->record.delay_s};

		for (int i = 0; i < (file->key_column < 0 ? 1 : 3); i++) {
			double *memory = realloc(*arrays[i], capacity * sizeof(*memory));

			if (!memory)
				return conf_error(file->node, err, "out of memory");
			*arrays[i] = memory;
		}
		file->capacity = capacity;
	}
	if (file->key_column >= 0) {
		out->record.key[out->record.count] = key;
		out->record.delay_s[out->record.count++] = delay;
	}
	out->samples[out->sample_count++] = delay;
	return 0;
}

static int read_delay_csv(struct conf node, const struct source *source, struct delay_law *out, struct error *err)
{
	struct delay_file file = {.node = node, .key_column = -1};
	const char *key = key_columns[source->dependence];
	size_t size = 0;
	char *line = NULL;
	FILE *stream;
	int status = model_open_csv(node, &stream, err);

	if (status)
		return status;
	while (!status && getline(&line, &size, stream) >= 0) {
		file.number++;
		if (line[strspn(line, " \t\r\n")] == '\0')
			continue;
		if (!out->sample_count && isalpha((unsigned char)line[0]))
			status = read_header(&file, line, key, err);
		else if (key && file.key_column < 0)
			status = conf_error(node, err, "%s: one delay a line; delays by %s need a header line and the columns delay_s and %s",
					    conf_text(node), delay_dependence_names[source->dependence], key);
		else
			status = read_row(&file, line, out, err);
	}
	free(line);
	fclose(stream);
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

/* The latencies again, each with what was around it. */
static int read_record(sqlite3 *db, const char *feed, const char *asset, enum stage from, enum stage to,
		       enum delay_dependence dependence, struct delay_law *out, struct error *err)
{
	struct latency_record record;
	int status = latency_record(db, feed, asset, from, to, dependence == DELAYS_BY_REGIME, &record, err);

	if (status)
		return status;
	for (size_t i = 0; i < record.count; i++)
		record.seconds[i] = fmax(0, record.seconds[i]);
	out->record = (struct delay_record){record.key, record.seconds, record.count};
	return 0;
}

/* The law is of all of them together: what gives less than a twentieth of the samples says little for or against it. */
static void keep_large(struct latency_list *list)
{
	uint64_t all = 0;
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		all += list->items[i].count;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].count * 20 < all)
			pair_samples_free(&list->items[i].samples);
		else
			list->items[kept++] = list->items[i];
	list->count = kept;
}

/* What `pricelag latency` says against these latencies; once, where several laws come from one session. */
static int doubt(sqlite3 *db, const char *path, const char *feed, const char *asset, enum stage from, enum stage to,
		 struct model_measured *measured, struct error *err)
{
	char reasons[2048], *rest = reasons, *reason;
	struct latency_list list;
	int status = latency_figures(db, &from, &to, &list, err);

	if (status)
		return status;
	latency_list_keep(&list, feed, asset);
	keep_large(&list);
	latency_untrusted(db, &list, reasons, sizeof(reasons));
	latency_list_free(&list);
	while ((reason = strsep(&rest, "\n"))) {
		size_t used = strlen(measured->doubts);

		if (*reason && !strstr(measured->doubts, reason))
			snprintf(measured->doubts + used, sizeof(measured->doubts) - used, "%s: %s\n", path, reason);
	}
	return 0;
}

static int read_delay_session(struct conf map, const struct source *source, struct delay_law *out, struct error *err)
{
	struct conf session = conf_get(map, "session"), feed = conf_get(map, "feed"), asset = conf_get(map, "asset");
	const char *path = source->measured->session;
	char name[PATH_MAX];
	struct error why = {""};
	uint64_t censored;
	enum stage from, to;
	sqlite3 *db;
	int status;

	if (conf_exists(session)) {
		if (conf_read_path(session, name, sizeof(name), err))
			return -EINVAL;
		path = name;
	} else {
		source->measured->taken = true;
	}
	if (!path)
		return conf_error(map, err, "says nothing about where the samples are: give 'session' or 'csv' (or --session S.db)");
	if (read_stage(map, "from", &from, err) || read_stage(map, "to", &to, err))
		return -EINVAL;
	if (session_open_read(&db, path, &why))
		return conf_error(map, err, "%s", why.text);
	status = latency_samples(db, conf_text(feed), conf_text(asset), from, to, &out->samples, &out->sample_count, &censored,
				 &why);
	if (!status && source->dependence != DELAYS_INDEPENDENT)
		status = read_record(db, conf_text(feed), conf_text(asset), from, to, source->dependence, out, &why);
	if (!status)
		status = doubt(db, path, conf_text(feed), conf_text(asset), from, to, source->measured, &why);
	sqlite3_close(db);
	if (status)
		return conf_error(map, err, "%s: %s", path, why.text);
	lift_negative(path, out);
	if (censored)
		fprintf(stderr, "pricelag model: %s: %" PRIu64 " updates had not got from %s to %s when the session ended: the law of the %zu "
				"that had is a little too short\n", path, censored, stages[from].name, stages[to].name, out->sample_count);
	return 0;
}

static int read_empirical(struct conf map, const struct source *source, struct delay_law *out, struct error *err)
{
	struct conf csv = conf_get(map, "csv");
	struct conf tail = conf_get(map, "tail");
	int status;

	if (conf_exists(csv) && conf_exists(conf_get(map, "session")))
		return conf_error(map, err, "give either 'csv' or 'session'");
	if (conf_exists(tail) && conf_read_double(tail, &out->tail.above, err))
		return -EINVAL;
	if (conf_exists(tail) && !out->tail.above)
		return conf_error(tail, err, "should be the quantile at which it begins, e.g. 0.95");
	status = conf_exists(csv) ? read_delay_csv(csv, source, out, err) : read_delay_session(map, source, out, err);
	return status ? status : conf_reject_unknown(map, "type, weight, tail, csv; or session, from, to, feed, asset", err);
}

static int read_delay(struct conf map, const struct source *source, int depth, struct delay_law *out, struct error *err);

static int read_mixture(struct conf map, const struct source *source, int depth, struct delay_law *out, struct error *err)
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
		if (read_delay(part, source, depth + 1, &out->parts[i], err))
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

static int read_delay(struct conf map, const struct source *source, int depth, struct delay_law *out, struct error *err)
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
		status = read_mixture(map, source, depth, out, err);
	else if (out->type == &delay_empirical)
		status = read_empirical(map, source, out, err);
	else
		status = read_parameters(map, out, err);
	if (status)
		return status;
	return delay_prepare(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

#define VOLATILITY_WINDOW_S 600

static int read_dependence(struct conf map, struct model *model, struct error *err)
{
	struct conf dependence = conf_get(map, "dependence"), window = conf_get(map, "volatility_window");
	int choice = DELAYS_INDEPENDENT;

	if (conf_exists(dependence) && conf_read_choice(dependence, delay_dependence_names, &choice, err))
		return -EINVAL;
	model->dependent_delays = (enum delay_dependence)choice;
	model->volatility_window_s = VOLATILITY_WINDOW_S;
	if (conf_exists(window) && choice != DELAYS_BY_REGIME)
		return conf_error(window, err, "is for dependence: regime");
	if (!conf_exists(window))
		return 0;
	if (model_read_seconds(window, &model->volatility_window_s, err))
		return -EINVAL;
	return model->volatility_window_s > 0 ? 0 : conf_error(window, err, "should be longer than 0");
}

int model_delays(struct conf map, struct model_measured *measured, struct model *model, struct error *err)
{
	struct source source = {.measured = measured};
	bool known = false;

	if (read_dependence(map, model, err))
		return -EINVAL;
	source.dependence = model->dependent_delays;
	for (int i = 0; i < DELAY_STAGES; i++) {
		struct conf stage;

		if (conf_require(map, delay_stage_names[i], "a delay law: {type: constant, value: 600s}", &stage, err) ||
		    read_delay(stage, &source, 0, &model->delays[i], err))
			return -EINVAL;
		known = known || model->delays[i].record.count;
	}
	if (source.dependence != DELAYS_INDEPENDENT && !known)
		return conf_error(conf_get(map, "dependence"), err, "needs a measured stage: {type: empirical, session: S.db, from, to}, or csv with the columns delay_s and %s",
				  key_columns[source.dependence]);
	return conf_reject_unknown(map, "oracle, keeper, inclusion, dependence, volatility_window", err);
}

int model_delay(struct conf map, struct model_measured *measured, enum delay_dependence dependence, struct delay_law *out, struct error *err)
{
	return read_delay(map, &(struct source){.measured = measured, .dependence = dependence}, 0, out, err);
}
