/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What each packet of a replayed session was: notes such as "feed=cme asset=ES key=17 stage=wire message=4", found by
 * reading the captures once more and looking up what the session made of them. Stamps of a replayed session are those of
 * its captures, so a look-up is exact; docs/site.md has the words.
 */
#ifndef PL_CMD_PACKET_NOTES_H
#define PL_CMD_PACKET_NOTES_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "cmd/offline.h"

struct packet_notes;

/* Joins the session first if needed. Site and session must outlive it. */
int packet_notes_new(struct packet_notes **out, sqlite3 *db, const struct site *site, struct error *err);

/* What offline_open() is to call. */
void packet_notes_handlers(struct packet_notes *notes, struct offline_handlers *out);

/* Before each packet. */
void packet_notes_begin(struct packet_notes *notes);

/* After it: its notes, *count of them (0: nobody's packet); valid until the next packet_notes_begin(). */
const char *const *packet_notes_take(struct packet_notes *notes, size_t *count);

/* 0, or the first error of a look-up. */
int packet_notes_status(const struct packet_notes *notes, struct error *err);

/* How many of the session's updates and slots no packet was found for. */
struct packet_notes_missing {
	uint64_t updates, of_updates, slots, of_slots;
};
void packet_notes_missing(const struct packet_notes *notes, struct packet_notes_missing *out);

void packet_notes_free(struct packet_notes *notes);

#endif
