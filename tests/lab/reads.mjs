// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What pricelag says of other programs' reads against what they logged themselves. usage: reads.mjs DIR COUNT
import fs from 'node:fs';
import path from 'node:path';
import { check, closingLine, jsonLines, losses, messages as decodedOf, quantile, rows, sessionOf, spread } from './common.mjs';

const dir = process.argv[2];
const count = Number(process.argv[3]);
const session = sessionOf(dir);
const json = JSON.parse(fs.readFileSync(path.join(dir, 'latency.json'), 'utf8'));
const logOf = (feed) => jsonLines(path.join(dir, `${feed}.jsonl`)).map((r) => ({ ...r, before: BigInt(r.before ?? 0), after: BigInt(r.after) }));
const packetsOf = (feed) => rows(session, `SELECT CAST(p.wire_mono_ns AS TEXT) AS wire, CAST(p.first_mono_ns AS TEXT) AS first, CAST(p.app_mono_ns AS TEXT) AS app, p.bytes,
	r.pid, r.comm FROM packet_read p JOIN reader r ON r.id = p.reader_id JOIN feed f ON f.id = r.feed_id WHERE f.name = '${feed}' ORDER BY p.rowid`)
	.map((p) => ({ ...p, wire: BigInt(p.wire), first: BigInt(p.first), app: p.app === null ? null : BigInt(p.app) }));

// The read, of those that a program logged, that took the last byte of each packet.
function readsOf(packets, log, datagrams) {
	let at = 0, taken = 0, end = 0;
	return packets.map((p, i) => {
		if (datagrams) return log[i];
		end += p.bytes;
		while (at < log.length && taken + log[at].bytes < end) taken += log[at++].bytes;
		return log[at];
	});
}

const sum = (list) => list.reduce((total, { bytes }) => total + bytes, 0);
const ns = (a, b) => Number(a - b);

for (const [feed, datagrams] of [['ws', false], ['wss', false], ['late', false], ['udp', true], ['udp-late', true]]) {
	const packets = packetsOf(feed), log = logOf(feed), reads = readsOf(packets, log, datagrams);
	check(packets.length > 0 && (!datagrams || packets.length === count), `${feed}: ${packets.length} packets of ${count} messages were read`);
	check(sum(packets) === sum(log), `${feed}: ${sum(packets)} bytes in packets, ${sum(log)} in the program's reads`);
	check(packets.every((p, i) => reads[i] && p.app !== null && reads[i].before <= p.app && p.app <= reads[i].after), `${feed}: app lies within the read that took the packet, for each of them`);
	check(packets.every((p) => p.first <= p.wire && p.wire <= p.app), `${feed}: no packet was read before it came`);
	check(packets.every((p, i) => reads[i] && reads[i].pid === p.pid && reads[i].comm === p.comm), `${feed}: by the process that the program says, ${[...new Set(packets.map((p) => `${p.comm} (${p.pid})`))].join(', ')}`);
	if (datagrams) check(packets.every((p, i) => p.bytes === log[i].bytes), `${feed}: in the order in which they were read`);
	// Each wait lies between two that the program's log gives, so each quantile does.
	const said = json.latencies.find((l) => l.feed === feed && l.from === 'wire' && l.to === 'app');
	const least = packets.map((p, i) => ns(reads[i]?.before ?? 0n, p.wire)), most = packets.map((p, i) => ns(reads[i]?.after ?? 0n, p.wire));
	check(said?.count === packets.length && [['p50_ns', 0.5], ['p90_ns', 0.9], ['p99_ns', 0.99]].every(([key, q]) => quantile(least, q) <= said[key] + said.clock_error_ns && said[key] <= quantile(most, q) + said.clock_error_ns),
		`${feed}: latency says wire → app p50 ${(said?.p50_ns / 1e6).toFixed(3)} ms, p90 ${(said?.p90_ns / 1e6).toFixed(3)} ms; by the program's log between ${(quantile(least, 0.5) / 1e6).toFixed(3)} and ${(quantile(most, 0.5) / 1e6).toFixed(3)}`);
	const readers = json.readers.filter((r) => r.feed === feed);
	check(readers.length === new Set(log.filter((r) => r.bytes).map((r) => r.pid)).size && readers.reduce((n, r) => n + r.count, 0) === packets.length && readers.every((r) => r.p50_ns !== null && r.censored === 0),
		`${feed}: ${readers.length} reader${readers.length > 1 ? 's: the socket was handed on' : ''}`);
}
for (const feed of ['late', 'udp-late']) {
	const packets = packetsOf(feed), reads = readsOf(packets, logOf(feed), feed === 'udp-late'), waits = packets.map((p) => ns(p.app, p.wire));
	check(waits.every((wait, i) => wait >= ns(reads[i].before, packets[i].wire)), `${feed}: the reader's pauses show: p50 ${(quantile(waits, 0.5) / 1e6).toFixed(1)} ms, max ${(quantile(waits, 1) / 1e6).toFixed(1)} ms`);
}

// A client whose reads are not its own to log: a message that had a segment for itself is one TLS 1.3 record (5 + 1 + 16 bytes around a frame of 4 + n).
const log = logOf('node');
const found = packetsOf('node').filter((p) => p.bytes >= 200 + 26 && p.bytes < 200 + 26 + count).slice(-count);
check(log.length === count && log.every((m, i) => m.bytes === 200 + i), `node: the client had ${log.length} messages`);
const taken = log.map((m) => found.find((p) => p.bytes === m.bytes + 26));
check(taken.some(Boolean) && taken.every((p, i) => !p || (p.app <= log[i].after && p.pid === log[i].pid)), 'node: each message was read before the client had it');
console.log(`      node: from its read to its message event ${spread(taken.flatMap((p, i) => (p ? ns(log[i].after, p.app) : [])))}`);

// Plaintext: every message, in order, with the packet that completed it as the reads have it, and after the read that took it.
for (const feed of ['wss', 'node']) {
	const decoded = decodedOf(session).filter((m) => m.feed === feed), packets = packetsOf(feed);
	const of = decoded.map((_, i) => packets.find((p) => p.bytes === 200 + i + 26));
	const taken = decoded.map((m) => packets.findLast((p) => p.app !== null && p.app <= m.app)); // Node reads as much as there is, several messages at once
	check(decoded.length === count && decoded.every((m, i) => m.key === String(i) && m.price === 3000 + i), `${feed}: ${decoded.length} messages were read out of the plaintext`);
	check(decoded.every((m, i) => m.wire === taken[i]?.wire), `${feed}: wire is that of the last packet that had been read`);
	check(of.some(Boolean) && decoded.every((m, i) => !of[i] || m.wire >= of[i].wire), `${feed}: which is the message's own for ${decoded.filter((m, i) => m.wire === of[i]?.wire).length}, and a later one for the others`);
	check(decoded.every((m, i) => !of[i] || m.app >= of[i].app), `${feed}: the library had the message after the process had read its packet`);
	check(json.latencies.some((l) => l.feed === feed && l.asset === 'ETH/USD' && l.from === 'wire' && l.to === 'app' && l.count === count), `${feed}: latency has wire → app of the asset`);
}
check(decodedOf(session).filter((m) => m.feed === 'node').every((m, i) => m.app <= log[i]?.after), 'node: the library had each message before the client did');
const own = logOf('wss');
check(decodedOf(session).filter((m) => m.feed === 'wss').every((m) => { const next = own.find((r) => r.before > m.wire && r.after > m.app); return own.some((r) => r.after <= m.app) && (!next || m.app <= next.after); }), 'wss: the library had each message between two reads of the program');

check(!losses(session).some((l) => l.is_loss && !/^rx_/.test(l.name)), `no losses${losses(session).filter((l) => l.is_loss).map((l) => ` ${l.source}.${l.name} ${l.count}`).join(',')}`);
closingLine();
