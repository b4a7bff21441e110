/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The packets of a replayed session as pcapng, each with comments that say what it was (packet_notes.h). */
#ifndef PL_CMD_EXPORT_PACKETS_H
#define PL_CMD_EXPORT_PACKETS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

struct export_packets {
	const char *site, *keylog; /* keylog: or NULL */
	char **files;		   /* none: those that the session names */
	size_t file_count;
};

/* *untrusted: the captures do not hold all that the session does; the reason is on stderr. Names are for messages. */
int export_packets(sqlite3 *db, const char *session, const struct export_packets *what, FILE *out, const char *out_name,
		   bool *untrusted, struct error *err);

#endif
