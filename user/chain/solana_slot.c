// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Slots as the node tells of them. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "chain/solana.h"

#define MS_NS 1000000

const char *const chain_slot_event_names[CHAIN_SLOT_EVENTS] = {
	[CHAIN_SLOT_FIRST_SHRED] = "firstShredReceived", [CHAIN_SLOT_COMPLETED] = "completed",
	[CHAIN_SLOT_CREATED_BANK] = "createdBank",	 [CHAIN_SLOT_FROZEN] = "frozen",
	[CHAIN_SLOT_DEAD] = "dead",			 [CHAIN_SLOT_CONFIRMED] = "optimisticConfirmation",
	[CHAIN_SLOT_ROOT] = "root",			 [CHAIN_SLOT_PROCESSED] = "slot",
};

struct slot *solana_slot_find(struct chain *chain, uint64_t number)
{
	struct slot *slot = &chain->solana->slots[number % SLOTS_KEPT];

	return slot->used && slot->number == number ? slot : NULL;
}

struct slot *solana_slot(struct chain *chain, uint64_t number)
{
	struct slot *slot = &chain->solana->slots[number % SLOTS_KEPT];

	if (slot->used && slot->number >= number)
		return slot->number == number ? slot : NULL;
	if (slot->used && slot->updates && slot->block != BLOCK_TOLD) {
		chain->counters[CHAIN_COUNTER_UNKNOWN_BLOCKS] += chain->callbacks.post != NULL;
		solana_tell_block(chain, slot, NULL);
	}
	*slot = (struct slot){.used = true, .number = number, .stamps = {TIME_UNKNOWN, TIME_UNKNOWN, TIME_UNKNOWN}};
	if (number > chain->solana->highest)
		chain->solana->highest = number;
	return slot;
}

void solana_slot_leave(struct chain *chain, struct slot *slot, enum slot_fate fate, const struct chain_stamps *stamps)
{
	if (slot->fate != SLOT_OPEN)
		return;
	slot->fate = fate;
	chain->counters[CHAIN_COUNTER_DEAD_SLOTS] += fate == SLOT_IS_DEAD;
	chain->counters[CHAIN_COUNTER_LEFT_SLOTS] += fate == SLOT_LEFT && slot->updates;
	solana_undo(chain, slot->number, stamps);
	if (slot->updates && slot->block != BLOCK_TOLD)
		solana_tell_block(chain, slot, NULL); /* no time nor hash: it is no block of the chain */
}

/* ---- roots ------------------------------------------------------------------------------------------------------------ */

static void level_reached(struct chain *chain, enum chain_level level, uint64_t number, const struct chain_stamps *stamps)
{
	struct solana *s = chain->solana;
	struct chain_final final = {
		.level = level,
		.number = number,
		.after_mono_ns = s->levels[level].known ? s->levels[level].seen_ns : TIME_UNKNOWN,
		.stamps = *stamps,
	};

	s->levels[level].known = true;
	s->levels[level].number = number;
	s->levels[level].seen_ns = stamps->app_mono_ns;
	s->scan_ns = 0;
	if (chain->callbacks.on_final)
		chain->callbacks.on_final(chain->callbacks.context, &final);
}

/* Marks the way from a root back to the one before. False: a part of it is not known, so that nobody can say what is not on it. */
static bool mark_way(struct chain *chain, uint64_t root)
{
	const bool known = chain->solana->levels[CHAIN_FINALIZED].known;
	const uint64_t before = chain->solana->levels[CHAIN_FINALIZED].number;
	struct slot *slot = solana_slot_find(chain, root);

	for (size_t steps = 0; slot && steps < SLOTS_KEPT; steps++) {
		slot->fate = SLOT_ROOTED;
		if (!slot->has_parent)
			return false;
		if (known && slot->parent <= before) {
			chain->counters[CHAIN_COUNTER_FINAL_REVERTED] += slot->parent != before;
			return true;
		}
		slot = solana_slot_find(chain, slot->parent);
	}
	return false;
}

static void take_root(struct chain *chain, uint64_t root, const struct chain_stamps *stamps)
{
	struct solana *s = chain->solana;
	const bool known = s->levels[CHAIN_FINALIZED].known;
	const uint64_t before = s->levels[CHAIN_FINALIZED].number;
	bool whole;

	if (known && root <= before)
		return;
	whole = mark_way(chain, root);
	for (size_t i = 0; whole && known && i < SLOTS_KEPT; i++) {
		struct slot *slot = &s->slots[i];

		if (slot->used && slot->number > before && slot->number < root)
			solana_slot_leave(chain, slot, SLOT_LEFT, stamps);
	}
	level_reached(chain, CHAIN_FINALIZED, root, stamps);
}

/* ---- events ----------------------------------------------------------------------------------------------------------- */

/* A bank of a slot that was dead or left is made anew: it has another chance, and its updates will come again. */
static void revive(struct slot *slot)
{
	if (slot->fate == SLOT_IS_DEAD || slot->fate == SLOT_LEFT)
		slot->fate = SLOT_OPEN;
}

static int set_parent(struct slot *slot, uint64_t parent)
{
	if (parent >= slot->number)
		return -EBADMSG;
	slot->has_parent = true;
	slot->parent = parent;
	return 0;
}

static int64_t earlier(int64_t known_ns, int64_t ns)
{
	return known_ns != TIME_UNKNOWN ? known_ns : ns;
}

static int apply(struct chain *chain, const struct chain_slot_event *event)
{
	struct slot *slot = solana_slot(chain, event->number);

	switch (slot ? event->kind : CHAIN_SLOT_EVENTS) {
	case CHAIN_SLOT_FIRST_SHRED:
		slot->stamps.first_mono_ns = earlier(slot->stamps.first_mono_ns, event->stamps.wire_mono_ns);
		break;
	case CHAIN_SLOT_CREATED_BANK:
		revive(slot);
		return set_parent(slot, event->parent);
	case CHAIN_SLOT_PROCESSED:
		slot->stamps.first_mono_ns = earlier(slot->stamps.first_mono_ns, event->stamps.wire_mono_ns);
		if (set_parent(slot, event->parent))
			return -EBADMSG;
		/* fall through */
	case CHAIN_SLOT_FROZEN:
		chain->counters[CHAIN_COUNTER_HEADS]++;
		/* fall through */
	case CHAIN_SLOT_COMPLETED:
		if (slot->stamps.wire_mono_ns == TIME_UNKNOWN) {
			slot->stamps.wire_mono_ns = event->stamps.wire_mono_ns;
			slot->stamps.app_mono_ns = event->stamps.app_mono_ns;
		}
		break;
	case CHAIN_SLOT_DEAD:
		solana_slot_leave(chain, slot, SLOT_IS_DEAD, &event->stamps);
		break;
	case CHAIN_SLOT_CONFIRMED:
		if (!chain->solana->levels[CHAIN_SAFE].known || event->number > chain->solana->levels[CHAIN_SAFE].number)
			level_reached(chain, CHAIN_SAFE, event->number, &event->stamps);
		break;
	case CHAIN_SLOT_ROOT:
		take_root(chain, event->number, &event->stamps);
		break;
	case CHAIN_SLOT_EVENTS: /* of a slot that is long over */
		break;
	}
	return 0;
}

static int take(struct chain *chain, struct chain_slot_event *event, const struct chain_stamps *stamps)
{
	event->stamps = *stamps;
	if (apply(chain, event))
		return -EBADMSG;
	chain->solana->started = true;
	chain->counters[CHAIN_COUNTER_SLOT_EVENTS]++;
	if (chain->callbacks.on_slot)
		chain->callbacks.on_slot(chain->callbacks.context, event);
	return 0;
}

int solana_slot_event(struct chain *chain, struct json_object *object, const struct chain_stamps *stamps)
{
	struct chain_slot_event event = {.kind = 0, .node_ns = TIME_UNKNOWN};
	const char *type = json_text(json_member(object, "type"));
	int64_t ms;

	while (event.kind < CHAIN_SLOT_PROCESSED && (!type || strcmp(type, chain_slot_event_names[event.kind])))
		event.kind++;
	if (event.kind == CHAIN_SLOT_PROCESSED || !solana_number(json_member(object, "slot"), &event.number) ||
	    !json_integer(json_member(object, "timestamp"), &ms) || __builtin_mul_overflow(ms, MS_NS, &event.node_ns))
		return -EBADMSG;
	if (event.kind == CHAIN_SLOT_CREATED_BANK && !solana_number(json_member(object, "parent"), &event.parent))
		return -EBADMSG;
	return take(chain, &event, stamps);
}

int solana_slot_processed(struct chain *chain, struct json_object *object, const struct chain_stamps *stamps)
{
	struct chain_slot_event event = {.kind = CHAIN_SLOT_PROCESSED, .node_ns = TIME_UNKNOWN};
	uint64_t root;

	if (!solana_number(json_member(object, "slot"), &event.number) || !solana_number(json_member(object, "parent"), &event.parent) ||
	    !solana_number(json_member(object, "root"), &root) || take(chain, &event, stamps))
		return -EBADMSG;
	take_root(chain, root, stamps);
	return 0;
}
