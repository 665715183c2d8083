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
# Aligned loops: otherwise the speed of a check depends on where the linker happens to put its loops, by up to 7 %.
RELEASE := -c release --static-swift-stdlib -Xswiftc -use-ld=lld $(foreach word,-z relro -z now,-Xlinker $(word)) \
    $(foreach word,-Xllvm -align-loops=32,-Xswiftc $(word))
# Keeps everything that Swift writes in .build.
RUN_SWIFT := Setup/swift.sh $(SWIFT)
BIN = $(shell $(RUN_SWIFT) build $(RELEASE) --show-bin-path)

# Checks the toolchain and installs the missing packages of $(1) and $(NEEDS). A target that depends on `build` lists its
# own packages in NEEDS, so that a user who cannot install them is told about all of them at once.
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
demo: build ## create a pool with the real QEMU tools, scan it, and show its problems
	$(call need,)
	Demo/demo.sh "$(BIN)"

.PHONY: test
test: ## run all tests, including those against the real QEMU tools
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	@Setup/promtool.sh
	$(RUN_SWIFT) build --build-tests
	$(WITH_TOOLS) $(RUN_SWIFT) test --skip-build --disable-xctest

.PHONY: sanitize
sanitize: ## run all tests with the address and thread sanitizers; SANITIZERS=thread: only one of them
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	@Setup/promtool.sh
	$(WITH_TOOLS) SWIFT="$(SWIFT)" Tests/sanitize.sh $(SANITIZERS)

.PHONY: coverage
coverage: ## run all tests and print the line coverage of each target
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	@Setup/promtool.sh
	$(WITH_TOOLS) SWIFT="$(SWIFT)" Tests/coverage.sh

FUZZ_TARGETS := header tables image backing command-line store
SECONDS ?= 60
TARGETS ?= $(FUZZ_TARGETS)
FUZZ_BUILD = QEDSCAN_FUZZ=1 $(RUN_SWIFT) build -c release --scratch-path .build/fuzz

.PHONY: fuzz
fuzz: fuzz-build ## run libFuzzer on each of TARGETS for SECONDS (60); 0: run the corpus only
	Fuzz/fuzz.sh .build/fuzz/release $(SECONDS) $(TARGETS)

.PHONY: fuzz-corpus
fuzz-corpus: fuzz-build ## add new inputs to the corpus, as few and as short as possible
	Fuzz/merge.sh .build/fuzz/release $(TARGETS)

.PHONY: fuzz-build
fuzz-build:
	$(call need,$(BUILD_PACKAGES))
	for target in $(TARGETS); do $(FUZZ_BUILD) --product fuzz-$$target || exit; done

.PHONY: bench
bench: NEEDS = $(RUN_PACKAGES) time
bench: build ## compare speed with qemu-img and with limits, 20 minutes; QUICK=1: smaller pools, a few minutes
	$(call need,)
	Benchmarks/bench.sh "$(BIN)"

.PHONY: hostile
hostile: NEEDS = $(RUN_PACKAGES) time
hostile: build ## measure time and memory for hostile files, compared with qemu-img
	$(call need,)
	Benchmarks/hostile.sh "$(BIN)"

.PHONY: repair-figures
repair-figures: NEEDS = $(RUN_PACKAGES)
repair-figures: build ## repair a pool with every kind of damage and undo it, compared with qemu-img
	$(call need,)
	Benchmarks/repair.sh "$(BIN)"

.PHONY: report-figures
report-figures: NEEDS = $(RUN_PACKAGES)
report-figures: build ## time every report on a store of 100,000 images and 30 scans
	$(call need,)
	Benchmarks/reports.sh "$(BIN)"

.PHONY: datasette
datasette: ## regenerate contrib/datasette/metadata.json from the reports and the migrations
	QEDSCAN_WRITE_GOLDEN=1 $(RUN_SWIFT) test --disable-xctest --filter DatasetteTests

.PHONY: night-figures
night-figures: NEEDS = $(RUN_PACKAGES)
night-figures: build ## scan a changing pool for fourteen nights: emails, size of the store, time of a quiet night
	$(call need,)
	Benchmarks/nights.sh "$(BIN)"

IMAGES ?= 20000

.PHONY: engines
engines: ## run contrib/slurm and contrib/parallel on a private Slurm and three ssh hosts; needs root
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
fleet-figures: build ## time shards and merges, and calculate the plan for more machines; QUICK=1: smaller, print only
	$(call need,)
	Benchmarks/shards.sh "$(BIN)"
	Benchmarks/merge.sh "$(BIN)"
	$(if $(QUICK),,Benchmarks/plan.sh "$$(date -u +%F)")

MINUTES ?= 10
SEED ?=

.PHONY: soak
soak: NEEDS = $(RUN_PACKAGES)
soak: build ## scan and repair pools while real QEMU programs change them; MINUTES=10, SEED=, SAVE=1
	$(call need,)
	$(RUN_SWIFT) build --product qedsoak
	$(if $(SAVE),mkdir -p Benchmarks/runs/$$(date +%F) && QEDSCAN_SOAK_TABLE=Benchmarks/runs/$$(date +%F)/soak.md) \
	    "$$($(RUN_SWIFT) build --show-bin-path)/qedsoak" "$(BIN)/qedscan" $(MINUTES) $(SEED)

.PHONY: install
install: build ## install program, manual page, completions and units below $(DESTDIR)$(PREFIX)
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" packaging/install.sh "$(BIN)"

.PHONY: deb
deb: NEEDS = $(DEB_PACKAGES)
deb: build ## build a Debian package in .build/deb/ and check it with lintian
	$(call need,)
	packaging/build-deb.sh "$(BIN)"

.PHONY: deb-try
deb-try: NEEDS = $(DEB_PACKAGES) debootstrap
deb-try: build ## install, use and purge the package in a minimal Debian; needs root
	$(call need,)
	$(SUDO) packaging/try-in-debootstrap.sh "$(BIN)"

FRESH ?= bookworm trixie

.PHONY: fresh-try
fresh-try: ## run demo, test and deb on bare Debian systems, as root and as a user; FRESH="bookworm trixie"; needs root
	@test "$$(id -u)" != 0 || Setup/packages.sh debootstrap || true
	@Setup/fresh-try.sh "$(SWIFT)" $(FRESH)

.PHONY: format
format: ## format the sources
	$(RUN_SWIFT) format -i -r Sources Tests Fuzz Plugins Package.swift

.PHONY: lint
lint: ## check the format and the rules of this project
	$(RUN_SWIFT) format lint --strict -r Sources Tests Fuzz Plugins Package.swift
	@! grep -rnE '^(@preconcurrency )?import Foundation$$' Sources || { echo "no Foundation in Sources"; exit 1; }
	@! grep -rnE '\btry[?!]' Sources/QED Sources/PoolScan Sources/Repair || { echo "no dropped errors on the way to image bytes"; exit 1; }
	@Tests/layers.py

.PHONY: clean
clean: ## remove all build output
	rm -rf .build
