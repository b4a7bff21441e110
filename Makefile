# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
#   make                 build/pricelag
#   make install         DESTDIR and PREFIX as usual
#   make unit            unit and golden tests (no root)
#   make bpf-test        kernel programs over packet fixtures (root)
#   make fuzz            a short run of every fuzz target (clang); FUZZ_RUNS=N for longer
#   make fuzz-long       FUZZ_RUNS of each in one niced process, for FUZZ_MINUTES; goes on where it was
#   make bench           costs of the kernel programs (root)
#   make bench-tap       what listening costs a receiver, beside tcpdump and xdpdump (root; scripts/setup bench)
#   make bench-day       memory over a day of shreds
#   make bench-hour      memory, losses and file of an hour at 2,000 messages/s
#   make bench-model     what the margin model costs, beside NumPy
# Variables: CC, BUILD (output folder), SAN=1 (AddressSanitizer and UBSan), WERROR=1 (CI).

BUILD   ?= build
PREFIX  ?= /usr/local
CLANG   ?= clang
BPFTOOL ?= $(shell PATH=$$PATH:/usr/sbin:/sbin command -v bpftool)
BTF     ?= /sys/kernel/btf/vmlinux

PACKAGES := libbpf libelf zlib json-c yaml-0.1 openssl sqlite3 libcap libbrotlidec
TEST_PACKAGES := cmocka libpcap libbrotlienc # libpcap: a second reader of captures, for comparison
VERSION  := $(shell git describe --always --dirty 2>/dev/null || echo unknown)

OPT     ?= -O2 -g
CFLAGS  ?= $(OPT)
WARN     = -Wall -Wextra $(if $(WERROR),-Werror)
SANFLAGS = $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
comma   := ,
ALL_CFLAGS = -std=gnu11 -D_GNU_SOURCE $(WARN) $(CFLAGS) $(SANFLAGS) -Iuser -Ibpf -I$(BUILD)/gen -MMD -MP -MT $@ \
	$(shell pkg-config --cflags $(PACKAGES))
LIBS     = $(shell pkg-config --libs $(PACKAGES)) -lm -lpthread
TEST_LIBS = $(shell pkg-config --libs $(TEST_PACKAGES))

# Folders from upper to lower: each may use only what stands to its right. margin stands alone on base.
LAYERS  := cmd output latency session chain solana feed stream tap stats margin base
archives = $(foreach l,$(1),$(BUILD)/lib$(l).a)
# below(x): x and every layer to its right
below    = $(if $(filter $(1),$(firstword $(2))),$(2),$(if $(2),$(call below,$(1),$(wordlist 2,99,$(2)))))

all: $(BUILD)/pricelag

$(BUILD)/pricelag: $(call archives,$(LAYERS))
	$(CC) $(ALL_CFLAGS) -o $@ -Wl,--whole-archive $(BUILD)/libcmd.a -Wl,--no-whole-archive $(filter-out %/libcmd.a,$^) $(LIBS)

# ---- userspace ------------------------------------------------------------------------------------------------------
sources = $(wildcard user/$(1)/*.c)
objects = $(patsubst user/%.c,$(BUILD)/user/%.o,$(call sources,$(1))) $(EXTRA_OBJECTS_$(1))

define layer
$(BUILD)/lib$(1).a: $(call objects,$(1))
	@rm -f $$@
	$(AR) rcs $$@ $$^
endef

$(BUILD)/user/%.o: user/%.c | generated
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(FLAGS_$*) -c -o $@ $<

-include $(wildcard $(BUILD)/user/*/*.d $(BUILD)/tests/*/*.d)

# ---- kernel side ----------------------------------------------------------------------------------------------------
BPF_PROGRAMS := $(patsubst bpf/%.bpf.c,%,$(wildcard bpf/*.bpf.c))
SKELETONS    := $(patsubst %,$(BUILD)/gen/%.skel.h,$(BPF_PROGRAMS))
# Which registers hold a function's arguments, for the uprobes.
BPF_ARCH     := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(shell uname -m)))
BPF_CFLAGS    = -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(BPF_ARCH) $(WARN) -Ibpf -Ivmlinux

vmlinux/vmlinux.h:
	@if [ -r $(BTF) ]; then $(BPFTOOL) btf dump file $(BTF) format c > $@.tmp; \
	else echo "no BTF at $(BTF): using the hand-written subset" >&2; cp vmlinux/subset.h $@.tmp; fi; mv $@.tmp $@

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(wildcard bpf/*.h) vmlinux/vmlinux.h
	@mkdir -p $(@D)
	$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

$(BUILD)/gen/%.skel.h: $(BUILD)/bpf/%.bpf.o
	@mkdir -p $(@D)
	$(BPFTOOL) gen skeleton $< name $* > $@.tmp && mv $@.tmp $@

# Text that C code carries: X.sql -> $(BUILD)/gen/X.sql.inc, a C string literal.
$(BUILD)/gen/%.sql.inc: user/session/%.sql
	@mkdir -p $(@D)
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< > $@

# A session says which build made it: written anew when the commit changes, and only then. (Who installs may not be
# whom git tells. A -DPL_VERSION of the compiler's command line goes before it.)
$(BUILD)/gen/version.h: always
	@mkdir -p $(@D)
	@printf '#ifndef PL_VERSION\n#define PL_VERSION "$(VERSION)"\n#endif\n' >$@.new
	@if { [ "$(VERSION)" = unknown ] && [ -e $@ ]; } || cmp -s $@.new $@; then rm $@.new; else mv $@.new $@; fi

generated: $(SKELETONS) $(BUILD)/gen/schema.sql.inc $(BUILD)/gen/version.h
.PHONY: generated always

# ---- tests ----------------------------------------------------------------------------------------------------------
# tests/unit/LAYER_name.c is linked with LAYER and the layers below it, tests/fuzz/LAYER_name.c too.
UNIT_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*.c))
FUZZERS    := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
layer_of    = $(firstword $(subst _, ,$(1)))
FUZZ_RUNS  ?= 100000

define unit_test
$(BUILD)/tests/unit/$(1): tests/unit/$(1).c $(call archives,$(call below,$(call layer_of,$(1)),$(LAYERS)))
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -Itests -o $$@ $$(filter %.c %.a,$$^) $$(LIBS) $$(TEST_LIBS)
endef

unit: $(patsubst %,$(BUILD)/tests/unit/%,$(UNIT_TESTS))
	tests/run-unit $^
.PHONY: all unit fuzz bench bpf-test install clean

define fuzzer
$(BUILD)/tests/fuzz/$(1): tests/fuzz/$(1).c $(call archives,$(call below,$(call layer_of,$(1)),$(LAYERS)))
	@mkdir -p $$(@D)
	$$(CC) $$(ALL_CFLAGS) -Itests -fsanitize=fuzzer -o $$@ $$(filter %.c %.a,$$^) $$(LIBS)
endef

# Fuzz targets are built apart, with clang and the sanitizers, so that the code under test is instrumented as well; but not hashes and
# erasure codes, which branch on nothing that they are given and would take most of the time.
FUZZ_PLAIN  := base/keccak solana/reedsol
FUZZ_BUILD   = $(MAKE) BUILD=$(BUILD)-fuzz CC=$(CLANG) SAN=1 CFLAGS="-O2 -g -fsanitize=fuzzer-no-link -DPL_SMALL_TABLES" \
	$(foreach f,$(FUZZ_PLAIN),"FLAGS_$(f)=-fno-sanitize=fuzzer-no-link")
FUZZ_MINUTES ?= 60
fuzz:
	$(FUZZ_BUILD) fuzz-run
fuzz-long:
	$(FUZZ_BUILD) fuzz-run-long
fuzz-run: $(patsubst %,$(BUILD)/tests/fuzz/%,$(FUZZERS))
	tests/run-fuzz $(FUZZ_RUNS) $^
fuzz-run-long: $(patsubst %,$(BUILD)/tests/fuzz/%,$(FUZZERS))
	tests/fuzz-long $(BUILD)/long $(FUZZ_RUNS) $(FUZZ_MINUTES) $^
.PHONY: fuzz-long fuzz-run fuzz-run-long

-include $(wildcard mk/*.mk)

$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_test,$(t))))
$(foreach t,$(FUZZERS),$(eval $(call fuzzer,$(t))))

install: all
	install -D -m 755 $(BUILD)/pricelag "$(DESTDIR)$(PREFIX)/bin/pricelag"
	for page in docs/*.1; do install -D -m 644 $$page "$(DESTDIR)$(PREFIX)/share/man/man1/$$(basename $$page)"; done
	for page in README.md LICENSE LICENSES/* docs/*.md docs/*.svg docs/plots/*.svg docs/examples/*; do \
		install -D -m 644 $$page "$(DESTDIR)$(PREFIX)/share/doc/pricelag/$$page"; done

clean:
	rm -rf $(BUILD) $(BUILD)-fuzz vmlinux/vmlinux.h
