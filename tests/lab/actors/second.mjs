// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A second subscriber at the node, as any client would be written: what it receives, and when its event loop sees it.
import dgram from 'node:dgram';
import WebSocket from 'ws';
import { Log, PORTS, now, ready, settings } from './common.mjs';

const config = settings();
const log = new Log(config, 'second');
const stop = (what) => (error) => { console.error(`second subscriber: ${what}: ${error.message}`); process.exit(1); };

const udp = dgram.createSocket('udp4');
udp.on('message', (data) => log.write({ feed: 'eth-udp', key: String(data.readUInt32LE(0)), received_ns: now() }));
await new Promise((done) => udp.bind(PORTS.ethUdp, config.addresses.node, done));

const venue = new WebSocket(`ws://${config.addresses.venue}:${PORTS.ethWs}/`, { perMessageDeflate: false });
venue.on('message', (text) => {
	const received_ns = now();
	log.write({ feed: 'eth-ws', key: String(JSON.parse(text).data[0].seq), received_ns });
});
venue.on('error', stop('venue')).on('close', () => process.exit(0));

const chain = new WebSocket(`ws://${config.addresses.chain}:${PORTS.chain}/`, { perMessageDeflate: false });
chain.on('error', stop('chain')).on('close', () => process.exit(0));
chain.on('message', (text) => {
	const received_ns = now();
	const { method, params } = JSON.parse(text);
	if (method !== 'eth_subscription') return;
	const { address, topics, data, blockNumber, logIndex } = params.result;
	log.write({ chain: address.toLowerCase(), topics, data, block: Number(blockNumber), log_index: Number(logIndex), received_ns });
});
const opened = (socket) => new Promise((done) => socket.once('open', done));
await Promise.all([opened(venue), opened(chain)]);
chain.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['logs', { address: [config.contracts.aggregator, config.contracts.pyth, ...Object.values(config.contracts.families)] }] }));
ready();
