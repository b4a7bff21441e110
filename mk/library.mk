# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The margin model as a library of its own: libpricelag-margin.a, its public headers with what they include, and a
# pkg-config file. The number is that of the interface: its first part changes when a program may have to.

LIBRARY_VERSION := 2.0
LIBRARY_PUBLIC  := margin/model.h margin/market.h margin/fit.h margin/aave.h
LIBRARY          = $(BUILD)/libpricelag-margin.a

$(LIBRARY): $(BUILD)/libmargin.a $(BUILD)/libbase.a
	@rm -f $@
	$(AR) rcs $@ $(call objects,margin) $(addprefix $(BUILD)/user/base/,error.o u256.o wide.o)

define LIBRARY_PC
prefix=$(PREFIX)
Name: pricelag-margin
Description: bad debt of lending protocols under measured latency
Version: $(LIBRARY_VERSION)
Cflags: -I$${prefix}/include/pricelag
Libs: -L$${prefix}/lib -lpricelag-margin -lm -lpthread
endef
export LIBRARY_PC

install-library: $(LIBRARY)
	install -D -m 644 $(LIBRARY) "$(DESTDIR)$(PREFIX)/lib/libpricelag-margin.a"
	for header in $$(printf '#include "%s"\n' $(LIBRARY_PUBLIC) | $(CC) -Iuser -MM -x c - | tr ' \\' '\n\n' | grep '^user/'); do \
		install -D -m 644 $$header "$(DESTDIR)$(PREFIX)/include/pricelag/$${header#user/}" || exit 1; done
	install -d "$(DESTDIR)$(PREFIX)/lib/pkgconfig"
	echo "$$LIBRARY_PC" > "$(DESTDIR)$(PREFIX)/lib/pkgconfig/pricelag-margin.pc"

install: install-library
.PHONY: install-library
