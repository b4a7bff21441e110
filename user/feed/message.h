/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One price update, as a decoder found it: the common currency between feeds, chains and the join. */
#ifndef PL_FEED_MESSAGE_H
#define PL_FEED_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#define FEED_TEXT_MAX 96
#define FEED_DETAILS_MAX 16

/* Of whoever published the message. */
enum feed_signature {
	FEED_SIGNATURE_UNCHECKED, /* there is none, or no key to hold it against */
	FEED_SIGNATURE_VERIFIED,
	FEED_SIGNATURE_BAD,
};

/* What else stands in a message: for whoever debugs a feed, shown by `pricelag decode`, stored nowhere. */
struct feed_detail {
	const char *name; /* a literal */
	bool is_text;	  /* otherwise a JSON literal: a number, true or false */
	char text[FEED_TEXT_MAX]; /* "": null */
};

struct feed_details {
	struct feed_detail list[FEED_DETAILS_MAX];
	unsigned count;
};

struct feed_message {
	char id[FEED_TEXT_MAX];	      /* the feed's own name of the asset: hex without 0x, a symbol, or a number as text; "" unknown */
	char key[FEED_TEXT_MAX];      /* join key within the asset (publish time in s, round, sequence) as text; "" none */
	char mantissa[FEED_TEXT_MAX]; /* decimal integer as text; "" where there is no price */
	int exponent;		      /* price = mantissa * 10^exponent */
	bool has_exponent;	      /* false where the exponent is not in the message nor configured: price is then unknown */
	double price;		      /* NAN where unknown */
	int64_t published_ns;	      /* UTC, by the publisher's clock; TIME_UNKNOWN where absent */
	char digest[33]; /* hex of what names this update by its bytes (digest.h); "" where they do not */
	enum feed_signature signature;
	const struct feed_details *details; /* NULL: none. The decoder's own: of no use once it has returned from the emission */
};

#endif
