/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arrays that grow as they are filled, and arrays in order. */
#ifndef PL_BASE_ARRAY_H
#define PL_BASE_ARRAY_H

#include <stddef.h>
#include <stdint.h>

/* Makes room for one more element of `size` bytes: *items holds `count` of `*room`, which doubles. 0 or -ENOMEM, with *items as it was. */
int array_grow(void **items, size_t count, size_t *room, size_t size);

/* In ascending order. values may be NULL where count is 0. */
void sort_int64(int64_t *values, size_t count);

#endif
