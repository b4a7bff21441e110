/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * One TCP connection to a server, plain or TLS, non-blocking: bytes out, pieces of plaintext in (reader.h). The socket
 * is bound before it connects, so that the kernel side knows the flow when the SYN-ACK arrives.
 */
#ifndef PL_STREAM_TRANSPORT_H
#define PL_STREAM_TRANSPORT_H

#include <stdbool.h>
#include <sys/socket.h>

#include "stream/buffer.h"
#include "stream/reader.h"
#include "stream/tls.h"
#include "stream/url.h"
#include "tap/tap.h"

#define TRANSPORT_OUT_MAX ((size_t)4 << 20) /* bytes waiting to be sent */
#define TRANSPORT_READ 65536		    /* bytes read at a time */

struct transport {
	int fd; /* -1 while closed */
	bool connected;
	const struct url *url;
	struct tls *tls; /* NULL for ws and http */
	SSL_CTX *context;
	struct buffer out;
	uint64_t received;   /* payload bytes read from the socket */
	int64_t received_ns; /* CLOCK_MONOTONIC when the last of them were read */

	struct tap *tap;
	struct pl_flow_key flow;
	bool flow_added;
};

/* context: NULL for ws and http. tap: NULL for no stamps. Both and the url must outlive the transport. */
void transport_init(struct transport *transport, const struct url *url, SSL_CTX *context, struct tap *tap);

/* Begins to connect. Negative errno where that fails at once. */
int transport_open(struct transport *transport, const struct sockaddr *address, socklen_t address_len,
		   uint32_t flow_id, struct error *err);

/* Goes on with connecting, the TLS handshake and sending. 1 once plaintext can flow both ways, 0 before, or a negative errno. */
int transport_step(struct transport *transport, struct error *err);

/*
 * Reads once and passes the plaintext on. 1 where more may wait, 0 where nothing does; -ECONNRESET where the peer has closed
 * without a word, or as reader.h says.
 */
int transport_read(struct transport *transport, piece_fn sink, void *context, struct error *err);

/* Queues plaintext; -ENOTCONN before transport_step() gave 1, -ENOBUFS above TRANSPORT_OUT_MAX. */
int transport_write(struct transport *transport, const void *data, size_t len, struct error *err);

/* poll(2) events that it waits for. */
short transport_events(const struct transport *transport);

/* Says goodbye as far as that does not block, and closes. */
void transport_close(struct transport *transport);

#endif
