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

// A hundred loans with healths from 1.005 to 1.5, as many units of collateral each.
function ladder(name, asset, units, price, threshold) {
	const lines = ['asset,collateral,debt,liquidation_threshold'];
	for (let i = 0; i < 100; i++) lines.push([asset, units, (units * price * threshold) / (1.005 + 0.005 * i), threshold].join(','));
	return write(`${name}.book.csv`, lines);
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
// The largest borrowers of Aave v3 in December 2025 on the way of a crash day. The file knows totals and a health without e-mode: all
// collateral is taken for ETH, and who owes ETH against it (or reads as liquidatable, which nobody would have left alone) is left out.
const ETH_LIKE = new Set(['WETH', 'wstETH', 'weETH', 'rsETH', 'ezETH', 'osETH', 'ETHx', 'rETH', 'cbETH']);
function aaveBook(name, takeAll) {
	const price = 2824.93892778, debts = new Map(), lines = ['asset,collateral,debt,liquidation_threshold'];
	for (const leg of rows('books/aave_v3_eth_top1000_debt_positions_2025-12.csv')) {
		const ofUser = debts.get(leg.user_address) ?? { eth: 0, all: 0 };
		ofUser.all += Number(leg.amount_usd);
		if (ETH_LIKE.has(leg.symbol)) ofUser.eth += Number(leg.amount_usd);
		debts.set(leg.user_address, ofUser);
	}
	for (const user of rows('books/aave_v3_eth_top1000_users_2025-12.csv')) {
		const debt = Number(user.total_debt_usd), collateral = Number(user.total_collateral_usd), health = Number(user.health_factor);
		const legs = debts.get(user.user_address), isLoop = !legs || legs.eth > legs.all / 2;
		if (debt > 0 && collateral > 0 && health > 0 && (takeAll || (health >= 1 && !isLoop))) lines.push(['ETH', collateral / price, debt, (health * debt) / collateral].join(','));
	}
	return write(`${name}.book.csv`, lines);
}
for (const [name, title, takeAll] of [['aave', 'without who owes ETH or reads as liquidatable', false], ['aave-trap', 'every row as it reads', true]])
	EVENTS[name] = () => ({
		title: `Aave's largest borrowers of December 2025 on 12 March 2020, ${title}`, asset: 'ETH', price: 2824.93892778, horizon: '23h',
		tape: write(`${name}.csv`, bars('2020-03-12')), book: aaveBook(name, takeAll), bonus: 0.05, oracle: '{policy: deviation, deviation: 0.005, heartbeat: 1h}',
		liquidity: ['  ETH: {type: pool, reserve: 2000000, recovery: 10m}'], variants: takeAll ? 1 : VARIANTS.length,
	});
for (const day of new Set(rows('tapes/eth_usd_10m_7crash_days.csv').map((bar) => bar.period_start.slice(0, 10)))) EVENTS[day] = () => crashDay(day);

/* ---- one table ---- */

function model(event, change, name) {
	const now = { ...event, ...change }, delays = change.delays ?? DELAYS;
	const lines = [
		'seed: 7', 'paths: 16', `horizon: ${now.horizon}`, 'step: 12s', 'assets:',
		`  ${now.asset}: {${now.price ? `price: ${now.price}, ` : ''}process: {type: tape, csv: "${now.tape}"${now.start ? `, start: ${now.start}` : ''}}}`,
		`book: {csv: "${now.book}"}`, `engine: {type: aave-v3, bonus: ${now.bonus}, protocol_fee: 0.1}`, `oracle: ${now.oracle}`,
		'delay:', ...Object.entries(delays).map(([stage, law]) => `  ${stage}: ${law}`), 'keepers: {count: 4, capital: 5000000, min_profit: 20}',
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
	const event = EVENTS[name]();
	const book = fs.readFileSync(path.join(dir, event.book), 'utf8').trim().split('\n').slice(1).map((line) => line.split(',').map(Number));
	const debt = book.reduce((sum, account) => sum + account[2], 0);
	const cells = VARIANTS.map(([, change], i) => {
		if (i >= (event.variants ?? VARIANTS.length)) return '';
		const { bad_debt: bad, liquidations } = model(event, change, `${name}.${i}.yaml`);
		return `${share(bad.mean, debt)}; ${share(liquidations.value_mean, debt)}`;
	});
	console.log(`| ${[event.title, `${book.length}, ${(debt / 1e6).toPrecision(3)} m`, ...cells].join(' | ')} |`);
}
