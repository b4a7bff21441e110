// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/flows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "stream/passive.h"
#include "stream/url.h"
#include "tap/match.h"

#define BUCKETS 4096
#define FLOWS_MAX 65536
#define EARLY_MAX 4	   /* SYN, SYN-ACK, ACK, and one of them repeated */
#define REASONS_PRINTED 3 /* per target: a feed that reconnects all day does not fill the screen */

enum flow_state {
	FLOW_NEW,      /* nothing from the client yet: whose it is, is open */
	FLOW_FOLLOWED, /* a target's */
	FLOW_ENDED,    /* a target's, nothing more can come of it */
	FLOW_FOREIGN,  /* nobody's */
};

struct early {
	bool from_server;
	uint32_t seq;
	uint8_t flags;
	uint64_t stamp_ns;
};

struct flow {
	struct flow *next; /* in the bucket */
	struct flows *flows;
	uint8_t client[16], server[16];
	uint16_t client_port, server_port;
	enum flow_state state;
	bool has_syn;
	uint32_t syn_seq;
	struct early early[EARLY_MAX];
	size_t early_count;
	size_t target;
	struct passive *passive;
	bool over; /* passive said so */
};

struct target {
	const struct flow_target *what;
	struct url url;
	uint8_t address[16]; /* if url.literal */
	struct flow_totals totals;
	unsigned int reasons;
};

struct flows {
	struct target *targets;
	size_t target_count;
	const char *keylog_file;
	struct flow *buckets[BUCKETS];
	size_t flow_count;
	uint64_t not_followed;
};

/* Connections that only their order can tell apart: the same path on the same server, or any on the same TLS server. */
static void warn_of_twins(const struct flows *flows)
{
	for (size_t i = 0; i < flows->target_count; i++) {
		for (size_t k = i + 1; k < flows->target_count; k++) {
			const struct url *a = &flows->targets[i].url, *b = &flows->targets[k].url;

			if (!strcmp(a->place, b->place) && (a->tls || !strcmp(a->target, b->target)))
				fprintf(stderr, "%s and %s subscribe at the same place (%s): their connections are told apart "
						"by their order in the capture\n",
					flows->targets[i].what->name, flows->targets[k].what->name, a->place);
		}
		if (!flows->targets[i].url.literal)
			fprintf(stderr, "%s: '%s' is a name: %s\n", flows->targets[i].what->name, flows->targets[i].url.host,
				flows->targets[i].url.tls ? "every TLS connection to its port is taken for this one" :
							    "connections are found by port, path and Host header");
	}
}

int flows_new(struct flows **out, const struct flow_target *targets, size_t target_count, const char *keylog_file,
	      struct error *err)
{
	struct flows *flows = calloc(1, sizeof(*flows));
	struct match_address address;
	int status = 0;

	if (flows)
		flows->targets = calloc(target_count ? target_count : 1, sizeof(*flows->targets));
	if (!flows || !flows->targets) {
		free(flows);
		return error_set(err, -ENOMEM, "no memory for %zu connections", target_count);
	}
	flows->keylog_file = keylog_file;
	for (size_t i = 0; i < target_count && !status; i++) {
		struct target *target = &flows->targets[i];

		target->what = &targets[i];
		status = url_parse(&target->url, targets[i].url, err);
		if (status) {
			error_prefix(err, status, "%s", targets[i].name);
			break;
		}
		flows->target_count++;
		if (target->url.literal && !match_address_parse(target->url.host, &address))
			memcpy(target->address, address.address, sizeof(target->address));
	}
	if (status) {
		flows_free(flows);
		return status;
	}
	warn_of_twins(flows);
	*out = flows;
	return 0;
}

void flows_watch(const struct flows *flows, struct capture *capture)
{
	for (size_t i = 0; i < flows->target_count; i++)
		capture_watch_port(capture, flows->targets[i].url.port);
}

/* ---- whose connection it is --------------------------------------------------------------------------------------- */

static bool is_server(const struct target *target, const uint8_t address[16], uint16_t port)
{
	return target->url.port == port && (!target->url.literal || !memcmp(target->address, address, 16));
}

static bool any_server(const struct flows *flows, const uint8_t address[16], uint16_t port)
{
	for (size_t i = 0; i < flows->target_count; i++)
		if (is_server(&flows->targets[i], address, port))
			return true;
	return false;
}

/* "GET PATH " at the start, and for a host by name its Host header in what the first segment holds. */
static bool asks_for(const struct target *target, const uint8_t *data, size_t len)
{
	size_t path = strlen(target->url.target), host = strlen(target->url.authority);
	static const char header[] = "\r\nHost:";
	const uint8_t *at;

	if (target->url.tls || len < 5 + path || memcmp(data, "GET ", 4) ||
	    memcmp(data + 4, target->url.target, path) || data[4 + path] != ' ')
		return false;
	if (target->url.literal)
		return true;
	for (size_t i = 0; i + sizeof(header) - 1 < len; i++) {
		if (strncasecmp((const char *)data + i, header, sizeof(header) - 1))
			continue;
		at = data + i + sizeof(header) - 1;
		while (at < data + len && *at == ' ')
			at++;
		return (size_t)(data + len - at) > host && !strncasecmp((const char *)at, target->url.authority, host) &&
		       at[host] == '\r';
	}
	return false;
}

static bool is_tls_handshake(const uint8_t *data, size_t len)
{
	return len >= 2 && data[0] == 22 && data[1] == 3;
}

/*
 * A connection that began before the capture may be a target's, unless what is seen first is a whole HTTP exchange of
 * somebody else's, as on a kept-alive connection of a keeper: a request, or a response that opens no WebSocket.
 */
static bool may_be_missed(const struct flow *flow, const uint8_t *data, size_t len)
{
	static const char *const begins[] = {"GET ", "POST ", "PUT ", "HEAD ", "OPTIONS ", "HTTP/1."};

	if (flow->has_syn)
		return false;
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (len > strlen(begins[i]) && !memcmp(data, begins[i], strlen(begins[i])))
			return len > 12 && !memcmp(data, "HTTP/1.1 101", 12);
	return true;
}

/* The target that the client's first bytes speak for; of several the one with the fewest connections so far. NULL: none. */
static struct target *choose(struct flows *flows, const struct flow *flow, const uint8_t *data, size_t len)
{
	struct target *best = NULL;

	for (size_t i = 0; i < flows->target_count; i++) {
		struct target *target = &flows->targets[i];

		if (!is_server(target, flow->server, flow->server_port))
			continue;
		if (!(target->url.tls ? is_tls_handshake(data, len) : asks_for(target, data, len)))
			continue;
		if (!best || target->totals.connections < best->totals.connections)
			best = target;
	}
	return best;
}

/* ---- following one ------------------------------------------------------------------------------------------------ */

static void on_message(void *context, const struct stream_message *message)
{
	struct flow *flow = context;
	const struct flow_target *target = flow->flows->targets[flow->target].what;

	target->on_message(target->context, message);
}

static void on_state(void *context, const char *reason)
{
	struct flow *flow = context;
	struct target *target = &flow->flows->targets[flow->target];

	flow->over = true;
	if (reason && target->reasons++ < REASONS_PRINTED)
		fprintf(stderr, "%s: connection of port %u: %s\n", target->what->name, flow->client_port, reason);
}

static void end(struct flow *flow)
{
	struct target *target = &flow->flows->targets[flow->target];
	uint64_t counts[STREAM_COUNTER_MAX];

	if (!flow->passive)
		return;
	passive_counters(flow->passive, counts);
	for (size_t i = 0; i < STREAM_COUNTER_MAX; i++)
		target->totals.stream[i] += counts[i];
	passive_free(flow->passive);
	flow->passive = NULL;
	flow->state = FLOW_ENDED;
}

static void feed(struct flow *flow, bool from_server, uint32_t seq, uint8_t flags, const uint8_t *data, size_t len,
		 uint64_t stamp_ns)
{
	if (!flow->over)
		passive_segment(flow->passive, from_server, seq, flags, data, len, (int64_t)stamp_ns);
}

/* The client has spoken for the first time. */
static void classify(struct flow *flow, const uint8_t *data, size_t len)
{
	struct flows *flows = flow->flows;
	struct target *target = choose(flows, flow, data, len);
	struct passive_options options = {
		.keylog_file = flows->keylog_file,
		.context = flow,
		.on_message = on_message,
		.on_state = on_state,
	};
	struct error err;

	flow->state = FLOW_FOREIGN;
	if (!target) {
		flows->not_followed += may_be_missed(flow, data, len);
		return;
	}
	target->totals.connections++;
	flow->target = (size_t)(target - flows->targets);
	options.name = target->what->name;
	options.url = target->what->url;
	options.max_message_bytes = target->what->max_message_bytes;
	if (passive_new(&flow->passive, &options, &err)) {
		if (target->reasons++ < REASONS_PRINTED)
			fprintf(stderr, "%s: %s\n", target->what->name, err.text);
		flows->not_followed++;
		return;
	}
	flow->state = FLOW_FOLLOWED;
	for (size_t i = 0; i < flow->early_count; i++)
		feed(flow, flow->early[i].from_server, flow->early[i].seq, flow->early[i].flags, NULL, 0,
		     flow->early[i].stamp_ns);
}

static uint32_t bucket_of(const uint8_t client[16], uint16_t client_port, uint16_t server_port)
{
	uint32_t mixed = 0;

	for (size_t i = 0; i < 16; i++)
		mixed = mixed * 31 + client[i];
	return (mixed ^ client_port * 2654435761U ^ server_port) % BUCKETS;
}

static struct flow *find(struct flows *flows, const uint8_t client[16], uint16_t client_port, const uint8_t server[16],
			 uint16_t server_port)
{
	struct flow **bucket = &flows->buckets[bucket_of(client, client_port, server_port)], *flow;

	for (flow = *bucket; flow; flow = flow->next)
		if (flow->client_port == client_port && flow->server_port == server_port &&
		    !memcmp(flow->client, client, 16) && !memcmp(flow->server, server, 16))
			return flow;
	flow = flows->flow_count < FLOWS_MAX ? calloc(1, sizeof(*flow)) : NULL;
	if (!flow)
		return NULL;
	memcpy(flow->client, client, 16);
	memcpy(flow->server, server, 16);
	flow->client_port = client_port;
	flow->server_port = server_port;
	flow->flows = flows;
	flow->next = *bucket;
	*bucket = flow;
	flows->flow_count++;
	return flow;
}

/* The client opens another connection between the same ports: what was there is over. */
static void restart(struct flow *flow, uint32_t syn_seq)
{
	end(flow);
	flow->state = FLOW_NEW;
	flow->over = false;
	flow->early_count = 0;
	flow->has_syn = true;
	flow->syn_seq = syn_seq;
}

static void follow(struct flow *flow, bool from_server, const struct capture_segment *segment)
{
	const struct packet *packet = segment->packet;
	const struct flow_target *what = flow->flows->targets[flow->target].what;
	uint64_t *tap;

	if (flow->state != FLOW_FOLLOWED)
		return;
	if (what->on_packet)
		what->on_packet(what->context, segment);
	tap = flow->flows->targets[flow->target].totals.tap;
	tap[PL_COUNTER_PACKETS] += from_server;
	tap[PL_COUNTER_TRUNCATED] += segment->captured < packet->len;
	feed(flow, from_server, packet->seq, packet->flags, segment->payload, segment->captured, segment->stamp_ns);
	if (flow->over)
		end(flow);
}

bool flows_segment(struct flows *flows, const struct capture_segment *segment)
{
	const struct packet *packet = segment->packet;
	bool from_server = !any_server(flows, packet->dest, packet->dest_port);
	bool syn = (packet->flags & (PL_TCP_SYN | PL_TCP_ACK)) == PL_TCP_SYN;
	struct flow *flow;

	if (from_server && !any_server(flows, packet->source, packet->source_port))
		return false;
	flow = from_server ? find(flows, packet->dest, packet->dest_port, packet->source, packet->source_port) :
			     find(flows, packet->source, packet->source_port, packet->dest, packet->dest_port);
	if (!flow) {
		flows->not_followed += syn && !from_server;
		return false;
	}
	if (syn && !from_server && (!flow->has_syn || flow->syn_seq != packet->seq))
		restart(flow, packet->seq);

	if (flow->state == FLOW_NEW && !packet->len) {
		if (flow->early_count < EARLY_MAX)
			flow->early[flow->early_count++] =
				(struct early){from_server, packet->seq, packet->flags, segment->stamp_ns};
		return false;
	}
	if (flow->state == FLOW_NEW && from_server) {
		/* In HTTP and in TLS the client speaks first: its part was not captured, or it is something else. */
		flow->state = FLOW_FOREIGN;
		flows->not_followed += may_be_missed(flow, segment->payload, segment->captured);
	} else if (flow->state == FLOW_NEW) {
		classify(flow, segment->payload, segment->captured);
	}
	follow(flow, from_server, segment);
	return flow->state == FLOW_FOLLOWED || flow->state == FLOW_ENDED;
}

/* ---- the end ------------------------------------------------------------------------------------------------------ */

void flows_finish(struct flows *flows)
{
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct flow *flow = flows->buckets[i]; flow; flow = flow->next)
			end(flow);
}

void flows_totals(const struct flows *flows, size_t target, struct flow_totals *out)
{
	*out = flows->targets[target].totals;
}

uint64_t flows_not_followed(const struct flows *flows)
{
	return flows->not_followed;
}

void flows_free(struct flows *flows)
{
	if (!flows)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		struct flow *flow, *next;

		for (flow = flows->buckets[i]; flow; flow = next) {
			next = flow->next;
			passive_free(flow->passive);
			free(flow);
		}
	}
	for (size_t i = 0; i < flows->target_count; i++)
		url_free(&flows->targets[i].url);
	free(flows->targets);
	free(flows);
}
