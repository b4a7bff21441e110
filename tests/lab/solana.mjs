// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// usage: node solana.mjs DIR     What the lab's Solana node told, what Solana's own client read, and what pricelag recorded.
import path from 'node:path';
import { check, checkTimes, closingLine, jsonLines, losses, rows, sessionOf, skip } from './common.mjs';
import fs from 'node:fs';

const dir = process.argv[2];
const told = jsonLines(path.join(dir, 'vendors.jsonl')).filter((m) => m.feed === 'solana');
const read = jsonLines(path.join(dir, 'vendor_clients.jsonl'));
const stays = new Map(told.filter((m) => m.kind === 'block').map((m) => [m.slot, m])); // all others are dead or left behind
const posts = told.filter((m) => m.kind === 'account');

// Of `all`, in order, those from the first to the last that `has` says are there: none may be missing.
function gaps(all, has) {
	const places = all.map((m, i) => (has(m) ? i : -1)).filter((i) => i >= 0);
	return { count: places.length, missing: places.length ? places.at(-1) - places[0] + 1 - places.length : 0 };
}

function updates(file) {
	return rows(file, `SELECT block_number AS slot, block_number || ' ' || key AS key, mantissa, removed, backfilled, CAST(seen_mono_ns AS TEXT) AS seen,
		CAST(app_mono_ns AS TEXT) AS app FROM chain_update WHERE chain = 'solana' ORDER BY id`);
}

// Solana's client has to understand what it reads; that it reads all, on a machine that is busy, is not what is tested here.
function compareUpdates(who, got, all) {
	const prices = new Map(got.map((m) => [m.key, m.price]));
	const { count, missing } = gaps(posts, (m) => prices.get(m.key) === m.price);
	check(count >= 10 && count === prices.size && !(all && missing), `solana: ${who} read ${all ? 'every update' : 'updates'} of the account: ${count}, ${missing} missing, ${prices.size - count} that nobody sent`);
}

const recorded = updates(sessionOf(dir));
const mine = recorded.filter((u) => !u.removed);
compareUpdates('@solana/web3.js', read.filter((m) => m.feed === 'solana'), false);
compareUpdates('pricelag', mine.map((u) => ({ key: u.key, price: u.mantissa })), true);
check(mine.length === new Set(mine.map((u) => u.key)).size, 'solana: no update twice');
const sentAt = new Map(posts.map((m) => [m.key, BigInt(m.sent_ns)]));
check(mine.every((u) => u.seen !== null && BigInt(u.app) > BigInt(u.seen) && BigInt(u.seen) > sentAt.get(u.key)), 'solana: each has its packet\'s time, after it was sent and before the application\'s');
// What a connection that was cut missed is asked for once there is another: that time is the cut's.
checkTimes(mine.filter((u) => !u.backfilled).map((u) => Number(BigInt(u.seen) - sentAt.get(u.key))), { 0.5: 1e6, 0.99: 5e6 }, 'solana: from the node\'s send to seen');

// Slots: names, times and parents as Solana's client understands them, and each in the session.
const EVENTS = ['firstShredReceived', 'createdBank', 'completed', 'frozen', 'dead', 'optimisticConfirmation', 'root'];
const events = told.filter((m) => EVENTS.includes(m.kind));
const name = (m) => `${m.kind} ${m.slot} ${m.timestamp} ${m.parent ?? ''}`;
const slotRows = rows(sessionOf(dir), `SELECT kind, number AS slot, published_ns / 1000000 AS timestamp, parent, CAST(wire_mono_ns AS TEXT) AS wire FROM slot_event WHERE chain = 'solana' ORDER BY rowid`);
for (const [who, got, all] of [['@solana/web3.js', read.filter((m) => m.feed === 'solana-slots'), false], ['pricelag', slotRows, true]]) {
	const names = new Set(got.map(name));
	const { count, missing } = gaps(events, (m) => names.has(name(m)));
	check(count >= 100 && count === got.length && !(all && missing), `solana: ${who} read ${all ? 'every event' : 'events'} of slots: ${count}, ${missing} missing, ${got.length - count} twice or of another content`);
}
check(EVENTS.every((kind) => slotRows.some((e) => e.kind === kind)), 'solana: all seven kinds of events came');
check(slotRows.every((e) => e.wire !== null), 'solana: each event has its packet\'s time');
const roots = slotRows.filter((e) => e.kind === 'root').map((e) => e.slot);
check(JSON.stringify(rows(sessionOf(dir), `SELECT number FROM chain_final WHERE chain = 'solana' AND level = 'finalized' ORDER BY rowid`).map((f) => f.number)) === JSON.stringify(roots), 'solana: each root is a final block');

// Transactions that name the account; of an update, by its slot, the one that brought it.
const logs = told.filter((m) => m.kind === 'log');
const mention = (m) => `${m.slot} ${m.signature} ${m.posts} ${m.failed}`;
const mentions = rows(sessionOf(dir), `SELECT number AS slot, tx_hash AS signature, posts, failed, CAST(wire_mono_ns AS TEXT) AS wire FROM chain_mention WHERE chain = 'solana' ORDER BY rowid`);
for (const [who, got, all] of [['@solana/web3.js', read.filter((m) => m.feed === 'solana-logs'), false], ['pricelag', mentions, true]]) {
	const names = new Set(got.map(mention));
	const { count, missing } = gaps(logs, (m) => names.has(mention(m)));
	check(count >= 20 && count === got.length && !(all && missing), `solana: ${who} read ${all ? 'every transaction' : 'transactions'} that names the account: ${count}, ${missing} missing, ${got.length - count} twice or of another content`);
}
check(mentions.every((m) => m.wire !== null), 'solana: each transaction has its packet\'s time');
const brought = new Map(mentions.filter((m) => m.posts && !m.failed).map((m) => [m.slot, m.signature]));
const bySlot = new Map(logs.filter((m) => m.posts && !m.failed).map((m) => [m.slot, m.signature]));
const known = mine.filter((u) => brought.has(u.slot));
check(known.length >= 10 && known.every((u) => brought.get(u.slot) === bySlot.get(u.slot)), `solana: ${known.length} updates have the transaction that brought them`);

// Left behind: between two roots that came, every slot that does not stay is undone; and no other is, ever.
const undone = new Set(recorded.filter((u) => u.removed).map((u) => u.slot));
const decided = mine.filter((u) => !stays.has(u.slot) && roots.some((r) => r < u.slot) && roots.some((r) => r > u.slot));
check(decided.every((u) => undone.has(u.slot)) && [...undone].every((slot) => !stays.has(slot)), `solana: ${decided.length} updates of slots that were left behind are undone, and nothing else is`);

// Blocks, by questions of which two hit a limit.
const blocks = rows(sessionOf(dir), `SELECT number AS slot, hash, block_ns FROM chain_block WHERE chain = 'solana' AND hash <> ''`);
const clients = read.filter((m) => m.feed === 'solana-blocks');
const right = (b, time) => stays.get(b.slot)?.blockhash === b.hash && stays.get(b.slot).blockTime === time;
check(clients.length >= 5 && clients.every((b) => right({ slot: b.slot, hash: b.blockhash }, b.blockTime)), `solana: @solana/web3.js reads blocks: ${clients.length}`);
check(blocks.length >= 5 && blocks.every((b) => right(b, b.block_ns / 1e9)), `solana: pricelag has the hash and the time of ${blocks.length} blocks`);
const lost = losses(sessionOf(dir)).filter((l) => l.source === 'solana');
check(lost.some((l) => l.name === 'rate_limited' && l.count === 2), 'solana: both ways to say that a limit is reached are understood');
check(!lost.some((l) => l.is_loss), `solana: nothing is lost ${JSON.stringify(lost.filter((l) => l.is_loss))}`);

// The join: Hermes' message and the account's update by feed and publish time, on the slot that stayed.
const joined = rows(sessionOf(dir), `SELECT u.block_number AS slot, t.block_ns FROM timeline t JOIN chain_update u ON u.id = t.chain_update_id WHERE t.feed = 'hermes' AND t.status = 'matched' AND t.joined_by = 'key'`);
check(joined.length >= 10 && !joined.some((j) => undone.has(j.slot)), `solana: ${joined.length} messages of Hermes landed, none of them on a slot that was undone`);
check(joined.some((j) => j.block_ns !== null) && joined.every((j) => j.block_ns === null || j.block_ns / 1e9 === stays.get(j.slot).blockTime), 'solana: and their block\'s time is that of the slot');

// The capture, without any question and answer over HTTP.
if (/^[1-9]\d* packets? dropped by kernel/m.test(fs.readFileSync(path.join(dir, 'tcpdump.log'), 'utf8'))) skip('solana: replay', 'tcpdump lost packets');
else {
	const again = updates(path.join(dir, 'replay.db')).map((u) => `${u.key} ${u.mantissa} ${u.removed}`);
	const wanted = recorded.map((u) => `${u.key} ${u.mantissa} ${u.removed}`);
	// what reached the node as the recorder was closing is in the capture alone, after all the others
	const { count, missing } = gaps(again, (name_) => wanted.includes(name_));
	const only = mine.filter((u) => !again.includes(`${u.key} ${u.mantissa} 0`)).length;
	check(count > 0 && !missing && !only, `solana: replay finds the same ${count} updates, ${missing} others before their end, and ${only} not`);
}
// The connection that was broken off: all that was posted meanwhile is in the session, out of the transactions that posted it.
const gap = updates(path.join(dir, 'drop.db'));
const held = gap.filter((u) => !u.removed && stays.has(u.slot));
const has = new Set(held.map((u) => u.key));
const stayed = gaps(posts.filter((m) => stays.has(m.slot)), (m) => has.has(m.key));
const filled = held.filter((u) => u.backfilled);
const dropLosses = losses(path.join(dir, 'drop.db')).filter((l) => l.source === 'solana');
const count = (name_) => dropLosses.find((l) => l.name === name_)?.count ?? 0;
check(count('reconnects') === 1 && stayed.count >= 10 && !stayed.missing, `solana: over a broken connection ${stayed.count} updates, ${stayed.missing} missing`);
check(filled.length >= 2 && filled.every((u) => u.seen === null && posts.some((m) => m.key === u.key && m.price === u.mantissa)), `solana: ${filled.length} of them fetched afterwards, as they were posted`);
check(!count('backfill_failed') && !count('rpc_errors') && !count('bad_messages'), `solana: nothing of the gap is left out ${JSON.stringify(dropLosses.filter((l) => l.is_loss))}`);
closingLine();
