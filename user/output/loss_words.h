/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a counter of table `loss` means, in words, from the tables of the modules that count (see session/loss.h). */
#ifndef PL_OUTPUT_LOSS_WORDS_H
#define PL_OUTPUT_LOSS_WORDS_H

/* "records lost because the ring was full: …" for "ring_full"; the name itself where no table has it (a newer file). */
const char *loss_words(const char *name);

#endif
