/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of this process, asked in a way that adds none to it. Include after cmocka.h. */
#ifndef PL_TESTS_RESIDENT_H
#define PL_TESTS_RESIDENT_H

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline uint64_t resident_bytes(void)
{
	unsigned long long all = 0, resident = 0;
	char text[128] = "";
	int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	assert_int_equal(sscanf(text, "%llu %llu", &all, &resident), 2);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

#endif
