/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Memory of this process, asked in a way that adds none to it. Include after cmocka.h. */
#ifndef PL_TESTS_RESIDENT_H
#define PL_TESTS_RESIDENT_H

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
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

/* The most that it was since peak_begin(); 0 where the kernel does not tell. */
static inline uint64_t peak_bytes(void)
{
	char text[4096] = "", *line;
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	line = strstr(text, "VmHWM:");
	return line ? strtoull(line + 6, NULL, 10) * 1024 : 0;
}

/* Whether a peak can be told from here on. */
static inline bool peak_begin(void)
{
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, "5", 1) == 1;

	if (fd >= 0)
		close(fd);
	return done && peak_bytes() > 0;
}

#endif
