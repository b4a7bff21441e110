// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What a demo left: whole files, documents that parse, and a page that is complete in itself and says what they say.
// usage: node demo.mjs OUT DIR     (OUT: the demo's folder; DIR: demo.log, COMMAND.json about its session, perhaps drawn.html)
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { check, closingLine, rows } from './common.mjs';

const [out, dir] = process.argv.slice(2);
const text = (...names) => fs.readFileSync(path.join(...names), 'utf8');
const session = path.join(out, 'session.db');
const page = text(out, 'report.html');

// ---- files ----------------------------------------------------------------------------------------------------------------
const said = text(dir, 'demo.log');
check(said.trimEnd().split('\n').at(-1).includes(`done. Open ${path.resolve(out, 'report.html')} in a browser`), 'the demo ends with where its report is');
check(rows(session, 'PRAGMA integrity_check')[0].integrity_check === 'ok', 'its session is whole');

function parsed(...names) {
	try { return JSON.parse(text(...names)); } catch (error) { return { schema: `${error}` }; }
}
const commands = ['latency', 'race', 'window', 'leadlag', 'blocks'];
const documents = Object.fromEntries(commands.map((name) => [name, parsed(dir, `${name}.json`)]));
documents.model = parsed(out, 'model.json');
for (const [name, document] of Object.entries(documents)) check(document.schema === `pricelag.${name}/1`, `${name}: one document, ${document.schema}`);
const { latencies } = documents.latency;

// ---- what the lab does is there ---------------------------------------------------------------------------------------------
const FEEDS = { 'eth-udp': ['sent', 'seen'], 'eth-ws': ['app', 'sent', 'seen'], 'btc-wss': ['app', 'seen'], 'btc-sse': ['app', 'seen'] };
for (const [feed, stages] of Object.entries(FEEDS)) {
	const counts = stages.map((to) => latencies.find((l) => l.feed === feed && l.from === 'wire' && l.to === to)?.count ?? 0);
	check(counts.every((n) => n > 0), `${feed}: ${stages.map((to, i) => `${counts[i]} from wire to ${to}`).join(', ')}`);
}

// ---- the page is complete in itself -----------------------------------------------------------------------------------------
const sha256 = (what) => `'sha256-${createHash('sha256').update(what).digest('base64')}'`;
const parts = (tag) => [...page.matchAll(new RegExp(`<${tag}>(.*?)</${tag}>`, 'gs'))].map(([, inside]) => inside);
const policy = page.match(/<meta http-equiv="Content-Security-Policy" content="([^"]*)">/)?.[1] ?? '';
check(policy.startsWith("default-src 'none';") && ['script', 'style'].every((tag) => parts(tag).length === 2 && parts(tag).every((part) => policy.includes(sha256(part)))),
	'report: its policy lets nothing in but the two scripts and two styles that it carries');
const markup = page.replace(/<(script|style)[^>]*>.*?<\/\1>/gs, '');
const references = [...markup.matchAll(/\s(?:src|srcset|href|data|action|poster|style)="([^"]*)"/g)].map(([, to]) => to);
const ids = new Set([...markup.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id));
const outside = [...references.filter((to) => !to.startsWith('#')), ...parts('style').join('').match(/url\(|@import/g) ?? []];
const dangling = references.filter((to) => to.startsWith('#') && !ids.has(to.slice(1)));
check(references.length > 0 && !outside.length && !dangling.length, `report: ${references.length} references, all inside the page ${[...outside, ...dangling].join(' ')}`);

const open = [];
const unpaired = [...markup.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)].filter(([, end, tag, single]) => {
	if (single || tag === 'meta') return false;
	if (!end) return open.push(tag) < 0;
	return open.pop() !== tag;
});
check(!unpaired.length && !open.length, `report: every element is closed where it has to be ${[...unpaired.map(([tag]) => tag), ...open].join(' ')}`);

const SECTIONS = ['window', 'stages', 'timeline', 'race', 'model', 'losses', 'clock', 'chain', 'about'];
const sections = [...markup.matchAll(/<section id="([^"]*)"><h2>[^<]/g)].map(([, id]) => id);
const links = [...markup.match(/<nav.*?<\/nav>/s)[0].matchAll(/href="#([^"]*)"/g)].map(([, id]) => id);
check(String(sections) === String(SECTIONS) && String(links) === String(SECTIONS), `report: sections ${sections.join(' ')}`);

const plots = JSON.parse(page.match(/<script type="application\/json" id="data">(.*?)<\/script>/s)[1]).plots;
const figures = [...markup.matchAll(/data-plot="(\d+)"/g)].map(([, i]) => Number(i));
check(plots.length > 0 && String(figures) === String([...plots.keys()]), `report: a figure for each of ${plots.length} plots`);
if (fs.existsSync(path.join(dir, 'drawn.html'))) {
	const canvases = text(dir, 'drawn.html').match(/<canvas/g)?.length ?? 0;
	check(canvases === plots.length, `report in a browser: ${canvases} of ${plots.length} plots are drawn`);
}

// ---- the page says what the documents say -----------------------------------------------------------------------------------
const NS = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9, min: 60e9, h: 3600e9, d: 86400e9 };
const plain = (cell) => cell.replace(/<[^>]*>/g, '');
const tables = (from) => [...from.matchAll(/<table>(.*?)<\/table>/gs)].map(([, table]) =>
	[...table.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row]) => [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/gs)].map(([, cell]) => plain(cell))));
// A cell has three digits of a duration, four of another number
const near = (shown, value, digits) => Math.abs(shown - value) <= 0.5001 * Math.abs(value) * 10 ** (1 - digits);
function saysDuration(cell, ns) {
	if (ns === null) return cell === '–';
	const [, number, unit] = cell.match(/^(-?[\d.]+) (\S+)$/) ?? [];
	return unit in NS && near(Number(number) * NS[unit], ns, 3);
}

const stages = new Map((markup.match(/<section id="stages">.*?<\/section>/s)?.[0] ?? '').split(/<h3 id="/).slice(1).map((part) => [part.match(/^[^"]*/)[0], tables(part).at(-1)]));
let [compared, differing] = [0, []];
for (const l of latencies) {
	const [names, ...lines] = stages.get(`${l.from}-${l.to}`) ?? [[]];
	const line = lines.find(([feed, asset]) => feed === l.feed && asset === l.asset) ?? [];
	const cell = (name) => line[names.indexOf(name)] ?? '';
	for (const [name, ns] of Object.entries({ min: l.min_ns, p50: l.p50_ns, p90: l.p90_ns, p99: l.p99_ns, 'p99.9': l.p999_ns, max: l.max_ns, mean: l.mean_ns })) {
		compared += 1;
		if (!saysDuration(cell(name), ns)) differing.push(`${l.feed} ${l.from}-${l.to} ${name}: '${cell(name)}' for ${ns}`);
	}
	for (const [name, count] of Object.entries({ updates: l.count, 'still open': l.censored })) {
		compared += 1;
		if (cell(name) !== String(count)) differing.push(`${l.feed} ${l.from}-${l.to} ${name}: '${cell(name)}' for ${count}`);
	}
}
const shown = [...stages.values()].reduce((sum, table) => sum + table.length - 1, 0);
check(compared > 0 && !differing.length && shown === latencies.length, `report: ${compared} figures of ${shown} lines are those of latency --json ${differing.join('; ')}`);

const best = latencies.filter((l) => l.from === 'wire' && l.to === 'seen' && l.p50_ns !== null).reduce((a, b) => (b.count > a.count ? b : a));
const [, asset, headline] = markup.match(/<h1>(\S+) was known here (.*) before the chain had it<\/h1>/) ?? [];
check(asset === best.asset && saysDuration(headline, best.p50_ns), `report: its headline, ${headline} for ${asset}, is the median from wire to seen`);

const heard = rows(session, 'SELECT (SELECT count(*) FROM feed) AS feeds, (SELECT count(*) FROM oracle_message) AS messages')[0];
check(markup.includes(`<dd>${heard.feeds} feeds, ${heard.messages} messages</dd>`), `report: ${heard.messages} messages of ${heard.feeds} feeds were heard`);

const { model } = documents;
const answers = new Map(tables(markup.match(/<section id="model">.*?<\/section>/s)?.[0] ?? '').flat().map(([name, value]) => [name, value]));
for (const [name, value] of [['bad debt, mean', model.bad_debt?.mean], ['value at risk 99 %', model.bad_debt?.var99], ['liquidations, mean count', model.liquidations?.count_mean]])
	check(value > 0 && near(Number(answers.get(name)), value, 4), `report: ${name} ${answers.get(name)}, as in model.json`);
closingLine();
