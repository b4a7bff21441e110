// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// What the lab's comparisons share: reading logs, sessions and captures, quantiles, and counting tests.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export function jsonLines(file) {
	return fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

// Rows of a session, by plain sqlite3. Select times as text: they do not fit a double.
export function rows(file, sql) {
	const text = execFileSync('sqlite3', ['-readonly', '-json', file, sql], { encoding: 'utf8', maxBuffer: 1 << 28 });
	return text ? JSON.parse(text) : [];
}

// Messages of a session: {feed, key, wire, stall, app}, times as BigInt or null
export function messages(file) {
	const big = (v) => (v === null ? null : BigInt(v));
	return rows(file, `SELECT f.name AS feed, m.key, m.price, m.mantissa, m.published_ns, CAST(m.wire_mono_ns AS TEXT) AS wire, CAST(m.stall_ns AS TEXT) AS stall,
		CAST(m.app_mono_ns AS TEXT) AS app FROM oracle_message m JOIN feed f ON f.id = m.feed_id ORDER BY m.id`)
		.map((m) => ({ ...m, wire: big(m.wire), stall: big(m.stall), app: big(m.app) }));
}

// A session's clock: CLOCK_MONOTONIC -> UTC, between the two readings around it
export function clock(file) {
	const readings = rows(file, 'SELECT CAST(mono_ns AS TEXT) AS mono, CAST(real_ns AS TEXT) AS real FROM clock ORDER BY mono_ns').map((r) => ({ mono: BigInt(r.mono), real: BigInt(r.real) }));
	return (mono) => {
		const after = readings.findIndex((r) => r.mono >= mono);
		const i = Math.max(1, after < 0 ? readings.length - 1 : after);
		const [a, b] = readings.length > 1 ? [readings[i - 1], readings[i]] : [readings[0], readings[0]];
		if (a === b) return mono - a.mono + a.real;
		return a.real + (mono - a.mono) + BigInt(Math.round(Number(b.real - a.real - (b.mono - a.mono)) * (Number(mono - a.mono) / Number(b.mono - a.mono))));
	};
}

export function losses(file) {
	return rows(file, 'SELECT source, name, count, is_loss FROM loss WHERE count > 0');
}

// Of a capture, by tshark: feed -> key -> UTC ns of the frame that completed the message
export function capture(file, keylog, ports) {
	const KEY = /"(?:seq|publish_time)":(\d+)/;
	const options = ['tls.keylog_file:' + keylog, 'tcp.reassemble_out_of_order:TRUE', 'http.desegment_body:FALSE'];
	const fields = ['frame.time_epoch', 'tcp.srcport', 'text', 'http.file_data', 'udp.dstport', 'udp.payload'];
	const text = execFileSync('tshark', ['-r', file, ...options.flatMap((o) => ['-o', o]), '-Y', 'ip.src == 10.99.1.1 && (websocket || http || (udp && !icmp))',
		'-T', 'fields', '-E', 'aggregator=~', ...fields.flatMap((f) => ['-e', f])], { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] });
	const found = {};
	const add = (feed, key, ns) => {
		found[feed] ??= new Map();
		if (!found[feed].has(key)) found[feed].set(key, ns);
	};
	for (const line of text.split('\n').filter(Boolean)) {
		const [time, source, frames, body, dest, payload] = line.split('\t');
		const [s, fraction] = time.split('.');
		const ns = BigInt(s) * 1000000000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
		if (payload) {
			if (ports[dest]) add(ports[dest], String(Buffer.from(payload, 'hex').readUInt32LE(0)), ns);
			continue;
		}
		for (const piece of `${frames}~${body}`.split('~')) {
			const key = piece.match(KEY);
			if (key && ports[source]) add(ports[source], key[1], ns);
		}
	}
	return found;
}

// Number of frames of a capture that a display filter takes
export function frames(file, filter) {
	return execFileSync('tshark', ['-r', file, '-Y', filter, '-T', 'fields', '-e', 'frame.number'], { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] }).split('\n').length - 1;
}

// Nearest-rank quantile of numbers
export function quantile(values, q) {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

export const us = (ns) => `${(ns / 1000).toFixed(1)} µs`;
export const spread = (values) => `p50 ${us(quantile(values, 0.5))}, p99 ${us(quantile(values, 0.99))}, max ${us(quantile(values, 1))}, n ${values.length}`;

const counts = { passed: 0, failed: 0, skipped: 0 };
export function check(ok, text) {
	counts[ok ? 'passed' : 'failed'] += 1;
	console.log(`${ok ? 'ok  ' : 'FAIL'}  ${text}`);
}

export function skip(text, reason) {
	counts.skipped += 1;
	console.log(`skip  ${text}: ${reason}`);
}

// Times against other processes' clocks. What the product promises (limits: quantile -> ns) is judged where the machine is
// quiet, which only its user knows: PRICELAG_STRICT=1. Elsewhere those processes wait for a processor between taking the time
// and acting, and only a median that is wrong by far, as a mapping to a wrong packet would make it, fails.
const STRICT = process.env.PRICELAG_STRICT === '1';
const BY_FAR = 10;
export function checkTimes(values, limits, text) {
	const beyond = Object.entries(limits).filter(([q, limit]) => !(quantile(values, Number(q)) <= limit));
	const said = beyond.length ? `; beyond ${beyond.map(([q, limit]) => `${us(limit)} at p${q * 100}`).join(' and ')} (load ${os.loadavg()[0].toFixed(1)})` : '';
	check(values.length > 0 && (STRICT ? !beyond.length : quantile(values, 0.5) <= BY_FAR * limits[0.5]), `${text} ${values.length ? spread(values) : 'nothing to compare'}${said}`);
}

export function closingLine() {
	console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
	process.exit(counts.failed ? 1 : 0);
}

export const sessionOf = (dir) => path.join(dir, 'session.db');
