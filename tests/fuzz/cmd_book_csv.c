// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A file of accounts, whatever is in it: a book that holds together, of which the market's check says what a protocol does not
 * take, or an error with the file's name.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/model_book_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "csv: f.csv\n"
			   "engine: {type: aave-v3, reserves: {A: {liquidation_threshold: 0.8, bonus: 0.06}},\n"
			   "  emodes: {E: {collateral: [A, B], debt: [C, USD], liquidation_threshold: 0.95, bonus: 0.01}, F: {collateral: [C], debt: [A],\n"
			   "  liquidation_threshold: 0.9}}}\n";

static void hold_together(const struct model *model, const struct model_terms *terms)
{
	if (!model->account_count || model->joined[0])
		abort();
	for (size_t i = 0; i < model->account_count; i++) {
		const struct account *a = &model->accounts[i];

		if (a->asset >= model->asset_count || !isfinite(a->collateral) || !isfinite(a->debt) || a->collateral == 0)
			abort();
		if (!(a->liquidation_threshold > 0 && a->liquidation_threshold <= 1) || (model->joined[i] && a->debt != 0))
			abort();
		if (model->terms[i] > terms->asset_count * (1 + terms->emode_count))
			abort();
	}
}

static void look(struct model *model, const struct model_terms *terms, unsigned int kinds, struct conf engine)
{
	static struct liquidity liquidity[3];
	struct market market = {.liquidity = liquidity, .keepers = {.count = 1, .capital = INFINITY}};
	struct error err = {""};

	hold_together(model, terms);
	if (model_group_end(model) || kinds == (BOOK_LOANS | BOOK_POSITIONS))
		abort();
	for (int i = 0; i < 3; i++)
		liquidity[i] = (struct liquidity){.type = &liquidity_none, .recovery_s = INFINITY};
	rules_preset(&market.rules, kinds == BOOK_LOANS ? &rules_aave_v3 : &rules_dydx_v4);
	if (kinds == BOOK_LOANS && model_terms_apply(terms, engine, &market, &err))
		abort();
	if (kinds == BOOK_LOANS && market_check(&market, model, &err)) /* whatever a file says of loans, Aave takes it */
		abort();
	free(market.variants);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct model model = {.paths = 1, .step_s = 1, .horizon_s = 1, .asset_count = 3};
	struct model_terms terms;
	struct conf_file *conf;
	struct error err = {""};
	unsigned int kinds = 0;

	if (!file)
		return 0;
	model.assets = calloc(3, sizeof(*model.assets));
	for (int i = 0; i < 3; i++)
		model.assets[i] = (struct model_asset){.name = {(char)('A' + i)}, .price = 1};
	if (conf_open_text(&conf, "f.yaml", text, &err) || model_terms_read(conf_get(conf_root(conf), "engine"), &model, &terms, &err))
		abort();
	if (!model_book_parse(file, conf_get(conf_root(conf), "csv"), &model, &terms, &kinds, &err))
		look(&model, &terms, kinds, conf_get(conf_root(conf), "engine"));
	else if (!strstr(err.text, "f.csv"))
		abort();
	model_terms_free(&terms);
	model_free(&model);
	conf_close(conf);
	fclose(file);
	return 0;
}
