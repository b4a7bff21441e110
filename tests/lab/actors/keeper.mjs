// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A keeper at the node: a subscription of its own to the venue's ETH/USD, and after a delay drawn from a known law one
// presigned transaction over one kept-alive connection that carries nothing else. Logs the time right before each send.
import net from 'node:net';
import { parseGwei } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import WebSocket from 'ws';
import { CHAIN_ID, Chance, Log, MNEMONIC, PORTS, at, now, ready, settings } from './common.mjs';

const config = settings();
const log = new Log(config, 'keeper');
const chance = new Chance(config.seed, 21);
const account = mnemonicToAccount(MNEMONIC, { addressIndex: 3 });
const READY_TRANSACTIONS = 8;

let nonce = 0;
const presigned = [];
async function sign() {
	while (presigned.length < READY_TRANSACTIONS) {
		const transaction = await account.signTransaction({ type: 'legacy', chainId: CHAIN_ID, nonce, to: account.address, gas: 21000n, gasPrice: parseGwei('2') });
		const body = JSON.stringify({ jsonrpc: '2.0', id: nonce, method: 'eth_sendRawTransaction', params: [transaction] });
		presigned.push(`POST / HTTP/1.1\r\nHost: ${config.addresses.chain}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
		nonce++;
	}
}
await sign();

const chain = net.connect({ host: config.addresses.chain, port: PORTS.chain, noDelay: true });
chain.on('data', (answer) => {
	if (answer.includes('"error"')) console.error(`keeper: the chain refused a transaction: ${answer}`);
});
for (const event of ['error', 'close']) {
	chain.on(event, () => { console.error(`keeper: connection to the chain: ${event}`); process.exit(1); });
}
await new Promise((done) => chain.once('connect', done));

const venue = new WebSocket(`ws://${config.addresses.venue}:${PORTS.ethWs}/`, { perMessageDeflate: false });
venue.on('message', (text) => {
	const received_ns = now();
	const key = String(JSON.parse(text).data[0].seq);
	const delay_ns = chance.lognormal(config.keeper);
	at(received_ns + delay_ns, () => {
		const request = presigned.shift();
		const sent_ns = now();
		chain.write(request);
		log.write({ key, received_ns, delay_ns, sent_ns, local_port: chain.localPort });
		sign();
	});
});
venue.on('error', (error) => { console.error(`keeper: ${error.message}`); process.exit(1); });
venue.on('close', () => process.exit(0));
venue.once('open', ready);
