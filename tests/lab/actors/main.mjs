// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Starts the lab's actors in the namespaces of scripts/lab and ends them on SIGTERM, or when one of them dies.
// usage: node main.mjs DIR [name=value…]     DIR (existing, empty) takes certificates, logs, site.yaml, and `ready` when all runs
import { spawn, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PORTS } from './common.mjs';
import { siteYaml } from './site.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const dir = path.resolve(process.argv[2]);
const suffix = process.env.PRICELAG_LAB ? `-${process.env.PRICELAG_LAB}` : '';
const config = {
	dir,
	seed: 7,
	rate: 5, // ETH/USD rounds a second
	tls: 'TLSv1.3',
	stress: false, // bursts of messages of many sizes
	chain: true, // false: the venue alone
	vendors: false, // servers of the oracles' own formats; with a chain their prices are posted on it too
	clients: true, // of the vendors' own, beside those servers
	carried: false, // the recorder looks into transactions, fetched and pending
	fault: '', // program that drops and reorders the venue's packets (tests/lab/fault.c)
	relay: { median_ms: 120, sigma: 0.5 },
	keeper: { median_ms: 15, sigma: 0.4 },
	addresses: { venue: '10.99.1.1', node: '10.99.1.2', chain: '10.99.2.1' },
};
for (const option of process.argv.slice(3)) {
	const [name, value] = option.split(/=(.*)/s);
	if (!(name in config) || typeof config[name] === 'object') throw new Error(`no setting '${name}'`);
	config[name] = typeof config[name] === 'string' ? value : JSON.parse(value);
}

const children = [];
let stopping = false;
function stop(status) {
	if (stopping) return;
	stopping = true;
	for (const child of children) child.kill('SIGTERM');
	setTimeout(() => children.forEach((child) => child.kill('SIGKILL')), 2000).unref();
	const alive = () => children.some((child) => child.exitCode === null && child.signalCode === null);
	const wait = setInterval(() => {
		if (alive()) return;
		clearInterval(wait);
		process.exit(status);
	}, 20);
}
process.on('SIGTERM', () => stop(0)).on('SIGINT', () => stop(0));

// start(place, name, command): resolves when the child says `ready` (at once where it never does). It dies with us.
function start(place, name, command, says_ready, env = {}) {
	if (stopping) return new Promise(() => {});
	const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'nsenter', `--net=/run/netns/pl-${place}${suffix}`, ...command], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
	children.push(child);
	return new Promise((done) => {
		if (!says_ready) done(child);
		child.stdout.on('data', (text) => { if (String(text).includes('ready')) done(child); });
		child.on('error', (error) => { console.error(`${name}: ${error.message}`); stop(1); });
		child.on('exit', (code, signal) => {
			if (!stopping) console.error(`${name} ended (${signal ?? `status ${code}`})`);
			stop(1);
		});
	});
}
const actor = (place, name, env) => start(place, name, [process.execPath, path.join(here, `${name}.mjs`), path.join(dir, 'lab.json')], true, env);

// A certificate authority of the lab's own; the venue's certificate is for its address.
function certificates() {
	const openssl = (...args) => execFileSync('openssl', args, { cwd: dir, stdio: ['ignore', 'ignore', 'pipe'] });
	const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
	openssl('req', '-x509', ...key, '-keyout', 'ca.key', '-out', 'ca.crt', '-days', '2', '-subj', '/CN=pricelag lab CA');
	openssl('req', ...key, '-keyout', 'venue.key', '-out', 'venue.csr', '-subj', '/CN=pricelag lab venue');
	fs.writeFileSync(path.join(dir, 'venue.ext'), `subjectAltName=IP:${config.addresses.venue}\n`);
	openssl('x509', '-req', '-in', 'venue.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'venue.crt', '-days', '2', '-extfile', 'venue.ext');
}

// In the chain's namespace, as an actor that ends when it is done.
async function deploy() {
	const out = path.join(dir, 'contracts.json');
	const child = spawn('setpriv', ['--pdeathsig', 'TERM', 'nsenter', `--net=/run/netns/pl-chain${suffix}`, process.execPath,
		path.join(here, 'contracts.mjs'), `http://${config.addresses.chain}:${PORTS.chain}`, out], { stdio: ['ignore', 'ignore', 'inherit'] });
	children.push(child);
	const status = await new Promise((done) => child.on('exit', done));
	children.splice(children.indexOf(child), 1);
	if (status !== 0) {
		stop(1);
		return new Promise(() => {});
	}
	return JSON.parse(fs.readFileSync(out));
}

certificates();
if (config.chain) {
	const anvil = path.join(here, '../node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil');
	await start('chain', 'anvil', [anvil, '--host', config.addresses.chain, '--port', String(PORTS.chain), '--quiet']);
	config.contracts = await deploy();
}
fs.writeFileSync(path.join(dir, 'lab.json'), JSON.stringify(config));
fs.writeFileSync(path.join(dir, 'site.yaml'), siteYaml(config));
if (config.fault) await start('venue', 'fault', [config.fault, 'node0', config.addresses.node, String(config.seed), path.join(dir, 'fault.json')], true);
await actor('venue', 'publisher');
if (config.vendors) {
	await actor('venue', 'vendors');
	if (config.clients) await actor('node', 'vendor_clients', { NODE_EXTRA_CA_CERTS: path.join(dir, 'ca.crt') });
}
if (config.chain) await Promise.all([actor('chain', 'relayer'), actor('node', 'second'), actor('node', 'keeper')]);
fs.writeFileSync(path.join(dir, 'ready'), `${process.pid}\n`);
