// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * An hour of a busy site (hour.h) through what the recorder does with it: decoding, the mapping of a stream, the chains, the
 * losses, the live view and the session's writer, as fast as they go. Memory stays what it was, and every message is
 * stored or in a counter that says why not.
 * PRICELAG_HOUR_SECONDS: how much of it (300; `make bench-hour` does 3,600 and prints the memory every five minutes).
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "session_fixture.h"

#include "hour.h"
#include "latency/account.h"
#include "latency/latency.h"
#include "resident.h"

/* AddressSanitizer keeps what was freed for a while: up to 256 MB of it. */
#ifdef __SANITIZE_ADDRESS__
#define GROWTH_MAX (300U << 20)
#define JOIN_MAX (1U << 30)
#else
#define GROWTH_MAX (1U << 20)
#define JOIN_MAX (20U << 20)
#endif
#define JOIN_PER_SECOND 1000 /* for the keeper's packets and the index of the write-ahead log, not for messages or updates */
#define LOG_BYTES_MAX (16U << 20) /* of the write-ahead log: SQLite puts it back into the file every 4 MB */
#define ROWS_TOO_MANY 1000

static struct fixture fixture;
static struct hour hour;

static uint64_t hour_seconds(void)
{
	const char *wanted = getenv("PRICELAG_HOUR_SECONDS");
	uint64_t seconds = wanted ? strtoull(wanted, NULL, 10) : 300;

	assert_true(seconds >= 60);
	return seconds;
}

static uint64_t log_bytes(void)
{
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s-wal", fixture.path);
	return stat(path, &st) ? 0 : (uint64_t)st.st_size;
}

/* Somebody locks the file, and more comes than the queue holds: what does not fit is lost, and counted, and nothing else. */
static void more_than_the_queue_holds(int64_t stamp_ns)
{
	sqlite3 *other;

	assert_int_equal(sqlite3_open(fixture.path, &other), SQLITE_OK);
	sqlite3_busy_timeout(other, 10000);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	for (uint64_t i = session_room(hour.session) + ROWS_TOO_MANY; i; i--) {
		hour.truth.sent[HOUR_ITCH]++;
		hour_mold(&hour, ++hour.number, stamp_ns);
	}
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
}

static void memory_stays_flat(void **state)
{
	uint64_t seconds = hour_seconds(), warm = 0, now = 0, log_most = 0;
	int own = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	(void)state;
	fixture_folder(&fixture);
	dup2(nowhere, STDERR_FILENO); /* the live view is drawn, and nobody looks */
	hour_begin(&hour, fixture.folder, fixture.path);
	for (uint64_t second = 0; second < seconds; second++) {
		hour_second(&hour, second);
		now = resident_bytes();
		if (second == seconds / 2 - 1) {
			more_than_the_queue_holds(HOUR_START_NS + (int64_t)(second + 1) * HOUR_SECOND_NS - 1000);
			warm = now;
		}
		log_most = log_bytes() > log_most ? log_bytes() : log_most;
		if (getenv("PRICELAG_HOUR_SECONDS") && second % 300 == 0)
			printf("%2llu min  %6.1f MB\n", (unsigned long long)second / 60, (double)now / 1e6);
	}
	hour_end(&hour, seconds);
	dup2(own, STDERR_FILENO);
	close(own);
	close(nowhere);
	assert_true(now <= warm + GROWTH_MAX);
	assert_true(log_most <= LOG_BYTES_MAX);
}

/* ---- what the file says ---- */

static int64_t counter(const char *source, const char *name)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT count FROM loss WHERE source = '%s' AND name = '%s'", source, name);
	return fixture_int(&fixture, sql);
}

static int64_t rows_of(const char *feed)
{
	char sql[160];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM oracle_message m JOIN feed f ON f.id = m.feed_id WHERE f.name = '%s'", feed);
	return fixture_int(&fixture, sql);
}

static void every_message_is_stored_or_counted(void **state)
{
	static const char *const names[HOUR_FEEDS] = {"udp-a", "udp-b", "venue", "itch"};
	const struct hour_truth *truth = &hour.truth;
	struct error err = {""};
	uint64_t sent = 0;

	(void)state;
	if (session_open_read(&fixture.db, fixture.path, &err))
		fail_msg("%s", err.text);
	assert_int_equal(counter("session", "rows_lost"), ROWS_TOO_MANY);
	for (int i = 0; i < HOUR_FEEDS; i++) {
		int64_t rows_lost = i == HOUR_ITCH ? ROWS_TOO_MANY : 0;

		sent += truth->sent[i];
		assert_true(truth->sent[i] > 10000);
		assert_int_equal(rows_of(names[i]) + counter(names[i], "undecodable") + counter(names[i], "other_assets") + rows_lost +
				 (i == HOUR_VENUE ? 0 : counter(names[i], "ring_full")) + counter(names[i], "sequence_gaps"),
				 truth->sent[i] + truth->copies[i]);
		assert_int_equal(rows_of(names[i]) + rows_lost, counter(names[i], "updates"));
		assert_int_equal(counter(names[i], "undecodable"), truth->undecodable[i]);
		assert_int_equal(counter(names[i], "other_assets"), truth->other_assets[i]);
		assert_int_equal(counter(names[i], "ring_full"), i == HOUR_VENUE ? truth->unmapped : truth->ring_full[i]);
		assert_int_equal(counter(names[i], "sequence_gaps"), truth->lost_before[i]);
		assert_int_equal(counter(names[i], "sequence_repeats"), truth->copies[i]);
	}
	assert_true(sent > HOUR_TICKS * hour_seconds());
	assert_true(counter("itch", "sequence_late") > 0);
	assert_int_equal(counter("venue", "reordered"), truth->reordered);
	/* a message whose record was lost, and the one behind it that it may have held back */
	assert_in_range(counter("venue", "unmapped"), truth->unmapped, 2 * truth->unmapped);
	assert_int_equal(counter("venue", "messages"), truth->sent[HOUR_VENUE]);
}

static void every_block_and_update_is_there(void **state)
{
	const struct hour_truth *truth = &hour.truth;

	(void)state;
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM chain_block WHERE chain = 'node-a'"), truth->blocks);
	assert_int_equal(counter("node-a", "heads"), truth->blocks);
	assert_int_equal(counter("node-a", "duplicate_logs"), truth->duplicate_logs);
	assert_int_equal(counter("node-a", "removed"), truth->removed);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM chain_update WHERE chain = 'node-a' AND removed"), truth->removed);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM chain_update WHERE chain = 'node-a' AND NOT removed"), truth->logs);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM chain_update WHERE chain = 'node-b'"), truth->logs - truth->removed);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM sent"), truth->packets);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM clock"), hour_seconds() + 1);
}

/* Anyone's sqlite3 reads the same. */
static void plain_sqlite3_opens_it(void **state)
{
	static const char counts[] =
		"SELECT group_concat(n, ' ') FROM (SELECT count(*) AS n FROM oracle_message UNION ALL SELECT count(*) FROM chain_update"
		" UNION ALL SELECT count(*) FROM chain_block UNION ALL SELECT sum(count) FROM loss UNION ALL SELECT count(*) FROM sent)";
	char command[sizeof(counts) + 256], told[256] = "";
	FILE *output;

	(void)state;
	if (system("command -v sqlite3 >/dev/null")) {
		print_message("skip: there is no sqlite3 (Debian, Ubuntu: apt install sqlite3)\n");
		skip();
	}
	snprintf(command, sizeof(command), "sqlite3 -readonly '%s' 'PRAGMA quick_check' \"%s\"", fixture.path, counts);
	output = popen(command, "r");
	assert_non_null(output);
	assert_non_null(fgets(told, sizeof(told), output));
	assert_string_equal(told, "ok\n");
	assert_non_null(fgets(told, sizeof(told), output));
	told[strcspn(told, "\n")] = '\0';
	assert_int_equal(pclose(output), 0);
	assert_string_equal(told, fixture_text(&fixture, counts));
}

/* Every update ends in one way, and the join's memory does not follow the messages. */
static void the_join_is_bounded(void **state)
{
	struct join_account_list accounts;
	uint64_t before = resident_bytes(), peak;
	bool told = peak_begin();
	struct error err = {""};

	(void)state;
	if (join_session(fixture.db, &err))
		fail_msg("%s", err.text);
	peak = peak_bytes();
	print_message("the join took %.1f MB\n", ((double)peak - (double)before) / 1e6);
	if (join_accounts_load(fixture.db, &accounts, &err))
		fail_msg("%s", err.text);
	assert_int_equal(accounts.count, 2 * HOUR_ASSETS + 3);
	for (size_t i = 0; i < accounts.count; i++) {
		const struct join_account *account = &accounts.items[i];

		assert_int_equal(account->updated, strcmp(account->feed, "itch") != 0);
		if (!account->updated)
			continue; /* its symbols are not those of the chain */
		assert_string_equal(account->joined_by, strcmp(account->feed, "venue") ? "key" : "price");
		assert_int_equal(account->matched + account->censored + account->superseded + account->unmatched, account->total);
		assert_int_equal(account->matched + account->unmatched + account->before_start + account->repeated,
				 hour_seconds() / HOUR_BLOCK_S);
		/* the first ones are of before the recording, and some of their messages were lost */
		assert_true(account->matched > (strcmp(account->feed, "venue") ? hour_seconds() / HOUR_BLOCK_S * 9 / 10 : 10));
	}
	join_accounts_free(&accounts);
	assert_int_equal(fixture_int(&fixture, "SELECT count(*) FROM timeline WHERE status <> 'unmatched'"),
			 fixture_int(&fixture, "SELECT count(*) FROM oracle_message"));
	assert_true(fixture_int(&fixture, "SELECT count(DISTINCT sent_id) FROM timeline WHERE feed = 'udp-a'") >
		    (int64_t)hour.truth.packets * 9 / 10);
	if (!told) {
		print_message("skip: this kernel does not tell a process's peak (/proc/self/clear_refs)\n");
		skip();
	}
	assert_true(peak <= before + JOIN_MAX + JOIN_PER_SECOND * hour_seconds());
}

static int tear_down(void **state)
{
	const char *kept = getenv("PRICELAG_HOUR_KEEP");

	(void)state;
	if (kept)
		rename(fixture.path, kept);
	fixture_remove(&fixture);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_stays_flat),
		cmocka_unit_test(every_message_is_stored_or_counted),
		cmocka_unit_test(every_block_and_update_is_there),
		cmocka_unit_test(plain_sqlite3_opens_it),
		cmocka_unit_test(the_join_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
