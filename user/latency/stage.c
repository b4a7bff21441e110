// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/stage.h"

#include <errno.h>
#include <string.h>

const struct stage_info stages[STAGE_MAX] = {
	[STAGE_PUBLISHED] = {"published", "published_ns", "the time inside the message, by its publisher's clock",
			     STAGE_CLOCK_PUBLISHER},
	[STAGE_NIC] = {"nic", "nic_ns", "the network card's receive time", STAGE_CLOCK_NIC},
	[STAGE_WIRE] = {"wire", "wire_ns", "the packet that completes the message arrives", STAGE_CLOCK_KERNEL},
	[STAGE_APP] = {"app", "app_ns", "the message is decoded by the process that reads it", STAGE_CLOCK_KERNEL},
	[STAGE_SENT] = {"sent", "sent_ns", "the first packet of the keeper's reaction leaves", STAGE_CLOCK_KERNEL},
	[STAGE_PENDING] = {"pending", "pending_ns", "the transaction that carries the update arrives, to wait for its block",
			   STAGE_CLOCK_KERNEL},
	[STAGE_BLOCK] = {"block", "block_ns", "the timestamp of the block that carries the update", STAGE_CLOCK_CHAIN},
	[STAGE_BLOCK_WIRE] = {"block_wire", "block_wire_ns", "the first packet of that block arrives",
			      STAGE_CLOCK_KERNEL},
	[STAGE_BLOCK_COMPLETE] = {"block_complete", "block_complete_ns", "the packet that makes that block decodable arrives",
				  STAGE_CLOCK_KERNEL},
	[STAGE_SEEN] = {"seen", "seen_ns", "the update is visible on chain at this node", STAGE_CLOCK_KERNEL},
	[STAGE_FINAL] = {"final", "final_ns", "the node says that the block which carries the update can no longer be replaced",
			 STAGE_CLOCK_KERNEL},
};

bool stage_is_of_chain(enum stage stage)
{
	return stage == STAGE_PENDING || stage == STAGE_BLOCK || stage == STAGE_BLOCK_WIRE || stage == STAGE_BLOCK_COMPLETE || stage == STAGE_SEEN ||
	       stage == STAGE_FINAL;
}

int stage_parse(const char *name, enum stage *out)
{
	for (int i = 0; i < STAGE_MAX; i++) {
		if (!strcmp(stages[i].name, name)) {
			*out = (enum stage)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *stage_names(void)
{
	return "published, nic, wire, app, sent, pending, block, block_wire, block_complete, seen, final";
}
