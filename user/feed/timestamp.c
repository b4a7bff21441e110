// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "feed/timestamp.h"

#include <errno.h>
#include <string.h>

static const char *const unit_names[] = {
	[TIME_UNIT_S] = "s", [TIME_UNIT_MS] = "ms", [TIME_UNIT_US] = "us", [TIME_UNIT_NS] = "ns"};

int time_unit_exponent(enum time_unit unit)
{
	return -3 * (int)unit;
}

int time_unit_parse(const char *text, enum time_unit *out)
{
	for (size_t i = 0; i < sizeof(unit_names) / sizeof(unit_names[0]); i++) {
		if (!strcmp(text, unit_names[i])) {
			*out = (enum time_unit)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Exactly `width` digits at *text, which moves past them; -1 otherwise. */
static int digits(const char **text, int width)
{
	int value = 0;

	for (int i = 0; i < width; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

static bool eat(const char **text, const char *any_of)
{
	if (!**text || !strchr(any_of, **text))
		return false;
	(*text)++;
	return true;
}

/* Days from 1970-01-01 in the proleptic Gregorian calendar: years start in March, so that the leap day is the last. */
static int64_t days_from_civil(int year, int month, int day)
{
	int y = year - (month <= 2);
	int era = y / 400, of_era = y - era * 400;
	int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* "Z" or "+hh:mm" to the end of the text → seconds east of UTC. */
static int parse_zone(const char *text, int64_t *east_s)
{
	bool west = *text == '-';
	int hours, minutes;

	*east_s = 0;
	if (eat(&text, "Zz"))
		return *text ? -EINVAL : 0;
	if (!eat(&text, "+-"))
		return -EINVAL;
	hours = digits(&text, 2);
	eat(&text, ":");
	minutes = hours < 0 ? -1 : digits(&text, 2);
	if (hours > 23 || minutes < 0 || minutes > 59 || *text)
		return -EINVAL;
	*east_s = (hours * 60 + minutes) * (west ? -60 : 60);
	return 0;
}

/* Each field is read only where the one before it was good: digits() stops at the text's end. */
int timestamp_parse_iso(const char *text, int64_t *out)
{
	int year, month, day, hour, minute, second;
	int64_t ns = 0, scale = 100000000, east_s, seconds;

	if ((year = digits(&text, 4)) < 1 || !eat(&text, "-") || (month = digits(&text, 2)) < 1 || month > 12 ||
	    !eat(&text, "-") || (day = digits(&text, 2)) < 1 || day > days_in_month(year, month) || !eat(&text, "Tt ") ||
	    (hour = digits(&text, 2)) < 0 || hour > 23 || !eat(&text, ":") || (minute = digits(&text, 2)) < 0 ||
	    minute > 59 || !eat(&text, ":") || (second = digits(&text, 2)) < 0 || second > 60)
		return -EINVAL;
	if (eat(&text, ".,")) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		for (; *text >= '0' && *text <= '9'; text++, scale /= 10)
			ns += scale * (*text - '0');
	}
	if (parse_zone(text, &east_s))
		return -EINVAL;
	seconds = days_from_civil(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - east_s;
	if (__builtin_mul_overflow(seconds, INT64_C(1000000000), out) || __builtin_add_overflow(*out, ns, out))
		return -ERANGE;
	return 0;
}
