// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// usage: node carried.mjs DIR     (DIR: session.db, latency.json and the actors' logs)
import fs from 'node:fs';
import path from 'node:path';
import { check, closingLine, jsonLines, losses, rows, sessionOf } from './common.mjs';

const dir = process.argv[2];
const session = sessionOf(dir);
const { joins } = JSON.parse(fs.readFileSync(path.join(dir, 'latency.json')));
const posts = new Map(jsonLines(path.join(dir, 'relayer.jsonl')).map((r) => [`${r.asset} ${r.key}`, BigInt(r.posted_ns)]));
const FEEDS = ['btc-wss', 'btc-sse'];

// ---- included: each fetched transaction carries the message that its update came of ---------------------------------------
const carried = rows(session, `SELECT DISTINCT u.key AS landed, c.key, c.mantissa = u.mantissa AS priced, c.type FROM chain_calldata c JOIN chain_update u ON u.tx_hash = c.tx_hash`);
check(carried.length >= 3 && carried.every((c) => c.type === 'pyth-pnau' && c.landed === c.key && c.priced), `calldata: ${carried.length} transactions carry the update that they made`);
const bytes = new Set(carried.map((c) => c.key));
for (const feed of FEEDS) {
	// by bytes where there are any, by key where the recording ended before the transaction was there
	const mine = rows(session, `SELECT key, joined_by FROM timeline WHERE feed = '${feed}' AND status = 'matched'`);
	const wrong = mine.filter((m) => m.joined_by !== (bytes.has(m.key) ? 'bytes' : 'key'));
	const join = joins.find((j) => j.feed === feed);
	const byBytes = mine.filter((m) => m.joined_by === 'bytes').length;
	check(byBytes >= 3 && !wrong.length && join.matched_by.bytes === byBytes && join.matched_by.key === mine.length - byBytes && join.matched_by.price === 0,
		`${feed}: ${byBytes} of ${mine.length} joined by bytes, as latency counts${wrong.length ? `, but ${JSON.stringify(wrong[0])}` : ''}`);
}

// ---- pending: each after the relayer posted it, with the same bytes as its update, and as the stage where it came before it -----
const pending = rows(session, `SELECT u.asset, u.key, CAST(p.wire_mono_ns AS TEXT) AS wire, p.digest, c.digest AS included FROM chain_pending p JOIN chain_update u ON u.tx_hash = p.tx_hash
	LEFT JOIN chain_calldata c ON c.tx_hash = p.tx_hash`);
for (const [asset, least] of [['ETH/USD', 10], ['BTC/USD', 3]]) {
	const these = pending.filter((p) => p.asset === asset);
	const early = these.filter((p) => !p.wire || BigInt(p.wire) < posts.get(`${asset} ${p.key}`));
	const other = these.filter((p) => p.included !== null && p.digest !== p.included);
	check(these.length >= least && !early.length && !other.length, `${asset}: ${these.length} transactions seen pending, ${early.length} before they were posted, ${other.length} with other bytes than were included`);
}
const staged = rows(session, 'SELECT count(*) AS n, sum(pending_ns > seen_ns) AS late, sum(pending_ns < wire_ns) AS early FROM timeline WHERE pending_ns IS NOT NULL')[0];
check(staged.n > 0 && staged.late === 0 && staged.early === 0, `timeline: ${staged.n} rows have pending, each between wire and seen`);
const told = rows(session, `SELECT name, count FROM loss WHERE source = 'anvil' AND name IN ('pending_hashes', 'calldata_oversized', 'rpc_errors', 'bad_messages') AND count > 0`);
check(!told.length, `nothing was refused or unreadable ${JSON.stringify(told)}`);
const lost = losses(session).filter((l) => l.is_loss && l.source === 'anvil');
check(!lost.length, `the chain lost nothing ${JSON.stringify(lost)}`);
closingLine();
