// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "stream/resolve.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Shared by the owner and a look-up's thread: getaddrinfo() cannot be cancelled, so the last one to leave frees it. */
struct lookup {
	atomic_int users;
	atomic_bool done;
	char host[256], port[6];
	struct addrinfo *result; /* written before done */
};

struct resolver {
	char host[256], port[6];
	bool literal; /* an IP address: there is nothing to look up again */
	struct addrinfo *addresses;
	struct lookup *lookup; /* NULL while none runs */
};

static int look_up(const char *host, const char *port, int flags, struct addrinfo **out)
{
	const struct addrinfo hints = {
		.ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICSERV | flags,
	};

	return getaddrinfo(host, port, &hints, out);
}

static void lookup_leave(struct lookup *lookup)
{
	if (atomic_fetch_sub(&lookup->users, 1) != 1)
		return;
	if (lookup->result)
		freeaddrinfo(lookup->result);
	free(lookup);
}

static void *lookup_thread(void *context)
{
	struct lookup *lookup = context;

	if (look_up(lookup->host, lookup->port, 0, &lookup->result))
		lookup->result = NULL;
	atomic_store(&lookup->done, true);
	lookup_leave(lookup);
	return NULL;
}

static void start_lookup(struct resolver *resolver)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));
	pthread_attr_t attributes;
	pthread_t thread;

	if (!lookup)
		return; /* the addresses known so far serve on */
	atomic_init(&lookup->users, 2);
	memcpy(lookup->host, resolver->host, sizeof(lookup->host));
	memcpy(lookup->port, resolver->port, sizeof(lookup->port));
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, lookup_thread, lookup))
		free(lookup);
	else
		resolver->lookup = lookup;
	pthread_attr_destroy(&attributes);
}

int resolver_new(struct resolver **out, const char *host, uint16_t port, struct error *err)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));
	int code;

	if (!resolver)
		return error_set(err, -ENOMEM, "out of memory");
	snprintf(resolver->host, sizeof(resolver->host), "%s", host);
	snprintf(resolver->port, sizeof(resolver->port), "%u", port);
	code = look_up(resolver->host, resolver->port, AI_NUMERICHOST, &resolver->addresses);
	resolver->literal = !code;
	if (code)
		code = look_up(resolver->host, resolver->port, 0, &resolver->addresses);
	if (code) {
		free(resolver);
		return error_set(err, -EHOSTUNREACH, "cannot find the address of %s: %s; check the name and the DNS",
				 host, gai_strerror(code));
	}
	*out = resolver;
	return 0;
}

void resolver_free(struct resolver *resolver)
{
	if (!resolver)
		return;
	if (resolver->lookup)
		lookup_leave(resolver->lookup);
	freeaddrinfo(resolver->addresses);
	free(resolver);
}

const struct sockaddr *resolver_address(const struct resolver *resolver, size_t i, socklen_t *len)
{
	const struct addrinfo *address = resolver->addresses;

	while (address && i--)
		address = address->ai_next;
	if (!address)
		return NULL;
	*len = address->ai_addrlen;
	return address->ai_addr;
}

void resolver_refresh(struct resolver *resolver)
{
	struct lookup *lookup = resolver->lookup;

	if (resolver->literal || (lookup && !atomic_load(&lookup->done)))
		return;
	if (lookup) {
		if (lookup->result) {
			freeaddrinfo(resolver->addresses);
			resolver->addresses = lookup->result;
			lookup->result = NULL;
		}
		lookup_leave(lookup);
		resolver->lookup = NULL;
	}
	start_lookup(resolver);
}
