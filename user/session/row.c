// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/row.h"

#include <string.h>

#include "session/row_statement.h"

static const struct row_statement *const kinds[ROW_KINDS] = {
	[ROW_META] = &row_meta,
	[ROW_FEED] = &row_feed,
	[ROW_CHAIN] = &row_chain,
	[ROW_CLOCK] = &row_clock,
	[ROW_NIC] = &row_nic,
	[ROW_NIC_CLOCK] = &row_nic_clock,
	[ROW_ORACLE_MESSAGE] = &row_oracle_message,
	[ROW_BLOCK_ARRIVAL] = &row_block_arrival,
	[ROW_SHRED_ARRIVAL] = &row_shred_arrival,
	[ROW_BLOCK_MESSAGE] = &row_block_message,
	[ROW_BLOCK_CONTENT] = &row_block_content,
	[ROW_BLOCK_TRANSACTION] = &row_block_transaction,
	[ROW_FLOW] = &row_flow,
	[ROW_READER] = &row_reader,
	[ROW_PACKET_READ] = &row_packet_read,
	[ROW_CHAIN_UPDATE] = &row_chain_update,
	[ROW_CHAIN_BLOCK] = &row_chain_block,
	[ROW_CHAIN_ROUND] = &row_chain_round,
	[ROW_CHAIN_CALLDATA] = &row_chain_calldata,
	[ROW_CHAIN_PENDING] = &row_chain_pending,
	[ROW_CHAIN_FINAL] = &row_chain_final,
	[ROW_SLOT_EVENT] = &row_slot_event,
	[ROW_CHAIN_MENTION] = &row_chain_mention,
	[ROW_SENT] = &row_sent,
	[ROW_LOSS] = &row_loss,
};

int row_writer_open(struct row_writer *writer, sqlite3 *db)
{
	int status = SQLITE_OK;

	memset(writer, 0, sizeof(*writer));
	writer->db = db;
	for (int i = 0; i < ROW_KINDS && status == SQLITE_OK; i++)
		status = sqlite3_prepare_v3(db, kinds[i]->sql, -1, SQLITE_PREPARE_PERSISTENT, &writer->statements[i], NULL);
	return status;
}

void row_writer_close(struct row_writer *writer)
{
	for (int i = 0; i < ROW_KINDS; i++)
		sqlite3_finalize(writer->statements[i]);
	memset(writer, 0, sizeof(*writer));
}

int row_write(struct row_writer *writer, const struct row *row)
{
	sqlite3_stmt *s;
	int status;

	if (row->kind >= ROW_KINDS)
		return SQLITE_MISUSE;
	s = writer->statements[row->kind];
	kinds[row->kind]->bind(s, row);
	status = sqlite3_step(s);
	sqlite3_reset(s);
	return status == SQLITE_DONE ? SQLITE_OK : status;
}
