// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "margin/run.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "margin/lognormal.h"

#define EXECUTED_PATHS_MAX (1u << 22) /* kept for quantiles: 32 MB */
#define EXECUTIONS_MAX 4e8	       /* accounts × executed paths: bounds the time of large books */
#define EXECUTED_PATHS_MIN 1000
#define JUMPS_WANTED 1.0 /* expected on a tilted path: what a jump does should be seen on most of them */

/*
 * The drift that takes ln S to the triggers that matter by the horizon: their distance, averaged by expected loss (with
 * the reflection principle's 2N(·) for the chance of getting there). No shift where the path gets there by itself.
 */
static double drift_towards_triggers(const struct ladder *ladder, double horizon)
{
	const struct process *process = ladder->process;
	double sd = sqrt(process->variance * horizon), drift = process->log_drift * horizon, sum = 0, weights = 0, target;

	for (size_t i = ladder->at_start; i < ladder->count; i++) {
		double distance = ladder->rungs[i].trigger - ladder->log_price;
		double loss = ladder->prefix[MEASURE_LOSS][i + 1] - ladder->prefix[MEASURE_LOSS][i];
		double weight = fmin(1, 2 * normal_cdf((distance - drift) / sd)) * fmax(0, loss);

		sum += weight * distance;
		weights += weight;
	}
	if (!(weights > 0)) /* too far for a double, or no loss at any trigger */
		return 0;
	target = fmin(0, sum / weights - drift);
	if (process->jump_rate > 0 && target < -4 * sd) /* jumps will get there first: a shifted diffusion would only add noise */
		return 0;
	return target / horizon;
}

int run_prepare(struct run *run, const struct model *model)
{
	uint64_t pairs = (model->paths + 1) / 2;
	double executions = (double)model->paths * (double)model->account_count;
	int rc;

	*run = (struct run){.model = model, .block_count = (pairs + PAIRS_PER_BLOCK - 1) / PAIRS_PER_BLOCK};
	run->stride = (uint64_t)ceil(fmin(executions / EXECUTIONS_MAX, (double)model->paths / EXECUTED_PATHS_MIN));
	if ((double)model->paths / EXECUTED_PATHS_MAX > (double)run->stride)
		run->stride = model->paths / EXECUTED_PATHS_MAX + 1;
	run->stride = run->stride ? run->stride : 1;
	run->losses_capacity = (model->paths + run->stride - 1) / run->stride;
	run->ladders = calloc(model->asset_count, sizeof(*run->ladders));
	run->tilts = calloc(model->asset_count, sizeof(*run->tilts));
	run->exposure = calloc(model->asset_count, sizeof(*run->exposure));
	run->blocks = calloc(run->block_count, sizeof(*run->blocks));
	run->losses = calloc(run->losses_capacity, sizeof(*run->losses));
	rc = delay_total(model->delays, DELAY_STAGES, &run->delay);
	if (rc || !run->ladders || !run->tilts || !run->exposure || !run->blocks || !run->losses)
		goto fail;
	for (size_t i = 0; i < model->asset_count; i++) {
		struct ladder *ladder = &run->ladders[i];

		rc = ladder_build(ladder, model->accounts, model->account_count, (uint32_t)i, model->assets[i].price,
				  &model->engine, &model->assets[i].process, &run->delay);
		if (rc || !ladder->count)
			continue;
		run->exposure[i].hits = calloc(ladder->count + 1, sizeof(int64_t));
		if (!run->exposure[i].hits)
			goto fail;
		for (size_t j = 0; j < ladder->count; j++)
			run->exposure[i].scale += ladder->rungs[j].units * model->assets[i].price;
		for (int k = 0; k < MEASURES; k++)
			run->at_start[k] += ladder->prefix[k][ladder->at_start];
		run->tilts[i].extra_drift = drift_towards_triggers(ladder, model->horizon_s);
		run->tilts[i].jump_rate = ladder->process->jump_rate > 0
						  ? fmax(ladder->process->jump_rate, JUMPS_WANTED / model->horizon_s)
						  : 0;
	}
	if (!rc)
		return 0;
fail:
	run_free(run);
	return -ENOMEM;
}

void run_free(struct run *run)
{
	for (size_t i = 0; run->ladders && i < run->model->asset_count; i++)
		ladder_free(&run->ladders[i]);
	for (size_t i = 0; run->exposure && i < run->model->asset_count; i++)
		free(run->exposure[i].hits);
	quadrature_free(&run->delay);
	free(run->ladders);
	free(run->tilts);
	free(run->exposure);
	free(run->blocks);
	free(run->losses);
}

/* ---- one thread ---------------------------------------------------------------------------------------------------- */

struct shared {
	struct run *run;
	const struct model_control *control;
	atomic_uint_fast64_t next_block, finished_blocks;
	atomic_int failure;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	unsigned running;
};

struct worker {
	struct shared *shared;
	struct walk walk;
	struct exposure *exposure; /* one per asset; hits of this thread */
	pthread_t thread;
};

/* Balance heuristic for one plain and one tilted path: p/((p + q)/2), q/p the likelihood ratio of the Brownian part and of the number of jumps. */
static double path_weight(const struct process *process, const struct tilt *tilt, double horizon,
			  const struct skeleton *skeleton)
{
	double noise = skeleton->diffusion - process->log_drift * horizon, drift = tilt->extra_drift;
	double log_ratio = drift * (noise - 0.5 * drift * horizon) / process->variance;

	if (tilt->jump_rate > process->jump_rate)
		log_ratio += (double)skeleton->jumps * log(tilt->jump_rate / process->jump_rate) -
			     (tilt->jump_rate - process->jump_rate) * horizon;
	return 2 / (1 + exp(log_ratio));
}

static int draw(struct worker *worker, uint64_t path, size_t asset, bool tilted)
{
	const struct model *model = worker->shared->run->model;
	struct rng rng;

	rng_open(&rng, model->seed, path, (uint32_t)asset, RNG_SKELETON);
	return skeleton_draw(&worker->walk.skeleton, &model->assets[asset].process,
			     worker->shared->run->ladders[asset].log_price, model->horizon_s,
			     tilted ? &worker->shared->run->tilts[asset] : NULL, &rng);
}

/* Adds half of the path's expected costs to `pair`; executes the path if it is its turn. */
static int run_path(struct worker *worker, uint64_t path, bool tilted, double pair[MEASURES], struct block *block)
{
	struct run *run = worker->shared->run;
	const struct model *model = run->model;
	bool executed = path % run->stride == 0 && path < model->paths;
	struct outcome sum = {0};

	for (size_t i = 0; i < model->asset_count; i++) {
		double weight;
		struct rng minimum;

		if (!run->ladders[i].count)
			continue;
		if (draw(worker, path, i, tilted))
			return -ENOMEM;
		weight = path_weight(&model->assets[i].process, &run->tilts[i], model->horizon_s,
				     &worker->walk.skeleton);
		rng_open(&minimum, model->seed, path, (uint32_t)i, RNG_MINIMUM);
		expect_path(&run->ladders[i], &worker->walk.skeleton, 0.5 * weight, &minimum, pair, &worker->exposure[i]);
		worker->walk.steps += worker->walk.skeleton.count;
		if (!executed)
			continue;
		if (tilted && draw(worker, path, i, false))
			return -ENOMEM;
		block->liquidations += walk_path(&worker->walk, &run->ladders[i], model, path, (uint32_t)i, &sum);
	}
	if (!executed)
		return 0;
	run->losses[path / run->stride] = sum.bad_debt;
	block->losses_squared += sum.bad_debt * sum.bad_debt;
	block->outcome.seized += sum.seized;
	block->outcome.repaid += sum.repaid;
	block->outcome.bad_debt += sum.bad_debt;
	block->outcome.returned += sum.returned;
	block->outcome.slippage += sum.slippage;
	return 0;
}

static int run_block(struct worker *worker, uint64_t index)
{
	struct run *run = worker->shared->run;
	uint64_t first = index * PAIRS_PER_BLOCK, end = first + PAIRS_PER_BLOCK, pairs = (run->model->paths + 1) / 2;
	struct block *block = &run->blocks[index];

	worker->walk.steps = 0;
	for (uint64_t pair = first; pair < end && pair < pairs; pair++) {
		double cost[MEASURES] = {0};

		if (run_path(worker, 2 * pair, false, cost, block) || run_path(worker, 2 * pair + 1, true, cost, block))
			return -ENOMEM;
		block->pairs++;
		for (int k = 0; k < MEASURES; k++) { /* Welford */
			double delta = cost[k] - block->mean[k];

			block->mean[k] += delta / (double)block->pairs;
			block->squares[k] += delta * (cost[k] - block->mean[k]);
		}
	}
	block->steps = worker->walk.steps;
	return 0;
}

static void *work(void *argument)
{
	struct worker *worker = argument;
	struct shared *shared = worker->shared;
	const volatile sig_atomic_t *stop = shared->control->stop;

	while (!atomic_load(&shared->failure)) {
		uint64_t index;

		/* stop is looked at before a block is taken: blocks done are always the first ones; the first is always done */
		if (stop && *stop && atomic_load(&shared->next_block) > 0)
			break;
		index = atomic_fetch_add(&shared->next_block, 1);
		if (index >= shared->run->block_count)
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

/* ---- all threads --------------------------------------------------------------------------------------------------- */

static int worker_init(struct worker *worker, struct shared *shared)
{
	const struct run *run = shared->run;
	size_t rungs = 0;

	worker->shared = shared;
	for (size_t i = 0; i < run->model->asset_count; i++)
		rungs = run->ladders[i].count > rungs ? run->ladders[i].count : rungs;
	worker->exposure = calloc(run->model->asset_count, sizeof(*worker->exposure));
	if (!worker->exposure || walk_init(&worker->walk, rungs))
		return -ENOMEM;
	for (size_t i = 0; i < run->model->asset_count; i++) {
		worker->exposure[i].scale = run->exposure[i].scale;
		worker->exposure[i].hits = calloc(run->ladders[i].count + 1, sizeof(int64_t));
		if (!worker->exposure[i].hits)
			return -ENOMEM;
	}
	return 0;
}

/* Integer sums: the order does not matter. */
static void collect(struct run *run, const struct worker *worker)
{
	for (size_t i = 0; i < run->model->asset_count; i++) {
		for (size_t j = 0; run->ladders[i].count && j <= run->ladders[i].count; j++)
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

int run_threads(struct run *run, const struct model_control *control)
{
	struct shared shared = {.run = run, .control = control, .lock = PTHREAD_MUTEX_INITIALIZER, .ended = PTHREAD_COND_INITIALIZER};
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned wanted = control->threads ? control->threads : processors > 0 ? (unsigned)processors : 1, ready = 0, started = 0;
	struct worker *workers;
	int rc = 0;

	if (wanted > run->block_count)
		wanted = (unsigned)run->block_count;
	workers = calloc(wanted, sizeof(*workers));
	if (!workers)
		return -ENOMEM;
	while (!rc && ready < wanted)
		rc = worker_init(&workers[ready++], &shared);
	shared.running = rc ? 0 : wanted;
	for (; !rc && started < wanted; started++) {
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
	for (unsigned i = 0; i < ready; i++)
		worker_free(&workers[i], run->model->asset_count);
	free(workers);
	run->blocks_done = atomic_load(&shared.finished_blocks);
	return rc;
}
