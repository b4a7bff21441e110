// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Long runs that are cut off anywhere and taken up again: the same answer to the last bit. Files that are no checkpoint, or not this one. */
#include "market_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "margin/checkpoint.h"

struct place {
	char folder[64], file[96];
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	strcpy(place->folder, "/tmp/pricelag-checkpoint-XXXXXX");
	if (!mkdtemp(place->folder))
		return -1;
	snprintf(place->file, sizeof(place->file), "%s/c", place->folder);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	unlink(place->file);
	rmdir(place->folder);
	free(place);
	return 0;
}

static struct checkpoint *must_open(const char *file, uint64_t key)
{
	struct checkpoint *checkpoint;
	struct error err;

	if (checkpoint_open(&checkpoint, file, key, &err))
		fail_msg("%s", err.text);
	return checkpoint;
}

static off_t size_of(const char *file)
{
	struct stat status;

	return stat(file, &status) ? -1 : status.st_size;
}

/* One asset, jumps, forty loans; 0: engine instant, 1: the market walk from where something happens, 2: with a memory. */
static void answer(int kind, struct checkpoint *checkpoint, unsigned threads, struct model_result *result, struct market_result *more)
{
	static const double kou[] = {1.5, 0, 2000, 0.4, 80, 60};
	struct model_control control = {.threads = threads, .checkpoint = checkpoint};
	struct error err;
	static struct world w;

	calm_fall(&w, 100, 0, (struct account){0});
	w.asset.process = (struct process){.type = &process_kou};
	memcpy(w.asset.process.parameter, kou, sizeof(kou));
	assert_int_equal(process_prepare(&w.asset.process, &err), 0);
	w.model.paths = kind == 2 ? 130 : kind ? 330 : 8000;
	w.model.horizon_s = 1800;
	w.model.engine.type = &engine_instant;
	w.model.account_count = 40;
	for (int i = 0; i < 40; i++)
		w.accounts[i] = (struct account){0, 1, 90 + 0.2 * i, 0.99};
	deal_into_groups(&w);
	w.model.delays[DELAY_INCLUSION] = (struct delay_law){.type = &delay_exponential, .parameter = {30}};
	w.market.dynamic_margin = (struct dynamic_margin){.gain = kind == 2, .half_life_s = 60, .horizon_s = 60, .floor = 0.9, .step_per_hour = 1};
	w.market.keepers.has_own = true;
	w.market.keepers.own = (struct delay_law){.type = &delay_exponential, .parameter = {10}};
	w.model.delays[DELAY_KEEPER] = w.market.keepers.own;
	memset(more, 0, sizeof(*more));
	if (kind ? market_run(&w.market, &w.model, &control, result, more, &err) : model_run(&w.model, &control, result, &err))
		fail_msg("%s", err.text);
	assert_false(result->interrupted);
	result->seconds = 0;
}

/* Cut at many lengths, in the middle of a record more often than not. */
static void goes_on_from_anywhere(void **state)
{
	const struct place *place = *state;

	for (int kind = 0; kind < 3; kind++) {
		struct model_result whole, again;
		struct market_result more, more_again;
		size_t records;
		off_t size;

		answer(kind, NULL, 2, &whole, &more);
		assert_true(!kind || (more.own_profit_per_ms[DELAY_KEEPER].value != 0 && more.own_profit_per_own_ms.value < 0));
		for (int cut = kind ? 5 : 3; cut >= 0; cut--) {
			struct checkpoint *checkpoint = must_open(place->file, 7);

			answer(kind, checkpoint, cut % 2 ? 1 : 3, &again, &more_again);
			assert_int_equal(checkpoint_failure(checkpoint), 0);
			checkpoint_close(checkpoint, false);
			assert_memory_equal(&whole, &again, sizeof(whole));
			assert_memory_equal(&more, &more_again, sizeof(more));
			size = size_of(place->file);
			assert_true(size > 1000);
			assert_int_equal(truncate(place->file, size * cut / 6 + 3), 0);
		}
		/* a file that has all of it: nothing is left to do */
		assert_int_equal(unlink(place->file), 0);
		for (int time = 0; time < 2; time++) {
			struct checkpoint *checkpoint = must_open(place->file, 7);

			records = checkpoint_found(checkpoint);
			answer(kind, checkpoint, 2, &again, &more_again);
			assert_memory_equal(&whole, &again, sizeof(whole));
			assert_true(time ? records > 5 && size_of(place->file) == size : records == 0);
			size = size_of(place->file);
			checkpoint_close(checkpoint, time);
		}
		assert_int_equal(size_of(place->file), -1); /* finished: it is gone */
	}
}

/* A byte that has changed ends the file where it stands; what comes after is done anew. */
static void damage_is_seen(void **state)
{
	const struct place *place = *state;
	struct model_result whole, again;
	struct market_result more;
	struct checkpoint *checkpoint = must_open(place->file, 7);
	size_t records;
	char byte;
	int fd;

	answer(1, checkpoint, 2, &whole, &more);
	checkpoint_close(checkpoint, false);
	checkpoint = must_open(place->file, 7);
	records = checkpoint_found(checkpoint);
	checkpoint_close(checkpoint, false);
	fd = open(place->file, O_RDWR);
	assert_int_equal(pread(fd, &byte, 1, size_of(place->file) / 2), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, size_of(place->file) / 2), 1);
	close(fd);
	checkpoint = must_open(place->file, 7);
	assert_true(checkpoint_found(checkpoint) > 0 && checkpoint_found(checkpoint) < records);
	answer(1, checkpoint, 2, &again, &more);
	assert_memory_equal(&whole, &again, sizeof(whole));
	checkpoint_close(checkpoint, true);
}

static void refuse(const char *file, uint64_t key, const char *what)
{
	struct checkpoint *checkpoint;
	struct error err;

	assert_true(checkpoint_open(&checkpoint, file, key, &err) < 0);
	assert_null(checkpoint);
	if (!strstr(err.text, what))
		fail_msg("'%s' does not say '%s'", err.text, what);
}

static void others_are_refused(void **state)
{
	const struct place *place = *state;
	struct checkpoint *checkpoint = must_open(place->file, 7);
	FILE *file;

	refuse(place->file, 7, "in use");
	checkpoint_put(checkpoint, checkpoint_run(checkpoint), 0, "abc", 3);
	checkpoint_close(checkpoint, false);
	refuse(place->file, 8, "another question");
	file = fopen(place->file, "w");
	fputs("asset,collateral,debt,liquidation_threshold\n", file);
	fclose(file);
	refuse(place->file, 7, "is not overwritten");
	assert_int_equal(size_of(place->file), 44);
	refuse(place->folder, 7, "cannot be opened");
	refuse("/dev/null", 7, "is no file");
}

/* What was written by another run or slice, or is of another size, is not taken. */
static void records_are_found_by_their_place(void **state)
{
	const struct place *place = *state;
	struct checkpoint *checkpoint = must_open(place->file, 7);
	char bytes[4] = "";

	assert_int_equal(checkpoint_run(checkpoint), 0);
	checkpoint_put(checkpoint, 0, 64, "abcd", 4);
	assert_int_equal(checkpoint_run(checkpoint), 1);
	checkpoint_put(checkpoint, 1, 64, "efgh", 4);
	checkpoint_close(checkpoint, false);
	checkpoint = must_open(place->file, 7);
	assert_int_equal(checkpoint_found(checkpoint), 2);
	assert_true(checkpoint_get(checkpoint, 1, 64, bytes, 4));
	assert_memory_equal(bytes, "efgh", 4);
	assert_true(checkpoint_get(checkpoint, 0, 64, bytes, 4));
	assert_memory_equal(bytes, "abcd", 4);
	assert_false(checkpoint_get(checkpoint, 2, 64, bytes, 4));
	assert_false(checkpoint_get(checkpoint, 1, 0, bytes, 4));
	assert_false(checkpoint_get(checkpoint, 1, 64, bytes, 3));
	checkpoint_close(checkpoint, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_on_from_anywhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(damage_is_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(others_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(records_are_found_by_their_place, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
