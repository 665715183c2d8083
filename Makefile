# One door for developers. `make` lists the targets.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
SUDO := $(shell test "$$(id -u)" = 0 || echo sudo)

BUILD_PACKAGES := libsqlite3-dev libmd-dev pkg-config
RUN_PACKAGES := qemu-utils sqlite3
TEST_PACKAGES := $(RUN_PACKAGES) strace mandoc zsh fish chromium systemd
ENGINE_TOOLS := sqlite3 parallel openssh-client iproute2 rsync shellcheck
ENGINE_SERVERS := slurm-wlm munge openssh-server
DEB_PACKAGES := debhelper dpkg-dev lintian

SANITIZERS ?= address thread

RELEASE := -c release --static-swift-stdlib
BIN = $(shell $(SWIFT) build $(RELEASE) --show-bin-path)

# Installs the packages of $(1) that are missing.
define need
	@missing=$$(for p in $(1); do \
	    test "$$(dpkg-query -W -f '$${db:Status-Status}' $$p 2>/dev/null)" = installed || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	    echo "installing" $$missing; \
	    $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
endef

.PHONY: help
help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

.PHONY: build
build: ## build the programs (release, static Swift runtime)
	$(call need,$(BUILD_PACKAGES))
	$(SWIFT) build $(RELEASE) --product qedscan
	$(SWIFT) build $(RELEASE) --product qedlab

.PHONY: demo
demo: build ## create a pool with the real QEMU tools, scan it, and show its problems
	$(call need,$(RUN_PACKAGES))
	Demo/demo.sh "$(BIN)"

.PHONY: test
test: ## run all tests, including those against the real QEMU tools
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --disable-xctest

.PHONY: sanitize
sanitize: ## run all tests with the address and thread sanitizers; SANITIZERS=thread: only one of them
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	Tests/sanitize.sh $(SANITIZERS)

.PHONY: coverage
coverage: ## run all tests and print the line coverage of each target
	$(call need,$(BUILD_PACKAGES) $(TEST_PACKAGES))
	Tests/coverage.sh

FUZZ_TARGETS := header tables image backing command-line store
SECONDS ?= 60
TARGETS ?= $(FUZZ_TARGETS)
FUZZ_BUILD = QEDSCAN_FUZZ=1 $(SWIFT) build -c release --scratch-path .build/fuzz

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
bench: build ## compare speed with qemu-img and with limits, 20 minutes; QUICK=1: smaller pools, a few minutes
	$(call need,$(RUN_PACKAGES) time)
	Benchmarks/bench.sh "$(BIN)"

.PHONY: hostile
hostile: build ## measure time and memory for hostile files, compared with qemu-img
	$(call need,$(RUN_PACKAGES) time)
	Benchmarks/hostile.sh "$(BIN)"

.PHONY: repair-figures
repair-figures: build ## repair a pool with every kind of damage and undo it, compared with qemu-img
	$(call need,$(RUN_PACKAGES))
	Benchmarks/repair.sh "$(BIN)"

.PHONY: report-figures
report-figures: build ## time every report on a store of 100,000 images and 30 scans
	$(call need,$(RUN_PACKAGES))
	Benchmarks/reports.sh "$(BIN)"

.PHONY: datasette
datasette: ## regenerate contrib/datasette/metadata.json from the reports and the migrations
	QEDSCAN_WRITE_GOLDEN=1 $(SWIFT) test --disable-xctest --filter DatasetteTests

.PHONY: night-figures
night-figures: build ## scan a changing pool for fourteen nights: emails, size of the store, time of a quiet night
	$(call need,$(RUN_PACKAGES))
	Benchmarks/nights.sh "$(BIN)"

IMAGES ?= 20000

.PHONY: engines
engines: ## run contrib/slurm and contrib/parallel on a private Slurm and three ssh hosts; needs root
	$(call need,$(BUILD_PACKAGES))
	$(SWIFT) build --product qedscan
	$(SWIFT) build --product qedlab
	@$(MAKE) --no-print-directory engine-tools || true
# Their servers would be started on a machine that stays; there they are installed by hand, or the tests say what lacks.
	@test -d /run/systemd/system || $(MAKE) --no-print-directory engine-servers || true
	@! command -v shellcheck >/dev/null || shellcheck -x contrib/slurm/* contrib/parallel/* Tests/engines/*.sh
	IMAGES=$(IMAGES) Tests/engines/slurm.sh "$$($(SWIFT) build --show-bin-path)"
	IMAGES=$$(($(IMAGES) / 5)) Tests/engines/parallel.sh "$$($(SWIFT) build --show-bin-path)"

.PHONY: engine-tools engine-servers
engine-tools:
	$(call need,$(ENGINE_TOOLS))
engine-servers:
	$(call need,$(ENGINE_SERVERS))

.PHONY: fleet-figures
fleet-figures: build ## time shards and merges, and calculate the plan for more machines; QUICK=1: smaller, print only
	$(call need,$(RUN_PACKAGES) time)
	Benchmarks/shards.sh "$(BIN)"
	Benchmarks/merge.sh "$(BIN)"
	$(if $(QUICK),,Benchmarks/plan.sh "$$(date -u +%F)")

MINUTES ?= 10
SEED ?=

.PHONY: soak
soak: build ## scan and repair pools while real QEMU programs change them; MINUTES=10, SEED=, SAVE=1
	$(call need,$(RUN_PACKAGES))
	$(SWIFT) build --product qedsoak
	$(if $(SAVE),mkdir -p Benchmarks/runs/$$(date +%F) && QEDSCAN_SOAK_TABLE=Benchmarks/runs/$$(date +%F)/soak.md) \
	    "$$($(SWIFT) build --show-bin-path)/qedsoak" "$(BIN)/qedscan" $(MINUTES) $(SEED)

.PHONY: install
install: build ## install program, manual page, completions and units below $(DESTDIR)$(PREFIX)
	PREFIX="$(PREFIX)" DESTDIR="$(DESTDIR)" packaging/install.sh "$(BIN)"

.PHONY: deb
deb: build ## build a Debian package in .build/deb/ and check it with lintian
	$(call need,$(DEB_PACKAGES))
	packaging/build-deb.sh "$(BIN)"

.PHONY: deb-try
deb-try: build ## install, use and purge the package in a minimal Debian; needs root
	$(call need,$(DEB_PACKAGES) debootstrap)
	$(SUDO) packaging/try-in-debootstrap.sh "$(BIN)"

.PHONY: format
format: ## format the sources
	$(SWIFT) format -i -r Sources Tests Fuzz Plugins Package.swift

.PHONY: lint
lint: ## check the format and the rules of this project
	$(SWIFT) format lint --strict -r Sources Tests Fuzz Plugins Package.swift
	@! grep -rnE '^(@preconcurrency )?import Foundation$$' Sources || { echo "no Foundation in Sources"; exit 1; }
	@! grep -rnE '\btry[?!]' Sources/QED Sources/PoolScan Sources/Repair || { echo "no dropped errors on the way to image bytes"; exit 1; }

.PHONY: clean
clean: ## remove all build output
	rm -rf .build
