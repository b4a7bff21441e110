/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Arrays that grow as they are filled. */
#ifndef PL_BASE_ARRAY_H
#define PL_BASE_ARRAY_H

#include <stddef.h>

/* Makes room for one more element of `size` bytes: *items holds `count` of `*room`, which doubles. 0 or -ENOMEM, with *items as it was. */
int array_grow(void **items, size_t count, size_t *room, size_t size);

#endif
