// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/market_scenario.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "margin/checkpoint.h"
#include "margin/market_screen.h"

#define PATHS_PER_BATCH 64

int market_starts_init(struct market_starts *starts, const struct market_book *book)
{
	uint64_t paths = book->model->paths;
	bool forgets = market_screen_forgets(book);

	*starts = (struct market_starts){0};
	if (!market_screen_applies(book))
		return 0;
	starts->chunks = calloc(paths, sizeof(*starts->chunks));
	if (forgets)
		starts->diffusions = calloc(paths * book->model->asset_count, sizeof(*starts->diffusions));
	return starts->chunks && (!forgets || starts->diffusions) ? 0 : -ENOMEM;
}

void market_starts_free(struct market_starts *starts)
{
	free(starts->chunks);
	free(starts->diffusions);
}

struct task {
	const struct market_book *book;
	struct market_starts *starts;
	bool screens; /* fills `starts` */
	const struct scenario *scenario;
	const struct model_control *control;
	struct path_result *results;
	struct path_group *groups;
	struct path_keeper *keepers;
	uint64_t end; /* paths from `next` on */
	atomic_uint_fast64_t next, finished;
	atomic_int failure;
};

static void screen_batch(struct market_screen *screen, const struct task *task, uint64_t first, uint64_t end)
{
	size_t assets = task->book->model->asset_count;
	struct market_starts *starts = task->starts;

	for (uint64_t path = first; path < end; path++)
		starts->chunks[path] = market_screen_path(screen, path, starts->diffusions ? &starts->diffusions[path * assets] : NULL);
}

static int walk_path(struct market_walk *walk, const struct task *task, uint64_t path)
{
	const struct market_starts *starts = task->starts;
	size_t assets = task->book->model->asset_count;
	struct market_from from;

	if (task->groups)
		market_walk_by_group(walk, &task->groups[path * market_book_groups(task->book->model)]);
	if (task->keepers)
		market_walk_by_keeper(walk, &task->keepers[path * keepers_kinds(&task->book->market->keepers)]);
	if (!starts->chunks)
		return market_walk_path(walk, task->scenario, path, NULL, &task->results[path]);
	from = (struct market_from){starts->chunks[path], starts->diffusions ? &starts->diffusions[path * assets] : NULL};
	return market_walk_path(walk, task->scenario, path, &from, &task->results[path]);
}

static void *work(void *argument)
{
	struct task *task = argument;
	struct market_screen screen = {0};
	struct market_walk *walk;
	int rc = market_walk_new(&walk, task->book);

	if (!rc && task->screens)
		rc = market_screen_init(&screen, task->book);

	while (!rc && !atomic_load(&task->failure)) {
		uint64_t first, end;

		if (task->control->stop && *task->control->stop && atomic_load(&task->next) > 0)
			break;
		first = atomic_fetch_add(&task->next, PATHS_PER_BATCH);
		if (first >= task->end)
			break;
		end = first + PATHS_PER_BATCH < task->end ? first + PATHS_PER_BATCH : task->end;
		if (task->screens)
			screen_batch(&screen, task, first, end);
		for (uint64_t path = first; !rc && path < end; path++)
			rc = walk_path(walk, task, path);
		if (!rc)
			atomic_fetch_add(&task->finished, end - first);
	}
	if (rc)
		atomic_store(&task->failure, rc);
	market_screen_free(&screen);
	market_walk_free(walk);
	return NULL;
}

static unsigned thread_count(const struct model_control *control, uint64_t paths)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned wanted = control->threads ? control->threads : processors > 0 ? (unsigned)processors : 1;
	uint64_t batches = (paths + PATHS_PER_BATCH - 1) / PATHS_PER_BATCH;

	return wanted < batches ? wanted : (unsigned)batches;
}

/* Paths first … end - 1; *done is one more than the last of those that are finished. */
static int run_paths(const struct market_job *job, uint64_t first, uint64_t end, uint64_t *done)
{
	const struct model_control *control = job->control;
	struct task task = {.book = job->book, .starts = job->starts, .screens = job->starts->chunks && !job->starts->found,
			    .scenario = job->scenario, .control = control, .results = job->results, .groups = job->groups, .keepers = job->keepers, .end = end,
			    .next = first, .finished = first};
	unsigned wanted = thread_count(control, end - first), started = 0;
	pthread_t *threads = calloc(wanted, sizeof(*threads));

	if (!threads)
		return -ENOMEM;
	while (started < wanted && !pthread_create(&threads[started], NULL, work, &task))
		started++; /* fewer threads give the same result */
	while (started && control->progress && !atomic_load(&task.failure)) {
		uint64_t finished = atomic_load(&task.finished);

		control->progress(control->context, job->from + (job->to - job->from) * (double)finished / (double)job->paths);
		if (finished >= end || (control->stop && *control->stop))
			break;
		nanosleep(&(struct timespec){.tv_nsec = 200000000}, NULL);
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	if (!started)
		return -EAGAIN;
	*done = atomic_load(&task.finished);
	return atomic_load(&task.failure);
}

/* ---- slices and their checkpoint ------------------------------------------------------------------------------------ */

#define SLICES 16 /* of a scenario */
#define ASKED 4	  /* numbers of a path that are kept of all scenarios but the first */

/* Of the first scenario everything is kept, and where paths begin; of others what is asked of them. */
static size_t slice_bytes(const struct market_job *job, uint64_t paths)
{
	size_t assets = job->starts->diffusions ? job->book->model->asset_count : 0;
	size_t groups = job->groups ? market_book_groups(job->book->model) : 0;
	size_t kinds = job->keepers ? keepers_kinds(&job->book->market->keepers) : 0;

	if (job->starts->found)
		return paths * ASKED * sizeof(double);
	return paths * (sizeof(*job->results) + groups * sizeof(*job->groups) + kinds * sizeof(*job->keepers) +
			(job->starts->chunks ? sizeof(uint64_t) : 0) + assets * sizeof(double));
}

static void pack(const struct market_job *job, uint64_t first, uint64_t end, char *bytes, bool back)
{
	size_t assets = job->book->model->asset_count, groups = market_book_groups(job->book->model), paths = end - first;
	size_t kinds = keepers_kinds(&job->book->market->keepers);

	for (uint64_t path = first; job->starts->found && path < end; path++) {
		struct path_result *result = &job->results[path];
		double *asked[ASKED] = {&result->bad_debt, &result->keepers, &result->own, &result->imbalance};

		for (int i = 0; i < ASKED; i++)
			checkpoint_move(asked[i], &bytes, sizeof(double), back);
	}
	if (job->starts->found)
		return;
	checkpoint_move(&job->results[first], &bytes, paths * sizeof(*job->results), back);
	if (job->groups)
		checkpoint_move(&job->groups[first * groups], &bytes, paths * groups * sizeof(*job->groups), back);
	if (job->keepers)
		checkpoint_move(&job->keepers[first * kinds], &bytes, paths * kinds * sizeof(*job->keepers), back);
	if (job->starts->chunks)
		checkpoint_move(&job->starts->chunks[first], &bytes, paths * sizeof(uint64_t), back);
	if (job->starts->diffusions)
		checkpoint_move(&job->starts->diffusions[first * assets], &bytes, paths * assets * sizeof(double), back);
}

static int run_slice(const struct market_job *job, uint32_t id, uint64_t first, uint64_t end, uint64_t *done)
{
	struct checkpoint *checkpoint = job->control->checkpoint;
	size_t size = slice_bytes(job, end - first);
	char *bytes = malloc(size);
	int rc = 0;

	if (!bytes)
		return -ENOMEM;
	if (checkpoint_get(checkpoint, id, first, bytes, size)) {
		pack(job, first, end, bytes, true);
		*done = end;
	} else {
		rc = run_paths(job, first, end, done);
		if (!rc && *done == end) {
			pack(job, first, end, bytes, false);
			checkpoint_put(checkpoint, id, first, bytes, size);
		}
	}
	free(bytes);
	return rc;
}

int market_scenario(const struct market_job *job, uint64_t *done)
{
	uint64_t each = (job->paths + SLICES - 1) / SLICES, end = 0;
	bool kept = job->control->checkpoint;
	uint32_t id = kept ? checkpoint_run(job->control->checkpoint) : 0;
	int rc = 0;

	each = kept ? (each + PATHS_PER_BATCH - 1) / PATHS_PER_BATCH * PATHS_PER_BATCH : job->paths;
	*done = 0;
	for (uint64_t first = 0; !rc && *done == end && first < job->paths; first += each) {
		end = first + each < job->paths ? first + each : job->paths;
		rc = kept ? run_slice(job, id, first, end, done) : run_paths(job, first, end, done);
	}
	job->starts->found = true;
	return rc;
}
