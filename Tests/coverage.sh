#!/usr/bin/env bash
# Lines of each target that the tests reach, in the test process and in the programs that the tests start.
#
# Prints a table, and then the files with most lines that are not reached. A program that is killed, or that may not write
# where profiles go, leaves none: what it did is not counted.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=.build/coverage
swift=${SWIFT:-swift}
tools=$(dirname "$(readlink -f "$(command -v "$swift")")")

Setup/swift.sh "$swift" build --build-tests --enable-code-coverage --scratch-path "$scratch"
bin=$(Setup/swift.sh "$swift" build --scratch-path "$scratch" --show-bin-path)
rm -rf "$bin/codecov"
# The profiles of all processes are brought together even if a test fails.
status=0
Setup/swift.sh "$swift" test --skip-build --disable-xctest --enable-code-coverage --scratch-path "$scratch" || status=$?
"$tools/llvm-profdata" merge --failure-mode=all "$bin"/codecov/*.profraw -o "$bin/codecov/all.profdata"

report() {
    "$tools/llvm-cov" report "$bin/qedscanPackageTests.xctest" -object "$bin/qedscan" -object "$bin/qedlab" \
        -instr-profile "$bin/codecov/all.profdata" "$@" 2>/dev/null
}

echo '| target | lines | not reached | reached |'
echo '|---|---|---|---|'
for target in Sources/*/; do
    report "$target" | awk -v name="$(basename "$target")" \
        '$1 == "TOTAL" { printf "| `%s` | %d | %d | %s |\n", name, $8, $9, $10 }'
done
echo
report Sources/ | awk '$1 ~ /\.(swift|c)$/ && $9 > 0 { printf "%5d of %5d  %s\n", $9, $8, $1 }' | sort -rn | head -n 30
exit $status
