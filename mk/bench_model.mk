# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the margin model costs, beside the same question in NumPy (Debian: python3-numpy): `make bench-model`.

$(BUILD)/bench/model: tests/bench/model.c $(call archives,$(call below,margin,$(LAYERS)))
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -o $@ $(filter %.c %.a,$^) $(LIBS)

bench-model: $(BUILD)/bench/model
	@if /usr/bin/python3 -c 'import numpy' 2>/dev/null; then numpy=$$(/usr/bin/python3 tests/bench/model.py) || exit 1; \
	else echo "skip: NumPy is not there to compare with (Debian, Ubuntu: apt install python3-numpy)"; fi; \
	$< $$numpy
.PHONY: bench-model
