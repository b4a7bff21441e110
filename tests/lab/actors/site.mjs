// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// The site.yaml that records this lab.
import path from 'node:path';
import { BTC_ID, ETH_SYMBOL, FAMILIES, PORTS, SOLANA_ACCOUNT, STREAMS_FEED } from './common.mjs';
import { EVM_SIGNER, SOLANA_SIGNER } from './lazer.mjs';

// The vendors' formats, each as its server gives it: LAB_TOKEN, LAB_ID and LAB_SECRET are in the environment.
function vendorFeeds(venue, ca) {
	const subscribe = (rest) => JSON.stringify({ type: 'subscribe', subscriptionId: 1, priceFeedIds: [1], channel: 'fixed_rate@50ms', ...rest });
	const bearer = 'headers: {Authorization: "Bearer ${LAB_TOKEN}"}';
	return `  - name: hermes
    role: oracle
    connect: https://${venue}:${PORTS.hermes}/v2/updates/price/stream?ids[]=0x${BTC_ID}&encoding=base64&parsed=false
    ca: ${ca}
    ${bearer}
    decode: {type: pyth-hermes}
    assets: {${FAMILIES.hermes.asset}: "0x${BTC_ID}"}
  - name: lazer
    role: oracle
    connect: wss://${venue}:${PORTS.lazer}/v1/stream
    ca: ${ca}
    ${bearer}
    send: ['${subscribe({ properties: ['price', 'bestBidPrice', 'publisherCount', 'exponent'], formats: ['solana'], deliveryFormat: 'binary', parsed: false })}']
    decode: {type: pyth-lazer, signer: ${SOLANA_SIGNER}}
    assets: {${FAMILIES.lazer.asset}: "1"}
  - name: lazer-json
    role: oracle
    connect: wss://${venue}:${PORTS.lazer}/v1/stream
    ca: ${ca}
    ${bearer}
    send: ['${subscribe({ properties: ['price', 'exponent'], formats: ['evm'], jsonBinaryEncoding: 'hex' })}']
    decode: {type: pyth-lazer, signer: "${EVM_SIGNER}"}
    assets: {${FAMILIES.lazer.asset}: "1"}
  - name: streams
    role: oracle
    connect: wss://${venue}:${PORTS.streams}/api/v1/ws?feedIDs=${STREAMS_FEED}
    ca: ${ca}
    compression: deflate
    auth: {type: chainlink-hmac, id: "\${LAB_ID}", secret: "\${LAB_SECRET}"}
    decode: {type: chainlink-streams}
    assets: {${FAMILIES.streams.asset}: "${STREAMS_FEED}"}
`;
}

function solanaChain(venue, ca) {
	return `  - name: solana
    rpc: wss://${venue}:${PORTS.solanaWs}/
    ca: ${ca}
    headers: {Authorization: "Bearer \${LAB_TOKEN}"}
    logs: true
    oracles: [{asset: ${FAMILIES.hermes.asset}, type: pyth-price-update-v2, account: ${SOLANA_ACCOUNT}, id: "0x${BTC_ID}"}]
`;
}

export function siteYaml(config) {
	const { venue, chain } = config.addresses;
	const ca = path.join(config.dir, 'ca.crt');
	const feeds = `site: lab
interface: ${config.chain ? '[venue0, chain0]' : '[venue0]'}
hook: xdp-native
feeds:
  - name: eth-udp
    role: oracle
    match: {udp: ${PORTS.ethUdp}}
    decode: {type: fields, asset: u32le@4, key: u32le@0, price: i64le@16, exponent: -8, published: {at: u64le@8, unit: ns}}
    assets: {ETH/USD: "1"}
  - name: eth-ws
    role: oracle
    connect: ws://${venue}:${PORTS.ethWs}/
    decode: {type: json, each: /data, asset: /symbol, price: /p, key: /seq, published: {at: /ts, unit: ms}}
    assets: {ETH/USD: ${ETH_SYMBOL}}
  - name: btc-wss
    role: oracle
    connect: wss://${venue}:${PORTS.btcWss}/ws
    ca: ${ca}
    send: ['{"type":"subscribe","ids":["0x${BTC_ID}"]}']
    decode: {type: pyth-hermes}
    assets: {BTC/USD: "0x${BTC_ID}"}
  - name: btc-sse
    role: oracle
    connect: https://${venue}:${PORTS.btcSse}/v2/updates/price/stream?ids[]=0x${BTC_ID}
    ca: ${ca}
    decode: {type: pyth-hermes}
    assets: {BTC/USD: "0x${BTC_ID}"}
`;
	const all = config.vendors ? feeds + vendorFeeds(venue, ca) : feeds;
	if (!config.chain) return config.vendors ? `${all}chains:\n${solanaChain(venue, ca)}` : all;
	const { families } = config.contracts;
	const vendorOracles = !config.vendors ? '' : `      - {asset: ${FAMILIES.hermes.asset}, type: pyth-evm, address: "${families.hermes}", id: "0x${BTC_ID}"}
      - {asset: ${FAMILIES.lazer.asset}, type: chainlink, address: "${families.lazer}"}
      - {asset: ${FAMILIES.streams.asset}, type: chainlink, address: "${families.streams}"}
`;
	return `${all}chains:
  - name: anvil
    rpc: ws://${chain}:${PORTS.chain}
${config.carried ? '    calldata: true\n    pending: true\n' : ''}    oracles:
      - {asset: ETH/USD, type: chainlink, address: "${config.contracts.aggregator}"}
      - {asset: BTC/USD, type: pyth-evm, address: "${config.contracts.pyth}", id: "0x${BTC_ID}"}
${vendorOracles}keeper:
  match: {tcp: ${PORTS.chain}, remote: ${chain}}
  after: wire
  assets: [ETH/USD]
`;
}
