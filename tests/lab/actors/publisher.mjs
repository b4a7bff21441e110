// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The venue: two seeded price walks, published in real wire formats. ETH/USD over UDP (fixed layout) and ws (JSON),
// BTC/USD as Pyth's Hermes does over wss and as server-sent events. Logs the time right before each send.
import dgram from 'node:dgram';
import { WebSocketServer } from 'ws';
import { BTC_ID, Chance, ETH_SYMBOL, Log, PORTS, at, now, ready, relaySocket, secureServer, settings } from './common.mjs';
import { accumulatorUpdate } from './pnau.mjs';

const config = settings();
const log = new Log(config, 'publisher');
const host = config.addresses.venue;
const YEAR_S = 365 * 86400;

// Geometric walk in whole cents, so that text, integer and chain say the same price.
class Walk {
	constructor(cents, volatility, stream) {
		Object.assign(this, { cents, volatility, chance: new Chance(config.seed, stream), last: now() });
	}

	step() {
		const t = now();
		const years = Number(t - this.last) / 1e9 / YEAR_S;
		this.last = t;
		this.cents = Math.max(1, Math.round(this.cents * Math.exp(this.volatility * Math.sqrt(years) * this.chance.normal())));
		return this.cents;
	}
}

const padding = new Chance(config.seed, 3);
// Stress: messages of many sizes, so that one spans segments and one segment carries several.
const pad = () => (config.stress && padding.uniform() < 0.7 ? 'x'.repeat(Math.floor(padding.uniform() ** 2 * 9000)) : undefined);

function send(feed, key, price, clients, write, bytes) {
	const sent_ns = now();
	for (const client of [...clients].reverse()) write(client); // the recorder connected last: nothing stands between the time and its send
	log.write({ feed, key: String(key), price, sent_ns, clients: clients.size ?? 1, bytes });
}

// ---- servers --------------------------------------------------------------------------------------------------------
const udp = dgram.createSocket('udp4');
udp.on('error', () => {}); // nobody listens at the node: the kernel answers with ICMP, and the datagram was on the wire all the same
await new Promise((done) => udp.bind(0, host, done));
await new Promise((done) => udp.connect(PORTS.ethUdp, config.addresses.node, done));

const ethClients = new Set();
const ethServer = new WebSocketServer({ host, port: PORTS.ethWs });
ethServer.on('connection', (client) => {
	ethClients.add(client);
	client.on('close', () => ethClients.delete(client)).on('error', () => client.terminate());
});

const wssClients = new Set();
const wssServer = new WebSocketServer({
	server: await secureServer(config, PORTS.btcWss, (_, response) => response.writeHead(426).end()),
	path: '/ws',
});
wssServer.on('connection', (client) => {
	client.on('message', (text) => {
		let request = {};
		try { request = JSON.parse(text); } catch { /* answered as an unknown type */ }
		if (request.type === 'subscribe' && request.ids?.some((id) => id.replace(/^0x/, '') === BTC_ID)) {
			client.send(JSON.stringify({ type: 'response', status: 'success' }));
			wssClients.add(client);
		} else if (request.type !== 'unsubscribe') {
			client.send(JSON.stringify({ type: 'response', status: 'error', error: 'unknown message or price feed' }));
		}
	});
	client.on('close', () => wssClients.delete(client)).on('error', () => client.terminate());
});

const sseClients = new Set();
await secureServer(config, PORTS.btcSse, (request, response) => {
	const url = new URL(request.url, 'https://venue');
	if (url.pathname !== '/v2/updates/price/stream' || !url.searchParams.getAll('ids[]').some((id) => id.replace(/^0x/, '') === BTC_ID)) {
		response.writeHead(404).end('Price ids not found\n');
		return;
	}
	response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
	response.write(':connected\n\n');
	sseClients.add(response);
	response.on('close', () => sseClients.delete(response));
});

const relay = relaySocket(config, 'relay.sock');

// ---- ETH/USD --------------------------------------------------------------------------------------------------------
const eth = new Walk(300000, 0.8, 1);
const pace = new Chance(config.seed, 2);
let round = 0;

function publishEth() {
	const cents = eth.step();
	const mantissa = BigInt(cents) * 1000000n;
	round += 1;
	const published = BigInt(Date.now()) * 1000000n;

	const datagram = Buffer.alloc(24);
	datagram.writeUInt32LE(round, 0);
	datagram.writeUInt32LE(1, 4);
	datagram.writeBigUInt64LE(published, 8);
	datagram.writeBigInt64LE(mantissa, 16);
	const text = JSON.stringify({ data: [{ symbol: ETH_SYMBOL, p: (cents / 100).toFixed(2), seq: round, ts: Number(published / 1000000n), pad: pad() }] });

	const sends = [
		() => send('eth-udp', round, mantissa, [udp], (socket) => socket.send(datagram), datagram.length),
		() => send('eth-ws', round, mantissa, ethClients, (client) => client.send(text), text.length),
	];
	if (pace.uniform() < 0.5) sends.reverse(); // so that neither feed always wins the race
	const published_at = now();
	sends.forEach((one) => one());
	relay({ asset: 'ETH/USD', key: round, mantissa, published_at });
}

function ethLoop(due) {
	at(due, () => {
		const burst = config.stress ? 1 + Math.floor(pace.uniform() * 8) : 1;
		for (let i = 0; i < burst; i++) publishEth();
		ethLoop(due + BigInt(Math.round((0.7 + 0.6 * pace.uniform()) / config.rate * 1e9)));
	});
}

// ---- BTC/USD: one publish time a second, as Pyth's whole seconds have it ----------------------------------------------
const btc = new Walk(9500000, 0.6, 4);
const btcConf = 4200000000n;
let slot = 312000000;

function hermesPrice(cents, publish_time) {
	return { price: (BigInt(cents) * 1000000n).toString(), conf: btcConf.toString(), expo: -8, publish_time };
}

function publishBtc(publish_time) {
	const cents = btc.step();
	const price = hermesPrice(cents, publish_time);
	const metadata = { slot: slot++, proof_available_time: publish_time, prev_publish_time: publish_time - 1 };
	const update = accumulatorUpdate({ id: BTC_ID, ...price, prev_publish_time: publish_time - 1, slot: metadata.slot });

	const frame = JSON.stringify({ type: 'price_update', price_feed: { id: BTC_ID, price, ema_price: price, metadata, vaa: update.toString('base64'), pad: pad() } });
	const event = `data:${JSON.stringify({ binary: { encoding: 'hex', data: [update.toString('hex')] }, parsed: [{ id: BTC_ID, price, ema_price: price, metadata, pad: pad() }] })}\n\n`;
	const published_at = now();
	send('btc-wss', publish_time, price.price, wssClients, (client) => client.send(frame), frame.length);
	// node holds a chunk back until the end of the tick: uncork, so that it leaves when we say that it left
	send('btc-sse', publish_time, price.price, sseClients, (response) => { response.write(event); response.socket?.uncork(); }, event.length);
	relay({ asset: 'BTC/USD', key: publish_time, mantissa: price.price, conf: price.conf, expo: price.expo, update: update.toString('hex'), published_at });
}

// Stress publishes faster than once a second: the key still has to be new each time, so it runs ahead of the clock.
let publishTime = 0;
function btcLoop() {
	publishTime = Math.max(publishTime + 1, Math.floor(Date.now() / 1000));
	publishBtc(publishTime);
	setTimeout(btcLoop, config.stress ? 20 + 120 * padding.uniform() : 1000 - (Date.now() % 1000) + 40);
}

ready();
ethLoop(now() + 100000000n);
setTimeout(btcLoop, 1040 - (Date.now() % 1000));
