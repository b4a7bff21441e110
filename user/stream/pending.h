/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Messages that were read from the socket and wait for the stamps of their packets, which come by another way (the ring). */
#ifndef PL_STREAM_PENDING_H
#define PL_STREAM_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream/segments.h"
#include "stream/subscriber.h"

/* Above either, the socket is left alone until stamps come: TCP holds the sender back and nothing is lost. */
#define PENDING_MESSAGES_MAX 65536
#define PENDING_BYTES_MAX ((size_t)64 << 20)

struct pending_message;

struct pending {
	void *context;
	void (*on_message)(void *context, const struct stream_message *message);
	struct segments segments;
	struct pending_message *head, **tail;
	size_t messages, bytes;
	uint64_t delivered, unmapped;
};

void pending_init(struct pending *pending, void *context,
		  void (*on_message)(void *context, const struct stream_message *message));

/* Copies a message that lies at [first, end) in the stream. -ENOMEM. */
int pending_add(struct pending *pending, const uint8_t *data, size_t len, uint64_t first, uint64_t end,
		int64_t app_mono_ns);
bool pending_full(const struct pending *pending);

/*
 * Delivers, in order, the messages whose stamp is known, and as unmapped those whose stamp will not come: they were read
 * before `drained_after_ns`, so their records should have been in the ring.
 */
void pending_settle(struct pending *pending, int64_t drained_after_ns);

/* A new connection begins: what still waits is delivered unmapped, offsets count from 0 again. */
void pending_reset(struct pending *pending);

/* Frees without delivering. */
void pending_free(struct pending *pending);

#endif
