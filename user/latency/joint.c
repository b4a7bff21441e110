// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "latency/joint.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/clock.h"
#include "latency/intern.h"
#include "session/clockmap.h"
#include "session/query.h"

/* A message by its number in `identities`; zero has no message. */
struct arrival {
	int64_t at_ns[2]; /* A, B; TIME_UNKNOWN */
	uint32_t group;	  /* by number in `names` */
};

struct loader {
	struct intern identities, names; /* names: "feed\nasset" */
	struct arrival *arrivals;	 /* by identity number - 1 */
	size_t room;
	int64_t first_ns[2], last_ns[2];
	int side; /* that is being read, and its clock */
	const struct clockmap *clock;
};

/* What both sites must agree on, as one text. */
static const char query[] =
	"SELECT f.name || char(10) || ifnull(m.asset, ''), f.name || char(10) || ifnull(m.asset, '') || char(10) || m.key ||"
	" char(10) || ifnull(m.published_ns, '') || char(10) || ifnull(m.mantissa, '') || 'e' || ifnull(m.exponent, ''),"
	" m.wire_mono_ns FROM oracle_message m JOIN feed f ON f.id = m.feed_id"
	" WHERE m.key IS NOT NULL AND m.wire_mono_ns IS NOT NULL";

static int add_row(void *context, sqlite3_stmt *row)
{
	struct loader *loader = context;
	int64_t at_ns = clockmap_utc(loader->clock, sqlite3_column_int64(row, 2)), *known;
	int side = loader->side;
	uint32_t group, identity;

	if (at_ns == TIME_UNKNOWN)
		return 0;
	if (intern_add(&loader->names, (const char *)sqlite3_column_text(row, 0), &group) ||
	    intern_add(&loader->identities, (const char *)sqlite3_column_text(row, 1), &identity) ||
	    group == INTERN_NONE || identity == INTERN_NONE)
		return -ENOMEM; /* neither text can be empty */
	if (identity > loader->room) {
		size_t wanted = loader->room ? 2 * loader->room : 1024;
		struct arrival *grown = realloc(loader->arrivals, wanted * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		loader->arrivals = grown;
		for (size_t i = loader->room; i < wanted; i++)
			grown[i] = (struct arrival){{TIME_UNKNOWN, TIME_UNKNOWN}, INTERN_NONE};
		loader->room = wanted;
	}
	loader->arrivals[identity - 1].group = group;
	known = &loader->arrivals[identity - 1].at_ns[side];
	if (*known == TIME_UNKNOWN || at_ns < *known)
		*known = at_ns;
	if (at_ns < loader->first_ns[side])
		loader->first_ns[side] = at_ns;
	if (at_ns > loader->last_ns[side])
		loader->last_ns[side] = at_ns;
	return 0;
}

static int64_t utc_error(const struct clockmap *clock)
{
	int64_t bound = clockmap_utc_error_ns(clock), sum;

	if (bound == TIME_UNKNOWN || __builtin_add_overflow(bound, clockmap_bracket_ns(clock), &sum))
		return TIME_UNKNOWN;
	return sum;
}

static int load_side(struct loader *loader, int side, sqlite3 *db, int64_t *error_ns, struct error *err)
{
	struct clockmap *clock = NULL;
	int status = clockmap_load(&clock, db, err);

	if (status)
		return status;
	*error_ns = utc_error(clock);
	loader->side = side;
	loader->clock = clock;
	status = query_each(db, query, NULL, "table oracle_message", add_row, loader, err);
	clockmap_free(clock);
	return status;
}

/* ---- pairs ---- */

static int add_pair(struct joint_group *group, const struct arrival *arrival)
{
	if (array_grow((void **)&group->messages, group->count, &group->room, sizeof(*group->messages)))
		return -ENOMEM;
	group->messages[group->count++] = (struct joint_message){arrival->at_ns[0], arrival->at_ns[1]};
	return 0;
}

static bool is_apart(const struct arrival *arrival)
{
	int64_t distance;

	return __builtin_sub_overflow(arrival->at_ns[0], arrival->at_ns[1], &distance) || distance > JOINT_APART_NS ||
	       distance < -JOINT_APART_NS;
}

static int settle(const struct loader *loader, struct joint_group *groups)
{
	for (size_t i = 0; i < loader->identities.count; i++) {
		const struct arrival *arrival = &loader->arrivals[i];
		struct joint_group *group = &groups[arrival->group - 1];
		bool at_a = arrival->at_ns[0] != TIME_UNKNOWN, at_b = arrival->at_ns[1] != TIME_UNKNOWN;

		group->count_a += at_a;
		group->count_b += at_b;
		if (at_a && at_b) {
			if (is_apart(arrival))
				group->far_apart++;
			else if (add_pair(group, arrival))
				return -ENOMEM;
			continue;
		}
		if (at_a)
			group->only_a += arrival->at_ns[0] >= loader->first_ns[1] && arrival->at_ns[0] <= loader->last_ns[1];
		else
			group->only_b += arrival->at_ns[1] >= loader->first_ns[0] && arrival->at_ns[1] <= loader->last_ns[0];
	}
	return 0;
}

static int by_arrival(const void *a, const void *b)
{
	const struct joint_message *x = a, *y = b;

	return (x->a_ns > y->a_ns) - (x->a_ns < y->a_ns);
}

static int by_name(const void *a, const void *b)
{
	const struct joint_group *x = a, *y = b;
	int feeds = strcmp(x->feed, y->feed);

	return feeds ? feeds : strcmp(x->asset, y->asset);
}

/* Names the groups, keeps those of both sessions. */
static void finish(const struct loader *loader, struct joint_set *set)
{
	size_t kept = 0;

	for (uint32_t i = 0; i < loader->names.count; i++) {
		struct joint_group *group = &set->groups[i];
		const char *name = intern_text(&loader->names, i + 1), *asset = strchr(name, '\n');

		snprintf(group->feed, sizeof(group->feed), "%.*s", (int)(asset - name), name);
		snprintf(group->asset, sizeof(group->asset), "%s", asset + 1);
		if (group->count)
			qsort(group->messages, group->count, sizeof(*group->messages), by_arrival);
		if (group->count_a && group->count_b)
			set->groups[kept++] = *group;
		else
			free(group->messages);
	}
	set->count = kept;
	if (kept)
		qsort(set->groups, kept, sizeof(*set->groups), by_name);
}

int joint_load(sqlite3 *a, sqlite3 *b, struct joint_set *out, struct error *err)
{
	struct loader loader = {.first_ns = {INT64_MAX, INT64_MAX}, .last_ns = {INT64_MIN, INT64_MIN}};
	int64_t errors_ns[2] = {TIME_UNKNOWN, TIME_UNKNOWN};
	int status;

	memset(out, 0, sizeof(*out));
	status = load_side(&loader, 0, a, &errors_ns[0], err);
	if (!status)
		status = load_side(&loader, 1, b, &errors_ns[1], err);
	if (!status) {
		out->groups = calloc(loader.names.count + 1, sizeof(*out->groups));
		out->count = loader.names.count;
		if (!out->groups || settle(&loader, out->groups))
			status = error_set(err, -ENOMEM, "session: no memory for its messages");
	}
	if (!status) {
		finish(&loader, out);
		if (errors_ns[0] == TIME_UNKNOWN || errors_ns[1] == TIME_UNKNOWN ||
		    __builtin_add_overflow(errors_ns[0], errors_ns[1], &out->clock_error_ns))
			out->clock_error_ns = TIME_UNKNOWN;
	} else {
		joint_free(out);
	}
	intern_free(&loader.identities);
	intern_free(&loader.names);
	free(loader.arrivals);
	return status;
}

void joint_free(struct joint_set *set)
{
	for (size_t i = 0; set->groups && i < set->count; i++)
		free(set->groups[i].messages);
	free(set->groups);
	memset(set, 0, sizeof(*set));
}
