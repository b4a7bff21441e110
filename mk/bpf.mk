# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Kernel programs in the kernel: `make bpf-test`, as root.

$(BUILD)/tests/bpf/%: tests/bpf/%.c tests/frames.h tests/bpf/kernel.h $(call archives,$(call below,tap,$(LAYERS)))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -o $@ $(filter %.c %.a,$^) -lcmocka $(LIBS)

bpf-test: $(patsubst tests/bpf/%.c,$(BUILD)/tests/bpf/%,$(wildcard tests/bpf/*.c))
	tests/run-unit $^

.SECONDARY: $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c))
