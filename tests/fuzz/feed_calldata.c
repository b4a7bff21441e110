// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A transaction's input from anybody: whatever is emitted is a message of a known kind, and there are not too many. */
#include "feed_check.h"

#include "feed/calldata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_carried(void *context, const char *type, const struct feed_message *message)
{
	require(*type && memchr(message->digest, 0, sizeof(message->digest)));
	check_message(context, message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int count = 0;

	require(calldata_scan(data, size, check_carried, &count) == (unsigned)count && count <= CALLDATA_MESSAGES_MAX);
	return 0;
}
