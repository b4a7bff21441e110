// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/recorder.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "base/clock_watch.h"
#include "cmd/chain_link.h"
#include "cmd/nic_clocks.h"
#include "cmd/privilege.h"
#include "cmd/recorder_view.h"
#include "session/loss.h"
#include "tap/nic.h"
#include "version.h"

#define DRAIN_NS 1000000L	   /* the kernel side never wakes us: a wake-up costs its softirq 3.7 us a packet */
#define SECOND_NS 1000000000L
#define RETIRE_AGAIN_NS 50000000L /* where more slots were over than the writer's queue had room for */
#define CLOCK_FIRST_WAIT_NS 200000000L /* for chronyd's first answer: it takes 100 µs, unless a firewall swallows it */
#define ROWS_RESERVED 2048	  /* of the queue, for what comes meanwhile */

struct connection {
	struct recorder *recorder;
	struct subscriber *subscriber;
	const char *name;
	uint32_t index; /* of the feed or of the chain */
	size_t line;	/* in the view, and flow id: feeds first, then chains */
	struct chain_link *chain; /* NULL for a feed */
	bool opened;	     /* it was open once */
	bool watches;	     /* a feed of streams that are only watched */
	bool traces;	     /* a feed of packets whose reads are traced */
};

struct recorder {
	const struct site *site;
	struct tap *tap;
	struct session *session;
	struct collector *collector;
	struct clock_watch *clock;
	struct nic_clocks *nic_clocks;
	struct connection *connections; /* feeds first; a passive feed has no subscriber */
	size_t connection_count;
	struct recorder_counts *counts; /* per connection; keeper[] and none[] (what belongs to no feed): read once a second */
	uint64_t keeper[PL_COUNTER_MAX], none[PL_COUNTER_MAX];
	struct recorder_view *view;
	struct nic_losses *nic_start;
	struct pollfd *polls; /* of the subscribers, then of what the chains ask beside them */
	int64_t duration_ns, next_drain_ns, next_retire_ns, next_second_ns;
	size_t sets_taken; /* of the tap_retire_slots() that is under way */
};

/* ---- what comes in ------------------------------------------------------------------------------------------------ */

static void on_record(void *context, const struct pl_record *record, size_t len)
{
	struct recorder *r = context;

	switch (record->type) {
	case PL_RECORD_SEGMENT:
		if (record->feed < r->connection_count && r->connections[record->feed].subscriber)
			subscriber_segment(r->connections[record->feed].subscriber, (const void *)record);
		break;
	case PL_RECORD_NIC:
		collector_nic_stamp(r->collector, (const void *)record);
		break;
	case PL_RECORD_DATAGRAM: {
		const struct pl_datagram *datagram = (const void *)record;

		if (len >= sizeof(*datagram) + datagram->captured)
			collector_datagram(r->collector, datagram, (const uint8_t *)(datagram + 1));
		break;
	}
	case PL_RECORD_SHRED:
		collector_shred(r->collector, (const void *)record);
		break;
	case PL_RECORD_STREAM: {
		const struct pl_stream *segment = (const void *)record;

		if (len >= sizeof(*segment) + segment->captured)
			collector_stream(r->collector, segment, (const uint8_t *)(segment + 1));
		break;
	}
	case PL_RECORD_ARRIVAL:
		collector_arrival(r->collector, (const void *)record);
		break;
	case PL_RECORD_READ:
		collector_read(r->collector, (const void *)record);
		break;
	case PL_RECORD_PLAINTEXT: {
		const struct pl_plaintext *text = (const void *)record;

		if (len >= sizeof(*text) + text->captured)
			collector_plaintext(r->collector, text, (const uint8_t *)(text + 1));
		break;
	}
	case PL_RECORD_EGRESS:
		collector_egress(r->collector, (const void *)record);
		break;
	}
}

static void on_set(void *context, const struct pl_set_key *key, const struct pl_set *set)
{
	struct recorder *r = context;

	r->sets_taken++;
	collector_set(r->collector, key, set);
}

static void on_slot(void *context, const struct pl_slot_key *key, const struct pl_slot *slot)
{
	collector_slot(((struct recorder *)context)->collector, key, slot);
}

static void on_message(void *context, const struct stream_message *message)
{
	struct connection *c = context;

	if (message->wire_mono_ns != TIME_UNKNOWN)
		recorder_view_wire_to_app(c->recorder->view, c->line, message->app_mono_ns - message->wire_mono_ns);
	if (c->chain)
		chain_link_message(c->chain, message);
	else
		collector_stream_message(c->recorder->collector, c->index, message);
}

static void on_state(void *context, const char *reason)
{
	struct connection *c = context;

	c->opened |= !reason;
	recorder_view_state(c->recorder->view, c->line, reason);
	if (c->chain)
		chain_link_state(c->chain, !reason);
}

/* ---- opening ------------------------------------------------------------------------------------------------------ */

/* The tap counts by index: feeds first, then chains, then the keeper. */
static uint32_t keeper_index(const struct site *site)
{
	return (uint32_t)(site->feed_count + site->chain_count);
}

static int attach(struct recorder *r, struct error *err)
{
	const struct site *site = r->site;
	struct tap_options options = {.reads = site_reads(site), .plaintext = site_reads_plaintext(site)};
	int status = tap_open(&r->tap, &options, err);

	for (size_t i = 0; !status && i < site->feed_count; i++)
		for (size_t j = 0; !status && j < site->feeds[i].match_count; j++)
			status = tap_add_match(r->tap, &site->feeds[i].matches[j], (uint32_t)i,
					       site_action(&site->feeds[i], &site->feeds[i].matches[j]),
					       site->feeds[i].shred_version, err);
	for (size_t j = 0; !status && j < site->keeper_match_count; j++)
		status = tap_add_match(r->tap, &site->keeper[j], keeper_index(site), PL_ACTION_EGRESS, 0, err);
	for (size_t i = 0; !status && i < site->interface_count; i++) {
		const struct site_interface *interface = &site->interfaces[i];

		status = nic_read(interface->name, &r->nic_start[i], err);
		if (!status)
			status = tap_attach(r->tap, interface->name,
					    &(struct tap_hooks){interface->hook, site->keeper_match_count > 0, interface->nic_stamps}, err);
	}
	if (!status)
		status = tap_attach_reads(r->tap, err);
	return status ? status : site_attach_plaintext(site, r->tap, err);
}

static int connect_one(struct recorder *r, const struct site_feed *feed, struct connection *c, uint32_t flow_id,
		       struct error *err)
{
	struct subscriber_options options = {
		.name = c->name,
		.url = feed->url,
		.headers = feed->headers,
		.header_count = feed->header_count,
		.send = (const char *const *)feed->send,
		.send_count = feed->send_count,
		.ca_file = feed->ca_file,
		.max_message_bytes = feed->max_message_bytes,
		.deflate = feed->deflate,
		.auth = {feed->auth_id, feed->auth_secret},
		.flow_id = flow_id,
		.tap = r->tap,
		.context = c,
		.on_message = on_message,
		.on_state = on_state,
	};

	return subscriber_new(&c->subscriber, &options, err);
}

static int open_chain(struct recorder *r, struct connection *c, struct error *err)
{
	const struct site_feed *connection = &r->site->chain_connections[c->index];
	struct chain_link_options options = {&r->site->chains[c->index], connection, r->session, r->view, c->line, r->tap};
	int status = chain_link_new(&c->chain, &options, err);

	if (!status)
		status = connect_one(r, connection, c, (uint32_t)c->line, err);
	if (!status)
		chain_link_attach(c->chain, c->subscriber);
	return status;
}

static int open_connections(struct recorder *r, struct error *err)
{
	const struct site *site = r->site;
	int status = 0;

	r->connection_count = site->feed_count + site->chain_count;
	r->connections = calloc(r->connection_count, sizeof(*r->connections));
	r->polls = calloc(2 * r->connection_count, sizeof(*r->polls));
	r->counts = calloc(r->connection_count, sizeof(*r->counts));
	if (!r->connections || !r->polls || !r->counts)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; !status && i < r->connection_count; i++) {
		struct connection *c = &r->connections[i];
		bool is_feed = i < site->feed_count;

		c->recorder = r;
		c->line = i;
		c->index = (uint32_t)(is_feed ? i : i - site->feed_count);
		c->name = is_feed ? site->collect[i].name : site->chains[c->index].name;
		if (!is_feed) {
			status = open_chain(r, c, err);
		} else if (site->feeds[i].url) {
			status = connect_one(r, &site->feeds[i], c, (uint32_t)i, err);
		}
	}
	return status;
}

static void put_clock(struct recorder *r)
{
	struct clock_reading reading;

	clock_watch_read(r->clock, &reading);
	session_put_clock(r->session, &reading);
	nic_clocks_put(r->nic_clocks, r->session, &reading);
}

static void put_meta_number(struct session *session, const char *key, int64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	session_put_meta(session, key, text);
}

static void put_meta(struct recorder *r)
{
	char interfaces[1024] = "", host[256] = "";
	struct utsname kernel;

	for (size_t i = 0; i < r->site->interface_count; i++)
		snprintf(interfaces + strlen(interfaces), sizeof(interfaces) - strlen(interfaces), "%s%s:%s", i ? "," : "",
			 r->site->interfaces[i].name, tap_hook_name(r->site->interfaces[i].hook));
	gethostname(host, sizeof(host) - 1);
	uname(&kernel);
	session_put_meta(r->session, "kind", "live");
	session_put_meta(r->session, "site", r->site->name);
	session_put_meta(r->session, "version", PL_VERSION);
	session_put_meta(r->session, "kernel", kernel.release);
	session_put_meta(r->session, "host", host);
	session_put_meta(r->session, "interfaces", interfaces);
	session_put_meta(r->session, "keeper_after", keeper_trigger_name(r->site->keeper_after));
	session_put_meta(r->session, "keeper_assets", r->site->keeper_assets);
	put_meta_number(r->session, "start_ns", clock_real_ns());
	put_meta_number(r->session, "start_mono_ns", clock_mono_ns());
	for (size_t i = 0; i < r->site->feed_count; i++) {
		const struct collect_feed *feed = &r->site->collect[i];

		session_put_feed(r->session, &(struct session_feed){(uint32_t)i, feed->name, feed->role,
								    collect_feed_type(feed), feed->transport});
	}
	for (size_t i = 0; i < r->site->chain_count; i++)
		session_put_chain(r->session, &(struct session_chain){(uint32_t)i, r->site->chains[i].name, r->site->chains[i].network});
}

int recorder_open(struct recorder **out, const struct site *site, const char *session_path, int64_t duration_ns,
		  struct error *err)
{
	struct recorder *r = calloc(1, sizeof(*r));
	int status;

	if (!r)
		return error_set(err, -ENOMEM, "out of memory");
	r->site = site;
	r->duration_ns = duration_ns;
	r->nic_start = calloc(site->interface_count, sizeof(*r->nic_start));
	status = r->nic_start ? session_check_new(session_path, err) : error_set(err, -ENOMEM, "out of memory");
	if (!status)
		status = attach(r, err);
	if (!status)
		status = nic_clocks_open(&r->nic_clocks, site->interfaces, site->interface_count, err);
	if (!status)
		status = privilege_drop(session_path, err);
	if (!status)
		status = session_create(&r->session, session_path, err);
	if (!status) {
		put_meta(r);
		nic_clocks_name(r->nic_clocks, r->session);
		r->clock = clock_watch_new("/sys", CLOCK_FIRST_WAIT_NS);
		status = r->clock ? 0 : error_set(err, -ENOMEM, "out of memory");
	}
	if (!status) {
		put_clock(r);
		status = collector_new(&r->collector, r->session, site->collect, site->feed_count, err);
	}
	if (!status && !(r->view = recorder_view_new(site, session_path, duration_ns)))
		status = error_set(err, -ENOMEM, "out of memory");
	if (!status)
		status = open_connections(r, err);
	if (status) {
		recorder_close(r, NULL);
		return status;
	}
	*out = r;
	return 0;
}

/* ---- running ------------------------------------------------------------------------------------------------------ */

static void read_counters(struct recorder *r)
{
	for (size_t i = 0; i < r->connection_count; i++) {
		struct connection *c = &r->connections[i];
		int64_t wait_ns;

		tap_counters(r->tap, (uint32_t)i, r->counts[i].tap);
		if (c->subscriber)
			subscriber_counters(c->subscriber, r->counts[i].stream);
		if (c->chain)
			chain_link_counters(c->chain, r->counts[i].chain);
		else
			collector_counters(r->collector, c->index, r->counts[i].collect);
		c->traces = !c->chain && collector_reads_counters(r->collector, c->index, r->counts[i].reads, &wait_ns);
		if (c->traces)
			recorder_view_wire_to_app(r->view, c->line, wait_ns);
		c->watches = !c->chain && collector_stream_counters(r->collector, c->index, r->counts[i].stream);
	}
	tap_counters(r->tap, keeper_index(r->site), r->keeper);
	tap_counters(r->tap, PL_FEED_NONE, r->none);
}

/* Who was never there is in no counter of what was lost. */
static void put_never_open(struct recorder *r)
{
	for (size_t i = 0; i < r->connection_count; i++) {
		struct connection *c = &r->connections[i];

		if (!c->subscriber || c->opened)
			continue;
		r->counts[i].stream[STREAM_COUNTER_NEVER_OPEN] = 1;
		loss_put_never_open(r->session, c->name, recorder_view_reason(r->view, c->line));
	}
}

static void put_nic_losses(struct recorder *r)
{
	for (size_t i = 0; i < r->site->interface_count; i++) {
		const char *name = r->site->interfaces[i].name;
		struct nic_losses now, *start = &r->nic_start[i];

		if (nic_read(name, &now, NULL))
			continue;
		session_put_loss(r->session, name, "rx_dropped", now.rx_dropped - start->rx_dropped, true);
		session_put_loss(r->session, name, "rx_missed", now.rx_missed - start->rx_missed, true);
		session_put_loss(r->session, name, "rx_overrun", now.rx_overrun - start->rx_overrun, true);
		session_put_loss(r->session, name, "rx_errors", now.rx_errors - start->rx_errors, true);
	}
}

static void put_losses(struct recorder *r)
{
	for (size_t i = 0; i < r->connection_count; i++) {
		struct connection *c = &r->connections[i];

		loss_put_tap(r->session, c->name, r->counts[i].tap);
		if (c->subscriber || c->watches)
			loss_put_stream(r->session, c->name, r->counts[i].stream);
		if (c->traces)
			loss_put_reads(r->session, c->name, r->counts[i].reads);
		if (c->chain)
			loss_put_chain(r->session, c->name, r->counts[i].chain);
		else
			loss_put_collect(r->session, c->name, r->counts[i].collect);
	}
	if (r->site->keeper_match_count)
		loss_put_tap(r->session, "keeper", r->keeper);
	loss_put_tap(r->session, LOSS_SOURCE_TAP, r->none);
	session_put_loss(r->session, LOSS_SOURCE_SESSION, "rows_lost", session_rows_lost(r->session), true);
	put_nic_losses(r);
}

static int drain(struct recorder *r, struct error *err)
{
	int64_t before = clock_mono_ns();
	int count = tap_drain(r->tap, on_record, r);

	if (count < 0)
		return error_set(err, count, "cannot read the kernel's ring: %s", strerror(-count));
	for (size_t i = 0; i < r->connection_count; i++)
		if (r->connections[i].subscriber)
			subscriber_settle(r->connections[i].subscriber, before);
	r->next_drain_ns = before + DRAIN_NS;
	return 0;
}

/*
 * Writes the slots that are over (idle_ns 0: all), as many as the writer's queue has room for: they can wait in the kernel's
 * table, unlike packets. False: there may be more of them.
 */
static bool retire_slots(struct recorder *r, uint64_t idle_ns)
{
	uint64_t rows = session_room(r->session), sets_max;

	if (rows < 2 * ROWS_RESERVED)
		return false;
	sets_max = (rows - ROWS_RESERVED) / 2; /* a slot of one set makes two rows */
	r->sets_taken = 0;
	tap_retire_slots(r->tap, (uint64_t)clock_mono_ns(), idle_ns, sets_max, on_set, on_slot, r);
	return r->sets_taken < sets_max / 2;
}

static int every_second(struct recorder *r, int64_t now, struct error *err)
{
	put_clock(r);
	collector_flush(r->collector);
	read_counters(r);
	put_losses(r);
	recorder_view_paint(r->view, r->counts, r->none, now);
	r->next_second_ns = now + SECOND_NS;
	return session_status(r->session, err);
}

/* Waits for a socket or for the next drain, whichever comes first, and lets the subscribers work. */
static void wait_and_step(struct recorder *r)
{
	int64_t now = clock_mono_ns(), wait = r->next_drain_ns - now, deadline;
	struct timespec timeout = {0, wait > 0 ? wait : 0};
	struct pollfd *asking = r->polls + r->connection_count;

	for (size_t i = 0; i < r->connection_count; i++) {
		r->polls[i] = asking[i] = (struct pollfd){.fd = -1};
		if (r->connections[i].subscriber)
			r->polls[i].fd = subscriber_poll(r->connections[i].subscriber, &r->polls[i].events, &deadline);
		if (r->connections[i].chain)
			asking[i].fd = chain_link_poll(r->connections[i].chain, &asking[i].events);
	}
	ppoll(r->polls, 2 * r->connection_count, &timeout, NULL);
	now = clock_mono_ns();
	for (size_t i = 0; i < r->connection_count; i++) {
		if (!r->connections[i].subscriber)
			continue;
		subscriber_poll(r->connections[i].subscriber, &r->polls[i].events, &deadline);
		if (r->polls[i].revents || now >= deadline)
			subscriber_step(r->connections[i].subscriber, now);
		if (r->connections[i].chain)
			chain_link_step(r->connections[i].chain, asking[i].revents, now);
	}
}

int recorder_run(struct recorder *r, const volatile sig_atomic_t *stop, struct error *err)
{
	int64_t now = clock_mono_ns(), end = r->duration_ns ? now + r->duration_ns : INT64_MAX;
	int status = 0;

	r->next_drain_ns = now;
	r->next_retire_ns = now + SECOND_NS;
	r->next_second_ns = now + SECOND_NS;
	while (!status && !*stop && now < end) {
		wait_and_step(r);
		now = clock_mono_ns();
		if (now >= r->next_drain_ns)
			status = drain(r, err);
		if (!status && now >= r->next_retire_ns)
			r->next_retire_ns = now + (retire_slots(r, TAP_SLOT_IDLE_NS) ? SECOND_NS : RETIRE_AGAIN_NS);
		if (!status && now >= r->next_second_ns)
			status = every_second(r, now, err);
	}
	return status;
}

/* ---- closing ------------------------------------------------------------------------------------------------------ */

/* Nothing comes any more: the writer may be waited for, unless it has failed. */
static void retire_all_slots(struct recorder *r)
{
	const struct timespec pause = {.tv_nsec = DRAIN_NS};

	while (!session_status(r->session, NULL) && !retire_slots(r, 0))
		nanosleep(&pause, NULL);
}

static void put_last_rows(struct recorder *r)
{
	tap_detach(r->tap);
	drain(r, NULL);
	/* whatever still waits for its packet will not get it: it is delivered without a stamp, and counted */
	for (size_t i = 0; i < r->connection_count; i++)
		if (r->connections[i].subscriber)
			subscriber_settle(r->connections[i].subscriber, INT64_MAX);
	for (size_t i = 0; i < r->connection_count; i++)
		if (r->connections[i].chain)
			chain_link_finish(r->connections[i].chain);
	retire_all_slots(r);
	collector_finish(r->collector);
	read_counters(r);
	put_never_open(r);
	put_losses(r);
	put_clock(r);
	put_meta_number(r->session, "end_ns", clock_real_ns());
	put_meta_number(r->session, "end_mono_ns", clock_mono_ns());
	recorder_view_paint(r->view, r->counts, r->none, clock_mono_ns());
	for (uint32_t i = 0; i < r->site->feed_count; i++)
		if (collector_last_error(r->collector, i)[0])
			fprintf(stderr, "%s: last message that could not be decoded: %s\n", r->site->collect[i].name,
				collector_last_error(r->collector, i));
}

int recorder_close(struct recorder *r, struct error *err)
{
	int status = 0;

	if (r->session && r->collector && r->connections)
		put_last_rows(r);
	for (size_t i = 0; i < r->connection_count && r->connections; i++) {
		if (r->connections[i].subscriber)
			subscriber_free(r->connections[i].subscriber);
		chain_link_free(r->connections[i].chain);
	}
	if (r->tap)
		tap_close(r->tap);
	if (r->collector)
		collector_free(r->collector);
	if (r->session)
		status = session_close(r->session, err);
	clock_watch_free(r->clock);
	nic_clocks_free(r->nic_clocks);
	recorder_view_free(r->view);
	free(r->counts);
	free(r->connections);
	free(r->polls);
	free(r->nic_start);
	free(r);
	return status;
}
