// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A feed and a chain whose connections never came up: the session says which, and why, and nobody trusts it. */
#include "session_fixture.h"

#include "latency/latency.h"
#include "session/loss.h"

static struct fixture fixture;

static int set_up(void **state)
{
	uint64_t counts[STREAM_COUNTER_MAX] = {0};
	struct session *session;
	struct error err = {""};

	(void)state;
	fixture_folder(&fixture);
	if (session_create(&session, fixture.path, &err))
		fail_msg("%s", err.text);
	loss_put_stream(session, "venue", counts);
	counts[STREAM_COUNTER_NEVER_OPEN] = 1;
	loss_put_stream(session, "ethereum", counts);
	loss_put_never_open(session, "ethereum", "cannot connect to ws://10.0.0.1:8545: Connection refused");
	if (session_close(session, &err) || session_open_read(&fixture.db, fixture.path, &err))
		fail_msg("%s", err.text);
	fixture_sql(&fixture, "INSERT INTO clock VALUES (0, 0, 0, 1, 0, 'kernel')");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fixture_remove(&fixture);
	return 0;
}

static void note(void *context, const char *source, const char *reason)
{
	char *told = context;

	snprintf(told + strlen(told), 256 - strlen(told), "[%s: %s]", source, reason);
}

static void each_has_its_reason(void **state)
{
	char told[256] = "";
	struct error err;

	(void)state;
	assert_int_equal(loss_each_never_open(fixture.db, note, told, &err), 0);
	assert_string_equal(told, "[ethereum: cannot connect to ws://10.0.0.1:8545: Connection refused]");
}

static void it_is_not_trusted(void **state)
{
	char reason[1024];

	(void)state;
	assert_true(latency_untrusted(fixture.db, NULL, reason, sizeof(reason)));
	assert_string_equal(reason, "lost or unreadable: ethereum.never_open 1\n"
				    "ethereum was never open: cannot connect to ws://10.0.0.1:8545: Connection refused\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_has_its_reason), cmocka_unit_test(it_is_not_trusted)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
