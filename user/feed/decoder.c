// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/decoder.h"

#include <errno.h>
#include <string.h>

#include "base/hex.h"
#include "feed/ethereum.h"

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__}) /* names, then NULL */

const struct decoder decoders[] = {
	{"json", "any JSON feed: RFC 6901 pointers say where asset, price, key and time stand",
	 OPTIONS("each", "asset", "price", "key", "published", NULL), json_decode},
	{"fields", "any fixed layout: u32le@0 and the like say where asset, price, key and time stand",
	 OPTIONS("asset", "price", "exponent", "key", "published", NULL), fields_decode},
	{"pyth-hermes", "Pyth's Hermes over WebSocket or server-sent events, parsed prices or binary",
	 OPTIONS("guardians", "quorum", NULL),
	 hermes_decode},
	{"pyth-pnau", "Pyth's accumulator update (PNAU), bytes or hex; Merkle proofs are verified",
	 OPTIONS("guardians", "quorum", NULL), pnau_decode},
	{"pyth-lazer", "Pyth Pro (Lazer): its JSON, and the formats solana, evm, leEcdsa and leUnsigned",
	 OPTIONS("signer", "exponent", NULL), lazer_decode},
	{"chainlink-streams", "Chainlink Data Streams: its JSON, or one full report; versions 2 to 13", OPTIONS("signer", NULL),
	 chainlink_decode},
	{"redstone", "RedStone: the payload at the end of calldata, or its JSON data packages", OPTIONS("signer", "exponent", NULL),
	 redstone_decode},
	{"stork", "Stork: signed binary updates of Stork Fast, or the JSON of its WebSocket", OPTIONS("signer", NULL),
	 stork_decode},
	{"binance-sbe", "Binance's binary market data streams (SBE): trades, best bid and ask", OPTIONS(NULL), binance_sbe_decode},
	{"cme-mdp3", "CME's MDP 3.0 packets: sequence number and sending time", OPTIONS(NULL), mdp3_decode},
	{"moldudp64", "Nasdaq's MoldUDP64 packets: session and sequence number of each message", OPTIONS(NULL),
	 moldudp64_decode},
	{0},
};

const struct decoder packet_decoders[] = {
	{"solana-shred", "one Solana shred (Turbine): its place in slot and FEC set", OPTIONS("shred_version", NULL), shred_decode},
	{FLOW_TYPE, "one packet of Ethereum's peer-to-peer network: what kind it is", OPTIONS(NULL), ethereum_decode},
	{0},
};

static const struct decoder *find(const struct decoder *list, const char *name)
{
	for (; list->name; list++) {
		if (!strcmp(list->name, name))
			return list;
	}
	return NULL;
}

const struct decoder *decoder_find(const char *name)
{
	return find(decoders, name);
}

const struct decoder *packet_decoder_find(const char *name)
{
	return find(packet_decoders, name);
}

uint32_t decoder_reach(const struct decoder *decoder, const struct decode_options *options)
{
	return decoder->decode == fields_decode ? fields_reach(options) : 0;
}

bool decoder_accepts(const struct decoder *decoder, const char *option)
{
	for (const char *const *o = decoder->options; *o; o++) {
		if (!strcmp(*o, option))
			return true;
	}
	return false;
}

int decode_signer_parse(const char *text, struct decode_options *out)
{
	struct expected_signer *signer = &out->signers[out->signer_count];
	long len;

	if (out->signer_count == SIGNERS_MAX)
		return -ERANGE;
	len = hex_decode(text, strlen(text), signer->bytes, sizeof(signer->bytes));
	if (len != 20 && len != 32 && len != 33)
		return -EINVAL;
	signer->len = (uint8_t)len;
	out->signer_count++;
	return 0;
}

int decode_guardian_parse(const char *text, struct decode_options *out)
{
	if (out->guardian_count == GUARDIANS_MAX)
		return -ERANGE;
	if (hex_decode(text, strlen(text), out->guardians[out->guardian_count], 20) != 20)
		return -EINVAL;
	out->guardian_count++;
	return 0;
}

void decode_default_quorum(struct decode_options *options)
{
	if (!options->quorum)
		options->quorum = (uint8_t)(options->guardian_count * 2 / 3 + 1);
}
