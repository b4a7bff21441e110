// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS_MAX 256

unsigned parallel_threads(unsigned wanted, size_t pieces)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t threads = wanted ? wanted : processors > 0 ? (size_t)processors : 1;

	threads = threads < pieces ? threads : pieces;
	return threads ? (unsigned)threads : 1;
}

struct loop {
	void (*piece)(void *context, size_t i);
	void *context;
	size_t pieces;
	atomic_size_t next;
};

static void *run(void *argument)
{
	struct loop *loop = argument;

	for (;;) {
		size_t i = atomic_fetch_add(&loop->next, 1);

		if (i >= loop->pieces)
			return NULL;
		loop->piece(loop->context, i);
	}
}

void parallel_for(unsigned threads, size_t pieces, void (*piece)(void *context, size_t i), void *context)
{
	struct loop loop = {.piece = piece, .context = context, .pieces = pieces};
	pthread_t others[THREADS_MAX];
	unsigned started = 0;

	for (threads = parallel_threads(threads, pieces); started + 1 < threads && started < THREADS_MAX; started++)
		if (pthread_create(&others[started], NULL, run, &loop))
			break;
	run(&loop);
	for (unsigned i = 0; i < started; i++)
		pthread_join(others[i], NULL);
}
