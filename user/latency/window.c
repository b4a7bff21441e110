// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/window.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "session/query.h"
#include "stats/volatility.h"
#include "margin/lvr.h"

#define DAY_SECONDS 86400.0

struct event { /* an update that landed */
	int64_t from_ns, to_ns;
	double log_price;  /* of the message */
	double correction; /* |ln| of the price on chain after over the one before; NAN unknown */
};

struct correction {
	int64_t id; /* of the update */
	double size;
};

/* One feed and asset: what its latency row is about. */
struct group {
	struct tick *ticks;
	struct event *events;
	size_t tick_count, tick_room, event_count, event_room;
};

struct loader {
	const struct latency_list *latencies;
	struct group *groups;
	struct correction *corrections; /* by id */
	size_t correction_count, correction_room;
	size_t last; /* the group of the row before: rows of one feed often follow each other */
};

/* ---- reading ---- */

/* What each update that stands corrects, by id: the price on chain before is that of the update before at the same contract. */
static const char correction_query[] =
	"SELECT u.id, u.price, lag(u.price) OVER (PARTITION BY ifnull(c.network, u.chain), u.address, u.asset"
	"  ORDER BY u.block_number, u.log_index) FROM chain_update u LEFT JOIN chain c ON c.name = u.chain"
	" WHERE u.id IN (SELECT chain_update_id FROM timeline) ORDER BY u.id";
static const char row_format[] =
	"SELECT ifnull(t.feed, ''), ifnull(t.asset, ''), ifnull(t.wire_ns, t.app_ns), m.price, t.%s, t.%s, t.chain_update_id"
	" FROM timeline t JOIN oracle_message m ON m.id = t.oracle_message_id";

static struct group *group_of(struct loader *loader, const char *feed, const char *asset)
{
	for (size_t k = 0; k < loader->latencies->count; k++) {
		size_t i = (loader->last + k) % loader->latencies->count;
		const struct latency *l = &loader->latencies->items[i];

		if (!strncmp(l->feed, feed, sizeof(l->feed) - 1) && !strncmp(l->asset, asset, sizeof(l->asset) - 1)) {
			loader->last = i;
			return &loader->groups[i];
		}
	}
	return NULL;
}

static double column_log(sqlite3_stmt *row, int column)
{
	double price = sqlite3_column_double(row, column); /* NULL reads as 0 */

	return price > 0 && isfinite(price) ? log(price) : NAN;
}

static int add_correction(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;

	if (array_grow((void **)&loader->corrections, loader->correction_count, &loader->correction_room,
		 sizeof(*loader->corrections)))
		return -ENOMEM;
	loader->corrections[loader->correction_count++] =
		(struct correction){sqlite3_column_int64(row, 0), fabs(column_log(row, 1) - column_log(row, 2))};
	return 0;
}

static double correction_of(const struct loader *loader, sqlite3_stmt *row, int column)
{
	int64_t id = sqlite3_column_int64(row, column);
	size_t low = 0, high = loader->correction_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (loader->corrections[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < loader->correction_count && loader->corrections[low].id == id ? loader->corrections[low].size : NAN;
}

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	struct group *group = group_of(loader, (const char *)sqlite3_column_text(row, 0),
				       (const char *)sqlite3_column_text(row, 1));
	struct tick tick = {column_ns(row, 2), column_log(row, 3)};
	struct event event = {column_ns(row, 4), column_ns(row, 5), tick.log_price, correction_of(loader, row, 6)};

	if (!group)
		return 0;
	if (tick.at_ns >= -TICK_LIMIT_NS && tick.at_ns <= TICK_LIMIT_NS && !isnan(tick.log_price)) {
		if (array_grow((void **)&group->ticks, group->tick_count, &group->tick_room, sizeof(tick)))
			return -ENOMEM;
		group->ticks[group->tick_count++] = tick;
	}
	if (event.from_ns == TIME_UNKNOWN || event.to_ns == TIME_UNKNOWN)
		return 0;
	if (array_grow((void **)&group->events, group->event_count, &group->event_room, sizeof(event)))
		return -ENOMEM;
	group->events[group->event_count++] = event;
	return 0;
}

static int load(struct loader *loader, sqlite3 *db, struct error *err)
{
	const struct latency *first = &loader->latencies->items[0];
	char sql[sizeof(row_format) + 64];
	int status = query_each(db, correction_query, NULL, "table timeline", add_correction, loader, err);

	snprintf(sql, sizeof(sql), row_format, stages[first->from].column, stages[first->to].column);
	return status ? status : query_each(db, sql, NULL, "table timeline", add_row, loader, err);
}

/* The network of an asset, and the mean distance of its blocks; neither where there are several networks, or no two blocks. */
static const char chain_query[] =
	"WITH told AS (SELECT DISTINCT ifnull(c.network, u.chain) AS network, u.chain FROM chain_update u"
	"  LEFT JOIN chain c ON c.name = u.chain WHERE u.asset = ?1),"
	" one AS (SELECT min(network) AS network FROM told HAVING count(DISTINCT network) = 1),"
	" block AS (SELECT number, block_ns FROM chain_block WHERE chain IN (SELECT chain FROM told) AND block_ns IS NOT NULL"
	"  UNION SELECT block_number, block_ns FROM chain_update WHERE chain IN (SELECT chain FROM told) AND block_ns IS NOT NULL)"
	" SELECT (SELECT network FROM one), iif((SELECT network FROM one) IS NULL, NULL, (max(block_ns) - min(block_ns)) / nullif(max(number) - min(number), 0)) FROM block";

static int load_chain(struct window *window, sqlite3 *db, struct error *err)
{
	sqlite3_stmt *row = NULL;
	int status = 0;

	window->block_interval_ns = TIME_UNKNOWN;
	if (sqlite3_prepare_v2(db, chain_query, -1, &row, NULL) != SQLITE_OK ||
	    sqlite3_bind_text(row, 1, window->latency->asset, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_step(row) != SQLITE_ROW)
		status = error_set(err, -EIO, "session: the chain's blocks cannot be read: %s", sqlite3_errmsg(db));
	else if (sqlite3_column_text(row, 0))
		snprintf(window->chain, sizeof(window->chain), "%s", (const char *)sqlite3_column_text(row, 0));
	if (!status && sqlite3_column_type(row, 1) != SQLITE_NULL && sqlite3_column_int64(row, 1) > 0)
		window->block_interval_ns = sqlite3_column_int64(row, 1);
	sqlite3_finalize(row);
	return status;
}

/* ---- one window ---- */

static int by_time(const void *a, const void *b)
{
	const struct tick *x = a, *y = b;

	return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

static int by_beginning(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	return (x->from_ns > y->from_ns) - (x->from_ns < y->from_ns);
}

/* What a trade on a price that is off by `move` brings beyond the fee. */
static double beyond(double move, double fee)
{
	double over = move - log1p(fee);

	return isnan(over) ? NAN : over > 0 ? over : 0;
}

static double mean_beyond(const double *moves, size_t count, double fee)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += beyond(moves[i], fee);
	return count ? sum / (double)count : NAN;
}

static void fill_value(struct window *window, const double *corrections, size_t count, const struct window_terms *terms)
{
	double sum = 0;
	size_t worthwhile = 0;

	window->value_update = terms->position * window->correction_beyond;
	for (size_t i = 0; i < count; i++) {
		double value = terms->position * beyond(corrections[i], terms->fee) - terms->gas;

		worthwhile += value > 0;
		sum += isnan(value) ? NAN : value > 0 ? value : 0;
	}
	window->value_update_beyond_gas = count ? sum / (double)count : NAN;
	window->worthwhile_share = count && !isnan(sum) ? (double)worthwhile / (double)count : NAN;
}

/* moves and corrections: room for all events. */
static void fill_moves(struct window *window, const struct group *group, double *moves, double *corrections,
		       const struct window_terms *terms)
{
	size_t move_count = 0, correction_count = 0;

	for (size_t i = 0; i < group->event_count; i++) {
		const struct event *event = &group->events[i];
		double now = tick_price_at(group->ticks, group->tick_count, event->to_ns);

		if (!isnan(now) && !isnan(event->log_price))
			moves[move_count++] = fabs(now - event->log_price);
		if (!isnan(event->correction))
			corrections[correction_count++] = event->correction;
	}
	/* before mean_of(), which centres its values */
	window->move_beyond = mean_beyond(moves, move_count, terms->fee);
	window->correction_beyond = mean_beyond(corrections, correction_count, terms->fee);
	fill_value(window, corrections, correction_count, terms);
	window->move = mean_of(moves, move_count);
	window->correction = mean_of(corrections, correction_count);
}

/* What a Brownian price of the realised volatility would do over the same windows. */
static void fill_brownian(struct window *window, const struct group *group, double sigma, double fee)
{
	double move = 0, past = 0;

	for (size_t i = 0; i < group->event_count; i++) {
		double seconds = fmax(((double)group->events[i].to_ns - (double)group->events[i].from_ns) / 1e9, 0);

		move += brownian_move(sigma, seconds);
		past += brownian_move_beyond(sigma, seconds, fee);
	}
	window->move_brownian = group->event_count ? move / (double)group->event_count : NAN;
	window->brownian_beyond = group->event_count ? past / (double)group->event_count : NAN;
}

static void fill_blocks(struct window *window, double sigma, double fee)
{
	double rate = window->block_interval_ns == TIME_UNKNOWN ? NAN : 1e9 / (double)window->block_interval_ns;

	window->arbitrage_share = arbitrage_share(sigma, rate, fee);
	window->lvr_day = lvr(sigma) * DAY_SECONDS;
	window->lvr_fee_day = lvr_with_fee(sigma, rate, fee) * DAY_SECONDS;
	window->lvr_even_day = lvr_even_blocks(sigma, 1 / rate, fee) * DAY_SECONDS;
}

static int fill(struct window *window, struct group *group, const struct window_terms *terms)
{
	double *moves = malloc(2 * (group->event_count + 1) * sizeof(*moves)), year = sqrt(YEAR_SECONDS);
	struct volatility volatility;
	int status;

	if (!moves)
		return -ENOMEM;
	if (group->tick_count)
		qsort(group->ticks, group->tick_count, sizeof(*group->ticks), by_time);
	if (group->event_count)
		qsort(group->events, group->event_count, sizeof(*group->events), by_beginning);
	status = volatility_of(group->ticks, group->tick_count, window->latency->mean_ns, &volatility);
	window->volatility = volatility.sigma * year;
	window->volatility_scale_ns = volatility.scale_ns;
	for (int i = 0; i < 2; i++)
		window->volatility_ci95[i] = volatility.ci95[i] * year;
	fill_moves(window, group, moves, moves + group->event_count, terms);
	fill_brownian(window, group, volatility.sigma, terms->fee);
	fill_blocks(window, volatility.sigma, terms->fee);
	free(moves);
	return status;
}

int window_compute(sqlite3 *db, const struct latency_list *latencies, const struct window_terms *terms,
		   struct window_list *out, struct error *err)
{
	struct loader loader = {.latencies = latencies};
	int status = 0;

	memset(out, 0, sizeof(*out));
	if (!latencies->count)
		return 0;
	out->items = calloc(latencies->count, sizeof(*out->items));
	loader.groups = calloc(latencies->count, sizeof(*loader.groups));
	if (!out->items || !loader.groups)
		status = error_set(err, -ENOMEM, "session: no memory for the windows");
	if (!status)
		status = load(&loader, db, err);
	for (size_t i = 0; !status && i < latencies->count; i++) {
		struct window *window = &out->items[out->count++];

		window->latency = &latencies->items[i];
		status = load_chain(window, db, err);
		if (!status && fill(window, &loader.groups[i], terms))
			status = error_set(err, -ENOMEM, "session: no memory for the windows");
	}
	for (size_t i = 0; loader.groups && i < latencies->count; i++) {
		free(loader.groups[i].ticks);
		free(loader.groups[i].events);
	}
	free(loader.groups);
	free(loader.corrections);
	if (status)
		window_list_free(out);
	return status;
}

void window_list_free(struct window_list *list)
{
	free(list->items);
	memset(list, 0, sizeof(*list));
}
