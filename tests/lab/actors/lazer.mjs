// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Pyth Pro (Lazer) as its router writes it: payloads, the formats around them, and the two ways of delivery.
import { createPrivateKey, createPublicKey, sign as ed25519 } from 'node:crypto';
import { keccak256 } from 'viem';
import { privateKeyToAddress, sign as secp256k1 } from 'viem/accounts';

// Keys of the lab's own: anyone may know them.
const SOLANA_KEY = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]), format: 'der', type: 'pkcs8' });
const SOLANA_PUBLIC = createPublicKey(SOLANA_KEY).export({ format: 'der', type: 'spki' }).subarray(-32);
const EVM_KEY = `0x${'07'.repeat(32)}`;
export const SOLANA_SIGNER = SOLANA_PUBLIC.toString('hex');
export const EVM_SIGNER = privateKeyToAddress(EVM_KEY);

const MAGIC = { update: '7377881b', payload: 0x93c7d375, solana: 'b9011a82', evm: '2a22999a', leUnsigned: '0c4d6359', json: '9a10dac4' };
const PROPERTIES = { price: 0, bestBidPrice: 1, bestAskPrice: 2, publisherCount: 3, exponent: 4, confidence: 5 };

const u8 = (v) => Buffer.from([v]);
const magic = (name) => Buffer.from(MAGIC[name], 'hex');

// feeds: [{priceFeedId, price, …}] with integers; properties: names, in the order in which they are written
function payload(timestampUs, feeds, properties, bigEndian) {
	const number = (width, value) => {
		const b = Buffer.alloc(width);
		const order = bigEndian ? 'BE' : 'LE';
		if (width === 8) b[`writeBigInt64${order}`](BigInt(value));
		else b[`write${width === 4 ? 'UInt32' : 'Int16'}${order}`](Number(value));
		return b;
	};
	const value = (name, v) => Buffer.concat([u8(PROPERTIES[name]), number(name === 'exponent' || name === 'publisherCount' ? 2 : 8, v ?? 0)]);
	return Buffer.concat([
		number(4, MAGIC.payload), number(8, timestampUs), u8(3), u8(feeds.length),
		...feeds.flatMap((feed) => [number(4, feed.priceFeedId), u8(properties.length), ...properties.map((name) => value(name, feed[name]))]),
	]);
}

const u16 = (v, order) => { const b = Buffer.alloc(2); b[`writeUInt16${order}`](v); return b; };

const formats = {
	solana: async (timestampUs, feeds, properties) => {
		const data = payload(timestampUs, feeds, properties, false);
		return Buffer.concat([magic('solana'), ed25519(null, data, SOLANA_KEY), SOLANA_PUBLIC, u16(data.length, 'LE'), data]);
	},
	evm: async (timestampUs, feeds, properties) => {
		const data = payload(timestampUs, feeds, properties, true);
		const { r, s, yParity } = await secp256k1({ hash: keccak256(data), privateKey: EVM_KEY });
		return Buffer.concat([magic('evm'), ...[r, s].map((v) => Buffer.from(v.slice(2).padStart(64, '0'), 'hex')), u8(yParity), u16(data.length, 'BE'), data]);
	},
	leUnsigned: async (timestampUs, feeds, properties) => {
		const data = payload(timestampUs, feeds, properties, false);
		return Buffer.concat([magic('leUnsigned'), u16(data.length, 'LE'), data]);
	},
};

function parsed(timestampUs, feeds, properties) {
	const text = new Set(['price', 'bestBidPrice', 'bestAskPrice']);
	return {
		timestampUs: String(timestampUs),
		priceFeeds: feeds.map((feed) => Object.fromEntries([['priceFeedId', feed.priceFeedId], ...properties.filter((name) => feed[name] !== undefined)
			.map((name) => [name, text.has(name) ? String(feed[name]) : Number(feed[name])])])),
	};
}

// What one subscription is sent: text, or bytes where it asked for binary delivery.
export async function streamUpdated(request, timestampUs, feeds) {
	const { subscriptionId, properties, formats: names } = request;
	const binary = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await formats[name](timestampUs, feeds, properties)])));
	const json = request.parsed === false ? undefined : parsed(timestampUs, feeds, properties);
	if (request.deliveryFormat === 'binary') {
		const id = Buffer.alloc(8);
		id.writeBigInt64BE(BigInt(subscriptionId));
		const parts = Object.values(binary);
		if (json) parts.push(Buffer.concat([magic('json'), Buffer.from(JSON.stringify(json))]));
		return Buffer.concat([magic('update'), id, ...parts.flatMap((part) => [u16(part.length, 'BE'), part])]);
	}
	const encoding = request.jsonBinaryEncoding ?? 'base64';
	return JSON.stringify({
		type: 'streamUpdated', subscriptionId, parsed: json,
		...Object.fromEntries(Object.entries(binary).map(([name, data]) => [name, { encoding, data: data.toString(encoding) }])),
	});
}
