// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "match.bpf.h"
#include "tap/aggregate.h"

#define SETS_MAX 65536 /* as many as the kernel's table holds */
#define SECOND_NS 1000000000ULL

struct file {
	struct capfile *capfile;
	char *broken; /* why it ended early; NULL: it did not */
	bool ended;
	bool has; /* a packet in hand */
	struct capfile_packet packet;
	uint64_t last_ns;
};

struct capture_rule {
	struct pl_rule rule;
	uint8_t space, direction;
	uint16_t port_low, port_high;
};

struct capture {
	struct capture_options options;
	struct capture_handlers handlers;
	struct aggregate *aggregate;
	struct file *files;
	size_t file_count;
	struct capture_rule rules[PL_RULES_MAX];
	size_t rule_count;
	uint8_t watched[65536 / 8];
	uint64_t counters[PL_FEEDS_MAX][PL_COUNTER_MAX];
	struct capture_totals totals;
	uint64_t next_retire_ns;
	struct capfile_packet in_hand;
	uint8_t scratch[LINK_FRAME_MAX];
	struct {
		struct pl_datagram head;
		uint8_t payload[PL_DATAGRAM_MAX];
	} datagram;
	struct {
		struct pl_stream head;
		uint8_t payload[PL_DATAGRAM_MAX];
	} stream;
};

int capture_new(struct capture **out, const struct capture_options *options, const struct capture_handlers *handlers,
		struct error *err)
{
	struct capture *capture = calloc(1, sizeof(*capture));
	struct aggregate_handlers to = {handlers->context, handlers->on_record, handlers->on_set, handlers->on_slot};
	int status;

	if (!capture)
		return error_set(err, -ENOMEM, "no memory to read capture files");
	status = aggregate_new(&capture->aggregate, SETS_MAX, &to, err);
	if (status) {
		free(capture);
		return status;
	}
	capture->options = *options;
	capture->handlers = *handlers;
	capture->totals.first_ns = TIME_UNKNOWN;
	capture->totals.last_ns = TIME_UNKNOWN;
	*out = capture;
	return 0;
}

void capture_free(struct capture *capture)
{
	if (!capture)
		return;
	for (size_t i = 0; i < capture->file_count; i++) {
		capfile_close(capture->files[i].capfile);
		free(capture->files[i].broken);
	}
	free(capture->files);
	aggregate_free(capture->aggregate);
	free(capture);
}

int capture_add_match(struct capture *capture, const struct match *match, uint32_t feed, enum pl_rule_action action,
		      uint16_t shred_version, struct error *err)
{
	struct capture_rule *rule;

	if (capture->rule_count == PL_RULES_MAX)
		return error_set(err, -ENOSPC, "more than %d rules; give ranges of ports in place of single ones",
				 PL_RULES_MAX);
	rule = &capture->rules[capture->rule_count++];
	match_to_rule(match, feed, action, shred_version, &rule->rule);
	rule->space = match->space;
	rule->direction = action == PL_ACTION_EGRESS ? PL_EGRESS : PL_INGRESS;
	rule->port_low = match->port_low;
	rule->port_high = match->port_high;
	return 0;
}

void capture_watch_port(struct capture *capture, uint16_t port)
{
	capture->watched[port / 8] |= 1 << port % 8;
}

static bool is_watched(const struct capture *capture, uint16_t port)
{
	return capture->watched[port / 8] & 1 << port % 8;
}

/* ---- one packet --------------------------------------------------------------------------------------------------- */

static bool in_range(const struct capture_rule *rule, uint16_t port)
{
	return port >= rule->port_low && port <= rule->port_high;
}

static const struct pl_rule *rule_find(const struct capture *capture, uint8_t direction, const struct packet *packet)
{
	for (size_t i = 0; i < capture->rule_count; i++) {
		const struct capture_rule *rule = &capture->rules[i];

		if (rule->direction == direction && rule->space == packet->space &&
		    (in_range(rule, packet->dest_port) ||
		     (rule->rule.action == PL_ACTION_STREAM && in_range(rule, packet->source_port))) &&
		    rule_matches(&rule->rule, packet))
			return &rule->rule;
	}
	return NULL;
}

static uint64_t *counters_of(struct capture *capture, uint32_t feed)
{
	return capture->counters[feed < PL_FEEDS_MAX ? feed : PL_FEED_NONE];
}

static void datagram(struct capture *capture, const struct packet *packet, const uint8_t *payload, uint32_t captured,
		     const struct pl_rule *rule, uint64_t stamp_ns)
{
	struct pl_datagram *head = &capture->datagram.head;
	uint32_t wanted = packet->len < rule->capture ? packet->len : rule->capture;

	if (captured > wanted)
		captured = wanted;
	if (captured > PL_DATAGRAM_MAX)
		captured = PL_DATAGRAM_MAX;
	if (captured < wanted)
		counters_of(capture, rule->feed)[PL_COUNTER_TRUNCATED]++;
	*head = (struct pl_datagram){
		.head = {PL_RECORD_DATAGRAM, rule->feed, stamp_ns},
		.source_port = packet->source_port,
		.dest_port = packet->dest_port,
		.len = packet->len,
		.wanted = wanted,
		.captured = captured,
	};
	memcpy(head->source, packet->source, sizeof(head->source));
	memcpy(capture->datagram.payload, payload, captured);
	capture->handlers.on_record(capture->handlers.context, &head->head, sizeof(*head) + captured);
}

static void stream(struct capture *capture, const struct packet *packet, const uint8_t *payload, uint32_t captured,
		   uint32_t feed, uint64_t stamp_ns)
{
	struct pl_stream *head = &capture->stream.head;

	if (!packet->len && !(packet->flags & (PL_TCP_SYN | PL_TCP_FIN | PL_TCP_RST)))
		return;
	if (captured < packet->len)
		counters_of(capture, feed)[PL_COUNTER_TRUNCATED]++;
	*head = (struct pl_stream){
		.head = {PL_RECORD_STREAM, feed, stamp_ns},
		.source_port = packet->source_port,
		.dest_port = packet->dest_port,
		.seq = packet->seq,
		.flags = packet->flags,
		.len = packet->len,
		.space = PL_PORT_TCP,
	};
	memcpy(head->source, packet->source, sizeof(head->source));
	memcpy(head->dest, packet->dest, sizeof(head->dest));
	/* Segments that were merged before they were captured are given out in pieces, as the kernel's tap does. */
	do {
		head->captured = captured < PL_DATAGRAM_MAX ? captured : PL_DATAGRAM_MAX;
		memcpy(capture->stream.payload, payload, head->captured);
		capture->handlers.on_record(capture->handlers.context, &head->head, sizeof(*head) + head->captured);
		payload += head->captured;
		captured -= head->captured;
		head->seq += head->captured + !!(head->flags & PL_TCP_SYN);
		head->len -= head->captured;
		head->flags &= ~(uint32_t)PL_TCP_SYN;
	} while (captured);
}

static void ingress(struct capture *capture, const struct packet *packet, int length, const uint8_t *payload,
		    uint32_t captured, uint64_t stamp_ns)
{
	const struct pl_rule *rule = rule_find(capture, PL_INGRESS, packet);
	uint64_t *counters;

	if (!rule)
		return;
	counters = counters_of(capture, rule->feed);
	counters[PL_COUNTER_PACKETS]++;
	if (length != PACKET_OK)
		counters[PL_COUNTER_MALFORMED]++;
	else if (packet->fragment)
		counters[PL_COUNTER_FRAGMENT]++;
	else if (rule->action == PL_ACTION_DATAGRAM)
		datagram(capture, packet, payload, captured, rule, stamp_ns);
	else if (rule->action == PL_ACTION_STREAM)
		stream(capture, packet, payload, captured, rule->feed, stamp_ns);
	else
		aggregate_payload(capture->aggregate, rule, payload, captured, packet->len, stamp_ns, counters);
}

static void egress(struct capture *capture, const struct packet *packet, int length, uint64_t stamp_ns)
{
	const struct pl_rule *rule = rule_find(capture, PL_EGRESS, packet);
	struct pl_egress record;

	if (!rule)
		return;
	counters_of(capture, rule->feed)[PL_COUNTER_PACKETS]++;
	if (length != PACKET_OK) {
		counters_of(capture, rule->feed)[PL_COUNTER_MALFORMED]++;
		return;
	}
	if (!packet->len)
		return;
	record = (struct pl_egress){
		.head = {PL_RECORD_EGRESS, rule->feed, stamp_ns},
		.seq = packet->seq,
		.len = packet->len,
		.local_port = packet->source_port,
		.remote_port = packet->dest_port,
	};
	capture->handlers.on_record(capture->handlers.context, &record.head, sizeof(record));
}

/* Of a connection that is replayed; fragments and segments that contradict their headers are gaps in it. */
static bool segment(struct capture *capture, const struct packet *packet, int length, const uint8_t *payload,
		    uint32_t captured, uint64_t stamp_ns)
{
	struct capture_segment segment = {packet, payload, captured, stamp_ns};

	if (packet->space != PL_PORT_TCP || length != PACKET_OK || packet->fragment ||
	    (!is_watched(capture, packet->source_port) && !is_watched(capture, packet->dest_port)))
		return false;
	return capture->handlers.on_segment(capture->handlers.context, &segment);
}

static void take(struct capture *capture, const struct capfile_packet *in)
{
	uint32_t captured = in->captured < in->len ? in->captured : in->len;
	uint64_t stamp_ns = in->stamp_ns;
	struct packet packet;
	struct link_frame frame;
	const uint8_t *payload;
	int result, length;

	if (!stamp_ns)
		stamp_ns = 1; /* in the state of a set 0 says "not yet": 1970 to the nanosecond moves by one */
	capture->totals.packets++;
	if (capture->totals.first_ns == TIME_UNKNOWN || (int64_t)stamp_ns < capture->totals.first_ns)
		capture->totals.first_ns = (int64_t)stamp_ns;
	if (capture->totals.last_ns == TIME_UNKNOWN || (int64_t)stamp_ns > capture->totals.last_ns)
		capture->totals.last_ns = (int64_t)stamp_ns;

	result = PACKET_MALFORMED;
	if (link_to_ethernet(in->link_type, in->data, captured, in->len, capture->scratch, &frame))
		result = packet_headers(frame.data, frame.data + frame.captured, &packet);
	if (result == PACKET_OK && !packet_addresses(frame.data, frame.data + frame.captured, &packet))
		result = PACKET_MALFORMED;
	if (result != PACKET_OK) {
		if (result == PACKET_FRAGMENT)
			capture->counters[PL_FEED_NONE][PL_COUNTER_FRAGMENT]++;
		else if (result == PACKET_MALFORMED)
			capture->counters[PL_FEED_NONE][PL_COUNTER_MALFORMED]++;
		return;
	}
	if (in->direction != LINK_UNKNOWN)
		frame.direction = in->direction;
	length = packet_length(&packet, frame.len);
	captured = length == PACKET_OK ? packet_captured(&packet, frame.captured) : 0;
	payload = captured ? frame.data + packet.payload : frame.data;
	if (frame.direction != LINK_OUTGOING)
		ingress(capture, &packet, length, payload, captured, stamp_ns);
	if (!segment(capture, &packet, length, payload, captured, stamp_ns) && frame.direction != LINK_INCOMING)
		egress(capture, &packet, length, stamp_ns);
}

void capture_packet(struct capture *capture, int link_type, const uint8_t *data, uint32_t captured, uint32_t len,
		    uint64_t stamp_ns)
{
	take(capture, &(struct capfile_packet){
		.data = data, .captured = captured, .len = len, .link_type = link_type, .has_stamp = true, .stamp_ns = stamp_ns});
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

int capture_add_file(struct capture *capture, const char *path, struct error *err)
{
	FILE *stream = strcmp(path, "-") ? fopen(path, "rb") : stdin;

	if (!stream)
		return error_set(err, -errno, "%s: cannot be opened: %s", path, strerror(errno));
	return capture_add_stream(capture, stream, strcmp(path, "-") ? path : "standard input", err);
}

int capture_add_stream(struct capture *capture, FILE *stream, const char *name, struct error *err)
{
	struct capfile *capfile;
	struct file *grown;
	int status = capfile_open(&capfile, stream, name, err);

	if (status)
		return status;
	grown = realloc(capture->files, (capture->file_count + 1) * sizeof(*grown));
	if (!grown) {
		capfile_close(capfile);
		return error_set(err, -ENOMEM, "%s: no memory to read it", name);
	}
	capture->files = grown;
	grown[capture->file_count++] = (struct file){.capfile = capfile};
	return 0;
}

static void file_breaks(struct capture *capture, struct file *file, const struct error *why)
{
	const char *name = capfile_name(file->capfile);
	size_t size = strlen(name) + strlen(why->text) + 64;

	capture->totals.cut_files++;
	file->broken = malloc(size);
	if (file->broken)
		snprintf(file->broken, size, "%s: ends in the middle, what came before was used: %s", name, why->text);
}

/* The next packet of a file that has none in hand. */
static void file_fetch(struct capture *capture, struct file *file)
{
	struct error err;
	int status;

	while (!file->has) {
		status = capfile_next(file->capfile, &file->packet, &err);
		if (status != 1) {
			file->ended = true;
			if (status < 0)
				file_breaks(capture, file, &err);
			return;
		}
		if (!link_supported(file->packet.link_type)) {
			capture->totals.unknown_link++;
			continue;
		}
		if (!file->packet.has_stamp) {
			capture->totals.bad_stamps++;
			continue;
		}
		file->has = true;
		if (file->packet.stamp_ns < file->last_ns)
			capture->totals.backwards++;
		file->last_ns = file->packet.stamp_ns;
	}
}

int capture_next(struct capture *capture)
{
	struct file *first = NULL;

	for (size_t i = 0; i < capture->file_count; i++) {
		struct file *file = &capture->files[i];

		if (!file->has && !file->ended)
			file_fetch(capture, file);
		if (file->has && (!first || file->packet.stamp_ns < first->packet.stamp_ns))
			first = file;
	}
	if (!first)
		return 0;
	if (first->packet.stamp_ns >= capture->next_retire_ns) {
		aggregate_retire(capture->aggregate, first->packet.stamp_ns, capture->options.idle_ns);
		capture->next_retire_ns = first->packet.stamp_ns + SECOND_NS;
	}
	first->has = false;
	capture->in_hand = first->packet;
	take(capture, &first->packet);
	return 1;
}

const struct capfile_packet *capture_in_hand(const struct capture *capture)
{
	return &capture->in_hand;
}

void capture_finish(struct capture *capture)
{
	aggregate_retire(capture->aggregate, 0, 0);
}

void capture_counters(const struct capture *capture, uint32_t feed, uint64_t out[PL_COUNTER_MAX])
{
	if (feed >= PL_FEEDS_MAX)
		feed = PL_FEED_NONE;
	memcpy(out, capture->counters[feed], PL_COUNTER_MAX * sizeof(*out));
	aggregate_counters(capture->aggregate, feed, out);
}

void capture_totals(const struct capture *capture, struct capture_totals *out)
{
	*out = capture->totals;
	out->bytes_read = 0;
	out->bytes_all = 0;
	out->dropped = 0;
	for (size_t i = 0; i < capture->file_count; i++) {
		const struct capfile *file = capture->files[i].capfile;

		out->bytes_all += capfile_size(file);
		if (capfile_size(file))
			out->bytes_read += capfile_position(file);
		out->dropped += capfile_dropped(file);
	}
}

const char *capture_broken(const struct capture *capture, size_t i)
{
	for (size_t k = 0; k < capture->file_count; k++)
		if (capture->files[k].broken && !i--)
			return capture->files[k].broken;
	return NULL;
}
