// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

/* A peer that vanished is noticed by TCP itself, which serves where the protocol has no ping (server-sent events). */
#define KEEPALIVE_IDLE_S 15
#define KEEPALIVE_INTERVAL_S 10
#define UNACKNOWLEDGED_MS 45000

void transport_init(struct transport *transport, const struct url *url, SSL_CTX *context, struct tap *tap)
{
	*transport = (struct transport){.fd = -1, .url = url, .context = context, .tap = tap};
}

static int system_error(const struct transport *t, struct error *err, const char *what, int error)
{
	return error_set(err, -error, "cannot %s %s: %s", what, t->url->place, strerror(error));
}

static void set_option(int fd, int level, int name, int value)
{
	/* None of these options is needed for correct work: a kernel without one only serves less well. */
	setsockopt(fd, level, name, &value, sizeof(value));
}

static int bind_any(int fd, int family)
{
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};

	return family == AF_INET6 ? bind(fd, (struct sockaddr *)&v6, sizeof(v6))
				  : bind(fd, (struct sockaddr *)&v4, sizeof(v4));
}

static int make_flow_key(int fd, const struct sockaddr *remote, struct pl_flow_key *out)
{
	struct sockaddr_in6 local = {0}; /* ports lie at the same place in both families */
	socklen_t len = sizeof(local);

	if (getsockname(fd, (struct sockaddr *)&local, &len))
		return -errno;
	*out = (struct pl_flow_key){.local_port = ntohs(local.sin6_port)};
	if (remote->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)remote;

		memcpy(out->remote, &v6->sin6_addr, 16);
		out->remote_port = ntohs(v6->sin6_port);
	} else {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)remote;

		out->remote[10] = out->remote[11] = 0xff;
		memcpy(out->remote + 12, &v4->sin_addr, 4);
		out->remote_port = ntohs(v4->sin_port);
	}
	return 0;
}

int transport_open(struct transport *t, const struct sockaddr *address, socklen_t address_len, uint32_t flow_id,
		   struct error *err)
{
	int code;

	t->received = 0;
	t->received_ns = 0;
	t->connected = false;
	t->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (t->fd < 0)
		return system_error(t, err, "make a socket for", errno);
	set_option(t->fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_option(t->fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	set_option(t->fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
	set_option(t->fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
	set_option(t->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS);
	if (bind_any(t->fd, address->sa_family)) {
		code = system_error(t, err, "bind a local port for", errno);
		goto fail;
	}
	if (t->tap) {
		code = make_flow_key(t->fd, address, &t->flow);
		if (code) {
			system_error(t, err, "read the local port for", -code);
			goto fail;
		}
		code = tap_add_flow(t->tap, &t->flow, flow_id, err);
		if (code)
			goto fail;
		t->flow_added = true;
	}
	if (connect(t->fd, address, address_len) && errno != EINPROGRESS) {
		code = system_error(t, err, "connect to", errno);
		goto fail;
	}
	return 0;
fail:
	transport_close(t);
	return code;
}

/* 1 connected, 0 not yet. */
static int finish_connect(struct transport *t, struct error *err)
{
	struct pollfd poller = {.fd = t->fd, .events = POLLOUT};
	int error = 0;
	socklen_t len = sizeof(error);

	if (poll(&poller, 1, 0) <= 0)
		return 0;
	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	if (error)
		return system_error(t, err, "connect to", error);
	t->connected = true;
	set_option(t->fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	return t->context ? tls_new(&t->tls, t->context, t->url, err) ?: 1 : 1;
}

static int flush(struct transport *t, struct error *err)
{
	if (t->tls && tls_take_output(t->tls, &t->out))
		return error_set(err, -ENOMEM, "out of memory");
	while (t->out.len) {
		ssize_t n = send(t->fd, t->out.data, t->out.len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return system_error(t, err, "send to", errno);
		buffer_consume(&t->out, (size_t)n);
	}
	return 0;
}

int transport_step(struct transport *t, struct error *err)
{
	int code;

	if (!t->connected) {
		code = finish_connect(t, err);
		if (code <= 0)
			return code;
	}
	code = flush(t, err);
	if (code)
		return code;
	return !t->tls || tls_ready(t->tls);
}

int transport_read(struct transport *t, piece_fn sink, void *context, struct error *err)
{
	uint8_t data[TRANSPORT_READ];
	struct piece piece = {.data = data, .start = t->received};
	ssize_t n;
	int code;

	if (!t->connected)
		return 0;
	do
		n = recv(t->fd, data, sizeof(data), 0);
	while (n < 0 && errno == EINTR);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	if (n < 0)
		return system_error(t, err, "read from", errno);
	if (!n)
		return error_set(err, -ECONNRESET, "%s closed the connection", t->url->place);
	t->received += (uint64_t)n;
	t->received_ns = clock_mono_ns();
	/* The kernel leaves this mode by itself; a delayed ACK makes a server with Nagle's algorithm wait 40 ms. */
	set_option(t->fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	piece.len = (size_t)n;
	code = t->tls ? tls_feed(t->tls, data, piece.len, sink, context, err) : sink(context, &piece, err);
	return code ? code : 1;
}

int transport_write(struct transport *t, const void *data, size_t len, struct error *err)
{
	if (t->fd < 0 || !t->connected || (t->tls && !tls_ready(t->tls)))
		return error_set(err, -ENOTCONN, "%s is not connected", t->url->place);
	if (len > TRANSPORT_OUT_MAX || t->out.len > TRANSPORT_OUT_MAX - len)
		return error_set(err, -ENOBUFS, "%s does not take what is sent: %zu bytes wait", t->url->place,
				 t->out.len);
	if (!t->tls)
		return buffer_append(&t->out, data, len) ? error_set(err, -ENOMEM, "out of memory") : 0;
	/* Taken out at once, so that the limit above sees it. */
	return tls_write(t->tls, data, len, err) ?: tls_take_output(t->tls, &t->out);
}

short transport_events(const struct transport *t)
{
	return t->connected ? POLLIN | (t->out.len ? POLLOUT : 0) : POLLOUT;
}

void transport_close(struct transport *t)
{
	if (t->tls)
		tls_shutdown(t->tls);
	if (t->connected)
		flush(t, NULL);
	tls_free(t->tls);
	t->tls = NULL;
	buffer_free(&t->out);
	if (t->flow_added)
		tap_remove_flow(t->tap, &t->flow);
	t->flow_added = false;
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	t->connected = false;
}
