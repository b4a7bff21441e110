// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "session/queue.h"

#define QUEUE_ROWS 16384u /* power of two; about 12 MB, and 28 ms of the longest commit at 500 k rows/s */
#define COMMIT_ROWS 1000
#define COMMIT_NS 100000000
#define IDLE_NS 5000000

static const char schema[] =
#include "schema.sql.inc"
	;

struct session {
	char *path;
	sqlite3 *db;
	struct row_writer writer;
	struct row *queue;
	/* Single producer, single consumer: each index is written by one side only. */
	_Atomic uint64_t put, taken;
	_Atomic uint64_t rows_lost;
	atomic_bool stop;
	atomic_int status; /* of the writer: 0 or a negative errno, set after its text */
	struct error failure;
	pthread_t thread;
};

/* ---- the writer thread ---- */

static int errno_of(int sqlite_status)
{
	switch (sqlite_status & 0xff) {
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_CONSTRAINT:
		return -EINVAL;
	default:
		return -EIO;
	}
}

/* The kernel's reason where it gave one: "File too large" tells more than "disk I/O error". */
static int fail(struct session *session, int sqlite_status)
{
	const char *reason = sqlite3_errmsg(session->db);
	int system = sqlite3_system_errno(session->db), code = errno_of(sqlite_status);
	struct statvfs fs;

	if (code == -EIO && (system == ENOSPC || system == EFBIG || system == EDQUOT))
		code = -system;
	if (statvfs(session->path, &fs))
		fs.f_bavail = 0;
	error_set(&session->failure, code,
		  "%s: recording stopped: %s%s%s (%" PRIu64 " MB free on its file system). What was committed before is kept "
		  "and can be read; free space or give another file system with -o, and start again with a new file",
		  session->path, reason, code == -EIO || code == -ENOSPC ? ": " : "",
		  code == -EIO || code == -ENOSPC ? strerror(system ? system : -code) : "",
		  (uint64_t)fs.f_bavail * fs.f_frsize / 1000000);
	sqlite3_exec(session->db, "ROLLBACK", NULL, NULL, NULL);
	atomic_store_explicit(&session->status, code, memory_order_release);
	return code;
}

static int begin(struct session *session)
{
	return sqlite3_exec(session->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
}

static int commit(struct session *session)
{
	return sqlite3_exec(session->db, "COMMIT", NULL, NULL, NULL);
}

/* Writes what waits in the queue, at most a batch. Returns the rows taken; *status is SQLite's. */
static unsigned int drain(struct session *session, unsigned int batch, int *status)
{
	uint64_t taken = atomic_load_explicit(&session->taken, memory_order_relaxed);
	uint64_t put = atomic_load_explicit(&session->put, memory_order_acquire);
	unsigned int count = 0;

	while (taken != put && count < batch && *status == SQLITE_OK) {
		struct row *row = &session->queue[taken % QUEUE_ROWS];

		*status = row_write(&session->writer, row);
		if (row->kind == ROW_META)
			free(row->meta.value);
		taken++;
		count++;
		atomic_store_explicit(&session->taken, taken, memory_order_release);
	}
	return count;
}

static void *write_rows(void *argument)
{
	struct session *session = argument;
	const struct timespec idle = {.tv_nsec = IDLE_NS};
	unsigned int pending = 0; /* rows in the open transaction */
	int64_t since_ns = 0;
	int status = SQLITE_OK;

	while (status == SQLITE_OK) {
		/* Read before the queue: whatever was put before the stop is then seen by this turn. */
		bool stop = atomic_load_explicit(&session->stop, memory_order_acquire);
		bool empty = atomic_load_explicit(&session->put, memory_order_acquire) ==
			     atomic_load_explicit(&session->taken, memory_order_relaxed);

		if (!empty && !pending) {
			status = begin(session);
			since_ns = clock_mono_ns();
		}
		if (!empty && status == SQLITE_OK)
			pending += drain(session, COMMIT_ROWS - pending, &status);
		if (status == SQLITE_OK && pending &&
		    (pending >= COMMIT_ROWS || clock_mono_ns() - since_ns >= COMMIT_NS || (stop && empty))) {
			status = commit(session);
			pending = 0;
		}
		if (stop && empty)
			break;
		if (empty)
			nanosleep(&idle, NULL);
	}
	if (status != SQLITE_OK)
		fail(session, status);
	return NULL;
}

/* ---- life ---- */

/* The bytes of a session without rows, for sqlite3_free(); NULL without memory. */
static unsigned char *empty_session(sqlite3_int64 *size)
{
	unsigned char *image = NULL;
	sqlite3 *db = NULL;

	if (sqlite3_open(":memory:", &db) == SQLITE_OK && sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, "INSERT INTO schema_version VALUES (3)", NULL, NULL, NULL) == SQLITE_OK)
		image = sqlite3_serialize(db, "main", size, 0);
	sqlite3_close(db);
	return image;
}

static int write_all(int fd, const unsigned char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

/* The file appears under its name with every table in it: a recorder that is killed here leaves no session, never half of one. */
static int create_file(const char *path)
{
	sqlite3_int64 size = 0;
	unsigned char *image = empty_session(&size);
	char *beside = sqlite3_mprintf("%s.new", path);
	int fd, status = image && beside ? 0 : -ENOMEM;

	if (!status) {
		fd = open(beside, O_CREAT | O_TRUNC | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
		if (fd < 0) {
			status = -errno;
		} else {
			status = write_all(fd, image, (size_t)size);
			close(fd);
			if (!status && renameat2(AT_FDCWD, beside, AT_FDCWD, path, RENAME_NOREPLACE))
				status = -errno;
			if (status)
				unlink(beside);
		}
	}
	sqlite3_free(beside);
	sqlite3_free(image);
	return status;
}

static int open_database(struct session *session, struct error *err)
{
	sqlite3_stmt *mode = NULL;
	char text[16] = "";

	if (sqlite3_open_v2(session->path, &session->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return error_set(err, -EIO, "%s: %s", session->path, sqlite3_errmsg(session->db));
	sqlite3_busy_timeout(session->db, 10000);
	if (sqlite3_prepare_v2(session->db, "PRAGMA journal_mode = WAL", -1, &mode, NULL) == SQLITE_OK &&
	    sqlite3_step(mode) == SQLITE_ROW)
		snprintf(text, sizeof(text), "%s", (const char *)sqlite3_column_text(mode, 0));
	sqlite3_finalize(mode);
	if (strcmp(text, "wal"))
		return error_set(err, -ENOTSUP,
				 "%s: this file system cannot hold a write-ahead log (%s); record to a local disk with -o",
				 session->path, sqlite3_errmsg(session->db));
	if (sqlite3_exec(session->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL) != SQLITE_OK ||
	    row_writer_open(&session->writer, session->db) != SQLITE_OK)
		return error_set(err, errno_of(sqlite3_errcode(session->db)), "%s: cannot be set up: %s", session->path,
				 sqlite3_errmsg(session->db));
	return 0;
}

static void session_free(struct session *session)
{
	row_writer_close(&session->writer);
	sqlite3_close(session->db);
	free(session->queue);
	free(session->path);
	free(session);
}

/* Signals are for the thread that records: the writer takes none. */
static int start_thread(struct session *session)
{
	sigset_t all, before;
	int status;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	status = pthread_create(&session->thread, NULL, write_rows, session);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -status;
}

static int name_taken(const char *path, struct error *err)
{
	return error_set(err, -EEXIST, "%s exists, and a recording is never overwritten; give another name with -o, or move the "
			 "file away", path);
}

int session_check_new(const char *path, struct error *err)
{
	char *copy;
	struct stat st;
	int status = 0;

	if (!lstat(path, &st))
		return name_taken(path, err);
	copy = strdup(path);
	if (!copy)
		return error_set(err, -ENOMEM, "%s: out of memory", path);
	if (stat(dirname(copy), &st))
		status = error_set(err, -errno, "%s: its folder cannot be read: %s; create it first", path, strerror(errno));
	free(copy);
	return status;
}

int session_create(struct session **out, const char *path, struct error *err)
{
	struct session *session = calloc(1, sizeof(*session));
	int status;

	if (!session || !(session->path = strdup(path)) || !(session->queue = calloc(QUEUE_ROWS, sizeof(*session->queue)))) {
		if (session)
			session_free(session);
		return error_set(err, -ENOMEM, "%s: no memory for the queue of rows", path);
	}
	status = create_file(path);
	if (status) {
		session_free(session);
		if (status == -EEXIST)
			return name_taken(path, err);
		return error_set(err, status, "%s: cannot be created: %s; give a folder that may be written to with -o",
				 path, strerror(-status));
	}
	status = open_database(session, err);
	if (!status) {
		status = start_thread(session);
		if (status)
			error_set(err, status, "%s: no thread for the writer: %s", path, strerror(-status));
	}
	if (status) {
		session_free(session);
		unlink(path);
		return status;
	}
	*out = session;
	return 0;
}

int session_status(struct session *session, struct error *err)
{
	int status = atomic_load_explicit(&session->status, memory_order_acquire);

	return status ? error_set(err, status, "%s", session->failure.text) : 0;
}

uint64_t session_room(struct session *session)
{
	return QUEUE_ROWS - (atomic_load_explicit(&session->put, memory_order_relaxed) -
			     atomic_load_explicit(&session->taken, memory_order_acquire));
}

uint64_t session_rows_lost(struct session *session)
{
	return atomic_load_explicit(&session->rows_lost, memory_order_relaxed);
}

int session_close(struct session *session, struct error *err)
{
	uint64_t taken, put;
	int status, written = SQLITE_OK;
	char *last;

	atomic_store_explicit(&session->stop, true, memory_order_release);
	pthread_join(session->thread, NULL);
	status = session_status(session, err);
	if (!status) {
		last = sqlite3_mprintf("INSERT OR REPLACE INTO loss VALUES ('session', 'rows_lost', %lld, 1);"
				       "INSERT OR REPLACE INTO session VALUES ('clean_close', '1');",
				       (long long)session_rows_lost(session));
		written = last ? begin(session) : SQLITE_NOMEM;
		if (written == SQLITE_OK)
			written = sqlite3_exec(session->db, last, NULL, NULL, NULL);
		if (written == SQLITE_OK)
			written = commit(session);
		if (written != SQLITE_OK) {
			fail(session, written);
			status = session_status(session, err);
		}
		sqlite3_free(last);
	}
	for (taken = session->taken, put = session->put; taken != put; taken++)
		if (session->queue[taken % QUEUE_ROWS].kind == ROW_META)
			free(session->queue[taken % QUEUE_ROWS].meta.value);
	/* A checkpoint that a reader or a full disk prevents loses nothing: the log then stays beside the file. */
	sqlite3_wal_checkpoint_v2(session->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	session_free(session);
	return status;
}

/* ---- the queue ---- */

struct row *session_claim(struct session *session, enum row_kind kind)
{
	uint64_t put = atomic_load_explicit(&session->put, memory_order_relaxed);
	struct row *row = &session->queue[put % QUEUE_ROWS];

	if (put - atomic_load_explicit(&session->taken, memory_order_acquire) >= QUEUE_ROWS ||
	    atomic_load_explicit(&session->status, memory_order_relaxed)) {
		session_lose(session);
		return NULL;
	}
	row->kind = kind;
	return row;
}

void session_publish(struct session *session)
{
	uint64_t put = atomic_load_explicit(&session->put, memory_order_relaxed);

	atomic_store_explicit(&session->put, put + 1, memory_order_release);
}

void session_lose(struct session *session)
{
	atomic_fetch_add_explicit(&session->rows_lost, 1, memory_order_relaxed);
}
