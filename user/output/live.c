// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "output/live.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/format.h"
#include "output/loss_words.h"

#define PLAIN_EVERY_NS (10 * 1000000000LL)
#define NAME_WIDTH 14
#define STATE_WIDTH 16
#define LINE_MAX_BYTES 1024

#define BOLD "\033[1m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define YELLOW "\033[33m"
#define RESET "\033[0m"

struct rate {
	uint64_t count;
	double per_s;
	bool known; /* false before the second paint */
};

struct live {
	FILE *out;
	bool terminal, colour;
	int columns, rows;	 /* of the terminal */
	int painted;		 /* lines of the block that stand above the cursor */
	struct rate *rates;	 /* [feed] */
	size_t rate_count;
	int64_t last_mono_ns;	 /* of the last rate; 0 = none */
	int64_t plain_mono_ns;	 /* of the last plain lines; 0 = none */
	uint64_t plain_mark;	 /* fingerprint of states and losses in them */
	char *block;		 /* the last one drawn */
	FILE *canvas;		 /* writes to block */
	int lines;		 /* in the block */
};

struct live *live_new(FILE *out)
{
	struct live *live = calloc(1, sizeof(*live));

	if (!live)
		return NULL;
	live->out = out;
	live->terminal = isatty(fileno(out));
	live->colour = live->terminal && !getenv("NO_COLOR");
	return live;
}

static void measure(struct live *live)
{
	struct winsize size;

	live->columns = 80;
	live->rows = 24;
	if (!ioctl(fileno(live->out), TIOCGWINSZ, &size) && size.ws_col && size.ws_row) {
		live->columns = size.ws_col;
		live->rows = size.ws_row;
	}
}

/* The printable form of `text` in at most `width` columns; what is cut ends in "…". With `pad`, filled up with blanks. Returns out. */
static char *clip(const char *text, int width, bool pad, char *out, size_t size)
{
	char *printable = text_printable(text);
	int own = printable ? (int)utf8_width(printable) : 0, used = 0;
	int room = own > width ? width - 1 : width;
	size_t len = 0, taken;
	uint32_t cp;

	for (const char *at = printable; at && (taken = utf8_next(at, &cp)); at += taken) {
		char one[5] = "";
		int columns;

		memcpy(one, at, taken);
		columns = (int)utf8_width(one);
		if (used + columns > room || len + taken + sizeof("…") > size)
			break;
		memcpy(out + len, at, taken);
		len += taken;
		used += columns;
	}
	out[len] = '\0';
	if (own > width) {
		strcpy(out + len, "…");
		len += strlen("…");
		used++;
	}
	for (; pad && used < width && len + 1 < size; used++)
		out[len++] = ' ';
	out[len] = '\0';
	free(printable);
	return out;
}

/* One line of the block, cut to the terminal's width: a line that wraps would break the next repaint. */
static void put_line(struct live *live, const char *colour, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void put_line(struct live *live, const char *colour, const char *format, ...)
{
	char text[LINE_MAX_BYTES], shown[LINE_MAX_BYTES];
	va_list args;

	if (live->lines + 1 >= live->rows) /* would scroll the top away */
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	colour = live->colour ? colour : "";
	fprintf(live->canvas, "%s%s%s\033[K\n", colour, clip(text, live->columns, false, shown, sizeof(shown)),
		*colour ? RESET : "");
	live->lines++;
}

static char *format_elapsed(int64_t ns, char *out, size_t size)
{
	long long s = ns > 0 ? ns / 1000000000 : 0;

	if (s >= 86400)
		snprintf(out, size, "%lldd %02lld:%02lld:%02lld", s / 86400, s / 3600 % 24, s / 60 % 60, s % 60);
	else
		snprintf(out, size, "%02lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	return out;
}

static char *format_state(enum live_state state, int64_t since_mono_ns, int64_t now_mono_ns, char *out, size_t size)
{
	char time[FORMAT_MAX];
	int64_t for_ns = now_mono_ns - since_mono_ns;

	if (state == LIVE_LISTENING && since_mono_ns == TIME_UNKNOWN)
		snprintf(out, size, "no packet yet");
	else if (state == LIVE_LISTENING && for_ns < 2000000000)
		snprintf(out, size, "receiving");
	else if (state == LIVE_LISTENING)
		snprintf(out, size, "quiet %s", format_elapsed(for_ns, time, sizeof(time)));
	else if (since_mono_ns == TIME_UNKNOWN)
		snprintf(out, size, "%s", state == LIVE_UP ? "up" : "connecting");
	else
		snprintf(out, size, "%s %s", state == LIVE_UP ? "up" : "down", format_elapsed(for_ns, time, sizeof(time)));
	return out;
}

static const char *state_colour(enum live_state state, int64_t since_mono_ns)
{
	if (state == LIVE_DOWN)
		return RED;
	return state == LIVE_LISTENING && since_mono_ns == TIME_UNKNOWN ? YELLOW : "";
}

static void update_rates(struct live *live, const struct live_view *view, int64_t now_mono_ns)
{
	double seconds = (double)(now_mono_ns - live->last_mono_ns) / 1e9;

	if (view->feed_count != live->rate_count) {
		free(live->rates);
		live->rates = calloc(view->feed_count, sizeof(*live->rates));
		live->rate_count = live->rates ? view->feed_count : 0;
		live->last_mono_ns = 0;
	}
	if (live->last_mono_ns && seconds <= 0)
		return;
	for (size_t i = 0; i < live->rate_count; i++) {
		live->rates[i].known = live->last_mono_ns;
		if (live->last_mono_ns)
			live->rates[i].per_s = (double)(view->feeds[i].messages - live->rates[i].count) / seconds;
		live->rates[i].count = view->feeds[i].messages;
	}
	live->last_mono_ns = now_mono_ns;
}

static char *format_rate(const struct live *live, size_t feed, char *out, size_t size)
{
	if (feed >= live->rate_count || !live->rates[feed].known)
		snprintf(out, size, "%s", FORMAT_UNKNOWN);
	else
		snprintf(out, size, "%.*f", live->rates[feed].per_s < 99.95 ? 1 : 0, live->rates[feed].per_s);
	return out;
}

/* printf pads by bytes; this by columns. */
static char *right(const char *text, int width, char *out, size_t size)
{
	int pad = width - (int)utf8_width(text);

	snprintf(out, size, "%*s%s", pad > 0 ? pad : 0, "", text);
	return out;
}

static void draw_row(struct live *live, const char *name, enum live_state state, int64_t since_mono_ns,
		     const char *reason, int64_t now_mono_ns, const char *figures)
{
	char named[4 * NAME_WIDTH + 8], stated[FORMAT_MAX], padded[4 * STATE_WIDTH + 8];

	format_state(state, since_mono_ns, now_mono_ns, stated, sizeof(stated));
	put_line(live, state_colour(state, since_mono_ns), "%s  %s%s",
		 clip(name, NAME_WIDTH, true, named, sizeof(named)),
		 clip(stated, STATE_WIDTH, true, padded, sizeof(padded)), figures);
	if (state == LIVE_DOWN && reason && *reason)
		put_line(live, RED, "  %s", reason);
}

static void draw_feeds(struct live *live, const struct live_view *view, int64_t now_mono_ns)
{
	if (view->feed_count)
		put_line(live, BOLD, "%-14s  %-16s%11s%11s%10s%s", "feed", "state", "messages", "updates", "per s",
			 "    wire→app");
	for (size_t i = 0; i < view->feed_count; i++) {
		const struct live_feed *feed = &view->feeds[i];
		char figures[160], rate[FORMAT_MAX], rate_cell[64], delay[FORMAT_MAX], delay_cell[64];

		format_rate(live, i, rate, sizeof(rate));
		format_duration(feed->wire_to_app_ns, delay, sizeof(delay));
		snprintf(figures, sizeof(figures), "%11llu%11llu%s%s", (unsigned long long)feed->messages,
			 (unsigned long long)feed->updates, right(rate, 10, rate_cell, sizeof(rate_cell)),
			 right(delay, 12, delay_cell, sizeof(delay_cell)));
		draw_row(live, feed->name, feed->state, feed->since_mono_ns, feed->reason, now_mono_ns, figures);
	}
}

static void draw_chains(struct live *live, const struct live_view *view, int64_t now_mono_ns)
{
	if (view->chain_count)
		put_line(live, BOLD, "%-14s  %-16s%11s%11s%22s", "chain", "state", "heads", "updates", "newest block");
	for (size_t i = 0; i < view->chain_count; i++) {
		const struct live_chain *chain = &view->chains[i];
		char figures[96], head[FORMAT_MAX], head_cell[64];

		snprintf(head, sizeof(head), chain->head ? "%llu" : FORMAT_UNKNOWN, (unsigned long long)chain->head);
		snprintf(figures, sizeof(figures), "%11llu%11llu%s", (unsigned long long)chain->heads,
			 (unsigned long long)chain->updates, right(head, 22, head_cell, sizeof(head_cell)));
		draw_row(live, chain->name, chain->state, chain->since_mono_ns, chain->reason, now_mono_ns, figures);
	}
}

static void draw_losses(struct live *live, const struct live_view *view)
{
	size_t shown = 0;

	for (size_t i = 0; i < view->loss_count; i++) {
		const struct live_loss *loss = &view->losses[i];

		if (!loss->count)
			continue;
		put_line(live, YELLOW, "lost  %s: %llu %s", loss->source, (unsigned long long)loss->count,
			 loss_words(loss->name));
		shown++;
	}
	if (!shown)
		put_line(live, "", "nothing lost");
}

/* Writes `note` (NULL: none) and the block over the block that stands there, in one piece. */
static void emit(struct live *live, const char *note)
{
	char *text = NULL;
	size_t size;
	FILE *all = open_memstream(&text, &size);

	if (!all)
		return;
	if (live->painted)
		fprintf(all, "\033[%dA\r", live->painted);
	if (note)
		fprintf(all, "%s\033[K\n", note);
	/* at the end, what an earlier and longer block left */
	fprintf(all, "%s\033[J", live->block ? live->block : "");
	if (!fclose(all)) {
		fwrite(text, 1, size, live->out);
		fflush(live->out);
		live->painted = live->lines;
	}
	free(text);
}

static void paint_terminal(struct live *live, const struct live_view *view, int64_t now_mono_ns)
{
	char elapsed[FORMAT_MAX], total[FORMAT_MAX] = "";
	size_t size;

	measure(live);
	free(live->block);
	live->block = NULL;
	live->lines = 0;
	live->canvas = open_memstream(&live->block, &size);
	if (!live->canvas)
		return;
	format_elapsed(now_mono_ns - view->started_mono_ns, elapsed, sizeof(elapsed));
	if (view->duration_ns != TIME_UNKNOWN)
		format_elapsed(view->duration_ns, total, sizeof(total));
	put_line(live, BOLD, "%s%s%s  %s → %s", elapsed, *total ? " of " : "", *total ? total : " (Ctrl-C ends)",
		 view->site, view->path);
	draw_feeds(live, view, now_mono_ns);
	draw_chains(live, view, now_mono_ns);
	draw_losses(live, view);
	fclose(live->canvas);
	emit(live, NULL);
}

/* Changes whenever a state, a connection's start or a loss does (FNV-1a). */
static uint64_t mark_of(const struct live_view *view)
{
	uint64_t mark = 14695981039346656037u;

	for (size_t i = 0; i < view->feed_count; i++)
		mark = (mark ^ view->feeds[i].state) * 1099511628211u;
	for (size_t i = 0; i < view->chain_count; i++)
		mark = (mark ^ view->chains[i].state) * 1099511628211u;
	for (size_t i = 0; i < view->loss_count; i++)
		mark = (mark ^ !!view->losses[i].count) * 1099511628211u;
	return mark;
}

static void plain_state(FILE *out, const char *name, enum live_state state, int64_t since_mono_ns, const char *reason,
			int64_t now_mono_ns)
{
	char named[LINE_MAX_BYTES], stated[FORMAT_MAX], why[LINE_MAX_BYTES] = "";

	if (state == LIVE_DOWN && reason && *reason)
		clip(reason, 200, false, why, sizeof(why));
	fprintf(out, "  %s: %s%s%s", clip(name, 60, false, named, sizeof(named)),
		format_state(state, since_mono_ns, now_mono_ns, stated, sizeof(stated)), *why ? ", " : "", why);
}

static void paint_plain(struct live *live, const struct live_view *view, int64_t now_mono_ns)
{
	uint64_t mark = mark_of(view);
	char text[FORMAT_MAX];

	/* rates are over the time between two prints, so they are worked out only here */
	if (live->plain_mono_ns && mark == live->plain_mark && now_mono_ns - live->plain_mono_ns < PLAIN_EVERY_NS)
		return;
	update_rates(live, view, now_mono_ns);
	fprintf(live->out, "%s\n", format_elapsed(now_mono_ns - view->started_mono_ns, text, sizeof(text)));
	for (size_t i = 0; i < view->feed_count; i++) {
		const struct live_feed *feed = &view->feeds[i];

		plain_state(live->out, feed->name, feed->state, feed->since_mono_ns, feed->reason, now_mono_ns);
		fprintf(live->out, ", %llu messages", (unsigned long long)feed->messages);
		if (i < live->rate_count && live->rates[i].known)
			fprintf(live->out, " (%s/s)", format_rate(live, i, text, sizeof(text)));
		fprintf(live->out, ", %llu updates", (unsigned long long)feed->updates);
		if (feed->wire_to_app_ns != TIME_UNKNOWN)
			fprintf(live->out, ", wire→app %s", format_duration(feed->wire_to_app_ns, text, sizeof(text)));
		fputc('\n', live->out);
	}
	for (size_t i = 0; i < view->chain_count; i++) {
		const struct live_chain *chain = &view->chains[i];

		plain_state(live->out, chain->name, chain->state, chain->since_mono_ns, chain->reason, now_mono_ns);
		fprintf(live->out, ", %llu heads, %llu updates\n", (unsigned long long)chain->heads,
			(unsigned long long)chain->updates);
	}
	for (size_t i = 0; i < view->loss_count; i++) {
		const struct live_loss *loss = &view->losses[i];

		if (loss->count)
			fprintf(live->out, "  lost  %s: %llu %s\n", loss->source, (unsigned long long)loss->count,
				loss_words(loss->name));
	}
	fflush(live->out);
	live->plain_mono_ns = now_mono_ns;
	live->plain_mark = mark;
}

void live_paint(struct live *live, const struct live_view *view, int64_t now_mono_ns)
{
	if (!live)
		return;
	if (!live->terminal) {
		paint_plain(live, view, now_mono_ns);
		return;
	}
	update_rates(live, view, now_mono_ns);
	paint_terminal(live, view, now_mono_ns);
}

void live_note(struct live *live, const char *text)
{
	char *printable;

	if (!live)
		return;
	printable = text_printable(text);
	if (!printable)
		return;
	if (live->terminal)
		emit(live, printable);
	else
		fprintf(live->out, "%s\n", printable);
	free(printable);
}

void live_free(struct live *live)
{
	if (!live)
		return;
	free(live->rates);
	free(live->block);
	free(live);
}
