// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Aave v3 as it is published: 3.0 from the compiled contracts of @aave/core-v3, 3.6 compiled from @aave-dao/aave-v3-origin.
// The same reserves and e-modes in both.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { call, decode, encodeAbiParameters, parseAbi, parseAbiParameters, solc } from './chain.mjs';

const here = path.dirname(new URL(import.meta.url).pathname);
const require = createRequire(import.meta.url);
const NONE = '0x0000000000000000000000000000000000000000';
const MAX = 2n ** 256n - 1n;
export const TREASURY = '0x00000000000000000000000000000000000000fe';

// base rate and slope of the borrow rate in 1/10000 a year; the last reserve bears none, so that its indices stay at 1
export const RESERVES = [
	{ name: 'WETH', decimals: 18, price: 2000, ltv: 8050, threshold: 8300, bonus: 10500, fee: 1000, emode: 1, rate: [100, 700] },
	{ name: 'WSTETH', decimals: 18, price: 2317.25, ltv: 7850, threshold: 8100, bonus: 10600, fee: 777, emode: 1, rate: [50, 300] },
	{ name: 'WBTC', decimals: 8, price: 61234.5, ltv: 7300, threshold: 7800, bonus: 10725, fee: 1000, emode: 0, rate: [0, 900] },
	{ name: 'USDC', decimals: 6, price: 1, ltv: 7500, threshold: 7800, bonus: 10450, fee: 1000, emode: 2, rate: [0, 1300] },
	{ name: 'DAI', decimals: 18, price: 1.0003, ltv: 6300, threshold: 7700, bonus: 10500, fee: 2000, emode: 2, rate: [200, 1600] },
	{ name: 'TWELVE', decimals: 12, price: 3.7, ltv: 5000, threshold: 6533, bonus: 11000, fee: 0, emode: 0, rate: [0, 0] },
];
export const EMODES = { 1: { ltv: 9300, threshold: 9500, bonus: 10100 }, 2: { ltv: 9000, threshold: 9300, bonus: 10150 } };
const WHALE_VALUE = 4e9; // in each reserve, of which it borrows about half

export const toUnits = (reserve, amount) => BigInt(Math.floor(amount * 1e6)) * 10n ** BigInt(reserve.decimals) / 1000000n;
export const toPrice = (price) => BigInt(Math.round(price * 1e8));

export const HELPERS = parseAbi(['struct Call { address to; bytes data; }', 'constructor(Call[] calls)', 'function run(Call[] calls)',
	'event Answers(bool[] ok, bytes[] answers)']);
export const TOKEN = parseAbi(['constructor(string symbol, uint8 decimals)', 'function mint(uint256)', 'function approve(address, uint256) returns (bool)',
	'function balanceOf(address) view returns (uint256)', 'function scaledBalanceOf(address) view returns (uint256)']);
export const FEED = parseAbi(['constructor(int256 answer)', 'function set(int256)']);
export const POOL = parseAbi([
	'function supply(address asset, uint256 amount, address onBehalfOf, uint16 code)',
	'function borrow(address asset, uint256 amount, uint256 mode, uint16 code, address onBehalfOf)',
	'function setUserEMode(uint8 category)',
	'function setUserUseReserveAsCollateral(address asset, bool use)',
	'function liquidationCall(address collateral, address debt, address user, uint256 debtToCover, bool receiveAToken)',
	'function getUserAccountData(address user) view returns (uint256 collateral, uint256 debt, uint256 available, uint256 threshold, uint256 ltv, uint256 health)',
	'function getUserConfiguration(address user) view returns (uint256)',
	'function getReserveNormalizedIncome(address asset) view returns (uint256)',
	'function getReserveNormalizedVariableDebt(address asset) view returns (uint256)',
	'function getReserveDeficit(address asset) view returns (uint256)',
]);
const PROVIDER = parseAbi(['function setACLAdmin(address)', 'function setACLManager(address)', 'function setPoolImpl(address)',
	'function setPoolConfiguratorImpl(address)', 'function setPriceOracle(address)', 'function getPool() view returns (address)',
	'function getPoolConfigurator() view returns (address)']);
const ACL = parseAbi(['function addPoolAdmin(address)']);
const CONFIGURATOR = parseAbi([
	'function configureReserveAsCollateral(address, uint256, uint256, uint256)', 'function setReserveBorrowing(address, bool)',
	'function setLiquidationProtocolFee(address, uint256)', 'function setReserveFactor(address, uint256)',
]);
const CONFIGURATOR_30 = parseAbi([
	'struct Init { address aTokenImpl; address stableDebtTokenImpl; address variableDebtTokenImpl; uint8 underlyingAssetDecimals; address interestRateStrategyAddress; address underlyingAsset; address treasury; address incentivesController; string aTokenName; string aTokenSymbol; string variableDebtTokenName; string variableDebtTokenSymbol; string stableDebtTokenName; string stableDebtTokenSymbol; bytes params; }',
	'function initReserves(Init[])', 'function setEModeCategory(uint8, uint16, uint16, uint16, address, string)', 'function setAssetEModeCategory(address, uint8)',
]);
const CONFIGURATOR_36 = parseAbi([
	'struct Init { address aTokenImpl; address variableDebtTokenImpl; address underlyingAsset; string aTokenName; string aTokenSymbol; string variableDebtTokenName; string variableDebtTokenSymbol; bytes params; bytes interestRateData; }',
	'function initReserves(Init[])', 'function setEModeCategory(uint8, uint16, uint16, uint16, string)', 'function setAssetCollateralInEMode(address, uint8, bool)',
	'function setAssetBorrowableInEMode(address, uint8, bool)',
]);
const TOKENS_30 = parseAbi(['function getReserveData(address) view returns (uint256, uint128, uint128, uint128, uint128, uint128, uint40, uint16, address, address, address, address, uint128, uint128, uint128)']);
const TOKENS_36 = parseAbi(['function getReserveAToken(address) view returns (address)', 'function getReserveVariableDebtToken(address) view returns (address)']);

// ---- contracts -----------------------------------------------------------------------------------------------------------

function compile(sources, resolve) {
	const out = JSON.parse(solc().compile(JSON.stringify({ language: 'Solidity', sources, settings: { evmVersion: 'cancun',
		outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object', 'evm.bytecode.linkReferences'] } } } }), { import: resolve }));
	const errors = (out.errors ?? []).filter((e) => e.severity === 'error');
	if (errors.length) throw new Error(errors.map((e) => e.formattedMessage).join('\n'));
	return Object.assign({}, ...Object.values(out.contracts).map((file) => Object.fromEntries(Object.entries(file).map(([name, c]) =>
		[name, { abi: c.abi, bytecode: '0x' + c.evm.bytecode.object, links: c.evm.bytecode.linkReferences }]))));
}

export const helpers = () => compile({ 'Helpers.sol': { content: fs.readFileSync(path.join(here, 'Helpers.sol'), 'utf8') } });

// name -> {abi, bytecode, links}
const published30 = (name) => {
	const folder = path.join(here, 'node_modules/@aave/core-v3/artifacts/contracts');
	const file = ['protocol/configuration', 'protocol/pool', 'protocol/tokenization', 'protocol/libraries/logic', 'misc'].map((f) => path.join(folder, f, `${name}.sol`, `${name}.json`)).find(fs.existsSync);
	const { abi, bytecode, linkReferences } = JSON.parse(fs.readFileSync(file, 'utf8'));
	return { abi, bytecode, links: linkReferences };
};

function published36() {
	const root = path.join(here, 'node_modules');
	const roots = [['openzeppelin-contracts-upgradeable/contracts/', '@openzeppelin/contracts-upgradeable/'], ['openzeppelin-contracts/contracts/', '@openzeppelin/contracts/'],
		['solidity-utils/', '@bgd-labs/solidity-utils/src/'], ['', '']];
	const read = (file) => {
		const [from, to] = roots.find(([prefix]) => file.startsWith(prefix));
		return { contents: fs.readFileSync(path.join(root, to + file.slice(from.length)), 'utf8') };
	};
	const wanted = ['instances/PoolInstance', 'instances/PoolConfiguratorInstance', 'instances/ATokenInstance', 'instances/VariableDebtTokenInstance',
		'protocol/configuration/PoolAddressesProvider', 'protocol/configuration/ACLManager', 'misc/AaveOracle', 'misc/DefaultReserveInterestRateStrategyV2'];
	const files = wanted.map((file) => `@aave-dao/aave-v3-origin/src/contracts/${file}.sol`);
	const contracts = compile(Object.fromEntries(files.map((file) => [file, { content: read(file).contents }])), read);
	return (name) => contracts[name];
}

// Deploys a contract after the libraries that it is linked with
async function deploy(chain, find, deployed, name, args = []) {
	const contract = find(name);
	let bytecode = contract.bytecode;
	for (const libraries of Object.values(contract.links))
		for (const [library, places] of Object.entries(libraries)) {
			deployed[library] ??= await deploy(chain, find, deployed, library);
			for (const { start, length } of places)
				bytecode = bytecode.slice(0, 2 + 2 * start) + deployed[library].slice(2).toLowerCase() + bytecode.slice(2 + 2 * (start + length));
		}
	return chain.deploy({ abi: contract.abi, bytecode }, args);
}

// ---- a pool --------------------------------------------------------------------------------------------------------------

const ray = (bps) => BigInt(bps) * 10n ** 23n;
const names = (symbol) => ({ aTokenName: `a${symbol}`, aTokenSymbol: `a${symbol}`, variableDebtTokenName: `v${symbol}`, variableDebtTokenSymbol: `v${symbol}`, params: '0x' });

async function reserves30(pool, find) {
	const { chain, libraries } = pool;
	const implementations = [];
	for (const name of ['AToken', 'StableDebtToken', 'VariableDebtToken']) implementations.push(await deploy(chain, find, libraries, name, [pool.address]));
	const inits = [];
	for (const r of pool.reserves)
		inits.push({ aTokenImpl: implementations[0], stableDebtTokenImpl: implementations[1], variableDebtTokenImpl: implementations[2], underlyingAssetDecimals: r.decimals,
			interestRateStrategyAddress: await deploy(chain, find, libraries, 'DefaultReserveInterestRateStrategy', [pool.provider, ray(8000), ray(r.rate[0]), ray(r.rate[1]), ray(4 * r.rate[1]), 0n, 0n, 0n, 0n, ray(2000)]),
			underlyingAsset: r.asset, treasury: TREASURY, incentivesController: NONE, stableDebtTokenName: `s${r.name}`, stableDebtTokenSymbol: `s${r.name}`, ...names(r.name) });
	const eMode = Object.entries(EMODES).map(([id, e]) => call(pool.configurator, CONFIGURATOR_30, 'setEModeCategory', Number(id), e.ltv, e.threshold, e.bonus, id === '2' ? pool.categoryAsset : NONE, id));
	return [call(pool.configurator, CONFIGURATOR_30, 'initReserves', inits), ...eMode, ...pool.configuration(),
		...pool.reserves.filter((r) => r.emode).map((r) => call(pool.configurator, CONFIGURATOR_30, 'setAssetEModeCategory', r.asset, r.emode))];
}

async function reserves36(pool, find) {
	const { chain, libraries } = pool;
	const aTokenImpl = await deploy(chain, find, libraries, 'ATokenInstance', [pool.address, NONE, TREASURY]);
	const variableDebtTokenImpl = await deploy(chain, find, libraries, 'VariableDebtTokenInstance', [pool.address, NONE]);
	const inits = pool.reserves.map((r) => ({ aTokenImpl, variableDebtTokenImpl, underlyingAsset: r.asset, ...names(r.name),
		interestRateData: encodeAbiParameters(parseAbiParameters('uint16, uint32, uint32, uint32'), [8000, r.rate[0], r.rate[1], 4 * r.rate[1]]) }));
	const inEMode = pool.reserves.filter((r) => r.emode).flatMap((r) => [call(pool.configurator, CONFIGURATOR_36, 'setAssetCollateralInEMode', r.asset, r.emode, true),
		call(pool.configurator, CONFIGURATOR_36, 'setAssetBorrowableInEMode', r.asset, r.emode, true)]);
	return [call(pool.configurator, CONFIGURATOR_36, 'initReserves', inits),
		...Object.entries(EMODES).map(([id, e]) => call(pool.configurator, CONFIGURATOR_36, 'setEModeCategory', Number(id), e.ltv, e.threshold, e.bonus, id)),
		...pool.configuration(), ...inEMode];
}

const VERSIONS = {
	'3.0': { find: () => published30, instances: ['Pool', 'PoolConfigurator'], reserves: reserves30 },
	'3.6': { find: published36, instances: ['PoolInstance', 'PoolConfiguratorInstance'], reserves: reserves36 },
};

async function tokens(pool) {
	for (const r of pool.reserves) {
		const ask = async (abi, name) => pool.read(abi, name, r.asset);
		if (pool.version === '3.0') {
			const data = await ask(TOKENS_30, 'getReserveData');
			[r.aToken, r.debtToken] = [data[8], data[10]];
		} else [r.aToken, r.debtToken] = [await ask(TOKENS_36, 'getReserveAToken'), await ask(TOKENS_36, 'getReserveVariableDebtToken')];
	}
}

// {chain, version, address, reserves: [{…, asset, feed, aToken, debtToken}], categoryFeed, keeper, read()}
export async function deployPool(chain, version, own) {
	const { find: prepare, instances, reserves: initialize } = VERSIONS[version];
	const find = prepare();
	const libraries = {};
	const pool = { chain, version, libraries, reserves: RESERVES.map((r) => ({ ...r })) };
	for (const r of pool.reserves) {
		r.asset = await chain.deploy(own.Token, [r.name, r.decimals]);
		r.feed = await chain.deploy(own.Feed, [toPrice(r.price)]);
	}
	pool.categoryAsset = '0x00000000000000000000000000000000000000ca'; // 3.0: an e-mode may have a price of its own
	pool.categoryFeed = await chain.deploy(own.Feed, [toPrice(1)]);
	pool.provider = await deploy(chain, find, libraries, 'PoolAddressesProvider', ['test', chain.from]);
	await chain.send([call(pool.provider, PROVIDER, 'setACLAdmin', chain.from)]);
	const acl = await deploy(chain, find, libraries, 'ACLManager', [pool.provider]);
	await chain.send([call(pool.provider, PROVIDER, 'setACLManager', acl), call(acl, ACL, 'addPoolAdmin', chain.from)]);
	const strategy = version === '3.6' ? [await deploy(chain, find, libraries, 'DefaultReserveInterestRateStrategyV2', [pool.provider])] : [];
	const [poolCode, configuratorCode] = [await deploy(chain, find, libraries, instances[0], [pool.provider, ...strategy]), await deploy(chain, find, libraries, instances[1])];
	const oracle = await deploy(chain, find, libraries, 'AaveOracle', [pool.provider, [...pool.reserves.map((r) => r.asset), pool.categoryAsset],
		[...pool.reserves.map((r) => r.feed), pool.categoryFeed], NONE, NONE, 100000000n]);
	await chain.send([call(pool.provider, PROVIDER, 'setPoolImpl', poolCode), call(pool.provider, PROVIDER, 'setPoolConfiguratorImpl', configuratorCode),
		call(pool.provider, PROVIDER, 'setPriceOracle', oracle)]);
	const read = async (to, abi, name, ...args) => {
		const data = await chain.ask('eth_call', call(to, abi, name, ...args), 'latest');
		return decode(abi, name, data);
	};
	pool.address = await read(pool.provider, PROVIDER, 'getPool');
	pool.configurator = await read(pool.provider, PROVIDER, 'getPoolConfigurator');
	pool.read = (abi, name, ...args) => read(pool.address, abi, name, ...args);
	pool.configuration = () => pool.reserves.flatMap((r) => [call(pool.configurator, CONFIGURATOR, 'configureReserveAsCollateral', r.asset, BigInt(r.ltv), BigInt(r.threshold), BigInt(r.bonus)),
		call(pool.configurator, CONFIGURATOR, 'setReserveBorrowing', r.asset, true), call(pool.configurator, CONFIGURATOR, 'setLiquidationProtocolFee', r.asset, BigInt(r.fee)),
		call(pool.configurator, CONFIGURATOR, 'setReserveFactor', r.asset, 1000n)]);
	await chain.send(await initialize(pool, find));
	await tokens(pool);
	await fill(pool, own);
	return pool;
}

// Somebody else's supply and debt, so that there is a rate; and a keeper with all the tokens it may need
async function fill(pool, own) {
	const { chain } = pool;
	const supplies = [], borrows = [], keeper = [];
	const deployed = await chain.deploy(own.Caller, [[]]); // who supplies is whoever calls; the debt is the constructor's
	pool.keeper = deployed;
	for (const r of pool.reserves) {
		const amount = toUnits(r, WHALE_VALUE / r.price);
		supplies.push(call(r.asset, TOKEN, 'mint', amount), call(r.asset, TOKEN, 'approve', pool.address, MAX));
		supplies.push(call(pool.address, POOL, 'supply', r.asset, amount, chain.from, 0));
		borrows.push(call(pool.address, POOL, 'borrow', r.asset, amount * 55n / 100n, 2n, 0, chain.from));
		keeper.push(call(r.asset, TOKEN, 'mint', 2n ** 120n), call(r.asset, TOKEN, 'approve', pool.address, MAX));
	}
	await chain.send([...supplies, ...borrows, call(pool.keeper, HELPERS, 'run', keeper)]);
	await chain.wait(200 * 86400);
}
