// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/preset.h"

#include <string.h>

const struct preset presets[] = {
#include "presets.inc" /* of user/feed/presets, by the Makefile */
	{0},
};

const struct preset *preset_find(const char *name)
{
	for (const struct preset *p = presets; p->name; p++) {
		if (!strcmp(p->name, name))
			return p;
	}
	return NULL;
}
