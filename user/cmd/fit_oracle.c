// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/fit_oracle.h"

#include <math.h>
#include <stdio.h>

#include "margin/oracle_law.h"
#include "margin/price_csv.h"
#include "output/json_out.h"

static int print_json(const struct oracle_fit *fit, const char *path, struct error *err)
{
	struct json_object *document = json_document("pricelag.fit/1");

	json_add_text(document, "reports", path);
	json_add_count(document, "gaps", fit->gaps);
	json_add_number(document, "lattice_s", fit->lattice_s);
	json_add_number(document, "heartbeat_s", fit->heartbeat_s);
	json_add_number(document, "heartbeat_share", fit->heartbeat_share);
	json_add_number(document, "late_p50_s", fit->late_p50_s);
	json_add_number(document, "late_p99_s", fit->late_p99_s);
	json_add_count(document, "moved", fit->moved);
	json_add_number(document, "deviation", fit->deviation);
	json_add_number(document, "deviation_share", fit->deviation_share);
	json_add_number(document, "volatility", fit->volatility);
	json_add_number(document, "mean_gap_s", fit->gap_s);
	json_add_number(document, "law_heartbeat_share", fit->law_share);
	json_add_number(document, "law_mean_gap_s", fit->law_gap_s);
	return json_print(document, stdout, err);
}

static int print_text(const struct oracle_fit *fit, const char *path)
{
	printf("%s: %zu gaps between reports, %.1f s on average; their volatility is %.4g a year\n", path, fit->gaps, fit->gap_s,
	       fit->volatility);
	if (fit->lattice_s > 1)
		printf("  lattice         %g s: every gap but one in 200 is a multiple, as blocks are\n", fit->lattice_s);
	printf("  heartbeat       %g s: %.4f of the gaps are at least that long, half of those by %g s more, one in 100 by %g s\n",
	       fit->heartbeat_s, fit->heartbeat_share, fit->late_p50_s, fit->late_p99_s);
	if (isnan(fit->deviation))
		return 0;
	printf("  deviation       %.6g: %.3f of the %zu shorter gaps end with a move of nine tenths of it or more\n", fit->deviation,
	       fit->deviation_share, fit->moved);
	printf("  law             with these, at that volatility: %.4f of the gaps by heartbeat, %.1f s on average\n", fit->law_share,
	       fit->law_gap_s);
	printf("\noracle: {policy: deviation, deviation: %.3g, heartbeat: %gs}\n", fit->deviation, fit->heartbeat_s);
	return 0;
}

int fit_oracle_print(const char *path, bool json, bool *doubtful, struct error *err)
{
	struct oracle_fit fit;
	struct series reports;
	int status = price_csv_read(path, &reports, err);

	if (status)
		return status;
	status = oracle_fit(&reports, &fit, err);
	price_csv_free(&reports);
	if (status)
		return error_prefix(err, status, "%s", path);
	*doubtful = isnan(fit.deviation);
	if (*doubtful)
		fprintf(stderr, "pricelag fit: %zu gaps are shorter than the heartbeat; at least %d are needed to tell a deviation\n", fit.moved,
			ORACLE_FIT_MOVED_MIN);
	return json ? print_json(&fit, path, err) : print_text(&fit, path);
}
