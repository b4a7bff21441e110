// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// usage: node vendors.mjs DIR     What the vendors' servers sent, what their clients read, and what pricelag recorded.
import fs from 'node:fs';
import path from 'node:path';
import { check, checkTimes, closingLine, jsonLines, losses, messages, sessionOf, skip } from './common.mjs';

const dir = process.argv[2];
const feedOf = (feed) => feed.replace('-json', '');
const sent = jsonLines(path.join(dir, 'vendors.jsonl'));
const read = jsonLines(path.join(dir, 'vendor_clients.jsonl'));
const recorded = messages(sessionOf(dir));
const replayed = messages(path.join(dir, 'replay.db'));
const dropped = /^[1-9]\d* packets? dropped by kernel/m.test(fs.readFileSync(path.join(dir, 'tcpdump.log'), 'utf8'));
const lost = losses(sessionOf(dir));

// Those from the first that arrived to the last: what was sent before a client was there, or after it left, is not its fault.
function between(feed, keys) {
	const all = sent.filter((m) => m.feed === feed);
	const places = all.map((m, i) => (keys.has(m.key) ? i : -1)).filter((i) => i >= 0);
	return places.length ? all.slice(places[0], places.at(-1) + 1) : [];
}

function compare(who, feed, got) {
	const byKey = new Map(got.map((m) => [m.key, m.price]));
	const wanted = between(feed, new Set(byKey.keys()));
	const missing = wanted.filter((m) => byKey.get(m.key) !== m.price).length;
	const strange = [...byKey.keys()].filter((key) => !wanted.some((m) => m.key === key)).length;
	check(got.length >= 20 && !missing && !strange, `${who} read every message: ${got.length}, ${missing} missing or of another price, ${strange} that nobody sent`);
}

for (const [feed, client] of [['hermes', '@pythnetwork/hermes-client'], ['lazer', '@pythnetwork/pyth-lazer-sdk'], ['streams', '@chainlink/data-streams-sdk']]) {
	compare(`${feed}: ${client}`, feed, read.filter((m) => m.feed === feed));
}
for (const feed of ['hermes', 'lazer', 'lazer-json', 'streams']) {
	const mine = recorded.filter((m) => m.feed === feed);
	compare(`${feed}: pricelag`, feedOf(feed), mine.map((m) => ({ key: m.key, price: m.mantissa })));
	check(mine.length === new Set(mine.map((m) => m.key)).size, `${feed}: no message twice`);
	check(mine.every((m) => m.wire !== null && m.app > m.wire), `${feed}: each has its packet's time, before the application's`);
	// the packet that completed it left after the server's log said so
	const sentAt = new Map(sent.filter((m) => m.feed === feedOf(feed)).map((m) => [m.key, BigInt(m.sent_ns)]));
	check(mine.every((m) => m.wire > sentAt.get(m.key)), `${feed}: none arrived before it was sent`);
	checkTimes(mine.map((m) => Number(m.wire - sentAt.get(m.key))), { 0.5: 1e6, 0.99: 5e6 }, `${feed}: from the server's send to wire`);
	const again = new Map(replayed.filter((m) => m.feed === feed && m.wire !== null).map((m) => [`${m.key} ${m.mantissa}`, m.wire]));
	const found = mine.map((m) => `${m.key} ${m.mantissa}`).filter((name) => again.has(name));
	// tcpdump outlives the recorder: what reached the node as it was closing is in the capture alone, after all the others
	const end = found.reduce((latest, name) => (again.get(name) > latest ? again.get(name) : latest), 0n);
	const within = [...again.values()].filter((wire) => wire <= end).length;
	if (dropped) skip(`${feed}: replay`, 'tcpdump lost packets');
	else check(found.length === mine.length && within === mine.length, `${feed}: ${found.length} of ${mine.length} messages come again from the capture, and ${within - found.length} others before their end`);
	const own = lost.filter((l) => l.source === feed && l.is_loss);
	check(!own.length, `${feed}: nothing lost, undecodable or badly signed ${JSON.stringify(own)}`);
}
closingLine();
