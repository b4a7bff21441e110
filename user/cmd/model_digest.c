// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_digest.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/conf.h"
#include "margin/checkpoint.h"
#include "version.h"

static uint64_t add_text(uint64_t hash, const char *text)
{
	return checkpoint_hash(hash, text, strlen(text) + 1);
}

/* A file that a value names, and what SQLite keeps beside a recording: by size and time of its last change. */
static uint64_t add_file(uint64_t hash, const char *path)
{
	static const char *const beside[] = {"", "-wal", NULL};

	for (int i = 0; beside[i]; i++) {
		char name[4096];
		struct stat status;

		snprintf(name, sizeof(name), "%s%s", path, beside[i]);
		if (stat(name, &status) || !S_ISREG(status.st_mode))
			continue;
		hash = checkpoint_hash(hash, &status.st_size, sizeof(status.st_size));
		hash = checkpoint_hash(hash, &status.st_mtim, sizeof(status.st_mtim));
	}
	return hash;
}

static uint64_t add_node(uint64_t hash, struct conf node)
{
	struct error none;
	char path[PATH_MAX];

	if (conf_text(node)) {
		hash = add_text(add_text(hash, "="), conf_text(node));
		return conf_read_path(node, path, sizeof(path), &none) ? hash : add_file(hash, path);
	}
	hash = add_text(hash, conf_is_map(node) ? "{" : "[");
	for (size_t i = 0; i < conf_count(node); i++) {
		if (conf_is_map(node))
			hash = add_text(hash, conf_key(node, i));
		hash = add_node(hash, conf_at(node, i));
	}
	return add_text(hash, "]");
}

int model_digest(const char *path, const char *session, const char *against, uint64_t *out, struct error *err)
{
	struct conf_file *file;

	if (conf_open(&file, path, err))
		return -1;
	*out = add_node(add_text(CHECKPOINT_KEY, PL_VERSION), conf_root(file));
	if (session)
		*out = add_file(add_text(*out, session), session);
	if (against)
		*out = add_file(add_text(*out, against), against);
	conf_close(file);
	return 0;
}
