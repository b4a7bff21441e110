// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Integers of 256 bits, beside the compiler's own of 128 and numbers that are known. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/u256.h"

typedef unsigned __int128 u128;

static struct u256 parsed(const char *text)
{
	struct u256 value;

	assert_true(u256_parse(text, &value));
	return value;
}

static void is(struct u256 value, const char *wanted)
{
	char text[WIDE_TEXT];

	assert_false(value.overflow);
	u256_text(value, text);
	assert_string_equal(text, wanted);
}

static const char max_text[] = "115792089237316195423570985008687907853269984665640564039457584007913129639935";

static void text_goes_in_and_out(void **state)
{
	static const char *const good[] = {"0", "1", "18446744073709551615", "18446744073709551616", "340282366920938463463374607431768211456", max_text};
	static const char *const bad[] = {"", "-1", "1.0", "0x1", "115792089237316195423570985008687907853269984665640564039457584007913129639936"};
	struct u256 value;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		is(parsed(good[i]), good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(u256_parse(bad[i], &value));
	is(u256_max(), max_text);
	is(u256_power_of_ten(27), "1000000000000000000000000000");
	assert_true(u256_power_of_ten(78).overflow);
}

static void what_does_not_fit_says_so(void **state)
{
	struct u256 max = u256_max(), one = u256(1), over = u256_add(max, one), two_128 = parsed("340282366920938463463374607431768211456");

	(void)state;
	assert_true(over.overflow);
	assert_true(u256_sub(u256(0), one).overflow);
	assert_true(u256_mul(two_128, two_128).overflow);
	assert_false(u256_mul(two_128, u256_sub(two_128, one)).overflow);
	assert_true(u256_mul(max, u256(2)).overflow);
	assert_true(u256_div(one, u256(0), U256_DOWN).overflow);
	/* half up adds before it divides, as the contracts do */
	assert_true(u256_div(max, u256(3), U256_HALF_UP).overflow);
	is(u256_div(max, u256(3), U256_DOWN), "38597363079105398474523661669562635951089994888546854679819194669304376546645");
	/* and it stays */
	assert_true(u256_add(over, one).overflow);
	assert_true(u256_sub(max, over).overflow);
	assert_true(u256_mul(over, one).overflow);
	assert_true(u256_div(over, one, U256_UP).overflow);
	is(u256_mul(max, one), max_text);
	is(u256_div(max, max, U256_DOWN), "1");
}

static void rounding(void **state)
{
	static const struct {
		uint64_t a, b, down, half_up, up;
	} cases[] = {{7, 2, 3, 4, 4}, {6, 2, 3, 3, 3}, {10, 3, 3, 3, 4}, {11, 3, 3, 4, 4}, {0, 5, 0, 0, 0}, {4, 9, 0, 0, 1}, {5, 9, 0, 1, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct u256 a = u256(cases[i].a), b = u256(cases[i].b);

		assert_int_equal(u256_div(a, b, U256_DOWN).limb[0], cases[i].down);
		assert_int_equal(u256_div(a, b, U256_HALF_UP).limb[0], cases[i].half_up);
		assert_int_equal(u256_div(a, b, U256_UP).limb[0], cases[i].up);
	}
}

static uint64_t next(uint64_t *seed) /* splitmix64; every bit length is met */
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z >> (*seed % 64);
}

static struct u256 of_128(u128 value)
{
	struct u256 out = u256((uint64_t)value);

	out.limb[1] = (uint64_t)(value >> 64);
	return out;
}

static void like_the_compiler(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		uint64_t x = next(&seed), y = next(&seed);
		u128 a = (u128)next(&seed) << 64 | next(&seed), b = (u128)next(&seed) << 64 | next(&seed) | 1;
		struct u256 product = u256_mul(of_128(a), of_128(b));

		assert_int_equal(u256_compare(u256_mul(u256(x), u256(y)), of_128((u128)x * y)), 0);
		assert_int_equal(u256_compare(u256_div(of_128(a), of_128(b), U256_DOWN), of_128(a / b)), 0);
		assert_int_equal(u256_compare(of_128(a), of_128(b)), a < b ? -1 : a > b);
		/* beyond its 128 bits: a·b/b, and with a rest that is as large as it can be */
		assert_false(product.overflow);
		assert_int_equal(u256_compare(u256_div(product, of_128(b), U256_UP), of_128(a)), 0);
		product = u256_add(product, of_128(b - 1));
		assert_int_equal(u256_compare(u256_div(product, of_128(b), U256_DOWN), of_128(a)), 0);
		assert_int_equal(u256_compare(u256_sub(product, of_128(b - 1)), u256_mul(of_128(b), of_128(a))), 0);
	}
	/* a divisor that uses the highest bit: the rest is doubled beyond 256 bits */
	is(u256_div(u256_max(), u256_sub(u256_max(), u256(1)), U256_UP), "2");
	assert_true(u256_double(parsed("1000000000000000000000000000")) == 1e27);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_goes_in_and_out),
		cmocka_unit_test(what_does_not_fit_says_so),
		cmocka_unit_test(rounding),
		cmocka_unit_test(like_the_compiler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
