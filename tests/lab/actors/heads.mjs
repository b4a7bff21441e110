// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Two nodes of one network, in the chain's namespace: both serve anvil's JSON-RPC over WebSocket, and tell each head that anvil
// mines, the second one `delay_ms` after the first. Logs the time right before each send.
import { WebSocket, WebSocketServer } from 'ws';
import { Log, now, ready, settings } from './common.mjs';

const config = settings();
const log = new Log(config, 'heads');
const anvil = `http://127.0.0.1:${config.ports.anvil}`;

async function ask(method, params = []) {
	const answer = await fetch(anvil, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
	return (await answer.json()).result;
}

function serve(name, port) {
	const node = { name, clients: new Map() };
	new WebSocketServer({ host: config.addresses.chain, port }).on('connection', (client) => {
		client.on('message', async (text) => {
			const { id, method, params } = JSON.parse(text);
			const heads = method === 'eth_subscribe' && params[0] === 'newHeads';
			const result = heads ? '0x1' : await ask(method, params);
			client.send(JSON.stringify({ jsonrpc: '2.0', id, result }));
			if (heads) node.clients.set(client, true);
		});
		client.on('close', () => node.clients.delete(client)).on('error', () => client.terminate());
	});
	return node;
}

function tell(node, head) {
	const text = JSON.stringify({ jsonrpc: '2.0', method: 'eth_subscription', params: { subscription: '0x1', result: head } });
	const sent_ns = now();
	for (const client of node.clients.keys()) client.send(text);
	if (node.clients.size) log.write({ name: node.name, key: head.hash, sent_ns });
}

const near = serve('near', config.ports.near);
const far = serve('far', config.ports.far);
let upstream;
for (let tries = 0; !upstream; tries++) {
	const candidate = new WebSocket(`ws://127.0.0.1:${config.ports.anvil}`);
	upstream = await new Promise((done) => candidate.on('open', () => done(candidate)).on('error', () => setTimeout(done, 100)));
	if (tries > 100) throw new Error('anvil does not answer');
}
upstream.on('message', (text) => {
	const head = JSON.parse(text).params?.result;
	if (!head) return;
	tell(near, head);
	setTimeout(() => tell(far, head), config.delay_ms);
});
upstream.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'eth_subscribe', params: ['newHeads'] }));
setInterval(() => ask('evm_mine'), config.block_ms);
ready();
