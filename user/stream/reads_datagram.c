// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Datagrams and the sockets that they wait in. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "stream/reads_internal.h"

struct datagram {
	int64_t stamp_ns;
	uint32_t feed, len;
	uint8_t source[16], dest[16];
	uint16_t source_port, port;
};

#define QUEUE_MIN 64

/* What came for a socket and was not read yet, oldest first. */
struct datagram_socket {
	uint64_t cookie;
	uint16_t port, remote_port;
	uint8_t local[16], remote[16];
	struct datagram *queue; /* of `room`, a power of two; the oldest is queue[head % room] */
	size_t room, head, count;
	struct reader reader;
	int64_t last_ns; /* of its latest read */
};

static struct datagram *at(const struct datagram_socket *socket, size_t i)
{
	return &socket->queue[(socket->head + i) & (socket->room - 1)];
}

static bool is_open(const uint8_t address[16])
{
	static const uint8_t none[16];

	return !memcmp(address, none, 16);
}

/* Whether the kernel would give the socket this datagram. */
static bool takes(const struct datagram_socket *socket, const struct datagram *datagram)
{
	if (socket->port != datagram->port || (!is_open(socket->local) && memcmp(socket->local, datagram->dest, 16)))
		return false;
	return is_open(socket->remote) || (socket->remote_port == datagram->source_port &&
					   !memcmp(socket->remote, datagram->source, 16));
}

static int make_room(struct datagram_socket *socket)
{
	size_t room = socket->room ? 2 * socket->room : QUEUE_MIN;
	struct datagram *queue;

	if (socket->count < socket->room)
		return 0;
	if (room > READS_QUEUE_MAX || !(queue = malloc(room * sizeof(*queue))))
		return -ENOMEM;
	for (size_t i = 0; i < socket->count; i++)
		queue[i] = *at(socket, i);
	free(socket->queue);
	socket->queue = queue;
	socket->room = room;
	socket->head = 0;
	return 0;
}

static void drop_oldest(struct datagram_socket *socket)
{
	socket->head++;
	socket->count--;
}

static void put(struct reads *reads, struct datagram_socket *socket, const struct datagram *datagram)
{
	if (make_room(socket)) {
		if (!socket->room)
			return;
		reads->counters[at(socket, 0)->feed][READS_COUNTER_NEVER_READ]++;
		drop_oldest(socket);
	}
	*at(socket, socket->count++) = *datagram;
}

static void close_socket(struct reads *reads, size_t i)
{
	struct datagram_socket *socket = reads->datagrams.sockets[i];

	for (size_t k = 0; k < socket->count; k++)
		reads->counters[at(socket, k)->feed][READS_COUNTER_NEVER_READ]++;
	free(socket->queue);
	free(socket);
	reads->datagrams.sockets[i] = reads->datagrams.sockets[--reads->datagrams.socket_count];
}

/* Sockets that were closed, which nobody tells of. */
static void sweep(struct reads *reads, int64_t now_ns)
{
	for (size_t i = reads->datagrams.socket_count; i--;)
		if (now_ns - reads->datagrams.sockets[i]->last_ns > READS_ENDED_NS)
			close_socket(reads, i);
}

void datagrams_arrival(struct reads *reads, const struct pl_stream *packet)
{
	struct datagrams *all = &reads->datagrams;
	struct datagram datagram = {
		.stamp_ns = (int64_t)packet->head.stamp_ns,
		.feed = packet->head.feed,
		.len = packet->len,
		.source_port = packet->source_port,
		.port = packet->dest_port,
	};

	memcpy(datagram.source, packet->source, 16);
	memcpy(datagram.dest, packet->dest, 16);
	if (all->recent_count % READS_RECENT_MAX == 0)
		sweep(reads, datagram.stamp_ns);
	if (!all->recent && !(all->recent = calloc(READS_RECENT_MAX, sizeof(*all->recent)))) {
		reads->counters[datagram.feed][READS_COUNTER_NOT_TRACED]++;
		return;
	}
	all->recent[all->recent_count++ % READS_RECENT_MAX] = datagram;
	for (size_t i = 0; i < all->socket_count; i++)
		if (takes(all->sockets[i], &datagram))
			put(reads, all->sockets[i], &datagram);
}

static struct datagram_socket *open_socket(struct reads *reads, const struct pl_read *event)
{
	struct datagrams *all = &reads->datagrams;
	struct datagram_socket *socket = calloc(1, sizeof(*socket));
	uint64_t first = all->recent_count > READS_RECENT_MAX ? all->recent_count - READS_RECENT_MAX : 0;
	size_t oldest = 0;

	if (!socket)
		return NULL;
	socket->cookie = event->socket;
	socket->port = event->local_port;
	socket->remote_port = event->remote_port;
	socket->last_ns = (int64_t)event->head.stamp_ns;
	memcpy(socket->local, event->local, 16);
	memcpy(socket->remote, event->remote, 16);
	for (size_t i = 1; i < all->socket_count; i++)
		if (all->sockets[i]->last_ns < all->sockets[oldest]->last_ns)
			oldest = i;
	if (all->socket_count == READS_SOCKETS_MAX)
		close_socket(reads, oldest);
	all->sockets[all->socket_count++] = socket;
	for (; first < all->recent_count; first++)
		if (takes(socket, &all->recent[first % READS_RECENT_MAX]))
			put(reads, socket, &all->recent[first % READS_RECENT_MAX]);
	/* What it read before it was first seen: it holds as many as it says, and the one that it has read now. */
	while (socket->count > (size_t)event->queued + 1 &&
	       at(socket, event->queued + 1)->stamp_ns <= (int64_t)event->head.stamp_ns - READS_SETTLE_NS)
		drop_oldest(socket);
	return socket;
}

static struct datagram_socket *socket_of(struct reads *reads, const struct pl_read *event)
{
	for (size_t i = 0; i < reads->datagrams.socket_count; i++)
		if (reads->datagrams.sockets[i]->cookie == event->socket)
			return reads->datagrams.sockets[i];
	return open_socket(reads, event);
}

/* How many of the oldest were stamped by `ns`. */
static size_t stamped_by(const struct datagram_socket *socket, int64_t ns)
{
	size_t n = 0;

	while (n < socket->count && at(socket, n)->stamp_ns <= ns)
		n++;
	return n;
}

static void read_one(struct reads *reads, struct datagram_socket *socket, const struct pl_read *event)
{
	uint64_t *counters = reads->counters[event->head.feed];
	int64_t now_ns = (int64_t)event->head.stamp_ns;
	size_t behind = (size_t)event->queued + 1;
	size_t came = stamped_by(socket, now_ns), settled = stamped_by(socket, now_ns - READS_SETTLE_NS);
	size_t first = settled > behind ? settled - behind : 0, i;

	/* Of those that came, `behind` less one still wait; of those that came well before, at most as many. */
	for (i = first; i + behind <= came && at(socket, i)->len != event->upto;)
		i++;
	if (i + behind > came) {
		counters[READS_COUNTER_UNSTAMPED]++;
		return;
	}
	for (; i; i--) {
		reads->counters[at(socket, 0)->feed][READS_COUNTER_NEVER_READ]++;
		drop_oldest(socket);
	}
	counters[READS_COUNTER_PACKETS]++;
	reads->callbacks.on_read(reads->callbacks.context,
				 &(struct packet_read){at(socket, 0)->feed, socket->reader.id, at(socket, 0)->stamp_ns,
						       at(socket, 0)->stamp_ns, now_ns, at(socket, 0)->len});
	drop_oldest(socket);
}

/* The kernel dropped what came last, since the socket was full. */
static void drop_newest(struct reads *reads, struct datagram_socket *socket, const struct pl_read *event)
{
	size_t came = stamped_by(socket, (int64_t)event->head.stamp_ns);

	reads->counters[event->head.feed][READS_COUNTER_SOCKET_FULL]++;
	if (!came)
		return;
	for (size_t i = came; i < socket->count; i++)
		*at(socket, i - 1) = *at(socket, i);
	socket->count--;
}

void datagrams_event(struct reads *reads, const struct pl_read *event)
{
	struct datagram_socket *socket = socket_of(reads, event);

	if (!socket)
		return;
	if (event->kind == PL_READ_DROPPED) {
		drop_newest(reads, socket, event);
		return;
	}
	reads_see_reader(reads, event, PL_PORT_UDP, &socket->reader);
	socket->last_ns = (int64_t)event->head.stamp_ns;
	read_one(reads, socket, event);
}

void datagrams_finish(struct reads *reads)
{
	for (size_t i = 0; i < reads->datagrams.socket_count; i++) {
		struct datagram_socket *socket = reads->datagrams.sockets[i];

		bool alive = socket->reader.id && reads->now_ns - socket->last_ns <= READS_ALIVE_NS;

		for (; alive && socket->count; drop_oldest(socket))
			reads->callbacks.on_read(reads->callbacks.context,
						 &(struct packet_read){at(socket, 0)->feed, socket->reader.id, at(socket, 0)->stamp_ns,
								       at(socket, 0)->stamp_ns, TIME_UNKNOWN, at(socket, 0)->len});
	}
	while (reads->datagrams.socket_count)
		close_socket(reads, 0);
}

void datagrams_free(struct datagrams *datagrams)
{
	for (size_t i = 0; i < datagrams->socket_count; i++) {
		free(datagrams->sockets[i]->queue);
		free(datagrams->sockets[i]);
	}
	free(datagrams->recent);
	*datagrams = (struct datagrams){0};
}
