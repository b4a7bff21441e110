/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Inside the market walk: over a chunk of blocks at once where nothing happens in any of them. Most blocks of a path are
 * like that even after its first liquidation: nobody is on his way, and the price is far from the next trigger.
 */
#ifndef PL_MARGIN_MARKET_LEAP_H
#define PL_MARGIN_MARKET_LEAP_H

#include "margin/market_path.h"

#define MARKET_ROUNDING 1e-9 /* of ln S: what reports and sums of steps may be off by */

struct market_walk;

/*
 * Whether this market allows it: prices by chunks (steps.h), triggers that only a report on chain beyond them can set off
 * (market_screen_applies()), nothing that remembers every block (no mean price, hop, breaker, congestion or delays that know of prices),
 * and no accounts that look at several prices, of which only some may have been reported since.
 */
bool market_leaps(const struct market_book *book);

/*
 * After `block`, at the beginning of a chunk: true once the walk is at the chunk's end. What the walk comes to is the same, but for
 * rounding where a market recovers, and for oracles whose 60 latest reports beyond the median delay are all still on their
 * way (once in 2^60 blocks).
 */
bool market_leap(struct market_walk *walk, uint64_t block);

#endif
