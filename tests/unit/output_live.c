// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/format.h"
#include "output/live.h"

#define S 1000000000LL

static struct live_feed feeds[] = {
	{"hermes", LIVE_UP, 10 * S, NULL, 100, 200, 41300},
	{"a-feed-with-a-long-name", LIVE_DOWN, 12 * S, "connection refused; next attempt in 2 s", 7, 0, TIME_UNKNOWN},
	{"turbine\033[2J", LIVE_LISTENING, TIME_UNKNOWN, NULL, 0, 0, TIME_UNKNOWN},
};
static const struct live_chain chains[] = {{"ethereum", LIVE_UP, 10 * S, NULL, 3, 2, 21034567}};
static const struct live_loss losses[] = {{"hermes", "ring_full", 0}, {"hermes", "unmapped", 3}};
static struct live_view view = {"fra1-a", "S.db", 10 * S, TIME_UNKNOWN, feeds, 3, chains, 1, losses, 2};

struct terminal {
	int master;
	FILE *out;
};

static struct terminal open_terminal(unsigned short columns, unsigned short rows)
{
	struct terminal t = {.master = posix_openpt(O_RDWR | O_NOCTTY)};
	struct winsize size = {.ws_col = columns, .ws_row = rows};

	assert_true(t.master >= 0);
	assert_int_equal(grantpt(t.master), 0);
	assert_int_equal(unlockpt(t.master), 0);
	t.out = fopen(ptsname(t.master), "w");
	assert_non_null(t.out);
	assert_int_equal(ioctl(t.master, TIOCSWINSZ, &size), 0);
	return t;
}

/* What was written, up to the end of a block, CRs of the line discipline taken out. A terminal passes it on in pieces. */
static char *written(struct terminal *t)
{
	static char text[16384];
	char *to = text;
	size_t len = 0;

	while (len < 3 || memcmp(text + len - 3, "\033[J", 3)) {
		ssize_t more = read(t->master, text + len, sizeof(text) - 1 - len);

		assert_true(more > 0);
		len += (size_t)more;
	}
	text[len] = '\0';
	for (char *from = text; *from; from++) {
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from;
	}
	*to = '\0';
	return text;
}

static void the_block_on_a_terminal(void **state)
{
	struct terminal t = open_terminal(80, 24);
	struct live *live = live_new(t.out);

	(void)state;
	live_paint(live, &view, 15 * S);
	assert_string_equal(written(&t),
		"00:00:05 (Ctrl-C ends)  fra1-a → S.db\033[K\n"
		"feed            state              messages    updates     per s    wire→app\033[K\n"
		"hermes          up 00:00:05             100        200         –     41.3 µs\033[K\n"
		"a-feed-with-a…  down 00:00:03             7          0         –           –\033[K\n"
		"  connection refused; next attempt in 2 s\033[K\n"
		"turbine\xef\xbf\xbd[2J     no packet yet             0          0         –           –\033[K\n"
		"chain           state                 heads    updates          newest block\033[K\n"
		"ethereum        up 00:00:05               3          2              21034567\033[K\n"
		"lost  hermes: 3 messages whose packet could not be found: wire is null\033[K\n"
		"\033[J");

	/* the next paint starts where the first did, and knows the rate; a note goes above and the block moves down */
	feeds[0].messages = 150;
	live_paint(live, &view, 17 * S);
	assert_non_null(strstr(written(&t), "\033[9A\r00:00:07"));
	live_note(live, "the disk\033[31m is slow");
	assert_non_null(strstr(written(&t), "\033[9A\rthe disk\xef\xbf\xbd[31m is slow\033[K\n00:00:07"));
	feeds[0].messages = 200;
	live_paint(live, &view, 19 * S);
	assert_non_null(strstr(written(&t), "       200        200      25.0"));
	feeds[0].messages = 100;
	live_free(live);
	fclose(t.out);
	close(t.master);
}

static void it_never_wraps_nor_scrolls(void **state)
{
	struct terminal t = open_terminal(40, 6);
	struct live *live = live_new(t.out);
	int lines = 0;

	(void)state;
	live_paint(live, &view, 15 * S);
	for (char *line = strtok(written(&t), "\n"); line; line = strtok(NULL, "\n")) {
		if (!strcmp(line, "\033[J"))
			continue;
		*strstr(line, "\033[K") = '\0';
		assert_true(utf8_width(line) <= 40);
		lines++;
	}
	assert_int_equal(lines, 5);
	live_free(live);
	fclose(t.out);
	close(t.master);
}

static char *plain_after(struct live *live, char **text, FILE *out, int64_t now)
{
	rewind(out);
	live_paint(live, &view, now);
	fflush(out);
	return *text;
}

static void plain_lines_elsewhere(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct live *live = live_new(out);

	(void)state;
	assert_string_equal(plain_after(live, &text, out, 15 * S),
		"00:00:05\n"
		"  hermes: up 00:00:05, 100 messages, 200 updates, wire→app 41.3 µs\n"
		"  a-feed-with-a-long-name: down 00:00:03, connection refused; next attempt in 2 s, 7 messages, 0 updates\n"
		"  turbine\xef\xbf\xbd[2J: no packet yet, 0 messages, 0 updates\n"
		"  ethereum: up 00:00:05, 3 heads, 2 updates\n"
		"  lost  hermes: 3 messages whose packet could not be found: wire is null\n");
	/* nothing new within 10 s, but a change of state at once */
	rewind(out);
	fputs("unchanged\n", out);
	live_paint(live, &view, 16 * S);
	fflush(out);
	assert_memory_equal(text, "unchanged\n", 10);
	feeds[0].state = LIVE_DOWN;
	feeds[0].messages = 120;
	feeds[0].since_mono_ns = 16 * S;
	assert_non_null(strstr(plain_after(live, &text, out, 17 * S), "hermes: down 00:00:01, 120 messages (10.0/s)"));
	/* after 10 s again */
	assert_non_null(strstr(plain_after(live, &text, out, 27 * S), "00:00:17\n"));
	feeds[0] = (struct live_feed){"hermes", LIVE_UP, 10 * S, NULL, 100, 200, 41300};
	live_free(live);
	fclose(out);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_block_on_a_terminal),
		cmocka_unit_test(it_never_wraps_nor_scrolls),
		cmocka_unit_test(plain_lines_elsewhere),
	};

	setenv("NO_COLOR", "1", 1); /* colours would only obscure the comparison */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
