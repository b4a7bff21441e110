// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// usage: node history.mjs PRICELAG DATA DIR [NAME…]     Replays crashes of the past with the market walk, each as it was and with one
// thing changed at a time, and prints the tables of docs/history.md. DIR is for what it writes meanwhile.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

const [pricelag, data, dir, ...names] = process.argv.slice(2);
const rows = (file) => {
	const [header, ...lines] = fs.readFileSync(path.join(data, file), 'utf8').trim().split(/\r?\n/).map((line) => line.split(','));
	return lines.map((line) => Object.fromEntries(header.map((name, i) => [name, line[i]])));
};
const write = (name, lines) => {
	fs.writeFileSync(path.join(dir, name), lines.join('\n') + '\n');
	return name;
};

/* ---- what was changed, one thing at a time ---- */

const DELAYS = { oracle: '{type: lognormal, median: 12s, sigma: 0.6}', keeper: '{type: lognormal, median: 400ms, sigma: 0.9}', inclusion: '{type: exponential, mean: 15s}' };
const NONE = { oracle: '{type: constant, value: 0s}', keeper: '{type: constant, value: 0s}', inclusion: '{type: constant, value: 0s}' };
const VARIANTS = [
	['as it was', {}],
	['no latency', { delays: NONE }],
	['half an hour late', { delays: { ...DELAYS, inclusion: '{type: exponential, mean: 30m}' } }],
	['deep market', { liquidity: [] }],
	['sales move the price', { feedback: true }],
	['circuit breaker', { controls: ['  circuit_breaker: {move: 0.05, window: 10m, pause: 1h}'] }],
	['dynamic margin', { controls: ['  dynamic_margin: {gain: 1, calm_volatility: 0.8, half_life: 1h, horizon: 1d, floor: 0.85, step_per_hour: 0.02}'] }],
];

/* ---- what happened ---- */

// A book's file, and what the table says of it.
const asBook = (name, lines, accounts, debt) => ({ file: write(`${name}.book.csv`, lines), accounts, debt });
const LOANS = 'asset,collateral,debt,liquidation_threshold';
const loans = (name, list) => asBook(name, [LOANS, ...list.map((loan) => loan.join(','))], list.length, list.reduce((sum, loan) => sum + loan[2], 0));

// A hundred loans with healths from 1.005 to 1.5, as many units of collateral each.
function ladder(name, asset, units, price, threshold) {
	return loans(name, Array.from({ length: 100 }, (_, i) => [asset, units, (units * price * threshold) / (1.005 + 0.005 * i), threshold]));
}

// Ten-minute bars: within a bar the price goes by open, low, high and close, or high before low where it closed below its open.
function bars(day) {
	const lines = ['time_s,price'];
	let last = 0;
	for (const bar of rows('tapes/eth_usd_10m_7crash_days.csv').filter((bar) => bar.period_start.startsWith(day))) {
		const start = Date.parse(bar.period_start) / 1000, falls = Number(bar.close) < Number(bar.open);
		const prices = [bar.open, falls ? bar.high : bar.low, falls ? bar.low : bar.high, bar.close];

		if (start > last) prices.forEach((price, i) => lines.push(`${start + 150 * i},${price}`)); // one bar stands there twice
		last = start;
	}
	return lines;
}

function crashDay(day) {
	const lines = bars(day), open = Number(lines[1].split(',')[1]);
	const reserve = rows('tapes/uniswap_eth_dai_reserves_10m_6days.csv').find((row) => row.day === day && row.index_10m === '0');
	const gas = rows('gas/eth_gas_10m_7crash_days.csv').filter((row) => row.period_start.startsWith(day)).map((row) => Number(row.p60_wei) / 1e9);
	const median = gas.length ? [...gas].sort((a, b) => a - b)[gas.length >> 1] : 50;

	return {
		title: `ETH, ${day}`, asset: 'ETH', horizon: '23h', tape: write(`${day}.csv`, lines), book: ladder(day, 'ETH', 50, open, 0.825), bonus: 0.05,
		oracle: '{policy: deviation, deviation: 0.005, heartbeat: 1h}',
		liquidity: [`  ETH: {type: pool, reserve: ${reserve ? Number(reserve.weth).toFixed(0) : 20000}, recovery: 10m}`],
		network: `{gas: 450000, base_fee_gwei: ${median.toFixed(1)}, priority_gwei: 2, coin: ETH, congestion: 0.4}`,
	};
}

const EVENTS = {
	depeg: () => ({
		title: 'USDC, 10–12 March 2023', asset: 'USDC', horizon: '72h', start: '777600s', tape: path.resolve(data, 'tapes/usdc_usd_1m_2023-03.csv'),
		book: ladder('depeg', 'USDC', 200000, 1, 0.86), bonus: 0.045, oracle: '{policy: deviation, deviation: 0.0025, heartbeat: 24h}',
		liquidity: ['  USDC: {type: pool, reserve: 50000000, recovery: 10m}'], controls: [],
	}),
	january: () => {
		const lines = ['time_s,price'];
		for (const row of rows('tapes/ethusdt_1m_bidask_liq_2021-01.csv')) {
			const time = Number(row.timestamp_x) / 1e6;
			if (time >= 1610323200 && time <= 1610409600) lines.push(`${time.toFixed(3)},${(Number(row.ask_price) + Number(row.bid_price)) / 2}`);
		}
		return {
			title: 'ETH, 11 January 2021', asset: 'ETH', horizon: '23h', tape: write('january.csv', lines),
			book: ladder('january', 'ETH', 50, Number(lines[1].split(',')[1]), 0.825), bonus: 0.05, oracle: '{policy: deviation, deviation: 0.005, heartbeat: 1h}',
			liquidity: ['  ETH: {type: pool, reserve: 20000, recovery: 10m}'],
		};
	},
};
// The largest borrowers of Aave v3 in December 2025. The file knows totals, what each owes, and a health without e-mode, from which follows
// the average threshold of what he holds: not what he holds.
const ETH_LIKE = new Set(['WETH', 'wstETH', 'weETH', 'rsETH', 'ezETH', 'osETH', 'ETHx', 'rETH', 'cbETH']);
const ETH_PRICE = 2824.93892778;
function borrowers() {
	const debts = new Map();
	for (const leg of rows('books/aave_v3_eth_top1000_debt_positions_2025-12.csv')) {
		const ofUser = debts.get(leg.user_address) ?? { eth: 0, all: 0 };
		ofUser.all += Number(leg.amount_usd);
		if (ETH_LIKE.has(leg.symbol)) ofUser.eth += Number(leg.amount_usd);
		debts.set(leg.user_address, ofUser);
	}
	return rows('books/aave_v3_eth_top1000_users_2025-12.csv').map((user) => {
		const debt = Number(user.total_debt_usd), collateral = Number(user.total_collateral_usd), health = Number(user.health_factor);
		const legs = debts.get(user.user_address), threshold = (health * debt) / collateral;
		return { debt, collateral, health, threshold, known: debt > 0 && collateral > 0 && health > 0, legs, ethShare: legs ? legs.eth / legs.all : NaN };
	});
}
// All collateral taken for ETH, all debt for dollars; who owes ETH against it (or reads as liquidatable, which nobody would have left alone) left out.
const plainBook = (name, takeAll) =>
	loans(name, borrowers().filter((b) => b.known && (takeAll || (b.health >= 1 && b.ethShare <= 0.5))).map((b) => ['ETH', b.collateral / ETH_PRICE, b.debt, b.threshold]));

// E-modes as Aave's proposals list them: ETH correlated 95 %, 1 % (governance.aave.com/t/21739, 8 April 2025: “95.00% elsewhere”; rsETH/wstETH is the same);
// USDe Stablecoin 93 %, 2 % (bgd-labs/aave-proposals-v3, diff of 3 December 2025). USDe's and sUSDe's own threshold is 75 %.
const EMODES = '{ETH: {collateral: [ETH], debt: [ETH], liquidation_threshold: 0.95, bonus: 0.01}, USDe: {collateral: [USDe], debt: [USD], liquidation_threshold: 0.93, bonus: 0.02}}';
const isLoop = (b) => b.known && b.ethShare > 0.99;
const isDollars = (b) => b.known && !isLoop(b) && b.health < 1 && Math.abs(b.threshold - 0.75) < 0.005 && 0.93 * b.collateral >= b.debt;
function emodeBook(name) {
	const lines = ['account,asset,collateral,debt,debt_asset,liquidation_threshold,emode'], kinds = { loops: [0, 0], dollars: [0, 0], others: [0, 0], unknown: [0, 0] };
	let taken = 0, debt = 0;
	for (const [i, b] of borrowers().entries()) {
		const kind = isLoop(b) ? 'loops' : isDollars(b) ? 'dollars' : b.known && b.health >= 1 ? 'others' : 'unknown';
		kinds[kind][0]++;
		kinds[kind][1] += b.debt;
		if (kind === 'unknown') continue;
		taken++;
		debt += b.debt;
		if (kind === 'loops') lines.push([i, 'ETH', b.collateral / ETH_PRICE, b.debt / ETH_PRICE, 'ETH', '', 'ETH'].join(','));
		else if (kind === 'dollars') lines.push([i, 'USDe', b.collateral, b.debt, '', '', 'USDe'].join(','));
		else {
			const eth = (b.ethShare || 0) * b.debt; // whose debts are not in the file is taken to owe dollars
			lines.push([i, 'ETH', b.collateral / ETH_PRICE, b.debt - eth, '', b.threshold, ''].join(','));
			if (eth > 0) lines.push([i, '', '', eth / ETH_PRICE, 'ETH', '', ''].join(','));
		}
	}
	console.error(`${name}: ${Object.entries(kinds).map(([kind, [n, sum]]) => `${n} ${kind} (${(sum / 1e6).toFixed(0)} m)`).join(', ')}`);
	return asBook(name, lines, taken, debt);
}
const onCrash = (name, title, book, more) => () => ({
	title: `Aave's largest borrowers of December 2025 on 12 March 2020, ${title}`, asset: 'ETH', price: ETH_PRICE, horizon: '23h',
	tape: write(`${name}.csv`, bars('2020-03-12')), book: book(name), bonus: 0.05, oracle: '{policy: deviation, deviation: 0.005, heartbeat: 1h}',
	liquidity: ['  ETH: {type: pool, reserve: 2000000, recovery: 10m}'], ...more,
});
EVENTS.aave = onCrash('aave', 'without who owes ETH or reads as liquidatable', (name) => plainBook(name, false));
EVENTS['aave-emode'] = onCrash('aave-emode', 'in e-modes, owing what they owe', emodeBook, {
	more: () => [`  USDe: {price: 1, process: {type: tape, csv: "${write('one.csv', ['time_s,price', '0,1', '90000,1'])}"}}`], engine: `, reserves: {USDe: {bonus: 0.02}}, emodes: ${EMODES}`,
});
EVENTS['aave-trap'] = onCrash('aave-trap', 'every row as it reads', (name) => plainBook(name, true), { variants: 1 });
// Those that owe ETH, on the days of June 2022 on which stETH was worth 0.935 ETH, as they would fare did Aave's oracle look at the market. Money is in ETH; the feed reports once a day.
EVENTS.steth = () => {
	const rounds = rows('chainlink/rounds_steth_eth.csv').map((round) => [Number(round.updated_at), Number(round.answer) / 1e18]), start = Date.parse('2022-06-09T17:41:53Z') / 1000;
	const list = borrowers().filter((b) => isLoop(b)).map((b) => ['stETH', b.collateral / ETH_PRICE, b.debt / ETH_PRICE, 0.95]);
	return {
		title: 'Those of them who owe ETH, 9–20 June 2022, were staked ether priced by its market', asset: 'stETH', price: 1, horizon: '250h', unit: 'ETH',
		tape: write('steth.csv', ['time_s,price', ...rounds.filter(([time]) => time >= start && time <= start + 11 * 86400).map((round) => round.join(','))]),
		book: loans('steth', list), bonus: 0.01, oracle: '{policy: every-block}', liquidity: ['  stETH: {type: pool, reserve: 2000000, recovery: 10m}'],
		keepers: '{count: 4, capital: 2000, min_profit: 0.01}', variants: VARIANTS.length,
	};
};
for (const day of new Set(rows('tapes/eth_usd_10m_7crash_days.csv').map((bar) => bar.period_start.slice(0, 10)))) EVENTS[day] = () => crashDay(day);

/* ---- one table ---- */

function model(event, change, name) {
	const now = { ...event, ...change }, delays = change.delays ?? DELAYS;
	const lines = [
		'seed: 7', 'paths: 16', `horizon: ${now.horizon}`, 'step: 12s', 'assets:',
		`  ${now.asset}: {${now.price ? `price: ${now.price}, ` : ''}process: {type: tape, csv: "${now.tape}"${now.start ? `, start: ${now.start}` : ''}}}`,
		...(now.more?.() ?? []), `book: {csv: "${now.book.file}"}`, `engine: {type: aave-v3, bonus: ${now.bonus}, protocol_fee: 0.1${now.engine ?? ''}}`, `oracle: ${now.oracle}`,
		'delay:', ...Object.entries(delays).map(([stage, law]) => `  ${stage}: ${law}`), `keepers: ${now.keepers ?? '{count: 4, capital: 5000000, min_profit: 20}'}`,
	];

	if (now.liquidity.length) lines.push('liquidity:', `  feedback: ${now.feedback ?? false}`, ...now.liquidity);
	if (now.network) lines.push(`network: ${now.network}`);
	if (now.controls?.length) lines.push('controls:', ...now.controls);
	write(name, lines);
	try {
		return JSON.parse(execFileSync(pricelag, ['model', '-c', path.join(dir, name), '--json'], { cwd: dir, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
	} catch (error) {
		if (error.status !== 3) throw new Error(`${name}: ${error.stderr}`);
		return JSON.parse(error.stdout);
	}
}

const share = (value, of) => (value < of * 1e-7 ? '0' : `${Number(((100 * value) / of).toPrecision(3))} %`);
console.log(`| | accounts, debt | ${VARIANTS.map(([title]) => title).join(' | ')} |`);
console.log(`|---|---|${'---|'.repeat(VARIANTS.length)}`);
for (const name of names.length ? names : Object.keys(EVENTS)) {
	const event = EVENTS[name](), { accounts, debt } = event.book;
	const cells = VARIANTS.map(([, change], i) => {
		if (i >= (event.variants ?? VARIANTS.length)) return '';
		const { bad_debt: bad, liquidations } = model(event, change, `${name}.${i}.yaml`);
		return `${share(bad.mean, debt)}; ${share(liquidations.value_mean, debt)}`;
	});
	console.log(`| ${[event.title, `${accounts}, ${(debt / 1e6).toPrecision(3)} m${event.unit ? ` ${event.unit}` : ''}`, ...cells].join(' | ')} |`);
}
