// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What feeds delivered, and what other processes read. */
#include "session/row_statement.h"

#include <arpa/inet.h>
#include <string.h>

static void bind_oracle_message(sqlite3_stmt *s, const struct row *any)
{
	const struct session_oracle_message *row = &any->message;

	sqlite3_bind_int64(s, 1, row->feed_id);
	bind_text(s, 2, row->asset);
	bind_message(s, 3, &row->message);
	bind_index(s, 9, row->nic_ns == TIME_UNKNOWN ? -1 : (int64_t)row->nic_id);
	bind_time(s, 10, row->nic_ns);
	bind_time(s, 11, row->first_mono_ns);
	bind_time(s, 12, row->wire_mono_ns);
	bind_time(s, 13, row->stall_ns);
	bind_time(s, 14, row->app_mono_ns);
	sqlite3_bind_int64(s, 15, row->bytes);
	bind_text(s, 16, row->message.digest);
}

const struct row_statement row_oracle_message = {
	"INSERT INTO oracle_message (feed_id, asset, message_id, key, mantissa, exponent, price,"
	" published_ns, nic_id, nic_ns, first_mono_ns, wire_mono_ns, stall_ns, app_mono_ns, bytes,"
	" digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
	bind_oracle_message,
};

static void bind_flow(sqlite3_stmt *s, const struct row *row)
{
	sqlite3_bind_int64(s, 1, row->flow.feed_id);
	bind_name(s, 2, flow_kind_names[row->flow.kind]);
	bind_count(s, 3, row->flow.packets);
	bind_count(s, 4, row->flow.bytes);
	bind_time(s, 5, row->flow.first_mono_ns);
	bind_time(s, 6, row->flow.last_mono_ns);
}

const struct row_statement row_flow = {
	"INSERT OR REPLACE INTO flow (feed_id, kind, packets, bytes, first_mono_ns, last_mono_ns)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	bind_flow,
};

/* NULL for all zero: no address. */
static void bind_address(sqlite3_stmt *s, int at, const uint8_t address[16])
{
	static const uint8_t none[16], mapped[12] = {[10] = 0xff, 0xff};
	bool v4 = !memcmp(address, mapped, sizeof(mapped));
	char text[INET6_ADDRSTRLEN] = "";

	if (memcmp(address, none, sizeof(none)))
		inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? address + 12 : address, text, sizeof(text));
	if (text[0])
		sqlite3_bind_text(s, at, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(s, at);
}

static void bind_reader(sqlite3_stmt *s, const struct row *row)
{
	const struct reader *reader = &row->reader;

	sqlite3_bind_int64(s, 1, reader->id);
	sqlite3_bind_int64(s, 2, reader->feed);
	bind_name(s, 3, reader->space == PL_PORT_TCP ? "tcp" : "udp");
	bind_address(s, 4, reader->local);
	sqlite3_bind_int(s, 5, reader->local_port);
	bind_address(s, 6, reader->remote);
	bind_index(s, 7, reader->remote_port ? reader->remote_port : -1);
	sqlite3_bind_int64(s, 8, reader->pid);
	bind_name(s, 9, reader->comm);
}

const struct row_statement row_reader = {
	"INSERT INTO reader (id, feed_id, protocol, local, local_port, remote, remote_port, pid, comm)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	bind_reader,
};

static void bind_packet_read(sqlite3_stmt *s, const struct row *row)
{
	const struct packet_read *read = &row->packet_read;

	sqlite3_bind_int64(s, 1, read->reader);
	bind_time(s, 2, read->first_mono_ns);
	bind_time(s, 3, read->wire_mono_ns);
	bind_time(s, 4, read->app_mono_ns);
	sqlite3_bind_int64(s, 5, read->bytes);
}

const struct row_statement row_packet_read = {
	"INSERT INTO packet_read (reader_id, first_mono_ns, wire_mono_ns, app_mono_ns, bytes)"
	" VALUES (?1, ?2, ?3, ?4, ?5)",
	bind_packet_read,
};

static void bind_sent(sqlite3_stmt *s, const struct row *row)
{
	sqlite3_bind_int64(s, 1, row->sent.mono_ns);
	sqlite3_bind_int64(s, 2, row->sent.bytes);
	sqlite3_bind_int64(s, 3, row->sent.seq);
	sqlite3_bind_int64(s, 4, row->sent.local_port);
	sqlite3_bind_int64(s, 5, row->sent.remote_port);
}

const struct row_statement row_sent = {
	"INSERT INTO sent (mono_ns, bytes, seq, local_port, remote_port) VALUES (?1, ?2, ?3, ?4, ?5)",
	bind_sent,
};
