// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Random accounts and what happens to them, from a seed: the same in every run.
import { EMODES, RESERVES, toPrice, toUnits } from './pools.mjs';

const MAX = 2n ** 256n - 1n;

// mulberry32
export function randomFrom(seed) {
	let state = seed >>> 0;
	const unit = () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
	const between = (low, high) => low + (high - low) * unit();
	const chance = (p) => unit() < p;
	const pick = (list) => list[Math.floor(unit() * list.length)];
	const some = (list, most) => {
		const rest = [...list], taken = [];
		for (let n = 1 + Math.floor(unit() * most); n > 0 && rest.length; n--) taken.push(...rest.splice(Math.floor(unit() * rest.length), 1));
		return taken;
	};
	return { unit, between, chance, pick, some };
}

const inEMode = (emode, r) => emode !== 0 && RESERVES[r].emode === emode;

// {emode, supplies: [{reserve, value, collateral}], debts: [{reserve, value}]}: reserves by number, values at the first prices
export function account(random) {
	const all = RESERVES.map((_, i) => i);
	const emode = random.chance(0.3) ? random.pick([1, 2]) : 0;
	const members = all.filter((r) => inEMode(emode, r));
	const held = emode ? [...new Set([...random.some(members, members.length), ...(random.chance(0.6) ? random.some(all, 2) : [])])] : random.some(all, 3);
	const size = Math.exp(random.between(Math.log(400), Math.log(3e6)));
	const weights = held.map(() => random.between(0.1, 1)), total = weights.reduce((a, b) => a + b);
	const supplies = held.map((reserve, i) => ({ reserve, value: size * weights[i] / total, collateral: i === 0 || random.chance(0.9) }));
	const open = emode ? members : all, others = open.filter((r) => !held.includes(r));
	const borrowed = random.some(others.length && random.chance(0.8) ? others : open, 3);
	const limit = supplies.filter((s) => s.collateral).reduce((sum, s) => sum + s.value * (inEMode(emode, s.reserve) ? EMODES[emode].ltv : RESERVES[s.reserve].ltv), 0) / 10000;
	const parts = borrowed.map(() => random.between(0.1, 1)), sum = parts.reduce((a, b) => a + b), use = random.between(0.9, 0.998);
	const debts = borrowed.map((reserve, i) => ({ reserve, value: limit * use * parts[i] / sum }));
	return { emode, supplies, debts };
}

// Prices at which the account's health would be near `wanted`, as the pool takes them: {prices, category}
export function move(random, { emode, supplies, debts }, ownPriceOfCategory, wanted) {
	const noise = RESERVES.map(() => random.between(0.99, 1.01)), category = random.between(0.995, 1.005);
	const held = new Set(supplies.map((s) => s.reserve));
	const price = (r, factor) => RESERVES[r].price * noise[r] * (held.has(r) ? factor : 1);
	const seen = (r, factor) => (ownPriceOfCategory && emode === 2 && inEMode(2, r) ? category * (held.has(r) && !debts.some((d) => RESERVES[d.reserve].emode === 2) ? factor : 1) : price(r, factor));
	const worth = ({ reserve, value }, factor) => value / RESERVES[reserve].price * seen(reserve, factor);
	const health = (factor) => supplies.filter((s) => s.collateral).reduce((sum, s) => sum + worth(s, factor) * (inEMode(emode, s.reserve) ? EMODES[emode].threshold : RESERVES[s.reserve].threshold) / 10000, 0) /
		debts.reduce((sum, d) => sum + worth(d, factor), 0);
	let [low, high] = [0.01, 3];
	for (let i = 0; i < 40; i++) {
		const middle = (low + high) / 2;
		if (health(middle) < wanted) low = middle; else high = middle;
	}
	return { prices: RESERVES.map((_, r) => toPrice(price(r, low))), category: toPrice(category) };
}

export function wantedHealth(random) {
	const [low, high] = random.pick([[0.951, 1], [0.951, 1], [0.951, 1], [0.951, 1], [0.8, 0.95], [0.8, 0.95], [0.5, 0.9], [0.3, 0.8], [0.3, 0.8], [0.99, 1.03]]);
	return random.between(low, high);
}

// {collateral, debt, cover}
export function liquidation(random, { supplies, debts }) {
	const wrong = random.chance(0.03);
	const collateral = wrong ? Math.floor(random.unit() * RESERVES.length) : random.pick(supplies.filter((s) => s.collateral)).reserve;
	const { reserve: debt, value } = random.pick(debts);
	const kind = random.unit();
	const cover = kind < 0.65 ? MAX : kind < 0.97 ? toUnits(RESERVES[debt], value / RESERVES[debt].price * random.between(0.01, 1)) : BigInt(1 + Math.floor(3 * random.unit()));
	return { collateral, debt: wrong && random.chance(0.5) ? Math.floor(random.unit() * RESERVES.length) : debt, cover };
}
