// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/course.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "session/query.h"
#include "stats/quantile.h"

struct samples {
	struct observation *items;
	size_t count, room;
};

struct runner {
	int64_t id; /* of the feed */
	struct samples leads, distances;
	/* the thing in hand */
	bool has;
	int64_t wire_ns;
};

struct course {
	struct race *race;
	struct runner *runners;
};

static int samples_add(struct samples *samples, int64_t at_ns, int64_t ns)
{
	if (array_grow((void **)&samples->items, samples->count, &samples->room, sizeof(*samples->items)))
		return -ENOMEM;
	samples->items[samples->count++] = (struct observation){.at_ns = at_ns, .ns = ns};
	return 0;
}

static int summarize(struct samples *samples, struct race_distance *out)
{
	int64_t *values = calloc(samples->count + 1, sizeof(*values));
	struct survival survival = {.ends = values, .end_count = samples->count};
	struct quantile quantiles[] = {{.p = 0.5}, {.p = 0.99}};
	struct quantile_basis basis;
	int status;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < samples->count; i++)
		values[i] = samples->items[i].ns;
	sort_int64(values, samples->count);
	if (samples->count)
		qsort(samples->items, samples->count, sizeof(*samples->items), observation_order);
	status = quantiles_fill(&survival, samples->items, samples->count, quantiles, 2, &basis);
	free(values);
	out->p50_ns = quantiles[0].ns;
	out->p99_ns = quantiles[1].ns;
	memcpy(out->p50_ci95_ns, quantiles[0].ci95_ns, sizeof(out->p50_ci95_ns));
	memcpy(out->p99_ci95_ns, quantiles[1].ci95_ns, sizeof(out->p99_ci95_ns));
	return status;
}

const char course_shred_feeds[] = "SELECT id, name FROM feed WHERE decoder = 'solana-shred' ORDER BY id";
const char course_message_feeds[] = "SELECT id, name FROM feed WHERE decoder NOT IN ('solana-shred', 'ethereum-flows')"
				    " ORDER BY id";
const char course_chains[] = "SELECT id, name FROM chain WHERE network = ?1 ORDER BY id";

static int add_runner(void *context, sqlite3_stmt *row)
{
	struct course *course = context;
	struct race *race = course->race;
	struct race_feed *feeds = realloc(race->feeds, (race->feed_count + 1) * sizeof(*feeds));
	struct runner *runners = realloc(course->runners, (race->feed_count + 1) * sizeof(*runners));

	if (feeds)
		race->feeds = feeds;
	if (runners)
		course->runners = runners;
	if (!feeds || !runners)
		return -ENOMEM;
	memset(&feeds[race->feed_count], 0, sizeof(*feeds));
	memset(&runners[race->feed_count], 0, sizeof(*runners));
	runners[race->feed_count].id = sqlite3_column_int64(row, 0);
	column_copy(row, 1, feeds[race->feed_count++].feed, sizeof(feeds->feed));
	return 0;
}

int course_new(struct course **out, struct race *race, sqlite3 *db, const char *runners, const char *of, struct error *err)
{
	struct course *course = calloc(1, sizeof(*course));
	int status;

	memset(race, 0, sizeof(*race));
	if (!course)
		return error_set(err, -ENOMEM, "no memory for a race");
	course->race = race;
	status = query_each(db, runners, of, "who takes part in a race", add_runner, course, err);
	if (status) {
		course_free(course);
		race_free(race);
		return status;
	}
	*out = course;
	return 0;
}

size_t course_feed(const struct course *course, int64_t feed_id)
{
	for (size_t i = 0; i < course->race->feed_count; i++)
		if (course->runners[i].id == feed_id)
			return i;
	return SIZE_MAX;
}

void course_arrival(struct course *course, size_t feed, int64_t wire_ns, uint64_t copies)
{
	struct runner *runner = &course->runners[feed];

	course->race->feeds[feed].repeats += copies - (runner->has ? 0 : 1);
	if (!runner->has || runner->wire_ns == TIME_UNKNOWN || (wire_ns != TIME_UNKNOWN && wire_ns < runner->wire_ns))
		runner->wire_ns = wire_ns;
	runner->has = true;
}

/* How the thing in hand was carried: the earliest stamp, the next later one, and by how many. */
struct finish {
	int64_t first, second;
	size_t carried, stamped, leaders;
};

static struct finish look(struct course *course)
{
	struct finish finish = {.first = INT64_MAX, .second = INT64_MAX};
	struct race *race = course->race;

	for (size_t i = 0; i < race->feed_count; i++) {
		int64_t wire = course->runners[i].wire_ns;

		if (!course->runners[i].has)
			continue;
		finish.carried++;
		race->feeds[i].seen++;
		if (wire == TIME_UNKNOWN) {
			race->feeds[i].without_wire++;
			continue;
		}
		finish.stamped++;
		if (wire < finish.first) {
			finish.second = finish.first;
			finish.first = wire;
			finish.leaders = 1;
		} else if (wire == finish.first) {
			finish.leaders++;
		} else if (wire < finish.second) {
			finish.second = wire;
		}
	}
	return finish;
}

static int rank(struct runner *runner, struct race_feed *feed, const struct finish *finish)
{
	feed->only_here += finish->carried == 1;
	if (finish->stamped < 2 || runner->wire_ns == TIME_UNKNOWN)
		return 0;
	feed->contested++;
	if (runner->wire_ns > finish->first)
		return samples_add(&runner->distances, finish->first, runner->wire_ns - finish->first);
	if (finish->leaders > 1) {
		feed->ties++;
		return 0;
	}
	feed->wins++;
	return samples_add(&runner->leads, finish->first, finish->second - finish->first);
}

int course_next(struct course *course)
{
	struct finish finish = look(course);
	struct race *race = course->race;
	int status = 0;

	if (!finish.carried)
		return 0;
	race->count++;
	race->only_one += finish.carried == 1;
	race->contested += finish.stamped > 1;
	race->ties += finish.stamped > 1 && finish.leaders > 1;
	for (size_t i = 0; i < race->feed_count && !status; i++) {
		if (course->runners[i].has)
			status = rank(&course->runners[i], &race->feeds[i], &finish);
		course->runners[i].has = false;
	}
	return status;
}

int course_end(struct course *course, struct error *err)
{
	int status = 0;

	for (size_t i = 0; i < course->race->feed_count && !status; i++) {
		status = summarize(&course->runners[i].leads, &course->race->feeds[i].lead);
		if (!status)
			status = summarize(&course->runners[i].distances, &course->race->feeds[i].behind);
	}
	return status ? error_set(err, status, "no memory for the distances of a race") : 0;
}

void course_free(struct course *course)
{
	if (!course)
		return;
	for (size_t i = 0; course->runners && i < course->race->feed_count; i++) {
		free(course->runners[i].leads.items);
		free(course->runners[i].distances.items);
	}
	free(course->runners);
	free(course);
}

void race_free(struct race *race)
{
	free(race->feeds);
	memset(race, 0, sizeof(*race));
}
