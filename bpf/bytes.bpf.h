/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reads of integers at any byte offset, for BPF and for userspace. BPF dereferences directly (the JITed architectures allow
 * unaligned loads, and clang would turn a memcpy from an unaligned address into single bytes); userspace copies.
 */
#ifndef PL_BYTES_BPF_H
#define PL_BYTES_BPF_H

#ifdef __bpf__
#include "vmlinux.h"
#else
#include <linux/types.h>
#include <stdbool.h>
#include <string.h>
#endif
#include <bpf/bpf_endian.h>

#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

#ifdef __bpf__
#define PL_LOAD(type) return *(const type *)at
#else
#define PL_LOAD(type)                                                                                                  \
	type value;                                                                                                    \
	memcpy(&value, at, sizeof(value));                                                                             \
	return value
#endif

static __always_inline __u16 load_u16(const void *at)
{
	PL_LOAD(__u16);
}

static __always_inline __u32 load_u32(const void *at)
{
	PL_LOAD(__u32);
}

static __always_inline __u64 load_u64(const void *at)
{
	PL_LOAD(__u64);
}

#undef PL_LOAD

static __always_inline __u16 load_be16(const void *at)
{
	return bpf_ntohs(load_u16(at));
}

static __always_inline __u32 load_be32(const void *at)
{
	return bpf_ntohl(load_u32(at));
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PL_LITTLE(bits, value) (value)
#else
#define PL_LITTLE(bits, value) __builtin_bswap##bits(value)
#endif

static __always_inline __u16 load_le16(const void *at)
{
	return PL_LITTLE(16, load_u16(at));
}

static __always_inline __u32 load_le32(const void *at)
{
	return PL_LITTLE(32, load_u32(at));
}

static __always_inline __u64 load_le64(const void *at)
{
	return PL_LITTLE(64, load_u64(at));
}

#undef PL_LITTLE

#endif
