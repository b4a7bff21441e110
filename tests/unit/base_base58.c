// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/base58.h"
#include "base/hex.h"

/* Of Bitcoin Core's src/test/data/base58_encode_decode.json, and two addresses of Solana. */
static const struct {
	const char *hex, *text;
} cases[] = {
	{"", ""},
	{"61", "2g"},
	{"626262", "a3gV"},
	{"636363", "aPEr"},
	{"73696d706c792061206c6f6e6720737472696e67", "2cFupjhnEsSn59qHXstmK2ffpLv2"},
	{"00eb15231dfceb60925886b67d065299925915aeb172c06647", "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L"},
	{"516b6fcd0f", "ABnLTmg"},
	{"bf4f89001e670274dd", "3SEo3LWLoPntC"},
	{"572e4794", "3EFU7m"},
	{"ecac89cad93923c02321", "EJDM8drfXA6uyA"},
	{"10c8511e", "Rt5zm"},
	{"00000000000000000000", "1111111111"},
	{"0000000000000000000000000000000000000000000000000000000000000000", "11111111111111111111111111111111"},
	{"0761481d357474bb7c4d7624ebd3bdb3d8355e73d11043fc0da3538000000000", "Vote111111111111111111111111111111111111111"},
};

static void test_both_ways(void **state)
{
	uint8_t bytes[BASE58_BYTES_MAX], back[BASE58_BYTES_MAX];
	char text[BASE58_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t len = (size_t)hex_decode(cases[i].hex, strlen(cases[i].hex), bytes, sizeof(bytes));

		base58_encode(bytes, len, text);
		assert_string_equal(text, cases[i].text);
		assert_int_equal(base58_decode(cases[i].text, back, len), 0);
		assert_memory_equal(back, bytes, len);
	}
}

static void test_the_longest(void **state)
{
	uint8_t bytes[BASE58_BYTES_MAX], back[BASE58_BYTES_MAX];
	char text[BASE58_TEXT_MAX];

	(void)state;
	memset(bytes, 0xff, sizeof(bytes));
	base58_encode(bytes, sizeof(bytes), text);
	assert_int_equal(strlen(text), BASE58_TEXT_MAX - 1);
	assert_int_equal(base58_decode(text, back, sizeof(back)), 0);
	assert_memory_equal(back, bytes, sizeof(bytes));
}

static void test_refuses(void **state)
{
	static const char *const strange[] = {"0", "O", "I", "l", "2g ", "a-b", "2g\xc3\xa9"};
	uint8_t out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(strange) / sizeof(strange[0]); i++)
		assert_int_equal(base58_decode(strange[i], out, sizeof(out)), -EINVAL);
	assert_int_equal(base58_decode("", out, 32), -ERANGE);
	assert_int_equal(base58_decode("2g", out, 32), -ERANGE);
	assert_int_equal(base58_decode("2g", out, 0), -ERANGE);
	assert_int_equal(base58_decode("1111111111111111111111111111111", out, 32), -ERANGE);
	assert_int_equal(base58_decode("111111111111111111111111111111111", out, 32), -ERANGE);
	assert_int_equal(base58_decode("zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", out, 32), -ERANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_ways),
		cmocka_unit_test(test_the_longest),
		cmocka_unit_test(test_refuses),
	};

	return cmocka_run_group_tests_name("base_base58", tests, NULL, NULL);
}
