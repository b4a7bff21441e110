/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Presets: what `decode:` says for the feeds of well-known venues, in YAML that the binary carries. One file each in
 * user/feed/presets; its name is the preset's, its first line a comment that says what it reads.
 */
#ifndef PL_FEED_PRESET_H
#define PL_FEED_PRESET_H

struct preset {
	const char *name;
	const char *text; /* YAML: the map that `decode:` would hold */
};

/* In alphabetical order, ended by one without a name. */
extern const struct preset presets[];
const struct preset *preset_find(const char *name);

#endif
