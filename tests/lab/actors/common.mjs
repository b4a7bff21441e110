// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the lab's actors share: where things are, seeded chance, and a log of what was done at which CLOCK_MONOTONIC time.
import fs from 'node:fs';
import https from 'node:https';
import net from 'node:net';
import path from 'node:path';

export const MNEMONIC = 'test test test test test test test test test test test junk'; // anvil's own default
export const CHAIN_ID = 31337;
export const ETH_SYMBOL = 'ETHUSD';
export const BTC_ID = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
export const PORTS = { ethUdp: 9500, ethWs: 9501, btcWss: 9502, btcSse: 9503, hermes: 9504, lazer: 9505, streams: 9506, solanaHttp: 9507, solanaWs: 9508, chain: 8545 };

// How to log in at the vendors' servers of the lab; known to everyone.
export const VENDOR = { token: 'lab-token', streamsId: 'lab-id', streamsSecret: 'lab-secret' };
// What the vendors' prices are called, and which of the mnemonic's accounts posts them. Each goes to a contract of its own.
export const FAMILIES = {
	hermes: { asset: 'BTC/HERMES', account: 4 },
	lazer: { asset: 'BTC/LAZER', account: 5 },
	streams: { asset: 'BTC/STREAMS', account: 6 },
};
export const SOLANA_ACCOUNT = '7AviUf9nL62mcxNbQGKm4nKDQnPjswo6c5MX4D57HmyE';
export const STREAMS_FEED = `0x0003${'5b'.repeat(30)}`; // a feed of reports of version 3, times in seconds

// CLOCK_MONOTONIC in ns, as the kernel side of pricelag reads it.
export const now = () => process.hrtime.bigint();

// The lab's settings, written by main.mjs: an actor's only argument.
export function settings() {
	return JSON.parse(fs.readFileSync(process.argv[2]));
}

// Seeded generator (sfc32) with the laws that the actors draw from. Each use takes a stream of its own.
export class Chance {
	constructor(seed, stream) {
		this.s = [seed >>> 0, stream >>> 0, 0x9e3779b9, 1];
		for (let i = 0; i < 20; i++) this.uniform();
	}

	// in [0, 1)
	uniform() {
		let [a, b, c, d] = this.s;
		const t = (a + b + d) | 0;
		d = (d + 1) | 0;
		a = b ^ (b >>> 9);
		b = (c + (c << 3)) | 0;
		c = ((c << 21) | (c >>> 11)) + t | 0;
		this.s = [a, b, c, d];
		return (t >>> 0) / 2 ** 32;
	}

	normal() {
		return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
	}

	// law: {median_ms, sigma, max_ms}: what exceeds max_ms is drawn again. Returns ns.
	lognormal(law) {
		for (;;) {
			const ms = law.median_ms * Math.exp(law.sigma * this.normal());
			if (!law.max_ms || ms <= law.max_ms) return BigInt(Math.round(ms * 1e6));
		}
	}
}

// JSON lines, kept in memory between sends so that no disk is touched next to a time stamp.
export class Log {
	constructor(config, name) {
		this.fd = fs.openSync(path.join(config.dir, `${name}.jsonl`), 'w');
		this.lines = [];
		setInterval(() => this.flush(), 100).unref();
		process.on('exit', () => this.flush());
	}

	write(entry) {
		this.lines.push(entry);
	}

	flush() {
		if (!this.lines.length) return;
		const text = this.lines.map((e) => JSON.stringify(e, (_, v) => (typeof v === 'bigint' ? v.toString() : v)) + '\n').join('');
		this.lines = [];
		fs.writeSync(this.fd, text);
	}
}

// HTTPS with the venue's certificate. The keys of its connections go where tshark finds them.
export function secureServer(config, port, handler) {
	const file = (name) => path.join(config.dir, name);
	const tls = { key: fs.readFileSync(file('venue.key')), cert: fs.readFileSync(file('venue.crt')), minVersion: config.tls, maxVersion: config.tls };
	const server = https.createServer({ ...tls, noDelay: true }, handler);
	server.on('keylog', (line) => fs.appendFileSync(file('keylog.txt'), line));
	server.keepAliveTimeout = 0;
	return new Promise((done) => server.listen(port, config.addresses.venue, () => done(server)));
}

// Tells whoever listens at a socket of the lab's folder, an update a line: the relayer is not at the venue.
export function relaySocket(config, name) {
	const sockets = new Set();
	net.createServer((socket) => {
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket)).on('error', () => socket.destroy());
	}).listen(path.join(config.dir, name));
	return (update) => {
		for (const socket of sockets) socket.write(JSON.stringify(update, (_, v) => (typeof v === 'bigint' ? v.toString() : v)) + '\n');
	};
}

// Calls `what` at CLOCK_MONOTONIC `due`: timers have a grain of 1 ms, which is logged by whoever needs it exactly.
export function at(due, what) {
	const wait = Number(due - now()) / 1e6;
	setTimeout(what, Math.max(0, wait));
}

// Tells main.mjs that the actor can be used, and ends it on SIGTERM.
export function ready() {
	process.on('SIGTERM', () => process.exit(0));
	process.stdout.write('ready\n');
}
