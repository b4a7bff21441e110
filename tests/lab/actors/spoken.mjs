// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A venue for the test of other programs' reads: `count` messages, `gap_ms` apart and each of another length, to whoever
// connects by ws (ports 7101, 7103) or wss (7102, 7104), or says something by UDP (7105, 7106).
// usage: spoken.mjs ADDRESS CERTIFICATE KEY COUNT GAP_MS
import dgram from 'node:dgram';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { WebSocketServer } from 'ws';

const [address, cert, key, count, gap] = process.argv.slice(2);
const body = (i) => { // a price, of 200 + i bytes
	const text = JSON.stringify({ key: i, price: 3000 + i, pad: '' });
	return Buffer.from(text.replace('""', `"${'x'.repeat(200 + i - text.length)}"`));
};

function speak(send, end) {
	let i = 0;
	const timer = setInterval(() => {
		if (i < Number(count)) send(body(i++));
		else clearInterval(timer), end();
	}, Number(gap));
}

const listening = [];
for (const [port, secure] of [[7101, false], [7102, true], [7103, false], [7104, true]]) {
	const server = secure ? https.createServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key), noDelay: true }) : http.createServer({ noDelay: true });
	new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket) => speak((bytes) => socket.send(bytes), () => socket.close()));
	listening.push(new Promise((done) => server.listen(port, address, done)));
}
for (const port of [7105, 7106]) {
	const socket = dgram.createSocket('udp4');
	socket.on('message', (_, from) => speak((bytes) => socket.send(bytes, from.port, from.address), () => {}));
	listening.push(new Promise((done) => socket.bind(port, address, done)));
}
await Promise.all(listening);
process.stdout.write('ready\n');
