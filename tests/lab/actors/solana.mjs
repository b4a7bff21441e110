// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A Solana node as far as its subscriptions and a few questions go (solana.com/docs/rpc; anza-xyz/agave, rpc-client-types and
// rpc/src): a chain of slots of which some are skipped, dead, or left behind by a fork, with Pyth's price account on it.
// Questions come over HTTPS, subscriptions over wss on the port above. Each notification is logged right before it is sent.
import { createHash } from 'node:crypto';
import { Keypair, PublicKey, Transaction, TransactionInstruction } from '@solana/web3.js';
import { WebSocketServer } from 'ws';
import { BTC_ID, PORTS, SOLANA_ACCOUNT, VENDOR, now, secureServer } from './common.mjs';

const OWNER = 'rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp';
const CONFIRMED_BEHIND = 2; // blocks
const ROOT_BEHIND = 6;
const QUIET_MS = 5; // before an account is shown: Node writes the second TLS record of a turn of its loop in the next one, after it was logged
const base58 = (text) => new PublicKey(createHash('sha256').update(text).digest()).toBase58();

function base58Bytes(bytes) {
	const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
	let text = '';
	for (let n = BigInt(`0x${bytes.toString('hex')}`); n; n /= 58n) text = digits[Number(n % 58n)] + text;
	return '1'.repeat(bytes.findIndex((b) => b)) + text;
}

// PriceUpdateV2, little endian: target_chains/solana/pyth_solana_receiver_sdk/src/price_update.rs
function accountData({ price, publishTime, slot }) {
	const data = Buffer.alloc(134);
	Buffer.from('22f123639d7ef4cd', 'hex').copy(data);
	new PublicKey(SOLANA_ACCOUNT).toBuffer().copy(data, 8);
	data[40] = 1; // full
	Buffer.from(BTC_ID, 'hex').copy(data, 41);
	data.writeBigInt64LE(price, 73);
	data.writeBigUInt64LE(4200000000n, 81);
	data.writeInt32LE(-8, 89);
	data.writeBigInt64LE(BigInt(publishTime), 93);
	data.writeBigInt64LE(BigInt(publishTime - 1), 101);
	data.writeBigInt64LE(price, 109);
	data.writeBigUInt64LE(4200000000n, 117);
	data.writeBigUInt64LE(BigInt(slot), 125);
	return data.toString('base64');
}

// post_update of Pyth's receiver: the price as its publishers signed it (big endian), then a proof and the treasury's number
function postTransaction({ price, publishTime }, blockhash, payer) {
	const message = Buffer.alloc(85);
	Buffer.from(BTC_ID, 'hex').copy(message, 1);
	message.writeBigInt64BE(price, 33);
	message.writeBigUInt64BE(4200000000n, 41);
	message.writeInt32BE(-8, 49);
	message.writeBigInt64BE(BigInt(publishTime), 53);
	message.writeBigInt64BE(BigInt(publishTime - 1), 61);
	message.writeBigInt64BE(price, 69);
	message.writeBigUInt64BE(4200000000n, 77);
	const length = Buffer.from([85, 0, 0, 0]);
	const data = Buffer.concat([Buffer.from('855fcfaf0b4f762c', 'hex'), length, message, Buffer.from([0, 0, 0, 0, 0])]);
	return transaction(data, blockhash, payer);
}

function transaction(data, blockhash, payer) {
	const keys = [{ pubkey: payer.publicKey, isSigner: true, isWritable: true }, { pubkey: new PublicKey(SOLANA_ACCOUNT), isSigner: false, isWritable: true }];
	const made = new Transaction({ feePayer: payer.publicKey, recentBlockhash: blockhash }).add(new TransactionInstruction({ programId: new PublicKey(OWNER), keys, data }));
	made.sign(payer);
	return { signature: base58Bytes(made.signature), wire: made.serialize().toString('base64') };
}

const account = (posted) => ({ lamports: 1825020, data: [accountData(posted), 'base64'], owner: OWNER, executable: false, rentEpoch: 0, space: 134 });

export async function solanaNode(config, log, chance) {
	const chain = []; // blocks that stay: {slot, parent, blockhash, blockTime}, each on the one before
	let slot = 400000000;
	let wanted; // the newest price, which each slot posts
	let stands; // what the account holds on the chain
	let questions = 0;
	let dropped;

	const payer = Keypair.fromSeed(createHash('sha256').update('payer').digest());
	const transactions = []; // of blocks that stay: {signature, slot, err, wire}
	let dropping = false; // of /drop one connection is broken off, and another one is refused for a while

	const clients = new Set(); // {socket, slots: id, account: id}
	let subscriptions = 0;
	const handlers = {
		slotsUpdatesSubscribe: (client) => { client.slots = ++subscriptions; return client.slots; },
		accountSubscribe: (client, [key, how]) => {
			if (key !== SOLANA_ACCOUNT || how?.encoding !== 'base64' || how?.commitment !== 'processed') throw new Error('Invalid Request: Invalid pubkey provided');
			client.account = ++subscriptions;
			return client.account;
		},
		logsSubscribe: (client, [filter]) => {
			if (filter?.mentions?.length !== 1 || filter.mentions[0] !== SOLANA_ACCOUNT) throw new Error('Invalid Request: Only 1 address supported');
			client.logs = ++subscriptions;
			return client.logs;
		},
		logsUnsubscribe: (client) => { delete client.logs; return true; },
		slotsUpdatesUnsubscribe: (client) => { delete client.slots; return true; },
		accountUnsubscribe: (client) => { delete client.account; return true; },
	};

	function answer(request, run) {
		try {
			if (!run) return { jsonrpc: '2.0', error: { code: -32601, message: 'Method not found' }, id: request.id };
			return { jsonrpc: '2.0', result: run(), id: request.id };
		} catch (error) {
			return { jsonrpc: '2.0', error: { code: error.code ?? -32602, message: error.message }, id: request.id };
		}
	}

	const bearer = (request) => request.headers.authorization === `Bearer ${VENDOR.token}`
		|| new URL(request.url, 'https://venue').searchParams.get('token') === VENDOR.token; // Solana's own client sends no headers here
	const server = await secureServer(config, PORTS.solanaWs, (_, response) => response.writeHead(405).end());
	const sockets = new WebSocketServer({ noServer: true });
	server.on('upgrade', (request, socket, head) => {
		if (!bearer(request)) return socket.end('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
		const drops = new URL(request.url, 'https://venue').pathname === '/drop';
		if (drops && dropping) return socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
		return sockets.handleUpgrade(request, socket, head, (ws) => {
			const client = { ws };
			clients.add(client);
			if (drops && dropped === undefined) {
				dropped = setTimeout(() => {
					dropping = true;
					ws.terminate();
					setTimeout(() => { dropping = false; }, 600);
				}, 2000);
			}
			ws.on('error', () => ws.terminate()).on('close', () => clients.delete(client)).on('message', (text) => {
				const message = JSON.parse(text);
				const run = handlers[message.method];
				ws.send(JSON.stringify(answer(message, run && (() => run(client, message.params ?? [])))));
			});
		});
	});

	// ---- questions ----
	const fail = (code, message) => { throw Object.assign(new Error(message), { code }); };
	const context = () => ({ slot: chain.at(-1).slot, apiVersion: '2.3.0' });
	const level = (behind) => chain.at(-1 - behind)?.slot ?? 0;
	const methods = {
		getBlock: ([number, how]) => {
			const final = how?.commitment !== 'confirmed';
			if (number > level(final ? ROOT_BEHIND : CONFIRMED_BEHIND)) fail(-32004, `Block not available for slot ${number}`);
			const i = chain.findIndex((block) => block.slot === number);
			if (i < 0) fail(-32007, `Slot ${number} was skipped, or missing due to ledger jump to recent snapshot`);
			return { blockHeight: 380000000 + i, blockTime: chain[i].blockTime, blockhash: chain[i].blockhash, parentSlot: chain[i].parent, previousBlockhash: chain[i - 1]?.blockhash ?? base58('genesis') };
		},
		getMultipleAccounts: ([keys]) => ({ context: context(), value: keys.map((key) => (key === SOLANA_ACCOUNT && stands ? account(stands) : null)) }),
		getAccountInfo: ([key]) => ({ context: context(), value: key === SOLANA_ACCOUNT && stands ? account(stands) : null }),
		// newest first, all that name the account: those that failed and those that only read it as well
		getSignaturesForAddress: ([key, how]) => {
			const list = transactions.filter((t) => key === SOLANA_ACCOUNT && t.slot <= level(CONFIRMED_BEHIND)).reverse();
			const from = how?.before ? list.findIndex((t) => t.signature === how.before) + 1 : 0;
			return list.slice(from, from + (how?.limit ?? 1000)).map((t) => ({ signature: t.signature, slot: t.slot, err: t.err, memo: null, blockTime: null, confirmationStatus: 'confirmed' }));
		},
		getTransaction: ([signature, how]) => {
			const found = transactions.find((t) => t.signature === signature);
			if (!found || how?.encoding !== 'base64') return null;
			return { slot: found.slot, blockTime: chain.find((block) => block.slot === found.slot).blockTime, meta: { err: found.err, fee: 5000 }, version: 'legacy', transaction: [found.wire, 'base64'] };
		},
		getSlot: () => chain.at(-1).slot,
	};
	await secureServer(config, PORTS.solanaHttp, (request, response) => {
		if (!bearer(request)) return response.writeHead(401).end();
		let body = '';
		request.on('data', (piece) => { body += piece; }).on('end', () => {
			const message = JSON.parse(body);
			// a node at its limit, in the two ways there are; Solana's own client is spared
			const spared = request.headers['solana-client'];
			if (!spared) questions += 1;
			if (!spared && questions === 3) return response.writeHead(429, { 'retry-after': '0', 'content-length': 0 }).end();
			const limited = !spared && questions === 6;
			const run = methods[message.method];
			const text = JSON.stringify(answer(message, limited ? () => fail(-32005, 'Node is behind by 42 slots') : run && (() => run(message.params ?? []))));
			return response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
		});
		return undefined;
	});

	// ---- notifications ----
	// Who came last, the recorder, is written to at the moment that is logged.
	function tell(method, of, result, entry) {
		const told = [...clients].filter(of).reverse().map((client) => [client.ws, JSON.stringify({ jsonrpc: '2.0', method, params: { result, subscription: of(client) } })]);
		const sent_ns = now();
		for (const [ws, text] of told) ws.send(text);
		log.write({ feed: 'solana', ...entry, sent_ns });
	}
	const event = (type, number, more = {}) => {
		const timestamp = Date.now();
		tell('slotsUpdatesNotification', (c) => c.slots, { slot: number, timestamp, type, ...more }, { kind: type, slot: number, timestamp, parent: more.parent });
	};
	const show = (posted, bank, again) => tell('accountNotification', (c) => c.account, { context: { slot: bank }, value: account(posted) },
		{ kind: again ? 'again' : 'account', slot: posted.slot, key: `${posted.slot} ${posted.publishTime}`, price: posted.price, bank });

	// A transaction of a block, and its log: of a post as Anchor writes it.
	function execute(made, posts, err) {
		const number = chain.at(-1).slot;
		transactions.push({ ...made, slot: number, err });
		const logs = [`Program ${OWNER} invoke [1]`, ...(posts ? ['Program log: Instruction: PostUpdate'] : []), `Program ${OWNER} ${err ? 'failed: custom program error: 0x1770' : 'success'}`];
		tell('logsNotification', (c) => c.logs, { context: { slot: number }, value: { signature: made.signature, err, logs } },
			{ kind: 'log', slot: number, signature: made.signature, failed: Number(err !== null), posts: Number(posts) });
	}

	function replay(number, parent) {
		event('firstShredReceived', number);
		event('createdBank', number, { parent });
		event('completed', number);
		event('frozen', number, { stats: { numTransactionEntries: 60, numSuccessfulTransactions: 900, numFailedTransactions: 100, maxTransactionsPerEntry: 64 } });
	}

	function next() {
		const fate = chance.uniform();
		const tip = chain.at(-1);
		slot += 1;
		if (fate < 0.05) return; // skipped: nobody has anything of it
		if (fate < 0.12) {
			event('firstShredReceived', slot);
			event('createdBank', slot, { parent: tip.slot });
			event('dead', slot, { err: 'Block is incomplete' });
			return;
		}
		replay(slot, tip.slot);
		const posted = wanted && wanted !== stands?.wanted ? { ...wanted, wanted, slot } : undefined;
		if (fate < 0.22) { // a block that the next one does not build on
			if (posted) {
				const bank = slot;
				setTimeout(() => show(posted, bank), QUIET_MS);
				setTimeout(() => stands && show(stands, bank, true), 20); // the account is as it was before
			}
			return;
		}
		chain.push({ slot, parent: tip.slot, blockhash: base58(`block ${slot}`), blockTime: Math.floor(Date.now() / 1000) });
		log.write({ feed: 'solana', kind: 'block', ...chain.at(-1) });
		const { blockhash } = chain.at(-1);
		if (chance.uniform() < 0.3) execute(transaction(Buffer.from(`read ${slot}`), blockhash, payer), false, null);
		if (posted) {
			execute(transaction(Buffer.from(`fail ${slot}`), blockhash, payer), true, { InstructionError: [0, { Custom: 6000 }] });
			execute(postTransaction(posted, blockhash, payer), true, null);
			setTimeout(() => { stands = posted; show(posted, posted.slot); }, QUIET_MS);
		}
		if (level(CONFIRMED_BEHIND)) event('optimisticConfirmation', level(CONFIRMED_BEHIND));
		if (level(ROOT_BEHIND)) event('root', level(ROOT_BEHIND));
	}

	chain.push({ slot, parent: slot - 1, blockhash: base58('block 0'), blockTime: Math.floor(Date.now() / 1000) });
	const tick = () => { next(); setTimeout(tick, 60 + 80 * chance.uniform()); };
	tick();
	return { post: (price, publishTime) => { wanted = { price, publishTime }; } };
}
