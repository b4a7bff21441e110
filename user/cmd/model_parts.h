/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The parts of model.yaml, one file each. All return 0, or -EINVAL with FILE:LINE, the path and the allowed values. */
#ifndef PL_CMD_MODEL_PARTS_H
#define PL_CMD_MODEL_PARTS_H

#include "base/conf.h"
#include "cmd/model_config.h"
#include "margin/model.h"

/* "constant, uniform, …" of a table of descriptors that begin with their name. */
#define MODEL_NAMES_OF(table, out)                                                                    \
	do {                                                                                          \
		(out)[0] = '\0';                                                                      \
		for (size_t i_ = 0; (table)[i_]; i_++)                                                \
			snprintf((out) + strlen(out), sizeof(out) - strlen(out), "%s%s", i_ ? ", " : "", \
				 (table)[i_]->name);                                                  \
	} while (0)

int model_read_seconds(struct conf node, double *out, struct error *err);

/* A number or duration that may be left out: the value that is there stays. */
struct model_entry {
	const char *name;
	double *out;
	bool is_duration;
};
/* Reads what is given of `entries`, up to the one without a name; `more`: further keys of the map, for the message. */
int model_read_entries(struct conf map, const struct model_entry *entries, const char *more, struct error *err);

/* `assets:`, and of the root `correlation:` and `common_jumps:`; model->step_s must be there. */
int model_prices(struct conf root, struct conf assets, struct model *model, struct error *err);
/* Index of an asset by name; -EINVAL where there is none. */
int model_asset_index(struct conf node, const struct model *model, size_t *out, struct error *err);

/* `delay:` */
int model_delays(struct conf map, struct model_measured *measured, struct model *model, struct error *err);
/* One law; a measured one with what was around its samples where `dependence` asks for it. */
int model_delay(struct conf map, struct model_measured *measured, enum delay_dependence dependence, struct delay_law *out, struct error *err);

#endif
