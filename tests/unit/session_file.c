// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The session file when things go wrong: a writer that is killed, a disk that fills up, a name that is taken. */
#include "session_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

static struct fixture fixture;

static int set_up(void **state)
{
	(void)state;
	fixture_folder(&fixture);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

static void put_rows(struct session *session, int from, int to)
{
	for (int i = from; i < to; i++)
		session_put_sent(session, &(struct session_sent){.mono_ns = i, .bytes = 1, .seq = (uint32_t)i});
}

static void open_read(void)
{
	struct error err = {""};

	if (session_open_read(&fixture.db, fixture.path, &err))
		fail_msg("%s", err.text);
	assert_string_equal(fixture_text(&fixture, "PRAGMA integrity_check"), "ok");
}

static void a_name_that_is_taken(void **state)
{
	struct session *session;
	struct error err = {""};
	struct stat st;
	int fd = open(fixture.path, O_CREAT | O_WRONLY, 0644);

	(void)state;
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_int_equal(session_create(&session, fixture.path, &err), -EEXIST);
	assert_non_null(strstr(err.text, "never overwritten"));
	assert_int_equal(session_check_new(fixture.path, &err), -EEXIST);
	assert_non_null(strstr(err.text, "never overwritten"));
	assert_int_equal(stat(fixture.path, &st), 0);
	assert_int_equal(st.st_size, 4);
	assert_int_equal(session_open_read(&fixture.db, fixture.path, &err), -EINVAL);
}

static void a_database_of_somebody_else(void **state)
{
	struct error err = {""};
	char wanted[256];

	(void)state;
	assert_int_equal(sqlite3_open(fixture.path, &fixture.db), SQLITE_OK);
	fixture_sql(&fixture, "CREATE TABLE theirs (a)");
	sqlite3_close(fixture.db);
	assert_int_equal(session_open_read(&fixture.db, fixture.path, &err), -EINVAL);
	snprintf(wanted, sizeof(wanted), "%s is an SQLite database but no session of pricelag: no such table: schema_version", fixture.path);
	assert_string_equal(err.text, wanted);
}

static void no_folder(void **state)
{
	struct session *session;
	struct error err = {""};

	(void)state;
	assert_int_equal(session_create(&session, "/nonexistent/s.db", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/s.db"));
}

/* What a recorder that was killed at once left beside its session does not hinder the next one. */
static void leftover_of_a_killed_recorder(void **state)
{
	struct session *session;
	struct error err = {""};
	char beside[128];
	int fd;

	(void)state;
	snprintf(beside, sizeof(beside), "%s.new", fixture.path);
	fd = open(beside, O_CREAT | O_WRONLY, 0644);
	assert_int_equal(write(fd, "half of one", 11), 11);
	close(fd);
	assert_int_equal(session_create(&session, fixture.path, &err), 0);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(session_close(session, &err), 0);
	open_read();
	assert_string_equal(fixture_text(&fixture, "SELECT value FROM session WHERE key = 'clean_close'"), "1");
}

/* Rows without end, from a child of its own. */
static pid_t start_writer(void)
{
	pid_t child = fork();

	if (!child) {
		const struct timespec pause = {.tv_nsec = 100000};
		struct session *session;
		struct error err;

		if (session_create(&session, fixture.path, &err))
			_exit(1);
		for (int i = 0;; i += 10) {
			put_rows(session, i, i + 10);
			nanosleep(&pause, NULL);
		}
	}
	return child;
}

static void a_writer_that_is_killed(void **state)
{
	int with_rows = 0;

	(void)state;
	/* on a machine that is busy elsewhere, until one of them had time to store */
	for (int ms = 1; ms <= 512 || (!with_rows && ms <= 16384); ms *= 2) {
		const struct timespec wait = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
		pid_t child = start_writer();
		int64_t rows;

		assert_true(child > 0);
		nanosleep(&wait, NULL);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		if (access(fixture.path, F_OK))
			continue; /* killed before there was a session: then there is no file, not half of one */
		open_read();
		rows = fixture_int(&fixture, "SELECT count(*) FROM sent");
		/* the first rows, without a gap */
		assert_int_equal(fixture_int(&fixture, "SELECT ifnull(max(seq) + 1, 0) FROM sent"), rows);
		assert_string_equal(fixture_text(&fixture, "SELECT value FROM session WHERE key = 'clean_close'"), "no row");
		with_rows += rows > 0;
		fixture_remove(&fixture);
		fixture_folder(&fixture);
	}
	assert_true(with_rows > 0);
}

/* In a child with a mount of its own, which ends with it. Its exit status says what went wrong; 77: not allowed to mount. */
static int fill_a_disk(void)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	struct session *session;
	struct error err = {""};
	sqlite3 *db;
	int status = 0, rows = 0;

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", fixture.folder, "tmpfs", 0, "size=512k"))
		return 77;
	if (session_create(&session, fixture.path, &err))
		return 1;
	for (int i = 0; i < 2000 && !status; i++) {
		put_rows(session, rows, rows + 1000);
		rows += 1000;
		status = session_status(session, &err);
		nanosleep(&pause, NULL);
	}
	if (!status || !strstr(err.text, fixture.path) || !strstr(err.text, "full"))
		return 2;
	put_rows(session, rows, rows + 10); /* refused and counted from now on */
	if (session_rows_lost(session) < 10)
		return 3;
	if (session_close(session, &err) != status)
		return 4;
	if (session_open_read(&db, fixture.path, &err))
		return 5;
	fixture.db = db;
	if (fixture_int(&fixture, "SELECT count(*) FROM sent") < 1000 ||
	    fixture_int(&fixture, "SELECT max(seq) + 1 = count(*) FROM sent") != 1)
		return 6;
	sqlite3_close(db);
	return 0;
}

static void a_disk_that_fills_up(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	if (!child)
		_exit(fill_a_disk());
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		print_message("mounting a small file system needs root\n");
		skip();
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_name_that_is_taken),
		TEST(a_database_of_somebody_else),
		TEST(no_folder),
		TEST(leftover_of_a_killed_recorder),
		TEST(a_writer_that_is_killed),
		TEST(a_disk_that_fills_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
