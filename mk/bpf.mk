# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Kernel programs in the kernel: `make bpf-test` and `make bench`, both as root.

$(BUILD)/tests/bpf/%: tests/bpf/%.c tests/frames.h tests/bpf/kernel.h $(call archives,$(call below,tap,$(LAYERS)))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -o $@ $(filter %.c %.a,$^) -lcmocka $(LIBS)

bpf-test: $(patsubst tests/bpf/%.c,$(BUILD)/tests/bpf/%,$(wildcard tests/bpf/*.c))
	tests/run-unit $^

$(BUILD)/bench/kernel.bpf.o: tests/bench/kernel.bpf.c $(wildcard bpf/*.h bpf/*.c) vmlinux/vmlinux.h
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -Wno-unused-parameter -c -o $@ $<

$(BUILD)/gen/bench.skel.h: $(BUILD)/bench/kernel.bpf.o
	@mkdir -p $(@D)
	$(BPFTOOL) gen skeleton $< name bench > $@.tmp && mv $@.tmp $@

$(BUILD)/bench/kernel: tests/bench/kernel.c tests/frames.h $(BUILD)/gen/bench.skel.h $(call archives,$(call below,tap,$(LAYERS)))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -o $@ $(filter %.c %.a,$^) $(LIBS)

bench: $(BUILD)/bench/kernel
	$<

.SECONDARY: $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(wildcard bpf/*.bpf.c)) $(BUILD)/bench/kernel.bpf.o
