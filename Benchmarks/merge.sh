#!/usr/bin/env bash
# Merges 2, 4, 8 and 16 stores of 100,000 images each, and writes the figures to Benchmarks/runs/DATE/merge.md, beside the
# time in which the same bytes are copied and on disk. The stores are those of one real scan, with other paths or hosts:
#
# shards: of one pool, each with every sixteenth path, so that each goes everywhere into the index of paths.
# hosts:  of sixteen machines, each with paths of its own.
#
# Usage: merge.sh DIRECTORY-OF-THE-PROGRAMS
# QUICK=1: stores of 10,000 images. COUNTS='100' KINDS=shards ROUNDS=1: other numbers of stores, in runs/DATE/merge-100.md.
set -euo pipefail

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-merge.XXXXXX")
runs=$here/runs/$(date -u +%Y-%m-%d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$runs"
table=$runs/merge.md
images=100000
[ -z "${QUICK:-}" ] || images=10000 table=$work/merge.md
rounds=${ROUNDS:-3} counts=${COUNTS:-2 4 8 16} most=${COUNTS:-16}
most=${most##* }
[ -z "${COUNTS:-}" ] || table=${table%.md}-$most.md

"$bin/qedlab" pool --images "$images" --damaged 10% "$work/pool" >/dev/null
sleep 3
# The first night checks every image, the second none.
for _ in 1 2; do "$bin/qedscan" scan -q --db "$work/base.db" "$work/pool" >/dev/null || [ $? -lt 16 ]; done
rm -r "$work/pool"

# The store of one scan becomes another's.
derive() { # KIND NUMBER
    local store=$work/$1-$2.db
    cp "$work/base.db" "$store"
    case $1 in
    shards) local path="substr(path, 1, length(path) - 4) || printf('-%03d.qed', $2)" host="'pool:bench'" ;;
    hosts) local path="path" host="'host-$2'" ;;
    esac
    sqlite3 "$store" "
        UPDATE scan SET host = $host, node = 'node-$2', uuid = substr(uuid, 1, 24) || printf('%012x', $2 * 16 + id);
        UPDATE image SET host = $host, path = $path;
        UPDATE scan_root SET path = '/bench';"
}

# Rows of all tables that a merge reads.
rows() {
    sqlite3 "$1" "SELECT (SELECT count(*) FROM image) + (SELECT count(*) FROM check_result) + (SELECT count(*) FROM finding)
        + (SELECT count(*) FROM backing) + (SELECT count(*) FROM path_error) + (SELECT count(*) FROM image_event)"
}

seconds() { # COMMAND...: prints the least of some rounds, and the peak of memory in MiB
    local best= peak= out
    for _ in $(seq "$rounds"); do
        rm -f "$work"/out.db* "$work/out.copy"
        out=$( { /usr/bin/time -f '%e %M' "$@" >/dev/null; } 2>&1 | tail -1)
        best=$(echo "${best:-999999} ${out% *}" | awk '{ print $1 < $2 ? $1 : $2 }')
        peak=${out#* }
    done
    echo "$best $((peak / 1024))"
}

{
    echo "# Merging stores of $images images"
    echo
    echo "The least of $rounds runs. Rows: of images, results, findings and what belongs to them. Copy: \`cat\` of the inputs"
    echo "into a file and \`sync\`. Verify: the part of the time in which the inputs are looked through before (\`store verify\`)."
    echo
    echo "| stores | of | rows | seconds | rows/s | peak MiB | merged MiB | copy s | times copy |"
    echo "|---|---|---|---|---|---|---|---|---|"
} >"$table"
one=$(rows "$work/base.db")
for kind in ${KINDS:-shards hosts}; do
    for number in $(seq 0 $((most - 1))); do derive "$kind" "$number"; done
    for count in $counts; do
        inputs=()
        for number in $(seq 0 $((count - 1))); do inputs+=("$work/$kind-$number.db"); done
        read -r copy _ <<<"$(seconds sh -c 'out=$1; shift; cat "$@" >"$out"; sync "$out"' sh "$work/out.copy" "${inputs[@]}")"
        read -r time peak <<<"$(seconds "$bin/qedscan" store merge -q "$work/out.db" "${inputs[@]}")"
        size=$(($(stat -c %s "$work/out.db") >> 20))
        awk -v n="$count" -v kind="$kind" -v rows="$((one * count))" -v s="$time" -v peak="$peak" -v size="$size" -v copy="$copy" \
            'BEGIN { printf "| %d | %s | %d | %.2f | %d | %d | %d | %.2f | %.1f |\n", n, kind, rows, s, rows / s, peak, size, copy, s / copy }' \
            >>"$table"
    done
    /usr/bin/time -f "Again, with nothing new, all $most $kind: %e s." "$bin/qedscan" store merge -q "$work/out.db" "${inputs[@]}" 2>>"$work/notes"
    [ "$(sqlite3 "$work/out.db" 'SELECT count(*) FROM latest_check')" = "$((most * $(sqlite3 "$work/base.db" 'SELECT count(*) FROM image')))" ]
    /usr/bin/time -f "Looking through one $kind store alone (\`store verify\`): %e s." "$bin/qedscan" store verify -q --db "${inputs[0]}" 2>>"$work/notes"
    for report in summary damaged backing-problems; do
        /usr/bin/time -f "\`report $report\` of the merged $most $kind: %e s." "$bin/qedscan" report "$report" --db "$work/out.db" 2>>"$work/notes" >/dev/null
    done
    rm -f "$work/$kind"-*.db "$work"/out.db*
done
{
    echo
    sed 's/^/- /' "$work/notes"
} >>"$table"
cat "$table"
