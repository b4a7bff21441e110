// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Paths of a run over threads. */
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "margin/run.h"

/* ---- one thread ---------------------------------------------------------------------------------------------------- */

struct shared {
	struct run *run;
	const struct model_control *control;
	atomic_uint_fast64_t next_block, finished_blocks;
	uint64_t end_block;
	atomic_int failure;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	unsigned running;
};

/*
 * What a thread writes lies in lines of the cache of its own: its struct is padded, what that points to it allocates itself (so from
 * an arena of its own), and a block is filled on its stack. Else a pair of paths waits for lines of the other thread's.
 */
#define APART 128 /* two lines: processors fetch them in pairs */

struct worker {
	_Alignas(APART) struct shared *shared;
	struct walk walk;
	struct exposure *exposure; /* one per asset; hits of this thread */
	double *normals;	   /* of correlated assets: those of path `normals_path` */
	uint64_t normals_path;
	/* Of groups of accounts: the pair's measures, the path's losses and places on the ladders; NULL: there is one group. */
	double (*group_pair)[MEASURES], *group_loss;
	size_t *group_next;
	pthread_t thread;
};

static size_t grid_steps(const struct model *model)
{
	return (size_t)ceil(model->horizon_s / model->step_s);
}

/* What the asset shares with others on this path; NULL: nothing. */
static const struct drive *drive_of(struct worker *worker, uint64_t path, size_t asset, struct drive *out)
{
	const struct model *model = worker->shared->run->model;
	const struct dependence *dependence = &model->dependence;
	bool jumps = dependence->jumps_together && dependence->jumps_together[asset];

	if (!worker->normals && !jumps)
		return NULL;
	if (worker->normals && worker->normals_path != path) {
		dependence_normals(dependence, model->seed, path, grid_steps(model), model->asset_count, worker->normals);
		worker->normals_path = path;
	}
	*out = (struct drive){.normals = worker->normals ? worker->normals + asset : NULL,
			      .stride = model->asset_count,
			      .step_s = model->step_s,
			      .common_rate = jumps ? dependence->common_rate : 0,
			      .seed = model->seed,
			      .path = path};
	return out;
}

/* Balance heuristic for one plain and one tilted path: p/((p + q)/2). */
static double path_weight(const struct process *process, const struct tilt *tilt, double horizon,
			  const struct skeleton *skeleton)
{
	return 2 / (1 + exp(skeleton_log_ratio(skeleton, process, horizon, tilt)));
}

static int draw(struct worker *worker, uint64_t path, size_t asset, bool tilted)
{
	const struct model *model = worker->shared->run->model;
	struct drive drive;
	struct rng rng;

	rng_open(&rng, model->seed, path, (uint32_t)asset, RNG_SKELETON);
	return skeleton_draw(&worker->walk.skeleton, &model->assets[asset].process,
			     worker->shared->run->ladders[asset].log_price, model->horizon_s,
			     tilted ? &worker->shared->run->tilts[asset] : NULL, drive_of(worker, path, asset, &drive), &rng);
}

/* Half of what the executions of a path say of its measures. */
static void add_executed(const struct run *run, const double bad_debt[VARIANTS], uint64_t count, double pair[MEASURES])
{
	pair[MEASURE_LOSS] += 0.5 * bad_debt[VARIANT_AS_IS];
	pair[MEASURE_GAP] += 0.5 * bad_debt[VARIANT_AT_ONCE];
	pair[MEASURE_LATENCY] += 0.5 * (bad_debt[VARIANT_AS_IS] - bad_debt[VARIANT_AT_ONCE]);
	pair[MEASURE_SLOPE] += 0.5 * (bad_debt[VARIANT_LATER] - bad_debt[VARIANT_AS_IS]) / run->added_s[VARIANT_LATER];
	pair[MEASURE_COUNT] += 0.5 * (double)count;
}

/* What a walk left for the groups, to their losses and, where it is what the mean is known by, their measures. */
static void take_groups(struct worker *worker, bool mean)
{
	const struct run *run = worker->shared->run;

	for (size_t g = 0; g < run->group_count; g++) {
		struct walk_group *group = &worker->walk.groups[g];

		worker->group_loss[g] += group->bad_debt[VARIANT_AS_IS];
		if (mean)
			add_executed(run, group->bad_debt, group->triggered, worker->group_pair[g]);
		*group = (struct walk_group){0};
	}
}

/* An asset without a formula after the trigger: executed on every path, because that is what its mean is known by. */
static int run_executions(struct worker *worker, uint64_t path, size_t asset, double pair[MEASURES], double other[MEASURES],
			  double variants[VARIANTS], struct outcome *sum, uint64_t *count)
{
	const struct run *run = worker->shared->run;
	double bad_debt[VARIANTS] = {0};
	struct drive drive;

	if (!process_is_levy(&run->model->assets[asset].process)) {
		*count = walk_memory_path(&worker->walk, run_lots(run, asset, path), run->model, path, (uint32_t)asset,
					  drive_of(worker, path, asset, &drive), sum, bad_debt);
	} else {
		if (draw(worker, path, asset, false))
			return -ENOMEM;
		*count = walk_path(&worker->walk, run_lots(run, asset, path), run->model, path, (uint32_t)asset, sum, bad_debt);
	}
	add_executed(run, bad_debt, *count, pair);
	other[MEASURE_LOSS] += 0.5 * bad_debt[VARIANT_AGAINST];
	take_groups(worker, true);
	for (int k = 0; k < VARIANTS; k++)
		variants[k] += bad_debt[k];
	return 0;
}

/* The same for run->against on the path that was drawn. */
static void expect_against(const struct worker *worker, uint64_t path, size_t asset, double weight, double pair[MEASURES])
{
	const struct run *run = worker->shared->run;
	const struct parts nobody = {0}; /* asks */
	struct rng minimum;

	rng_open(&minimum, run->model->seed, path, (uint32_t)asset, RNG_MINIMUM);
	expect_path(&run->against->ladders[asset], run_lots(run, asset, path), &worker->walk.skeleton, weight, &minimum, pair, &nobody, NULL);
}

/* Adds half of the path's expected costs to `pair`, and those of run->against to `other`; executes the path if it is its turn. */
static int run_path(struct worker *worker, uint64_t path, bool tilted, double pair[MEASURES], double variants[VARIANTS],
		    double other[MEASURES], struct block *block)
{
	struct run *run = worker->shared->run;
	const struct model *model = run->model;
	bool executed = path % run->stride == 0 && path < model->paths;
	struct outcome sum = {0};

	if (run->group_count)
		memset(worker->group_loss, 0, run->group_count * sizeof(*worker->group_loss));
	for (size_t i = 0; i < model->asset_count; i++) {
		struct parts parts = {run->group_count, run_parts(run, i), worker->group_next, worker->group_pair};
		double weight;
		struct rng minimum;

		if (!run->ladders[i].count)
			continue;
		if (!model_is_conditional(model, i)) {
			uint64_t count;

			if (run_executions(worker, path, i, pair, other, variants, &sum, &count))
				return -ENOMEM;
			block->liquidations += executed ? count : 0;
			continue;
		}
		if (draw(worker, path, i, tilted))
			return -ENOMEM;
		weight = path_weight(&model->assets[i].process, &run->tilts[i], model->horizon_s,
				     &worker->walk.skeleton);
		rng_open(&minimum, model->seed, path, (uint32_t)i, RNG_MINIMUM);
		expect_path(&run->ladders[i], run_lots(run, i, path), &worker->walk.skeleton, 0.5 * weight, &minimum, pair, &parts,
			    &worker->exposure[i]);
		if (run->against)
			expect_against(worker, path, i, 0.5 * weight, other);
		worker->walk.steps += worker->walk.skeleton.count;
		if (!executed)
			continue;
		if (tilted && draw(worker, path, i, false))
			return -ENOMEM;
		block->liquidations += walk_path(&worker->walk, run_lots(run, i, path), model, path, (uint32_t)i, &sum, NULL);
		take_groups(worker, false);
	}
	if (!executed)
		return 0;
	run->losses[path / run->stride] = sum.bad_debt;
	if (run->group_count)
		memcpy(&run->group_losses[path / run->stride * run->group_count], worker->group_loss, run->group_count * sizeof(*run->group_losses));
	block->losses_squared += sum.bad_debt * sum.bad_debt;
	block->outcome.seized += sum.seized;
	block->outcome.repaid += sum.repaid;
	block->outcome.bad_debt += sum.bad_debt;
	block->outcome.returned += sum.returned;
	block->outcome.slippage += sum.slippage;
	return 0;
}

/* The `pairs`-th one: Welford. */
static void take_pair(struct sums *sums, const double cost[MEASURES], uint64_t pairs)
{
	for (int k = 0; k < MEASURES; k++) {
		double delta = cost[k] - sums->mean[k];

		sums->mean[k] += delta / (double)pairs;
		sums->squares[k] += delta * (cost[k] - sums->mean[k]);
	}
}

static int run_block(struct worker *worker, uint64_t index)
{
	struct run *run = worker->shared->run;
	uint64_t first = index * PAIRS_PER_BLOCK, end = first + PAIRS_PER_BLOCK, pairs = (run->model->paths + 1) / 2;
	struct block filled = {0}, *block = &filled;

	worker->walk.steps = worker->walk.beyond = 0;
	for (uint64_t pair = first; pair < end && pair < pairs; pair++) {
		double cost[MEASURES] = {0}, other[MEASURES] = {0}, variants[VARIANTS] = {0};

		if (run->group_count)
			memset(worker->group_pair, 0, run->group_count * sizeof(*worker->group_pair));
		if (run_path(worker, 2 * pair, false, cost, variants, other, block) ||
		    run_path(worker, 2 * pair + 1, true, cost, variants, other, block))
			return -ENOMEM;
		block->pairs++;
		for (int k = 0; k < VARIANTS; k++) {
			block->variants[k] += variants[k];
			block->variants_squared[k] += variants[k] * variants[k];
		}
		take_pair(&block->sums, cost, block->pairs);
		for (size_t g = 0; g < run->group_count; g++)
			take_pair(&run->group_sums[index * run->group_count + g], worker->group_pair[g], block->pairs);
		if (run->against) {
			moments_take(&block->other, other[MEASURE_LOSS]);
			moments_take(&block->gain, cost[MEASURE_LOSS] - other[MEASURE_LOSS]);
			block->differing += cost[MEASURE_LOSS] != other[MEASURE_LOSS];
		}
	}
	block->steps = worker->walk.steps;
	block->beyond = worker->walk.beyond;
	run->blocks[index] = filled;
	return 0;
}

/* ---- all threads --------------------------------------------------------------------------------------------------- */

static enum delay_stage slowest_stage(const struct model *model)
{
	enum delay_stage slowest = 0;
	double longest = -1;

	for (int i = 0; i < DELAY_STAGES; i++) {
		double tail = delay_quantile(&model->delays[i], 0.999) - delay_quantile(&model->delays[i], 0.5);

		if (tail > longest) {
			longest = tail;
			slowest = (enum delay_stage)i;
		}
	}
	return slowest;
}

static int worker_init(struct worker *worker)
{
	const struct run *run = worker->shared->run;
	const struct model *model = run->model;
	size_t executions = 0, rungs = 0;

	for (size_t i = 0; i < model->asset_count; i++) {
		size_t on_a_path = run_lots_most(run, i) * (model_is_conditional(model, i) ? 1 : VARIANTS);

		executions = on_a_path > executions ? on_a_path : executions;
		rungs = run_lots_most(run, i) > rungs ? run_lots_most(run, i) : rungs;
	}
	worker->exposure = calloc(model->asset_count, sizeof(*worker->exposure));
	if (!worker->exposure || walk_init(&worker->walk, executions, rungs))
		return -ENOMEM;
	worker->walk.added_s = run->added_s;
	worker->walk.against = run->against ? run->against->model->delays : NULL;
	worker->walk.slowest = slowest_stage(model);
	worker->normals_path = UINT64_MAX;
	if (model->dependence.correlation) {
		worker->normals = calloc(grid_steps(model) * model->asset_count, sizeof(double));
		if (!worker->normals)
			return -ENOMEM;
	}
	if (run->group_count) {
		worker->walk.groups = calloc(run->group_count, sizeof(*worker->walk.groups));
		worker->group_pair = calloc(run->group_count, sizeof(*worker->group_pair));
		worker->group_loss = calloc(run->group_count, sizeof(*worker->group_loss));
		worker->group_next = calloc(run->group_count, sizeof(*worker->group_next));
		if (!worker->walk.groups || !worker->group_pair || !worker->group_loss || !worker->group_next)
			return -ENOMEM;
	}
	for (size_t i = 0; i < model->asset_count; i++) {
		worker->exposure[i].scale = run->exposure[i].scale;
		worker->exposure[i].hits = calloc(run->ladders[i].count + 1, sizeof(int64_t));
		if (!worker->exposure[i].hits)
			return -ENOMEM;
	}
	return 0;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct shared *shared = worker->shared;
	const volatile sig_atomic_t *stop = shared->control->stop;

	if (worker_init(worker))
		atomic_store(&shared->failure, -ENOMEM);
	while (!atomic_load(&shared->failure)) {
		uint64_t index;

		/* stop is looked at before a block is taken: blocks done are always the first ones; the first is always done */
		if (stop && *stop && atomic_load(&shared->next_block) > 0)
			break;
		index = atomic_fetch_add(&shared->next_block, 1);
		if (index >= shared->end_block)
			break;
		if (run_block(worker, index))
			atomic_store(&shared->failure, -ENOMEM);
		atomic_fetch_add(&shared->finished_blocks, 1);
	}
	pthread_mutex_lock(&shared->lock);
	shared->running--;
	pthread_cond_signal(&shared->ended);
	pthread_mutex_unlock(&shared->lock);
	return NULL;
}

/* Integer sums: the order does not matter. */
static void collect(struct run *run, const struct worker *worker)
{
	for (size_t i = 0; i < run->model->asset_count; i++) {
		for (size_t j = 0; run->exposure[i].hits && j <= run->ladders[i].count; j++)
			run->exposure[i].hits[j] += worker->exposure[i].hits[j];
		for (int bin = 0; bin < EXPOSURE_BINS; bin++) {
			run->exposure[i].mass[bin] += worker->exposure[i].mass[bin];
			run->exposure[i].moment[bin] += worker->exposure[i].moment[bin];
		}
	}
}

static void worker_free(struct worker *worker, size_t asset_count)
{
	for (size_t i = 0; worker->exposure && i < asset_count; i++)
		free(worker->exposure[i].hits);
	free(worker->exposure);
	free(worker->normals);
	free(worker->group_pair);
	free(worker->group_loss);
	free(worker->group_next);
	walk_free(&worker->walk);
}

static void wait_for_all(struct shared *shared)
{
	const struct model_control *control = shared->control;

	pthread_mutex_lock(&shared->lock);
	while (shared->running) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += 200000000;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&shared->ended, &shared->lock, &until);
		if (control->progress)
			control->progress(control->context, (double)atomic_load(&shared->finished_blocks) /
								    (double)shared->run->block_count);
	}
	pthread_mutex_unlock(&shared->lock);
}

int run_threads(struct run *run, const struct model_control *control, uint64_t first, uint64_t end)
{
	struct shared shared = {.run = run, .control = control, .next_block = first, .finished_blocks = first, .end_block = end, .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned wanted = control->threads ? control->threads : processors > 0 ? (unsigned)processors : 1, started = 0;
	struct worker *workers;
	int rc = 0;

	if (wanted > end - first)
		wanted = (unsigned)(end - first);
	workers = aligned_alloc(APART, wanted * sizeof(*workers));
	if (!workers)
		return -ENOMEM;
	shared.running = wanted;
	for (; !rc && started < wanted; started++) {
		workers[started] = (struct worker){.shared = &shared};
		if (pthread_create(&workers[started].thread, NULL, work, &workers[started])) {
			pthread_mutex_lock(&shared.lock); /* fewer threads give the same result */
			shared.running -= wanted - started;
			pthread_mutex_unlock(&shared.lock);
			if (!started)
				rc = -EAGAIN;
			break;
		}
	}
	wait_for_all(&shared);
	for (unsigned i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	if (!rc)
		rc = atomic_load(&shared.failure);
	for (unsigned i = 0; !rc && i < started; i++)
		collect(run, &workers[i]);
	for (unsigned i = 0; i < started; i++)
		worker_free(&workers[i], run->model->asset_count);
	free(workers);
	run->blocks_done = atomic_load(&shared.finished_blocks);
	return rc;
}
