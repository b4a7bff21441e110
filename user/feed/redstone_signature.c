// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What is signed of a package is its binary form (redstone.c) without the signature: points by ascending feed id, a value in
 * 32 bytes as an integer of 10^-8, or of the decimals that its point names. A feed id longer than 31 characters stands there as its
 * Keccak-256. redstone-finance/redstone-oracles-monorepo, packages/protocol/src/data-package/DataPackage.ts and
 * data-point/NumericDataPoint.ts.
 */
#include "feed/redstone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "base/json.h"
#include "base/keccak.h"
#include "base/wide.h"

#define ID	 32
#define VALUE	 32
#define POINT	 (ID + VALUE)
#define TAIL	 (6 + 4 + 3) /* timestamp, size of a value, number of points */
#define DECIMALS 8
#define DECIMALS_MAX 18

/* As JavaScript's toFixed() writes a number, without the point. */
static bool put_value(struct json_object *point, uint8_t out[VALUE])
{
	struct json_object *value = json_member(point, "value");
	int64_t decimals = DECIMALS;
	char text[400], *dot;

	if (json_member(point, "decimals") && !json_integer(json_member(point, "decimals"), &decimals))
		return false;
	if (decimals < 0 || decimals > DECIMALS_MAX ||
	    (!json_object_is_type(value, json_type_double) && !json_object_is_type(value, json_type_int)))
		return false;
	snprintf(text, sizeof(text), "%.*f", (int)decimals, json_object_get_double(value));
	dot = strchr(text, '.');
	if (dot)
		memmove(dot, dot + 1, strlen(dot));
	return text[0] != '-' && wide_parse(text, out, VALUE);
}

static bool put_point(struct json_object *point, uint8_t out[POINT])
{
	const char *id = json_text(json_member(point, "dataFeedId"));
	size_t len = id ? strlen(id) : 0;

	if (!len)
		return false;
	memset(out, 0, ID);
	if (len < ID)
		memcpy(out, id, len);
	else
		keccak256(id, len, out);
	return put_value(point, out + ID);
}

static int by_id(const void *a, const void *b)
{
	return memcmp(a, b, ID);
}

static void put_number(uint8_t *out, uint64_t value, size_t width)
{
	for (size_t i = 0; i < width; i++)
		out[i] = (uint8_t)(value >> 8 * (width - 1 - i));
}

/* Base64 today, hex before. */
static bool read_signature(struct json_object *package, uint8_t out[SIGNATURE_LEN + 1])
{
	const char *text = json_text(json_member(package, "signature"));

	if (!text)
		return false;
	return base64_decode(text, strlen(text), out, SIGNATURE_LEN + 1) == SIGNATURE_LEN + 1 ||
	       hex_decode(text, strlen(text), out, SIGNATURE_LEN + 1) == SIGNATURE_LEN + 1;
}

uint8_t *redstone_signed(struct json_object *points, int64_t timestamp_ms, size_t *len)
{
	size_t count = json_object_array_length(points);
	uint8_t *bytes = malloc(count * POINT + TAIL);
	bool good = bytes;

	for (size_t i = 0; i < count && good; i++)
		good = put_point(json_object_array_get_idx(points, i), bytes + i * POINT);
	if (!good) {
		free(bytes);
		return NULL;
	}
	qsort(bytes, count, POINT, by_id);
	put_number(bytes + count * POINT, (uint64_t)timestamp_ms, 6);
	put_number(bytes + count * POINT + 6, VALUE, 4);
	put_number(bytes + count * POINT + 10, count, 3);
	*len = count * POINT + TAIL;
	return bytes;
}

enum feed_signature redstone_check(const struct decode_options *options, struct json_object *package,
				   const uint8_t *signed_bytes, size_t len, char signer[SIGNER_TEXT])
{
	const char *claimed = json_text(json_member(package, "signerAddress"));
	uint8_t signature[SIGNATURE_LEN + 1], address[SIGNER_ADDRESS];
	char named[SIGNER_TEXT];
	enum feed_signature verdict;

	*signer = '\0';
	if ((!options->signer_count && (!options->explain || !claimed)) || !signed_bytes || !read_signature(package, signature))
		return FEED_SIGNATURE_UNCHECKED;
	verdict = ecdsa_check(options, signed_bytes, len, signature, signer);
	if (options->signer_count)
		return verdict;
	if (hex_decode(claimed, strlen(claimed), address, sizeof(address)) != sizeof(address))
		return FEED_SIGNATURE_UNCHECKED;
	hex_encode(address, sizeof(address), named); /* the package names who signed: that it was so is proven, or not */
	return strcmp(signer, named) ? FEED_SIGNATURE_BAD : FEED_SIGNATURE_VERIFIED;
}
