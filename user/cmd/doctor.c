// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* pricelag doctor: what works here, what would make a recording untrustworthy, and how to mend it. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "cmd/doctor_parts.h"
#include "output/json_out.h"
#include "tap/nic.h"
#include "tap/tap.h"

static const char *const verdict_names[] = {"ok", "note", "bad"};

void find(struct finding *out, enum verdict verdict, const char *remedy, const char *format, ...)
{
	va_list args;

	out->verdict = verdict;
	snprintf(out->remedy, sizeof(out->remedy), "%s", remedy);
	va_start(args, format);
	vsnprintf(out->text, sizeof(out->text), format, args);
	va_end(args);
}

static long read_number(const char *path, long absent)
{
	FILE *file = fopen(path, "re");
	long value = absent;

	if (file) {
		if (fscanf(file, "%ld", &value) != 1)
			value = absent;
		fclose(file);
	}
	return value;
}

/* ---- checks ------------------------------------------------------------------------------------------------------- */

static void check_kernel(const struct arguments *a, struct finding *out)
{
	struct utsname name;
	int major = 0, minor = 0;

	(void)a;
	uname(&name);
	sscanf(name.release, "%d.%d", &major, &minor);
	if (major < 5 || (major == 5 && minor < 18))
		find(out, BAD, "use a kernel from 5.18 on (Debian 12 has 6.1)",
		     "kernel %s: too old for XDP programs that accept packets in several buffers (xdp.frags, 5.18)", name.release);
	else if (major < 6 || (major == 6 && minor < 6))
		find(out, NOTE, "", "kernel %s: no TCX links (6.6); the egress stamp uses clsact, which a guardian process removes",
		     name.release);
	else
		find(out, GOOD, "", "kernel %s: XDP with several buffers, TCX links", name.release);
}

static void check_btf(const struct arguments *a, struct finding *out)
{
	(void)a;
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		find(out, NOTE, "a kernel built with CONFIG_DEBUG_INFO_BTF lets the program adapt to it",
		     "the kernel has no BTF: only a build against the hand-written type subset works");
	else
		find(out, GOOD, "", "the kernel describes its types (BTF)");
}

static void check_programs(const struct arguments *a, struct finding *out)
{
	struct tap_options options = {.ring_bytes = 1 << 16};
	struct error err;
	struct tap *tap;

	(void)a;
	if (tap_open(&tap, &options, &err)) {
		find(out, BAD, geteuid() ? "run as root, or with CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON" : "", "the programs do not load: %s",
		     err.text);
		return;
	}
	tap_close(tap);
	find(out, GOOD, "", "the XDP and tc programs load");
}

static void check_reads(const struct arguments *a, struct finding *out)
{
	struct error tcp, udp;
	bool has_tcp = !tap_reads_check(TAP_READS_TCP, &tcp), has_udp = !tap_reads_check(TAP_READS_UDP, &udp);

	(void)a;
	if (has_tcp && has_udp)
		find(out, GOOD, "", "the kernel shows when other processes read TCP and UDP (decode: {type: reads}); it takes CAP_BPF and "
		     "CAP_PERFMON, as everything else does, and no more");
	else
		find(out, NOTE, "feeds with decode: {type: reads} need it; all others do not", "%s%s%s", has_tcp ? "" : tcp.text,
		     has_tcp || has_udp ? "" : "; ", has_udp ? "" : udp.text);
}

static void check_jit(const struct arguments *a, struct finding *out)
{
	long jit = read_number("/proc/sys/net/core/bpf_jit_enable", -1);

	(void)a;
	if (jit < 0)
		find(out, NOTE, "", "cannot tell whether BPF programs are compiled to machine code (JIT)");
	else if (jit == 0)
		find(out, BAD, "sysctl -w net.core.bpf_jit_enable=1", "BPF programs are interpreted: every packet pays several times more");
	else
		find(out, GOOD, "", "BPF programs are compiled to machine code (JIT)");
}

/* Driver by ETHTOOL_GDRVINFO; "" where the device has none to tell. */
static void driver_of(const char *interface, char *out, size_t size)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (char *)&info};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	out[0] = '\0';
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (fd >= 0 && !ioctl(fd, SIOCETHTOOL, &request))
		snprintf(out, size, "%s", info.driver);
	if (fd >= 0)
		close(fd);
}

static void check_interface(const struct arguments *a, struct finding *out)
{
	/* What attaching native XDP does to these cards: from the trackers of their drivers. */
	static const struct {
		const char *driver, *note;
	} traps[] = {
		{"ena", "attaching native XDP limits the queues and the MTU (at most 3498)"},
		{"igb", "attaching native XDP resets the link: seconds without packets"},
		{"bonding", "native XDP on a bond needs kernel 5.15 and members that all have it"},
		{"virtio_net", "native XDP needs spare queues on the host's side, and switches large receive offload off"},
	};
	struct nic_losses losses;
	char driver[32];
	struct error err;
	__u32 program = 0;
	int index;

	if (!a->interface) {
		find(out, NOTE, "pricelag doctor -i IFACE", "no interface was given: network card not looked at");
		return;
	}
	index = (int)if_nametoindex(a->interface);
	if (!index || nic_read(a->interface, &losses, &err)) {
		find(out, BAD, "'ip link' lists the interfaces", "%s: no such interface", a->interface);
		return;
	}
	driver_of(a->interface, driver, sizeof(driver));
	if (!bpf_xdp_query_id(index, 0, &program) && program) {
		find(out, BAD, "stop the program that holds it, watch a mirror port, or use 'hook: tc'",
		     "%s (%s): XDP program %u is already attached; a second one is refused by the kernel", a->interface,
		     driver, program);
		return;
	}
	if (!strcmp(a->interface, "lo")) {
		find(out, NOTE, "use 'hook: xdp-generic' for it", "lo: has no native XDP");
		return;
	}
	for (size_t i = 0; i < sizeof(traps) / sizeof(traps[0]); i++)
		if (!strcmp(driver, traps[i].driver)) {
			find(out, NOTE, "try it in a quiet hour, or use 'hook: tc'", "%s (%s): %s", a->interface, driver, traps[i].note);
			return;
		}
	find(out, GOOD, "", "%s (%s): no XDP program in the way; %u packets dropped and %u missed since it came up",
	     a->interface, driver[0] ? driver : "unknown driver", losses.rx_dropped, losses.rx_missed);
}

static const struct {
	const char *name;
	void (*check)(const struct arguments *a, struct finding *out);
} checks[] = {
	{"kernel", check_kernel},	{"types", check_btf},	{"programs", check_programs},	{"reads", check_reads},
	{"compiler", check_jit},	{"clock", doctor_check_clock},	{"chrony", doctor_check_chrony},
	{"ptp", doctor_check_ptp},	{"interface", check_interface},	{"nic", doctor_check_nic},
};
#define CHECK_COUNT (sizeof(checks) / sizeof(checks[0]))

/* ------------------------------------------------------------------------------------------------------------------- */

static const struct argp_option options[] = {
	{"interface", 'i', "IFACE", 0, "the interface that would be watched", 0},
	{"json", 'j', NULL, 0, "one JSON document on stdout", 0},
	{0},
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'i':
		a->interface = arg;
		return 0;
	case 'j':
		a->json = 1;
		return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is not expected here", arg);
		return 0;
	}
	return ARGP_ERR_UNKNOWN;
}

static const struct argp argp = {
	options, parse, NULL,
	"Says what works on this kernel, network card and clock, what would make a recording untrustworthy, and how to "
	"mend it. Changes nothing. Exit status 3 if anything is bad.",
	NULL, NULL, NULL};

static int print_json(const struct finding *findings)
{
	struct json_object *document = json_document("pricelag.doctor/1"), *list = json_object_new_array();
	struct error err;

	for (size_t i = 0; i < CHECK_COUNT; i++) {
		struct json_object *item = json_object_new_object();

		json_add_text(item, "check", checks[i].name);
		json_add_text(item, "verdict", verdict_names[findings[i].verdict]);
		json_add_text(item, "finding", findings[i].text);
		json_add_name(item, "remedy", findings[i].remedy);
		json_object_array_add(list, item);
	}
	json_add(document, "checks", list);
	if (!json_print(document, stdout, &err))
		return 0;
	fprintf(stderr, "pricelag doctor: %s\n", err.text);
	return -1;
}

int cmd_doctor(int argc, char **argv)
{
	struct finding findings[CHECK_COUNT];
	struct arguments a = {0};
	int bad = 0;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	libbpf_set_print(NULL);
	for (size_t i = 0; i < CHECK_COUNT; i++) {
		checks[i].check(&a, &findings[i]);
		bad += findings[i].verdict == BAD;
	}
	if (a.json) {
		if (print_json(findings))
			return EXIT_FAILED;
	} else {
		for (size_t i = 0; i < CHECK_COUNT; i++)
			printf("%-5s %-10s %s\n%s%s%s", verdict_names[findings[i].verdict], checks[i].name, findings[i].text,
			       findings[i].remedy[0] ? "                 to mend: " : "", findings[i].remedy,
			       findings[i].remedy[0] ? "\n" : "");
	}
	if (bad)
		fprintf(stderr, "pricelag doctor: %d of %zu checks are bad: a recording made now is not to be trusted in what they name\n",
			bad, CHECK_COUNT);
	return bad ? EXIT_UNTRUSTED : EXIT_OK;
}
