// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Any answer to the question "tracking": refused with a reason, or figures whose bound is never negative. */
#include <stdlib.h>
#include <string.h>

#include "base/chrony.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int64_t ages_ns[] = {0, 1000000000, INT64_MAX}, errors_ns[] = {TIME_UNKNOWN, 1, INT64_MAX};
	struct chrony_tracking tracking;
	struct error err = {""};

	if (chrony_answer(&tracking, data, size, 0x1234abcd, &err)) {
		if (!err.text[0])
			abort();
		return 0;
	}
	if (!memchr(tracking.name, '\0', sizeof(tracking.name)) || (tracking.reference == CHRONY_NONE) != !tracking.name[0])
		abort();
	for (int i = 0; i < 3; i++)
		for (int j = 0; j < 3; j++) {
			int64_t bound = chrony_bound_ns(&tracking, ages_ns[i], errors_ns[j]);

			if (bound != TIME_UNKNOWN && bound < 0)
				abort();
		}
	return 0;
}
