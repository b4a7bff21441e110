/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The network cards' stamps of the packets of late, by the kernel's stamp of the same packet. A message is written when the
 * last of its packets has been put in order and read, which is a while after that packet's stamps came.
 */
#ifndef PL_SESSION_NIC_MEMORY_H
#define PL_SESSION_NIC_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "record.h"

#define NIC_MEMORY_NS 5000000000ULL /* an older stamp is not waited for any more */

struct nic_memory;

struct nic_memory *nic_memory_new(void); /* NULL: out of memory */

/* True: it took the place of another that was younger than NIC_MEMORY_NS, which is lost. */
bool nic_memory_put(struct nic_memory *memory, const struct pl_nic_stamp *stamp);

/* The stamp of the packet of `feed` that the kernel stamped at stamp_ns; NULL: the card gave none, or it has been forgotten. */
const struct pl_nic_stamp *nic_memory_find(const struct nic_memory *memory, uint32_t feed, uint64_t stamp_ns);

void nic_memory_free(struct nic_memory *memory);

#endif
