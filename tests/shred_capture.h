/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The same out of a capture: apart, since libpcap's headers and the kernel's BPF headers do not go together. */
#ifndef PL_TESTS_SHRED_CAPTURE_H
#define PL_TESTS_SHRED_CAPTURE_H

#include <pcap/pcap.h>

#include "shred_files.h"

/* Ethernet, IPv4 without options, UDP. */
static inline struct shred_file *shred_file_pcap(const char *name)
{
	struct shred_file *file = calloc(1, sizeof(*file));
	char text[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *header;
	const uint8_t *data;
	pcap_t *pcap = pcap_open_offline(shred_file_path(name), text);

	if (!pcap) {
		printf("skip: %s\n", text);
		free(file);
		skip();
	}
	while (pcap_next_ex(pcap, &header, &data) == 1)
		shred_file_add(file, data + 42, header->caplen - 42);
	pcap_close(pcap);
	return file;
}

#endif
