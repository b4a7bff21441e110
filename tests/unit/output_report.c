// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The page: hostile text stays text, nothing points outside, the policy allows exactly what is in it. */
#include "session_fixture.h"

#include <openssl/evp.h>

#include "output/html.h"
#include "output/page_assets.h"
#include "output/report.h"

#define HOSTILE "</script><script>alert(1)</script><!--'\"&"

static char *html_of(void (*write)(FILE *out))
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	write(out);
	fclose(out);
	return text;
}

static void write_text(FILE *out)
{
	html_text(out, "<a href='x'>\"&\" \033[2J\xff µ");
}

static void text_is_escaped(void **state)
{
	char *text = html_of(write_text);

	(void)state;
	assert_string_equal(text, "&lt;a href=&#39;x&#39;&gt;&quot;&amp;&quot; \xef\xbf\xbd[2J\xef\xbf\xbd µ");
	free(text);
}

static void write_element(FILE *out)
{
	html_element(out, "p", "soft", "%d of %s", 3, "<b>");
	html_element(out, "p", NULL, "%s", "100 %s");
}

static void elements_escape_what_was_formatted(void **state)
{
	char *text = html_of(write_element);

	(void)state;
	assert_string_equal(text, "<p class=\"soft\">3 of &lt;b&gt;</p>\n<p>100 %s</p>\n");
	free(text);
}

static void write_table(FILE *out)
{
	static const struct table_column columns[] = {{"a<b", "a", TABLE_LEFT}, {"n", "n", TABLE_RIGHT}};
	struct table *table = table_new(columns, 2);

	table_text(table, "</td>");
	table_duration(table, TIME_UNKNOWN);
	html_table(out, table);
	table_free(table);
}

static void tables_escape_their_cells(void **state)
{
	char *text = html_of(write_table);

	(void)state;
	assert_non_null(strstr(text, "<th>a&lt;b</th><th class=\"n\">n</th>"));
	assert_non_null(strstr(text, "<td>&lt;/td&gt;</td><td class=\"n\">–</td>"));
	free(text);
}

static void write_json(FILE *out)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "k</script>", json_object_new_string("</script><!--&\"\\"));
	html_json(out, object);
	json_object_put(object);
}

static void json_cannot_end_its_script(void **state)
{
	char *text = html_of(write_json);
	struct json_object *back;

	(void)state;
	assert_null(strpbrk(text, "<>&"));
	back = json_tokener_parse(text); /* and it still says the same */
	assert_string_equal(json_object_get_string(json_object_object_get(back, "k</script>")), "</script><!--&\"\\");
	json_object_put(back);
	free(text);
}

static void the_embedded_parts_fit_into_their_elements(void **state)
{
	const char *const parts[] = {page_css, page_js, page_uplot_css, page_uplot_js};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_null(strstr(parts[i], "</script"));
		assert_null(strstr(parts[i], "</style"));
		assert_null(strstr(parts[i], "<!--"));
		assert_null(strchr(parts[i], '\r')); /* a browser would hash it as a line feed */
	}
	assert_non_null(strstr(page_uplot_js, "var uPlot="));
	assert_non_null(strstr(page_uplot_license, "MIT License"));
	assert_non_null(strstr(page_uplot_license, "Leon Sorokin"));
}

/* ---- whole pages ---- */

static void fill_header(struct fixture *f)
{
	fixture_sql(f, "INSERT INTO session VALUES ('start_ns', '1763942711000000000'), ('end_ns', '1763942721000000000'),"
		       " ('start_mono_ns', '1000000000'), ('end_mono_ns', '11000000000'), ('kernel', '6.1'),"
		       " ('interfaces', 'eth0:xdp-native,eth1:tc')");
	fixture_sql(f, "INSERT INTO clock VALUES (1000000000, 1763942711000000000, 20, 1, 1000000, 'chrony'),"
		       " (11000000000, 1763942721000000000, 31, 1, 1200000, 'chrony')");
}

/* `count` messages of one feed and asset, each seen on chain 200 ms and 0 … count - 1 ms, in no order, after it was on the wire. */
static void fill_updates(struct fixture *f, const char *feed, const char *asset, int count)
{
	char *sql = sqlite3_mprintf("INSERT INTO feed VALUES (0, %Q, 'oracle', 'json', 'ws')", feed);

	fixture_sql(f, sql);
	sqlite3_free(sql);
	for (int i = 0; i < count; i++) {
		long long wire = 1100000000LL + 900000000LL / count * i * 8, seen = wire + 200000000 + i * 17 % count * 1000000LL;

		sql = sqlite3_mprintf("INSERT INTO oracle_message (id, feed_id, asset, message_id, key, mantissa, exponent, price, first_mono_ns,"
				      " wire_mono_ns, stall_ns, app_mono_ns, bytes) VALUES (%d, 0, %Q, 'x', '%d', '%d', 0, %d, %lld, %lld,"
				      " 0, %lld, 100)", i + 1, asset, i, 100 + i, 100 + i, wire, wire, wire + 40000 + i);
		fixture_sql(f, sql);
		sqlite3_free(sql);
		sql = sqlite3_mprintf("INSERT INTO chain_update VALUES (%d, 'eth', %Q, 'chainlink', '0x1', 'x', '%d', '%d', 0, %d, NULL,"
				      " %d, '0x%d', '0xt%d', 0, NULL, %lld, %lld, 0, 0)", i + 1, asset, i, 100 + i, 100 + i, i, i, i,
				      seen, seen + 100000);
		fixture_sql(f, sql);
		sqlite3_free(sql);
	}
}

static char *page_of(struct fixture *f, struct json_object *model, char *reasons, size_t size)
{
	struct error err = {""};
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (report_write(f->db, model, out, reasons, size, &err))
		fail_msg("%s", err.text);
	fclose(out);
	return text;
}

static size_t occurrences(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
		n++;
	return n;
}

static void hash_is_allowed(const char *page, const char *part)
{
	unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
	unsigned int len = 0;
	char hash[160];

	EVP_Digest(part, strlen(part), digest, &len, EVP_sha256(), NULL);
	EVP_EncodeBlock(base64, digest, (int)len);
	snprintf(hash, sizeof(hash), "'sha256-%s'", base64);
	assert_non_null(strstr(page, hash));
}

static void the_page_is_complete_in_itself(void **state)
{
	struct fixture f;
	char reasons[4096], *page, *policy_end;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	fixture_sql(&f, "INSERT INTO session VALUES ('site', 'fra1-a')");
	fill_updates(&f, "hermes", "ETH/USD", 40);
	page = page_of(&f, NULL, reasons, sizeof(reasons));

	assert_non_null(strstr(page, "content=\"default-src 'none'; base-uri 'none'; form-action 'none'; script-src 'sha256-"));
	policy_end = strstr(page, "; style-src 'sha256-");
	assert_non_null(policy_end);
	assert_null(strstr(page, "unsafe-inline"));
	hash_is_allowed(page, page_uplot_js);
	hash_is_allowed(page, page_js);
	hash_is_allowed(page, page_uplot_css);
	hash_is_allowed(page, page_css);
	/* the address in uPlot's own licence comment is the only one, and no element loads anything */
	assert_int_equal(occurrences(page, "https://"), 1);
	assert_int_equal(occurrences(page, "http://"), 0);
	assert_int_equal(occurrences(page, " src="), 0);
	assert_int_equal(occurrences(page, "<link"), 0);
	assert_int_equal(occurrences(page, "href=\"#"), occurrences(page, "href="));
	assert_int_equal(occurrences(page, "<script"), 3);
	assert_int_equal(occurrences(page, " style="), 0);
	assert_non_null(strstr(page, "MIT License"));
	free(page);
	fixture_remove(&f);
}

static void sentences_carry_the_sessions_figures(void **state)
{
	struct fixture f;
	char reasons[4096], *page;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	fixture_sql(&f, "INSERT INTO session VALUES ('site', 'fra1-a')");
	fixture_sql(&f, "INSERT OR REPLACE INTO loss VALUES ('hermes', 'unmapped', 3, 1)");
	fill_updates(&f, "hermes", "ETH/USD", 40);
	page = page_of(&f, NULL, reasons, sizeof(reasons));

	/* 200 … 239 ms: the 20th of 40 is 219 ms */
	assert_non_null(strstr(page, "<h1>ETH/USD was known here 219 ms before the chain had it</h1>"));
	assert_non_null(strstr(page, "For hermes ETH/USD whoever listens here knows an update 219 ms before"));
	assert_non_null(strstr(page, "median of 40 updates; 95 % interval "));
	assert_non_null(strstr(page, "2025-11-24 00:05:11 UTC, for 10.0 s"));
	assert_non_null(strstr(page, "eth0 by xdp-native, eth1 by tc"));
	assert_non_null(strstr(page, "Of 40 messages, 40 landed on chain"));
	assert_non_null(strstr(page, "an update corrects"));
	assert_non_null(strstr(page, "messages whose packet could not be found: wire is null"));
	assert_non_null(strstr(page, "UTC within ±1.20 ms, by chrony; inside this machine exact to ±31 ns"));
	assert_non_null(strstr(page, "at most ±1.20 ms (by chrony: |offset| + root dispersion"));
	assert_non_null(strstr(page, "by 2 readings, each exact to within ±31 ns"));
	assert_non_null(strstr(reasons, "hermes.unmapped 3"));
	assert_non_null(strstr(page, "<li>lost or unreadable: hermes.unmapped 3</li>"));
	free(page);
	fixture_remove(&f);
}

static void a_replay_claims_no_exact_clock(void **state)
{
	struct fixture f;
	char reasons[4096], *page;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	fixture_sql(&f, "INSERT OR REPLACE INTO session VALUES ('kind', 'replay')");
	fill_updates(&f, "hermes", "ETH/USD", 40);
	page = page_of(&f, NULL, reasons, sizeof(reasons));
	assert_non_null(strstr(page, "own stamps, taken as UTC"));
	assert_non_null(strstr(page, "no capture says how exact they are"));
	assert_null(strstr(page, "inside this machine exact to"));
	assert_null(strstr(page, "each exact to within"));
	free(page);
	fixture_remove(&f);
}

static void hostile_names_stay_text(void **state)
{
	struct fixture f;
	char reasons[4096], *page, *sql;
	struct json_object *model = json_tokener_parse(
		"{\"schema\":\"pricelag.model/1\",\"bad_debt\":{\"mean\":1},\"waterfall\":[{\"name\":\"</td><img src=x>\",\"absorbed_mean\":1}],"
		"\"sensitivity\":[{\"stage\":\"</p><script>\",\"bad_debt_per_ms\":2},7,null],"
		"\"groups\":[{\"name\":\"<img src=x>\",\"accounts\":-1e300,\"debt\":\"x\",\"bad_debt\":{\"mean\":1}},7,null],"
		"\"keepers\":[{\"name\":\"<img src=x>\",\"count\":-1e300,\"delay_p50_s\":\"x\",\"win_rate\":1e308},7,null],\"added_delay\":\"x\"}");

	(void)state;
	assert_non_null(model);
	fixture_session(&f);
	fill_header(&f);
	sql = sqlite3_mprintf("INSERT INTO session VALUES ('site', %Q), ('host', %Q); INSERT OR REPLACE INTO loss VALUES (%Q, %Q, 3, 1)",
			      HOSTILE, HOSTILE, HOSTILE, HOSTILE);
	fixture_sql(&f, sql);
	sqlite3_free(sql);
	fill_updates(&f, "feed" HOSTILE, "asset" HOSTILE, 10);
	page = page_of(&f, model, reasons, sizeof(reasons));

	assert_int_equal(occurrences(page, "<script"), 3);
	assert_int_equal(occurrences(page, "</script"), 3);
	assert_int_equal(occurrences(page, "<!--"), 0);
	assert_int_equal(occurrences(page, "<img"), 0);
	assert_non_null(strstr(page, "&lt;/script&gt;&lt;script&gt;alert(1)"));
	assert_non_null(strstr(page, "\\u003c/script\\u003e")); /* names of curves in the data */
	json_object_put(model);
	free(page);
	fixture_remove(&f);
}

/* The share that each group has, and the one that has most; what no path showed is a bound. */
static void groups_and_keepers(void **state)
{
	struct fixture f;
	char reasons[4096], *page;
	struct json_object *model = json_tokener_parse(
		"{\"schema\":\"pricelag.model/1\",\"bad_debt\":{\"mean\":40},\"liquidations\":{\"slippage_mean\":7,\"slippage_stderr\":0.25},"
		"\"decomposition\":{\"gap\":{\"mean\":0,\"stderr\":0},\"latency\":{\"mean\":40,\"stderr\":1}},\"engine\":\"maker\","
		"\"engine_source\":\"dog.sol\",\"regime\":{\"dominated_by\":\"tail\",\"latency_at_mean_delay\":3},\"groups\":["
		"{\"name\":\"whales\",\"accounts\":2,\"debt\":900,\"notional\":null,\"bad_debt\":{\"mean\":30,\"stderr\":2,\"probability\":0.25,\"var95\":60,\"var99\":70,\"var999\":75,"
		"\"es99\":80,\"es99_stderr\":9},\"liquidations\":{\"count_mean\":1.5}},"
		"{\"name\":null,\"accounts\":5,\"debt\":100,\"notional\":null,\"bad_debt\":{\"mean\":10,\"stderr\":1,\"probability\":0,\"probability_upper95\":0.003,"
		"\"var99\":0,\"es99\":0},\"liquidations\":{\"count_mean\":0}}],\"keepers\":["
		"{\"name\":\"own\",\"count\":1,\"capital\":null,\"delay_p50_s\":0.15,\"delay_p99_s\":2,\"win_rate\":0.25,\"win_rate_stderr\":0.01,"
		"\"liquidations_mean\":0.5,\"profit_mean\":90,\"profit_stderr\":4},{\"name\":\"bots\",\"count\":3,\"win_rate\":0.75}]}");

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	page = page_of(&f, model, reasons, sizeof(reasons));
	assert_non_null(strstr(page, "Of the expected bad debt 75 % is of the group “whales”, which has 90 % of all debt."));
	assert_non_null(strstr(page, "<tr><td>whales</td><td class=\"n\">2</td><td class=\"n\">900</td><td class=\"n\">90.0 %</td><td class=\"n\">30</td>"
				     "<td class=\"n\">2</td><td class=\"n\">75.0 %</td><td class=\"n\">25 %</td><td class=\"n\">60</td><td class=\"n\">70</td><td class=\"n\">75</td><td class=\"n\">80</td>"
				     "<td class=\"n\">9</td><td class=\"n\">1.5</td></tr>"));
	assert_non_null(strstr(page, "<tr><td>(no group)</td>"));
	assert_non_null(strstr(page, "<tr><td>own</td><td class=\"n\">1</td><td class=\"n\">–</td><td class=\"n\">150 ms</td><td class=\"n\">2.00 s</td>"
				     "<td class=\"n\">25.0 %</td><td class=\"n\">1.0 %</td><td class=\"n\">0.5</td><td class=\"n\">90</td><td class=\"n\">4</td></tr>"));
	assert_non_null(strstr(page, "<tr><td>bots</td>"));
	assert_non_null(strstr(page, "<td class=\"n\">&lt; 0.3 %</td><td class=\"n\">–</td>"));
	/* what no path shows is said to be that; who says so, and by which delays */
	assert_non_null(strstr(page, "none of the paths lost anything"));
	assert_non_null(strstr(page, "The tail of the delay makes it: were every delay the mean, latency would cost 3."));
	assert_non_null(strstr(page, "Rules of maker: dog.sol."));
	assert_non_null(strstr(page, "slippage, mean"));
	assert_non_null(strstr(page, "0.25"));
	json_object_put(model);
	free(page);
	fixture_remove(&f);
}

/* A price that the paths' noise may have made is not told as one; one that is sure of its sign is, whatever the sign. */
static void what_a_millisecond_costs(void **state)
{
	static const struct {
		const char *per_ms, *said;
	} cases[] = {
		{"0.002", "What a millisecond costs is below what these paths can tell"},
		{"0.5", "One millisecond more in the stage “oracle” adds 0.5 to the mean bad debt"},
		{"-0.5", "One millisecond more in the stage “oracle” adds -0.5 to the mean bad debt"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json_object *model;
		char text[400], reasons[4096], *page;
		struct fixture f;

		snprintf(text, sizeof(text), "{\"schema\":\"pricelag.model/1\",\"bad_debt\":{\"mean\":1},\"sensitivity\":["
			 "{\"stage\":\"oracle\",\"bad_debt_per_ms\":%s,\"stderr\":0.01},{\"stage\":\"keeper\",\"bad_debt_per_ms\":-1,\"stderr\":0.01}]}",
			 cases[i].per_ms);
		model = json_tokener_parse(text);
		assert_non_null(model);
		fixture_session(&f);
		fill_header(&f);
		page = page_of(&f, model, reasons, sizeof(reasons));
		assert_non_null(strstr(page, cases[i].said));
		json_object_put(model);
		free(page);
		fixture_remove(&f);
	}
}

/* Blocks of feeds of messages, and of two nodes of one network; the parts of a block that one of them carried twice. */
static void blocks_told_in_messages(void **state)
{
	struct fixture f;
	char reasons[4096], *page;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	fixture_sql(&f, "INSERT INTO feed VALUES (0, 'plain', 'block', 'flashblocks', 'ws'), (1, 'packed', 'block', 'flashblocks', 'ws');"
			"INSERT INTO chain VALUES (0, 'own', 'base'), (1, 'hired', 'base');"
			"INSERT INTO block_message (feed_id, kind, number, part, hash, first_mono_ns, wire_mono_ns, bytes) VALUES"
			" (0, 'flashblock', 7, 0, 'aa', 1000, 1000, 1), (0, 'flashblock', 7, 1, 'aa', 3000, 3000, 1),"
			" (1, 'flashblock', 7, 0, 'aa', 2000, 2000, 1), (1, 'flashblock', 7, 0, 'aa', 2500, 2500, 1);"
			"INSERT INTO chain_block VALUES ('own', 7, '0xbb', '0xaa', 0, 4000, 4000, NULL), ('hired', 7, '0xbb', '0xaa', 0, 9000, 9000, NULL)");
	page = page_of(&f, NULL, reasons, sizeof(reasons));
	assert_string_equal(reasons, ""); /* of prices there is nothing, and nothing is missing */
	assert_null(strstr(page, "id=\"window\""));
	assert_non_null(strstr(page, "2 feeds, 4 messages"));
	assert_non_null(strstr(page, "0 updates in 1 block"));
	assert_non_null(strstr(page, "plain told of 1 block in 2 messages; from the first packet about a block to the last message half took 2.00 µs"));
	assert_non_null(strstr(page, "packed told of 1 block in 2 messages"));
	assert_non_null(strstr(page, "heads of base: 1 came over more than one feed. own had 1 of them first, half of these by more than 5.00 µs."));
	free(page);
	fixture_remove(&f);
}

/* Of an account's updates the slot and the key are all that tells one from the next; of a slot not always a hash. */
static void updates_and_slots_of_solana_are_counted(void **state)
{
	struct fixture f;
	char reasons[4096], *page;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	fill_updates(&f, "hermes", "SOL/USD", 5);
	fixture_sql(&f, "UPDATE chain_update SET block_hash = '', tx_hash = '';"
			"INSERT INTO chain_block VALUES ('sol', 7, '', '', NULL, 1, 1, 1), ('sol', 8, '', '', NULL, 2, 2, 2), ('sol', 9, '8x', '', 0, 3, 3, 3)");
	page = page_of(&f, NULL, reasons, sizeof(reasons));
	assert_non_null(strstr(page, "5 updates in 3 blocks"));
	free(page);
	fixture_remove(&f);
}

static void transactions_inside_blocks_have_a_section(void **state)
{
	struct fixture f;
	char reasons[4096], *page;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	fixture_sql(&f, "INSERT INTO feed VALUES (0, 'turbine', 'block', 'solana-shred', 'udp'), (1, 'hermes', 'oracle', 'json', 'ws');"
			"INSERT INTO block_arrival (feed_id, number, first_mono_ns, last_mono_ns, packets, duplicates, data, code, repairs)"
			" VALUES (0, 7, 1100000000, 1100009000, 64, 0, 32, 32, 0);"
			"INSERT INTO oracle_message (feed_id, message_id, key, mantissa, wire_mono_ns, bytes)"
			" VALUES (1, 'aa', '5', '123', 1099004000, 1);"
			"INSERT INTO block_transaction (feed_id, number, entry, position, shred, signature, watch, block_wire_mono_ns,"
			" readable_mono_ns, recovered, message_id, key, mantissa) VALUES"
			" (0, 7, 0, 0, 0, 's1', '<b>pyth', 1100004000, 1100004000, 0, 'aa', '5', '123')");
	page = page_of(&f, NULL, reasons, sizeof(reasons));
	assert_non_null(strstr(page, "id=\"inside\""));
	assert_non_null(strstr(page, "&lt;b&gt;pyth: 1 transaction on turbine, half of them within 4.00 µs of their block"));
	assert_non_null(strstr(page, "1 price that they post had come over a feed of this session, half of them 1.00 ms or more before"));
	free(page);
	fixture_remove(&f);
}

static void an_empty_session_has_a_page(void **state)
{
	struct fixture f;
	char reasons[4096], *page;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	page = page_of(&f, NULL, reasons, sizeof(reasons));
	assert_non_null(strstr(page, "It cannot be told from this session: of 0 messages and 0 updates on chain none"));
	assert_non_null(strstr(reasons, "nothing to measure"));
	assert_null(strstr(page, "id=\"stages\""));
	assert_null(strstr(page, "id=\"slots\""));
	assert_null(strstr(page, "id=\"inside\""));
	assert_null(strstr(page, "id=\"model\""));
	free(page);
	fixture_remove(&f);
}

static void a_single_update_is_said_to_be_one(void **state)
{
	struct fixture f;
	char reasons[4096], *page;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	fill_updates(&f, "hermes", "ETH/USD", 1);
	page = page_of(&f, NULL, reasons, sizeof(reasons));
	assert_non_null(strstr(page, "The one update of hermes ETH/USD that was seen on both sides was known here 200 ms"));
	assert_non_null(strstr(page, "Only one update of hermes ETH/USD has both stages: it took 200 ms."));
	assert_null(strstr(page, "\"kind\":\"cdf\"")); /* one step is no curve */
	free(page);
	fixture_remove(&f);
}

static void large_sessions_are_thinned_and_say_so(void **state)
{
	struct fixture f;
	char reasons[4096], *page;

	(void)state;
	fixture_session(&f);
	fill_header(&f);
	fixture_sql(&f, "INSERT INTO feed VALUES (0, 'hermes', 'oracle', 'json', 'ws')");
	fixture_sql(&f, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
			" INSERT INTO oracle_message (id, feed_id, asset, message_id, key, mantissa, exponent, price, first_mono_ns, wire_mono_ns,"
			" stall_ns, app_mono_ns, bytes) SELECT i, 0, 'ETH/USD', 'x', i, i, 0, i, 1100000000 + i * 400000,"
			" 1100000000 + i * 400000, 0, 1100000000 + i * 400000 + 40000 + i % 97, 100 FROM n");
	/* the one outlier must be drawn */
	fixture_sql(&f, "UPDATE oracle_message SET app_mono_ns = wire_mono_ns + 7654321 WHERE id = 12345");
	page = page_of(&f, NULL, reasons, sizeof(reasons));
	assert_non_null(strstr(page, " of 20000 updates are drawn"));
	assert_non_null(strstr(page, ",7654321,"));
	assert_true(strlen(page) < 400000);
	free(page);
	fixture_remove(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(elements_escape_what_was_formatted),
		cmocka_unit_test(tables_escape_their_cells),
		cmocka_unit_test(json_cannot_end_its_script),
		cmocka_unit_test(the_embedded_parts_fit_into_their_elements),
		cmocka_unit_test(the_page_is_complete_in_itself),
		cmocka_unit_test(sentences_carry_the_sessions_figures),
		cmocka_unit_test(a_replay_claims_no_exact_clock),
		cmocka_unit_test(hostile_names_stay_text),
		cmocka_unit_test(groups_and_keepers),
		cmocka_unit_test(blocks_told_in_messages),
		cmocka_unit_test(updates_and_slots_of_solana_are_counted),
		cmocka_unit_test(transactions_inside_blocks_have_a_section),
		cmocka_unit_test(what_a_millisecond_costs),
		cmocka_unit_test(an_empty_session_has_a_page),
		cmocka_unit_test(a_single_update_is_said_to_be_one),
		cmocka_unit_test(large_sessions_are_thinned_and_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
