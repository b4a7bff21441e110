// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The uprobes on a TLS library by which the plaintext of other processes is read (bpf/plaintext.bpf.h). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tap/internal.h"

void plaintext_prepare(struct tap *tap)
{
	struct bpf_program *programs[] = {tap->kernel->progs.pl_ssl_read, tap->kernel->progs.pl_ssl_read_ex,
					  tap->kernel->progs.pl_ssl_read_end};

	tap->kernel->rodata->plaintext_wanted = true;
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++)
		bpf_program__set_autoload(programs[i], true);
}

/* Where a function begins and where it returns. */
static int attach_function(struct tap *tap, const char *library, pid_t process, const char *function,
			   struct bpf_program *begin, struct error *err)
{
	struct bpf_program *programs[] = {begin, tap->kernel->progs.pl_ssl_read_end};

	for (int end = 0; end < 2; end++) {
		LIBBPF_OPTS(bpf_uprobe_opts, options, .func_name = function, .retprobe = end);
		struct bpf_link *link;
		int code;

		if (tap->uprobe_count == TAP_UPROBES_MAX)
			return error_set(err, -ENOSPC, "more than %d libraries", TAP_UPROBES_MAX / 4);
		link = bpf_program__attach_uprobe_opts(programs[end], process ? process : -1, library, 0, &options);
		if (!link) {
			code = -errno;
			return error_set(err, code, "%s: %s cannot be watched: %s", library, function,
					 code == -ENOENT ? "there is no such function (is it OpenSSL's library, or a program that exports it?)" :
					 code == -ESRCH ? "there is no such process" : strerror(-code));
		}
		tap->uprobes[tap->uprobe_count++] = link;
	}
	return 0;
}

int tap_attach_plaintext(struct tap *tap, const char *library, pid_t process, struct error *err)
{
	struct error none;
	int code;

	if (access(library, R_OK))
		return error_set(err, -errno, "%s: %s; the library's full path is wanted (`ldd PROGRAM`, or /proc/PID/maps)", library,
				 strerror(errno));
	code = attach_function(tap, library, process, "SSL_read", tap->kernel->progs.pl_ssl_read, err);
	if (code)
		return code;
	/* OpenSSL has it from 1.1.1 on; BoringSSL does not. */
	code = attach_function(tap, library, process, "SSL_read_ex", tap->kernel->progs.pl_ssl_read_ex, &none);
	if (code && code != -ENOENT)
		return error_set(err, code, "%s", none.text);
	return 0;
}

void plaintext_detach(struct tap *tap)
{
	while (tap->uprobe_count)
		bpf_link__destroy(tap->uprobes[--tap->uprobe_count]);
}
