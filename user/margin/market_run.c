// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Paths over threads, scenarios one after the other. Every path leaves its result in a place of its own, and sums are taken
 * in the order of paths: the same answer, to the last bit, for any number of threads.
 */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "margin/checkpoint.h"
#include "margin/market_result.h"
#include "margin/market_screen.h"

#define PATHS_PER_BATCH 64
#define CURVE_SHARE 8 /* the curve against added delay takes every 8th part of the paths: it is a difference on the same numbers */

const char *const market_part_names[MARKET_PARTS + 1] = {"gap", "latency", "congestion", "liquidity", NULL};

/* Of every path, found by the first scenario for all of them. */
struct starts {
	uint64_t *chunks;   /* NULL: this market and these processes do not allow it */
	double *diffusions; /* assets of each path; NULL: what was before is not forgotten */
	bool found;
};

static int starts_init(struct starts *starts, const struct market_book *book)
{
	uint64_t paths = (book->model->paths + STEPS_PATHS - 1) / STEPS_PATHS * STEPS_PATHS;
	bool forgets = market_screen_forgets(book);

	*starts = (struct starts){0};
	if (!market_screen_applies(book))
		return 0;
	starts->chunks = calloc(paths, sizeof(*starts->chunks));
	if (forgets)
		starts->diffusions = calloc(paths * book->model->asset_count, sizeof(*starts->diffusions));
	return starts->chunks && (!forgets || starts->diffusions) ? 0 : -ENOMEM;
}

static void starts_free(struct starts *starts)
{
	free(starts->chunks);
	free(starts->diffusions);
}

struct task {
	const struct market_book *book;
	struct starts *starts;
	bool screens; /* fills `starts` */
	const struct scenario *scenario;
	const struct model_control *control;
	struct path_result *results;
	uint64_t end; /* paths from `next` on */
	atomic_uint_fast64_t next, finished;
	atomic_int failure;
};

static void screen_batch(struct market_screen *screen, const struct task *task, uint64_t first, uint64_t end)
{
	size_t assets = task->book->model->asset_count;
	double unused[STEPS_PATHS * assets];

	for (uint64_t path = first; path < end; path += STEPS_PATHS)
		market_screen_paths(screen, path, &task->starts->chunks[path],
				    task->starts->diffusions ? &task->starts->diffusions[path * assets] : unused);
}

static int walk_path(struct market_walk *walk, const struct task *task, uint64_t path)
{
	const struct starts *starts = task->starts;
	size_t assets = task->book->model->asset_count;
	struct market_from from;

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

/* One scenario, and where it stands in all work. */
struct job {
	const struct market_book *book;
	struct starts *starts;
	const struct scenario *scenario;
	const struct model_control *control;
	double from, to; /* the share of all work that this is */
	struct path_result *results;
	uint64_t paths;
};

/* Paths first … end - 1; *done is one more than the last of those that are finished. */
static int run_paths(const struct job *job, uint64_t first, uint64_t end, uint64_t *done)
{
	const struct model_control *control = job->control;
	struct task task = {.book = job->book, .starts = job->starts, .screens = job->starts->chunks && !job->starts->found,
			    .scenario = job->scenario, .control = control, .results = job->results, .end = end, .next = first,
			    .finished = first};
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

/* Of the first scenario everything is kept, and where paths begin; of others what is asked of them. */
static size_t slice_bytes(const struct job *job, uint64_t paths)
{
	size_t assets = job->starts->diffusions ? job->book->model->asset_count : 0;

	if (job->starts->found)
		return paths * 3 * sizeof(double);
	return paths * (sizeof(*job->results) + (job->starts->chunks ? sizeof(uint64_t) : 0) + assets * sizeof(double));
}

static void move(void *ours, char **bytes, size_t size, bool back)
{
	memcpy(back ? ours : (void *)*bytes, back ? (void *)*bytes : ours, size);
	*bytes += size;
}

static void pack(const struct job *job, uint64_t first, uint64_t end, char *bytes, bool back)
{
	size_t assets = job->book->model->asset_count, paths = end - first;

	for (uint64_t path = first; job->starts->found && path < end; path++) {
		move(&job->results[path].bad_debt, &bytes, sizeof(double), back);
		move(&job->results[path].keepers, &bytes, sizeof(double), back);
		move(&job->results[path].imbalance, &bytes, sizeof(double), back);
	}
	if (job->starts->found)
		return;
	move(&job->results[first], &bytes, paths * sizeof(*job->results), back);
	if (job->starts->chunks)
		move(&job->starts->chunks[first], &bytes, paths * sizeof(uint64_t), back);
	if (job->starts->diffusions)
		move(&job->starts->diffusions[first * assets], &bytes, paths * assets * sizeof(double), back);
}

static int run_slice(const struct job *job, uint32_t id, uint64_t first, uint64_t end, uint64_t *done)
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

/* Runs all paths of the job; *done are the first ones that are finished. */
static int run_scenario(const struct job *job, uint64_t *done)
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

/* ---- the questions -------------------------------------------------------------------------------------------------- */

/* The smallest change of a delay that the grid can show, and a share of the delay that is no small change. */
static double bump_of(const struct model *model, int stage)
{
	return fmax(model->step_s, 0.05 * delay_mean(&model->delays[stage]));
}

/* Each scenario adds one mechanism to the one before; what it adds is that mechanism's part. */
static const struct scenario parts[MARKET_PARTS - 1] = {
	[MARKET_GAP] = {.no_delay = true, .no_gas = true, .no_impact = true},
	[MARKET_LATENCY] = {.no_gas = true, .no_impact = true},
	[MARKET_CONGESTION] = {.no_impact = true},
};

static bool has_impact(const struct market *market, size_t asset_count)
{
	for (size_t i = 0; i < asset_count; i++)
		if (market->liquidity[i].type != &liquidity_none)
			return true;
	return false;
}

struct questions {
	const struct market_book *book;
	struct starts starts;
	const struct model_control *control;
	struct path_result *base, *other;
	double imbalance_max; /* of any path of any scenario */
	uint64_t paths; /* finished ones of the base */
	unsigned runs, run;
	bool cut; /* an answer is missing, because the user stopped */
};

static void look_at_balance(struct questions *q, const struct path_result *results, uint64_t paths)
{
	for (uint64_t i = 0; i < paths; i++)
		q->imbalance_max = fmax(q->imbalance_max, results[i].imbalance);
}

/* 0 with *done paths in q->other */
static int ask(struct questions *q, const struct scenario *scenario, uint64_t paths, uint64_t *done)
{
	double from = (double)q->run / q->runs, to = (double)(q->run + 1) / q->runs;
	int rc;

	q->run++;
	*done = 0;
	if (q->control->stop && *q->control->stop) {
		q->cut = true;
		return 0;
	}
	rc = run_scenario(&(struct job){q->book, &q->starts, scenario, q->control, from, to, q->other, paths}, done);
	look_at_balance(q, q->other, *done);
	q->cut = q->cut || *done < paths;
	return rc;
}

static int ask_parts(struct questions *q, struct market_result *more)
{
	const struct market *market = q->book->market;
	bool differs[MARKET_PARTS] = {true, true, market->gas.congestion > 0 && market->gas.units > 0,
				      has_impact(market, q->book->model->asset_count)};
	double *before = calloc(q->paths, sizeof(*before)); /* bad debt of the scenario before */
	int rc = before ? 0 : -ENOMEM;

	for (int part = 0; !rc && part < MARKET_PARTS; part++) {
		uint64_t done = q->paths;
		bool last = true; /* nothing is left out any more: that is the base */

		more->parts[part] = (struct estimate){0, 0};
		if (!differs[part])
			continue;
		for (int later = part + 1; later < MARKET_PARTS; later++)
			last = last && !differs[later];
		if (!last)
			rc = ask(q, &parts[part], q->paths, &done);
		if (!rc)
			market_difference(last ? q->base : q->other, before, done, &more->parts[part]);
	}
	free(before);
	return rc;
}

static int ask_stages(struct questions *q, struct model_result *result, struct market_result *more)
{
	const struct model *model = q->book->model;
	int rc = 0;

	for (int stage = 0; !rc && stage < DELAY_STAGES; stage++) {
		struct scenario scenario = {0};
		double bump = bump_of(model, stage);
		struct estimate by_profit;
		uint64_t done;

		scenario.added_s[stage] = bump;
		rc = ask(q, &scenario, q->paths, &done);
		market_slope(q->base, q->other, done, bump, &result->stages[stage].per_ms, &by_profit);
		if (stage == DELAY_KEEPER)
			more->keeper_profit_per_ms = by_profit;
	}
	return rc;
}

static int ask_without(struct questions *q, struct model_result *result)
{
	static const double added[MODEL_CURVE_POINTS] = {0, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20};
	double unit = result->delay_mean_s > 0 ? result->delay_mean_s : q->book->model->step_s;
	uint64_t paths = q->paths / CURVE_SHARE, done;
	int rc = 0;

	if (!paths)
		paths = q->paths;
	for (int k = 0; !rc && k < MODEL_CURVE_POINTS; k++) {
		struct scenario scenario = {.added_s[DELAY_INCLUSION] = added[k] * unit};
		struct estimate slope, by_profit;

		result->added_s[k] = added[k] * unit;
		result->added_bad_debt[k] = result->bad_debt.value;
		if (!k)
			continue;
		rc = ask(q, &scenario, paths, &done);
		market_slope(q->base, q->other, done, 1e-3, &slope, &by_profit); /* by one millisecond of 1e-3 s: the difference itself */
		result->added_bad_debt[k] += slope.value;
	}
	return rc;
}

#define BUDGET_DOUBLINGS 7  /* of the mean delay, or a block: how far an added delay is looked for */
#define BUDGET_BISECTIONS 9
#define BUDGET_RUNS (BUDGET_DOUBLINGS + BUDGET_BISECTIONS)

/* NAN where the user stopped. */
static int mean_under(struct questions *q, const struct scenario *scenario, double *mean)
{
	uint64_t done;
	int rc = ask(q, scenario, q->paths, &done);

	*mean = 0;
	for (uint64_t i = 0; i < done; i++)
		*mean += q->other[i].bad_debt / (double)done;
	if (done < q->paths)
		*mean = NAN;
	return rc;
}

static struct scenario changed(bool shorter, double by)
{
	return shorter ? (struct scenario){.shorter = by} : (struct scenario){.added_s[DELAY_INCLUSION] = by};
}

/*
 * The delay that may be added until the mean reaches the budget, or the share that all delays have to lose, on the same random
 * numbers. Bad debt rises with delays but for what a single path does, so the answer is as good as the mean is.
 */
static int ask_budget(struct questions *q, double budget, struct model_result *result)
{
	bool above = result->bad_debt.value > budget, between = false;
	double low = 0, high = above ? 1 : fmax(result->delay_mean_s, q->book->model->step_s), mean;
	int rc = 0;

	result->budget_added_s = result->budget_scale = NAN;
	for (int i = 0; !rc && !between && i < (above ? 1 : BUDGET_DOUBLINGS); i++) {
		struct scenario scenario = changed(above, high);

		rc = mean_under(q, &scenario, &mean);
		between = above ? mean <= budget : mean > budget;
		if (!between)
			low = high, high *= 2;
	}
	for (int i = 0; !rc && between && i < BUDGET_BISECTIONS; i++) {
		double middle = 0.5 * (low + high);
		struct scenario scenario = changed(above, middle);

		rc = mean_under(q, &scenario, &mean);
		between = !isnan(mean);
		if ((mean > budget) == above)
			low = middle;
		else
			high = middle;
	}
	if (!rc && between && above)
		result->budget_scale = 1 - high;
	else if (!rc && between)
		result->budget_added_s = low;
	return rc;
}

static int run(const struct market *market, const struct model *model, const struct model_control *control, bool further,
	       struct model_result *result, struct market_result *more, struct error *err)
{
	struct market_book book;
	struct questions q = {.book = &book, .control = control,
			      .runs = !further ? 1 : 1 + MARKET_PARTS - 1 + DELAY_STAGES + MODEL_CURVE_POINTS - 1 +
							     (model->budget > 0 ? BUDGET_RUNS : 0)};
	struct timespec begin, end;
	int rc = market_check(market, model, err);

	if (rc)
		return rc;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	*result = (struct model_result){0};
	*more = (struct market_result){0};
	rc = market_book_init(&book, market, model);
	q.base = calloc(model->paths, sizeof(*q.base));
	q.other = calloc(further ? model->paths : 1, sizeof(*q.other));
	if (!rc && (!q.base || !q.other))
		rc = -ENOMEM;
	if (!rc)
		rc = starts_init(&q.starts, &book);
	if (!rc)
		rc = run_scenario(&(struct job){&book, &q.starts, &(struct scenario){0}, control, 0, 1.0 / q.runs, q.base, model->paths},
				  &q.paths);
	q.run = 1;
	look_at_balance(&q, q.base, q.paths);
	if (!rc)
		rc = market_summary(&book, q.base, q.paths, result, more);
	if (!rc && further)
		rc = ask_parts(&q, more);
	if (!rc && further)
		rc = ask_stages(&q, result, more);
	if (!rc && further)
		rc = ask_without(&q, result);
	if (!rc && further && model->budget > 0)
		rc = ask_budget(&q, model->budget, result);
	if (rc)
		error_set(err, rc, rc == -EAGAIN ? "no thread could be started: raise the limit of processes"
						 : "out of memory for %llu paths of %zu accounts",
			  (unsigned long long)model->paths, model->account_count);
	result->gap = more->parts[MARKET_GAP];
	result->latency = more->parts[MARKET_LATENCY];
	more->imbalance_max = q.imbalance_max;
	result->interrupted = q.paths < model->paths || q.cut;
	clock_gettime(CLOCK_MONOTONIC, &end);
	result->seconds = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
	market_book_free(&book);
	starts_free(&q.starts);
	free(q.base);
	free(q.other);
	return rc;
}

int market_run(const struct market *market, const struct model *model, const struct model_control *control,
	       struct model_result *result, struct market_result *more, struct error *err)
{
	return run(market, model, control, true, result, more, err);
}

int market_bad_debt(const struct market *market, const struct model *model, const struct model_control *control,
		    struct model_result *result, struct market_result *more, struct error *err)
{
	return run(market, model, control, false, result, more, err);
}
