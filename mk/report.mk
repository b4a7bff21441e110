# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The report page's parts (uPlot from npm, and user/output/page/), assembled into liboutput.a, so that the installed
# binary needs no data files. UPLOT=DIR takes an unpacked uplot package from there instead of npm.

UPLOT         ?= $(BUILD)/npm/node_modules/uplot
REPORT_PAGE   := user/output/page
REPORT_ASSETS := $(BUILD)/user/output/page/assets.o
REPORT_UPLOT  := $(addprefix $(UPLOT)/,dist/uPlot.iife.min.js dist/uPlot.min.css LICENSE)

EXTRA_OBJECTS_output += $(REPORT_ASSETS)

$(BUILD)/npm/node_modules/uplot/dist/uPlot.iife.min.js: user/output/package.json user/output/package-lock.json
	@command -v npm >/dev/null || { echo "error: npm is needed to fetch uPlot, which draws the report's plots:" \
		"install it (Debian, Ubuntu: apt install npm; Fedora: dnf install npm)," \
		"or unpack uplot 1.6 somewhere and say make UPLOT=DIR" >&2; exit 1; }
	@mkdir -p $(BUILD)/npm
	cp $^ $(BUILD)/npm/
	cd $(BUILD)/npm && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
$(filter-out %.js,$(addprefix $(BUILD)/npm/node_modules/uplot/,dist/uPlot.min.css LICENSE)): \
	$(BUILD)/npm/node_modules/uplot/dist/uPlot.iife.min.js

# Under names of their own: the assembler looks in the current folder first, and there is a LICENSE there too.
$(REPORT_ASSETS): $(REPORT_PAGE)/assets.S $(REPORT_PAGE)/page.css $(REPORT_PAGE)/page.js $(REPORT_UPLOT)
	@mkdir -p $(@D)
	cp $(UPLOT)/dist/uPlot.iife.min.js $(@D)/uplot.js
	cp $(UPLOT)/dist/uPlot.min.css $(@D)/uplot.css
	cp $(UPLOT)/LICENSE $(@D)/uplot.license
	$(CC) -c -Wa,-I$(REPORT_PAGE) -Wa,-I$(@D) -o $@ $<
