// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* site.yaml: what is read from a good file, and what is said about each mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cmd/site.h"

static int load(const char *text, struct site *site, struct error *err)
{
	char path[] = "/tmp/pl-site-XXXXXX";
	int fd = mkstemp(path), status;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	status = site_load(site, path, err);
	unlink(path);
	return status;
}

static const char full[] =
	"site: fra1-a\n"
	"interface: [eth0, {name: lo, hook: xdp-generic}]\n"
	"hook: tc\n"
	"feeds:\n"
	"  - name: turbine\n"
	"    role: block\n"
	"    match: {udp: [8001, 8010-8020], source: 10.0.0.0/8}\n"
	"    decode: {type: solana-shred, shred_version: 50093, packets: all, payload: true,\n"
	"             watch: [{name: votes, program: Vote111111111111111111111111111111111111111}]}\n"
	"  - name: hermes\n"
	"    role: oracle\n"
	"    connect: wss://host/ws\n"
	"    compression: deflate\n"
	"    auth: {type: chainlink-hmac, id: \"${PL_TEST_KEY}\", secret: \"x${PL_TEST_KEY}\"}\n"
	"    headers: {X-Api-Key: \"Bearer ${PL_TEST_KEY}\"}\n"
	"    send: ['{\"type\":\"subscribe\"}']\n"
	"    decode: {type: pyth-hermes}\n"
	"    assets: {ETH/USD: \"0xFF61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace\"}\n"
	"  - name: cme\n"
	"    role: oracle\n"
	"    match: {udp: 14310, group: 224.0.31.1}\n"
	"    decode: {type: fields, key: u32le@0, published: {at: u64le@4, unit: ns}}\n"
	"chains:\n"
	"  - {name: provider, network: ethereum, rpc: 'wss://node/ws'}\n"
	"  - name: ethereum\n"
	"    rpc: ws://127.0.0.1:8545\n"
	"    oracles:\n"
	"      - {asset: ETH/USD, type: pyth-evm, address: \"0x4305FB66699C3B2702D4d05CF36551390A4c69C6\"}\n"
	"keeper: {match: {tcp: 8545, remote: 10.0.0.2}, after: seen, assets: [ETH/USD, BTC/USD]}\n";

static void reads_a_full_file(void **state)
{
	struct site site;
	struct error err;

	(void)state;
	setenv("PL_TEST_KEY", "sesame", 1);
	if (load(full, &site, &err))
		fail_msg("%s", err.text);
	assert_string_equal(site.name, "fra1-a");
	assert_int_equal(site.interface_count, 2);
	assert_int_equal(site.interfaces[0].hook, TAP_TC);
	assert_int_equal(site.interfaces[1].hook, TAP_XDP_GENERIC);
	assert_int_equal(site.feed_count, 3);
	assert_int_equal(site.feeds[0].action, PL_ACTION_SHRED_PAYLOAD);
	assert_true(site.collect[0].each_packet && site.collect[0].payload);
	assert_int_equal(site.collect[0].watch_count, 1);
	assert_true(site.collect[0].watches[0].has_program && !site.collect[0].watches[0].has_account);
	assert_int_equal(site.collect[0].watches[0].program[0], 7);
	assert_int_equal(site.feeds[0].shred_version, 50093);
	assert_int_equal(site.feeds[0].match_count, 2);
	assert_int_equal(site.feeds[0].matches[1].port_low, 8010);
	assert_int_equal(site.feeds[0].matches[1].port_high, 8020);
	assert_true(site.feeds[0].matches[1].source.set);
	assert_string_equal(site.feeds[1].headers[0].value, "Bearer sesame");
	assert_true(site.feeds[1].deflate);
	assert_string_equal(site.feeds[1].auth_id, "sesame");
	assert_string_equal(site.feeds[1].auth_secret, "xsesame");
	assert_string_equal(site.collect[1].transport, "wss");
	assert_string_equal(site.collect[1].assets[0].id, "ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace");
	assert_int_equal(site.feeds[2].action, PL_ACTION_DATAGRAM);
	assert_true(site.collect[2].decode.field_published.set);
	assert_int_equal(site.feeds[2].matches[0].capture, 12); /* no field reaches further */
	assert_int_equal(site.feeds[0].matches[0].capture, 0);
	assert_int_equal(site.collect[2].decode.published_unit, TIME_UNIT_NS);
	assert_string_equal(site.chains[0].network, "ethereum");
	assert_string_equal(site.chains[1].network, "ethereum"); /* where none is given: its name */
	assert_string_equal(site.chains[1].oracles[0].id, site.collect[1].assets[0].id);
	assert_int_equal(site.chains[1].oracles[0].address[0], 0x43);
	assert_int_equal(site.keeper_match_count, 1);
	assert_int_equal(site.keeper_after, KEEPER_AFTER_SEEN);
	assert_string_equal(site.keeper_assets, "ETH/USD,BTC/USD");
	site_free(&site);
}

static void reads_a_solana_chain(void **state)
{
	static const struct {
		const char *rpc, *http;
	} derived[] = {
		{"ws://127.0.0.1:8900", "http://127.0.0.1:8899"},
		{"wss://host/?api-key=a:1", "https://host/?api-key=a:1"},
		{"wss://host:444/x", "https://host:443/x"},
		{"ws://[::1]:8900/", "http://[::1]:8899/"},
		{"ws://[::1]/", "http://[::1]/"},
	};
	struct site site;
	struct error err = {""};
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++) {
		snprintf(text, sizeof(text),
			 "site: x\ninterface: eth0\nchains:\n  - name: sol\n    rpc: '%s'\n    oracles:\n"
			 "      - {asset: SOL/USD, type: pyth-price-update-v2, account: 7AviUf9nL62mcxNbQGKm4nKDQnPjswo6c5MX4D57HmyE}\n", derived[i].rpc);
		if (load(text, &site, &err))
			fail_msg("%s", err.text);
		assert_int_equal(site.chains[0].type, CHAIN_SOLANA);
		assert_string_equal(site.chains[0].http, derived[i].http);
		assert_int_equal(site.chains[0].oracles[0].account[0], 0x5b);
		site_free(&site);
	}
	assert_int_equal(load("site: x\ninterface: eth0\nchains: [{name: sol, type: solana, rpc: 'ws://a:8900', http: 'https://b/${PL_TEST_KEY}'}]\n",
			      &site, &err), 0);
	assert_string_equal(site.chains[0].http, "https://b/sesame");
	site_free(&site);
}

#define HEAD "site: x\ninterface: eth0\n"
#define SHREDS HEAD "feeds:\n  - name: a\n    role: block\n    match: {udp: 9}\n    decode: {type: solana-shred, "
#define FEED HEAD "feeds:\n  - name: a\n    role: oracle\n"

struct mistake {
	const char *text, *said;
};

static void each_is_named(const struct mistake *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct site site;
		struct error err = {""};

		if (!load(cases[i].text, &site, &err))
			fail_msg("case %zu passed: %s", i, cases[i].text);
		if (!strstr(err.text, cases[i].said))
			fail_msg("case %zu: expected \"%s\" in \"%s\"", i, cases[i].said, err.text);
	}
}

static void names_each_mistake_of_shreds(void **state)
{
	static const struct mistake cases[] = {
		{SHREDS "packet: all}\n", "unknown key 'packet'; allowed: type, shred_version"},
		{SHREDS "watch: [{name: a, program: x}]}\n", "watch: needs 'payload: true'"},
		{SHREDS "payload: true, watch: {name: a}}\n", "should be a list of 1 to 64 maps"},
		{SHREDS "payload: true, watch: [{program: x}]}\n", "'name' is missing"},
		{SHREDS "payload: true, watch: [{name: a}]}\n", "give the 'program' that is called, an 'account'"},
		{SHREDS "payload: true, watch: [{name: a, account: 0x00}]}\n", "watch[0].account: '0x00' is not base58"},
		{SHREDS "payload: true, watch: [{name: a, program: Vote11111}]}\n", "'Vote11111' is not 32 bytes long"},
		{SHREDS "payload: true, watch: [{name: a, program: Vote111111111111111111111111111111111111111, log: 1}]}\n",
		 "unknown key 'log'; allowed: name, program, account"},
	};

	(void)state;
	each_is_named(cases, sizeof(cases) / sizeof(cases[0]));
}

static void names_each_mistake(void **state)
{
	static const struct mistake cases[] = {
		{HEAD, "nothing to record"},
		{"interface: eth0\n", "'site' is missing"},
		{"site: x\nfeeds: []\n", "'interface' is missing"},
		{HEAD "feeds:\n  - name: a\n    rol: oracle\n", ":4: feeds[0]: 'role' is missing; it is oracle or block (the keys here are name, rol)"},
		{HEAD "hook: fast\n", ":3: hook: 'fast' is not known; allowed: xdp-native, xdp-generic, tc"},
		{HEAD "feedz: []\n", ":3: feedz: unknown key 'feedz'; allowed: site, interface"},
		{FEED "    decode: {type: json}\n", ":4: feeds[0]: give either 'match'"},
		{FEED "    match: {udp: 1}\n    connect: ws://x/\n    decode: {type: json}\n", "give either 'match'"},
		{FEED "    match: {udp: 70000}\n    decode: {type: json}\n", ":6: feeds[0].match.udp: '70000' is not a port"},
		{FEED "    match: {udp: 9-3}\n    decode: {type: json}\n", "'9-3' is not a port"},
		{FEED "    match: {tcp: 9}\n    decode: {type: json}\n", "json comes in UDP packets: match udp; to read it from a connection"},
		{HEAD "feeds:\n  - name: a\n    role: block\n    match: [{tcp: 9}, {udp: 9}]\n    decode: {type: bitcoin-p2p}\n",
		 "feeds[0].match: bitcoin-p2p comes in TCP streams: match tcp"},
		{HEAD "feeds:\n  - name: a\n    role: block\n    connect: ws://x/\n    decode: {type: ethereum-flows}\n", "ethereum-flows needs 'match'"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    connect: ws://x/\n    decode: {type: reads}\n", "reads needs 'match'"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    match: {tcp: 1}\n    decode: {type: reads, each: /x}\n", "each"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    match: {udp: 1, source: 10.0.0.1}\n    decode: {type: reads}\n", "'source' cannot tell its reads apart"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    match: {tcp: 1}\n    decode: {type: reads}\n    assets: {ETH: x}\n", "only the reads are traced"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    match: {tcp: 1}\n    decode: {type: pyth-hermes}\n    plaintext: {process: 1}\n", "library"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    match: {tcp: 1}\n    decode: {type: pyth-hermes}\n    plaintext: {library: libssl.so.3}\n", "is not a full path"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    match: {tcp: 1}\n    decode: {type: reads}\n    plaintext: {library: /x}\n", "needs a decoder of prices"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    match: {udp: 1}\n    decode: {type: pyth-hermes}\n    plaintext: {library: /x}\n", "match tcp"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    connect: wss://x/\n    decode: {type: pyth-hermes}\n    plaintext: {library: /x}\n", "belongs to a feed with 'match'"},
		{HEAD "feeds:\n  - name: a\n    role: oracle\n    match: {tcp: 1}\n    decode: {type: pyth-hermes}\n", "comes in UDP packets"},
		{HEAD "feeds:\n  - name: a\n    role: block\n    connect: ws://x/\n    decode: {type: bitcoin-p2p}\n", "bitcoin-p2p needs 'match'"},
		{FEED "    match: {udp: 9, group: 300.1.1.1}\n    decode: {type: json}\n", "'300.1.1.1' is not an IPv4 or IPv6 address"},
		{FEED "    match: {udp: 9}\n    send: [x]\n    decode: {type: json}\n", "feeds[0].send: belongs to a feed with 'connect'"},
		{FEED "    match: {udp: 9}\n    decode: {type: jsn}\n", ":7: feeds[0].decode.type: 'jsn' is no type of a feed with role 'oracle'; allowed: json"},
		{HEAD "feeds:\n  - name: a\n    role: block\n    match: {udp: 9}\n    decode: {type: json}\n",
		 "'json' is no type of a feed with role 'block'; allowed: "},
		{FEED "    match: {udp: 9}\n    decode: {type: solana-shred}\n", "'solana-shred' is no type of a feed with role 'oracle'"},
		{HEAD "feeds:\n  - name: a\n    role: block\n    match: {udp: 9}\n    decode: {type: monad-raptorcast, key: /a}\n", "unknown key 'key'; allowed: type"},
		{FEED "    match: {udp: 9}\n    compression: deflate\n    decode: {type: json}\n", "feeds[0].compression: belongs to a feed with 'connect'"},
		{FEED "    connect: https://x/\n    compression: deflate\n    decode: {type: json}\n", "'deflate' needs a WebSocket"},
		{FEED "    connect: wss://x/\n    compression: zstd\n    decode: {type: json}\n", "'zstd' is not known; allowed: none, deflate"},
		{FEED "    connect: wss://x/\n    headers: {authorization: x}\n    auth: {type: chainlink-hmac, id: \"${PL_TEST_KEY}\", secret: \"${PL_TEST_KEY}\"}\n    decode: {type: json}\n",
		 "feeds[0].auth: writes the header 'authorization' itself"},
		{FEED "    connect: wss://x/\n    auth: {type: basic}\n    decode: {type: json}\n", "'basic' is not known; allowed: chainlink-hmac"},
		{FEED "    connect: wss://x/\n    auth: {type: chainlink-hmac, id: abc, secret: def}\n    decode: {type: json}\n",
		 "feeds[0].auth.id: a secret does not belong into the file"},
		{FEED "    connect: wss://x/\n    auth: {type: chainlink-hmac, id: \"${PL_TEST_KEY}\"}\n    decode: {type: json}\n", "'secret' is missing"},
		{FEED "    match: {udp: 9}\n    decode: {preset: mtgox}\n", ":7: feeds[0].decode.preset: 'mtgox' is no preset; there are: binance-"},
		{FEED "    match: {udp: 9}\n    decode: {preset: okx-trades, price: /p}\n", "unknown key 'price'; allowed: preset alone"},
		{FEED "    match: {udp: 9}\n    decode: {type: pyth-pnau, guardians: [0x12]}\n", ":7: feeds[0].decode.guardians[0]: a guardian is an address"},
		{FEED "    match: {udp: 9}\n    decode: {type: pyth-pnau, guardians: []}\n", "should be the list of the guardians' addresses"},
		{FEED "    match: {udp: 9}\n    decode: {type: pyth-pnau, quorum: 3}\n", "needs 'guardians'"},
		{FEED "    match: {udp: 9}\n    decode: {type: pyth-pnau, quorum: 2, guardians: ['0x58CC3AE5C097b213cE3c81979e1B9f9570746AA5']}\n",
		 "feeds[0].decode.quorum"},
		{FEED "    match: {udp: 9}\n    decode: {type: stork, signer: 0x12}\n", "'0x12': a signer is hex"},
		{FEED "    match: {udp: 9}\n    decode: {type: json, prices: /p}\n", "unknown key 'prices'; allowed: type, each"},
		{FEED "    match: {udp: 9}\n    decode: {type: json, price: p}\n", "'p' is not a JSON pointer"},
		{FEED "    match: {udp: 9}\n    decode: {type: fields, key: u33le@0}\n", "'u33le@0' is not a field"},
		{FEED "    match: {udp: 9}\n    decode: {type: json, published: {at: /t, unit: min}}\n", "'min' is not known; allowed: s, ms, us, ns"},
		{FEED "    connect: ftp://x/\n    decode: {type: json}\n", "begins with one of: ws://, wss://, http://, https://"},
		{FEED "    connect: http://x/\n    send: [x]\n    decode: {type: json}\n", "'send' needs a WebSocket"},
		{FEED "    connect: ws://${PL_TEST_UNSET}/\n    decode: {type: json}\n", "variable PL_TEST_UNSET is not set"},
		{HEAD "feeds:\n  - name: a\n    role: block\n    connect: ws://x/\n    decode: {type: solana-shred}\n", "solana-shred needs 'match'"},
		{SHREDS "shred_version: 1}\n    assets: {ETH: x}\n", "feeds[0].assets: belongs to a feed with role 'oracle'"},
		{HEAD "feeds:\n  - name: a\n    role: block\n    match: {tcp: 9}\n    decode: {type: solana-shred}\n", "solana-shred comes in UDP packets: match udp"},
		{FEED "    match: {udp: 9}\n    decode: {type: json}\n  - name: a\n    role: oracle\n    match: {udp: 8}\n    decode: {type: json}\n",
		 "a second feed is named 'a'"},
		{HEAD "chains:\n  - {name: c, rpc: 'ws://x/'}\n  - {name: c, rpc: 'ws://y/'}\n", "chains[1]: a second feed or chain is named 'c'"},
		{HEAD "feeds:\n  - {name: c, role: oracle, match: {udp: 1}, decode: {type: fields, key: 'u8@0'}}\nchains:\n  - {name: c, rpc: 'ws://x/'}\n",
		 "a second feed or chain is named 'c'"},
		{HEAD "chains:\n  - {name: c, network: [x], rpc: 'ws://x/'}\n", "network"},
		{HEAD "chains:\n  - {name: c, type: tron, rpc: 'ws://x/'}\n", "'tron' is not known; allowed: ethereum, solana"},
		{HEAD "chains:\n  - {name: c, http: 'http://x/', rpc: 'ws://x/'}\n", "http"},
		{HEAD "chains:\n  - {name: c, type: solana, http: 'ws://x/', rpc: 'ws://x/'}\n", "begins with one of: http://, https://"},
		{HEAD "chains:\n  - {name: c, type: solana, calldata: true, rpc: 'ws://x/'}\n", "belongs to a chain of type ethereum"},
		{HEAD "chains:\n  - {name: c, type: solana, finality: 2s, rpc: 'ws://x/'}\n", "belongs to a chain of type ethereum"},
		{HEAD "chains:\n  - {name: c, type: solana, rpc: 'ws://x/', oracles: [{asset: A, type: chainlink, address: '0x4305FB66699C3B2702D4d05CF36551390A4c69C6'}]}\n",
		 "chains[0].oracles[0]: chainlink is none of a chain of type solana"},
		{HEAD "chains:\n  - {name: c, rpc: 'ws://x/', oracles: [{asset: A, type: pyth-price-update-v2}]}\n", "'account' is missing"},
		{HEAD "chains:\n  - {name: c, rpc: 'ws://x/', oracles: [{asset: A, type: pyth-price-update-v2, account: 0OIl}]}\n", "'0OIl' is no account"},
		{HEAD "chains:\n  - {name: c, rpc: 'ws://x/', oracles: [{asset: A, type: pyth-price-update-v2, account: 11111111111111111111111111111111, id: ab}]}\n",
		 "64 hex"},
		{HEAD "chains:\n  - {name: c, rpc: 'ws://x/', oracles: [{asset: A, type: pyth-price-update-v2, account: 11111111111111111111111111111111, decimals: 8}]}\n",
		 "decimals"},
		{HEAD "chains:\n  - name: c\n    rpc: http://x/\n", "begins with one of: ws://, wss://"},
		{HEAD "chains:\n  - name: c\n    rpc: ws://x/\n    oracles: [{asset: A, type: chain, address: \"0x00\"}]\n", "'chain' is not known; allowed:"},
		{HEAD "chains:\n  - name: c\n    rpc: ws://x/\n    oracles: [{asset: A, type: chainlink, address: \"0x00\"}]\n", "write 0x and 40 hex digits"},
		{HEAD "chains:\n  - name: c\n    rpc: ws://x/\n    oracles: [{asset: A, type: pyth-evm, address: \"0x4305FB66699C3B2702D4d05CF36551390A4c69C6\"}]\n",
		 "needs 'id'"},
		{FEED "    match: {udp: 9}\n    decode: {type: json}\nkeeper: {match: {tcp: 1}, after: never}\n", "'never' is not known; allowed: wire, seen"},
	};

	(void)state;
	unsetenv("PL_TEST_UNSET");
	each_is_named(cases, sizeof(cases) / sizeof(cases[0]));
}

static void never_prints_a_secret(void **state)
{
	struct site site;
	struct error err;

	(void)state;
	setenv("PL_TEST_KEY", "ftp://sesame", 1);
	assert_int_not_equal(load(FEED "    connect: ${PL_TEST_KEY}\n    decode: {type: json}\n", &site, &err), 0);
	assert_null(strstr(err.text, "sesame"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_full_file),
		cmocka_unit_test(reads_a_solana_chain),
		cmocka_unit_test(names_each_mistake),
		cmocka_unit_test(names_each_mistake_of_shreds),
		cmocka_unit_test(never_prints_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
