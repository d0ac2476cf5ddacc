# towpath: one Makefile, out-of-tree objects, no recursion but for variants.
#   make            build towpathd and towpath      make VARIANT=asan   with sanitizers
#   make check      deps, build, every test         make lint           style and layers
# Objects live in build/$(VARIANT)/; `rm -rf build` is a complete clean.

VARIANT ?= release
B       ?= build/$(VARIANT)
CC      ?= cc
PYTHON  ?= /usr/bin/python3
PREFIX  ?= /usr
VERSION := 0.1.0

# --- what is built -------------------------------------------------------------
# Every folder is compiled into one archive; a program is its main file and what
# the linker picks from there.  tests/layers.sh keeps the folders apart.
dirs     := base certs/x509 certs acme/dns acme router router/edge router/control admin-tui
mains    := router/main.c admin-tui/main.c
PROGRAMS := $B/towpathd $B/towpath

pkgs.daemon := gnutls libcrypto libxml-2.0 ldns libnghttp2 libcares libcurl jansson \
	sqlite3 libseccomp libidn2 libpsl
pkgs.client := gnutls libcurl jansson libidn2 ncursesw
pkgs.all    := $(sort $(pkgs.daemon) $(pkgs.client))
libs = $(shell pkg-config --libs $1) -lev -lm

# llhttp comes as C sources with Debian's node-llhttp (a build dependency).
LLHTTP ?= /usr/share
llhttp_objs := $(patsubst %,$B/llhttp/%.o,api http llhttp)

# --- flags ---------------------------------------------------------------------
cppflags := -I. -D_GNU_SOURCE -DTOWPATH_VERSION='"$(VERSION)"' -MMD -MP \
	$(shell pkg-config --cflags $(filter-out ncursesw,$(pkgs.all)))
warnings := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wvla -Wformat=2 -Wundef -Wswitch-enum \
	-Wno-format-truncation -Wno-format-nonliteral
cflags   := -std=c17 -g $(warnings) -fno-common -fstack-protector-strong
cflags.release  := -O2 -D_FORTIFY_SOURCE=2 -fPIE
ldflags.release := -pie -Wl,-z,relro,-z,now
cflags.debug    := -O0
cflags.asan     := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
cflags.fuzz     := $(cflags.asan) -fsanitize=fuzzer-no-link \
	-Wno-unknown-warning-option
cflags  += $(cflags.$(VARIANT)) $(if $(WERROR),-Werror) $(CFLAGS)
ldflags := -Wl,--as-needed $(filter -fsanitize=%,$(cflags.$(VARIANT))) \
	$(ldflags.$(VARIANT)) $(LDFLAGS)

# --- rules ---------------------------------------------------------------------
Q   := $(if $(V),,@)
say  = $(if $(V),,@printf '  %-5s %s\n' $1 $(patsubst $B/%,%,$@);)

srcs       := $(foreach d,$(dirs),$(wildcard $d/*.c))
hdrs       := $(foreach d,$(dirs),$(wildcard $d/*.h))
test_srcs  := $(wildcard tests/unit/*.c)
fuzz_srcs  := $(wildcard tests/fuzz/fuzz_*.c)
all_c      := $(srcs) $(test_srcs) $(fuzz_srcs) $(wildcard tests/bench/*.c)
unit_tests := $(patsubst %.c,$B/%,$(wildcard tests/unit/test_*.c))
# what several tests share, e.g. tests/unit/pki.c
test_objs  := $(patsubst %.c,$B/%.o,$(filter-out tests/unit/test_%,$(test_srcs)))
fuzz_bins  := $(patsubst %.c,$B/%,$(fuzz_srcs))
bench_bins := $(patsubst %.c,$B/%,$(wildcard tests/bench/*.c))

.PHONY: all deps demo check unit integration fuzz fuzz-bins bench deb lint \
	format format-check headers layers tidy lines install clean
.SECONDARY:
all: $(PROGRAMS)

$B/towpathd: $B/router/main.o $B/libtowpath.a
	$(call say,LD)$(CC) $(ldflags) -o $@ $^ $(call libs,$(pkgs.daemon))
$B/towpath: $B/admin-tui/main.o $B/libtowpath.a
	$(call say,LD)$(CC) $(ldflags) -o $@ $^ $(call libs,$(pkgs.client))

$B/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(cppflags) $(cflags) -c -o $@ $<
# ncurses' own flags redefine _XOPEN_SOURCE, so only its one file gets them.
$B/admin-tui/terminal.o: cppflags += -DNCURSES_WIDECHAR=1
$B/base/http1.o: cppflags += -isystem $(LLHTTP)/include/llhttp
$B/base/schema.o: base/schema.S $(wildcard base/schema*.sql)
	@mkdir -p $(@D)
	$(call say,AS)$(CC) -c -o $@ $<
$B/llhttp/%.o: $(LLHTTP)/llhttp/%.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) -I$(LLHTTP)/include/llhttp -DLLHTTP_STRICT_MODE=1 -O2 \
		$(filter -f%,$(cflags)) -c -o $@ $<

$B/libtowpath.a: $(patsubst %.c,$B/%.o,$(filter-out $(mains),$(srcs))) \
		$B/base/schema.o $(llhttp_objs)
	$(call say,AR)rm -f $@; $(AR) rcs $@ $^

# --- tests ---------------------------------------------------------------------
$B/tests/unit/%: $B/tests/unit/%.o $(test_objs) $B/libtowpath.a
	$(call say,LD)$(CC) $(ldflags) -o $@ $^ -lcmocka $(call libs,$(pkgs.all))
$B/tests/fuzz/%: $B/tests/fuzz/%.o $B/libtowpath.a
	$(call say,LD)$(CC) $(ldflags) -fsanitize=fuzzer -o $@ $^ $(call libs,$(pkgs.all))

check: deps
	$(Q)$(MAKE) --no-print-directory all unit-bins
	$(Q)B=$B PYTHON=$(PYTHON) tests/run.sh
.PHONY: unit-bins
unit-bins: $(unit_tests)
unit: $(unit_tests)
	$(Q)B=$B PYTHON=$(PYTHON) tests/run.sh unit
integration: all
	$(Q)B=$B PYTHON=$(PYTHON) tests/run.sh integration
fuzz:
	$(Q)$(MAKE) --no-print-directory VARIANT=fuzz CC=clang fuzz-bins
	$(Q)tests/fuzz/run.sh build/fuzz
fuzz-bins: $(fuzz_bins)
bench:
	$(Q)packaging/deps.sh bench
	$(Q)$(MAKE) --no-print-directory all bench-bins
	$(Q)B=$B PYTHON=$(PYTHON) tests/bench/run.sh
.PHONY: bench-bins
bench-bins: $(bench_bins)
$B/tests/bench/%: $B/tests/bench/%.o
	$(call say,LD)$(CC) $(ldflags) -o $@ $^ -lssl -lcrypto -pthread

# --- on a fresh machine --------------------------------------------------------
deps:
	$(Q)packaging/deps.sh
demo: deps
	$(Q)$(MAKE) --no-print-directory all
	$(Q)B=$B packaging/demo.sh
deb: deps
	$(Q)packaging/deb.sh $(VERSION)
install: all
	install -D -t $(DESTDIR)$(PREFIX)/sbin $B/towpathd
	install -D -t $(DESTDIR)$(PREFIX)/bin $B/towpath

# --- the house -----------------------------------------------------------------
lint: format-check lines layers headers tidy
format:
	$(Q)clang-format -i $(all_c) $(hdrs) $(wildcard tests/unit/*.h)
format-check:
	$(Q)clang-format --dry-run -Werror $(all_c) $(hdrs) $(wildcard tests/unit/*.h)
lines:
	$(Q)wc -l $(all_c) | awk '$$2 != "total" && $$1 > 600 { print $$2 ": " $$1 " lines, 600 allowed"; bad = 1 } END { exit bad }'
layers:
	$(Q)tests/layers.sh
headers:
	$(Q)for h in $(hdrs); do $(CC) $(filter-out -M%,$(cppflags)) -std=c17 \
		-Wall -Wextra -fsyntax-only -x c $$h || exit 1; done
tidy: $(patsubst %.c,$B/%.tidy,$(all_c))
$B/%.tidy: %.c .clang-tidy
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(filter-out -M%,$(cppflags)) \
		-isystem $(LLHTTP)/include/llhttp -std=c17 >$@.log 2>&1 && touch $@ || { cat $@.log; exit 1; }
clean:
	rm -rf build
-include $(patsubst %.c,$B/%.d,$(all_c))
