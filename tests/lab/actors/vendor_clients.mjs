// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The vendors' own clients against the lab's servers. Each logs every message that it understood.
// usage: node vendor_clients.mjs lab.json, with NODE_EXTRA_CA_CERTS naming the lab's authority
import { createClient, decodeReport } from '@chainlink/data-streams-sdk';
import { HermesClient } from '@pythnetwork/hermes-client';
import { PythLazerClient } from '@pythnetwork/pyth-lazer-sdk';
import { Connection, PublicKey } from '@solana/web3.js';
import { BTC_ID, Log, PORTS, SOLANA_ACCOUNT, STREAMS_FEED, VENDOR, now, ready, settings } from './common.mjs';

const config = settings();
const log = new Log(config, 'vendor_clients');
const place = (port) => `${config.addresses.venue}:${port}`;
const got = (feed, key, price) => log.write({ feed, key: String(key), price: String(price), got_ns: now() });

const hermes = new HermesClient(`https://${place(PORTS.hermes)}`, { headers: { Authorization: `Bearer ${VENDOR.token}` } });
const events = await hermes.getPriceUpdatesStream([BTC_ID], { parsed: true });
events.onmessage = (event) => {
	for (const feed of JSON.parse(event.data).parsed) got('hermes', feed.price.publish_time, feed.price.price);
};
events.onerror = (error) => console.error('hermes-client:', error.message ?? error);

const lazer = await PythLazerClient.create({ token: VENDOR.token, webSocketPoolConfig: { urls: [`wss://${place(PORTS.lazer)}/v1/stream`], numConnections: 2 } });
lazer.addMessageListener((message) => {
	const value = message.type === 'json' ? (message.value.type === 'streamUpdated' ? message.value : undefined) : message.value;
	for (const feed of value?.parsed?.priceFeeds ?? []) got('lazer', value.parsed.timestampUs, feed.price);
});
lazer.subscribe({
	type: 'subscribe', subscriptionId: 1, priceFeedIds: [1], properties: ['price', 'exponent'], formats: ['solana', 'evm'],
	deliveryFormat: 'binary', channel: 'fixed_rate@50ms', parsed: true,
});

const streams = createClient({
	apiKey: VENDOR.streamsId, userSecret: VENDOR.streamsSecret,
	endpoint: `https://${place(PORTS.streams)}`, wsEndpoint: `wss://${place(PORTS.streams)}`,
}).createStream([STREAMS_FEED]);
streams.on('report', (report) => {
	const decoded = decodeReport(report.fullReport, report.feedID);
	got('streams', report.observationsTimestamp, decoded.price);
});
streams.on('error', (error) => console.error('data-streams-sdk:', error.message));
await streams.connect();

// Slots, the account, and the block of each slot that the account names, a while later.
const solana = config.chain ? undefined : new Connection(`https://${place(PORTS.solanaHttp)}`, {
	commitment: 'processed', httpHeaders: { Authorization: `Bearer ${VENDOR.token}` },
	wsEndpoint: `wss://${place(PORTS.solanaWs)}/?token=${VENDOR.token}`,
});
solana?.onSlotUpdate((update) => log.write({ feed: 'solana-slots', kind: update.type, slot: update.slot, timestamp: update.timestamp, parent: update.parent }));
solana?.onLogs(new PublicKey(SOLANA_ACCOUNT), ({ signature, err, logs }, { slot }) => log.write({
	feed: 'solana-logs', slot, signature, failed: Number(err !== null), posts: Number(logs.some((line) => /Instruction: PostUpdate$/.test(line))) }), 'processed');
solana?.onAccountChange(new PublicKey(SOLANA_ACCOUNT), (account) => {
	const slot = Number(account.data.readBigUInt64LE(125));
	got('solana', `${slot} ${account.data.readBigInt64LE(93)}`, account.data.readBigInt64LE(73));
	setTimeout(async () => {
		const block = await solana.getBlock(slot, { commitment: 'confirmed', transactionDetails: 'none', rewards: false, maxSupportedTransactionVersion: 0 }).catch(() => null);
		if (block) log.write({ feed: 'solana-blocks', slot, blockhash: block.blockhash, blockTime: block.blockTime });
	}, 1000).unref();
}, { encoding: 'base64', commitment: 'processed' });

ready();
