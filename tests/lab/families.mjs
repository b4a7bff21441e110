// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// usage: node families.mjs DIR     Each family's prices, from their publisher's log to the chain, against a recording.
import fs from 'node:fs';
import path from 'node:path';
import { FAMILIES } from './actors/common.mjs';
import { check, checkTimes, closingLine, jsonLines, losses, messages, rows, sessionOf } from './common.mjs';

const dir = process.argv[2];
const session = sessionOf(dir);
const { contracts } = JSON.parse(fs.readFileSync(path.join(dir, 'lab.json')));
const { joins, latencies } = JSON.parse(fs.readFileSync(path.join(dir, 'latency.json')));
const log = Object.fromEntries(['publisher', 'vendors', 'second'].map((name) => [name, jsonLines(path.join(dir, `${name}.jsonl`))]));
const recorded = messages(session);
const timeline = rows(session, `SELECT feed, key, status, CAST(wire_ns AS TEXT) AS wire, CAST(seen_ns AS TEXT) AS seen FROM timeline WHERE oracle_message_id IS NOT NULL`);
const updates = rows(session, 'SELECT asset, key, CAST(seen_mono_ns AS TEXT) AS seen FROM chain_update');
const lost = losses(session);

const ANSWER_UPDATED = '0x0559884fd3a460db3073b7fc896cc77986f16e378210ded43186175bf646fc5f';
const PRICE_FEED_UPDATE = '0xd06a6b7f4918494b3719217d1802786c1f5112a6c1d88fe2cfec00b4584f6aec';
// What the node told its second subscriber of a contract: key -> when
const landings = (address) => new Map(log.second.filter((s) => s.chain === address.toLowerCase()).flatMap(({ topics, data, received_ns }) => {
	if (topics[0] === ANSWER_UPDATED) return [[String(BigInt(topics[2])), BigInt(received_ns)]];
	if (topics[0] === PRICE_FEED_UPDATE) return [[String(BigInt(data.slice(0, 66))), BigInt(received_ns)]];
	return [];
}));

// The part of a list of [key, …] from the first key that is among `keys` to the last one: what came before the recorder was
// there, or as it was closing, is in the actors' logs alone.
function between(list, keys) {
	const places = list.map(([key], i) => (keys.has(key) ? i : -1)).filter((i) => i >= 0);
	return places.length ? list.slice(places[0], places.at(-1) + 1) : [];
}

function family(feed, asset, sentLog, address) {
	const mine = recorded.filter((m) => m.feed === feed);
	const sent = new Map(between(sentLog.map((m) => [m.key, BigInt(m.sent_ns)]), new Set(mine.map((m) => m.key))));
	check(mine.length >= 10 && mine.length === sent.size && mine.every((m) => sent.has(m.key)), `${feed}: each of the ${sent.size} messages that its publisher sent meanwhile is recorded once`);

	const seen = new Set(updates.filter((u) => u.asset === asset && u.seen).map((u) => u.key));
	const told = new Map(between([...landings(address)], seen));
	check(seen.size >= 5 && seen.size === told.size && [...told.keys()].every((key) => seen.has(key)), `${feed}: each of the ${told.size} updates of ${asset} that the node told meanwhile is recorded`);

	// Every message's fate, out of the logs alone: it landed, a later one did, or neither.
	const keys = [...sent.keys()];
	const newest = keys.reduce((last, key, i) => (told.has(key) ? i : last), -1);
	const fate = new Map(keys.map((key, i) => [key, told.has(key) ? 'matched' : i < newest ? 'superseded' : 'censored']));
	const wrong = timeline.filter((t) => t.feed === feed && fate.get(t.key) !== t.status);
	check(!wrong.length, `${feed}: every message's fate is what the logs say${wrong.length ? `, but of ${wrong.length}: ${JSON.stringify(wrong[0])}, not ${fate.get(wrong[0].key)}` : ''}`);

	const count = (status) => [...fate.values()].filter((f) => f === status).length;
	const join = joins.find((j) => j.feed === feed && j.asset === asset) ?? {};
	const strangers = told.size - count('matched');
	check(join.matched === count('matched') && join.superseded === count('superseded') && join.censored === count('censored') && join.unmatched + join.before_start === strangers
		&& join.repeated === 0 && join.total === join.matched + join.superseded + join.censored + join.unmatched && join.total - join.unmatched === sent.size,
	`${feed}: ${join.total} = ${join.matched} matched + ${join.censored} open + ${join.superseded} overtaken + ${join.unmatched} unmatched, and ${join.before_start} from before, as the logs count`);

	const delays = timeline.filter((t) => t.feed === feed && t.status === 'matched' && told.has(t.key) && sent.has(t.key))
		.map((t) => Math.abs(Number(BigInt(t.seen) - BigInt(t.wire)) - Number(told.get(t.key) - sent.get(t.key))));
	const latency = latencies.find((l) => l.feed === feed && l.asset === asset && l.from === 'wire' && l.to === 'seen');
	check(latency?.count === count('matched') && delays.length === latency.count, `${feed}: wire to seen of all ${latency?.count} that landed`);
	checkTimes(delays, { 0.5: 1e6, 0.99: 5e6 }, `${feed}: wire to seen, off from the logs' delay by`);
	const own = lost.filter((l) => l.source === feed && l.is_loss);
	check(!own.length, `${feed}: nothing lost, undecodable or badly signed ${JSON.stringify(own)}`);
	return { strangers, superseded: count('superseded') };
}

const vendor = (feed) => log.vendors.filter((m) => m.feed === feed);
family('eth-ws', 'ETH/USD', log.publisher.filter((m) => m.feed === 'eth-ws'), contracts.aggregator);
const ends = ['hermes', 'lazer', 'streams'].map((feed) => family(feed, FAMILIES[feed].asset, vendor(feed), contracts.families[feed]));
family('lazer-json', FAMILIES.lazer.asset, vendor('lazer'), contracts.families.lazer);
check(ends.every((e) => e.superseded > 0) && ends[1].strangers > 0, 'some messages were overtaken, and some updates were of nobody\'s');
closingLine();
