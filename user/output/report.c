// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The page as a whole: policy, header, sections in order, data and scripts. */
#include "output/report.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "output/page_assets.h"
#include "output/report_parts.h"
#include "version.h"

static const struct report_section *const sections[] = {
	&report_section_window, &report_section_stages, &report_section_timeline, &report_section_race,
	&report_section_model, &report_section_losses, &report_section_clock, &report_section_chain,
	&report_section_told, &report_section_slots, &report_section_inside,
	&report_section_readers,
};
#define SECTION_COUNT (sizeof(sections) / sizeof(sections[0]))

#define REASONS_SHOWN 8

/* ---- head ---- */

/* " 'sha256-…'": what the policy lets run or style. */
static void put_hash(FILE *out, const char *text)
{
	unsigned char digest[EVP_MAX_MD_SIZE], base64[2 * EVP_MAX_MD_SIZE];
	unsigned int len = 0;

	EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL);
	EVP_EncodeBlock(base64, digest, (int)len);
	fprintf(out, " 'sha256-%s'", base64);
}

static void write_head(const struct report *report, const char *site)
{
	FILE *out = report->out;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; form-action 'none';"
	      " script-src",
	      out);
	put_hash(out, page_uplot_js);
	put_hash(out, page_js);
	fputs("; style-src", out);
	put_hash(out, page_uplot_css);
	put_hash(out, page_css);
	fputs("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" content=\"no-referrer\">\n",
	      out);
	html_element(out, "title", NULL, "pricelag: %s", site);
	fprintf(out, "<style>%s</style>\n<style>%s</style>\n</head>\n<body>\n", page_uplot_css, page_css);
}

/* ---- header ---- */

/* The feed and asset with the most updates seen both on the wire and on chain; NULL: none. */
static const struct latency *headline(const struct report *report)
{
	const struct latency *best = NULL;

	for (size_t i = 0; i < report->latencies.count; i++) {
		const struct latency *l = &report->latencies.items[i];

		if (l->from == STAGE_WIRE && l->to == STAGE_SEEN && l->p50_ns != TIME_UNKNOWN && (!best || l->count > best->count))
			best = l;
	}
	return best;
}

static void fact(FILE *out, const char *term, const char *text)
{
	fputs("<div>", out);
	html_element(out, "dt", NULL, "%s", term);
	html_element(out, "dd", NULL, "%s", *text ? text : "not recorded");
	fputs("</div>\n", out);
}

/* "eth0:xdp-native,eth1:tc" → "eth0 by xdp-native, eth1 by tc". */
static void describe_hooks(const struct report *report, char *out, size_t size)
{
	char hooks[1024], *save = NULL;
	size_t len = 0;

	report_meta(report, "interfaces", hooks, sizeof(hooks));
	*out = '\0';
	for (char *one = strtok_r(hooks, ",", &save); one && len < size; one = strtok_r(NULL, ",", &save)) {
		char *hook = strrchr(one, ':');

		if (hook)
			*hook++ = '\0';
		len += (size_t)snprintf(out + len, size - len, "%s%s%s%s", len ? ", " : "", one, hook ? " by " : "", hook ? hook : "");
	}
}

static void write_facts(const struct report *report)
{
	char text[1200], start[FORMAT_MAX], length[FORMAT_MAX];
	bool replay = report_is_replay(report);
	FILE *out = report->out;

	fputs("<dl class=\"facts\">\n", out);
	snprintf(text, sizeof(text), "%.19s UTC, for %s", format_time(report->start_ns, start, sizeof(start)),
		 format_duration(report->end_ns - report->start_ns, length, sizeof(length)));
	fact(out, "Recorded", text);
	fact(out, "Site", report_meta(report, "site", text, sizeof(text)));
	fact(out, "Host", report_meta(report, "host", text, sizeof(text)));
	fact(out, "Kernel", report_meta(report, "kernel", text, sizeof(text)));
	describe_hooks(report, text, sizeof(text));
	if (!*text && replay)
		snprintf(text, sizeof(text), "none: replayed from capture files");
	fact(out, "Stamped on", text);
	clockmap_describe(report->clock, text, sizeof(text));
	fact(out, "Clock", replay ? "the captures' own stamps, taken as UTC" : text);
	snprintf(text, sizeof(text), "%s, %s",
		 report_plural(report_integer(report, "SELECT count(*) FROM feed"), "feed", start, sizeof(start)),
		 report_plural(report_integer(report, "SELECT (SELECT count(*) FROM oracle_message)"
					       " + (SELECT count(*) FROM block_message)"),
			       "message", length, sizeof(length)));
	fact(out, "Heard", text);
	snprintf(text, sizeof(text), "%s in %s",
		 report_plural(report_integer(report, "SELECT count(*) FROM (SELECT DISTINCT address, block_hash, tx_hash, log_index,"
						     "  iif(block_hash = '', block_number || ' ' || ifnull(key, ''), NULL)" /* Solana */
						     " FROM chain_update WHERE NOT removed)"),
			       "update", start, sizeof(start)),
		 report_plural(report_integer(report, "SELECT count(DISTINCT iif(hash = '', number, hash)) FROM chain_block"), "block",
			       length, sizeof(length)));
	fact(out, "On chain", text);
	fputs("</dl>\n", out);
}

static void write_verdict(const struct report *report)
{
	char *copy, *save = NULL;
	size_t count = 0;
	FILE *out = report->out;

	if (!*report->reasons) {
		fputs("<div class=\"notice good\">\n", out);
		if (report_prices_expected(report))
			report_say(report, "These figures can be trusted as they stand: nothing was lost, the clocks are good enough "
					   "for what is compared, and there are samples enough.");
		else
			report_say(report, "Nothing was lost. Beside each figure stands of how many blocks it was made.");
		fputs("</div>\n", out);
		return;
	}
	fputs("<div class=\"notice\" role=\"note\"><strong>Read these figures with care.</strong>\n<ul>\n", out);
	copy = strdup(report->reasons);
	for (char *one = copy ? strtok_r(copy, "\n", &save) : NULL; one; one = strtok_r(NULL, "\n", &save)) {
		if (count++ == REASONS_SHOWN)
			fputs("</ul><details><summary>More of the same kind</summary><ul>\n", out);
		html_element(out, "li", NULL, "%s", one);
	}
	free(copy);
	fputs(count > REASONS_SHOWN ? "</ul></details></div>\n" : "</ul></div>\n", out);
}

static void write_header(const struct report *report, const char *site)
{
	const struct latency *main_window = headline(report);
	char p50[FORMAT_MAX];
	FILE *out = report->out;

	fputs("<header class=\"top\">\n", out);
	html_element(out, "p", "kicker", "pricelag report · %s", site);
	if (main_window)
		html_element(out, "h1", NULL, "%s was known here %s before the chain had it",
			     *main_window->asset ? main_window->asset : "A price",
			     format_duration(main_window->p50_ns, p50, sizeof(p50)));
	else
		html_element(out, "h1", NULL, "How late prices and blocks reached %s", site);
	write_facts(report);
	write_verdict(report);
	fputs("</header>\n<nav aria-label=\"Sections\"><ul>\n", out);
	for (size_t i = 0; i < SECTION_COUNT; i++) {
		if (sections[i]->present(report))
			fprintf(out, "<li><a href=\"#%s\">%s</a></li>\n", sections[i]->id, sections[i]->link);
	}
	fputs("<li><a href=\"#about\">About</a></li>\n</ul></nav>\n", out);
}

/* ---- end ---- */

static int write_about(struct report *report)
{
	static const struct table_column columns[] = {{"key", "key", TABLE_LEFT}, {"value", "value", TABLE_LEFT}};
	struct table *table = table_new(columns, 2);
	sqlite3_stmt *rows = report_query(report, "SELECT key, value FROM session ORDER BY key");
	FILE *out = report->out;
	int step = SQLITE_ERROR;

	fputs("<section id=\"about\"><h2>About this page</h2>\n", out);
	report_say(report, "A latency is always from one stage to another of the same update; the stages are:");
	fputs("<dl class=\"facts\">\n", out);
	for (int i = 0; i < STAGE_MAX; i++)
		fact(out, stages[i].name, stages[i].meaning);
	fputs("</dl>\n", out);
	report_say(report, "Quantiles are Kaplan–Meier estimates: an update that had not landed when the session ended counts as "
			   "one that lasts at least that long. Intervals hold with 95 %% probability and assume nothing about the "
			   "shape of the distribution. “–” is unknown, or more than the data can tell; it is never zero.");
	fputs("<p class=\"keys\">In a plot: drag to zoom, double-click for the whole range; with the keyboard <kbd>←</kbd> "
	      "<kbd>→</kbd> move the cursor, <kbd>+</kbd> <kbd>−</kbd> zoom, <kbd>Shift</kbd>+<kbd>←</kbd> <kbd>→</kbd> "
	      "scroll, <kbd>0</kbd> shows all. Plots over time are zoomed together. A name in a legend hides its curve.</p>\n"
	      "<details><summary>All that the session says about itself</summary>\n",
	      out);
	while (rows && (step = sqlite3_step(rows)) == SQLITE_ROW) {
		table_text(table, column_text(rows, 0));
		table_text(table, column_text(rows, 1));
	}
	html_table(out, table);
	table_free(table);
	fputs("</details>\n<details><summary>Licence of uPlot, which draws the plots</summary>\n", out);
	html_element(out, "pre", NULL, "%s", page_uplot_license);
	fputs("</details></section>\n", out);
	return rows ? report_query_end(report, rows, step) : -EIO;
}

static void write_scripts(const struct report *report)
{
	struct json_object *data = json_object_new_object();
	FILE *out = report->out;

	json_add_number(data, "start_s", (double)report->start_ns / 1e9);
	json_add(data, "plots", json_object_get(report->plots));
	fputs("<script type=\"application/json\" id=\"data\">", out);
	html_json(out, data);
	fprintf(out, "</script>\n<script>%s</script>\n<script>%s</script>\n</body>\n</html>\n", page_uplot_js, page_js);
	json_object_put(data);
}

static int write_page(struct report *report)
{
	char site[256];
	int status = 0;

	report_meta(report, "site", site, sizeof(site));
	if (!*site)
		snprintf(site, sizeof(site), "this site");
	write_head(report, site);
	write_header(report, site);
	fputs("<main>\n<noscript><p class=\"notice\">The plots need JavaScript; every figure is in the tables.</p></noscript>\n",
	      report->out);
	for (size_t i = 0; i < SECTION_COUNT && !status; i++) {
		if (!sections[i]->present(report))
			continue;
		fprintf(report->out, "<section id=\"%s\"><h2>%s</h2>\n", sections[i]->id, sections[i]->title);
		status = sections[i]->write(report);
		fputs("</section>\n", report->out);
	}
	if (!status)
		status = write_about(report);
	fputs("</main>\n", report->out);
	html_element(report->out, "footer", NULL, "Written by pricelag %s. This page is complete in itself and asks the network "
						  "for nothing.", PL_VERSION);
	write_scripts(report);
	return status;
}

static void find_span(struct report *report)
{
	report->start_ns = report_integer(report, "SELECT CAST(value AS INTEGER) FROM session WHERE key = 'start_ns'");
	report->end_ns = report_integer(report, "SELECT CAST(value AS INTEGER) FROM session WHERE key = 'end_ns'");
	if (report->start_ns == TIME_UNKNOWN)
		report->start_ns = clockmap_utc(report->clock, report_integer(report, "SELECT min(mono_ns) FROM clock"));
	if (report->end_ns == TIME_UNKNOWN)
		report->end_ns = clockmap_utc(report->clock, report_integer(report, "SELECT max(mono_ns) FROM clock"));
}

int report_write(sqlite3 *db, struct json_object *model, FILE *out, char *reasons, size_t reasons_size,
		 struct error *err)
{
	struct report report = {.db = db, .out = out, .model = model, .reasons = reasons, .err = err};
	int status;

	*reasons = '\0';
	status = latency_figures(db, NULL, NULL, &report.latencies, err);
	if (status)
		return status;
	status = clockmap_load(&report.clock, db, err);
	if (status) {
		latency_list_free(&report.latencies);
		return status;
	}
	find_span(&report);
	latency_untrusted(db, report_prices_expected(&report) ? &report.latencies : NULL, reasons, reasons_size);
	report.plots = json_object_new_array();
	status = write_page(&report);
	if (!status && (fflush(out) || ferror(out)))
		status = error_set(err, -EIO, "cannot write the page: %s", strerror(errno));
	json_object_put(report.plots);
	clockmap_free(report.clock);
	latency_list_free(&report.latencies);
	return status;
}
