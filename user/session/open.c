// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Opening a session for reading, and saying what else the file may be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/session.h"

#define SCHEMA_VERSION 3

/* Recognises a file by its first bytes. */
static const struct {
	const char *bytes;
	size_t len;
	const char *what;
} known_files[] = {
	{"\xd4\xc3\xb2\xa1", 4, "a capture file: turn it into a session with 'pricelag replay'"},
	{"\xa1\xb2\xc3\xd4", 4, "a capture file: turn it into a session with 'pricelag replay'"},
	{"\x4d\x3c\xb2\xa1", 4, "a capture file: turn it into a session with 'pricelag replay'"},
	{"\xa1\xb2\x3c\x4d", 4, "a capture file: turn it into a session with 'pricelag replay'"},
	{"\x0a\x0d\x0d\x0a", 4, "a capture file: turn it into a session with 'pricelag replay'"},
	{"\x28\xb5\x2f\xfd", 4, "compressed by zstd: decompress it first"},
	{"\x1f\x8b", 2, "compressed by gzip: decompress it first"},
};

static bool is_database(const char *head, ssize_t len)
{
	return len == 16 && !memcmp(head, "SQLite format 3", 16);
}

bool session_is_database(const char *path)
{
	char head[16];
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return false;
	got = read(fd, head, sizeof(head));
	close(fd);
	return is_database(head, got);
}

static int check_file(const char *path, struct error *err)
{
	char head[16];
	struct stat st;
	ssize_t got;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		int status = -errno;

		if (status == -ENOENT)
			return error_set(err, status, "%s: no such file; 'pricelag record -o FILE' and 'pricelag replay -o FILE' "
					 "make a session", path);
		return error_set(err, status, "%s: cannot be read: %s", path, strerror(-status));
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return error_set(err, -EINVAL, "%s is not a file; give the session file itself", path);
	}
	got = read(fd, head, sizeof(head));
	close(fd);
	if (is_database(head, got))
		return 0;
	for (size_t i = 0; i < sizeof(known_files) / sizeof(known_files[0]); i++)
		if (got >= (ssize_t)known_files[i].len && !memcmp(head, known_files[i].bytes, known_files[i].len))
			return error_set(err, -EINVAL, "%s is not a session but %s", path, known_files[i].what);
	return error_set(err, -EINVAL, "%s is not a session of pricelag (%s); 'pricelag record' and 'pricelag replay' make one",
			 path, got > 0 ? "it is no SQLite database" : "it is empty");
}

/* "file:…?immutable=1" with what a URI gives a meaning escaped; free it. */
static char *immutable_uri(const char *path)
{
	static const char tail[] = "?immutable=1";
	char *uri = malloc(5 + 3 * strlen(path) + sizeof(tail)), *at = uri;

	if (!uri)
		return NULL;
	at += sprintf(at, "file:");
	for (; *path; path++)
		at += sprintf(at, strchr("?#%", *path) ? "%%%02X" : "%c", *path);
	memcpy(at, tail, sizeof(tail));
	return uri;
}

static bool log_waits(const char *path)
{
	size_t len = strlen(path);
	char *log = malloc(len + 5);
	struct stat st;
	bool waits;

	if (!log)
		return true;
	memcpy(log, path, len);
	memcpy(log + len, "-wal", 5);
	waits = !stat(log, &st) && st.st_size > 0;
	free(log);
	return waits;
}

/* SQLite's result of reading the schema version through a connection opened with `flags`; the connection is closed unless it is SQLITE_OK. */
static int try_open(sqlite3 **db, const char *name, int flags, int *version, struct error *err)
{
	sqlite3_stmt *row = NULL;
	int status = sqlite3_open_v2(name, db, flags, NULL);

	if (status == SQLITE_OK) {
		sqlite3_busy_timeout(*db, 5000);
		status = sqlite3_prepare_v2(*db, "SELECT max(version) FROM schema_version", -1, &row, NULL);
	}
	if (status == SQLITE_OK) {
		status = sqlite3_step(row);
		if (status == SQLITE_ROW) {
			*version = sqlite3_column_int(row, 0);
			status = SQLITE_OK;
		} else if (status == SQLITE_DONE) {
			status = SQLITE_CORRUPT;
		}
	}
	if (status != SQLITE_OK)
		error_set(err, -EIO, "%s", sqlite3_errmsg(*db));
	sqlite3_finalize(row);
	if (status != SQLITE_OK) {
		sqlite3_close(*db);
		*db = NULL;
	}
	return status;
}

int session_open_read(sqlite3 **out, const char *path, struct error *err)
{
	int status = check_file(path, err), sqlite_status, version = 0;
	sqlite3 *db = NULL;
	char *uri;

	*out = NULL;
	if (status)
		return status;
	sqlite_status = try_open(&db, path, SQLITE_OPEN_READWRITE, &version, err);
	if (sqlite_status == SQLITE_READONLY || sqlite_status == SQLITE_CANTOPEN || sqlite_status == SQLITE_PERM ||
	    sqlite_status == SQLITE_AUTH || sqlite_status == SQLITE_IOERR)
		sqlite_status = try_open(&db, path, SQLITE_OPEN_READONLY, &version, err);
	/* No folder to keep the log's index in, as on read-only media: then nobody writes, and the file can be read as it is. */
	if (!db && sqlite_status != SQLITE_ERROR && sqlite_status != SQLITE_NOTADB && sqlite_status != SQLITE_CORRUPT) {
		if (log_waits(path))
			return error_set(err, -EROFS,
					 "%s: the recorder was killed and left %s-wal, which cannot be read in a folder without "
					 "write permission; copy both files to another folder", path, path);
		uri = immutable_uri(path);
		if (!uri)
			return error_set(err, -ENOMEM, "%s: out of memory", path);
		sqlite_status = try_open(&db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &version, err);
		free(uri);
	}
	if (sqlite_status == SQLITE_ERROR)
		return error_prefix(err, -EINVAL, "%s is an SQLite database but no session of pricelag", path);
	if (!db)
		return error_prefix(err, -EIO, "%s: cannot be read", path);
	if (version != SCHEMA_VERSION) {
		sqlite3_close(db);
		return error_set(err, -EINVAL, "%s has schema version %d and this pricelag reads version %d; read it with the "
				 "release that wrote it", path, version, SCHEMA_VERSION);
	}
	*out = db;
	return 0;
}

void session_meta(sqlite3 *db, const char *key, char *out, size_t size)
{
	sqlite3_stmt *row = NULL;

	snprintf(out, size, "%s", "");
	if (sqlite3_prepare_v2(db, "SELECT value FROM session WHERE key = ?1", -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_bind_text(row, 1, key, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step(row) == SQLITE_ROW &&
	    sqlite3_column_text(row, 0))
		snprintf(out, size, "%s", (const char *)sqlite3_column_text(row, 0));
	sqlite3_finalize(row);
}
