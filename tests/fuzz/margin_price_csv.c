// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A file of prices, whatever is in it: either a series that a process accepts as one, or an error with the file's name. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "margin/price_csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FILE *file = size ? fmemopen((void *)(uintptr_t)data, size, "r") : NULL;
	struct series series;
	struct error err = {""};

	if (!file)
		return 0;
	if (price_csv_parse(file, "f.csv", "time_s", "price", &series, &err)) {
		if (strncmp(err.text, "f.csv", 5) || series.time_s || series.log_price)
			abort();
	} else {
		for (size_t i = 0; i < series.count; i++)
			if (!isfinite(series.log_price[i]) || !isfinite(series.time_s[i]) ||
			    (i && series.time_s[i] <= series.time_s[i - 1]))
				abort();
		price_csv_free(&series);
	}
	fclose(file);
	return 0;
}
