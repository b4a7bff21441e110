/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* `pricelag blocks` of the feeds whose blocks come in messages. */
#ifndef PL_CMD_BLOCKS_TOLD_H
#define PL_CMD_BLOCKS_TOLD_H

#include <stdbool.h>

#include <json-c/json.h>

#include "base/error.h"
#include "latency/block_messages.h"

/* Appends them to the document's list: the keys of a slot, null where they have no meaning here, and some of their own. */
void told_blocks_json(const struct told_blocks *blocks, struct json_object *list);

/* -EIO where stdout cannot be written. */
int told_blocks_print(const struct told_blocks *blocks, bool csv, struct error *err);

#endif
