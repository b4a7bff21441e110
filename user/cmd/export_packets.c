// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/export_packets.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/offline.h"
#include "cmd/packet_notes.h"
#include "session/session.h"
#include "tap/pcapng_write.h"

#define INTERFACES_MAX 256
#define FILES_TEXT_MAX 65536 /* of the list of captures in a session */
#define LOOK_EVERY 4096

/* Interfaces of the new file: one for each of each capture. */
struct interfaces {
	struct {
		const char *file;
		uint32_t interface;
	} items[INTERFACES_MAX];
	uint32_t count;
};

/* The number of the packet's interface, which is described first if it is new; -ENOSPC. */
static int interface_of(struct interfaces *interfaces, const struct capfile_packet *packet, FILE *out)
{
	char name[4096];
	uint32_t i;

	for (i = 0; i < interfaces->count; i++)
		if (interfaces->items[i].file == packet->file && interfaces->items[i].interface == packet->interface)
			return (int)i;
	if (i == INTERFACES_MAX)
		return -ENOSPC;
	interfaces->items[i].file = packet->file;
	interfaces->items[i].interface = packet->interface;
	interfaces->count++;
	snprintf(name, sizeof(name), "%s", packet->file);
	pcapng_write_interface(out, packet->link_type, *packet->interface_name ? packet->interface_name : basename(name));
	return (int)i;
}

/* The captures that the session names, as an array into *text; free() both. */
static int named_files(sqlite3 *db, const char *session, char **text, char ***files, size_t *count, struct error *err)
{
	*text = calloc(1, FILES_TEXT_MAX);
	*files = calloc(FILES_TEXT_MAX / 2, sizeof(**files));
	if (!*text || !*files)
		return error_set(err, -ENOMEM, "out of memory");
	session_meta(db, "files", *text, FILES_TEXT_MAX);
	if (!**text || strlen(*text) == FILES_TEXT_MAX - 1)
		return error_set(err, -EINVAL, "%s: the list of its captures is %s: give them with --packets", session,
				 **text ? "too long to be read" : "missing");
	for (char *rest = *text, *file; (file = strsep(&rest, "\n"));) {
		if (!strcmp(file, "-"))
			return error_set(err, -EINVAL, "%s was replayed from standard input: give the capture with --packets",
					 session);
		(*files)[(*count)++] = file;
	}
	return 0;
}

/* Whether the session has the site's feeds, in its order: a look-up goes by their numbers. */
static int check_feeds(sqlite3 *db, const char *session, const char *path, const struct site *site, struct error *err)
{
	sqlite3_stmt *rows = NULL;
	size_t same = 0, count = 0;

	if (sqlite3_prepare_v2(db, "SELECT name FROM feed ORDER BY id", -1, &rows, NULL) != SQLITE_OK)
		return error_set(err, -EIO, "%s: %s", session, sqlite3_errmsg(db));
	for (; sqlite3_step(rows) == SQLITE_ROW; count++)
		same += count < site->feed_count &&
			!strcmp((const char *)sqlite3_column_text(rows, 0), site->collect[count].name);
	sqlite3_finalize(rows);
	if (count == site->feed_count && same == count)
		return 0;
	return error_set(err, -EINVAL, "%s has other feeds than %s: give the site that it was replayed with", session, path);
}

static int check_kind(sqlite3 *db, const char *session, struct error *err)
{
	char kind[16];

	session_meta(db, "kind", kind, sizeof(kind));
	if (!strcmp(kind, "replay"))
		return 0;
	return error_set(err, -EINVAL,
			 "%s was recorded live, and the stamps of a capture made beside it are not its own: replay the capture "
			 "(pricelag replay -c SITE.yaml FILE.pcap -o NEW.db) and export from that session",
			 session);
}

static int copy(struct offline *offline, struct packet_notes *notes, FILE *out, const char *out_name, struct error *err)
{
	struct interfaces interfaces = {.count = 0};
	const char *const *comments;
	size_t comment_count;
	int interface, status = 0;

	pcapng_write_section(out, "pricelag");
	for (uint64_t packets = 0; !status; packets++) {
		packet_notes_begin(notes);
		if (!offline_next(offline))
			break;
		comments = packet_notes_take(notes, &comment_count);
		if (comment_count) {
			const struct capfile_packet *packet = capture_in_hand(offline_capture(offline));

			interface = interface_of(&interfaces, packet, out);
			if (interface < 0)
				return error_set(err, interface, "more than %d interfaces in the captures", INTERFACES_MAX);
			pcapng_write_packet(out, (uint32_t)interface, packet, comments, comment_count);
		}
		if (packets % LOOK_EVERY == 0)
			offline_progress(offline, false);
		status = packet_notes_status(notes, err);
		if (!status && ferror(out))
			break;
	}
	offline_progress(offline, true);
	if (!status && (fflush(out) || ferror(out)))
		status = error_set(err, -EIO, "%s cannot be written: %s", out_name, strerror(errno));
	return status;
}

static bool say_missing(const struct packet_notes *notes, const char *session)
{
	struct packet_notes_missing missing;

	packet_notes_missing(notes, &missing);
	if (!missing.updates && !missing.slots)
		return false;
	fprintf(stderr,
		"%" PRIu64 " of %" PRIu64 " updates and %" PRIu64 " of %" PRIu64 " slots of %s are not in the captures: are they all "
		"that it was replayed from, with the same site (and the same --keylog)?\n",
		missing.updates, missing.of_updates, missing.slots, missing.of_slots, session);
	return true;
}

int export_packets(sqlite3 *db, const char *session, const struct export_packets *what, FILE *out, const char *out_name,
		   bool *untrusted, struct error *err)
{
	struct offline_input input = {
		.files = what->files, .file_count = what->file_count, .keylog = what->keylog, .each_shred = true};
	struct offline_handlers handlers;
	struct packet_notes *notes = NULL;
	struct offline *offline = NULL;
	char *text = NULL, **named = NULL;
	struct site site;
	int status = check_kind(db, session, err);

	if (!status)
		status = site_load(&site, what->site, err);
	if (status)
		return status;
	input.site = &site;
	status = check_feeds(db, session, what->site, &site, err);
	if (!status && !input.file_count) {
		status = named_files(db, session, &text, &named, &input.file_count, err);
		input.files = named;
	}
	if (!status)
		status = packet_notes_new(&notes, db, &site, err);
	if (!status) {
		packet_notes_handlers(notes, &handlers);
		status = offline_open(&offline, &input, &handlers, err);
	}
	if (!status)
		status = copy(offline, notes, out, out_name, err);
	if (!status)
		*untrusted = say_missing(notes, session);
	offline_close(offline);
	packet_notes_free(notes);
	free(named);
	free(text);
	site_free(&site);
	return status;
}
