// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define RECORD_MAX ((uint64_t)1 << 36)
#define MAGIC "pricelag checkpoint 1\n"
#define LAYOUT 3 /* of what runs keep: of another one a file is another question's */

struct header {
	char magic[24];
	uint64_t key;
};

struct record {
	uint32_t run, mark; /* mark: RECORD_MARK */
	uint64_t slice, size, hash; /* of the bytes that follow */
};
#define RECORD_MARK 0x50434b31u

struct place {
	struct record record;
	off_t at; /* of its bytes */
};

struct checkpoint {
	int fd;
	char *path;
	uint32_t runs;
	int failure;
	time_t synced_s; /* monotonic */
	struct place *places;
	size_t count, capacity, found;
	off_t end;
};

uint64_t checkpoint_hash(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static int read_all(int fd, void *data, size_t size, off_t at)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pread(fd, (char *)data + done, size - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -ENODATA;
		done += (size_t)n;
	}
	return 0;
}

static int write_all(int fd, const void *data, size_t size, off_t at)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = pwrite(fd, (const char *)data + done, size - done, at + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

static int remember(struct checkpoint *checkpoint, const struct record *record, off_t at)
{
	if (checkpoint->count == checkpoint->capacity) {
		size_t capacity = checkpoint->capacity ? 2 * checkpoint->capacity : 64;
		void *memory = realloc(checkpoint->places, capacity * sizeof(*checkpoint->places));

		if (!memory)
			return -ENOMEM;
		checkpoint->places = memory;
		checkpoint->capacity = capacity;
	}
	checkpoint->places[checkpoint->count++] = (struct place){*record, at};
	checkpoint->end = at + (off_t)record->size;
	return 0;
}

/* Whether the bytes are those that were written; looked at piece by piece. */
static bool intact(const struct checkpoint *checkpoint, const struct record *record, off_t at)
{
	uint64_t hash = CHECKPOINT_KEY, left = record->size;
	char piece[65536];

	while (left) {
		size_t size = left < sizeof(piece) ? (size_t)left : sizeof(piece);

		if (read_all(checkpoint->fd, piece, size, at))
			return false;
		hash = checkpoint_hash(hash, piece, size);
		at += (off_t)size;
		left -= size;
	}
	return hash == record->hash;
}

/* Everything up to the first record that is not whole; the rest is cut off. */
static int scan(struct checkpoint *checkpoint, off_t size)
{
	for (;;) {
		struct record record;
		off_t at = checkpoint->end + (off_t)sizeof(record);
		int rc;

		if (at > size || read_all(checkpoint->fd, &record, sizeof(record), checkpoint->end) || record.mark != RECORD_MARK ||
		    record.size > RECORD_MAX || (off_t)record.size > size - at || !intact(checkpoint, &record, at))
			break;
		rc = remember(checkpoint, &record, at);
		if (rc)
			return rc;
	}
	checkpoint->found = checkpoint->count;
	return ftruncate(checkpoint->fd, checkpoint->end) ? -errno : 0;
}

/* A new file gets its header; the header of an old one is looked at. */
static int open_header(struct checkpoint *checkpoint, uint64_t key, struct error *err)
{
	const unsigned layout = LAYOUT;
	struct header header = {MAGIC, checkpoint_hash(key, &layout, sizeof(layout))}, there;
	const char *path = checkpoint->path;
	struct stat status;
	int rc;

	if (fstat(checkpoint->fd, &status))
		return error_set(err, -errno, "%s: %m", path);
	if (!S_ISREG(status.st_mode))
		return error_set(err, -EINVAL, "%s is no file; a checkpoint needs one", path);
	if (flock(checkpoint->fd, LOCK_EX | LOCK_NB))
		return error_set(err, -EBUSY, "%s is in use by another run; give another name", path);
	if (!status.st_size) {
		rc = write_all(checkpoint->fd, &header, sizeof(header), 0);
		return rc ? error_set(err, rc, "%s: cannot be written: %s", path, strerror(-rc)) : 0;
	}
	if (read_all(checkpoint->fd, &there, sizeof(there), 0) || memcmp(there.magic, header.magic, sizeof(header.magic)))
		return error_set(err, -EINVAL, "%s is no checkpoint, and is not overwritten; give another name", path);
	if (there.key != header.key)
		return error_set(err, -EINVAL, "%s belongs to another question: the model, its data or the program has changed since; "
					       "remove it to begin anew, or give another name", path);
	rc = scan(checkpoint, status.st_size);
	return rc ? error_set(err, rc, "%s: %s", path, strerror(-rc)) : 0;
}

int checkpoint_open(struct checkpoint **out, const char *path, uint64_t key, struct error *err)
{
	struct checkpoint *checkpoint = calloc(1, sizeof(*checkpoint));
	int rc;

	*out = NULL;
	if (!checkpoint)
		return error_set(err, -ENOMEM, "out of memory");
	checkpoint->end = (off_t)sizeof(struct header);
	checkpoint->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	checkpoint->path = strdup(path);
	if (checkpoint->fd < 0)
		rc = error_set(err, -errno, "%s: cannot be opened as a checkpoint: %m", path);
	else if (!checkpoint->path)
		rc = error_set(err, -ENOMEM, "out of memory");
	else
		rc = open_header(checkpoint, key, err);
	if (rc)
		checkpoint_close(checkpoint, false);
	else
		*out = checkpoint;
	return rc;
}

void checkpoint_close(struct checkpoint *checkpoint, bool finished)
{
	if (!checkpoint)
		return;
	if (finished)
		unlink(checkpoint->path);
	if (checkpoint->fd >= 0)
		close(checkpoint->fd);
	free(checkpoint->path);
	free(checkpoint->places);
	free(checkpoint);
}

void checkpoint_move(void *ours, char **bytes, size_t size, bool back)
{
	memcpy(back ? ours : (void *)*bytes, back ? (void *)*bytes : ours, size);
	*bytes += size;
}

uint32_t checkpoint_run(struct checkpoint *checkpoint)
{
	return checkpoint->runs++;
}

size_t checkpoint_found(const struct checkpoint *checkpoint)
{
	return checkpoint->found;
}

int checkpoint_failure(const struct checkpoint *checkpoint)
{
	return checkpoint->failure;
}

bool checkpoint_get(struct checkpoint *checkpoint, uint32_t run, uint64_t slice, void *data, size_t size)
{
	for (size_t i = 0; i < checkpoint->found; i++) {
		const struct record *record = &checkpoint->places[i].record;

		if (record->run == run && record->slice == slice && record->size == size)
			return !read_all(checkpoint->fd, data, size, checkpoint->places[i].at);
	}
	return false;
}

/* What the machine could lose is the last second: less than making it last each time would cost short slices. */
static int sync_now_and_then(struct checkpoint *checkpoint)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec <= checkpoint->synced_s)
		return 0;
	checkpoint->synced_s = now.tv_sec;
	return fdatasync(checkpoint->fd) ? -errno : 0;
}

void checkpoint_put(struct checkpoint *checkpoint, uint32_t run, uint64_t slice, const void *data, size_t size)
{
	struct record record = {.run = run, .mark = RECORD_MARK, .slice = slice, .size = size,
				.hash = checkpoint_hash(CHECKPOINT_KEY, data, size)};
	off_t at = checkpoint->end + (off_t)sizeof(record);
	int rc = checkpoint->failure;

	if (!rc)
		rc = write_all(checkpoint->fd, &record, sizeof(record), checkpoint->end);
	if (!rc)
		rc = write_all(checkpoint->fd, data, size, at);
	if (!rc)
		rc = sync_now_and_then(checkpoint);
	checkpoint->failure = rc;
	if (!rc)
		checkpoint->end = at + (off_t)size;
}
