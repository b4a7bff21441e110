// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_book_rows.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int model_open_csv(struct conf node, FILE **out, struct error *err)
{
	char path[PATH_MAX];

	if (conf_read_path(node, path, sizeof(path), err))
		return -EINVAL;
	*out = fopen(path, "re");
	if (!*out)
		return conf_error(node, err, "%s: %s", path, strerror(errno));
	return 0;
}

/* Maps such as {ETH: 10}. */
static int check_map(struct conf map, const char *what, struct error *err)
{
	return conf_is_map(map) && conf_count(map) ? 0 : conf_error(map, err, "should be a map such as %s", what);
}

/* What is owed under a name that is no asset: it has one, so that a misspelt asset is not taken for it. */
static int read_cash(struct conf map, const struct model *model, const char **numeraire, double *value, struct error *err)
{
	uint32_t ignored;

	*value = 0;
	for (size_t i = 0; i < conf_count(map); i++) {
		if (!book_asset(model, conf_key(map, i), &ignored))
			continue;
		if (*numeraire && strcmp(*numeraire, conf_key(map, i)))
			return conf_error(map, err, "'%s' is no asset of this file, and the numeraire is called '%s' in another debt: it has one name",
					  conf_key(map, i), *numeraire);
		*numeraire = conf_key(map, i);
		if (conf_read_double(conf_at(map, i), value, err))
			return -EINVAL;
	}
	return 0;
}

static int check_emode(struct conf map, const struct book_rows *rows, int emode, struct error *err)
{
	for (size_t i = 0; i < conf_count(map); i++) {
		uint32_t asset;

		if (book_asset(rows->model, conf_key(map, i), &asset))
			asset = UINT32_MAX;
		if (!model_terms_lend(rows->terms, emode, asset, conf_key(map, i)))
			return conf_error(map, err, "'%s' is not lent in the e-mode '%s'", conf_key(map, i), rows->terms->emodes[emode].name);
	}
	return 0;
}

static int read_priced_debts(struct conf map, struct book_rows *rows, struct error *err)
{
	for (size_t i = 0; i < conf_count(map); i++) {
		const char *mistake;
		uint32_t asset;
		double units;

		if (book_asset(rows->model, conf_key(map, i), &asset))
			continue;
		if (conf_read_double(conf_at(map, i), &units, err))
			return -EINVAL;
		mistake = book_add_debt(rows, asset, units);
		if (mistake)
			return conf_error(conf_at(map, i), err, "%s", mistake);
	}
	return 0;
}

/* `shared`: its margin is given elsewhere; NULL: it is its own. */
static int read_position(struct conf map, const struct model *model, const double *shared, struct account *out, double *entry, struct error *err)
{
	struct conf asset, value;
	double numbers[BOOK_NUMBERS];
	const char *mistake;

	if (conf_require(map, "asset", "the asset's name, as under assets", &asset, err))
		return -EINVAL;
	if (!conf_text(asset) || book_asset(model, conf_text(asset), &out->asset))
		return conf_error(asset, err, "'%s' is not among the assets of this file", conf_text(asset) ? conf_text(asset) : "?");
	for (int i = 0; book_positions.names[i]; i++)
		if (i == BOOK_MARGIN && shared)
			numbers[i] = *shared;
		else if (conf_require(map, book_positions.names[i], "a number", &value, err) || conf_read_double(value, &numbers[i], err))
			return -EINVAL;
	if (conf_reject_unknown(map, shared ? "asset, size, entry, maintenance_margin" : "asset, size, entry, margin, maintenance_margin, group", err))
		return -EINVAL;
	mistake = book_positions.to_account(numbers, out);
	*entry = numbers[BOOK_ENTRY];
	return mistake ? conf_error(map, err, "%s", mistake) : 0;
}

/* {positions: [{asset, size, entry, maintenance_margin}, …], margin}: what they share is with the first row. */
static int read_shared(struct conf map, struct book_rows *rows, struct error *err)
{
	struct conf list, margin;
	double shared;

	if (conf_require(map, "positions", "a list of {asset, size, entry, maintenance_margin}", &list, err) ||
	    conf_require(map, "margin", "what they share, in the numeraire", &margin, err) || conf_read_double(margin, &shared, err) ||
	    conf_reject_unknown(map, "positions, margin, group", err))
		return -EINVAL;
	if (!conf_is_list(list) || !conf_count(list))
		return conf_error(list, err, "should be a list of {asset, size, entry, maintenance_margin}");
	for (size_t i = 0; i < conf_count(list); i++) {
		size_t head = rows->model->account_count - i;
		struct account account = {0};
		double entry;

		if (read_position(conf_at(list, i), rows->model, &shared, &account, &entry, err))
			return -EINVAL;
		if (i) {
			rows->model->accounts[head].debt += account.debt;
			account.debt = 0;
			if (!isfinite(rows->model->accounts[head].debt))
				return conf_error(map, err, "what the account owes is too large for a number");
		}
		shared = 0; /* once */
		if (book_add(rows, &account, entry, i > 0, 0))
			return conf_error(map, err, "out of memory");
	}
	return 0;
}

/* A loan's rows: one for each collateral, the debt in the numeraire with the first, one for each debt in an asset. */
static int read_loan(struct conf map, struct book_rows *rows, const char **numeraire, struct error *err)
{
	const struct model *model = rows->model;
	struct conf collateral, debt, threshold = conf_get(map, "liquidation_threshold");
	double owed;
	int emode;

	if (conf_require(map, "collateral", "units of the asset, e.g. {ETH: 10}", &collateral, err) ||
	    conf_require(map, "debt", "what is owed, in the numeraire or in units of an asset, e.g. {USD: 29000}", &debt, err) ||
	    check_map(collateral, "{ETH: 10}", err) || (conf_exists(threshold) && check_map(threshold, "{ETH: 0.83}", err)) ||
	    check_map(debt, "{USD: 29000}", err) || read_cash(debt, model, numeraire, &owed, err) ||
	    model_terms_emode(rows->terms, conf_get(map, "emode"), &emode, err) || check_emode(debt, rows, emode, err) ||
	    conf_reject_unknown(map, "collateral, debt, liquidation_threshold, emode, group", err))
		return -EINVAL;
	for (size_t i = 0; i < conf_count(threshold); i++)
		if (!conf_exists(conf_get(collateral, conf_key(threshold, i))))
			return conf_error(threshold, err, "names '%s', which is no collateral of the account", conf_key(threshold, i));
	for (size_t i = 0; i < conf_count(collateral); i++) {
		struct conf share = conf_get(threshold, conf_key(collateral, i));
		double numbers[BOOK_NUMBERS] = {0, i ? 0 : owed}, given = NAN;
		struct account account = {0};
		const char *mistake;

		if (book_asset(model, conf_key(collateral, i), &account.asset))
			return conf_error(collateral, err, "'%s' is not among the assets of this file", conf_key(collateral, i));
		if (conf_read_double(conf_at(collateral, i), &numbers[0], err) || (conf_exists(share) && conf_read_double(share, &given, err)))
			return -EINVAL;
		mistake = model_terms_threshold(rows->terms, emode, account.asset, given, &numbers[2]);
		if (mistake)
			return conf_error(conf_exists(threshold) ? threshold : map, err, "%s: %s", conf_key(collateral, i), mistake);
		mistake = book_loans.to_account(numbers, &account);
		if (mistake)
			return conf_error(map, err, "%s", mistake);
		if (book_add(rows, &account, NAN, i > 0, model_terms_of(rows->terms, emode, account.asset)))
			return conf_error(map, err, "out of memory");
	}
	return read_priced_debts(debt, rows, err);
}

static int read_list(struct conf list, struct model *model, const struct model_terms *terms, unsigned int *kinds, struct error *err)
{
	struct book_rows rows = {model, terms, 0};
	const char *numeraire = NULL;

	if (!conf_is_list(list) || !conf_count(list))
		return conf_error(list, err, "should be a list of accounts: {collateral, debt, liquidation_threshold}, or {asset, size, entry, margin, maintenance_margin}, or {positions, margin}");
	for (size_t i = 0; i < conf_count(list); i++) {
		struct conf map = conf_at(list, i);
		struct account account = {0};
		double entry = NAN;
		size_t before = model->account_count;
		uint8_t group;

		if (model_group_read(map, model, &group, err))
			return -EINVAL;
		if (conf_exists(conf_get(map, "positions"))) {
			*kinds |= book_positions.kind;
			if (read_shared(map, &rows, err))
				return -EINVAL;
		} else if (!conf_exists(conf_get(map, "size"))) {
			*kinds |= book_loans.kind;
			if (read_loan(map, &rows, &numeraire, err))
				return -EINVAL;
		} else {
			*kinds |= book_positions.kind;
			if (read_position(map, model, NULL, &account, &entry, err))
				return -EINVAL;
			if (book_add(&rows, &account, entry, false, 0))
				return conf_error(list, err, "out of memory");
		}
		if (model_group_put(model, before, model->account_count, group))
			return conf_error(list, err, "out of memory");
	}
	return 0;
}

static bool has_positions(const struct model *model)
{
	for (size_t i = 0; i < model->account_count; i++)
		if (!isnan(model->entries[i]))
			return true;
	return false;
}

static int read_book(struct conf map, struct model *model, const struct model_terms *terms, unsigned int *kinds, struct error *err)
{
	struct conf accounts = conf_get(map, "accounts"), csv = conf_get(map, "csv"), synthetic = conf_get(map, "synthetic");

	if (conf_exists(accounts) + conf_exists(csv) + conf_exists(synthetic) != 1)
		return conf_error(map, err, "give one of 'accounts' (a list), 'csv' (a file) and 'synthetic' (a list of distributions)");
	if (conf_reject_unknown(map, "accounts, csv, synthetic", err))
		return -EINVAL;
	*kinds = 0;
	if (conf_exists(synthetic))
		return model_book_synthetic(synthetic, model, kinds, err);
	if (conf_exists(csv) ? model_book_csv(csv, model, terms, kinds, err) : read_list(accounts, model, terms, kinds, err))
		return -EINVAL;
	if (!has_positions(model)) {
		free(model->entries);
		model->entries = NULL;
	}
	if (!memchr(model->joined, true, model->account_count * sizeof(*model->joined))) {
		free(model->joined);
		model->joined = NULL;
	}
	if (!terms->reserves) {
		free(model->terms);
		model->terms = NULL;
	}
	return 0;
}

int model_book(struct conf map, struct model *model, const struct model_terms *terms, unsigned int *kinds, struct error *err)
{
	if (read_book(map, model, terms, kinds, err))
		return -EINVAL;
	return model_group_end(model) ? conf_error(map, err, "out of memory") : 0;
}
