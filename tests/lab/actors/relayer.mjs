// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The oracle network: takes each update from the publisher, waits for a delay drawn from a known law, and posts it to the
// chain. The delay is the ground truth of `wire -> seen`. Nonces are counted here; nothing waits for a receipt.
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import readline from 'node:readline';
import { encodeAbiParameters, encodeFunctionData, parseGwei } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { BTC_ID, CHAIN_ID, Chance, FAMILIES, Log, MNEMONIC, PORTS, at, now, ready, settings } from './common.mjs';

const config = settings();
const log = new Log(config, 'relayer');

const PRICE = { type: 'tuple', components: [
	{ name: 'price', type: 'int64' }, { name: 'conf', type: 'uint64' }, { name: 'expo', type: 'int32' }, { name: 'publishTime', type: 'uint256' }] };
const PRICE_FEED = [{ type: 'tuple', components: [{ name: 'id', type: 'bytes32' }, { ...PRICE, name: 'price' }, { ...PRICE, name: 'emaPrice' }] }];

// Chainlink's events, of a round that is the update's key
const aggregator = (to) => ({
	to,
	calldata: (u) => encodeFunctionData({ abi: config.contracts.aggregator_abi, functionName: 'post', args: [BigInt(u.key), BigInt(u.mantissa)] }),
});
const pyth = (to) => ({
	to,
	calldata: (u) => {
		const price = { price: BigInt(u.mantissa), conf: BigInt(u.conf), expo: u.expo, publishTime: BigInt(u.key) };
		const data = encodeAbiParameters(PRICE_FEED, [{ id: `0x${BTC_ID}`, price, emaPrice: price }]);
		// MockPyth reads no accumulator updates: the real one stands behind its arguments, where contracts do not look
		return encodeFunctionData({ abi: config.contracts.pyth_abi, functionName: 'updatePriceFeeds', args: [[data]] }) + u.update;
	},
});
const poster = (addressIndex, nonce, stream, law) => ({ account: mnemonicToAccount(MNEMONIC, { addressIndex }), nonce, law, chance: new Chance(config.seed, stream) });
const { families } = config.contracts;
const oracles = {
	'ETH/USD': { ...aggregator(config.contracts.aggregator), ...poster(1, config.contracts.aggregator_nonce, 11, config.relay) },
	// MockPyth ignores what is not newer: stay below the second between two updates
	'BTC/USD': { ...pyth(config.contracts.pyth), ...poster(2, 0, 12, { ...config.relay, max_ms: 900 }) },
	// … but of Hermes several are on their way at once, and some are ignored
	[FAMILIES.hermes.asset]: { ...pyth(families.hermes), ...poster(FAMILIES.hermes.account, 1, 13, config.relay) },
	[FAMILIES.lazer.asset]: { ...aggregator(families.lazer), ...poster(FAMILIES.lazer.account, 1, 14, config.relay) },
	[FAMILIES.streams.asset]: { ...aggregator(families.streams), ...poster(FAMILIES.streams.account, 1, 15, config.relay) },
};

// One connection: transactions reach the node in the order of their nonces.
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

function post(body) {
	const request = http.request({ host: config.addresses.chain, port: PORTS.chain, method: 'POST', agent, headers: { 'content-type': 'application/json', 'content-length': body.length } });
	request.on('response', (response) => {
		let text = '';
		response.on('data', (chunk) => { text += chunk; }).on('end', () => {
			if (text.includes('"error"')) console.error(`relayer: the chain refused a transaction: ${text.trim()}`);
		});
	});
	request.on('error', (error) => console.error(`relayer: ${error.message}`));
	request.setNoDelay(true);
	request.end(body);
}

function relay(update) {
	const oracle = oracles[update.asset];
	const delay_ns = oracle.chance.lognormal(oracle.law);
	at(BigInt(update.published_at) + delay_ns, async () => {
		const nonce = oracle.nonce++;
		const transaction = await oracle.account.signTransaction({ type: 'legacy', chainId: CHAIN_ID, nonce, to: oracle.to, gas: 500000n, gasPrice: parseGwei('2'), data: oracle.calldata(update) });
		const body = JSON.stringify({ jsonrpc: '2.0', id: nonce, method: 'eth_sendRawTransaction', params: [transaction] });
		const posted_ns = now();
		post(body);
		log.write({ asset: update.asset, key: String(update.key), published_at: update.published_at, delay_ns, posted_ns, nonce });
	});
}

for (const name of config.vendors ? ['relay.sock', 'vendors.sock'] : ['relay.sock']) {
	const venue = net.connect(path.join(config.dir, name));
	venue.on('close', () => process.exit(0)).on('error', (error) => {
		console.error(`relayer: ${error.message}`);
		process.exit(1);
	});
	readline.createInterface({ input: venue }).on('line', (line) => relay(JSON.parse(line)));
	await new Promise((done) => venue.once('connect', done));
}
ready();
