// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Base64 (the vectors of RFC 4648 section 10) and wide integers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/base64.h"
#include "base/wide.h"

static void test_base64(void **state)
{
	static const char *const good[][2] = {
		{"", ""},	       {"Zg==", "f"},	      {"Zm8=", "fo"},	  {"Zm9v", "foo"},
		{"Zm9vYg==", "foob"}, {"Zm9vYmE=", "fooba"}, {"Zm9vYmFy", "foobar"}, {"Zm9vYg", "foob"}, /* without padding */
		{"+/+/", "\xfb\xff\xbf"},
	};
	static const char *const bad[] = {"Z", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "====", "Zm 9v", "Zm9v\n", "Zm-_", "=Zg="};
	uint8_t out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(base64_decode(good[i][0], strlen(good[i][0]), out, sizeof(out)), strlen(good[i][1]));
		assert_memory_equal(out, good[i][1], strlen(good[i][1]));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(base64_decode(bad[i], strlen(bad[i]), out, sizeof(out)), -1);
	assert_int_equal(base64_decode("Zm9vYmFy", 8, out, 6), 6);
	assert_int_equal(base64_decode("Zm9vYmFy", 8, out, 5), -1);
}

static void test_wide(void **state)
{
	uint8_t word[WIDE_MAX];
	char text[WIDE_TEXT];

	(void)state;
	memset(word, 0xff, sizeof(word));
	wide_text(word, 32, false, text);
	assert_string_equal(text, "115792089237316195423570985008687907853269984665640564039457584007913129639935");
	wide_text(word, 32, true, text);
	assert_string_equal(text, "-1");
	wide_text(word, 16, false, text);
	assert_string_equal(text, "340282366920938463463374607431768211455");
	memset(word, 0, sizeof(word));
	wide_text(word, 32, true, text);
	assert_string_equal(text, "0");
	wide_text(word, 0, true, text);
	assert_string_equal(text, "0");
	word[0] = 0x80; /* the least of them: its magnitude has no positive counterpart */
	wide_text(word, 16, true, text);
	assert_string_equal(text, "-170141183460469231731687303715884105728");
	wide_text(word, 1, true, text);
	assert_string_equal(text, "-128");
	wide_text(word, 1, false, text);
	assert_string_equal(text, "128");
}

static void test_wide_parse(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		bool good;
	} cases[] = {
		{"0", 32, true},   {"-1", 32, true},	{"123456789012345678901234567890", 16, true}, {"255", 1, true},
		{"256", 1, false}, {"-128", 1, true},	{"-129", 1, false},			      {"", 4, false},
		{"-", 4, false},   {"+1", 4, false},	{"1.5", 4, false},			      {"12a", 4, false},
		{"-170141183460469231731687303715884105728", 16, true}, {"340282366920938463463374607431768211456", 16, false},
	};
	uint8_t bytes[WIDE_MAX];
	char text[WIDE_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(wide_parse(cases[i].text, bytes, cases[i].len), cases[i].good);
		if (!cases[i].good)
			continue;
		wide_text(bytes, cases[i].len, cases[i].text[0] == '-', text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_wide_parse),
	};

	return cmocka_run_group_tests_name("base_encodings", tests, NULL, NULL);
}
