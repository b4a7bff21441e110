// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cmd/privilege.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int become_owner(const char *output_path, struct error *err)
{
	char copy[4096];
	struct stat st;

	snprintf(copy, sizeof(copy), "%s", output_path);
	if (stat(dirname(copy), &st))
		return error_set(err, -errno, "%s: its folder cannot be read: %s; create it first", output_path,
				 strerror(errno));
	if (geteuid() != 0 || st.st_uid == 0)
		return 0;
	if (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) || setresgid(st.st_gid, st.st_gid, st.st_gid) ||
	    setresuid(st.st_uid, st.st_uid, st.st_uid))
		return error_set(err, -errno, "cannot become user %u, the owner of the output folder: %s",
				 (unsigned)st.st_uid, strerror(errno));
	return 0;
}

int privilege_drop(const char *output_path, struct error *err)
{
	static const cap_value_t keep[] = {CAP_BPF};
	cap_flag_value_t held = CAP_CLEAR;
	cap_t now = cap_get_proc(), wanted = cap_init();
	int status = 0;

	if (!now || !wanted || cap_get_flag(now, CAP_BPF, CAP_PERMITTED, &held)) {
		status = error_set(err, -errno, "cannot read this process's capabilities: %s", strerror(errno));
		goto out;
	}
	for (cap_value_t cap = 0; CAP_IS_SUPPORTED(cap); cap++)
		cap_drop_bound(cap); /* refused without CAP_SETPCAP: then there is nothing to regain either */
	status = become_owner(output_path, err);
	if (status)
		goto out;
	if (held == CAP_SET && (cap_set_flag(wanted, CAP_PERMITTED, 1, keep, CAP_SET) ||
				cap_set_flag(wanted, CAP_EFFECTIVE, 1, keep, CAP_SET)))
		status = error_set(err, -errno, "cannot build a capability set: %s", strerror(errno));
	else if (cap_set_proc(wanted) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		status = error_set(err, -errno, "cannot give up privileges: %s", strerror(errno));
out:
	cap_free(now);
	cap_free(wanted);
	return status;
}
