// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/reads.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stream/reads_internal.h"
#include "stream/segments.h"

/* One direction of a TCP connection: towards this machine. */
struct reads_flow {
	struct reads_flow *next; /* in the bucket */
	uint32_t feed;
	uint8_t local[16], remote[16];
	uint16_t local_port, remote_port;
	struct segments segments;
	uint64_t read; /* offset up to which the process has read, … */
	int64_t wire_ns; /* … and since when the byte before it could be read */
	struct reader reader; /* id 0: nobody has read yet */
	uint32_t lost;	      /* of the latest read */
	int64_t last_ns, read_ns; /* of the latest packet or read, and of the latest read */
	bool ending; /* a FIN or RST was seen, at: */
	uint64_t end;
};

int reads_new(struct reads **out, size_t feed_count, const struct reads_callbacks *callbacks, struct error *err)
{
	struct reads *reads = calloc(1, sizeof(*reads));

	if (reads)
		reads->counters = calloc(feed_count + 1, sizeof(*reads->counters));
	if (!reads || !reads->counters) {
		reads_free(reads);
		return error_set(err, -ENOMEM, "no memory to trace the reads of %zu feeds", feed_count);
	}
	reads->feed_count = feed_count;
	reads->callbacks = *callbacks;
	*out = reads;
	return 0;
}

void reads_see_reader(struct reads *reads, const struct pl_read *event, enum pl_port_space space, struct reader *reader)
{
	if (reader->id && reader->pid == event->pid)
		return;
	*reader = (struct reader){
		.id = ++reads->readers,
		.feed = event->head.feed,
		.space = space,
		.local_port = event->local_port,
		.remote_port = event->remote_port,
		.pid = event->pid,
	};
	memcpy(reader->local, event->local, sizeof(reader->local));
	memcpy(reader->remote, event->remote, sizeof(reader->remote));
	memcpy(reader->comm, event->comm, sizeof(reader->comm) - 1);
	reads->callbacks.on_reader(reads->callbacks.context, reader);
}

/* ---- connections -------------------------------------------------------------------------------------------------- */

struct flow_key {
	uint32_t feed;
	const uint8_t *local, *remote;
	uint16_t local_port, remote_port;
};

static struct reads_flow **find(struct reads *reads, const struct flow_key *key)
{
	uint32_t mixed = key->feed ^ key->local_port * 2654435761U ^ key->remote_port * 40503U;
	struct reads_flow **at;

	for (size_t i = 0; i < 16; i++)
		mixed = mixed * 31 + key->local[i] + key->remote[i] * 7U;
	for (at = &reads->buckets[mixed % READS_BUCKETS]; *at; at = &(*at)->next)
		if ((*at)->feed == key->feed && (*at)->local_port == key->local_port && (*at)->remote_port == key->remote_port &&
		    !memcmp((*at)->local, key->local, 16) && !memcmp((*at)->remote, key->remote, 16))
			break;
	return at;
}

static struct reads_flow *begin(struct reads *reads, struct reads_flow **at, const struct pl_stream *packet)
{
	struct reads_flow *flow = reads->flow_count < READS_FLOWS_MAX ? calloc(1, sizeof(*flow)) : NULL;

	if (!flow) {
		reads->counters[packet->head.feed][READS_COUNTER_NOT_TRACED]++;
		return NULL;
	}
	flow->feed = packet->head.feed;
	memcpy(flow->local, packet->dest, 16);
	memcpy(flow->remote, packet->source, 16);
	flow->local_port = packet->dest_port;
	flow->remote_port = packet->source_port;
	flow->lost = reads->lost;
	flow->wire_ns = TIME_UNKNOWN;
	/* A connection that began before: its bytes are counted from the first one that is seen. */
	segments_add(&flow->segments, packet->flags & PL_TCP_SYN ? packet->seq : packet->seq - 1, 0, PL_TCP_SYN,
		     (int64_t)packet->head.stamp_ns);
	reads->flow_count++;
	*at = flow;
	return flow;
}

static void give(struct reads *reads, const struct reads_flow *flow, const struct segments_range *range, int64_t app_ns)
{
	const struct packet_read read = {flow->feed, flow->reader.id, range->arrival_ns, range->completion_ns, app_ns,
					 (uint32_t)(range->end - range->start)};

	reads->callbacks.on_read(reads->callbacks.context, &read);
}

static void end(struct reads *reads, struct reads_flow **at)
{
	struct reads_flow *flow = *at;
	const struct segments_range *range;

	while ((range = segments_oldest(&flow->segments))) {
		reads->counters[flow->feed][READS_COUNTER_NEVER_READ]++;
		segments_forget(&flow->segments, range->end);
	}
	*at = flow->next;
	segments_free(&flow->segments);
	free(flow);
	reads->flow_count--;
}

/* Connections whose end nobody tells of: with every packet one bucket is looked at. */
static void sweep(struct reads *reads, int64_t now_ns)
{
	struct reads_flow **at = &reads->buckets[reads->swept++ % READS_BUCKETS];

	while (*at) {
		if (now_ns - (*at)->last_ns > ((*at)->ending ? READS_ENDED_NS : READS_IDLE_NS))
			end(reads, at);
		else
			at = &(*at)->next;
	}
}

static void segment(struct reads *reads, const struct pl_stream *packet)
{
	struct flow_key key = {packet->head.feed, packet->dest, packet->source, packet->dest_port, packet->source_port};
	struct reads_flow **at, *flow;
	int64_t offset;

	sweep(reads, (int64_t)packet->head.stamp_ns);
	at = find(reads, &key);
	/* Another connection between the same ports. */
	if (*at && (packet->flags & PL_TCP_SYN) && (*at)->segments.isn != packet->seq) {
		end(reads, at);
		at = find(reads, &key);
	}
	if (!*at && !(packet->flags & PL_TCP_SYN) && !packet->len)
		return;
	flow = *at ? *at : begin(reads, at, packet);
	if (!flow)
		return;
	flow->last_ns = (int64_t)packet->head.stamp_ns;
	segments_add(&flow->segments, packet->seq, packet->len, packet->flags, flow->last_ns);
	if (!(packet->flags & (PL_TCP_FIN | PL_TCP_RST)))
		return;
	offset = segments_offset(flow->segments.isn, flow->segments.frontier, packet->seq + !!(packet->flags & PL_TCP_SYN));
	if (offset >= 0 && !flow->ending) {
		flow->ending = true;
		flow->end = (uint64_t)offset + packet->len;
	}
	if (flow->ending && flow->read >= flow->end)
		end(reads, at);
}

static void stream_read(struct reads *reads, const struct pl_read *event)
{
	struct flow_key key = {event->head.feed, event->local, event->remote, event->local_port, event->remote_port};
	struct reads_flow **at = find(reads, &key), *flow = *at;
	uint64_t *counters = reads->counters[event->head.feed], upto, covered = 0;
	const struct segments_range *range;
	bool blurred;
	int64_t offset;

	if (!flow) {
		counters[READS_COUNTER_ELSEWHERE]++;
		return;
	}
	flow->last_ns = flow->read_ns = (int64_t)event->head.stamp_ns;
	offset = segments_offset(flow->segments.isn, flow->read, event->upto);
	/* Some ways of reading take the FIN, which has a number of its own. */
	if (flow->ending && offset > (int64_t)flow->end)
		offset = (int64_t)flow->end;
	/* Bytes of before the first packet that was seen, or a look at bytes that stay. */
	if (offset <= (int64_t)flow->read)
		return;
	upto = (uint64_t)offset;
	reads_see_reader(reads, event, PL_PORT_TCP, &flow->reader);
	blurred = event->lost != flow->lost;
	flow->lost = event->lost;
	segments_give_up(&flow->segments, upto, flow->last_ns);
	flow->wire_ns = TIME_UNKNOWN;
	while ((range = segments_oldest(&flow->segments)) && range->start < upto) {
		uint64_t from = range->start > flow->read ? range->start : flow->read;

		covered += (range->end < upto ? range->end : upto) - from;
		if (range->end >= upto)
			flow->wire_ns = range->completion_ns;
		if (range->end > upto)
			break;
		counters[blurred ? READS_COUNTER_BLURRED : READS_COUNTER_PACKETS]++;
		if (!blurred)
			give(reads, flow, range, flow->last_ns);
		segments_forget(&flow->segments, range->end);
	}
	counters[READS_COUNTER_UNSTAMPED] += covered < upto - flow->read;
	flow->read = upto;
	if (flow->ending && flow->read >= flow->end)
		end(reads, at);
}

int64_t reads_wire_ns(struct reads *reads, const struct pl_plaintext *text)
{
	struct flow_key key = {text->head.feed, text->local, text->remote, text->local_port, text->remote_port};
	const struct reads_flow *flow = *find(reads, &key);

	return flow && segments_offset(flow->segments.isn, flow->read, text->upto) == (int64_t)flow->read ? flow->wire_ns : TIME_UNKNOWN;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

void reads_arrival(struct reads *reads, const struct pl_stream *packet)
{
	if (packet->head.feed >= reads->feed_count)
		return;
	reads->now_ns = (int64_t)packet->head.stamp_ns;
	if (packet->space == PL_PORT_TCP)
		segment(reads, packet);
	else
		datagrams_arrival(reads, packet);
}

void reads_event(struct reads *reads, const struct pl_read *event)
{
	if (event->head.feed >= reads->feed_count)
		return;
	reads->now_ns = (int64_t)event->head.stamp_ns;
	reads->lost = event->lost;
	if (event->kind == PL_READ_STREAM)
		stream_read(reads, event);
	else
		datagrams_event(reads, event);
}

void reads_finish(struct reads *reads)
{
	for (size_t i = 0; i < READS_BUCKETS; i++) {
		while (reads->buckets[i]) {
			struct reads_flow *flow = reads->buckets[i];
			const struct segments_range *range;

			bool alive = flow->reader.id && reads->now_ns - flow->read_ns <= READS_ALIVE_NS;

			while (alive && (range = segments_oldest(&flow->segments))) {
				give(reads, flow, range, TIME_UNKNOWN);
				segments_forget(&flow->segments, range->end);
			}
			end(reads, &reads->buckets[i]);
		}
	}
	datagrams_finish(reads);
}

void reads_counters(const struct reads *reads, uint32_t feed, uint64_t out[READS_COUNTER_MAX])
{
	memcpy(out, reads->counters[feed], sizeof(*reads->counters));
}

void reads_free(struct reads *reads)
{
	if (!reads)
		return;
	for (size_t i = 0; reads->counters && i < READS_BUCKETS; i++)
		while (reads->buckets[i])
			end(reads, &reads->buckets[i]);
	datagrams_free(&reads->datagrams);
	free(reads->counters);
	free(reads);
}
