#!/usr/bin/env bash
# Times one shard of N of a pool of 100,000 images, for N of 1 to 256, and writes the figures to
# Benchmarks/runs/DATE/shards.md: what every node does anyway (it walks all directories) and what it does for its images
# follow from the first and the last row, and the rows between are held against that.
#
# Usage: shards.sh DIRECTORY-OF-THE-PROGRAMS
# QUICK=1: 10,000 images.
set -euo pipefail

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-shards.XXXXXX")
runs=$here/runs/$(date -u +%Y-%m-%d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$runs"
table=$runs/shards.md
images=100000
[ -z "${QUICK:-}" ] || images=10000 table=$work/shards.md

"$bin/qedlab" pool --images "$images" --damaged 10% --files-per-directory 1000 "$work/pool" >/dev/null
files=$(find "$work/pool" -type f | wc -l)

least() { # COMMAND...: prints the least time of three runs, in seconds; the first warms the caches
    for _ in 1 2 3 4; do
        rm -f "$work"/shard.db*
        { /usr/bin/time -f %e "$@" || [ $? -lt 16 ]; } 2>&1 >/dev/null | tail -1
    done | tail -3 | sort -n | head -1
}

measured=
for count in 1 2 4 8 16 64 256; do
    measured="$measured $count:$(least "$bin/qedscan" scan -q --db "$work/shard.db" --shard "1/$count" "$work/pool")"
done
size=$(least "$bin/qedscan" scan -q --db "$work/shard.db" --shard 1/16 --shard-by size "$work/pool")
find=$(least find "$work/pool" -type f)

awk -v measured="$measured" -v images="$images" -v files="$files" -v size="$size" -v find="$find" 'BEGIN {
    n = split(measured, part, " ")
    for (i = 1; i <= n; i++) { split(part[i], pair, ":"); count[i] = pair[1]; time[i] = pair[2] }
    check = (time[1] - time[n]) / (1 - 1 / count[n]) / images
    walk = (time[1] - check * images) / files
    printf "# One shard of a pool of %d images\n\n", images
    printf "The least of three runs, the caches warm, a new store each. Model: %.2f us for each file of the pool, and %.1f us for\n", walk * 1e6, check * 1e6
    printf "each image of the shard.\n\n"
    print "| shards | seconds of the first | by the model | off by |\n|---|---|---|---|"
    for (i = 1; i <= n; i++) {
        model = walk * files + check * images / count[i]
        printf "| %d | %.2f | %.2f | %+.0f %% |\n", count[i], time[i], model, (time[i] / model - 1) * 100
    }
    printf "\nOf 16 by size: %.2f s. `find -type f`: %.2f s.\n", size, find
}' >"$table"
cat "$table"
