// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap/internal.h"

static void remove_filter(const struct guard_filter *filter)
{
	DECLARE_LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = filter->ifindex, .attach_point = filter->point);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, found, .handle = filter->handle, .priority = filter->priority);
	DECLARE_LIBBPF_OPTS(bpf_tc_opts, ours, .handle = filter->handle, .priority = filter->priority);

	if (bpf_tc_query(&hook, &found) || found.prog_id != filter->prog_id)
		return;
	bpf_tc_detach(&hook, &ours);
}

/* Holds no descriptor but its end of the pipe, so that nobody waits for a pipe or lock that it inherited. */
static void isolate(int pipe_end)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2, SIGALRM, SIGTSTP};
	sigset_t none;
	size_t i;
	int null;

	for (i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	prctl(PR_SET_NAME, "pricelag-guard");
	null = open("/dev/null", O_RDWR);
	for (i = 0; null >= 0 && i < 3; i++)
		dup2(null, i);
	if (pipe_end != 3)
		dup2(pipe_end, 3);
	close_range(4, ~0U, 0);
}

static void __attribute__((noreturn)) guardian(int pipe_end)
{
	struct guard_filter filters[GUARD_FILTERS_MAX];
	size_t count = 0;
	ssize_t got;

	isolate(pipe_end);
	libbpf_set_print(NULL);
	while (count < GUARD_FILTERS_MAX) {
		got = read(3, &filters[count], sizeof(filters[count]));
		if (got < 0 && errno == EINTR)
			continue;
		if (got != sizeof(filters[count]))
			break;
		count++;
	}
	while (count)
		remove_filter(&filters[--count]);
	_exit(0);
}

static int start(struct tap *tap, struct error *err)
{
	int ends[2], code;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return error_set(err, -errno, "pipe for the clsact guardian: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		code = -errno;
		close(ends[0]);
		close(ends[1]);
		return error_set(err, code, "fork of the clsact guardian: %s", strerror(-code));
	}
	if (!pid)
		guardian(ends[0]);
	close(ends[0]);
	tap->guard_pid = pid;
	tap->guard_pipe = ends[1];
	return 0;
}

int guard_add(struct tap *tap, const struct guard_filter *filter, struct error *err)
{
	ssize_t written;
	int code;

	if (!tap->guard_pid) {
		code = start(tap, err);
		if (code)
			return code;
	}
	/* One less than the guardian has room for: when its array is full it must not take that for our end. */
	if (tap->guard_count == GUARD_FILTERS_MAX - 1)
		return error_set(err, -ENOSPC, "more than %d clsact filters in one process", GUARD_FILTERS_MAX - 1);
	/* Below PIPE_BUF, so it goes in one piece. */
	do
		written = write(tap->guard_pipe, filter, sizeof(*filter));
	while (written < 0 && errno == EINTR);
	if (written != sizeof(*filter))
		return error_set(err, -EPIPE, "the clsact guardian (pid %d) is gone: start again", (int)tap->guard_pid);
	tap->guard_count++;
	return 0;
}

void guard_stop(struct tap *tap)
{
	if (!tap->guard_pid)
		return;
	close(tap->guard_pipe);
	while (waitpid(tap->guard_pid, NULL, 0) < 0 && errno == EINTR)
		;
	tap->guard_pid = 0;
	tap->guard_count = 0;
}
