// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "solana/fec_set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "solana/reedsol.h"

#define SIGNATURE_BYTES 64
#define DATA_HEAD_BYTES 88
#define CODE_HEAD_BYTES 89
#define ROOT_BYTES 32
#define NODE_BYTES 20 /* of a hash inside the tree and in a path */
#define PATH_NODES 6  /* 64 leaves */
#define RESIGN_BYTES 64

struct fec_hash {
	EVP_MD_CTX *context;
	EVP_MD *sha256;
};

struct piece {
	const void *data;
	size_t len;
};

static const struct piece leaf_prefix = {"\0SOLANA_MERKLE_SHREDS_LEAF", 26};
static const struct piece node_prefix = {"\1SOLANA_MERKLE_SHREDS_NODE", 26};

int fec_hash_new(struct fec_hash **out, struct error *err)
{
	struct fec_hash *hash = calloc(1, sizeof(*hash));

	if (hash) {
		hash->context = EVP_MD_CTX_new();
		hash->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	}
	if (!hash || !hash->context || !hash->sha256) {
		fec_hash_free(hash);
		return error_set(err, -ENOMEM, "OpenSSL gives no SHA-256");
	}
	*out = hash;
	return 0;
}

void fec_hash_free(struct fec_hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	EVP_MD_free(hash->sha256);
	free(hash);
}

/* Of four pieces at most; unused ones are of length 0. With a fetched digest and fixed sizes none of these calls can fail. */
static void sha256(struct fec_hash *hash, const struct piece pieces[4], uint8_t out[ROOT_BYTES])
{
	EVP_DigestInit_ex2(hash->context, hash->sha256, NULL);
	for (int i = 0; i < 4; i++)
		EVP_DigestUpdate(hash->context, pieces[i].data, pieces[i].len);
	EVP_DigestFinal_ex(hash->context, out, NULL);
}

static void join(struct fec_hash *hash, const uint8_t *left, const uint8_t *right, uint8_t out[ROOT_BYTES])
{
	const struct piece pieces[4] = {node_prefix, {left, NODE_BYTES}, {right, NODE_BYTES}};

	sha256(hash, pieces, out);
}

/* ---- where things stand in a shred ---------------------------------------------------------------------------------- */

static bool is_code(unsigned int bit)
{
	return bit >= SHRED_SET_DATA;
}

static bool is_resigned(const uint8_t *shred)
{
	return shred_is_resigned(shred[64]);
}

static size_t path_at(const uint8_t *shred, bool code)
{
	return (code ? SHRED_CODE_BYTES : SHRED_DATA_BYTES) - (is_resigned(shred) ? RESIGN_BYTES : 0) - PATH_NODES * NODE_BYTES;
}

static size_t shard_at(bool code)
{
	return code ? CODE_HEAD_BYTES : SIGNATURE_BYTES;
}

/* 987 bytes, or 923 where the shreds are resigned; the same for data and code. */
static size_t shard_len(const uint8_t *shred, bool code)
{
	return path_at(shred, code) - ROOT_BYTES - shard_at(code);
}

static void root_of(struct fec_hash *hash, const uint8_t *shred, unsigned int bit, uint8_t out[ROOT_BYTES])
{
	const uint8_t *path = shred + path_at(shred, is_code(bit));
	const struct piece leaf[4] = {leaf_prefix, {shred + SIGNATURE_BYTES, (size_t)(path - shred) - SIGNATURE_BYTES}};

	sha256(hash, leaf, out);
	for (unsigned int i = 0; i < PATH_NODES; i++, bit >>= 1, path += NODE_BYTES)
		join(hash, bit & 1 ? path : out, bit & 1 ? out : path, out);
}

/* ---- gathering ------------------------------------------------------------------------------------------------------ */

/* The shreds, as a bitmap, whose root is this one. */
static uint64_t of_root(const struct fec_set *set, const uint8_t root[ROOT_BYTES])
{
	uint64_t same = 0;

	for (unsigned int i = 0; i < FEC_SHREDS; i++)
		if (set->seen >> i & 1 && !memcmp(set->root[i], root, ROOT_BYTES))
			same |= 1ULL << i;
	return same;
}

enum fec_verdict fec_set_add(struct fec_set *set, struct fec_hash *hash, const uint8_t *bytes, const struct shred *shred,
			     uint64_t stamp_ns)
{
	unsigned int bit = shred->bit, agreeing;
	bool taken = set->seen >> bit & 1;
	uint8_t root[ROOT_BYTES];

	root_of(hash, bytes, bit, root);
	agreeing = shred_count(of_root(set, root));
	if (taken && !memcmp(set->root[bit], root, ROOT_BYTES)) {
		if (stamp_ns < set->stamp_ns[bit])
			set->stamp_ns[bit] = stamp_ns;
		return FEC_DUPLICATE;
	}
	/* The side that more of the others take is the likelier one, and keeps or gets the place. */
	if (taken && agreeing < shred_count(of_root(set, set->root[bit])))
		return FEC_CONFLICTING;
	set->seen |= 1ULL << bit;
	set->stamp_ns[bit] = stamp_ns;
	memcpy(set->root[bit], root, ROOT_BYTES);
	memcpy(set->shred[bit], bytes, shred->code ? SHRED_CODE_BYTES : SHRED_DATA_BYTES);
	if (agreeing + 1 == SHRED_SET_DATA)
		return FEC_DECODABLE;
	return taken ? FEC_CONFLICTING : FEC_ADDED;
}

unsigned int fec_set_outliers(const struct fec_set *set, unsigned int last)
{
	return shred_count(set->seen) - shred_count(of_root(set, set->root[last]));
}

/* ---- recovering ----------------------------------------------------------------------------------------------------- */

/* The hash of leaf `bit`, of a shred that is put together from what is known of it. */
static void leaf_of(struct fec_hash *hash, const uint8_t *model, unsigned int bit, const uint8_t *shard, size_t len,
		    uint8_t out[ROOT_BYTES])
{
	const struct piece chained = {model + path_at(model, true) - ROOT_BYTES, ROOT_BYTES};
	uint8_t head[CODE_HEAD_BYTES - SIGNATURE_BYTES];
	uint32_t first = load_le32(model + 73) - load_le16(model + 87), position = bit - SHRED_SET_DATA;
	struct piece pieces[4] = {leaf_prefix, {head, 0}, {shard, len}, chained};

	if (is_code(bit)) { /* the header of a code shred is not in its shard: that of another one, at its place */
		memcpy(head, model + SIGNATURE_BYTES, sizeof(head));
		for (unsigned int i = 0; i < 4; i++)
			head[73 - SIGNATURE_BYTES + i] = (uint8_t)((first + position) >> 8 * i);
		head[87 - SIGNATURE_BYTES] = (uint8_t)position;
		pieces[1].len = sizeof(head);
	}
	sha256(hash, pieces, out);
}

static bool tree_gives(struct fec_hash *hash, uint8_t shards[][REEDSOL_SHARD_BYTES], const uint8_t *model, size_t len,
		       const uint8_t root[ROOT_BYTES])
{
	uint8_t nodes[FEC_SHREDS][ROOT_BYTES];

	for (unsigned int i = 0; i < FEC_SHREDS; i++)
		leaf_of(hash, model, i, shards[i], len, nodes[i]);
	for (unsigned int count = FEC_SHREDS; count > 1; count /= 2)
		for (unsigned int i = 0; i < count; i += 2)
			join(hash, nodes[i], nodes[i + 1], nodes[i / 2]);
	return !memcmp(nodes[0], root, ROOT_BYTES);
}

/* Fills in the missing data shreds of `good`, which has at least one code shred. */
static int recover(struct fec_set *set, struct fec_hash *hash, uint64_t good)
{
	unsigned int code = (unsigned int)__builtin_ctzll(good >> SHRED_SET_DATA) + SHRED_SET_DATA;
	const uint8_t *model = set->shred[code];
	size_t len = shard_len(model, true);
	uint8_t (*shards)[REEDSOL_SHARD_BYTES] = calloc(FEC_SHREDS, sizeof(*shards));
	int status = -EBADMSG;

	if (!shards)
		return -ENOMEM;
	for (unsigned int i = 0; i < FEC_SHREDS; i++)
		if (good >> i & 1)
			memcpy(shards[i], set->shred[i] + shard_at(is_code(i)), len);
	reedsol_fill(shards, good);
	if (tree_gives(hash, shards, model, len, set->root[code])) {
		status = 0;
		for (unsigned int i = 0; i < SHRED_SET_DATA; i++)
			if (!(good >> i & 1))
				memcpy(set->shred[i] + SIGNATURE_BYTES, shards[i], len);
	}
	free(shards);
	return status;
}

/* ---- the data ------------------------------------------------------------------------------------------------------- */

/* Whether data shred `bit` says of itself what it should, also of its size, which shred_read() does not look at. */
static bool header_fits(const struct fec_set *set, unsigned int bit, bool resigned)
{
	const uint8_t *bytes = set->shred[bit];
	size_t size = load_le16(bytes + 86);
	struct shred shred;

	return shred_read(bytes, SHRED_DATA_BYTES, 0, &shred) == SHRED_OK && !shred.code && shred.bit == bit &&
	       shred.slot == set->slot && shred.fec_set_index == set->fec_set_index && is_resigned(bytes) == resigned &&
	       size >= DATA_HEAD_BYTES && size <= SIGNATURE_BYTES + shard_len(bytes, false);
}

int fec_set_decode(struct fec_set *set, struct fec_hash *hash, unsigned int last, struct fec_data *out)
{
	uint64_t good = of_root(set, set->root[last]), decodable_ns = 0;
	uint32_t used = 0;
	int status = 0;

	out->fec_set_index = set->fec_set_index;
	out->recovered = ~(uint32_t)good;
	for (unsigned int i = 0; i < FEC_SHREDS; i++)
		if (good >> i & 1 && set->stamp_ns[i] > decodable_ns)
			decodable_ns = set->stamp_ns[i];
	if (out->recovered)
		status = recover(set, hash, good);
	for (unsigned int i = 0; !status && i < SHRED_SET_DATA; i++) {
		const uint8_t *bytes = set->shred[i];
		size_t len;

		if (!header_fits(set, i, is_resigned(set->shred[last])))
			return -EBADMSG;
		len = load_le16(bytes + 86) - DATA_HEAD_BYTES;
		memcpy(out->bytes + used, bytes + DATA_HEAD_BYTES, len);
		used += (uint32_t)len;
		out->end[i] = used;
		out->flags[i] = bytes[85];
		out->stamp_ns[i] = good >> i & 1 ? set->stamp_ns[i] : decodable_ns;
	}
	return status;
}
