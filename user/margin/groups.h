/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Inside both engines: what is known of groups of accounts (model.h) without any path. */
#ifndef PL_MARGIN_GROUPS_H
#define PL_MARGIN_GROUPS_H

#include "margin/model.h"

/* -EINVAL where there are too many, or an account has none, or two. */
int model_groups_check(const struct model *model, struct error *err);

/* Their accounts and debts; where there is one group, the answers too: they are the book's. `perpetual`: accounts are positions. */
void model_groups_finish(const struct model *model, bool perpetual, struct model_result *result);

#endif
