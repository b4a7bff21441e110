// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A builder of flashblocks, at the venue: one feed in plain JSON, one compressed with brotli as Base's public one is, which
// sends each flashblock `delay_ms` later. Logs the time right before each send.
import zlib from 'node:zlib';
import { WebSocketServer } from 'ws';
import { Chance, Log, now, ready, settings } from './common.mjs';

const PARTS = 10;
const config = settings();
const log = new Log(config, 'flashblocks');
const chance = new Chance(config.seed, 1);
const hex = (bytes) => `0x${Array.from({ length: bytes }, () => Math.floor(chance.uniform() * 256).toString(16).padStart(2, '0')).join('')}`;
const quantity = (n) => `0x${n.toString(16)}`;

function serve(name, port) {
	const feed = { name, clients: new Set() };
	new WebSocketServer({ host: config.addresses.venue, port }).on('connection', (client) => {
		feed.clients.add(client);
		client.on('close', () => feed.clients.delete(client)).on('error', () => client.terminate());
	});
	return feed;
}

function send(feed, key, data) {
	const sent_ns = now();
	for (const client of feed.clients) client.send(data);
	if (feed.clients.size) log.write({ name: feed.name, key, sent_ns });
}

const plain = serve('plain', config.ports.plain);
const packed = serve('packed', config.ports.packed);
let number = 32_809_906;
let payload_id, index = PARTS;

function flashblock() {
	if (index === PARTS) {
		payload_id = hex(8);
		index = 0;
		number += 1;
	}
	const base = index === 0 ? { parent_beacon_block_root: hex(32), parent_hash: hex(32), fee_recipient: hex(20), prev_randao: hex(32), block_number: quantity(number),
		gas_limit: quantity(300000000), timestamp: quantity(Math.floor(Date.now() / 1000)), extra_data: '0x', base_fee_per_gas: quantity(1000000) } : undefined;
	const diff = { state_root: hex(32), receipts_root: hex(32), logs_bloom: `0x${'0'.repeat(512)}`, gas_used: quantity(21000 * (index + 1)), block_hash: hex(32),
		transactions: Array.from({ length: Math.floor(chance.uniform() * 20) }, () => hex(120)), withdrawals: [], withdrawals_root: hex(32) };
	return { payload_id, index: index++, base, diff, metadata: { block_number: number, receipts: {}, new_account_balances: {} } };
}

setInterval(() => {
	const one = flashblock();
	const text = JSON.stringify(one);
	const compressed = zlib.brotliCompressSync(text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } });
	const key = `${one.payload_id.slice(2)} ${one.index}`;
	send(plain, key, text);
	setTimeout(() => send(packed, key, compressed), config.delay_ms);
}, config.flashblock_ms);
ready();
