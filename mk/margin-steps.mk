# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The kernels of random walks, one a set of instructions, of which the program takes the best one that the machine has.
# No multiplication is joined with an addition but where the code says so: all kernels give the same bits.

STEPS_FLAGS := -O2 -ffp-contract=off
FLAGS_margin/steps_plain := $(STEPS_FLAGS)
ifneq ($(filter x86_64-%,$(shell $(CC) -dumpmachine)),)
FLAGS_margin/steps_avx2   := $(STEPS_FLAGS) -mavx2 -mfma
FLAGS_margin/steps_avx512 := $(STEPS_FLAGS) -mavx512f -mfma
endif
