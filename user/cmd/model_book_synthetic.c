// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_book.h"

#include <errno.h>
#include <stdlib.h>

#include "cmd/model_parts.h"
#include "margin/rules.h"
#include "margin/synthetic.h"

/* Loans have a liquidation_threshold; positions a maintenance_margin, and a share that is long. */
static int read_weight(struct conf map, struct synthetic *out, struct error *err)
{
	struct conf threshold = conf_get(map, "liquidation_threshold"), maintenance = conf_get(map, "maintenance_margin");
	struct conf long_share = conf_get(map, "long_share");
	double margin;

	if (conf_exists(threshold) == conf_exists(maintenance))
		return conf_error(map, err, "give either liquidation_threshold (loans) or maintenance_margin (perpetual positions)");
	out->long_share = conf_exists(threshold) ? 1 : 0.5;
	if (conf_exists(threshold))
		return conf_exists(long_share) ? conf_error(long_share, err, "is of perpetual positions, which have a maintenance_margin")
					       : conf_read_double(threshold, &out->weight, err);
	if (conf_read_double(maintenance, &margin, err) || (conf_exists(long_share) && conf_read_double(long_share, &out->long_share, err)))
		return -EINVAL;
	out->weight = 1 - margin;
	return 0;
}

/* {base, and open_interest with its caps lower and upper, in the numeraire}: at what margin positions can be opened. */
static int read_initial_margin(struct conf map, double *out, struct error *err)
{
	double base = 0, open_interest = 0, lower = 0, upper = 0;
	const struct model_entry entries[] = {{"base", &base, false}, {"open_interest", &open_interest, false}, {"lower", &lower, false},
					      {"upper", &upper, false}, {NULL, NULL, false}};

	if (!conf_exists(map))
		return 0;
	if (model_read_entries(map, entries, "", err))
		return -EINVAL;
	if (!(base > 0 && base < 1))
		return conf_error(map, err, "base is %g; it should be the initial margin at little open interest, between 0 and 1", base);
	if (!(open_interest >= 0 && lower >= 0) || (open_interest > 0 ? !(upper > lower) : lower > 0 || upper > 0))
		return conf_error(map, err, "open_interest is %g, lower %g and upper %g: give all three, upper above lower, or none", open_interest, lower, upper);
	*out = open_interest > 0 ? perp_initial_margin(base, open_interest, lower, upper) : base;
	return 0;
}

static int read_one(struct conf map, struct model *model, struct synthetic *out, uint8_t *group, struct error *err)
{
	const struct model_entry entries[] = {{"size_sigma", &out->size_sigma, false}, {"leverage_sigma", &out->leverage_sigma, false},
					      {NULL, NULL, false}};
	struct conf asset, accounts, value, leverage;
	struct error why = {""};
	uint64_t count;
	size_t index;

	*out = (struct synthetic){0};
	if (conf_require(map, "asset", "the asset's name, as under assets", &asset, err) || model_asset_index(asset, model, &index, err) ||
	    conf_require(map, "accounts", "how many", &accounts, err) || conf_read_uint(accounts, 1, ACCOUNTS_MAX, &count, err) ||
	    conf_require(map, "value", "what all of them hold, in the numeraire", &value, err) || conf_read_double(value, &out->value, err) ||
	    conf_require(map, "leverage", "the median of value over equity, e.g. 3", &leverage, err) ||
	    conf_read_double(leverage, &out->leverage, err) || read_weight(map, out, err) ||
	    model_group_read(map, model, group, err) ||
	    read_initial_margin(conf_get(map, "initial_margin"), &out->initial_margin, err) ||
	    model_read_entries(map, entries, "asset, accounts, value, leverage, group, liquidation_threshold; or maintenance_margin, initial_margin, "
				     "long_share", err))
		return -EINVAL;
	if (out->initial_margin > 0 && conf_exists(conf_get(map, "liquidation_threshold")))
		return conf_error(conf_get(map, "initial_margin"), err, "is of perpetual positions, which have a maintenance_margin");
	out->asset = (uint32_t)index;
	out->accounts = (size_t)count;
	return synthetic_check(out, &why) ? conf_error(map, err, "%s", why.text) : 0;
}

int model_book_synthetic(struct conf list, struct model *model, unsigned int *kinds, struct error *err)
{
	if (!conf_is_list(list) || !conf_count(list))
		return conf_error(list, err, "should be a list of {asset, accounts, value, leverage, liquidation_threshold}");
	for (size_t i = 0; i < conf_count(list); i++) {
		struct synthetic synthetic;
		uint8_t group;
		void *memory;

		if (read_one(conf_at(list, i), model, &synthetic, &group, err))
			return -EINVAL;
		*kinds |= conf_exists(conf_get(conf_at(list, i), "maintenance_margin")) ? BOOK_POSITIONS : BOOK_LOANS;
		if (model->account_count + synthetic.accounts > ACCOUNTS_MAX)
			return conf_error(list, err, "too many accounts (at most %u)", ACCOUNTS_MAX);
		memory = realloc(model->accounts, (model->account_count + synthetic.accounts) * sizeof(*model->accounts));
		if (!memory)
			return conf_error(list, err, "out of memory");
		model->accounts = memory;
		memory = realloc(model->entries, (model->account_count + synthetic.accounts) * sizeof(*model->entries));
		if (!memory)
			return conf_error(list, err, "out of memory");
		model->entries = memory;
		for (size_t k = 0; k < synthetic.accounts; k++) /* opened now */
			model->entries[model->account_count + k] = model->assets[synthetic.asset].price;
		synthetic_draw(&synthetic, model->assets[synthetic.asset].price, model->seed, (uint32_t)i, &model->accounts[model->account_count]);
		model->account_count += synthetic.accounts;
		if (model_group_put(model, model->account_count - synthetic.accounts, model->account_count, group))
			return conf_error(list, err, "out of memory");
	}
	return 0;
}
