#!/usr/bin/env bash
# Lines of each target that the tests reach, in the test process and in the programs that the tests start.
#
# Usage: coverage.sh          prints a table; the files with most lines not reached follow it
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=.build/coverage
swift=${SWIFT:-swift}
tools=$(dirname "$(readlink -f "$(command -v "$swift")")")

"$swift" build --build-tests --enable-code-coverage --scratch-path "$scratch"
bin=$("$swift" build --scratch-path "$scratch" --show-bin-path)
profiles=$PWD/$bin/profiles
case $bin in /*) profiles=$bin/profiles ;; esac
rm -rf "$profiles"
mkdir "$profiles"

# A program that is killed leaves no profile: what it did is not counted. %m: one file for each program, which all its
# processes add to.
LLVM_PROFILE_FILE=$profiles/%m.profraw "$swift" test --skip-build --disable-xctest --enable-code-coverage \
    --scratch-path "$scratch"
find "$(dirname "$profiles")" -name '*.profraw' >"$profiles/list"
"$tools/llvm-profdata" merge --failure-mode=all -f "$profiles/list" -o "$profiles/all.profdata"

report() {
    "$tools/llvm-cov" report "$bin/qedscanPackageTests.xctest" -object "$bin/qedscan" -object "$bin/qedlab" \
        -instr-profile "$profiles/all.profdata" "$@" 2>/dev/null
}

echo '| target | lines | not reached | reached |'
echo '|---|---|---|---|'
for target in Sources/*/; do
    report "$target" | awk -v name="$(basename "$target")" \
        '$1 == "TOTAL" { printf "| `%s` | %d | %d | %s |\n", name, $8, $9, $10 }'
done
echo
report Sources/ | awk '$1 ~ /\.swift$|\.c$/ && $9 > 0 { printf "%5d of %5d  %s\n", $9, $8, $1 }' | sort -rn | head -30
