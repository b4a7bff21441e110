// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows of what chains told. */
#include "session/queue.h"

void session_put_chain_update(struct session *session, const char *chain, const struct chain_update *update)
{
	struct row *row = session_claim(session, ROW_CHAIN_UPDATE);

	if (!row)
		return;
	session_copy_text(row->chain_update.chain, sizeof(row->chain_update.chain), chain);
	session_copy_text(row->chain_update.asset, sizeof(row->chain_update.asset), update->oracle->asset);
	session_copy_text(row->chain_update.type, sizeof(row->chain_update.type), oracle_type_name(update->oracle->type));
	oracle_address_text(update->oracle, row->chain_update.address);
	row->chain_update.update = *update;
	row->chain_update.update.oracle = NULL;
	session_publish(session);
}

void session_put_chain_block(struct session *session, const char *chain, const struct chain_block *block)
{
	struct row *row = session_claim(session, ROW_CHAIN_BLOCK);

	if (!row)
		return;
	session_copy_text(row->chain_block.chain, sizeof(row->chain_block.chain), chain);
	row->chain_block.block = *block;
	session_publish(session);
}

void session_put_chain_final(struct session *session, const char *chain, const struct chain_final *final)
{
	struct row *row = session_claim(session, ROW_CHAIN_FINAL);

	if (!row)
		return;
	session_copy_text(row->chain_final.chain, sizeof(row->chain_final.chain), chain);
	row->chain_final.final = *final;
	session_publish(session);
}

void session_put_chain_round(struct session *session, const char *chain, const struct chain_round *round)
{
	struct row *row = session_claim(session, ROW_CHAIN_ROUND);

	if (!row)
		return;
	session_copy_text(row->chain_round.chain, sizeof(row->chain_round.chain), chain);
	session_copy_text(row->chain_round.asset, sizeof(row->chain_round.asset), round->oracle->asset);
	oracle_address_text(round->oracle, row->chain_round.address);
	row->chain_round.round = *round;
	row->chain_round.round.oracle = NULL;
	session_publish(session);
}

void session_put_chain_calldata(struct session *session, const char *chain, const struct chain_calldata *calldata)
{
	struct row *row = session_claim(session, ROW_CHAIN_CALLDATA);

	if (!row)
		return;
	session_copy_text(row->chain_calldata.chain, sizeof(row->chain_calldata.chain), chain);
	row->chain_calldata.calldata = *calldata;
	session_publish(session);
}

void session_put_chain_mention(struct session *session, const char *chain, const struct chain_mention *mention)
{
	struct row *row = session_claim(session, ROW_CHAIN_MENTION);

	if (!row)
		return;
	session_copy_text(row->chain_mention.chain, sizeof(row->chain_mention.chain), chain);
	session_copy_text(row->chain_mention.asset, sizeof(row->chain_mention.asset), mention->oracle->asset);
	oracle_address_text(mention->oracle, row->chain_mention.address);
	row->chain_mention.mention = *mention;
	row->chain_mention.mention.oracle = NULL;
	session_publish(session);
}

void session_put_slot_event(struct session *session, const char *chain, const struct chain_slot_event *event)
{
	struct row *row = session_claim(session, ROW_SLOT_EVENT);

	if (!row)
		return;
	session_copy_text(row->slot_event.chain, sizeof(row->slot_event.chain), chain);
	row->slot_event.event = *event;
	session_publish(session);
}

void session_put_chain_pending(struct session *session, const char *chain, const struct chain_pending *pending)
{
	struct row *row = session_claim(session, ROW_CHAIN_PENDING);

	if (!row)
		return;
	session_copy_text(row->chain_pending.chain, sizeof(row->chain_pending.chain), chain);
	row->chain_pending.pending = *pending;
	session_publish(session);
}
