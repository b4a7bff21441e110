// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Answers by group of accounts: what they add up to, what a group by itself would say, and a tape by hand. */
#include "market_world.h"

#include <errno.h>
#include <stdio.h>

#include "margin/groups.h"
#include "margin/lots.h"

#define MANY 24000

/* A book of loans in one asset, in groups; engine instant. */
struct book {
	struct model model;
	struct model_asset asset;
	struct account accounts[MANY];
	uint8_t groups[MANY];
};

static const double gbm[PROCESS_PARAMETERS_MAX] = {1.5, 0};
static const double merton[PROCESS_PARAMETERS_MAX] = {0.8, 0, 300, -0.02, 0.05};
static const double kou[PROCESS_PARAMETERS_MAX] = {0.8, 0, 300, 0.4, 50, 40};
static const double garch[PROCESS_PARAMETERS_MAX] = {2.5, 0, 0.1, 0.85, 60};

static const struct {
	const struct process_type *type;
	const double *parameters;
} laws[] = {{&process_gbm, gbm}, {&process_merton, merton}, {&process_kou, kou}, {&process_garch, garch}};
#define LAWS (sizeof(laws) / sizeof(laws[0]))

/* Group k has sizes[k] accounts, the first ones; they are nearer to their triggers than the next group's. */
static struct book *open_book(size_t law, const size_t *sizes, size_t groups)
{
	struct book *b = calloc(1, sizeof(*b));
	struct error err;

	b->asset = (struct model_asset){.name = "ETH", .price = 3000, .process = {.type = laws[law].type}};
	memcpy(b->asset.process.parameter, laws[law].parameters, sizeof(gbm));
	assert_int_equal(process_prepare(&b->asset.process, &err), 0);
	b->model = (struct model){.seed = 11, .paths = 5000, .horizon_s = 86400, .step_s = 60, .assets = &b->asset, .asset_count = 1,
				  .accounts = b->accounts, .groups = b->groups, .group_count = groups, .engine = {.type = &engine_instant}};
	for (size_t g = 0; g < groups; g++)
		for (size_t i = 0; i < sizes[g]; i++) {
			size_t k = b->model.account_count++;
			double health = 1.01 + 0.02 * (double)g + 0.05 * (double)i / (double)sizes[g], units = 1 + (double)(k % 7);

			b->accounts[k] = (struct account){0, units, 3000 * units * 0.97 / health, 0.97};
			b->groups[k] = (uint8_t)g;
		}
	for (int i = 0; i < DELAY_STAGES; i++)
		b->model.delays[i].type = &delay_constant;
	b->model.delays[DELAY_ORACLE] = (struct delay_law){.type = &delay_exponential, .parameter = {120}};
	if (laws[law].type == &process_garch) /* bar by bar */
		b->model.horizon_s = 4 * 3600;
	if (laws[law].type == &process_merton) /* its curves take long under wide laws */
		b->model.delays[DELAY_ORACLE] = (struct delay_law){.type = &delay_constant, .parameter = {120}};
	b->model.delays[DELAY_INCLUSION] = (struct delay_law){.type = &delay_uniform, .parameter = {0, 60}};
	return b;
}

static struct model_result answer(const struct model *model, unsigned threads, const volatile sig_atomic_t *stop)
{
	struct model_control control = {.threads = threads, .stop = stop};
	struct model_result result;
	struct error err;

	if (model_run(model, &control, &result, &err))
		fail_msg("%s", err.text);
	result.seconds = 0;
	return result;
}

static void add_up(const struct model *model, const struct model_result *r)
{
	double bad_debt = 0, sampled = 0, triggers = 0;
	size_t accounts = 0;

	for (size_t g = 0; g < model->group_count; g++) {
		bad_debt += r->groups[g].bad_debt.value;
		triggers += r->groups[g].triggers.value;
		sampled += r->groups[g].sampled.value;
		accounts += r->groups[g].accounts;
		assert_true(r->groups[g].bad_debt.stderr_ > 0 && isfinite(r->groups[g].bad_debt.stderr_));
	}
	assert_true(r->bad_debt.value > 0 && r->triggers.value > 0);
	near(bad_debt, r->bad_debt.value, 1e-9 * r->bad_debt.value);
	near(triggers, r->triggers.value, 1e-9 * r->triggers.value);
	if (isfinite(r->sampled.value))
		near(sampled, r->sampled.value, 1e-9 * r->sampled.value + 1e-300);
	assert_int_equal(accounts, model->account_count);
}

static void without_groups(struct model_result *r)
{
	memset(r->groups, 0, sizeof(r->groups));
}

/* They add up, names change nothing of the book's answer, and all is the same bits for any number of threads. */
static void they_are_the_book(void **state)
{
	const size_t sizes[] = {5, 9, 0, 3};

	(void)state;
	for (size_t law = 0; law < LAWS; law++) {
		struct book *b = open_book(law, sizes, 4);
		struct model_result one = answer(&b->model, 1, NULL), three = answer(&b->model, 3, NULL), plain;

		assert_int_equal(one.groups[2].accounts, 0);
		assert_true(one.groups[2].bad_debt.value == 0 && one.groups[2].law.losses == 0);
		one.groups[2].bad_debt.stderr_ = 1; /* nothing can be lost there: no error either */
		three.groups[2].bad_debt.stderr_ = 1;
		add_up(&b->model, &one);
		assert_memory_equal(&one, &three, sizeof(one));
		b->model.group_count = 0;
		plain = answer(&b->model, 2, NULL);
		without_groups(&one);
		assert_memory_equal(&one, &plain, sizeof(one));
		/* one group of everybody: the book's own answer */
		b->model.group_count = 1;
		memset(b->groups, 0, sizeof(b->groups));
		three = answer(&b->model, 2, NULL);
		assert_memory_equal(&three.groups[0].bad_debt, &plain.bad_debt, sizeof(plain.bad_debt));
		assert_memory_equal(three.groups[0].law.risks, plain.risks, sizeof(plain.risks));
		assert_true(three.groups[0].law.probability == plain.probability && three.groups[0].accounts == 17);
		without_groups(&three);
		assert_memory_equal(&three, &plain, sizeof(plain));
		free(b);
	}
}

static void z(const char *what, struct estimate is, struct estimate wanted)
{
	double score = (is.value - wanted.value) / hypot(is.stderr_, wanted.stderr_);

	printf("%s: %.6g ± %.2g, by itself %.6g ± %.2g: z %.2f\n", what, is.value, is.stderr_, wanted.value, wanted.stderr_, score);
	if (!(fabs(score) < 4))
		fail_msg("%s: z %.2f", what, score);
}

static struct estimate share_of(double probability, double n)
{
	return (struct estimate){probability, sqrt(probability * (1 - probability) / n)};
}

/* A group, and a book that holds nobody else. */
static void alone_it_would_say_the_same(const struct book *b, const struct model_result *r, size_t group)
{
	const struct model_group *g = &r->groups[group];
	struct account *accounts = calloc(b->model.account_count, sizeof(*accounts));
	struct model alone = b->model;
	struct model_result other;

	alone.accounts = accounts;
	alone.account_count = alone.group_count = 0;
	for (size_t i = 0; i < b->model.account_count; i++)
		if (b->groups[i] == group)
			accounts[alone.account_count++] = b->accounts[i];
	alone.seed = b->model.seed + 1;
	other = answer(&alone, 2, NULL);
	printf("%s, group %zu of %zu accounts\n", b->asset.process.type->name, group, alone.account_count);
	assert_int_equal(g->accounts, alone.account_count);
	z("mean", g->bad_debt, other.bad_debt);
	z("triggers", g->triggers, other.triggers);
	z("sampled", g->sampled, other.sampled);
	z("probability", share_of(g->law.probability, (double)r->distribution_paths),
	  share_of(other.probability, (double)other.distribution_paths));
	for (int k = 0; k < 2; k++)
		z("shortfall", (struct estimate){g->law.risks[k].es, g->law.risks[k].es_stderr},
		  (struct estimate){other.risks[k].es, other.risks[k].es_stderr});
	if (other.closed_form)
		near(g->bad_debt.value, other.bad_debt.value, 1e-7 * other.bad_debt.value);
	free(accounts);
}

static void each_is_what_it_would_be_alone(void **state)
{
	const size_t sizes[] = {6, 3};

	(void)state;
	for (size_t law = 1; law < LAWS; law++) {
		struct book *b = open_book(law, sizes, 2);
		struct model_result r = answer(&b->model, 2, NULL);

		for (size_t g = 0; g < 2; g++)
			alone_it_would_say_the_same(b, &r, g);
		free(b);
	}
}

/* Twenty whales among thousands: lots are of one group, and those of a small one are its accounts on every path. */
static void a_small_group_of_a_large_book(void **state)
{
	const size_t sizes[] = {20, 3980, 20000};
	struct book *b = open_book(1, sizes, 3);
	struct model_result r, again;
	struct ladder ladder, parts[3];
	struct lots lots;

	(void)state;
	assert_int_equal(ladder_build(&ladder, b->accounts, MANY, 0, 3000, &b->model.engine, &b->asset.process, NULL), 0);
	assert_int_equal(ladder_split(&ladder, b->groups, 3, parts), 0);
	assert_int_equal(lots_build(&lots, &ladder, parts, 3, &b->model), 0);
	for (int turn = 0; turn < LOTS_TURNS; turn++) {
		double debt = 0;
		size_t whales = 0;

		for (size_t i = 0; i < lots.samples[turn].count; i++) {
			const struct rung *rung = &lots.samples[turn].rungs[i];

			whales += rung->group == 0 && rung->members == 1;
			debt += rung->group == 0 ? lots.samples[turn].accounts[rung->account].debt : 0;
		}
		assert_int_equal(whales, 20);
		for (size_t i = 0; i < 20; i++)
			debt -= b->accounts[i].debt;
		near(debt, 0, 1e-6);
		assert_true(lots.samples[turn].count < 4 * LOTS_LIKE);
	}
	lots_free(&lots);
	ladder_free(&ladder);
	for (int g = 0; g < 3; g++)
		ladder_free(&parts[g]);
	b->model.paths = 3000;
	r = answer(&b->model, 2, NULL);
	again = answer(&b->model, 1, NULL);
	assert_memory_equal(&r, &again, sizeof(r));
	add_up(&b->model, &r);
	alone_it_would_say_the_same(b, &r, 0);
	alone_it_would_say_the_same(b, &r, 1);
	free(b);
}

static void by_formula_alone(void **state)
{
	const size_t sizes[] = {2500, 40, 3000};

	(void)state;
	for (size_t law = 0; law < LAWS; law += 2) {
		struct book *b = open_book(law, sizes, 3);
		struct model_control control = {.threads = 2};
		struct model_result r;
		struct error err;

		assert_int_equal(model_expect(&b->model, &control, &r, &err), 0);
		add_up(&b->model, &r);
		assert_true(isnan(r.groups[0].law.probability) && isnan(r.groups[1].law.risks[1].es) && isnan(r.groups[2].sampled.value));
		free(b);
	}
}

/* After Ctrl-C they are of the paths that there were. */
static void of_the_paths_so_far(void **state)
{
	const size_t sizes[] = {5, 4};
	volatile sig_atomic_t stop = 1;
	struct book *b = open_book(1, sizes, 2);
	struct model_result r = answer(&b->model, 1, &stop);

	(void)state;
	assert_true(r.interrupted && r.paths < b->model.paths);
	add_up(&b->model, &r);
	free(b);
}

/* ---- the market walk -------------------------------------------------------------------------------------------------- */

/*
 * Aave, all at once, bonus 5 %. At 80 the whale of 100 units against 9,000 pays 8,000/1.05 and leaves 9,000 − 7,619.0476 = 1,380.9524;
 * its neighbour of 50 against 3,900 is liquidated whole: 3,900·1.05 = 4,095 of 4,000 … so 4,000/1.05 = 3,809.5238 is repaid, 90.4762 lost.
 * The third, 100 against 6,000, is at 80·0.8·100/6,000 = 1.0667: healthy.
 */
static void a_tape_by_hand(void **state)
{
	const double prices[] = {120, 120, 80, 80};
	static uint8_t groups[] = {0, 1, 1};
	struct world w;

	(void)state;
	on_tape(&w, &rules_aave_v3, prices, 4, (struct account){0, 100, 9000, 0.8});
	w.accounts[1] = (struct account){0, 50, 3900, 0.8};
	w.accounts[2] = (struct account){0, 100, 6000, 0.8};
	w.model.account_count = 3;
	w.model.groups = groups;
	w.model.group_count = 2;
	run(&w, 1);
	near(w.result.groups[0].bad_debt.value, 9000 - 8000 / 1.05, 1e-9);
	near(w.result.groups[1].bad_debt.value, 3900 - 4000 / 1.05, 1e-9);
	near(w.result.groups[0].triggers.value, 1, 0);
	near(w.result.groups[1].triggers.value, 1, 0);
	near(w.result.groups[0].debt, 9000, 0);
	near(w.result.groups[1].debt, 9900, 0);
	assert_int_equal(w.result.groups[0].accounts, 1);
	assert_int_equal(w.result.groups[1].accounts, 2);
	near(w.result.groups[0].law.probability, 1, 0);
	near(w.result.groups[0].law.risks[1].var, 9000 - 8000 / 1.05, 1e-9);
	/* nobody comes: what the collateral does not cover at the end */
	w.market.keepers.min_profit = 1e9;
	run(&w, 1);
	near(w.result.groups[0].bad_debt.value, 1000, 1e-9);
	near(w.result.groups[1].bad_debt.value, 0, 1e-9);
	near(w.result.groups[0].triggers.value, 0, 0);
}

/* The protocol takes the account over: the lot's loss is the account's group's. Compound v3 at 80: 100·80·0.93 of credit against 9,000. */
static void what_a_protocol_takes_over(void **state)
{
	const double prices[] = {120, 80, 80};
	static uint8_t groups[] = {1, 0};
	struct world w;

	(void)state;
	on_tape(&w, &rules_compound_v3, prices, 3, (struct account){0, 100, 9000, 0.8});
	w.accounts[1] = (struct account){0, 100, 5000, 0.8};
	w.model.account_count = 2;
	w.model.groups = groups;
	w.model.group_count = 2;
	run(&w, 1);
	assert_true(w.result.bad_debt.value > 1000);
	near(w.result.groups[1].bad_debt.value, w.result.bad_debt.value, 1e-9);
	near(w.result.groups[0].bad_debt.value, 0, 0);
	near(w.result.groups[1].triggers.value, w.result.triggers.value, 0);
}

/* Positions on both sides: a fall is bad debt of longs, and their debt is what they are worth. */
static void longs_and_shorts(void **state)
{
	const double prices[] = {100, 70, 70, 100, 140, 140};
	static uint8_t groups[] = {0, 1};
	struct world w;

	(void)state;
	on_tape(&w, &rules_dydx_v4, prices, 6, (struct account){0, 10, 10 * 100 - 100, 0.97}); /* margin 100 each */
	w.accounts[1] = (struct account){0, -10, -10 * 100 - 100, 0.97};
	w.model.account_count = 2;
	w.model.groups = groups;
	w.model.group_count = 2;
	run(&w, 1);
	near(w.result.groups[0].bad_debt.value, 200, 1e-9); /* 10·70 − 900 */
	near(w.result.groups[1].bad_debt.value, 300, 1e-9); /* 1,100 − 10·140 */
	near(w.result.groups[0].debt, 1000, 1e-9);
	near(w.result.groups[1].debt, 1000, 1e-9);
}

/* After Ctrl-C: of the paths that there were. */
static void a_walk_so_far(void **state)
{
	volatile sig_atomic_t stop = 1;
	struct model_control control = {.threads = 1, .stop = &stop};
	const double prices[] = {120, 80, 80};
	struct error err;
	struct world w;

	(void)state;
	on_tape(&w, &rules_aave_v3, prices, 3, (struct account){0, 100, 9000, 0.8});
	w.model.paths = 1000;
	deal_into_groups(&w);
	assert_int_equal(market_run(&w.market, &w.model, &control, &w.result, &w.more, &err), 0);
	assert_true(w.result.interrupted && w.result.paths > 0 && w.result.paths < 1000);
	near(w.result.groups[0].bad_debt.value, w.result.bad_debt.value, 1e-9);
	near(w.result.groups[0].bad_debt.value, 9000 - 8000 / 1.05, 1e-9);
}

/* Debts in an asset are worth something, too, and rows of one account are one. */
static void what_a_group_owes(void **state)
{
	struct account accounts[] = {{0, 10, 500, 0.8}, {0, -2, 0, 1}, {0, 10, 300, 0.8}};
	struct model_asset asset = {.name = "ETH", .price = 100};
	bool joined[] = {false, true, false};
	uint8_t groups[] = {1, 1, 0};
	struct model model = {.assets = &asset, .asset_count = 1, .accounts = accounts, .account_count = 3, .joined = joined, .groups = groups, .group_count = 2};
	struct model_result result = {0};

	(void)state;
	model_groups_finish(&model, false, &result);
	near(result.groups[1].debt, 700, 1e-9);
	near(result.groups[0].debt, 300, 1e-9);
	assert_int_equal(result.groups[1].accounts, 1);
	assert_int_equal(result.groups[0].accounts, 1);
}

static void refuse(struct world *w, const char *what)
{
	struct model_control control = {.threads = 1};
	struct error err;

	assert_int_equal(market_run(&w->market, &w->model, &control, &w->result, &w->more, &err), -EINVAL);
	if (!strstr(err.text, what))
		fail_msg("'%s' does not say '%s'", err.text, what);
}

static void mistakes(void **state)
{
	uint8_t groups[] = {0, 1};
	bool joined[] = {false, true};
	struct model_control control = {.threads = 1};
	struct error err;
	struct world w;

	(void)state;
	calm_fall(&w, 100, 0, (struct account){0, 1, 90, 0.97});
	w.accounts[1] = (struct account){0, 1, 0, 0.97};
	w.model.engine.type = &engine_instant;
	w.model.account_count = 2;
	w.model.groups = groups;
	w.model.group_count = MODEL_GROUPS_MAX + 1;
	refuse(&w, "65 groups of accounts; allowed: up to 64");
	w.model.group_count = 1;
	refuse(&w, "account 1: group 1 of 1");
	assert_int_equal(model_run(&w.model, &control, &w.result, &err), -EINVAL);
	assert_non_null(strstr(err.text, "account 1: group 1 of 1"));
	w.model.group_count = 2;
	w.model.joined = joined;
	refuse(&w, "account 1: another collateral of the account before it, which is in another group");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_are_the_book),
		cmocka_unit_test(each_is_what_it_would_be_alone),
		cmocka_unit_test(a_small_group_of_a_large_book),
		cmocka_unit_test(by_formula_alone),
		cmocka_unit_test(of_the_paths_so_far),
		cmocka_unit_test(a_tape_by_hand),
		cmocka_unit_test(what_a_protocol_takes_over),
		cmocka_unit_test(longs_and_shorts),
		cmocka_unit_test(a_walk_so_far),
		cmocka_unit_test(what_a_group_owes),
		cmocka_unit_test(mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
