#!/usr/bin/env bash
# Works the model of PLAN.md out for 1, 16 and 256 nodes and 10^6 and 10^8 images, from the figures that shards.sh and
# merge.sh left in Benchmarks/runs/DATE, into plan.md there.
#
# Usage: plan.sh DATE
set -euo pipefail
runs=$(cd "$(dirname "$0")" && pwd)/runs/$1

awk '
    # shards.md: microseconds for each file of the pool, for each image of the shard
    /^The least of three runs, the caches/ { split($0, part, "Model: "); walk = part[2] + 0 }
    /us for each file/ { match($0, /and [0-9.]+ us for/); check = substr($0, RSTART + 4) + 0 }
    # merge.md: the row of most stores of shards
    $4 == "shards" && $2 + 0 > most { most = $2 + 0; rows = $6; seconds = $8; size = $14 }
    FILENAME ~ /merge/ && /^# Merging/ { each = $5 }
    END {
        bytes = size * 1048576 / (most * each)
        merge = seconds / (most * each) * 1e6
        printf "Of each file of the pool a walk takes %.2f us, of each image its check %.1f us and its merge %.1f us, %d bytes in\n", walk, check, merge, bytes
        print "the merged store. Every file is an image here."
        print ""
        print "| images | nodes | a node walks | and checks | all of it by the storage, 10,000 images/s | the merge | merged store | of which a shard |"
        print "|---|---|---|---|---|---|---|---|"
        for (images = 1e6; images <= 1e8; images *= 100)
            for (nodes = 1; nodes <= 256; nodes *= 16)
                printf "| 10^%d | %d | %s | %s | %s | %s | %s | %s |\n", log(images) / log(10) + 0.5, nodes, \
                    time(walk * images / 1e6), time(check * images / nodes / 1e6), time(images / 10000), \
                    time(merge * images / 1e6), amount(bytes * images), amount(bytes * images / nodes)
    }
    function time(s) { return s < 90 ? sprintf("%.1f s", s) : s < 5400 ? sprintf("%.0f min", s / 60) : sprintf("%.1f h", s / 3600) }
    function amount(b) { return b < 1e9 ? sprintf("%.0f MB", b / 1e6) : sprintf("%.1f GB", b / 1e9) }
' "$runs/shards.md" "$runs/merge.md" >"$runs/plan.md"
cat "$runs/plan.md"
