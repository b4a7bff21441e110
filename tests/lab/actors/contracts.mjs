// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Compiles and deploys the oracles: an aggregator with Chainlink's events, and Pyth's own MockPyth.
// usage: node contracts.mjs URL OUT     (run in the chain's namespace; OUT takes addresses and ABIs as JSON)
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import solc from 'solc';
import { encodeDeployData, getContractAddress, parseGwei } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { CHAIN_ID, FAMILIES, MNEMONIC } from './common.mjs';

const [url, out] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));
const packages = path.join(here, '../node_modules');
const MOCK_PYTH = '@pythnetwork/pyth-sdk-solidity/MockPyth.sol';

function compile() {
	const input = {
		language: 'Solidity',
		sources: {
			'Aggregator.sol': { content: fs.readFileSync(path.join(here, 'Aggregator.sol'), 'utf8') },
			[MOCK_PYTH]: { content: fs.readFileSync(path.join(packages, MOCK_PYTH), 'utf8') },
		},
		settings: { evmVersion: 'paris', outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
	};
	const find = (name) => ({ contents: fs.readFileSync(path.join(packages, name), 'utf8') });
	const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
	const errors = (output.errors ?? []).filter((e) => e.severity === 'error');
	if (errors.length) throw new Error(errors.map((e) => e.formattedMessage).join('\n'));
	const pick = (file, name) => ({ abi: output.contracts[file][name].abi, bytecode: `0x${output.contracts[file][name].evm.bytecode.object}` });
	return { aggregator: pick('Aggregator.sol', 'Aggregator'), pyth: pick(MOCK_PYTH, 'MockPyth') };
}

async function rpc(method, params = []) {
	const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
	const { result, error } = await response.json();
	if (error) throw new Error(`${method}: ${error.message}`);
	return result;
}

async function untilUp() {
	for (let i = 0; ; i++) {
		try { return await rpc('eth_chainId'); } catch (error) {
			if (i === 100) throw error;
			await new Promise((done) => setTimeout(done, 100));
		}
	}
}

async function deploy(account, nonce, { abi, bytecode }, args) {
	const data = encodeDeployData({ abi, bytecode, args });
	const hash = await rpc('eth_sendRawTransaction', [await account.signTransaction({ type: 'legacy', chainId: CHAIN_ID, nonce, gas: 8000000n, gasPrice: parseGwei('2'), data })]);
	const address = getContractAddress({ from: account.address, nonce: BigInt(nonce) });
	for (let i = 0; i < 100; i++) {
		const receipt = await rpc('eth_getTransactionReceipt', [hash]);
		if (receipt?.status === '0x1') return address;
		if (receipt) break;
		await new Promise((done) => setTimeout(done, 20));
	}
	throw new Error(`deployment at ${address} failed`);
}

const { aggregator, pyth } = compile();
await untilUp();
const transmitter = mnemonicToAccount(MNEMONIC, { addressIndex: 1 });
const deployer = mnemonicToAccount(MNEMONIC, { addressIndex: 0 });
const poster = (feed) => mnemonicToAccount(MNEMONIC, { addressIndex: FAMILIES[feed].account });
fs.writeFileSync(out, JSON.stringify({
	aggregator: await deploy(transmitter, 0, aggregator, []),
	aggregator_nonce: 1,
	aggregator_abi: aggregator.abi,
	pyth: await deploy(deployer, 0, pyth, [60n, 0n]), // valid for 60 s, no fee
	// of the vendors' feeds; a Chainlink-like aggregator numbers its rounds by the feed's own keys
	families: {
		hermes: await deploy(poster('hermes'), 0, pyth, [60n, 0n]),
		lazer: await deploy(poster('lazer'), 0, aggregator, []),
		streams: await deploy(poster('streams'), 0, aggregator, []),
	},
	pyth_abi: pyth.abi.filter((entry) => entry.name === 'updatePriceFeeds'),
}));
