// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Each message's `wire` against an independent look at the same packets: tcpdump beside the recording, dissected by tshark.
// usage: node mapping.mjs DIR NAME     (DIR: session.db, cap.pcap, keylog.txt, and fault.json where the road was bad)
import fs from 'node:fs';
import path from 'node:path';
import { capture, check, checkTimes, clock, closingLine, frames, losses, messages, sessionOf, spread } from './common.mjs';
import { PORTS } from './actors/common.mjs';

const [dir, name] = process.argv.slice(2);
const LIMITS_NS = { 0.5: 50_000, 0.99: 50_000 };
const MIN_MESSAGES = 100;
const session = sessionOf(dir);
const pcap = path.join(dir, 'cap.pcap');
const utc = clock(session);
const seen = capture(pcap, path.join(dir, 'keylog.txt'), { [PORTS.ethUdp]: 'eth-udp', [PORTS.ethWs]: 'eth-ws', [PORTS.btcWss]: 'btc-wss', [PORTS.btcSse]: 'btc-sse' });
const recorded = messages(session);

for (const feed of ['eth-udp', 'eth-ws', 'btc-wss', 'btc-sse']) {
	const mine = recorded.filter((m) => m.feed === feed);
	const theirs = seen[feed] ?? new Map();
	const mapped = mine.filter((m) => m.wire !== null);
	const common = mapped.filter((m) => theirs.has(m.key));
	const apart = common.map((m) => Math.abs(Number(utc(m.wire) - theirs.get(m.key))));
	check(mine.length >= MIN_MESSAGES && mapped.length === mine.length, `${name}, ${feed}: ${mapped.length} of ${mine.length} messages are mapped to a packet`);

	// The recording stops a moment before the capture does: what lies between its first and last message has to be the same.
	const keys = mine.map((m) => BigInt(m.key));
	const first = keys.reduce((a, b) => (b < a ? b : a), keys[0] ?? 0n);
	const last = keys.reduce((a, b) => (b > a ? b : a), keys[0] ?? 0n);
	const expected = [...theirs.keys()].filter((k) => BigInt(k) >= first && BigInt(k) <= last);
	const missing = expected.filter((k) => !keys.includes(BigInt(k)));
	const twice = keys.length - new Set(keys).size;
	check(expected.length >= MIN_MESSAGES && !missing.length && !twice && common.length === mine.length,
		`${name}, ${feed}: the same ${expected.length} messages as in the capture (${missing.length} missing, ${twice} twice, ${mine.length - common.length} unknown to it)`);
	checkTimes(apart, LIMITS_NS, `${name}, ${feed}: |wire - capture|`);
}

const fault = path.join(dir, 'fault.json');
if (fs.existsSync(fault)) {
	const did = JSON.parse(fs.readFileSync(fault));
	const retransmitted = frames(pcap, 'ip.src == 10.99.1.1 && tcp.analysis.retransmission');
	const disordered = frames(pcap, 'ip.src == 10.99.1.1 && (tcp.analysis.out_of_order || tcp.analysis.lost_segment)');
	const stalls = recorded.filter((m) => m.stall > 0n).map((m) => Number(m.stall));
	const counted = losses(session).filter((l) => ['retransmits', 'reordered'].includes(l.name)).map((l) => `${l.source} ${l.name} ${l.count}`);
	check(did.dropped > 0 && did.overtaken > 0 && retransmitted > 0 && disordered > 0,
		`${name}, road: ${did.dropped} of ${did.segments} segments dropped, ${did.overtaken} overtaken; in the capture ${retransmitted} retransmissions, ${disordered} out of order`);
	check(stalls.length > 0, `${name}, stall: ${stalls.length} messages waited for an earlier byte, ${stalls.length ? spread(stalls) : ''}`);
	console.log(`      counted: ${counted.join(', ') || 'nothing'}`);
}
closingLine();
