-- SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
-- The session file of pricelag, version 3. Times `*_mono_ns` are CLOCK_MONOTONIC of the recording machine, as stamped;
-- `*_ns` are UTC. NULL means unknown. Every table and column is explained in docs/session.md.
CREATE TABLE schema_version (version INTEGER NOT NULL);
CREATE TABLE session (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE clock (
  mono_ns INTEGER NOT NULL, real_ns INTEGER NOT NULL, half_width_ns INTEGER NOT NULL,
  synchronized INTEGER NOT NULL, max_error_ns INTEGER, source TEXT);
CREATE TABLE nic (id INTEGER PRIMARY KEY, interface TEXT NOT NULL, device TEXT);
CREATE TABLE nic_clock (
  nic_id INTEGER NOT NULL REFERENCES nic(id), mono_ns INTEGER NOT NULL, nic_ns INTEGER NOT NULL, half_width_ns INTEGER NOT NULL);
CREATE TABLE feed (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, role TEXT NOT NULL, decoder TEXT NOT NULL,
  transport TEXT NOT NULL);
CREATE TABLE chain (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, network TEXT NOT NULL);
CREATE TABLE oracle_message (
  id INTEGER PRIMARY KEY, feed_id INTEGER NOT NULL REFERENCES feed(id), asset TEXT, message_id TEXT, key TEXT,
  mantissa TEXT, exponent INTEGER, price REAL, published_ns INTEGER, nic_id INTEGER REFERENCES nic(id),
  nic_ns INTEGER, first_mono_ns INTEGER, wire_mono_ns INTEGER, stall_ns INTEGER, app_mono_ns INTEGER, bytes INTEGER NOT NULL,
  digest TEXT);
CREATE TABLE block_arrival (
  feed_id INTEGER NOT NULL REFERENCES feed(id), number INTEGER NOT NULL, fec_set INTEGER,
  first_mono_ns INTEGER NOT NULL, decodable_mono_ns INTEGER, last_mono_ns INTEGER NOT NULL,
  packets INTEGER NOT NULL, duplicates INTEGER NOT NULL, data INTEGER NOT NULL, code INTEGER NOT NULL,
  sets INTEGER, sets_decodable INTEGER, last_index INTEGER, complete INTEGER, repairs INTEGER NOT NULL, tick INTEGER);
CREATE UNIQUE INDEX block_arrival_once ON block_arrival (feed_id, number, ifnull(fec_set, -1));
CREATE TABLE shred_arrival (
  feed_id INTEGER NOT NULL REFERENCES feed(id), number INTEGER NOT NULL, kind TEXT NOT NULL, shred INTEGER NOT NULL,
  fec_set INTEGER NOT NULL, mono_ns INTEGER NOT NULL, resigned INTEGER NOT NULL, repair INTEGER NOT NULL, tick INTEGER,
  last INTEGER);
CREATE TABLE block_message (
  id INTEGER PRIMARY KEY, feed_id INTEGER NOT NULL REFERENCES feed(id), kind TEXT NOT NULL, number INTEGER, part INTEGER,
  parts_needed INTEGER, hash TEXT, parent TEXT, published_ns INTEGER,
  first_mono_ns INTEGER, wire_mono_ns INTEGER, stall_ns INTEGER, app_mono_ns INTEGER, bytes INTEGER NOT NULL);
CREATE TABLE block_content (
  feed_id INTEGER NOT NULL REFERENCES feed(id), number INTEGER NOT NULL, entries INTEGER NOT NULL,
  transactions INTEGER NOT NULL, sets INTEGER NOT NULL, sets_recovered INTEGER NOT NULL, published_ns INTEGER,
  whole INTEGER NOT NULL);
CREATE TABLE block_transaction (
  id INTEGER PRIMARY KEY, feed_id INTEGER NOT NULL REFERENCES feed(id), number INTEGER NOT NULL, entry INTEGER,
  position INTEGER, shred INTEGER NOT NULL, signature TEXT NOT NULL, watch TEXT NOT NULL,
  block_wire_mono_ns INTEGER NOT NULL, readable_mono_ns INTEGER NOT NULL, recovered INTEGER NOT NULL,
  message_id TEXT, key TEXT, mantissa TEXT, exponent INTEGER, price REAL, published_ns INTEGER);
CREATE TABLE flow (
  feed_id INTEGER NOT NULL REFERENCES feed(id), kind TEXT NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL,
  first_mono_ns INTEGER NOT NULL, last_mono_ns INTEGER NOT NULL, PRIMARY KEY (feed_id, kind)) WITHOUT ROWID;
CREATE TABLE reader (
  id INTEGER PRIMARY KEY, feed_id INTEGER NOT NULL REFERENCES feed(id), protocol TEXT NOT NULL, local TEXT,
  local_port INTEGER NOT NULL, remote TEXT, remote_port INTEGER, pid INTEGER NOT NULL, comm TEXT NOT NULL);
CREATE TABLE packet_read (
  reader_id INTEGER NOT NULL REFERENCES reader(id), first_mono_ns INTEGER NOT NULL, wire_mono_ns INTEGER NOT NULL,
  app_mono_ns INTEGER, bytes INTEGER NOT NULL);
CREATE TABLE chain_update (
  id INTEGER PRIMARY KEY, chain TEXT NOT NULL, asset TEXT NOT NULL, type TEXT NOT NULL, address TEXT NOT NULL,
  message_id TEXT, key TEXT, mantissa TEXT, exponent INTEGER, price REAL, published_ns INTEGER,
  block_number INTEGER NOT NULL, block_hash TEXT NOT NULL, tx_hash TEXT NOT NULL, log_index INTEGER NOT NULL,
  block_ns INTEGER, seen_mono_ns INTEGER, app_mono_ns INTEGER, removed INTEGER NOT NULL, backfilled INTEGER NOT NULL);
CREATE TABLE chain_block (
  chain TEXT NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL, parent TEXT NOT NULL, block_ns INTEGER,
  block_wire_mono_ns INTEGER, block_complete_mono_ns INTEGER, app_mono_ns INTEGER);
CREATE TABLE chain_round (
  chain TEXT NOT NULL, asset TEXT NOT NULL, address TEXT NOT NULL, key TEXT NOT NULL, started_by TEXT NOT NULL,
  started_ns INTEGER, block_number INTEGER NOT NULL, block_hash TEXT NOT NULL, tx_hash TEXT NOT NULL,
  seen_mono_ns INTEGER, app_mono_ns INTEGER, removed INTEGER NOT NULL);
CREATE TABLE chain_calldata (
  chain TEXT NOT NULL, tx_hash TEXT NOT NULL, type TEXT NOT NULL, message_id TEXT, key TEXT, mantissa TEXT,
  exponent INTEGER, price REAL, published_ns INTEGER, digest TEXT);
CREATE TABLE chain_pending (
  chain TEXT NOT NULL, tx_hash TEXT NOT NULL, address TEXT, type TEXT, message_id TEXT, key TEXT, mantissa TEXT,
  exponent INTEGER, price REAL, published_ns INTEGER, digest TEXT, first_mono_ns INTEGER, wire_mono_ns INTEGER,
  app_mono_ns INTEGER);
CREATE TABLE chain_final (
  chain TEXT NOT NULL, level TEXT NOT NULL, number INTEGER NOT NULL, hash TEXT NOT NULL, after_mono_ns INTEGER,
  seen_mono_ns INTEGER, app_mono_ns INTEGER);
CREATE TABLE slot_event (
  chain TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, parent INTEGER, published_ns INTEGER,
  wire_mono_ns INTEGER, app_mono_ns INTEGER);
CREATE TABLE chain_mention (
  chain TEXT NOT NULL, asset TEXT NOT NULL, address TEXT NOT NULL, number INTEGER NOT NULL, tx_hash TEXT NOT NULL,
  posts INTEGER NOT NULL, failed INTEGER NOT NULL, wire_mono_ns INTEGER, app_mono_ns INTEGER);
CREATE TABLE sent (
  id INTEGER PRIMARY KEY, mono_ns INTEGER NOT NULL, bytes INTEGER NOT NULL, seq INTEGER NOT NULL,
  local_port INTEGER NOT NULL, remote_port INTEGER NOT NULL);
CREATE TABLE loss (
  source TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, is_loss INTEGER NOT NULL,
  PRIMARY KEY (source, name)) WITHOUT ROWID;
CREATE TABLE timeline (
  oracle_message_id INTEGER REFERENCES oracle_message(id), chain_update_id INTEGER REFERENCES chain_update(id),
  sent_id INTEGER REFERENCES sent(id), feed TEXT, asset TEXT, key TEXT,
  status TEXT NOT NULL, joined_by TEXT,
  published_ns INTEGER, nic_ns INTEGER, wire_ns INTEGER, app_ns INTEGER, sent_ns INTEGER, pending_ns INTEGER, block_ns INTEGER,
  block_wire_ns INTEGER, block_complete_ns INTEGER, seen_ns INTEGER, final_ns INTEGER, stall_ns INTEGER);
CREATE TABLE timeline_summary (
  feed TEXT NOT NULL, asset TEXT NOT NULL, joined_by TEXT, by_bytes INTEGER NOT NULL, by_key INTEGER NOT NULL,
  by_price INTEGER NOT NULL, before_start INTEGER NOT NULL, repeated INTEGER NOT NULL,
  false_match_rate REAL, false_match_low REAL, false_match_high REAL);
