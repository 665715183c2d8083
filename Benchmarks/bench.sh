#!/usr/bin/env bash
# Times qedscan and qemu-img in turn on the same warm pools, and writes the figures to Benchmarks/runs/DATE/.
#
# Usage: bench.sh DIRECTORY-OF-THE-PROGRAMS
#   ROUNDS (default 7), IMAGES (default 2000)
set -euo pipefail

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
rounds=${ROUNDS:-7}
images=${IMAGES:-2000}
work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-bench.XXXXXX")
runs=$here/runs/$(date -u +%Y-%m-%d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$runs"
raw=$runs/raw.tsv
printf 'case\tround\tprogram\tseconds\n' > "$raw"

# Seconds that a command takes; its output and status do not matter here.
seconds() {
    local start end
    start=$(date +%s%N)
    "$@" >/dev/null 2>&1 || true
    end=$(date +%s%N)
    awk -v n=$((end - start)) 'BEGIN { printf "%.6f", n / 1e9 }'
}

scan_pool() {
    rm -f "$work"/store.db*
    "$bin/qedscan" scan -q --db "$work/store.db" "$work/pool"
}
rescan_pool() { "$bin/qedscan" scan -q --db "$work/store.db" "$work/pool"; }
peer_pool() { find "$work/pool" -type f -print0 | xargs -0 -P2 -n1 qemu-img check; }
list_pool() { find "$work/pool" -printf '%s %T@\n'; }
check_sequential() { "$bin/qedscan" check "$work/sequential.qed"; }
peer_sequential() { qemu-img check -f qed "$work/sequential.qed"; }
check_shuffled() { "$bin/qedscan" check "$work/shuffled.qed"; }
peer_shuffled() { qemu-img check -f qed "$work/shuffled.qed"; }

# CASE OURS PEER: both in turn, after one round that is not counted.
compare() {
    local case=$1 ours=$2 peer=$3 round
    "$ours" >/dev/null 2>&1 || true
    "$peer" >/dev/null 2>&1 || true
    for round in $(seq "$rounds"); do
        printf '%s\t%s\tqedscan\t%s\n' "$case" "$round" "$(seconds "$ours")" >> "$raw"
        printf '%s\t%s\tpeer\t%s\n' "$case" "$round" "$(seconds "$peer")" >> "$raw"
    done
    summarise "$case" | tee -a "$runs/summary.md"
}

# The median and the spread of both, and of the ratio round by round.
summarise() {
    awk -F'\t' -v case="$1" '
        function sort(a, n,   i, j, t) {
            for (i = 2; i <= n; i++) { t = a[i]; for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]; a[j + 1] = t }
        }
        function median(a, n) { return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }
        $1 == case && $3 == "qedscan" { a[++n] = $4 }
        $1 == case && $3 == "peer" { b[++m] = $4; r[m] = $4 / a[m] }
        END {
            sort(a, n); sort(b, m); sort(r, m)
            printf "| %s | %.4f (%.4f-%.4f) | %.4f (%.4f-%.4f) | **%.1f** (%.1f-%.1f) |\n", case,
                median(a, n), a[1], a[n], median(b, m), b[1], b[m], median(r, m), r[1], r[m]
        }' "$raw"
}

{
    date -u +'%Y-%m-%d %H:%M:%S UTC'
    uname -srm
    grep -m1 'model name' /proc/cpuinfo || true
    echo "$(nproc) cores, $(awk '/MemTotal/ { print int($2 / 1048576 + 0.5) }' /proc/meminfo) GiB of memory"
    "$bin/qedscan" version
    qemu-img --version | head -n 1
    echo "sqlite $(sqlite3 --version | cut -d' ' -f1)"
    echo "pool: qedlab pool --images $images --damaged 2% --seed 1; $rounds rounds, both in turn, warm"
} | tee "$runs/machine.txt"

"$bin/qedlab" pool "$work/pool" --images "$images" --damaged 2% --seed 1 >/dev/null
"$bin/qedlab" image --size 1T --no-data "$work/sequential.qed"
"$bin/qedlab" image --size 1T --no-data --layout shuffled --seed 1 "$work/shuffled.qed"
# Results are used again only of images that were at least two seconds old when they were checked.
sleep 3

{
    echo '| case | qedscan, s: median (min-max) | peer, s | peer / qedscan |'
    echo '|---|---|---|---|'
} | tee "$runs/summary.md"
compare "$images small images, new store; find \\| xargs -P2 -n1 qemu-img check" scan_pool peer_pool
compare "the same, unchanged; find -printf" rescan_pool list_pool
compare "1 TiB sequential; qemu-img check" check_sequential peer_sequential
compare "1 TiB shuffled; qemu-img check" check_shuffled peer_shuffled
