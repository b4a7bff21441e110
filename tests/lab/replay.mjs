// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A capture replayed gives the oracle messages of the live session beside which it was taken, and exported again each message
// stands at the packet that completed it.
// usage: node replay.mjs DIR NAME     (DIR: session.db, replay.db, export.pcapng)
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { check, checkTimes, clock, closingLine, messages, rows, sessionOf } from './common.mjs';

const [dir, name] = process.argv.slice(2);
const LIMITS_NS = { 0.5: 50_000, 0.99: 50_000 }; // the capture's stamps are tcpdump's
const replayed = path.join(dir, 'replay.db');
const content = (m) => JSON.stringify([m.key, m.price, m.mantissa, m.published_ns]);
const liveUtc = clock(sessionOf(dir));
const replayUtc = clock(replayed);

for (const feed of ['eth-udp', 'eth-ws', 'btc-wss', 'btc-sse']) {
	const live = messages(sessionOf(dir)).filter((m) => m.feed === feed);
	const again = new Map(messages(replayed).filter((m) => m.feed === feed).map((m) => [content(m), m]));
	const found = live.filter((m) => again.has(content(m)));
	check(live.length > 0 && found.length === live.length, `replay ${name}, ${feed}: ${found.length} of ${live.length} messages come again`);
	const both = found.map((m) => [m, again.get(content(m))]).filter(([a, b]) => a.wire !== null && b.wire !== null);
	const apart = both.map(([a, b]) => Math.abs(Number(liveUtc(a.wire) - replayUtc(b.wire))));
	check(both.length === live.length, `replay ${name}, ${feed}: ${both.length} of ${live.length} with wire in both`);
	checkTimes(apart, LIMITS_NS, `replay ${name}, ${feed}: |live - replayed|`);
}

const exported = execFileSync('tshark', ['-r', path.join(dir, 'export.pcapng'), '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.comment'],
	{ encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
const noted = new Map();
for (const line of exported.split('\n')) {
	const [time, text] = line.split('\t');
	for (const [, feed, id] of (text ?? '').matchAll(/feed=(\S+) [^,]*message=(\d+)/g)) noted.set(`${feed} ${id}`, time.replace('.', ''));
}
const stored = rows(replayed, `SELECT f.name || ' ' || m.id AS name, CAST(m.wire_mono_ns AS TEXT) AS wire FROM oracle_message m JOIN feed f ON f.id = m.feed_id WHERE wire_mono_ns NOT NULL`);
const right = stored.filter((m) => noted.get(m.name) === m.wire);
check(stored.length > 0 && right.length === stored.length && noted.size === stored.length,
	`export ${name}: ${right.length} of ${stored.length} messages stand at the packet with their stamp`);
closingLine();
