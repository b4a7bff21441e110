// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Whose bound of the clock counts, and hardware clocks read against the system's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock_watch.h"
#include "base/ptp.h"

/* ---- whose bound -------------------------------------------------------------------------------------------------- */

static const struct chrony_tracking server = {
	.reference = CHRONY_SERVER, .name = "192.0.2.1", .offset_ns = 100, .root_delay_ns = 2000, .root_dispersion_ns = 900};
static const struct chrony_tracking phc = {
	.reference = CHRONY_REFCLOCK, .name = "PHC0", .offset_ns = 100, .root_delay_ns = 1, .root_dispersion_ns = 900};
static const struct chrony_tracking unsynchronised = {.reference = CHRONY_NONE};

static bool others_phc;

static void judged(bool kernel, const struct chrony_tracking *tracking, int64_t ena_error_ns, enum clock_source source,
		   int64_t max_error_ns)
{
	struct clock_facts facts = {
		.kernel_synchronized = kernel,
		.kernel_error_ns = kernel ? 30000000 : TIME_UNKNOWN,
		.chrony_answers = tracking,
		.has_ena = ena_error_ns,
		.has_other_phc = others_phc,
		.ena_error_ns = ena_error_ns ? ena_error_ns : TIME_UNKNOWN,
	};
	struct clock_reading reading = {.source = CLOCK_SOURCES, .max_error_ns = 0};

	if (tracking)
		facts.tracking = *tracking;
	clock_judge(&reading, &facts);
	assert_int_equal(reading.source, source);
	assert_int_equal(reading.max_error_ns, max_error_ns);
}

static void best_source_counts(void **state)
{
	struct chrony_tracking stated = phc, gps = phc;

	(void)state;
	stated.root_delay_ns = 10000;
	memcpy(gps.name, "GPS", 4);
	judged(false, NULL, 0, CLOCK_SOURCE_NONE, TIME_UNKNOWN);
	judged(true, NULL, 0, CLOCK_SOURCE_KERNEL, 30000000);
	judged(true, &unsynchronised, 0, CLOCK_SOURCE_KERNEL, 30000000);
	judged(false, &unsynchronised, 0, CLOCK_SOURCE_NONE, TIME_UNKNOWN);
	judged(true, &server, 0, CLOCK_SOURCE_CHRONY, 2000);
	judged(false, &server, 0, CLOCK_SOURCE_CHRONY, 2000); /* chronyd -x steers nothing, and knows all the same */
	/* the trap: the kernel's bound came of the same chronyd, which takes the card's clock for exact */
	judged(true, &phc, 0, CLOCK_SOURCE_NONE, TIME_UNKNOWN);
	judged(true, &stated, 0, CLOCK_SOURCE_CHRONY, 100 + 900 + 5000);
	judged(true, &phc, 20000, CLOCK_SOURCE_CHRONY_ENA, 100 + 900 + 1 + 20000);
	judged(true, &stated, 20000, CLOCK_SOURCE_CHRONY_ENA, 100 + 900 + 5000 + 20000);
	/* beside the hypervisor's clock it takes somebody who vouches for the one that chrony follows, and counts all the same */
	others_phc = true;
	judged(true, &phc, 20000, CLOCK_SOURCE_NONE, TIME_UNKNOWN);
	judged(true, &stated, 20000, CLOCK_SOURCE_CHRONY_ENA, 100 + 900 + 5000 + 20000);
	others_phc = false;
	/* a card that does not tell its bound at the moment is not exact, even where a delay is stated */
	judged(true, &stated, TIME_UNKNOWN, CLOCK_SOURCE_NONE, TIME_UNKNOWN);
	/* the card's bound is none of a receiver's */
	judged(true, &gps, 20000, CLOCK_SOURCE_NONE, TIME_UNKNOWN);
	judged(true, &server, 20000, CLOCK_SOURCE_CHRONY, 2000);
}

/* ---- what is read out of sysfs ------------------------------------------------------------------------------------- */

static void put_file(const char *root, const char *path, const char *text)
{
	char whole[512];
	FILE *file;

	snprintf(whole, sizeof(whole), "%s/", root);
	for (const char *part = path, *slash; (slash = strchr(part, '/')); part = slash + 1) {
		snprintf(whole + strlen(root), sizeof(whole) - strlen(root), "/%.*s", (int)(slash - path), path);
		mkdir(whole, 0755);
	}
	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	file = fopen(whole, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int64_t ena_of(const char *root, bool *has_ena, bool *has_other_phc)
{
	struct clock_watch *watch = clock_watch_new(root, 0);
	struct clock_reading reading;
	int64_t error_ns;

	assert_non_null(watch);
	clock_watch_read(watch, &reading);
	error_ns = clock_watch_facts(watch)->ena_error_ns;
	*has_ena = clock_watch_facts(watch)->has_ena;
	*has_other_phc = clock_watch_facts(watch)->has_other_phc;
	assert_true(reading.mono_ns > 0);
	clock_watch_free(watch);
	return error_ns;
}

static void sysfs_is_read(void **state)
{
	char root[] = "/tmp/pricelag-unit.XXXXXX", command[64];
	struct ptp_device devices[PTP_DEVICES_MAX];
	bool has_ena, has_other_phc;

	(void)state;
	assert_non_null(mkdtemp(root));
	assert_int_equal(ena_of(root, &has_ena, &has_other_phc), TIME_UNKNOWN);
	assert_false(has_ena);
	assert_int_equal(ptp_list(devices, root), 0);
	put_file(root, "class/net/ens5/device/phc_error_bound", "16212\n");
	put_file(root, "class/net/ens6/device/phc_error_bound", "22017\n");
	put_file(root, "class/net/lo/mtu", "65536\n");
	assert_int_equal(ena_of(root, &has_ena, &has_other_phc), 22017);
	assert_true(has_ena);
	/* 0 and no number are no bound */
	put_file(root, "class/net/ens5/device/phc_error_bound", "0\n");
	put_file(root, "class/net/ens6/device/phc_error_bound", "\n");
	assert_int_equal(ena_of(root, &has_ena, &has_other_phc), TIME_UNKNOWN);
	assert_true(has_ena);
	put_file(root, "class/ptp/ptp0/clock_name", "ena-ptp-05\n");
	ena_of(root, &has_ena, &has_other_phc);
	assert_false(has_other_phc);
	put_file(root, "class/ptp/ptp1/clock_name", "");
	ena_of(root, &has_ena, &has_other_phc);
	assert_true(has_other_phc); /* a name that is not told may be any */
	put_file(root, "class/ptp/ptpfoo/clock_name", "no number\n");
	assert_int_equal(ptp_list(devices, root), 2);
	assert_string_equal(devices[0].path, "/dev/ptp0");
	assert_string_equal(devices[0].name, "ena-ptp-05");
	assert_string_equal(devices[1].path, "/dev/ptp1");
	assert_string_equal(devices[1].name, "");
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

/* ---- hardware clocks ---------------------------------------------------------------------------------------------- */

static struct ptp_clock_time at(int64_t sec, uint32_t nsec)
{
	return (struct ptp_clock_time){.sec = sec, .nsec = nsec};
}

static void narrowest_bracket_counts(void **state)
{
	struct ptp_sys_offset_extended brackets = {
		.n_samples = 3,
		.ts = {{at(100, 1000), at(137, 1900), at(100, 3000)},	      /* 2000 wide */
		       {at(100, 999999900), at(138, 13), at(101, 101)},	      /* 201 wide, over the second: middle 101 s + 0 ns */
		       {at(102, 0), at(139, 500), at(102, 900)}},
	};
	struct ptp_reading reading;

	(void)state;
	assert_int_equal(ptp_of_brackets(&brackets, &reading), 0);
	assert_int_equal(reading.offset_ns, 37000000013);
	assert_int_equal(reading.half_width_ns, 101);
	assert_int_equal(reading.device_ns, 138000000013);
	assert_false(reading.crossed);
	brackets.ts[2][2] = at(101, 0);
	assert_int_equal(ptp_of_brackets(&brackets, &reading), -EBADMSG);
	brackets.n_samples = 0;
	assert_int_equal(ptp_of_brackets(&brackets, &reading), -EBADMSG);
}

static void crossing_is_exact(void **state)
{
	const struct ptp_sys_offset_precise crossing = {
		.device = at(1795622111, 5), .sys_realtime = at(1795622112, 0), .sys_monoraw = at(77, 0)};
	struct ptp_reading reading;

	(void)state;
	ptp_of_crossing(&crossing, &reading);
	assert_int_equal(reading.offset_ns, -999999995);
	assert_int_equal(reading.device_ns, 1795622111000000005);
	assert_int_equal(reading.half_width_ns, 0);
	assert_true(reading.crossed);
}

static void absent_device_says_so(void **state)
{
	struct ptp_reading reading;
	struct error err;
	int fd;

	(void)state;
	assert_int_equal(ptp_open("/dev/ptp-absent", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/dev/ptp-absent cannot be opened"));
	fd = ptp_open("/dev/null", &err);
	assert_true(fd >= 0);
	assert_int_equal(ptp_read(fd, "/dev/null", &reading, &err), -ENOTTY);
	close(fd);
	assert_non_null(strstr(err.text, "/dev/null cannot be read against the system clock"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(best_source_counts),	cmocka_unit_test(sysfs_is_read),
		cmocka_unit_test(narrowest_bracket_counts), cmocka_unit_test(crossing_is_exact),
		cmocka_unit_test(absent_device_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
