// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* `plaintext:` of a feed: what another process's TLS library gives it. Asked for by name, and said aloud. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/site_parts.h"

int site_plaintext(struct conf map, struct site_feed *out, struct collect_feed *collect, struct error *err)
{
	struct conf library, process = conf_get(map, "process");
	char path[4096];
	uint64_t pid = 0;

	if (!conf_exists(map))
		return 0;
	if (conf_require(map, "library", "the path of the libssl that the process uses, or of a program with OpenSSL in it", &library, err) ||
	    conf_read_text(library, path, sizeof(path), err) || (conf_exists(process) && conf_read_uint(process, 1, 1 << 22, &pid, err)) ||
	    conf_reject_unknown(map, "library, process", err))
		return -EINVAL;
	if (path[0] != '/')
		return conf_error(library, err, "'%s' is not a full path; `ldd PROGRAM` or /proc/PID/maps have it", path);
	if (!collect->decoder)
		return conf_error(map, err, "needs a decoder of prices (role oracle) that reads the messages");
	if (!out->match_count)
		return conf_error(map, err, "belongs to a feed with 'match': the connection is another program's");
	for (size_t i = 0; i < out->match_count; i++)
		if (out->matches[i].space != PL_PORT_TCP)
			return conf_error(map, err, "is about TLS connections: match tcp");
	out->plaintext_library = strdup(path);
	if (!out->plaintext_library)
		return conf_error(map, err, "out of memory");
	out->plaintext_process = (pid_t)pid;
	out->action = PL_ACTION_ARRIVAL;
	collect->reads = collect->plaintext = true;
	return 0;
}

bool site_reads_plaintext(const struct site *site)
{
	for (size_t i = 0; i < site->feed_count; i++)
		if (site->feeds[i].plaintext_library)
			return true;
	return false;
}

int site_attach_plaintext(const struct site *site, struct tap *tap, struct error *err)
{
	for (size_t i = 0; i < site->feed_count; i++) {
		const struct site_feed *feed = &site->feeds[i];
		char process[32] = "every process";
		bool again = false;
		int status;

		if (!feed->plaintext_library)
			continue;
		if (feed->plaintext_process)
			snprintf(process, sizeof(process), "process %d", (int)feed->plaintext_process);
		fprintf(stderr, "%s: WARNING: reads the plaintext that %s gets of %s, of the connections that this feed matches\n",
			site->collect[i].name, process, feed->plaintext_library);
		for (size_t k = 0; k < i; k++)
			again |= site->feeds[k].plaintext_library && feed->plaintext_process == site->feeds[k].plaintext_process &&
				 !strcmp(site->feeds[k].plaintext_library, feed->plaintext_library);
		if (again)
			continue;
		status = tap_attach_plaintext(tap, feed->plaintext_library, feed->plaintext_process, err);
		if (status)
			return status;
	}
	return 0;
}
