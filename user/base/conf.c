// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/conf.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "base/duration.h"

struct conf_file {
	char path[512];
	yaml_document_t document;
	int node_count;
	int *parent;  /* [node]: the map or list that holds it; 0 for the root */
	int *key;     /* [node]: the key node in front of it in a map; 0 in a list */
	bool *asked;  /* [key node]: conf_get() or conf_at() looked at its value */
};

static yaml_node_t *node_of(struct conf conf)
{
	return conf.node ? yaml_document_get_node(&conf.file->document, conf.node) : NULL;
}

static const char *scalar_text(yaml_node_t *node)
{
	return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static size_t item_count(const yaml_node_t *list)
{
	return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

static size_t pair_count(const yaml_node_t *map)
{
	return (size_t)(map->data.mapping.pairs.top - map->data.mapping.pairs.start);
}

/* "feeds[2].decode.type", built from the leaf up. */
static void path_of(const struct conf_file *file, int id, char *out, size_t size)
{
	char tail[512] = "";

	out[0] = '\0';
	for (int depth = 0; id && file->parent[id] && depth < 64; depth++, id = file->parent[id]) {
		char part[256];

		if (file->key[id]) {
			yaml_node_t *key = yaml_document_get_node((yaml_document_t *)&file->document, file->key[id]);

			snprintf(part, sizeof(part), ".%s", scalar_text(key) ? scalar_text(key) : "?");
		} else {
			yaml_node_t *list =
				yaml_document_get_node((yaml_document_t *)&file->document, file->parent[id]);
			size_t i = 0;

			while (i < item_count(list) && list->data.sequence.items.start[i] != id)
				i++;
			snprintf(part, sizeof(part), "[%zu]", i);
		}
		snprintf(tail, sizeof(tail), "%s%s", part, out);
		snprintf(out, size, "%s", tail);
	}
	if (out[0] == '.')
		memmove(out, out + 1, strlen(out));
}

int conf_error(struct conf node, struct error *err, const char *format, ...)
{
	char path[512], text[512];
	yaml_node_t *yaml = node_of(node);
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	path_of(node.file, node.node, path, sizeof(path));
	return error_set(err, -EINVAL, "%s:%zu: %s%s%s", node.file->path, yaml ? yaml->start_mark.line + 1 : 1, path,
			 path[0] ? ": " : "", text);
}

static int check_duplicates(struct conf_file *file, int id, yaml_node_t *map, struct error *err)
{
	for (size_t i = 0; i < pair_count(map); i++) {
		const char *a = scalar_text(yaml_document_get_node(&file->document,
								   map->data.mapping.pairs.start[i].key));

		if (!a)
			return conf_error((struct conf){file, id}, err, "a key that is not plain text; write KEY: VALUE");
		for (size_t j = 0; j < i; j++) {
			const char *b = scalar_text(yaml_document_get_node(&file->document,
									   map->data.mapping.pairs.start[j].key));

			if (!strcmp(a, b))
				return conf_error((struct conf){file, map->data.mapping.pairs.start[i].value}, err,
						  "the key '%s' is there twice; remove one", a);
		}
	}
	return 0;
}

/* Fills parent and key of every node, and refuses what would make a path ambiguous. */
static int link_nodes(struct conf_file *file, struct error *err)
{
	for (int id = 1; id <= file->node_count; id++) {
		yaml_node_t *node = yaml_document_get_node(&file->document, id);

		if (node->type == YAML_SEQUENCE_NODE) {
			for (size_t i = 0; i < item_count(node); i++)
				file->parent[node->data.sequence.items.start[i]] = id;
		} else if (node->type == YAML_MAPPING_NODE) {
			for (size_t i = 0; i < pair_count(node); i++) {
				yaml_node_pair_t pair = node->data.mapping.pairs.start[i];

				file->parent[pair.value] = id;
				file->key[pair.value] = pair.key;
				file->parent[pair.key] = id;
			}
		}
	}
	for (int id = 1; id <= file->node_count; id++) {
		yaml_node_t *node = yaml_document_get_node(&file->document, id);

		if (node->type == YAML_MAPPING_NODE && check_duplicates(file, id, node, err))
			return -EINVAL;
	}
	return 0;
}

/* From `stream`, or from `text` where there is none. */
static int load(struct conf_file **out, const char *path, FILE *stream, const char *text, struct error *err)
{
	struct conf_file *file = calloc(1, sizeof(*file));
	yaml_parser_t parser;
	int status;

	if (!file)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	snprintf(file->path, sizeof(file->path), "%s", path);
	if (!yaml_parser_initialize(&parser)) {
		free(file);
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	}
	if (stream)
		yaml_parser_set_input_file(&parser, stream);
	else
		yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
	if (!yaml_parser_load(&parser, &file->document)) {
		status = error_set(err, -EINVAL, "%s:%zu: not valid YAML: %s", path, parser.problem_mark.line + 1,
				   parser.problem ? parser.problem : "unreadable");
		yaml_parser_delete(&parser);
		free(file);
		return status;
	}
	yaml_parser_delete(&parser);
	file->node_count = (int)(file->document.nodes.top - file->document.nodes.start);
	file->parent = calloc((size_t)file->node_count + 1, sizeof(int));
	file->key = calloc((size_t)file->node_count + 1, sizeof(int));
	file->asked = calloc((size_t)file->node_count + 1, sizeof(bool));
	if (!file->parent || !file->key || !file->asked)
		status = error_set(err, -ENOMEM, "%s: out of memory", path);
	else if (!file->node_count)
		status = error_set(err, -EINVAL, "%s: the file is empty", path);
	else
		status = link_nodes(file, err);
	if (status) {
		conf_close(file);
		return status;
	}
	*out = file;
	return 0;
}

int conf_open(struct conf_file **out, const char *path, struct error *err)
{
	FILE *stream = fopen(path, "re");
	int status;

	if (!stream)
		return error_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	status = load(out, path, stream, NULL, err);
	fclose(stream);
	return status;
}

int conf_open_text(struct conf_file **out, const char *name, const char *text, struct error *err)
{
	return load(out, name, NULL, text, err);
}

void conf_close(struct conf_file *file)
{
	if (!file)
		return;
	yaml_document_delete(&file->document);
	free(file->parent);
	free(file->key);
	free(file->asked);
	free(file);
}

struct conf conf_root(struct conf_file *file)
{
	return (struct conf){file, 1};
}

bool conf_exists(struct conf node)
{
	return node.node != 0;
}

bool conf_is_scalar(struct conf node)
{
	return node.node && node_of(node)->type == YAML_SCALAR_NODE;
}

bool conf_is_list(struct conf node)
{
	return node.node && node_of(node)->type == YAML_SEQUENCE_NODE;
}

bool conf_is_map(struct conf node)
{
	return node.node && node_of(node)->type == YAML_MAPPING_NODE;
}

struct conf conf_get(struct conf map, const char *key)
{
	yaml_node_t *node = node_of(map);

	if (!conf_is_map(map))
		return (struct conf){map.file, 0};
	for (size_t i = 0; i < pair_count(node); i++) {
		yaml_node_pair_t pair = node->data.mapping.pairs.start[i];

		if (!strcmp(scalar_text(yaml_document_get_node(&map.file->document, pair.key)), key)) {
			map.file->asked[pair.key] = true;
			return (struct conf){map.file, pair.value};
		}
	}
	return (struct conf){map.file, 0};
}

size_t conf_count(struct conf node)
{
	if (conf_is_list(node))
		return item_count(node_of(node));
	if (conf_is_map(node))
		return pair_count(node_of(node));
	return 0;
}

struct conf conf_at(struct conf node, size_t i)
{
	if (i >= conf_count(node))
		return (struct conf){node.file, 0};
	if (conf_is_list(node))
		return (struct conf){node.file, node_of(node)->data.sequence.items.start[i]};
	yaml_node_pair_t pair = node_of(node)->data.mapping.pairs.start[i];
	node.file->asked[pair.key] = true;
	return (struct conf){node.file, pair.value};
}

const char *conf_key(struct conf map, size_t i)
{
	if (!conf_is_map(map) || i >= conf_count(map))
		return NULL;
	return scalar_text(yaml_document_get_node(&map.file->document,
						  node_of(map)->data.mapping.pairs.start[i].key));
}

const char *conf_text(struct conf node)
{
	return scalar_text(node_of(node));
}

static int need_scalar(struct conf node, const char *what, struct error *err)
{
	return conf_is_scalar(node) ? 0 : conf_error(node, err, "should be %s", what);
}

int conf_read_text(struct conf node, char *out, size_t size, struct error *err)
{
	if (need_scalar(node, "text", err))
		return -EINVAL;
	if (strlen(conf_text(node)) >= size)
		return conf_error(node, err, "is longer than %zu characters", size - 1);
	snprintf(out, size, "%s", conf_text(node));
	return 0;
}

int conf_read_path(struct conf node, char *out, size_t size, struct error *err)
{
	const char *name = conf_text(node), *slash;
	int folder, length;

	if (!name || !*name)
		return conf_error(node, err, "should be the name of a file");
	slash = strrchr(node.file->path, '/');
	folder = slash && *name != '/' ? (int)(slash + 1 - node.file->path) : 0;
	length = snprintf(out, size, "%.*s%s", folder, node.file->path, name);
	if (length < 0 || (size_t)length >= size)
		return conf_error(node, err, "is too long a name for a file");
	if (folder && access(out, F_OK) && !access(name, F_OK))
		return conf_error(node, err, "%s is in the working directory, but names are looked for from the folder of this file: "
					     "there is no %s; give the path from there, or the whole path", name, out);
	return 0;
}

int conf_read_double(struct conf node, double *out, struct error *err)
{
	char *end;
	double value;

	if (need_scalar(node, "a number", err))
		return -EINVAL;
	value = strtod(conf_text(node), &end);
	if (end == conf_text(node) || *end || !isfinite(value))
		return conf_error(node, err, "'%s' is not a number", conf_text(node));
	*out = value;
	return 0;
}

int conf_read_uint(struct conf node, uint64_t min, uint64_t max, uint64_t *out, struct error *err)
{
	const char *text;
	char *end;
	unsigned long long value;

	if (need_scalar(node, "a whole number", err))
		return -EINVAL;
	text = conf_text(node);
	errno = 0;
	value = strtoull(text, &end, 0);
	if (end == text || *end || text[0] == '-' || errno || value < min || value > max)
		return conf_error(node, err, "'%s' is not a whole number from %llu to %llu", text,
				  (unsigned long long)min, (unsigned long long)max);
	*out = value;
	return 0;
}

int conf_read_int(struct conf node, int64_t min, int64_t max, int64_t *out, struct error *err)
{
	const char *text;
	char *end;
	long long value;

	if (need_scalar(node, "a whole number", err))
		return -EINVAL;
	text = conf_text(node);
	errno = 0;
	value = strtoll(text, &end, 0);
	if (end == text || *end || errno || value < min || value > max)
		return conf_error(node, err, "'%s' is not a whole number from %lld to %lld", text, (long long)min,
				  (long long)max);
	*out = value;
	return 0;
}

int conf_read_duration_ns(struct conf node, int64_t *out, struct error *err)
{
	if (need_scalar(node, "a duration such as 150ms", err))
		return -EINVAL;
	switch (duration_parse(conf_text(node), out)) {
	case 0:
		return 0;
	case -ERANGE:
		return conf_error(node, err, "'%s' is out of range: a duration is from 0 to 285 years", conf_text(node));
	}
	return conf_error(node, err, "'%s' is not a duration; write a number with ns, us, ms, s, m, h or d",
			  conf_text(node));
}

int conf_read_bool(struct conf node, bool *out, struct error *err)
{
	const char *text = conf_text(node);

	if (text && (!strcmp(text, "true") || !strcmp(text, "false"))) {
		*out = text[0] == 't';
		return 0;
	}
	return conf_error(node, err, "should be true or false");
}

int conf_read_choice(struct conf node, const char *const *names, int *out, struct error *err)
{
	char list[400] = "";

	for (int i = 0; names[i]; i++) {
		if (conf_text(node) && !strcmp(conf_text(node), names[i])) {
			*out = i;
			return 0;
		}
		snprintf(list + strlen(list), sizeof(list) - strlen(list), "%s%s", i ? ", " : "", names[i]);
	}
	if (!conf_text(node))
		return conf_error(node, err, "should be one of: %s", list);
	return conf_error(node, err, "'%s' is not known; allowed: %s", conf_text(node), list);
}

/* "a, b, c": a required key is more often misspelled than forgotten, and then it is among these. */
static void list_keys(struct conf map, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < conf_count(map) && len < size; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", i ? ", " : "", conf_key(map, i));
}

int conf_require(struct conf map, const char *key, const char *what, struct conf *out, struct error *err)
{
	char keys[200];

	if (conf_exists(map) && !conf_is_map(map))
		return conf_error(map, err, "should be a map (KEY: VALUE lines) with '%s'", key);
	*out = conf_get(map, key);
	if (conf_exists(*out))
		return 0;
	list_keys(map, keys, sizeof(keys));
	return conf_error(map, err, "'%s' is missing; it is %s%s%s%s", key, what, keys[0] ? " (the keys here are " : "", keys,
			  keys[0] ? ")" : "");
}

int conf_reject_unknown(struct conf map, const char *allowed, struct error *err)
{
	if (!conf_is_map(map))
		return 0;
	for (size_t i = 0; i < conf_count(map); i++) {
		yaml_node_pair_t pair = node_of(map)->data.mapping.pairs.start[i];

		if (!map.file->asked[pair.key])
			return conf_error((struct conf){map.file, pair.value}, err, "unknown key '%s'; allowed: %s",
					  conf_key(map, i), allowed);
	}
	return 0;
}
