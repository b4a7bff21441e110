// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/keylog.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"

/* Length of the line's secret where label and random are the wanted ones, 0 otherwise. */
static int match_line(const char *line, const char *label, const uint8_t random[KEYLOG_RANDOM],
		      uint8_t secret[KEYLOG_SECRET_MAX])
{
	size_t label_len = strlen(label);
	uint8_t found[KEYLOG_RANDOM];
	long len;

	if (strncmp(line, label, label_len) || line[label_len] != ' ')
		return 0;
	line += label_len + 1;
	if (strcspn(line, " \r\n") != 2 * KEYLOG_RANDOM || line[2 * KEYLOG_RANDOM] != ' ' ||
	    hex_decode(line, 2 * KEYLOG_RANDOM, found, sizeof(found)) != KEYLOG_RANDOM ||
	    memcmp(found, random, KEYLOG_RANDOM))
		return 0;
	line += 2 * KEYLOG_RANDOM + 1;
	len = hex_decode(line, strcspn(line, " \r\n"), secret, KEYLOG_SECRET_MAX);
	return len > 0 ? (int)len : 0;
}

int keylog_find(const char *path, const char *label, const uint8_t random[KEYLOG_RANDOM],
		uint8_t secret[KEYLOG_SECRET_MAX], struct error *err)
{
	FILE *file = fopen(path, "re");
	char line[1024]; /* the longest line of use has 24 + 64 + 128 characters; pieces of longer ones match nothing */
	int found = 0;

	if (!file)
		return error_set(err, -errno, "cannot read the key log %s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file)) {
		int len = match_line(line, label, random, secret);

		found = len ? len : found;
	}
	if (ferror(file))
		found = error_set(err, -EIO, "cannot read the key log %s: is it a file?", path);
	OPENSSL_cleanse(line, sizeof(line));
	fclose(file);
	return found;
}
