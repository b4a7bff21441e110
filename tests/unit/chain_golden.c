// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Real transactions, read from PRICELAG_DATA: a log of Pyth, and the OCR1 transmissions of two mainnet blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "chain_node.h"

static struct json_object *read_data(const char *name)
{
	const char *folder = getenv("PRICELAG_DATA");
	struct json_object *root;
	struct error err;
	char path[512];
	uint8_t *data;
	size_t len;
	FILE *in;

	snprintf(path, sizeof(path), "%s/%s", folder ? folder : "../shared/data", name);
	in = fopen(path, "rb");
	if (!in) {
		printf("skip: %s is not there\n", path);
		skip();
	}
	data = malloc(2 << 20);
	assert_non_null(data);
	len = fread(data, 1, 2 << 20, in);
	fclose(in);
	if (json_read(&root, data, len, &err))
		fail_msg("%s: %s", path, err.text);
	free(data);
	return root;
}

static void test_pyth_log(void **state)
{
	struct json_object *root = read_data("oracle/eth_log_pyth_pricefeedupdate.json");
	const char *id = json_text(json_at(root, "/topics/1"));
	char topics[400];
	struct node node;
	struct node_log log = {.address = json_text(json_member(root, "address")),
			       .topics = topics,
			       .data = json_text(json_member(root, "data")) + 2,
			       .block = 12345,
			       .tx = 1,
			       .branch = 'a'};

	(void)state;
	node_start(&node, true);
	strcpy(node.oracles[1].id, id + 2);
	hex_decode(log.address, strlen(log.address), node.oracles[1].address, 20);
	snprintf(topics, sizeof(topics), "\"%s\",\"%s\"", json_text(json_at(root, "/topics/0")), id);
	node_log(&node, &log);
	assert_int_equal(node.update_count, 1);
	assert_string_equal(node.updates[0].message.id, id + 2);
	assert_string_equal(node.updates[0].message.key, json_object_get_string(json_at(root, "/decoded/publishTime")));
	assert_string_equal(node.updates[0].message.mantissa, json_object_get_string(json_at(root, "/decoded/price")));
	assert_int_equal(node.updates[0].message.published_ns, 1718645479000000000);
	node_stop(&node);
	json_object_put(root);
}

static unsigned long low_64(const char *word)
{
	char number[17] = "";

	memcpy(number, word + 48, 16);
	return strtoul(number, NULL, 16);
}

/* transmit(bytes report, …): the report is rawReportContext, observers, int192[] observations; the contract answers the middle one. */
static void ocr1_data_of(const char *calldata, char *data, size_t size)
{
	unsigned long report, list, count;
	const char *words = calldata + 2 + 8;

	report = low_64(words) / 32 + 1;
	list = report + low_64(words + (report + 2) * 64) / 32;
	count = low_64(words + list * 64);
	assert_in_range(list + count, 1, strlen(words) / 64 - 1);
	/* answer, transmitter, places of the two arrays, rawReportContext; the arrays themselves are not read */
	snprintf(data, size, "%.64s%064x%064x%064x%.64s", words + (list + 1 + count / 2) * 64, 0, 0xa0, 0xc0, words + report * 64);
}

static void check_block(const char *name, const char *const (*expected)[2], size_t expected_count)
{
	struct json_object *root = read_data(name), *traces = json_member(root, "traces");
	struct node node;
	unsigned found = 0;

	node_start(&node, true);
	for (size_t i = 0; i < json_object_array_length(traces); i++) {
		struct json_object *trace = json_object_array_get_idx(traces, i);
		const char *input = json_text(json_at(trace, "/action/input"));
		char data[5 * 64 + 1], topics[400];
		struct node_log log = {.topics = topics, .data = data, .block = 100, .branch = 'a'};

		if (!input || strncmp(input, "0xc9807539", 10) || json_member(trace, "error"))
			continue;
		log.address = json_text(json_at(trace, "/action/to"));
		log.tx = found;
		hex_decode(log.address, strlen(log.address), node.oracles[0].address, 20);
		ocr1_data_of(input, data, sizeof(data));
		snprintf(topics, sizeof(topics), "\"" OCR1 "\",\"0x%064x\"", found + 1);
		node_log(&node, &log);
		assert_in_range(found, 0, expected_count - 1);
		assert_string_equal(log.address, expected[found][0]);
		assert_string_equal(node.updates[found].message.mantissa, expected[found][1]);
		found++;
	}
	assert_int_equal(found, expected_count);
	assert_int_equal(node.update_count, expected_count);
	node_stop(&node);
	json_object_put(root);
}

/* The medians were decoded by another program. */
static void test_ocr1_transmissions_of_a_block(void **state)
{
	static const char *const expected[][2] = {
		{"0x63bba8b8c7bb3c2b2816d561b0deef8e99a477d4", "2706650296"},
		{"0x91401cedcbfd9680ce193a5f54e716504233e998", "344710000000000"},
		{"0x2715d13c40f322094311c282f58b021df64456ce", "33206174"},
		{"0x9adf01321833a5cba51b9f8a4c420c7e62481ae5", "2706650296"},
	};

	(void)state;
	check_block("ethereum/mevinspect_block_12483198.json", expected, 4);
}

static void test_the_transmission_before_a_liquidation(void **state)
{
	static const char *const expected[][2] = {{"0x158228e08c52f3e2211ccbc8ec275fa93f6033fc", "295309760000000"}};

	(void)state;
	check_block("ethereum/mevinspect_block_13244807.json", expected, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pyth_log),
		cmocka_unit_test(test_ocr1_transmissions_of_a_block),
		cmocka_unit_test(test_the_transmission_before_a_liquidation),
	};

	return cmocka_run_group_tests_name("chain_golden", tests, NULL, NULL);
}
