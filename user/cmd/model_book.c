// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_book.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ACCOUNTS_MAX 10000000u
#define CSV_COLUMNS_MAX 32

int model_open_csv(struct conf node, FILE **out, struct error *err)
{
	if (!conf_text(node))
		return conf_error(node, err, "should be the name of a CSV file");
	*out = fopen(conf_text(node), "re");
	if (!*out)
		return conf_error(node, err, "%s: %s", conf_text(node), strerror(errno));
	return 0;
}

static int asset_index(const struct model *model, const char *name, uint32_t *out)
{
	for (size_t i = 0; i < model->asset_count; i++)
		if (!strcmp(model->assets[i].name, name)) {
			*out = (uint32_t)i;
			return 0;
		}
	return -ENOENT;
}

/* What is wrong with an account, or NULL. */
static const char *account_mistake(const struct account *account)
{
	if (!(account->collateral > 0 && isfinite(account->collateral)))
		return "collateral should be above 0";
	if (!(account->debt >= 0 && isfinite(account->debt)))
		return "debt should be 0 or more";
	if (!(account->liquidation_threshold > 0 && account->liquidation_threshold <= 1))
		return "liquidation_threshold should be above 0, and 1 at most";
	return NULL;
}

static int add_account(struct model *model, size_t *capacity, const struct account *account)
{
	if (model->account_count == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 64;
		void *memory = realloc(model->accounts, more * sizeof(*account));

		if (!memory)
			return -ENOMEM;
		model->accounts = memory;
		*capacity = more;
	}
	model->accounts[model->account_count++] = *account;
	return 0;
}

/* The one entry of a map such as {ETH: 10}. */
static int read_single(struct conf map, const char *what, const char **name, double *value, struct error *err)
{
	if (!conf_is_map(map) || !conf_count(map))
		return conf_error(map, err, "should be a map such as %s", what);
	if (conf_count(map) > 1)
		return conf_error(map, err, "holds several assets; engine instant takes one collateral asset and one debt an account: "
					    "split the account");
	*name = conf_key(map, 0);
	return conf_read_double(conf_at(map, 0), value, err);
}

static int read_account(struct conf map, const struct model *model, struct account *out, struct error *err)
{
	struct conf collateral, debt, threshold;
	const char *asset, *numeraire, *threshold_asset;
	uint32_t ignored;

	if (conf_require(map, "collateral", "units of the asset, e.g. {ETH: 10}", &collateral, err) ||
	    conf_require(map, "debt", "what is owed, in the numeraire, e.g. {USD: 29000}", &debt, err) ||
	    conf_require(map, "liquidation_threshold", "share of the collateral's value that counts, e.g. {ETH: 0.83}", &threshold, err) ||
	    read_single(collateral, "{ETH: 10}", &asset, &out->collateral, err) ||
	    read_single(debt, "{USD: 29000}", &numeraire, &out->debt, err) ||
	    read_single(threshold, "{ETH: 0.83}", &threshold_asset, &out->liquidation_threshold, err) ||
	    conf_reject_unknown(map, "collateral, debt, liquidation_threshold", err))
		return -EINVAL;
	if (asset_index(model, asset, &out->asset))
		return conf_error(collateral, err, "'%s' is not among the assets of this file", asset);
	if (strcmp(asset, threshold_asset))
		return conf_error(threshold, err, "names '%s', the collateral is '%s'", threshold_asset, asset);
	if (!asset_index(model, numeraire, &ignored))
		return conf_error(debt, err, "'%s' is an asset with a price of its own; engine instant takes debt in the numeraire "
					     "(any name that is not an asset, e.g. USD)", numeraire);
	if (account_mistake(out))
		return conf_error(map, err, "%s", account_mistake(out));
	return 0;
}

static int read_list(struct conf list, struct model *model, struct error *err)
{
	size_t capacity = 0;

	if (!conf_is_list(list) || !conf_count(list))
		return conf_error(list, err, "should be a list of accounts: {collateral, debt, liquidation_threshold}");
	for (size_t i = 0; i < conf_count(list); i++) {
		struct account account;

		if (read_account(conf_at(list, i), model, &account, err))
			return -EINVAL;
		if (add_account(model, &capacity, &account))
			return conf_error(list, err, "out of memory");
	}
	return 0;
}

/* ---- CSV ---------------------------------------------------------------------------------------------------------- */

enum column { ASSET, COLLATERAL, DEBT, THRESHOLD, COLUMNS };

static const char *const column_names[COLUMNS] = {"asset", "collateral", "debt", "liquidation_threshold"};

static size_t split(char *line, char *cells[CSV_COLUMNS_MAX])
{
	size_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	while (n < CSV_COLUMNS_MAX && (cells[n] = strsep(&line, ",")))
		n++;
	return n;
}

static int read_header(struct conf node, char *line, int place[COLUMNS], struct error *err)
{
	char *cells[CSV_COLUMNS_MAX];
	size_t n = split(line, cells);

	for (int column = 0; column < COLUMNS; column++) {
		place[column] = -1;
		for (size_t i = 0; i < n; i++)
			if (!strcmp(cells[i], column_names[column]))
				place[column] = (int)i;
		if (place[column] < 0)
			return conf_error(node, err, "%s:1: no column '%s'; needed: asset,collateral,debt,liquidation_threshold",
					  conf_text(node), column_names[column]);
	}
	return 0;
}

static int read_cell(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end == text || *end ? -EINVAL : 0;
}

static int read_row(struct conf node, const struct model *model, char *line, size_t number, const int place[COLUMNS],
		    struct account *out, struct error *err)
{
	double *const values[COLUMNS] = {NULL, &out->collateral, &out->debt, &out->liquidation_threshold};
	char *cells[CSV_COLUMNS_MAX];
	size_t n = split(line, cells);

	for (int column = 0; column < COLUMNS; column++) {
		if ((size_t)place[column] >= n)
			return conf_error(node, err, "%s:%zu: no value for '%s'", conf_text(node), number, column_names[column]);
		if (values[column] && read_cell(cells[place[column]], values[column]))
			return conf_error(node, err, "%s:%zu: %s '%s' is not a number", conf_text(node), number,
					  column_names[column], cells[place[column]]);
	}
	if (asset_index(model, cells[place[ASSET]], &out->asset))
		return conf_error(node, err, "%s:%zu: '%s' is not among the assets of the model file", conf_text(node), number,
				  cells[place[ASSET]]);
	if (account_mistake(out))
		return conf_error(node, err, "%s:%zu: %s", conf_text(node), number, account_mistake(out));
	return 0;
}

static int read_csv(struct conf node, struct model *model, struct error *err)
{
	size_t capacity = 0, size = 0, number = 1;
	int place[COLUMNS], status;
	char *line = NULL;
	FILE *file;

	status = model_open_csv(node, &file, err);
	if (status)
		return status;
	if (getline(&line, &size, file) < 0)
		status = conf_error(node, err, "%s: the file is empty", conf_text(node));
	else
		status = read_header(node, line, place, err);
	while (!status && getline(&line, &size, file) >= 0) {
		struct account account = {0};

		number++;
		if (line[strspn(line, " \r\n")] == '\0')
			continue;
		status = read_row(node, model, line, number, place, &account, err);
		if (!status && (model->account_count >= ACCOUNTS_MAX || add_account(model, &capacity, &account)))
			status = conf_error(node, err, "%s:%zu: too many accounts (at most %u)", conf_text(node), number, ACCOUNTS_MAX);
	}
	if (!status && !model->account_count)
		status = conf_error(node, err, "%s: no accounts in it", conf_text(node));
	free(line);
	fclose(file);
	return status;
}

int model_book(struct conf map, struct model *model, struct error *err)
{
	struct conf accounts = conf_get(map, "accounts"), csv = conf_get(map, "csv");

	if (conf_exists(accounts) == conf_exists(csv))
		return conf_error(map, err, "give either 'accounts' (a list) or 'csv' (a file)");
	if (conf_reject_unknown(map, "accounts, csv", err))
		return -EINVAL;
	return conf_exists(csv) ? read_csv(csv, model, err) : read_list(accounts, model, err);
}
