// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// A chain of the test's own: anvil on a free port of the loopback. Blocks are made when the test says so, 12 seconds apart
// whatever the clock of this machine says, so that every run gives the same interest.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const lab = createRequire(new URL('../lab/package.json', import.meta.url)); // anvil, solc and viem are the lab's
export const solc = () => lab('solc');
export const { encodeFunctionData, encodeDeployData, encodeAbiParameters, decodeAbiParameters, decodeFunctionResult, parseAbi,
	parseAbiParameters, getContractAddress, toEventSelector, toFunctionSelector } = lab('viem');

const GAS = '0x' + (50e6).toString(16);
const BATCH = 50;
const PER_BLOCK = 10; // transactions

export class Chain {
	static async start() {
		const chain = new Chain();
		const binary = lab.resolve('@foundry-rs/anvil-linux-amd64/bin/anvil');

		chain.process = spawn(binary, ['--port', '0', '--timestamp', '1700000000', '--no-mining', '--gas-limit', '1000000000', '--base-fee', '0',
			'--disable-code-size-limit'], { stdio: ['ignore', 'pipe', 'inherit'] });
		chain.url = await new Promise((resolve, reject) => {
			let text = '';
			chain.process.stdout.on('data', (data) => {
				text += data;
				const found = text.match(/Listening on (127\.0\.0\.1:\d+)/);
				if (found) resolve(`http://${found[1]}`);
			});
			chain.process.on('error', reject);
			chain.process.on('exit', (code) => reject(new Error(`anvil ended with ${code}: ${text}`)));
		});
		for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => { chain.stop(); process.exit(1); });
		[chain.from] = await chain.ask('eth_accounts');
		chain.nonce = 0;
		await chain.ask('anvil_setBlockTimestampInterval', 12);
		return chain;
	}

	stop() {
		this.process.removeAllListeners('exit');
		this.process.kill();
	}

	// Answers to [method, ...parameters], in their order
	async askAll(questions) {
		const answers = [];
		for (let i = 0; i < questions.length; i += BATCH) {
			const part = questions.slice(i, i + BATCH).map(([method, ...params], id) => ({ jsonrpc: '2.0', id, method, params }));
			const response = await fetch(this.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(part) });
			const byId = new Map((await response.json()).map((answer) => [answer.id, answer]));
			for (const { id, method } of part) {
				const { error, result } = byId.get(id);
				if (error) throw new Error(`${method}: ${error.message} ${error.data ?? ''}`);
				answers.push(result);
			}
		}
		return answers;
	}

	async ask(method, ...params) {
		return (await this.askAll([[method, ...params]]))[0];
	}

	// Transactions {to, data}; receipts in their order. One that fails ends the test.
	async send(transactions) {
		const receipts = [];
		for (let i = 0; i < transactions.length; i += PER_BLOCK) {
			const part = transactions.slice(i, i + PER_BLOCK);
			const hashes = await this.askAll(part.map(({ to, data }) => ['eth_sendTransaction', { from: this.from, to, data, gas: GAS, gasPrice: '0x0', nonce: '0x' + (this.nonce++).toString(16) }]));
			receipts.push(...await this.mined(hashes));
		}
		receipts.forEach((receipt, i) => {
			if (receipt.status !== '0x1') throw new Error(`transaction ${i} of ${transactions.length} failed: ${JSON.stringify(receipt).slice(0, 300)}`);
		});
		return receipts;
	}

	// Receipts, once a block has each of them
	async mined(hashes) {
		for (let blocks = 0; blocks < 20; blocks++) {
			await this.ask('evm_mine');
			const receipts = await this.askAll(hashes.map((hash) => ['eth_getTransactionReceipt', hash]));
			if (receipts.every(Boolean)) return receipts;
		}
		throw new Error('a transaction is in no block');
	}

	// Deploys {abi, bytecode} with arguments; its address
	async deploy({ abi, bytecode }, args = []) {
		const [receipt] = await this.send([{ data: encodeDeployData({ abi, bytecode, args }) }]);
		return receipt.contractAddress;
	}

	async wait(seconds) {
		const { timestamp } = await this.ask('eth_getBlockByNumber', 'latest', false);
		await this.ask('evm_setNextBlockTimestamp', Number(timestamp) + seconds);
		await this.ask('evm_mine');
	}
}

export const decode = (abi, functionName, data) => decodeFunctionResult({ abi, functionName, data });
export const call = (to, abi, functionName, ...args) => ({ to, data: encodeFunctionData({ abi, functionName, args }) });
