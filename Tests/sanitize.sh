#!/usr/bin/env bash
# All tests under a sanitizer, and the programs that they start too.
#
# Usage: sanitize.sh SANITIZER...          address, thread
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}

# 99, since 1 and 2 mean something to our programs. Short stacks and a small quarantine, since the tests allocate much. No look for leaks: it cannot be had in a program
# that strace traces.
export ASAN_OPTIONS=exitcode=99:malloc_context_size=4:max_malloc_fill_size=0:quarantine_size_mb=16:detect_leaks=0
# A report is a failure of the test, since the program ends with a status of its own then.
export TSAN_OPTIONS=halt_on_error=1

for sanitizer in "$@"; do
    scratch=.build/$sanitizer
    Setup/swift.sh "$swift" build --build-tests --sanitize="$sanitizer" --scratch-path "$scratch"
    # Sanitizers reserve terabytes of addresses: limits of the address space do not apply.
    QEDSCAN_SANITIZER=$sanitizer Setup/swift.sh "$swift" test --skip-build --disable-xctest --sanitize="$sanitizer" --scratch-path "$scratch"
done
