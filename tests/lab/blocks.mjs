// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The delay between two nodes and two feeds, as measured on the wire, against what their servers did.
// usage: node blocks.mjs DIR     (DIR: heads.jsonl, flashblocks.jsonl, session.db, replay.db, *.race.json, export.pcapng)
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { check, checkTimes, closingLine, jsonLines, quantile, rows, us } from './common.mjs';

const dir = process.argv[2];
const LIMITS_NS = { 0.5: 100_000, 0.99: 500_000 }; // the servers take the time right before they send
const sqls = {
	heads: `SELECT chain AS name, hash AS key, CAST(block_complete_mono_ns AS TEXT) AS wire FROM chain_block WHERE block_complete_mono_ns NOT NULL`,
	flashblocks: `SELECT f.name, hash || ' ' || part AS key, CAST(wire_mono_ns AS TEXT) AS wire FROM block_message m JOIN feed f ON f.id = m.feed_id WHERE kind = 'flashblock' AND wire_mono_ns NOT NULL`,
};
const pairs = { heads: ['near', 'far'], flashblocks: ['plain', 'packed'] };
const byKey = (list, name, time) => new Map(list.filter((row) => row.name === name).map((row) => [row.key, BigInt(row[time])]));

for (const [what, [first, second]] of Object.entries(pairs)) {
	const sent = jsonLines(path.join(dir, `${what}.jsonl`));
	const [firstSent, secondSent] = [first, second].map((name) => byKey(sent, name, 'sent_ns'));
	for (const name of ['session', 'replay']) {
		const stamped = rows(path.join(dir, `${name}.db`), sqls[what]);
		const [firstSeen, secondSeen] = [first, second].map((one) => byKey(stamped, one, 'wire'));
		const both = [...firstSeen.keys()].filter((key) => secondSeen.has(key));
		const lead = (a, b, key) => Number(b.get(key) - a.get(key));
		check(both.length >= 10 && firstSeen.size - both.length <= 5 && secondSeen.size - both.length <= 5,
			`${what}, ${name}: ${both.length} came from both, ${firstSeen.size} from ${first}, ${secondSeen.size} from ${second}`);
		checkTimes(both.map((key) => Math.abs(lead(firstSeen, secondSeen, key) - lead(firstSent, secondSent, key))), LIMITS_NS, `${what}, ${name}: |lead on the wire - lead of the servers|`);

		const document = JSON.parse(fs.readFileSync(path.join(dir, `${name}.race.json`)));
		const race = what === 'heads' ? document.heads?.[0] : document;
		const [a, b] = [first, second].map((one) => race.feeds.find((feed) => feed.feed === one));
		check(a.wins === both.length && a.wins === race.contested && b.wins === 0, `${what}, ${name}: ${first} wins ${a.wins} of ${race.contested}, ${second} ${b.wins}`);
		const middle = quantile(both.map((key) => lead(firstSeen, secondSeen, key)), 0.5);
		check(a.lead_p50_ns === middle && b.behind_p50_ns === middle, `${what}, ${name}: the median lead of ${us(a.lead_p50_ns)} is that of the rows`);
	}
}

// each packet with a comment has the stamp of the row that it names
const exported = execFileSync('tshark', ['-r', path.join(dir, 'export.pcapng'), '-T', 'fields', '-e', 'frame.time_epoch', '-e', 'frame.comment', '-e', 'frame.interface_name'],
	{ encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] }).split('\n').map((line) => line.split('\t'));
const noted = new Set(exported.flatMap(([time, text]) => [
	...(text ?? '').matchAll(/chain=(\S+) block=\d+ hash=(\S+) stage=(block_wire,)?block_complete/g)].map(([, name, key]) => `${name} ${key} ${time.replace('.', '')}`)));
for (const [time, text] of exported)
	for (const [, name, part, hash] of (text ?? '').matchAll(/feed=(\S+) kind=flashblock block=\d+ part=(\d+) hash=(\S+) stage=wire/g)) noted.add(`${name} ${hash} ${part} ${time.replace('.', '')}`);
const stored = Object.values(sqls).flatMap((sql) => rows(path.join(dir, 'replay.db'), sql)).map((row) => `${row.name} ${row.key} ${row.wire}`);
check(stored.length > 0 && stored.length === noted.size && stored.every((name) => noted.has(name)), `export: ${stored.filter((name) => noted.has(name)).length} of ${stored.length} heads and flashblocks stand at the packet with their stamp`);
check(new Set(exported.map(([, , name]) => name).filter(Boolean)).size === 2, 'export: the two interfaces keep their names');
const dropped = rows(path.join(dir, 'replay.db'), `SELECT count FROM loss WHERE source = 'capture' AND name = 'dropped'`)[0].count;
if (dropped) console.log(`      dumpcap dropped ${dropped} packets`);
closingLine();
