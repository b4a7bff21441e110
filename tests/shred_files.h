/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Published shreds, read from their files: what the tests of blocks start from. Each reader skips the test where the file is absent. */
#ifndef PL_TESTS_SHRED_FILES_H
#define PL_TESTS_SHRED_FILES_H

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define SHRED_FILE_MAX 512

struct shred_file {
	uint8_t bytes[SHRED_FILE_MAX][1232];
	uint32_t len[SHRED_FILE_MAX];
	size_t count;
};

static inline const char *shred_file_path(const char *name)
{
	static char path[512];
	const char *root = getenv("PRICELAG_DATA");

	snprintf(path, sizeof(path), "%s/solana/%s", root ? root : "../shared/data", name);
	return path;
}

static inline void shred_file_add(struct shred_file *file, const uint8_t *bytes, size_t len)
{
	assert_true(file->count < SHRED_FILE_MAX && len <= sizeof(file->bytes[0]));
	memcpy(file->bytes[file->count], bytes, len);
	file->len[file->count++] = (uint32_t)len;
}

/* A text of numbers in double brackets, gzipped: [[byte, …], …]. */
static inline struct shred_file *shred_file_json(const char *name)
{
	struct shred_file *file = calloc(1, sizeof(*file));
	gzFile in = gzopen(shred_file_path(name), "rb");
	uint8_t bytes[1232];
	size_t len = 0;
	int number = -1, c;

	if (!in) {
		printf("skip: no %s\n", shred_file_path(name));
		free(file);
		skip();
	}
	while ((c = gzgetc(in)) != -1) {
		if (isdigit(c)) {
			number = (number < 0 ? 0 : number) * 10 + c - '0';
			continue;
		}
		if (number >= 0) {
			assert_true(len < sizeof(bytes) && number < 256);
			bytes[len++] = (uint8_t)number;
			number = -1;
		}
		if (c == ']' && len) {
			shred_file_add(file, bytes, len);
			len = 0;
		}
	}
	gzclose(in);
	return file;
}

/* {length u64 LE, bytes} … */
static inline struct shred_file *shred_file_bin(const char *name)
{
	struct shred_file *file = calloc(1, sizeof(*file));
	FILE *in = fopen(shred_file_path(name), "rb");
	uint8_t bytes[1232], head[8];

	if (!in) {
		printf("skip: no %s\n", shred_file_path(name));
		free(file);
		skip();
	}
	while (fread(head, sizeof(head), 1, in) == 1) {
		size_t len = head[0] | (size_t)head[1] << 8;

		assert_true(len <= sizeof(bytes) && fread(bytes, len, 1, in) == 1);
		shred_file_add(file, bytes, len);
	}
	fclose(in);
	return file;
}

/* Members of a Unix archive: 60 bytes of header with the size in decimal at 48, padded to even length. */
static inline struct shred_file *shred_file_ar(const char *name)
{
	struct shred_file *file = calloc(1, sizeof(*file));
	FILE *in = fopen(shred_file_path(name), "rb");
	uint8_t bytes[1232];
	char head[61] = "";

	if (!in) {
		printf("skip: no %s\n", shred_file_path(name));
		free(file);
		skip();
	}
	fseek(in, 8, SEEK_SET);
	while (fread(head, 60, 1, in) == 1) {
		size_t len = strtoul(head + 48, NULL, 10);

		if (len > sizeof(bytes)) {
			fseek(in, (long)(len + len % 2), SEEK_CUR);
			continue;
		}
		assert_true(fread(bytes, 1, len, in) == len);
		fseek(in, (long)(len % 2), SEEK_CUR);
		shred_file_add(file, bytes, len);
	}
	fclose(in);
	return file;
}

#endif
