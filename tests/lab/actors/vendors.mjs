// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Servers that speak the oracles' own formats over TLS, with their ways of logging in: Pyth's Hermes (server-sent events),
// Pyth Pro (Lazer), Chainlink Data Streams (compressed, signed headers), and a Solana node on which Hermes' prices land. Each logs when its bytes were given to the socket.
import { createHash, createHmac } from 'node:crypto';
import { encodeAbiParameters } from 'viem';
import { WebSocketServer } from 'ws';
import { BTC_ID, Chance, FAMILIES, Log, PORTS, STREAMS_FEED, VENDOR, now, ready, relaySocket, secureServer, settings } from './common.mjs';
import { streamUpdated } from './lazer.mjs';
import { accumulatorUpdate } from './pnau.mjs';
import { solanaNode } from './solana.mjs';

const config = settings();
const log = new Log(config, 'vendors');
const host = config.addresses.venue;
const chance = new Chance(config.seed, 9);
const bearer = (request) => request.headers.authorization === `Bearer ${VENDOR.token}`;

let cents = 9500000;
const step = () => { cents += Math.round(200 * chance.normal()); return BigInt(cents) * 1000000n; };

function every(ms, what) {
	const tick = async () => { await what(); setTimeout(tick, ms * (0.5 + chance.uniform())); };
	setTimeout(tick, ms);
}
function sent(feed, key, price, sent_ns = now()) {
	log.write({ feed, key: String(key), price, sent_ns });
	return sent_ns;
}

// Each third message goes on chain: what is not posted is overtaken.
const relay = relaySocket(config, 'vendors.sock');
const posts = {};
function post(feed, key, mantissa, published_at, update) {
	posts[feed] = (posts[feed] ?? 0) + 1;
	if (posts[feed] % 3 === 0) relay({ asset: FAMILIES[feed].asset, key, mantissa, conf: '4200000000', expo: -8, update, published_at });
	// another venue's price, that this one never had
	if (feed === 'lazer' && posts[feed] % 30 === 0) relay({ asset: FAMILIES[feed].asset, key: key + 1, mantissa: mantissa + 1000000n, published_at });
}

// A WebSocket server for one path that asks `admits` first, and its clients.
async function socketServer(port, path, options, admits) {
	const server = await secureServer(config, port, (_, response) => response.writeHead(426).end());
	const sockets = new WebSocketServer({ noServer: true, ...options });
	server.on('upgrade', (request, socket, head) => {
		const status = new URL(request.url, 'https://venue').pathname !== path ? '404 Not Found' : admits(request) ? '' : '401 Unauthorized';
		if (status) return socket.end(`HTTP/1.1 ${status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
		return sockets.handleUpgrade(request, socket, head, (client) => {
			client.on('error', () => client.terminate());
			sockets.emit('connection', client, request);
		});
	});
	return sockets;
}

// Beside another chain on which they land it would only take its time away.
const solana = config.chain ? undefined : await solanaNode(config, log, new Chance(config.seed, 10));

// ---- Hermes -----------------------------------------------------------------------------------------------------------
const hermes = new Map();
await secureServer(config, PORTS.hermes, (request, response) => {
	const url = new URL(request.url, 'https://venue');
	if (!bearer(request)) return response.writeHead(401).end('Unauthorized\n');
	if (url.pathname !== '/v2/updates/price/stream' || !url.searchParams.getAll('ids[]').some((id) => id.replace(/^0x/, '') === BTC_ID)) {
		return response.writeHead(404).end('Price ids not found\n');
	}
	response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
	hermes.set(response, { encoding: url.searchParams.get('encoding') ?? 'hex', parsed: url.searchParams.get('parsed') !== 'false' });
	return response.on('close', () => hermes.delete(response));
});

let publishTime = 0;
let slot = 312000000;
every(100, () => {
	const price = step();
	publishTime = Math.max(publishTime + 1, Math.floor(Date.now() / 1000)); // a new key each time
	slot += 1;
	const common = { price: String(price), conf: '4200000000', expo: -8, publish_time: publishTime };
	const update = accumulatorUpdate({ id: BTC_ID, ...common, prev_publish_time: publishTime - 1, slot });
	const parsed = [{ id: BTC_ID, price: common, ema_price: common, metadata: { slot, proof_available_time: publishTime, prev_publish_time: publishTime - 1 } }];
	const sent_ns = sent('hermes', publishTime, price);
	solana?.post(price, publishTime);
	for (const [response, wants] of hermes) {
		response.write(`data:${JSON.stringify({ binary: { encoding: wants.encoding, data: [update.toString(wants.encoding)] }, ...(wants.parsed && { parsed }) })}\n\n`);
		response.socket?.uncork();
	}
	post('hermes', publishTime, price, sent_ns, update.toString('hex'));
});

// ---- Lazer ------------------------------------------------------------------------------------------------------------
const lazer = new Map();
(await socketServer(PORTS.lazer, '/v1/stream', {}, bearer)).on('connection', (client) => {
	client.on('message', (text) => {
		const request = JSON.parse(text);
		if (request.type === 'subscribe') {
			client.send(JSON.stringify({ type: 'subscribed', subscriptionId: request.subscriptionId }));
			lazer.set(client, request);
		} else if (request.type === 'unsubscribe') {
			lazer.delete(client);
		}
	}).on('close', () => lazer.delete(client));
});

let timestampUs = 0;
every(50, async () => {
	const price = step();
	timestampUs = Math.max(timestampUs + 1, Date.now() * 1000);
	const key = timestampUs;
	const feeds = [{ priceFeedId: 1, price, exponent: -8, bestBidPrice: price - 1000000n, publisherCount: 16 }];
	const updates = await Promise.all([...lazer].map(async ([client, request]) => [client, await streamUpdated(request, key, feeds)]));
	const sent_ns = sent('lazer', key, price);
	for (const [client, update] of updates) client.send(update);
	post('lazer', key, price, sent_ns);
});

// ---- Data Streams -------------------------------------------------------------------------------------------------------
// The signature covers the time, which may not be far off: github.com/smartcontractkit/data-streams-sdk, go/auth.go
function signedHeaders(request) {
	const time = request.headers['x-authorization-timestamp'];
	const body = createHash('sha256').update('').digest('hex');
	const text = `GET ${request.url} ${body} ${request.headers.authorization} ${time}`;
	return request.headers.authorization === VENDOR.streamsId && Math.abs(Date.now() - Number(time)) < 5000
		&& request.headers['x-authorization-signature-sha256'] === createHmac('sha256', VENDOR.streamsSecret).update(text).digest('hex');
}

const bytes32 = (v) => `0x${BigInt(v).toString(16).padStart(64, '0')}`;
function fullReport(observed, price) {
	const report = encodeAbiParameters(
		['bytes32', 'uint32', 'uint32', 'uint192', 'uint192', 'uint32', 'int192', 'int192', 'int192'].map((type) => ({ type })),
		[STREAMS_FEED, observed, observed, 1n, 2n, observed + 86400, price, price - 5n, price + 5n],
	);
	return encodeAbiParameters(
		['bytes32[3]', 'bytes', 'bytes32[]', 'bytes32[]', 'bytes32'].map((type) => ({ type })),
		[[bytes32(6), bytes32(7), bytes32(8)], report, [bytes32(1), bytes32(2)], [bytes32(3), bytes32(4)], bytes32(0)],
	);
}

const deflate = { perMessageDeflate: { threshold: 0 } };
// ws compresses in another thread: what is given to it is written to the socket milliseconds later where processors are few.
const streams = (await socketServer(PORTS.streams, '/api/v1/ws', deflate, signedHeaders)).on('connection', (client, { socket }) => {
	const { write } = socket;
	socket.write = (...what) => { client.leaves?.(); return write.apply(socket, what); };
});
const leaving = (client, text) => new Promise((done) => {
	client.leaves = () => done(now());
	client.send(text, client.leaves); // called back without a write where the connection is gone
});
let observed = 0;
every(100, async () => {
	const cents = step();
	const price = cents * 10000000000n; // 10^-8 to 10^-18
	observed = Math.max(observed + 1, Math.floor(Date.now() / 1000));
	const report = { feedID: STREAMS_FEED, fullReport: fullReport(observed, price), validFromTimestamp: observed, observationsTimestamp: observed };
	const key = observed;
	const left = await Promise.all([...streams.clients].map((client) => leaving(client, JSON.stringify({ report }))));
	const sent_ns = sent('streams', key, price, left.at(-1)); // the recorder connected last
	post('streams', key, cents, sent_ns);
});

ready();
