// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What the session says of itself: who is in it, its clocks, and its losses. */
#include "session/row_statement.h"

static void bind_meta(sqlite3_stmt *s, const struct row *row)
{
	bind_name(s, 1, row->meta.key);
	bind_name(s, 2, row->meta.value);
}

const struct row_statement row_meta = {
	"INSERT OR REPLACE INTO session (key, value) VALUES (?1, ?2)",
	bind_meta,
};

static void bind_feed(sqlite3_stmt *s, const struct row *row)
{
	sqlite3_bind_int64(s, 1, row->feed.id);
	bind_name(s, 2, row->feed.name);
	bind_name(s, 3, row->feed.role);
	bind_name(s, 4, row->feed.decoder);
	bind_name(s, 5, row->feed.transport);
}

const struct row_statement row_feed = {
	"INSERT OR REPLACE INTO feed (id, name, role, decoder, transport) VALUES (?1, ?2, ?3, ?4, ?5)",
	bind_feed,
};

static void bind_chain(sqlite3_stmt *s, const struct row *row)
{
	sqlite3_bind_int64(s, 1, row->chain.id);
	bind_name(s, 2, row->chain.name);
	bind_name(s, 3, row->chain.network);
}

const struct row_statement row_chain = {
	"INSERT OR REPLACE INTO chain (id, name, network) VALUES (?1, ?2, ?3)",
	bind_chain,
};

static void bind_clock(sqlite3_stmt *s, const struct row *row)
{
	const struct clock_reading *clock = &row->clock;

	sqlite3_bind_int64(s, 1, clock->mono_ns);
	sqlite3_bind_int64(s, 2, clock->real_ns);
	sqlite3_bind_int64(s, 3, clock->half_width_ns);
	sqlite3_bind_int(s, 4, clock->synchronized);
	bind_time(s, 5, clock->max_error_ns);
	bind_text(s, 6, clock_source_names[clock->source]);
}

const struct row_statement row_clock = {
	"INSERT INTO clock (mono_ns, real_ns, half_width_ns, synchronized, max_error_ns, source)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	bind_clock,
};

static void bind_nic(sqlite3_stmt *s, const struct row *row)
{
	sqlite3_bind_int64(s, 1, row->nic.id);
	bind_name(s, 2, row->nic.interface);
	bind_text(s, 3, row->nic.device);
}

const struct row_statement row_nic = {
	"INSERT OR REPLACE INTO nic (id, interface, device) VALUES (?1, ?2, ?3)",
	bind_nic,
};

static void bind_nic_clock(sqlite3_stmt *s, const struct row *row)
{
	sqlite3_bind_int64(s, 1, row->nic_clock.nic_id);
	sqlite3_bind_int64(s, 2, row->nic_clock.mono_ns);
	sqlite3_bind_int64(s, 3, row->nic_clock.nic_ns);
	sqlite3_bind_int64(s, 4, row->nic_clock.half_width_ns);
}

const struct row_statement row_nic_clock = {
	"INSERT INTO nic_clock (nic_id, mono_ns, nic_ns, half_width_ns) VALUES (?1, ?2, ?3, ?4)",
	bind_nic_clock,
};

static void bind_loss(sqlite3_stmt *s, const struct row *row)
{
	bind_name(s, 1, row->loss.source);
	bind_name(s, 2, row->loss.name);
	bind_count(s, 3, row->loss.count);
	sqlite3_bind_int(s, 4, row->loss.is_loss);
}

const struct row_statement row_loss = {
	"INSERT OR REPLACE INTO loss (source, name, count, is_loss) VALUES (?1, ?2, ?3, ?4)",
	bind_loss,
};
