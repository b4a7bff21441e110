// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "tap/capfile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tap/capfile_internal.h"

#define PCAP_HEADER_REST 20 /* after the magic number: version, two unused words, snap length, link type */
#define PCAP_LINK_MASK 0xffff /* above it: length of a frame check sequence */

int capfile_read(struct capfile *file, void *out, uint32_t len, const char *what, struct error *err)
{
	size_t got = fread(out, 1, len, file->stream);

	if (got == len)
		return 1;
	if (ferror(file->stream))
		return error_set(err, -EBADMSG, "cannot be read after packet %llu: %s", (unsigned long long)file->packets,
				 strerror(errno));
	if (!got)
		return 0;
	return error_set(err, -EBADMSG, "%s after packet %llu is cut: %zu of %u bytes are there", what,
			 (unsigned long long)file->packets, got, len);
}

int capfile_read_body(struct capfile *file, uint32_t len, const char *what, struct error *err)
{
	int status;

	if (len > file->body_room || !file->body) { /* never NULL, also for a packet without a byte */
		uint8_t *grown = realloc(file->body, len ? len : 1);

		if (!grown)
			return error_set(err, -EBADMSG, "no memory for %u bytes after packet %llu", len,
					 (unsigned long long)file->packets);
		file->body = grown;
		file->body_room = len;
	}
	status = len ? capfile_read(file, file->body, len, what, err) : 1;
	if (!status)
		return error_set(err, -EBADMSG, "%s after packet %llu is cut: the file ends behind its header", what,
				 (unsigned long long)file->packets);
	return status;
}

void capfile_note_link(struct capfile *file, int link_type)
{
	file->has_link = true;
	if (link_supported(link_type))
		file->has_known_link = true;
	else
		file->unknown_link = link_type;
}

/* ---- pcap --------------------------------------------------------------------------------------------------------- */

static int pcap_next(struct capfile *file, struct capfile_packet *out, struct error *err)
{
	uint64_t seconds, fraction;
	uint8_t header[16];
	int status = capfile_read(file, header, sizeof(header), "the header of a packet", err);

	if (status <= 0)
		return status;
	seconds = capfile_u32(file, header);
	fraction = capfile_u32(file, header + 4);
	out->captured = capfile_u32(file, header + 8);
	out->len = capfile_u32(file, header + 12);
	if (out->captured > CAPFILE_PACKET_MAX)
		return error_set(err, -EBADMSG, "the packet after packet %llu claims %u bytes, more than %d",
				 (unsigned long long)file->packets, out->captured, CAPFILE_PACKET_MAX);
	status = capfile_read_body(file, out->captured, "the packet", err);
	if (status < 0)
		return status;
	file->packets++;
	out->data = file->body;
	out->link_type = file->link_type;
	out->direction = LINK_UNKNOWN;
	out->interface = 0;
	out->interface_name = "";
	out->has_stamp = fraction < CAPFILE_SECOND_NS / file->fraction_ns;
	out->stamp_ns = seconds * CAPFILE_SECOND_NS + fraction * file->fraction_ns;
	return 1;
}

static int pcap_open(struct capfile *file, struct error *err)
{
	uint8_t header[PCAP_HEADER_REST];
	int status = capfile_read(file, header, sizeof(header), "the header of the file", err);

	if (status <= 0)
		return status ? status : error_set(err, -EINVAL, "the file ends within its header");
	if (capfile_u16(file, header) != 2)
		return error_set(err, -EINVAL, "pcap of version %u, where 2 is known", capfile_u16(file, header));
	file->link_type = (int)(capfile_u32(file, header + 16) & PCAP_LINK_MASK);
	file->read_next = pcap_next;
	capfile_note_link(file, file->link_type);
	return 0;
}

/* ---- either ------------------------------------------------------------------------------------------------------- */

/* The magic number as the bytes stand in the file, and how the rest is to be read. */
static const struct format {
	uint8_t magic[4];
	int (*open)(struct capfile *file, struct error *err);
	bool big_endian;
	uint32_t fraction_ns;
	const char *refused; /* why it cannot be read, and what to do */
} formats[] = {
	{{0xd4, 0xc3, 0xb2, 0xa1}, pcap_open, false, 1000, NULL},
	{{0xa1, 0xb2, 0xc3, 0xd4}, pcap_open, true, 1000, NULL},
	{{0x4d, 0x3c, 0xb2, 0xa1}, pcap_open, false, 1, NULL},
	{{0xa1, 0xb2, 0x3c, 0x4d}, pcap_open, true, 1, NULL},
	{{0x0a, 0x0d, 0x0d, 0x0a}, pcapng_open, false, 0, NULL},
	{{0x34, 0xcd, 0xb2, 0xa1}, NULL, false, 0, "a modified pcap of an old libpcap: 'editcap -F pcap FILE NEW' makes a plain one"},
	{{0xa1, 0xb2, 0xcd, 0x34}, NULL, false, 0, "a modified pcap of an old libpcap: 'editcap -F pcap FILE NEW' makes a plain one"},
	{{0x1f, 0x8b, 0x08, 0x00}, NULL, false, 0, "compressed by gzip: give it by 'zcat FILE |' as '-'"},
	{{0x1f, 0x8b, 0x08, 0x08}, NULL, false, 0, "compressed by gzip: give it by 'zcat FILE |' as '-'"},
	{{0x28, 0xb5, 0x2f, 0xfd}, NULL, false, 0, "compressed by zstd: give it by 'zstdcat FILE |' as '-'"},
	{{'s', 'n', 'o', 'o'}, NULL, false, 0, "a snoop file: 'editcap -F pcap FILE NEW' makes a pcap of it"},
};

static int open_format(struct capfile *file, struct error *err)
{
	uint8_t magic[4];
	int status = capfile_read(file, magic, sizeof(magic), "the magic number", err);

	if (!status)
		return error_set(err, -EINVAL, "the file is empty");
	for (size_t i = 0; status > 0 && i < sizeof(formats) / sizeof(formats[0]); i++) {
		const struct format *format = &formats[i];

		if (memcmp(magic, format->magic, sizeof(magic)))
			continue;
		if (format->refused)
			return error_set(err, -EINVAL, "%s", format->refused);
		file->big_endian = format->big_endian;
		file->fraction_ns = format->fraction_ns;
		status = format->open(file, err);
		return status == -EBADMSG ? -EINVAL : status;
	}
	return status < 0 ? -EINVAL : error_set(err, -EINVAL, "it begins like neither of them");
}

int capfile_open(struct capfile **out, FILE *stream, const char *name, struct error *err)
{
	struct capfile *file = calloc(1, sizeof(*file));
	struct stat info;
	struct error why;
	int status;

	if (file)
		file->name = strdup(name);
	if (!file || !file->name) {
		free(file);
		fclose(stream);
		return error_set(err, -ENOMEM, "%s: no memory to read it", name);
	}
	file->stream = stream;
	if (fileno(stream) >= 0 && !fstat(fileno(stream), &info) && S_ISREG(info.st_mode))
		file->size = (uint64_t)info.st_size;
	status = open_format(file, &why);
	if (status) {
		error_set(err, status, "%s: not a capture file that can be read (pcap or pcapng): %s", name, why.text);
		goto failed;
	}
	file->has_first = true;
	file->first_status = file->read_next(file, &file->first, &file->first_err);
	if (file->has_link && !file->has_known_link) {
		status = error_set(err, -EPROTONOSUPPORT,
				   "%s: captured on link type %d (tcpdump.org/linktypes.html), which is not understood; it is on: %s",
				   name, file->unknown_link, link_supported_names);
		goto failed;
	}
	*out = file;
	return 0;
failed:
	capfile_close(file);
	return status;
}

int capfile_next(struct capfile *file, struct capfile_packet *out, struct error *err)
{
	int status;

	if (file->has_first) {
		file->has_first = false;
		status = file->first_status;
		*out = file->first;
		if (status < 0)
			error_set(err, status, "%s", file->first_err.text);
	} else {
		status = file->read_next(file, out, err);
	}
	if (status > 0) {
		out->file = file->name;
		if (out->captured > out->len)
			out->captured = out->len;
	}
	return status;
}

uint64_t capfile_dropped(const struct capfile *file)
{
	return pcapng_dropped(file);
}

uint64_t capfile_size(const struct capfile *file)
{
	return file->size;
}

uint64_t capfile_position(const struct capfile *file)
{
	long at = ftell(file->stream);

	return at > 0 ? (uint64_t)at : 0;
}

const char *capfile_name(const struct capfile *file)
{
	return file->name;
}

void capfile_close(struct capfile *file)
{
	if (!file)
		return;
	fclose(file->stream);
	free(file->interfaces);
	free(file->body);
	free(file->name);
	free(file);
}
