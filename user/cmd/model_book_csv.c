// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cmd/model_book_rows.h"

#define CSV_COLUMNS_MAX 32
#define NAME_MAX_BYTES 128

enum { LOAN_COLLATERAL, LOAN_DEBT, LOAN_THRESHOLD }; /* of book_loans */

/* Where the columns stand; -1: there is none. */
struct columns {
	const struct book_layout *layout;
	int asset, account, debt_asset, group, emode, numbers[BOOK_NUMBERS];
};

/* The file, and the account that is being read. */
struct reading {
	struct conf node;
	struct book_rows rows;
	struct columns columns;
	char name[NAME_MAX_BYTES]; /* in the column account, of the row before */
	size_t line, head;	   /* its first row */
	int emode;
	char *cells[CSV_COLUMNS_MAX];
	size_t cell_count;
};

static void split(struct reading *r, char *line)
{
	line[strcspn(line, "\r\n")] = '\0';
	r->cell_count = 0;
	while (r->cell_count < CSV_COLUMNS_MAX && (r->cells[r->cell_count] = strsep(&line, ",")))
		r->cell_count++;
}

/* NULL: the row has no such cell. */
static const char *cell(const struct reading *r, int column)
{
	return column >= 0 && (size_t)column < r->cell_count ? r->cells[column] : NULL;
}

static bool filled(const char *cell)
{
	return cell && *cell;
}

static int wrong(const struct reading *r, struct error *err, const char *what)
{
	return conf_error(r->node, err, "%s:%zu: %s", conf_text(r->node), r->line, what);
}

static int column_of(const struct reading *r, const char *name)
{
	for (size_t i = 0; i < r->cell_count; i++)
		if (!strcmp(r->cells[i], name))
			return (int)i;
	return -1;
}

static int read_header(struct reading *r, char *line, struct error *err)
{
	struct columns *columns = &r->columns;

	split(r, line);
	columns->layout = column_of(r, book_positions.names[0]) >= 0 ? &book_positions : &book_loans;
	columns->asset = column_of(r, "asset");
	columns->account = column_of(r, "account");
	columns->group = column_of(r, "group");
	columns->debt_asset = columns->layout == &book_loans ? column_of(r, "debt_asset") : -1;
	columns->emode = columns->layout == &book_loans ? column_of(r, "emode") : -1;
	for (int i = -1; i < 0 || columns->layout->names[i]; i++) {
		const char *name = i < 0 ? "asset" : columns->layout->names[i];
		int place = column_of(r, name);

		if (place < 0 && !(i == LOAN_THRESHOLD && columns->layout == &book_loans && r->rows.terms->reserves))
			return conf_error(r->node, err, "%s:1: no column '%s'; needed: asset,collateral,debt,liquidation_threshold or "
							"asset,size,entry,margin,maintenance_margin", conf_text(r->node), name);
		if (i >= 0)
			columns->numbers[i] = place;
	}
	return 0;
}

static int read_number(const struct reading *r, int i, double *out, struct error *err)
{
	const char *name = r->columns.layout->names[i], *text = cell(r, r->columns.numbers[i]);
	char *end;

	if (!text)
		return conf_error(r->node, err, "%s:%zu: no value for '%s'", conf_text(r->node), r->line, name);
	*out = strtod(text, &end);
	if (end == text || *end)
		return conf_error(r->node, err, "%s:%zu: %s '%s' is not a number", conf_text(r->node), r->line, name, text);
	return 0;
}

static int read_asset(const struct reading *r, const char *name, uint32_t *out, struct error *err)
{
	if (name && !book_asset(r->rows.model, name, out))
		return 0;
	return conf_error(r->node, err, "%s:%zu: '%s' is not among the assets of the model file", conf_text(r->node), r->line, name ? name : "");
}

/* Rows that follow each other under one name are one account. */
static int read_name(struct reading *r, bool *joined, struct error *err)
{
	const char *name = cell(r, r->columns.account);

	*joined = false;
	if (r->columns.account < 0)
		return 0;
	if (!filled(name) || strlen(name) >= NAME_MAX_BYTES)
		return conf_error(r->node, err, "%s:%zu: account should be a name of 1 to %d bytes", conf_text(r->node), r->line, NAME_MAX_BYTES - 1);
	*joined = !strcmp(r->name, name);
	strcpy(r->name, name);
	return 0;
}

/* All rows of an account have the e-mode of its first one, or leave it empty. */
static int read_emode(struct reading *r, bool joined, struct error *err)
{
	const char *name = cell(r, r->columns.emode);
	int emode = filled(name) ? model_terms_find(r->rows.terms, name) : MODEL_NO_EMODE;

	if (filled(name) && emode < 0)
		return conf_error(r->node, err, "%s:%zu: '%s' is not among the engine's emodes", conf_text(r->node), r->line, name);
	if (joined && filled(name) && emode != r->emode)
		return wrong(r, err, "an account is in one e-mode, the one of its first row");
	if (!joined)
		r->emode = emode;
	return 0;
}

static int read_threshold(const struct reading *r, uint32_t asset, double *out, struct error *err)
{
	const char *mistake;
	double given = NAN;

	if (filled(cell(r, r->columns.numbers[LOAN_THRESHOLD])) && read_number(r, LOAN_THRESHOLD, &given, err))
		return -EINVAL;
	mistake = model_terms_threshold(r->rows.terms, r->emode, asset, given, out);
	return mistake ? wrong(r, err, mistake) : 0;
}

static int owe_more(struct reading *r, double debt, struct error *err)
{
	struct account *head = &r->rows.model->accounts[r->head];

	head->debt += debt;
	return isfinite(head->debt) ? 0 : wrong(r, err, "what the account owes is too large for a number");
}

/* What a row adds to the debts of the account: in the numeraire they are with its first row, in an asset in rows of their own. */
static int add_debt(struct reading *r, double debt, struct error *err)
{
	const char *in = cell(r, r->columns.debt_asset), *mistake;
	uint32_t asset = UINT32_MAX;

	if (filled(in) && read_asset(r, in, &asset, err))
		return -EINVAL;
	if (!model_terms_lend(r->rows.terms, r->emode, asset, NULL))
		return conf_error(r->node, err, "%s:%zu: '%s' is not lent in the e-mode '%s'", conf_text(r->node), r->line,
				  filled(in) ? in : "the numeraire", r->rows.terms->emodes[r->emode].name);
	if (!filled(in)) {
		return owe_more(r, debt, err);
	}
	mistake = book_add_debt(&r->rows, asset, debt);
	return mistake ? wrong(r, err, mistake) : 0;
}

/* A row without an asset has a debt only, of the account before it. */
static int read_only_debt(struct reading *r, bool joined, struct error *err)
{
	double debt;

	if (!joined)
		return wrong(r, err, "a row without an asset has one more debt of the account in the row before, by the same name in the column account");
	if (filled(cell(r, r->columns.numbers[LOAN_COLLATERAL])) || filled(cell(r, r->columns.numbers[LOAN_THRESHOLD])))
		return wrong(r, err, "a row without an asset has a debt only: leave collateral and liquidation_threshold empty");
	if (read_number(r, LOAN_DEBT, &debt, err))
		return -EINVAL;
	return debt > 0 ? add_debt(r, debt, err) : wrong(r, err, "debt should be above 0");
}

static int read_row(struct reading *r, char *line, struct error *err)
{
	double numbers[BOOK_NUMBERS] = {0}, debt = 0;
	struct account account = {0};
	const char *mistake, *asset;
	bool joined, loan = r->columns.layout == &book_loans;

	split(r, line);
	asset = cell(r, r->columns.asset);
	if (read_name(r, &joined, err) || read_emode(r, joined, err))
		return -EINVAL;
	if (asset && !*asset && r->columns.account >= 0 && loan)
		return read_only_debt(r, joined, err);
	if (read_asset(r, asset, &account.asset, err))
		return -EINVAL;
	for (int i = 0; r->columns.layout->names[i]; i++)
		if (loan && i == LOAN_THRESHOLD ? read_threshold(r, account.asset, &numbers[i], err) : read_number(r, i, &numbers[i], err))
			return -EINVAL;
	mistake = r->columns.layout->to_account(numbers, &account);
	if (mistake)
		return wrong(r, err, mistake);
	if (loan) {
		debt = account.debt;
		account.debt = 0;
	} else if (joined) { /* positions that share a margin: all cash is with the first */
		if (owe_more(r, account.debt, err))
			return -EINVAL;
		account.debt = 0;
	}
	if (book_add(&r->rows, &account, loan ? NAN : numbers[BOOK_ENTRY], joined, loan ? model_terms_of(r->rows.terms, r->emode, account.asset) : 0))
		return conf_error(r->node, err, "%s:%zu: too many accounts (at most %u)", conf_text(r->node), r->line, ACCOUNTS_MAX);
	if (!joined)
		r->head = r->rows.model->account_count - 1;
	return debt > 0 ? add_debt(r, debt, err) : 0;
}

/* Of the rows from `first` on, which this line has made, if any; an empty cell: the account has none. */
static int read_group(struct reading *r, size_t first, struct error *err)
{
	struct model *model = r->rows.model;
	const char *name = cell(r, r->columns.group), *mistake = NULL;
	char shown[MODEL_GROUP_NAME];
	uint8_t group = GROUP_NONE;

	json_printable(shown, sizeof(shown), name ? name : "");
	if (filled(name))
		mistake = model_group_find(model, name, &group);
	if (mistake)
		return conf_error(r->node, err, "%s:%zu: group '%s': %s", conf_text(r->node), r->line, shown, mistake);
	if (r->head < first && group != (model->groups ? model->groups[r->head] : GROUP_NONE))
		return conf_error(r->node, err, "%s:%zu: group '%s' is not that of the row before it, which is of the same account: an account "
						"is in one group, named in each of its rows", conf_text(r->node), r->line, shown);
	return model_group_put(model, first, model->account_count, group) ? conf_error(r->node, err, "out of memory") : 0;
}

int model_book_parse(FILE *file, struct conf node, struct model *model, const struct model_terms *terms, unsigned int *kinds, struct error *err)
{
	struct reading r = {.node = node, .rows = {model, terms, 0}, .line = 1};
	char *line = NULL;
	size_t size = 0;
	ssize_t length;
	int status;

	if (getline(&line, &size, file) < 0)
		status = conf_error(node, err, "%s: the file is empty", conf_text(node));
	else
		status = read_header(&r, line, err);
	while (!status && (length = getline(&line, &size, file)) >= 0) {
		size_t first = model->account_count;

		r.line++;
		if (line[strspn(line, " \r\n")] == '\0' && strlen(line) == (size_t)length)
			continue;
		status = strlen(line) == (size_t)length ? read_row(&r, line, err) : wrong(&r, err, "a zero byte is in this line: the file is no text");
		if (!status)
			status = read_group(&r, first, err);
	}
	if (!status)
		*kinds |= r.columns.layout->kind;
	if (!status && !model->account_count)
		status = conf_error(node, err, "%s: no accounts in it", conf_text(node));
	free(line);
	return status;
}

int model_book_csv(struct conf node, struct model *model, const struct model_terms *terms, unsigned int *kinds, struct error *err)
{
	FILE *file;
	int status = model_open_csv(node, &file, err);

	if (status)
		return status;
	status = model_book_parse(file, node, model, terms, kinds, err);
	fclose(file);
	return status;
}
