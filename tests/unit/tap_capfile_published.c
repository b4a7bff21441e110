// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Published captures, by our reader and by libpcap. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "tap/capfile.h"

#define SECOND_NS 1000000000ULL

/* A second reader that was not written here sees the same packets in every published capture. */
static void test_as_libpcap_reads_them(void **state)
{
	static const char *const folders[] = {"bitcoin", "ethereum", "marketdata", "solana", "tls"};
	const char *root = getenv("PRICELAG_DATA");
	unsigned files = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		char path[1024], text[PCAP_ERRBUF_SIZE];
		struct dirent *entry;
		DIR *folder;

		snprintf(path, sizeof(path), "%s/%s", root ? root : "../shared/data", folders[i]);
		folder = opendir(path);
		while (folder && (entry = readdir(folder))) {
			struct pcap_pkthdr *header;
			struct capfile_packet packet;
			struct capfile *file;
			const uint8_t *data;
			struct error err;
			pcap_t *pcap;

			if (!strstr(entry->d_name, ".pcap"))
				continue;
			snprintf(path, sizeof(path), "%s/%s/%s", root ? root : "../shared/data", folders[i], entry->d_name);
			pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, text);
			assert_non_null(pcap);
			assert_int_equal(capfile_open(&file, fopen(path, "rb"), path, &err), 0);
			while (pcap_next_ex(pcap, &header, &data) == 1) {
				assert_int_equal(capfile_next(file, &packet, &err), 1);
				assert_int_equal(packet.captured, header->caplen);
				assert_int_equal(packet.len, header->len);
				assert_int_equal(packet.stamp_ns,
						 (uint64_t)header->ts.tv_sec * SECOND_NS + (uint64_t)header->ts.tv_usec);
				assert_memory_equal(packet.data, data, header->caplen);
			}
			assert_int_equal(capfile_size(file), capfile_position(file));
			assert_int_equal(capfile_next(file, &packet, &err), 0);
			capfile_close(file);
			pcap_close(pcap);
			files++;
		}
		if (folder)
			closedir(folder);
	}
	if (!files) {
		print_message("skip: no published captures (PRICELAG_DATA)\n");
		skip();
	}
	assert_true(files >= 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_libpcap_reads_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
