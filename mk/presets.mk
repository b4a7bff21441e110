# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# user/feed/presets/NAME.yaml -> rows {"NAME", "its text"} of a table in C, so that the installed binary needs no data files.

PRESETS := $(sort $(wildcard user/feed/presets/*.yaml))

$(BUILD)/gen/presets.inc: $(PRESETS) user/feed/presets
	@mkdir -p $(@D)
	for preset in $(PRESETS); do \
		printf '{"%s",\n' "$$(basename "$$preset" .yaml)"; \
		sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' "$$preset"; \
		echo '},'; \
	done > $@.tmp && mv $@.tmp $@

generated: $(BUILD)/gen/presets.inc
