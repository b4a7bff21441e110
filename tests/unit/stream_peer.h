/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A server of the tests: a thread that serves one connection after another on loopback, plain or TLS, by a script. */
#ifndef PL_TESTS_STREAM_PEER_H
#define PL_TESTS_STREAM_PEER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "stream/ws.h"

#define PEER_CHECK(x)                                                                                                  \
	do {                                                                                                           \
		if (!(x)) {                                                                                            \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x);                                        \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

struct certificate {
	EVP_PKEY *key;
	X509 *x509;
};

static inline void add_extension(X509 *x509, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	PEER_CHECK(extension && X509_add_ext(x509, extension, -1));
	X509_EXTENSION_free(extension);
}

/* issuer NULL: a certificate authority. names: "DNS:localhost,IP:127.0.0.1". */
static inline struct certificate certificate_new(const struct certificate *issuer, const char *names, long valid_s)
{
	struct certificate c = {EVP_EC_gen("P-256"), X509_new()};
	static long serial;
	X509_NAME *name;
	char text[32];

	PEER_CHECK(c.key && c.x509);
	X509_set_version(c.x509, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.x509), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(c.x509), -100000);
	X509_gmtime_adj(X509_getm_notAfter(c.x509), valid_s);
	X509_set_pubkey(c.x509, c.key);
	name = X509_get_subject_name(c.x509);
	snprintf(text, sizeof(text), "%s %ld", issuer ? "leaf" : "authority", serial);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)text, -1, -1, 0);
	X509_set_issuer_name(c.x509, issuer ? X509_get_subject_name(issuer->x509) : name);
	if (issuer)
		add_extension(c.x509, NID_subject_alt_name, names);
	else
		add_extension(c.x509, NID_basic_constraints, "critical,CA:TRUE");
	PEER_CHECK(X509_sign(c.x509, issuer ? issuer->key : c.key, EVP_sha256()));
	return c;
}

static inline void certificate_free(struct certificate *c)
{
	EVP_PKEY_free(c->key);
	X509_free(c->x509);
}

static inline void certificate_save(const struct certificate *c, const char *path)
{
	FILE *file = fopen(path, "w");

	PEER_CHECK(file && PEM_write_X509(file, c->x509) && !fclose(file));
}

static inline SSL_CTX *server_context(const struct certificate *c, int version)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	PEER_CHECK(context && SSL_CTX_use_certificate(context, c->x509) && SSL_CTX_use_PrivateKey(context, c->key));
	SSL_CTX_set_min_proto_version(context, version);
	SSL_CTX_set_max_proto_version(context, version);
	return context;
}

struct peer {
	int fd;
	SSL *ssl; /* NULL: plain */
	unsigned number; /* of this connection, from 0 */
};

typedef void (*peer_script)(struct peer *peer);

struct server {
	int fd;
	uint16_t port;
	SSL_CTX *context;
	peer_script script;
	pthread_t thread;
	unsigned connections;
};

/* Bytes read, <= 0 at the end. */
static inline int peer_read(struct peer *peer, void *data, int len)
{
	return peer->ssl ? SSL_read(peer->ssl, data, len) : (int)read(peer->fd, data, (size_t)len);
}

static inline bool peer_read_all(struct peer *peer, void *data, int len)
{
	for (int done = 0; done < len;) {
		int n = peer_read(peer, (char *)data + done, len - done);

		if (n <= 0)
			return false;
		done += n;
	}
	return true;
}

static inline void peer_write(struct peer *peer, const void *data, size_t len)
{
	while (len) {
		ssize_t n = peer->ssl ? SSL_write(peer->ssl, data, len > 16384 ? 16384 : (int)len)
				      : send(peer->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; /* the client has gone: its side of the test will tell */
		data = (const char *)data + n;
		len -= (size_t)n;
	}
}

static inline void peer_text(struct peer *peer, const char *text)
{
	peer_write(peer, text, strlen(text));
}

/* Reads the request up to its empty line. */
static inline bool peer_request(struct peer *peer, char *out, size_t size)
{
	size_t len = 0;

	do {
		if (len + 1 >= size || !peer_read_all(peer, out + len, 1))
			return false;
		out[++len] = '\0';
	} while (len < 4 || strcmp(out + len - 4, "\r\n\r\n"));
	return true;
}

/* Answers a WebSocket request; false where there was none. */
static inline bool peer_upgrade(struct peer *peer)
{
	char request[8192], key[WS_KEY_SIZE], accept[WS_ACCEPT_SIZE], answer[512];
	const char *at;

	if (!peer_request(peer, request, sizeof(request)) || !(at = strstr(request, "Sec-WebSocket-Key: ")))
		return false;
	snprintf(key, sizeof(key), "%.24s", at + 19);
	ws_accept(key, accept);
	snprintf(answer, sizeof(answer),
		 "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
		 "Sec-WebSocket-Accept: %s\r\n\r\n",
		 accept);
	peer_text(peer, answer);
	return true;
}

/* An unmasked frame of a server. */
static inline size_t server_frame(uint8_t *out, uint8_t first, const void *payload, size_t len)
{
	size_t n = 2;

	out[0] = first;
	out[1] = (uint8_t)(len < 126 ? len : len <= 65535 ? 126 : 127);
	for (int shift = len < 126 ? -8 : len <= 65535 ? 8 : 56; shift >= 0; shift -= 8)
		out[n++] = (uint8_t)((uint64_t)len >> shift);
	if (len)
		memcpy(out + n, payload, len);
	return n + len;
}

static inline void peer_frame(struct peer *peer, uint8_t first, const void *payload, size_t len)
{
	uint8_t *frame = malloc(len + 10);

	PEER_CHECK(frame);
	peer_write(peer, frame, server_frame(frame, first, payload, len));
	free(frame);
}

/* Reads one short masked frame of the client; its opcode, -1 at the end. `out` gets the payload as text. */
static inline int peer_read_frame(struct peer *peer, char *out, size_t size)
{
	uint8_t head[6];

	if (!peer_read_all(peer, head, sizeof(head)))
		return -1;
	PEER_CHECK((head[1] & 0x80) && (head[1] & 0x7f) < 126 && (head[1] & 0x7fu) < size);
	if ((head[1] & 0x7f) && !peer_read_all(peer, out, head[1] & 0x7f))
		return -1;
	for (int i = 0; i < (head[1] & 0x7f); i++)
		out[i] ^= (char)head[2 + (i & 3)];
	out[head[1] & 0x7f] = '\0';
	return head[0] & 0x0f;
}

/* Until the client goes away. */
static inline void peer_wait_end(struct peer *peer)
{
	char data[4096];

	while (peer_read(peer, data, sizeof(data)) > 0)
		;
}

static void *server_thread(void *context)
{
	struct server *server = context;
	const struct timeval limit = {.tv_sec = 20};
	int one = 1;

	for (;;) {
		struct peer peer = {.fd = accept(server->fd, NULL, NULL), .number = server->connections};

		if (peer.fd < 0)
			return NULL;
		server->connections++;
		/* A test that went wrong ends all the same. */
		setsockopt(peer.fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
		setsockopt(peer.fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
		setsockopt(peer.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		if (server->context) {
			peer.ssl = SSL_new(server->context);
			SSL_set_fd(peer.ssl, peer.fd);
		}
		if (!peer.ssl || SSL_accept(peer.ssl) == 1)
			server->script(&peer);
		SSL_free(peer.ssl);
		ERR_clear_error();
		close(peer.fd);
	}
}

/* context NULL: plain. It is not freed. */
static inline void server_start(struct server *server, SSL_CTX *context, peer_script script)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);

	*server = (struct server){.fd = socket(AF_INET, SOCK_STREAM, 0), .context = context, .script = script};
	PEER_CHECK(!bind(server->fd, (struct sockaddr *)&address, len) && !listen(server->fd, 16) &&
		   !getsockname(server->fd, (struct sockaddr *)&address, &len));
	server->port = ntohs(address.sin_port);
	PEER_CHECK(!pthread_create(&server->thread, NULL, server_thread, server));
}

static inline void server_stop(struct server *server)
{
	shutdown(server->fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->fd);
}

#endif
