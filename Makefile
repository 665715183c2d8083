# One door for developers. `make` lists the targets.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)

BUILD_PACKAGES := libsqlite3-dev libmd-dev pkg-config
RUN_PACKAGES := qemu-utils sqlite3
TEST_PACKAGES := $(RUN_PACKAGES) strace mandoc zsh fish chromium systemd python3
ENGINE_TOOLS := sqlite3 parallel openssh-client iproute2 rsync shellcheck
ENGINE_SERVERS := slurm-wlm munge openssh-server
DEB_PACKAGES := debhelper dpkg-dev lintian

# promtool is fetched, not installed.
WITH_TOOLS := PATH="$(CURDIR)/.build/tools/bin:$$PATH"

SANITIZERS ?= address thread

# With the toolchain's own linker: that of Debian 13 silently drops what makes addresses read-only after the start (relro).
RELEASE := -c release --static-swift-stdlib -Xswiftc -use-ld=lld $(foreach word,-z relro -z now,-Xlinker $(word))
# All that Swift keeps is in .build.
RUN_SWIFT := Setup/swift.sh $(SWIFT)
BIN = $(shell $(RUN_SWIFT) build $(RELEASE) --show-bin-path)

# Checks the toolchain and installs the packages of $(1) and of $(NEEDS) that are missing. A target that builds names its
# own in NEEDS, so that who cannot install them hears of all at once.
define need
	@Setup/toolchain.sh "$(SWIFT)" $(foreach package,$(1) $(NEEDS),'$(package)')
endef

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: build
build: ## build the programs (release, static Swift runtime)
	$(call need,$(BUILD_PACKAGES))
	$(RUN_SWIFT) build $(RELEASE) --product qedscan
	$(RUN_SWIFT) build $(RELEASE) --product qedlab

.PHONY: packages
packages: ## install the Debian packages that build, demo, test and deb need, and no more
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES) $(DEB_PACKAGES))

.PHONY: demo
demo: NEEDS = $(RUN_PACKAGES)
demo: build ## make a pool with real qemu tools, scan it, show what is wrong
	$(call need,)
	Demo/demo.sh "$(BIN)"

.PHONY: test
test: ## run all tests, against the real qemu tools too
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	@Setup/promtool.sh
	$(RUN_SWIFT) build --build-tests
	$(WITH_TOOLS) $(RUN_SWIFT) test --skip-build --disable-xctest

.PHONY: sanitize
sanitize: ## run all tests under the address and the thread sanitizer; SANITIZERS=thread: one of them
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	@Setup/promtool.sh
	$(WITH_TOOLS) SWIFT="$(SWIFT)" Tests/sanitize.sh $(SANITIZERS)

.PHONY: coverage
coverage: ## run all tests and print the lines of each target that they reach
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	@Setup/promtool.sh
	$(WITH_TOOLS) SWIFT="$(SWIFT)" Tests/coverage.sh

FUZZ_TARGETS := header tables image backing command-line store
SECONDS ?= 60
TARGETS ?= $(FUZZ_TARGETS)
FUZZ_BUILD = QEDSCAN_FUZZ=1 $(RUN_SWIFT) build -c release --scratch-path .build/fuzz

.PHONY: fuzz
fuzz: fuzz-build ## run libFuzzer on each of TARGETS for SECONDS (60); 0: only what the corpus has
	Fuzz/fuzz.sh .build/fuzz/release $(SECONDS) $(TARGETS)

.PHONY: fuzz-corpus
fuzz-corpus: fuzz-build ## take what was found into the corpus, as few and as short inputs as do
	Fuzz/merge.sh .build/fuzz/release $(TARGETS)

.PHONY: fuzz-build
fuzz-build:
	$(call need,$(BUILD_PACKAGES))
	for target in $(TARGETS); do $(FUZZ_BUILD) --product fuzz-$$target || exit; done

.PHONY: bench
bench: NEEDS = $(RUN_PACKAGES) time
bench: build ## time us against qemu-img and against limits, 20 minutes; QUICK=1: smaller, in a few
	$(call need,)
	Benchmarks/bench.sh "$(BIN)"

.PHONY: hostile
hostile: NEEDS = $(RUN_PACKAGES) time
hostile: build ## time and memory of hostile files, beside qemu-img's
	$(call need,)
	Benchmarks/hostile.sh "$(BIN)"

.PHONY: repair-figures
repair-figures: NEEDS = $(RUN_PACKAGES)
repair-figures: build ## repair a pool of every damage and take it back, beside qemu-img's repair
	$(call need,)
	Benchmarks/repair.sh "$(BIN)"

.PHONY: report-figures
report-figures: NEEDS = $(RUN_PACKAGES)
report-figures: build ## time every report on a store of 100,000 images and 30 scans
	$(call need,)
	Benchmarks/reports.sh "$(BIN)"

.PHONY: datasette
datasette: ## write contrib/datasette/metadata.json anew from the reports and the migrations
	QEDSCAN_WRITE_GOLDEN=1 $(RUN_SWIFT) test --disable-xctest --filter DatasetteTests

.PHONY: night-figures
night-figures: NEEDS = $(RUN_PACKAGES)
night-figures: build ## fourteen nights of a changing pool: the mail of each, the store's size, the time of a quiet one
	$(call need,)
	Benchmarks/nights.sh "$(BIN)"

IMAGES ?= 20000

.PHONY: engines
engines: ## run contrib/slurm and contrib/parallel with a Slurm and three ssh hosts of their own; needs root
	$(call need,$(BUILD_PACKAGES))
	$(RUN_SWIFT) build --product qedscan
	$(RUN_SWIFT) build --product qedlab
	@$(MAKE) --no-print-directory engine-tools || true
# Their servers would be started on a machine that stays; there they are installed by hand, or the tests say what lacks.
	@test -d /run/systemd/system || $(MAKE) --no-print-directory engine-servers || true
	@! command -v shellcheck >/dev/null || shellcheck -x contrib/slurm/* contrib/parallel/* Tests/engines/*.sh
	IMAGES=$(IMAGES) Tests/engines/slurm.sh "$$($(RUN_SWIFT) build --show-bin-path)"
	IMAGES=$$(($(IMAGES) / 5)) Tests/engines/parallel.sh "$$($(RUN_SWIFT) build --show-bin-path)"

.PHONY: engine-tools engine-servers
engine-tools:
	$(call need,$(ENGINE_TOOLS))
engine-servers:
	$(call need,$(ENGINE_SERVERS))

.PHONY: fleet-figures
fleet-figures: NEEDS = $(RUN_PACKAGES) time
fleet-figures: build ## time shards and merges, and work out the plan for more machines; QUICK=1: smaller, prints only
	$(call need,)
	Benchmarks/shards.sh "$(BIN)"
	Benchmarks/merge.sh "$(BIN)"
	$(if $(QUICK),,Benchmarks/plan.sh "$$(date -u +%F)")

MINUTES ?= 10
SEED ?=

.PHONY: soak
soak: NEEDS = $(RUN_PACKAGES)
soak: build ## pools that real QEMU programs change while they are scanned and repaired; MINUTES=10, SEED=, SAVE=1
	$(call need,)
	$(RUN_SWIFT) build --product qedsoak
	$(if $(SAVE),mkdir -p Benchmarks/runs/$$(date +%F) && QEDSCAN_SOAK_TABLE=Benchmarks/runs/$$(date +%F)/soak.md) \
	    "$$($(RUN_SWIFT) build --show-bin-path)/qedsoak" "$(BIN)/qedscan" $(MINUTES) $(SEED)

.PHONY: install
install: build ## install program, manual page, completions, units below $(DESTDIR)$(PREFIX)
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" packaging/install.sh "$(BIN)"

.PHONY: deb
deb: NEEDS = $(DEB_PACKAGES)
deb: build ## make a Debian package, held to lintian, in .build/deb/
	$(call need,)
	packaging/build-deb.sh "$(BIN)"

.PHONY: deb-try
deb-try: NEEDS = $(DEB_PACKAGES) debootstrap
deb-try: build ## install the package into a bare Debian, use it there, purge it; needs root
	$(call need,)
	$(SUDO) packaging/try-in-debootstrap.sh "$(BIN)"

FRESH ?= bookworm trixie

.PHONY: fresh-try
fresh-try: ## demo, test and deb on a bare Debian of each release of FRESH, by root and by a user; needs root
	@test "$$(id -u)" != 0 || Setup/packages.sh debootstrap || true
	@Setup/fresh-try.sh "$(SWIFT)" $(FRESH)

.PHONY: format
format: ## format the sources
	$(RUN_SWIFT) format -i -r Sources Tests Fuzz Plugins Package.swift

.PHONY: lint
lint: ## check the format and the house rules
	$(RUN_SWIFT) format lint --strict -r Sources Tests Fuzz Plugins Package.swift
	@! grep -rnE '^(@preconcurrency )?import Foundation$$' Sources || { echo "no Foundation in Sources"; exit 1; }
	@! grep -rnE '\btry[?!]' Sources/QED Sources/PoolScan Sources/Repair || { echo "no dropped errors on the way to image bytes"; exit 1; }

.PHONY: clean
clean: ## remove what was built
	rm -rf .build
