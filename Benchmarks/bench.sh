#!/usr/bin/env bash
# Times qedscan and its peers in turn on the same images, and measures what grows and how much memory it takes. A whole
# run, with all groups, the sizes below and 7 rounds or more, writes raw.tsv, cases.tsv, figures.tsv, machine.txt,
# summary.md and chart.svg to Benchmarks/runs/DATE/ and makes README.md and docs/qemu-img.md show that chart; any other run
# writes them to a temporary directory that stays.
#
# Usage: bench.sh DIRECTORY-OF-THE-PROGRAMS
#   QUICK=1      smaller pools, 3 rounds
#   CASES=...    only these groups, of: one-image cold small tree rescan growth memory start-up
#   ROUNDS, PEER_ROUNDS (find | xargs qemu-img; default ROUNDS), COLD_ROUNDS (the same, cold; default 3)
#   IMAGES, TREE_FILES, RESCAN_IMAGES, GROWTH_IMAGES, GROWTH_TIB: sizes
#   TIME_LIMIT   seconds for one measurement of memory
#   TMPDIR       where the pools are made: up to 10 GiB and 1.1 million files
set -euo pipefail
# The point of $EPOCHREALTIME is a comma elsewhere.
export LC_ALL=C

bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
all_groups='one-image cold small tree rescan growth memory start-up'
groups=${CASES:-$all_groups}
if [ -n "${QUICK:-}" ]; then
    : "${ROUNDS:=3}" "${COLD_ROUNDS:=1}" "${IMAGES:=500}" "${TREE_FILES:=50000}" "${RESCAN_IMAGES:=5000}"
    : "${GROWTH_IMAGES:=500 1000 5000}" "${GROWTH_TIB:=1 2 4}" "${TIME_LIMIT:=60}"
fi
rounds=${ROUNDS:-7}
peer_rounds=${PEER_ROUNDS:-$rounds}
cold_rounds=${COLD_ROUNDS:-3}
images=${IMAGES:-10000}
tree_files=${TREE_FILES:-1000000}
rescan_images=${RESCAN_IMAGES:-100000}
growth_images=${GROWTH_IMAGES:-1000 10000 100000}
growth_tib=${GROWTH_TIB:-1 2 4 8}
time_limit=${TIME_LIMIT:-300}
whole_sizes='10000 1000000 100000 1000 10000 100000 1 2 4 8'
cores=$(nproc)

work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-bench.XXXXXX")
# Where the pools of many files are.
pools=$work
clean_up() {
    if mountpoint -q "$work/disk"; then umount -l "$work/disk"; fi
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
export QEDSCAN_DB=$work/store.db
mkdir "$work/run"
raw=$work/run/raw.tsv
cases=$work/run/cases.tsv
notes=$work/notes
printf 'case\tround\tside\tunit\tvalue\tstatus\n' > "$raw"
printf 'case\tkind\twhat\tpeer\taim\n' > "$cases"
: > "$notes"

# shellcheck source=bench/measure.sh
. "$here/bench/measure.sh"
# shellcheck source=bench/pools.sh
. "$here/bench/pools.sh"
# shellcheck source=bench/cases.sh
. "$here/bench/cases.sh"

is_whole=yes
if [ "$images $tree_files $rescan_images $growth_images $growth_tib" != "$whole_sizes" ] || ((rounds < 7)); then
    is_whole=no
fi
if [ -n "${QUICK:-}" ]; then
    note "A quick run: small pools, $rounds rounds. Its figures say whether the suite works, not how fast qedscan is."
fi
if [ "$groups" != "$all_groups" ]; then
    is_whole=no
    note "Only these groups: $groups."
fi

if [[ $groups =~ tree|rescan|growth ]]; then make_disk; fi
describe_machine > "$work/run/machine.txt"
cat "$work/run/machine.txt"
for group in $groups; do
    case $group in
        one-image) one_image ;;
        cold) cold ;;
        small) small ;;
        tree) tree ;;
        rescan) rescan ;;
        growth) growth ;;
        memory) memory ;;
        start-up) start_up ;;
        *) echo "bench.sh: no such group: $group (there are: $all_groups)" >&2; exit 16 ;;
    esac
done
echo "load at the end: $(cut -d' ' -f1-3 /proc/loadavg); the run took $SECONDS s" >> "$work/run/machine.txt"

awk -f "$here/bench/statistics.awk" -f "$here/bench/figures.awk" "$cases" "$raw" > "$work/run/figures.tsv"
awk -v machine="$work/run/machine.txt" -v notes="$notes" -f "$here/bench/summary.awk" "$work/run/figures.tsv" \
    > "$work/run/summary.md"
awk -v subtitle="$(chart_subtitle)" -f "$here/bench/chart.awk" "$work/run/figures.tsv" > "$work/run/chart.svg"

if [ $is_whole = yes ]; then
    date=$(date -u +%Y-%m-%d)
    directory=$here/runs/$date
    mkdir -p "$directory"
    sed -i -E "s#Benchmarks/runs/[0-9-]+/(chart.svg|summary.md)#Benchmarks/runs/$date/\1#g" \
        "$here/../README.md" "$here/../docs/qemu-img.md"
else
    directory=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-figures.XXXXXX")
fi
cp "$work"/run/* "$directory/"
echo
cat "$directory/summary.md"
echo
echo "written to $directory"
