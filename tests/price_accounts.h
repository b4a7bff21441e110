/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Accounts of Pyth's receiver as nodes of Solana's mainnet sent them, which anyone can ask for: the first two are
 * 7AviUf9nL62mcxNbQGKm4nKDQnPjswo6c5MX4D57HmyE and 6HAuqASbHEh4w4REJEUUUCginTLfj1kwCh215ZLtMkrT at slot 447956907 (owner
 * rec2HHDDnjLfj4kE7VyEtFA1HPGQLK33259532cRyHp), the third Dpw1EAVrSB1ibxiDQyTAW6Zip3J4Btk2x4SgApQCeFbX at slot 414496713
 * (owner rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ). The values beside the first two, and the third one's
 * times, are those that others, who published the bytes as examples, read out of them.
 */
#ifndef PL_TESTS_PRICE_ACCOUNTS_H
#define PL_TESTS_PRICE_ACCOUNTS_H

#define PRICE_ACCOUNT_BYTES 134

struct price_account {
	const char *base64, *feed_id, *price, *confidence, *publish_time, *posted_slot;
};

static const struct price_account price_accounts[] = {
	{"IvEjY51+9M1bsRWwDdII6qyfKmvtWLaGyH3c9S5trfFYcCJDMhaezQHvDYtv2izrpB2hXUCV0do5Kg0vjtDGx7wPTPrIwoC1bT3RgGMCAAAANSAVAAAAAAD4"
	 "////OqWsagAAAAA5paxqAAAAAKiftGACAAAABVkZAAAAAACdR7MaAAAAAAA=",
	 "ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d", "10259321149", "1384501", "1789699386", "447956893"},
	{"IvEjY51+9M1Obu8PnqBjv5eIEq7D76ieT8TUJqeUwLMkUfRhMcnEcAHqoCDGHMR5cSgTRhzhU4lKlqbACyHtDPwnmNH5qenJSmCu9QUAAAAAmFcBAAAAAAD4"
	 "////OqWsagAAAAA5paxqAAAAAGCw9QUAAAAA0kQBAAAAAACdR7MaAAAAAAA=",
	 "eaa020c61cc479712813461ce153894a96a6c00b21ed0cfc2798d1f9a9e9c94a", "99987040", "87960", "1789699386", "447956893"},
	{"IvEjY51+9M2+k5qDCfVkBxh//zCsVLFpSYvpn22OG/1CRGgM1PfR4gHqoCDGHMR5cSgTRhzhU4lKlqbACyHtDPwnmNH5qenJSu6Y9QUAAAAAK9cAAAAAAAD4"
	 "////LT7maQAAAAAsPuZpAAAAANaa9QUAAAAAE/0AAAAAAABut7QYAAAAAAA=",
	 "eaa020c61cc479712813461ce153894a96a6c00b21ed0cfc2798d1f9a9e9c94a", "99981550", "55083", "1776696877", "414496622"},
};

#endif
