/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The part of `pricelag race` that is about lost numbers: see latency/arbitration.h. */
#ifndef PL_CMD_RACE_ARBITRATION_H
#define PL_CMD_RACE_ARBITRATION_H

#include <json-c/json.h>

#include "latency/arbitration.h"

struct json_object *arbitration_json(const struct arbitration_list *list);

/* A few lines on stdout for each asset; nothing where no feeds are numbered. */
void arbitration_print(const struct arbitration_list *list);

#endif
