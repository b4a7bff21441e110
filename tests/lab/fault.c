// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A bad road from one host to another: drops 2 % of the TCP segments with payload, and holds another 2 % for 1 to 5 ms so
 * that later ones overtake them. Seeded. Kernels without netem have nothing else that reorders.
 *
 * usage: fault DEVICE REMOTE SEED STATS      (in the sender's network namespace, as root)
 *
 * The route to REMOTE (IPv4) goes into a TUN device of ours; what comes out of it is sent on by a raw socket bound to
 * DEVICE, where the ordinary, less specific route applies. The kernel has cut large segments and filled in checksums by
 * then. Prints "ready"; ends on SIGTERM, and then writes what it did to the file STATS, as JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PERCENT_DROPPED 2
#define PERCENT_HELD 2
#define HOLD_MIN_US 1000
#define HOLD_MAX_US 5000
#define HELD_MAX 256
#define PACKET_MAX 2048

struct held {
	int64_t release_ns;
	bool overtaken;
	size_t len;
	uint8_t packet[PACKET_MAX];
};

static struct held held[HELD_MAX];
static size_t held_count;
static unsigned long packets, segments, dropped, held_total, overtaken;
static volatile sig_atomic_t stopping;

static void on_signal(int signal)
{
	(void)signal;
	stopping = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "fault: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* splitmix64 */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A TUN device that is up and takes the packets for `remote`. */
static int tunnel_open(const char *remote)
{
	struct ifreq ifr = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	struct sockaddr_in *address;
	struct rtentry route = {.rt_flags = RTF_UP | RTF_HOST, .rt_dev = ifr.ifr_name};
	int tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC), control = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(ifr.ifr_name, "fault0");
	if (tun < 0 || control < 0 || ioctl(tun, TUNSETIFF, &ifr))
		die("cannot make a TUN device");
	ifr.ifr_flags = IFF_UP;
	if (ioctl(control, SIOCSIFFLAGS, &ifr))
		die("cannot bring fault0 up");
	address = (struct sockaddr_in *)&route.rt_dst;
	address->sin_family = AF_INET;
	if (inet_pton(AF_INET, remote, &address->sin_addr) != 1) {
		errno = EINVAL;
		die(remote);
	}
	if (ioctl(control, SIOCADDRT, &route))
		die("cannot route the remote address through fault0");
	close(control);
	return tun;
}

static int raw_open(const char *device)
{
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (raw < 0 || setsockopt(raw, SOL_SOCKET, SO_BINDTODEVICE, device, strlen(device) + 1))
		die(device);
	return raw;
}

/* What comes back arrives on DEVICE while the route to it leads into the tunnel: a strict host would drop it. */
static void accept_asymmetry(const char *device)
{
	const char *names[] = {"all", device};
	char path[128];
	FILE *file;

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", names[i]);
		file = fopen(path, "w");
		if (!file || fputs("0\n", file) < 0 || fclose(file))
			die(path);
	}
}

/* The TCP payload of an IPv4 packet is not empty. */
static bool has_payload(const uint8_t *packet, size_t len)
{
	const struct iphdr *ip = (const void *)packet;
	const struct tcphdr *tcp;

	if (len < sizeof(*ip) || ip->version != 4 || ip->protocol != IPPROTO_TCP || len < ip->ihl * 4 + sizeof(*tcp))
		return false;
	tcp = (const void *)(packet + ip->ihl * 4);
	return len > (size_t)ip->ihl * 4 + tcp->doff * 4;
}

static bool same_flow(const uint8_t *a, const uint8_t *b)
{
	const struct iphdr *x = (const void *)a, *y = (const void *)b;

	return x->saddr == y->saddr && x->daddr == y->daddr && !memcmp(a + x->ihl * 4, b + y->ihl * 4, 4);
}

static void forward(int raw, const uint8_t *packet, size_t len)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = ((const struct iphdr *)packet)->daddr};

	if (sendto(raw, packet, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0 && errno != ENOBUFS)
		die("send");
}

static void hold(const uint8_t *packet, size_t len, uint64_t chance)
{
	struct held *h = &held[held_count++];

	h->release_ns = now_ns() + (HOLD_MIN_US + (int64_t)(chance % (HOLD_MAX_US - HOLD_MIN_US))) * 1000;
	h->overtaken = false;
	h->len = len;
	memcpy(h->packet, packet, len);
	held_total++;
}

static void take(int raw, const uint8_t *packet, size_t len, uint64_t *seed)
{
	uint64_t chance;

	packets++;
	if (len < sizeof(struct iphdr) || packet[0] >> 4 != 4)
		return; /* the device also gets the kernel's own IPv6 chatter */
	if (has_payload(packet, len)) {
		segments++;
		chance = draw(seed) % 100;
		if (chance < PERCENT_DROPPED) {
			dropped++;
			return;
		}
		if (chance < PERCENT_DROPPED + PERCENT_HELD && held_count < HELD_MAX) {
			hold(packet, len, draw(seed));
			return;
		}
		for (size_t i = 0; i < held_count; i++)
			held[i].overtaken |= same_flow(held[i].packet, packet);
	}
	forward(raw, packet, len);
}

/* Sends what is due; returns ms until the next is, -1 for never. */
static int release(int raw)
{
	int64_t now = now_ns(), next = INT64_MAX;

	for (size_t i = 0; i < held_count;) {
		if (held[i].release_ns <= now) {
			overtaken += held[i].overtaken;
			forward(raw, held[i].packet, held[i].len);
			held[i] = held[--held_count];
			continue;
		}
		if (held[i].release_ns < next)
			next = held[i].release_ns;
		i++;
	}
	return next == INT64_MAX ? -1 : (int)((next - now) / 1000000) + 1;
}

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = on_signal};
	static uint8_t packet[PACKET_MAX];
	uint64_t seed;
	ssize_t len;
	FILE *stats;
	int tun, raw;

	if (argc != 5) {
		fprintf(stderr, "usage: fault DEVICE REMOTE SEED STATS\n");
		return 2;
	}
	seed = strtoull(argv[3], NULL, 10);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	raw = raw_open(argv[1]);
	accept_asymmetry(argv[1]);
	tun = tunnel_open(argv[2]);
	puts("ready");
	fflush(stdout);
	while (!stopping) {
		struct pollfd fd = {.fd = tun, .events = POLLIN};

		poll(&fd, 1, release(raw));
		while ((len = read(tun, packet, sizeof(packet))) > 0)
			take(raw, packet, len, &seed);
	}
	stats = fopen(argv[4], "w");
	if (!stats || fprintf(stats, "{\"packets\":%lu,\"segments\":%lu,\"dropped\":%lu,\"held\":%lu,\"overtaken\":%lu}\n", packets,
			      segments, dropped, held_total, overtaken) < 0 || fclose(stats))
		die(argv[4]);
	return 0;
}
