// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/ptp.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

size_t ptp_list(struct ptp_device *out, const char *sysfs)
{
	char pattern[4096];
	glob_t found = {0};
	size_t count = 0;

	snprintf(pattern, sizeof(pattern), "%s/class/ptp/ptp*/clock_name", sysfs);
	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc && count < PTP_DEVICES_MAX; i++) {
		struct ptp_device *device = &out[count];
		unsigned int number;
		FILE *file;

		if (sscanf(strstr(found.gl_pathv[i], "/class/ptp/"), "/class/ptp/ptp%u/", &number) != 1)
			continue;
		snprintf(device->path, sizeof(device->path), "/dev/ptp%u", number);
		device->name[0] = '\0';
		file = fopen(found.gl_pathv[i], "re");
		if (file) {
			if (fgets(device->name, sizeof(device->name), file))
				device->name[strcspn(device->name, "\n")] = '\0';
			fclose(file);
		}
		count++;
	}
	globfree(&found);
	return count;
}

static int64_t nanoseconds(const struct ptp_clock_time *time)
{
	return time->sec * 1000000000 + time->nsec;
}

int ptp_of_brackets(const struct ptp_sys_offset_extended *brackets, struct ptp_reading *out)
{
	int64_t narrowest = INT64_MAX;

	out->crossed = false;
	for (unsigned int i = 0; i < brackets->n_samples && i < PTP_MAX_SAMPLES; i++) {
		int64_t before = nanoseconds(&brackets->ts[i][0]), device = nanoseconds(&brackets->ts[i][1]);
		int64_t width = nanoseconds(&brackets->ts[i][2]) - before;

		if (width < 0) /* the system clock was set back in between */
			return -EBADMSG;
		if (width >= narrowest)
			continue;
		narrowest = width;
		out->device_ns = device;
		out->offset_ns = device - (before + width / 2);
		out->half_width_ns = (width + 1) / 2;
	}
	return narrowest == INT64_MAX ? -EBADMSG : 0;
}

void ptp_of_crossing(const struct ptp_sys_offset_precise *crossing, struct ptp_reading *out)
{
	out->device_ns = nanoseconds(&crossing->device);
	out->offset_ns = out->device_ns - nanoseconds(&crossing->sys_realtime);
	out->half_width_ns = 0;
	out->crossed = true;
}

int ptp_open(const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? error_set(err, -errno, "%s cannot be opened: %s", path, strerror(errno)) : fd;
}

int ptp_read(int fd, const char *path, struct ptp_reading *out, struct error *err)
{
	struct ptp_sys_offset_precise crossing = {0};
	struct ptp_sys_offset_extended brackets = {.n_samples = PTP_MAX_SAMPLES};

	if (!ioctl(fd, PTP_SYS_OFFSET_PRECISE, &crossing))
		ptp_of_crossing(&crossing, out);
	else if (ioctl(fd, PTP_SYS_OFFSET_EXTENDED, &brackets))
		return error_set(err, -errno, "%s cannot be read against the system clock: %s", path, strerror(errno));
	else if (ptp_of_brackets(&brackets, out))
		return error_set(err, -EBADMSG, "%s was read while the system clock was set: try again", path);
	return 0;
}
