// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/conf.h"
#include "base/duration.h"
#include "base/hex.h"

static char path[64];

static struct conf_file *open_text(const char *text, struct error *err)
{
	struct conf_file *file = NULL;
	int fd;

	strcpy(path, "/tmp/pl-conf-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	conf_open(&file, path, err);
	unlink(path);
	return file;
}

static void reads_nested_values(void **state)
{
	struct error err;
	struct conf_file *file = open_text("a: 1\nlist:\n  - {name: x, d: 1.5s}\n  - {name: y}\n", &err);
	struct conf list = conf_get(conf_root(file), "list");
	uint64_t number;
	int64_t ns;
	char text[8];

	(void)state;
	assert_int_equal(conf_read_uint(conf_get(conf_root(file), "a"), 0, 9, &number, &err), 0);
	assert_int_equal(number, 1);
	assert_int_equal(conf_count(list), 2);
	assert_int_equal(conf_read_duration_ns(conf_get(conf_at(list, 0), "d"), &ns, &err), 0);
	assert_int_equal(ns, 1500000000);
	assert_int_equal(conf_read_text(conf_get(conf_at(list, 1), "name"), text, sizeof(text), &err), 0);
	assert_string_equal(text, "y");
	assert_false(conf_exists(conf_get(conf_at(list, 1), "d")));
	conf_close(file);
}

/* As in shells and compilers: a name stands in a file, and is looked for from there. */
static void files_are_named_from_the_file(void **state)
{
	static const struct {
		const char *file, *value, *path;
	} cases[] = {
		{"a/b/model.yaml", "book.csv", "a/b/book.csv"}, {"/x/model.yaml", "../book.csv", "/x/../book.csv"},
		{"model.yaml", "book.csv", "book.csv"},		{"a/model.yaml", "/data/book.csv", "/data/book.csv"},
	};
	struct conf_file *file;
	struct error err;
	char out[64], text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "csv: %s\n", cases[i].value);
		assert_int_equal(conf_open_text(&file, cases[i].file, text, &err), 0);
		assert_int_equal(conf_read_path(conf_get(conf_root(file), "csv"), out, sizeof(out), &err), 0);
		assert_string_equal(out, cases[i].path);
		assert_int_equal(conf_read_path(conf_get(conf_root(file), "csv"), out, 8, &err), -EINVAL);
		assert_non_null(strstr(err.text, "too long"));
		conf_close(file);
	}
	assert_int_equal(conf_open_text(&file, "model.yaml", "csv: [a]\n", &err), 0);
	assert_int_equal(conf_read_path(conf_get(conf_root(file), "csv"), out, sizeof(out), &err), -EINVAL);
	assert_string_equal(err.text, "model.yaml:1: csv: should be the name of a file");
	conf_close(file);
}

static void names_the_place_of_a_mistake(void **state)
{
	struct error err;
	struct conf_file *file = open_text("feeds:\n  - name: x\n  - name: y\n    port: nine\n", &err);
	struct conf port = conf_get(conf_at(conf_get(conf_root(file), "feeds"), 1), "port");
	char expected[160];
	uint64_t number;

	(void)state;
	assert_int_equal(conf_read_uint(port, 1, 9, &number, &err), -22);
	snprintf(expected, sizeof(expected), "%s:4: feeds[1].port: 'nine' is not a whole number from 1 to 9", path);
	assert_string_equal(err.text, expected);
	conf_close(file);
}

static void rejects_unknown_and_double_keys(void **state)
{
	struct error err;
	struct conf_file *file = open_text("good: 1\nbda: 2\n", &err);

	(void)state;
	conf_get(conf_root(file), "good");
	assert_int_equal(conf_reject_unknown(conf_root(file), "good, bad", &err), -22);
	assert_non_null(strstr(err.text, ":2: bda: unknown key 'bda'; allowed: good, bad"));
	conf_close(file);
	assert_null(open_text("a: 1\na: 2\n", &err));
	assert_non_null(strstr(err.text, ":2: a: the key 'a' is there twice"));
}

static void refuses_what_is_not_yaml(void **state)
{
	struct error err;

	(void)state;
	assert_null(open_text("a: [1, 2\nb: 3\n", &err));
	assert_non_null(strstr(err.text, "not valid YAML"));
	assert_null(open_text("", &err));
	assert_non_null(strstr(err.text, "empty"));
	assert_null(open_text("? [a]\n: 1\n", &err));
	assert_non_null(strstr(err.text, "not plain text"));
}

static void survives_an_alias_to_itself(void **state)
{
	struct error err;
	struct conf_file *file = open_text("a: &x [*x, 1]\n", &err);

	(void)state;
	if (!file) /* libyaml may refuse it: then the message says so */
		assert_non_null(strstr(err.text, path));
	else
		assert_int_equal(conf_error(conf_at(conf_get(conf_root(file), "a"), 0), &err, "here"), -22);
	conf_close(file);
}

static void parses_durations(void **state)
{
	int64_t ns;

	(void)state;
	assert_int_equal(duration_parse("150ms", &ns), 0);
	assert_int_equal(ns, 150000000);
	assert_int_equal(duration_parse("0s", &ns), 0);
	assert_int_equal(ns, 0);
	assert_int_equal(duration_parse("7d", &ns), 0);
	assert_int_equal(ns, 7LL * 86400 * 1000000000);
	assert_int_equal(duration_parse("1", &ns), -22);
	assert_int_equal(duration_parse("1 s", &ns), -22);
	assert_int_equal(duration_parse("s", &ns), -22);
	assert_int_equal(duration_parse("-1s", &ns), -34);
	assert_int_equal(duration_parse("nans", &ns), -34);
	assert_int_equal(duration_parse("1e30d", &ns), -34);
}

static void decodes_hex(void **state)
{
	uint8_t out[4];
	char text[9];

	(void)state;
	assert_int_equal(hex_decode("0xDEADbeef", 10, out, sizeof(out)), 4);
	hex_encode(out, 4, text);
	assert_string_equal(text, "deadbeef");
	assert_int_equal(hex_decode("abc", 3, out, sizeof(out)), -1);
	assert_int_equal(hex_decode("zz", 2, out, sizeof(out)), -1);
	assert_int_equal(hex_decode("0011223344", 10, out, sizeof(out)), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_nested_values),
		cmocka_unit_test(files_are_named_from_the_file),	      cmocka_unit_test(names_the_place_of_a_mistake),
		cmocka_unit_test(rejects_unknown_and_double_keys), cmocka_unit_test(refuses_what_is_not_yaml),
		cmocka_unit_test(survives_an_alias_to_itself), cmocka_unit_test(parses_durations),
		cmocka_unit_test(decodes_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
