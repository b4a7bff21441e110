# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What is measured rather than tested. `make bench` and `make bench-tap` need root.

$(BUILD)/bench/kernel.bpf.o: tests/bench/kernel.bpf.c $(wildcard bpf/*.h bpf/*.c) vmlinux/vmlinux.h
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -Wno-unused-parameter -c -o $@ $<

$(BUILD)/gen/bench.skel.h: $(BUILD)/bench/kernel.bpf.o
	@mkdir -p $(@D)
	$(BPFTOOL) gen skeleton $< name bench > $@.tmp && mv $@.tmp $@

$(BUILD)/bench/kernel: tests/bench/kernel.c tests/frames.h $(BUILD)/gen/bench.skel.h $(call archives,$(call below,tap,$(LAYERS)))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -o $@ $(filter %.c %.a,$^) $(LIBS)

$(BUILD)/bench/live: tests/bench/live.c tests/frames.h $(BUILD)/gen/bench.skel.h
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -Itests -o $@ $< $(LIBS)

$(BUILD)/bench/reads: tests/bench/reads.c $(call archives,$(call below,tap,$(LAYERS)))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $(filter %.c %.a,$^) $(LIBS)

# Nanoseconds per packet of each kernel program, and per read of another process.
bench: $(BUILD)/bench/kernel $(BUILD)/bench/reads
	$(BUILD)/bench/kernel
	$(BUILD)/bench/reads

# At the highest rate this machine makes: what listening costs the receiver, beside tcpdump and xdpdump.
bench-tap: all $(BUILD)/bench/live
	BUILD=$(BUILD) tests/bench/tap

# A day of shreds through the tables of replay: memory once an hour.
bench-day: $(BUILD)/tests/unit/tap_day
	PRICELAG_DAY_SECONDS=86400 $<

# An hour of 2,000 messages a second through the recorder's path into a session: memory every five minutes.
bench-hour: $(BUILD)/tests/unit/cmd_hour
	PRICELAG_HOUR_SECONDS=3600 $<
.PHONY: bench-tap bench-day bench-hour

.SECONDARY: $(BUILD)/bench/kernel.bpf.o
