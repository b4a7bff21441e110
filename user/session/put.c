// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Rows of the session itself, and of what feeds delivered. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "session/queue.h"

void session_copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

/* A row that is `value`, and nothing beside it: every member of the union begins where the union does. */
static void put_value(struct session *session, enum row_kind kind, const void *value, size_t size)
{
	struct row *row = session_claim(session, kind);

	if (!row)
		return;
	memcpy((char *)row + offsetof(struct row, meta), value, size);
	session_publish(session);
}

void session_put_meta(struct session *session, const char *key, const char *value)
{
	char *copy = strdup(value ? value : "");
	struct row *row;

	if (!copy) {
		session_lose(session);
		return;
	}
	row = session_claim(session, ROW_META);
	if (!row) {
		free(copy);
		return;
	}
	session_copy_text(row->meta.key, sizeof(row->meta.key), key);
	row->meta.value = copy;
	session_publish(session);
}

void session_put_feed(struct session *session, const struct session_feed *feed)
{
	struct row *row = session_claim(session, ROW_FEED);

	if (!row)
		return;
	row->feed.id = feed->id;
	session_copy_text(row->feed.name, sizeof(row->feed.name), feed->name);
	session_copy_text(row->feed.role, sizeof(row->feed.role), feed->role);
	session_copy_text(row->feed.decoder, sizeof(row->feed.decoder), feed->decoder);
	session_copy_text(row->feed.transport, sizeof(row->feed.transport), feed->transport);
	session_publish(session);
}

void session_put_chain(struct session *session, const struct session_chain *chain)
{
	struct row *row = session_claim(session, ROW_CHAIN);

	if (!row)
		return;
	row->chain.id = chain->id;
	session_copy_text(row->chain.name, sizeof(row->chain.name), chain->name);
	session_copy_text(row->chain.network, sizeof(row->chain.network), chain->network);
	session_publish(session);
}

void session_put_clock(struct session *session, const struct clock_reading *reading)
{
	put_value(session, ROW_CLOCK, reading, sizeof(*reading));
}

void session_put_nic(struct session *session, uint32_t id, const char *interface, const char *device)
{
	struct row *row = session_claim(session, ROW_NIC);

	if (!row)
		return;
	row->nic.id = id;
	session_copy_text(row->nic.interface, sizeof(row->nic.interface), interface);
	session_copy_text(row->nic.device, sizeof(row->nic.device), device);
	session_publish(session);
}

void session_put_nic_clock(struct session *session, const struct session_nic_clock *reading)
{
	put_value(session, ROW_NIC_CLOCK, reading, sizeof(*reading));
}

void session_put_oracle_message(struct session *session, const struct session_oracle_message *message)
{
	put_value(session, ROW_ORACLE_MESSAGE, message, sizeof(*message));
}

void session_put_block_arrival(struct session *session, const struct session_block_arrival *arrival)
{
	put_value(session, ROW_BLOCK_ARRIVAL, arrival, sizeof(*arrival));
}

void session_put_shred_arrival(struct session *session, const struct session_shred_arrival *arrival)
{
	put_value(session, ROW_SHRED_ARRIVAL, arrival, sizeof(*arrival));
}

void session_put_block_message(struct session *session, const struct session_block_message *message)
{
	put_value(session, ROW_BLOCK_MESSAGE, message, sizeof(*message));
}

void session_put_block_content(struct session *session, const struct block_content *content)
{
	put_value(session, ROW_BLOCK_CONTENT, content, sizeof(*content));
}

void session_put_block_transaction(struct session *session, const struct session_block_transaction *transaction)
{
	put_value(session, ROW_BLOCK_TRANSACTION, transaction, sizeof(*transaction));
}

void session_put_flow(struct session *session, const struct session_flow *flow)
{
	put_value(session, ROW_FLOW, flow, sizeof(*flow));
}

void session_put_reader(struct session *session, const struct reader *reader)
{
	put_value(session, ROW_READER, reader, sizeof(*reader));
}

void session_put_packet_read(struct session *session, const struct packet_read *read)
{
	put_value(session, ROW_PACKET_READ, read, sizeof(*read));
}

void session_put_sent(struct session *session, const struct session_sent *sent)
{
	put_value(session, ROW_SENT, sent, sizeof(*sent));
}

void session_put_loss(struct session *session, const char *source, const char *name, uint64_t count, bool is_loss)
{
	struct row *row = session_claim(session, ROW_LOSS);

	if (!row)
		return;
	session_copy_text(row->loss.source, sizeof(row->loss.source), source);
	session_copy_text(row->loss.name, sizeof(row->loss.name), name);
	row->loss.count = count;
	row->loss.is_loss = is_loss;
	session_publish(session);
}
