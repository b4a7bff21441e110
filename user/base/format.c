// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/format.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS_PER_S 1000000000

static const struct {
	const char *name;
	double ns;
	double next; /* this many are one of the next unit */
} units[] = {
	{"ns", 1, 1e3}, {"µs", 1e3, 1e3}, {"ms", 1e6, 1e3}, {"s", 1e9, 600}, {"min", 60e9, 180}, {"h", 3600e9, 72}, {"d", 86400e9, INFINITY},
};

static int decimals_for(double value)
{
	/* by what will be shown: 9.996 rounds to 10.0, not to 10.00 */
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

char *format_duration(int64_t ns, char *out, size_t size)
{
	double magnitude = fabs((double)ns);
	size_t unit = 0;

	if (ns == TIME_UNKNOWN) {
		snprintf(out, size, "%s", FORMAT_UNKNOWN);
		return out;
	}
	if (magnitude < 1000) {
		snprintf(out, size, "%lld ns", (long long)ns);
		return out;
	}
	/* the half accounts for rounding: 999,960 ns is 1.00 ms, not 1000 µs */
	while (magnitude / units[unit].ns >= units[unit].next - 0.5)
		unit++;
	magnitude /= units[unit].ns;
	snprintf(out, size, "%s%.*f %s", ns < 0 ? "-" : "", decimals_for(magnitude), magnitude, units[unit].name);
	return out;
}

char *format_time(int64_t utc_ns, char *out, size_t size)
{
	time_t seconds = utc_ns / NS_PER_S;
	long rest = utc_ns % NS_PER_S;
	struct tm tm;

	if (rest < 0) {
		rest += NS_PER_S;
		seconds--;
	}
	if (utc_ns == TIME_UNKNOWN || !gmtime_r(&seconds, &tm))
		snprintf(out, size, "%s", FORMAT_UNKNOWN);
	else
		snprintf(out, size, "%04d-%02d-%02d %02d:%02d:%02d.%06ld UTC", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			 tm.tm_hour, tm.tm_min, tm.tm_sec, rest / 1000);
	return out;
}

char *format_number(double value, char *out, size_t size)
{
	char *comma;

	if (!isfinite(value)) {
		snprintf(out, size, "%s", FORMAT_UNKNOWN);
		return out;
	}
	/* 15 digits are always exact in decimal, 17 always in binary */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, size, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	comma = strchr(out, ',');
	if (comma)
		*comma = '.';
	return out;
}

size_t utf8_next(const char *text, uint32_t *code_point)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
	uint32_t cp;
	size_t more;

	*code_point = s[0];
	if (s[0] < 0x80)
		return s[0] ? 1 : 0;
	more = s[0] >= 0xf0 && s[0] < 0xf8 ? 3 : s[0] >= 0xe0 && s[0] < 0xf0 ? 2 : s[0] >= 0xc0 && s[0] < 0xe0 ? 1 : 0;
	cp = s[0] & (0x3f >> more);
	for (size_t i = 1; i <= more; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			more = 0;
			break;
		}
		cp = cp << 6 | (s[i] & 0x3f);
	}
	if (!more || cp < smallest[more] || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000)) {
		*code_point = 0xfffd;
		return 1;
	}
	*code_point = cp;
	return more + 1;
}

struct range {
	uint32_t low, high;
};

/* The ranges that occur in names and units; not all of Unicode's annexes. */
static const struct range zero_width[] = {
	{0x300, 0x36f}, {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff},
};
static const struct range double_width[] = {
	{0x1100, 0x115f}, {0x2e80, 0x303e}, {0x3041, 0xa4cf}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xfe30, 0xfe6f},
	{0xff00, 0xff60}, {0xffe0, 0xffe6}, {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
};
/* C0, DEL and C1; the characters that reorder the text around them. */
static const struct range unprintable[] = {
	{0x01, 0x1f}, {0x7f, 0x9f}, {0x61c, 0x61c}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
};

static bool within(uint32_t cp, const struct range *ranges, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (cp >= ranges[i].low && cp <= ranges[i].high)
			return true;
	}
	return false;
}
#define WITHIN(cp, ranges) within(cp, ranges, sizeof(ranges) / sizeof(ranges[0]))

size_t utf8_width(const char *text)
{
	size_t width = 0, taken;
	uint32_t cp;

	for (; (taken = utf8_next(text, &cp)); text += taken)
		width += WITHIN(cp, zero_width) ? 0 : WITHIN(cp, double_width) ? 2 : 1;
	return width;
}

char *text_printable(const char *text)
{
	static const char replacement[] = "\xef\xbf\xbd";
	char *out = malloc(3 * strlen(text) + 1), *at = out; /* a byte becomes 3 at most */
	size_t taken;
	uint32_t cp;

	if (!out)
		return NULL;
	for (; (taken = utf8_next(text, &cp)); text += taken) {
		bool bad = cp == 0xfffd || WITHIN(cp, unprintable);
		size_t len = bad ? sizeof(replacement) - 1 : taken;

		memcpy(at, bad ? replacement : text, len);
		at += len;
	}
	*at = '\0';
	return out;
}
