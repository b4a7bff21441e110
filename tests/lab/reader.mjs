// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A program that is not pricelag: npm's ws client over wss, which logs when it has each message.
// usage: reader.mjs URL CA LOG
import fs from 'node:fs';
import WebSocket from 'ws';

const [url, ca, log] = process.argv.slice(2);
const lines = [];
new WebSocket(url, { ca: fs.readFileSync(ca), perMessageDeflate: false })
	.on('message', (data) => lines.push(JSON.stringify({ after: String(process.hrtime.bigint()), bytes: data.length, pid: process.pid }) + '\n'))
	.on('close', () => fs.writeFileSync(log, lines.join('')));
