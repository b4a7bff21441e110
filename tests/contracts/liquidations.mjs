// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Accounts on Aave v3 are opened, prices move, and they are liquidated, on chain and by the margin library: every number of both
// has to be the same. usage: node liquidations.mjs VERSION LIQUIDATE [ACCOUNTS]      VERSION: 3.0 or 3.6; LIQUIDATE:
// docs/examples/liquidate.c, built against the library
import { execFileSync } from 'node:child_process';
import { check, closingLine } from '../lab/common.mjs';
import { account, liquidation, move, randomFrom, wantedHealth } from './cases.mjs';
import { call, Chain, decode, decodeAbiParameters, encodeDeployData, getContractAddress, parseAbiParameters, toEventSelector, toFunctionSelector } from './chain.mjs';
import { deployPool, EMODES, FEED, HELPERS, helpers, POOL, RESERVES, TOKEN, toUnits, TREASURY } from './pools.mjs';

const [version, liquidate, count = '500'] = process.argv.slice(2);
const MAX = 2n ** 256n - 1n;
const AGAIN = 0.5; // of the accounts are attempted again, after another price move …
const DEEPER = 0.8; // … to this much of the health, since the first will have raised it
const SEED = 20261125;
const LIQUIDATED = toEventSelector('LiquidationCall(address,address,address,uint256,uint256,address,bool)');
const TRANSFER = toEventSelector('Transfer(address,address,uint256)');
// how the contracts say what the library's answers are called
const REFUSALS = { 45: 'healthy', 46: 'not-collateral', 47: 'not-borrowed', 25: 'nothing',
	...Object.fromEntries(Object.entries({ HealthFactorNotBelowThreshold: 'healthy', CollateralCannotBeLiquidated: 'not-collateral', SpecifiedCurrencyNotBorrowedByUser: 'not-borrowed',
		InvalidBurnAmount: 'nothing', MustNotLeaveDust: 'leaves-dust' }).map(([name, answer]) => [toFunctionSelector(`${name}()`), answer])) };

// ---- on chain ------------------------------------------------------------------------------------------------------------

function opening(pool, own, { emode, supplies, debts }, address) {
	const calls = [];
	for (const { reserve, value, collateral } of supplies) {
		const r = pool.reserves[reserve], amount = toUnits(r, value / r.price);
		calls.push(call(r.asset, TOKEN, 'mint', amount), call(r.asset, TOKEN, 'approve', pool.address, MAX), call(pool.address, POOL, 'supply', r.asset, amount, address, 0));
		if (!collateral) calls.push(call(pool.address, POOL, 'setUserUseReserveAsCollateral', r.asset, false));
	}
	if (emode) calls.push(call(pool.address, POOL, 'setUserEMode', emode));
	for (const { reserve, value } of debts) calls.push(call(pool.address, POOL, 'borrow', pool.reserves[reserve].asset, toUnits(pool.reserves[reserve], value / RESERVES[reserve].price), 2n, 0, address));
	return { data: encodeDeployData({ abi: own.Caller.abi, bytecode: own.Caller.bytecode, args: [calls] }) };
}

// What is read before and after: [contract, ABI, function, …arguments]
const questions = (pool, user) => [
	[pool.address, POOL, 'getUserAccountData', user], [pool.address, POOL, 'getUserConfiguration', user],
	...pool.reserves.flatMap((r) => [[pool.address, POOL, 'getReserveNormalizedIncome', r.asset], [pool.address, POOL, 'getReserveNormalizedVariableDebt', r.asset],
		[r.aToken, TOKEN, 'scaledBalanceOf', user], [r.debtToken, TOKEN, 'scaledBalanceOf', user], [r.asset, TOKEN, 'balanceOf', pool.keeper],
		...(pool.version === '3.0' ? [] : [[pool.address, POOL, 'getReserveDeficit', r.asset]])]),
];

function state(asked, ok, answers) {
	const values = asked.map(([, abi, name], i) => {
		if (!ok[i]) throw new Error(`${name} failed`);
		return decode(abi, name, answers[i]);
	});
	const [health, flags, ...rest] = values;
	const width = rest.length / RESERVES.length;
	return { health: health.map(String).join(' '), reserves: RESERVES.map((_, i) => {
		const [income, debtIndex, supply, debt, keeper, deficit = 0n] = rest.slice(i * width, (i + 1) * width);
		return { income, debtIndex, supply, debt, keeper, deficit, collateral: (flags >> BigInt(2 * i + 1)) % 2n === 1n };
	}) };
}

const ANSWERS = toEventSelector('Answers(bool[],bytes[])');
const RAY = 10n ** 27n;
const sum = (list) => list.reduce((a, b) => a + b, 0n);
const topic = (address) => '0x' + '0'.repeat(24) + address.slice(2).toLowerCase();
const refusal = (data) => REFUSALS[data.startsWith('0x08c379a0') ? decodeAbiParameters(parseAbiParameters('string'), '0x' + data.slice(10))[0] : data] ?? `unknown ${data}`;

// One transaction of the keeper: prices, what there is, the liquidation, what is left
function attempt(pool, user, { prices, category }, { collateral, debt, cover }) {
	const asked = questions(pool, user);
	const reads = asked.map(([to, abi, name, ...args]) => call(to, abi, name, ...args));
	const calls = [...pool.reserves.map((r, i) => call(r.feed, FEED, 'set', prices[i])), call(pool.categoryFeed, FEED, 'set', category), ...reads,
		call(pool.address, POOL, 'liquidationCall', pool.reserves[collateral].asset, pool.reserves[debt].asset, user, cover, false), ...reads];
	const first = calls.length - 2 * reads.length - 1;
	return { transaction: call(pool.keeper, HELPERS, 'run', calls), seen: (receipt) => {
		const [ok, answers] = decodeAbiParameters(parseAbiParameters('bool[], bytes[]'), receipt.logs.find((log) => log.address === pool.keeper && log.topics[0] === ANSWERS).data);
		const part = (from) => state(asked, ok.slice(from, from + reads.length), answers.slice(from, from + reads.length));
		const at = first + reads.length, before = part(first), after = part(at + 1);
		if (!ok[at]) return { before, after, answer: refusal(answers[at]) };
		const [repaid, seized] = decodeAbiParameters(parseAbiParameters('uint256, uint256, address, bool'), receipt.logs.find((log) => log.topics[0] === LIQUIDATED).data);
		const fee = sum(receipt.logs.filter((log) => log.topics[0] === TRANSFER && log.address === pool.reserves[collateral].aToken.toLowerCase() && log.topics[1] === topic(user) && log.topics[2] === topic(TREASURY)).map((log) => BigInt(log.data)));
		return { before, after, answer: 'liquidated', repaid, seized, fee };
	} };
}

// ---- by the library ------------------------------------------------------------------------------------------------------

function question(pool, { emode }, { prices, category }, { collateral, debt, cover }, { reserves }) {
	const e = EMODES[emode];
	const lines = [`account ${pool.version}${e ? ` ${e.ltv} ${e.threshold} ${e.bonus}` : ''}`];
	pool.reserves.forEach((r, i) => {
		const s = reserves[i], member = emode !== 0 && r.emode === emode;
		const price = pool.version === '3.0' && emode === 2 && member ? category : prices[i];
		const flags = [s.collateral && 'collateral', member && 'emode'].filter(Boolean).join(',') || '-';
		lines.push(`reserve ${r.name} ${r.decimals} ${r.ltv} ${r.threshold} ${r.bonus} ${r.fee} ${price} ${s.income} ${s.debtIndex} ${s.supply} ${s.debt} ${flags}`);
	});
	return [...lines, 'health', `liquidate ${RESERVES[collateral].name} ${RESERVES[debt].name} ${cover}`, 'health'].join('\n');
}

// What the program says of what was seen on chain, in its own words
function wanted(pool, { collateral, debt }, { before, after, answer, repaid, seized, fee }) {
	if (answer !== 'liquidated') return [`health ${before.health}`, answer, `health ${before.health}`];
	const moved = pool.reserves.map((_, i) => after.reserves[i].keeper - before.reserves[i].keeper);
	pool.reserves.forEach((r, i) => {
		const should = (i === collateral ? seized : 0n) - (i === debt ? repaid : 0n);
		if (moved[i] !== should) throw new Error(`the keeper's ${r.name} moved by ${moved[i]}, the event says ${should}`);
	});
	return [`health ${before.health}`, `liquidated repaid ${repaid} seized ${seized} fee ${fee}`,
		...pool.reserves.map((r, i) => {
			const a = after.reserves[i], b = before.reserves[i];
			return `${r.name} supply ${a.supply} debt ${a.debt} deficit ${a.deficit - b.deficit} ${a.collateral ? 'collateral' : '-'}`;
		}), `health ${after.health}`];
}

// ---- both ----------------------------------------------------------------------------------------------------------------

const KINDS = { '3.0': ['liquidated', 'healthy', 'not-collateral', 'not-borrowed', 'nothing'], '3.6': ['liquidated', 'healthy', 'not-collateral', 'not-borrowed', 'nothing', 'leaves-dust'] };
// 3.6 writes it off as the reserves' deficit, 3.0 leaves it with an account that has no collateral
const badDebt = ({ before, after }) => after.reserves.some((r, i) => r.deficit > before.reserves[i].deficit) || (version === '3.0' && after.health.startsWith('0 ') && !after.health.startsWith('0 0 '));
const most = (object) => Object.entries(object).sort().map(([name, n]) => `${n} ${name}`).join(', ');

async function compare(chain, own) {
	const pool = await deployPool(chain, version, own);
	const random = randomFrom(SEED + Math.round(10 * Number(version)));
	const accounts = Array.from({ length: Number(count) }, () => account(random));
	const users = accounts.map((_, i) => getContractAddress({ from: chain.from, nonce: BigInt(chain.nonce + i) }));
	await chain.send(accounts.map((a, i) => opening(pool, own, a, users[i])));
	await chain.wait(17 * 86400);
	const attempts = accounts.flatMap((a, i) => {
		const once = (depth) => ({ account: i, user: users[i], prices: move(random, a, version === '3.0', depth * wantedHealth(random)), ...liquidation(random, a) });
		return random.chance(AGAIN) ? [once(1), once(DEEPER)] : [once(1)];
	});
	const sent = attempts.map((t) => attempt(pool, t.user, t.prices, t));
	const receipts = await chain.send(sent.map((s) => s.transaction));
	const seen = sent.map((s, i) => s.seen(receipts[i]));
	const said = execFileSync(liquidate, { input: attempts.map((t, i) => question(pool, accounts[t.account], t.prices, t, seen[i].before)).join('\n') + '\n', encoding: 'utf8' }).split('\n');
	const tally = {}, wrong = new Set();
	let at = 0, left = 0, interest = 0, emodes = 0;
	attempts.forEach((t, i) => {
		const lines = wanted(pool, t, seen[i]), got = said.slice(at, at + lines.length);
		at += lines.length;
		tally[seen[i].answer] = (tally[seen[i].answer] ?? 0) + 1;
		left += seen[i].answer === 'liquidated' && badDebt(seen[i]);
		interest += seen[i].before.reserves.some((r) => (r.supply > 0n && r.income > RAY) || (r.debt > 0n && r.debtIndex > RAY));
		emodes += seen[i].answer === 'liquidated' && accounts[t.account].emode > 0;
		lines.forEach((line, k) => {
			if (line === got[k]) return;
			if (wrong.size < 3) console.log(`Aave ${version}, account ${t.account}:\n  chain   ${line}\n  library ${got[k]}\n${question(pool, accounts[t.account], t.prices, t, seen[i].before)}`);
			wrong.add(t.account);
		});
	});
	console.log(`      Aave ${version}: ${attempts.length} attempts: ${most(tally)}; ${emodes} in an e-mode; ${left} left bad debt; ${interest} with interest in the balances`);
	check(accounts.length < 100 || [...KINDS[version].map((name) => tally[name]), left, emodes, interest].every((n) => n > 0), `Aave ${version}: every kind of case was met`);
	check(!wrong.size, `Aave ${version}: ${accounts.length - wrong.size} of ${accounts.length} accounts agree with the contracts to the last unit`);
}

const own = helpers();
const chain = await Chain.start();
try {
	await compare(chain, own);
} finally {
	chain.stop();
}
closingLine();
