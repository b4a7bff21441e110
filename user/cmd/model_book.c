// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/model_book.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CSV_COLUMNS_MAX 32

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

static int asset_index(const struct model *model, const char *name, uint32_t *out)
{
	for (size_t i = 0; i < model->asset_count; i++)
		if (!strcmp(model->assets[i].name, name)) {
			*out = (uint32_t)i;
			return 0;
		}
	return -ENOENT;
}

/* A kind of account: its numbers, by key and by column, and what they make. */
#define NUMBERS_MAX 4

struct layout {
	unsigned int kind;
	const char *names[NUMBERS_MAX + 1];
	const char *(*to_account)(const double numbers[NUMBERS_MAX], struct account *out); /* what is wrong, or NULL */
};

static const char *loan_to_account(const double numbers[NUMBERS_MAX], struct account *out)
{
	out->collateral = numbers[0];
	out->debt = numbers[1];
	out->liquidation_threshold = numbers[2];
	if (!(out->collateral > 0 && isfinite(out->collateral)))
		return "collateral should be above 0";
	if (!(out->debt >= 0 && isfinite(out->debt)))
		return "debt should be 0 or more";
	if (!(out->liquidation_threshold > 0 && out->liquidation_threshold <= 1))
		return "liquidation_threshold should be above 0, and 1 at most";
	return NULL;
}

/* equity = size·(price - entry) + margin: what a loan of size·entry - margin against `size` units would have. */
static const char *position_to_account(const double numbers[NUMBERS_MAX], struct account *out)
{
	double size = numbers[0], entry = numbers[1], margin = numbers[2], maintenance = numbers[3];

	if (!(size != 0 && isfinite(size)))
		return "size should be a number of units: above 0 for a long position, below 0 for a short one";
	if (!(entry > 0 && isfinite(entry)) || !(margin >= 0 && isfinite(margin)))
		return "entry should be a price above 0, margin 0 or more";
	if (!(maintenance > 0 && maintenance < 1))
		return "maintenance_margin should be a share of the position's value, between 0 and 1";
	out->collateral = size;
	out->debt = size * entry - margin;
	out->liquidation_threshold = 1 - maintenance;
	return NULL;
}

static const struct layout loans = {BOOK_LOANS, {"collateral", "debt", "liquidation_threshold", NULL}, loan_to_account};
static const struct layout positions = {BOOK_POSITIONS, {"size", "entry", "margin", "maintenance_margin", NULL}, position_to_account};

static int add_account(struct model *model, size_t *capacity, const struct account *account, bool joined)
{
	if (model->account_count == *capacity) {
		size_t more = *capacity ? *capacity * 2 : 64;
		void *memory = realloc(model->accounts, more * sizeof(*account));

		if (!memory)
			return -ENOMEM;
		model->accounts = memory;
		memory = realloc(model->joined, more * sizeof(*model->joined));
		if (!memory)
			return -ENOMEM;
		model->joined = memory;
		*capacity = more;
	}
	model->joined[model->account_count] = joined;
	model->accounts[model->account_count++] = *account;
	return 0;
}

/* Maps such as {ETH: 10}. */
static int check_map(struct conf map, const char *what, struct error *err)
{
	return conf_is_map(map) && conf_count(map) ? 0 : conf_error(map, err, "should be a map such as %s", what);
}

static int read_debt(struct conf map, const struct model *model, double *value, struct error *err)
{
	uint32_t ignored;

	if (check_map(map, "{USD: 29000}", err))
		return -EINVAL;
	if (conf_count(map) > 1)
		return conf_error(map, err, "holds several debts; an account owes one, in the numeraire: split it, or give their worth together");
	if (!asset_index(model, conf_key(map, 0), &ignored))
		return conf_error(map, err, "'%s' is an asset with a price of its own; a debt is in the numeraire (any name that is not an "
					    "asset, e.g. USD)", conf_key(map, 0));
	return conf_read_double(conf_at(map, 0), value, err);
}

static int read_position(struct conf map, const struct model *model, struct account *out, struct error *err)
{
	struct conf asset, value;
	double numbers[NUMBERS_MAX];
	const char *mistake;

	if (conf_require(map, "asset", "the asset's name, as under assets", &asset, err))
		return -EINVAL;
	if (!conf_text(asset) || asset_index(model, conf_text(asset), &out->asset))
		return conf_error(asset, err, "'%s' is not among the assets of this file", conf_text(asset) ? conf_text(asset) : "?");
	for (int i = 0; positions.names[i]; i++)
		if (conf_require(map, positions.names[i], "a number", &value, err) || conf_read_double(value, &numbers[i], err))
			return -EINVAL;
	if (conf_reject_unknown(map, "asset, size, entry, margin, maintenance_margin", err))
		return -EINVAL;
	mistake = positions.to_account(numbers, out);
	return mistake ? conf_error(map, err, "%s", mistake) : 0;
}

/* A loan's rows: one for each collateral, the debt with the first. */
static int read_loan(struct conf map, struct model *model, size_t *capacity, struct error *err)
{
	struct conf collateral, debt, threshold;
	double owed;

	if (conf_require(map, "collateral", "units of the asset, e.g. {ETH: 10}", &collateral, err) ||
	    conf_require(map, "debt", "what is owed, in the numeraire, e.g. {USD: 29000}", &debt, err) ||
	    conf_require(map, "liquidation_threshold", "share of the collateral's value that counts, e.g. {ETH: 0.83}", &threshold, err) ||
	    check_map(collateral, "{ETH: 10}", err) || check_map(threshold, "{ETH: 0.83}", err) || read_debt(debt, model, &owed, err) ||
	    conf_reject_unknown(map, "collateral, debt, liquidation_threshold", err))
		return -EINVAL;
	for (size_t i = 0; i < conf_count(threshold); i++)
		if (!conf_exists(conf_get(collateral, conf_key(threshold, i))))
			return conf_error(threshold, err, "names '%s', which is no collateral of the account", conf_key(threshold, i));
	for (size_t i = 0; i < conf_count(collateral); i++) {
		struct conf share = conf_get(threshold, conf_key(collateral, i));
		double numbers[NUMBERS_MAX] = {0, i ? 0 : owed};
		struct account account = {0};
		const char *mistake;

		if (asset_index(model, conf_key(collateral, i), &account.asset))
			return conf_error(collateral, err, "'%s' is not among the assets of this file", conf_key(collateral, i));
		if (!conf_exists(share))
			return conf_error(threshold, err, "names no share for '%s'", conf_key(collateral, i));
		if (conf_read_double(conf_at(collateral, i), &numbers[0], err) || conf_read_double(share, &numbers[2], err))
			return -EINVAL;
		mistake = loans.to_account(numbers, &account);
		if (mistake)
			return conf_error(map, err, "%s", mistake);
		if (add_account(model, capacity, &account, i > 0))
			return conf_error(map, err, "out of memory");
	}
	return 0;
}

static int read_list(struct conf list, struct model *model, unsigned int *kinds, struct error *err)
{
	size_t capacity = 0;

	if (!conf_is_list(list) || !conf_count(list))
		return conf_error(list, err, "should be a list of accounts: {collateral, debt, liquidation_threshold}, or {asset, size, entry, margin, maintenance_margin}");
	for (size_t i = 0; i < conf_count(list); i++) {
		struct conf map = conf_at(list, i);
		struct account account = {0};

		if (!conf_exists(conf_get(map, "size"))) {
			*kinds |= loans.kind;
			if (read_loan(map, model, &capacity, err))
				return -EINVAL;
			continue;
		}
		*kinds |= positions.kind;
		if (read_position(map, model, &account, err))
			return -EINVAL;
		if (add_account(model, &capacity, &account, false))
			return conf_error(list, err, "out of memory");
	}
	return 0;
}

/* ---- CSV ---------------------------------------------------------------------------------------------------------- */

/* A CSV file's columns: where the asset stands, the numbers of its layout, and the account's name, if there is one (else -1). */
struct columns {
	const struct layout *layout;
	int asset, account, numbers[NUMBERS_MAX];
};

#define NAME_MAX_BYTES 128

static size_t split(char *line, char *cells[CSV_COLUMNS_MAX])
{
	size_t n = 0;

	line[strcspn(line, "\r\n")] = '\0';
	while (n < CSV_COLUMNS_MAX && (cells[n] = strsep(&line, ",")))
		n++;
	return n;
}

static int column_of(char *const cells[], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(cells[i], name))
			return (int)i;
	return -1;
}

static int read_header(struct conf node, char *line, struct columns *out, struct error *err)
{
	char *cells[CSV_COLUMNS_MAX];
	size_t n = split(line, cells);

	out->layout = column_of(cells, n, positions.names[0]) >= 0 ? &positions : &loans;
	out->asset = column_of(cells, n, "asset");
	out->account = column_of(cells, n, "account");
	for (int i = -1; i < 0 || out->layout->names[i]; i++) {
		const char *name = i < 0 ? "asset" : out->layout->names[i];
		int place = column_of(cells, n, name);

		if (place < 0)
			return conf_error(node, err, "%s:1: no column '%s'; needed: asset,collateral,debt,liquidation_threshold or "
						     "asset,size,entry,margin,maintenance_margin", conf_text(node), name);
		if (i >= 0)
			out->numbers[i] = place;
	}
	return 0;
}

static int read_cell(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end == text || *end ? -EINVAL : 0;
}

static int read_row(struct conf node, const struct model *model, char *line, size_t number, const struct columns *columns,
		    char name[NAME_MAX_BYTES], struct account *out, bool *joined, struct error *err)
{
	double numbers[NUMBERS_MAX] = {0};
	char *cells[CSV_COLUMNS_MAX];
	size_t n = split(line, cells);
	const char *mistake;

	if ((size_t)columns->asset >= n || asset_index(model, cells[columns->asset], &out->asset))
		return conf_error(node, err, "%s:%zu: '%s' is not among the assets of the model file", conf_text(node), number,
				  (size_t)columns->asset < n ? cells[columns->asset] : "");
	for (int i = 0; columns->layout->names[i]; i++) {
		const char *name = columns->layout->names[i];

		if ((size_t)columns->numbers[i] >= n)
			return conf_error(node, err, "%s:%zu: no value for '%s'", conf_text(node), number, name);
		if (read_cell(cells[columns->numbers[i]], &numbers[i]))
			return conf_error(node, err, "%s:%zu: %s '%s' is not a number", conf_text(node), number, name,
					  cells[columns->numbers[i]]);
	}
	mistake = columns->layout->to_account(numbers, out);
	if (!mistake && columns->account >= 0) {
		if ((size_t)columns->account >= n || !*cells[columns->account] || strlen(cells[columns->account]) >= NAME_MAX_BYTES)
			return conf_error(node, err, "%s:%zu: account should be a name of 1 to %d bytes", conf_text(node), number, NAME_MAX_BYTES - 1);
		*joined = columns->layout == &loans && !strcmp(name, cells[columns->account]);
		strcpy(name, cells[columns->account]);
	}
	return mistake ? conf_error(node, err, "%s:%zu: %s", conf_text(node), number, mistake) : 0;
}

/* Rows that follow each other under one name are one account: its debt is with the first. */
static void gather_debt(struct model *model)
{
	size_t last = model->account_count - 1, first = last;

	while (model->joined[first])
		first--;
	if (first == last)
		return;
	model->accounts[first].debt += model->accounts[last].debt;
	model->accounts[last].debt = 0;
}

static int read_csv(struct conf node, struct model *model, unsigned int *kinds, struct error *err)
{
	size_t capacity = 0, size = 0, number = 1;
	struct columns columns = {&loans, 0, -1, {0}};
	char name[NAME_MAX_BYTES] = "";
	int status;
	char *line = NULL;
	FILE *file;

	status = model_open_csv(node, &file, err);
	if (status)
		return status;
	if (getline(&line, &size, file) < 0)
		status = conf_error(node, err, "%s: the file is empty", conf_text(node));
	else
		status = read_header(node, line, &columns, err);
	while (!status && getline(&line, &size, file) >= 0) {
		struct account account = {0};
		bool joined = false;

		number++;
		if (line[strspn(line, " \r\n")] == '\0')
			continue;
		status = read_row(node, model, line, number, &columns, name, &account, &joined, err);
		if (!status && (model->account_count >= ACCOUNTS_MAX || add_account(model, &capacity, &account, joined)))
			status = conf_error(node, err, "%s:%zu: too many accounts (at most %u)", conf_text(node), number, ACCOUNTS_MAX);
		if (!status)
			gather_debt(model);
	}
	*kinds |= columns.layout->kind;
	if (!status && !model->account_count)
		status = conf_error(node, err, "%s: no accounts in it", conf_text(node));
	free(line);
	fclose(file);
	return status;
}

int model_book(struct conf map, struct model *model, unsigned int *kinds, struct error *err)
{
	struct conf accounts = conf_get(map, "accounts"), csv = conf_get(map, "csv"), synthetic = conf_get(map, "synthetic");

	if (conf_exists(accounts) + conf_exists(csv) + conf_exists(synthetic) != 1)
		return conf_error(map, err, "give one of 'accounts' (a list), 'csv' (a file) and 'synthetic' (a list of distributions)");
	if (conf_reject_unknown(map, "accounts, csv, synthetic", err))
		return -EINVAL;
	*kinds = 0;
	if (conf_exists(synthetic))
		return model_book_synthetic(synthetic, model, kinds, err);
	if (conf_exists(csv) ? read_csv(csv, model, kinds, err) : read_list(accounts, model, kinds, err))
		return -EINVAL;
	if (!memchr(model->joined, true, model->account_count * sizeof(*model->joined))) {
		free(model->joined);
		model->joined = NULL;
	}
	return 0;
}
