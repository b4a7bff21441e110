/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * YAML files (libyaml) as a tree that knows where each value stands, so that every mistake can be named with its path,
 * its line and the allowed values. JSON is YAML, so a JSON file works too.
 *
 * Reading marks what was read: conf_reject_unknown() then names the first key nobody asked for. Functions return 0, or
 * -EINVAL with the error filled; the text is always "FILE:LINE: PATH: what is wrong; what is allowed".
 */
#ifndef PL_BASE_CONF_H
#define PL_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct conf_file;

/* A value in the file. Valid until conf_close(). Cheap to copy; node 0 = absent. */
struct conf {
	struct conf_file *file;
	int node;
};

int conf_open(struct conf_file **out, const char *path, struct error *err);
/* YAML in memory; `name` stands for the file in messages. */
int conf_open_text(struct conf_file **out, const char *name, const char *text, struct error *err);
void conf_close(struct conf_file *file);
struct conf conf_root(struct conf_file *file);

bool conf_exists(struct conf node);
bool conf_is_scalar(struct conf node);
bool conf_is_list(struct conf node);
bool conf_is_map(struct conf node);

/* Value of `key` in a map, marked as read; absent (exists = false) if there is none or `map` is not a map. */
struct conf conf_get(struct conf map, const char *key);

/* Length of a list or map, and its i-th element; for a map, conf_key() is the i-th key and conf_at() the i-th value (marked as read). */
size_t conf_count(struct conf node);
struct conf conf_at(struct conf node, size_t i);
const char *conf_key(struct conf map, size_t i);

/* Text of a scalar; NULL if it is none. Lives as long as the file. */
const char *conf_text(struct conf node);

/* Typed reads of a scalar. `text` copies with a length check. Durations: an integer or decimal with ns us ms s m h d → ns. */
int conf_read_text(struct conf node, char *out, size_t size, struct error *err);
/*
 * The name of a file: a whole path, or one from the folder of the file in which it stands. Need not be there, unless it is in
 * the working directory instead.
 */
int conf_read_path(struct conf node, char *out, size_t size, struct error *err);
int conf_read_double(struct conf node, double *out, struct error *err);
int conf_read_uint(struct conf node, uint64_t min, uint64_t max, uint64_t *out, struct error *err);
int conf_read_int(struct conf node, int64_t min, int64_t max, int64_t *out, struct error *err);
int conf_read_duration_ns(struct conf node, int64_t *out, struct error *err);
int conf_read_bool(struct conf node, bool *out, struct error *err);
/* One of `names` (NULL-terminated) → its index; the error lists them. */
int conf_read_choice(struct conf node, const char *const *names, int *out, struct error *err);

/*
 * An error at a node: "FILE:LINE: PATH: " + the formatted text; returns -EINVAL. An absent node has no place but the file:
 * use conf_require() for what must be there.
 */
int conf_error(struct conf node, struct error *err, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* -EINVAL if `key` is missing from the map; the message says what belongs there, and which keys there are. */
int conf_require(struct conf map, const char *key, const char *what, struct conf *out, struct error *err);

/*
 * -EINVAL naming the first key of this map (not of maps inside it) that conf_get() was never asked for, and the allowed keys.
 * `allowed` is text for the message: "name, role, match, …".
 */
int conf_reject_unknown(struct conf map, const char *allowed, struct error *err);

#endif
