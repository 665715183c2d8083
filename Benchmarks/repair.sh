#!/usr/bin/env bash
# Repairs a pool with every kind of damage, counts what became readable or was lost, and takes it back; beside it what
# `qemu-img check -r all` makes of a copy. Writes the figures to Benchmarks/runs/DATE/repair.md.
#
# Usage: repair.sh DIRECTORY-OF-THE-PROGRAMS
set -euo pipefail

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-repair.XXXXXX")
runs=$here/runs/$(date -u +%Y-%m-%d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$runs" "$work"/{pool,read,made}
pool=$work/pool
export QEDSCAN_DB=$work/store.db
qedscan() { "$bin/qedscan" "$@"; }
lab() { "$bin/qedlab" "$@"; }
rows() { sqlite3 -separator ' ' "$QEDSCAN_DB" "$1"; }

# --- The pool

# An image written by QEMU, small enough to be read whole: NAME CLUSTER-SIZE TABLE-SIZE CREATE-OPTIONS...
written() {
    local name=$1 cluster=$2 table=$3
    shift 3
    qemu-img create -q -f qed -o "cluster_size=$cluster,table_size=$table" "$@" "$work/made/$name" 5M
    qemu-io -f qed -c 'write -P 0x41 0 256k' -c 'write -P 0x42 256k 256k' -c 'write -P 0x43 4M 300k' \
        -c 'write -z 1M 256k' -c 'write -P 0x44 4800k 64k' "$work/made/$name" >/dev/null
}

# The same with tables of one cluster, which QEMU neither makes nor opens: NAME CLUSTER-SIZE
built() { lab image --cluster-size "$2" --table-size 1 --size 5M --allocated 30% --zero 5% --seed 11 "$work/made/$1"; }

# A write that a crash cuts short: NAME EVENT
crashed() {
    local file="json:{\"driver\":\"qed\",\"file\":{\"driver\":\"blkdebug\",\"image\":{\"driver\":\"file\",\"filename\":\"$pool/$1\"}}}"
    (ulimit -c 0; timeout 20 qemu-io -c "break $2 A" -c 'aio_write -P1 3M 64k' -c 'wait_break A' -c abort "$file" || true) \
        >/dev/null 2>&1
}

qemu-img create -q -f raw "$pool/base.raw" 5M
qemu-io -f raw -c 'write -P 0x7e 0 5M' "$pool/base.raw" >/dev/null
cp "$pool/base.raw" "$work/made/"
written 4k-2 4096 2
written 4k-4 4096 4
written 64k-2 65536 2
written 64k-4 65536 4
written overlay 65536 4 -u -b base.raw -F raw
built 4k-1 4096
built 64k-1 65536

# BASE NAME DEFECT...: a damaged copy. What cannot be applied to a layout leaves no image.
damaged() {
    local base=$1 name=$2 seed=$((seeds += 1)) defect
    shift 2
    cp --sparse=always "$work/made/$base" "$pool/$name.qed"
    for defect in "$@"; do
        if ! lab damage --seed "$seed" "$pool/$name.qed" "$defect" 2>>"$work/refused"; then
            rm "$pool/$name.qed"
            return
        fi
    done
}
seeds=0
# Not the header of more than 4 GiB, which nobody repairs: the sums of such files would take most of the time.
defects=$(lab defects | cut -d' ' -f1 | grep -vx header-size-too-large)
others=(64k-4 overlay 4k-1)
for defect in $defects; do
    base=${others[$((seeds / 2 % 3))]}
    damaged 4k-2 "4k-2-$defect" "$defect"
    damaged "$base" "$base-$defect" "$defect"
done
for base in 4k-2 4k-4 64k-2 64k-4 64k-1 overlay; do
    damaged "$base" "$base-several-1" data-offset-unaligned data-cluster-shared dirty
    damaged "$base" "$base-several-2" data-offset-beyond-file l2-offset-beyond-file data-cluster-in-metadata dirty
    damaged "$base" "$base-several-3" l2-table-shared data-offset-in-header leaked-tail
    damaged "$base" "$base-several-4" data-cluster-shared truncated-in-data dirty
    damaged "$base" "$base-several-5" l2-garbage dirty
done
for event in write_aio l2_update l1_update; do
    for base in 4k-2 64k-4; do
        cp "$work/made/$base" "$pool/$base-crash-$event.qed"
        crashed "$base-crash-$event.qed" "$event"
    done
done
mapfile -t images < <(cd "$pool" && ls -- *.qed)
cp -a --sparse=always "$pool" "$work/peer"

echo "pool of ${#images[@]} images after $SECONDS s" >&2

# --- What the guest reads

# Reads each image of a pool with QEMU, which lays zeros where it cannot read, without the backing file; the sectors
# that it could not read are in the log. POOL PHASE
read_pool() {
    local name
    for name in "${images[@]}"; do
        printf '%s\0' "$name"
    done | xargs -0 -P4 -I{} sh -c '
        file="json:{\"driver\":\"qed\",\"backing\":null,\"file\":{\"driver\":\"file\",\"filename\":\"$1/{}\"}}"
        timeout 30 qemu-img convert --salvage -O raw "$file" "$2/{}.$3" 2> "$2/{}.$3.log" || rm -f "$2/{}.$3"
    ' sh "$1" "$work/read" "$2"
}

# Counts the guest bytes of an image that were readable before and read differently now: NAME BEFORE AFTER
# Nothing if one of them is not to be had.
lost_bytes() {
    local before=$work/read/$1.$2 after=$work/read/$1.$3
    [ -e "$before" ] && [ -e "$after" ] || return 0
    # Files that differ are no failure.
    { cmp -l "$before" "$after" 2>/dev/null || true; } | awk -v log_file="$before.log" '
        BEGIN { while ((getline line < log_file) > 0)
            if (match(line, /reading offset [0-9]+/)) bad[substr(line, RSTART + 15, RLENGTH - 15) / 512] = 1 }
        !(int(($1 - 1) / 512) in bad) { n++ }
        END { print n + 0 }'
}

# Images that lost bytes, images compared, and bytes: BEFORE AFTER
losses() {
    local name bytes
    for name in "${images[@]}"; do
        bytes=$(lost_bytes "$name" "$1" "$2")
        [ -n "$bytes" ] || continue
        echo "$bytes $name"
    done | tee "$work/losses-$2" | awk '{ compared++; sum += $1; if ($1) lossy++ } END { print lossy + 0, compared + 0, sum + 0 }'
}

sums() { (cd "$pool" && sha256sum -- *.qed); }
# Images of a pool by what our check says: POOL; two columns, outcome and dirty.
outcomes() {
    rm -f "$work/outcomes.db"*
    QEDSCAN_DB=$work/outcomes.db qedscan scan -q "$1" >/dev/null 2>&1 || true
    sqlite3 -separator ' ' "$work/outcomes.db" "SELECT replace(path, rtrim(path, replace(path, '/', '')), ''), outcome, ifnull(dirty, 0) FROM latest_check ORDER BY 1"
}
# How many lines of a list of outcomes are so: FILE OUTCOME [DIRTY]
count() { awk -v o="$2" -v d="${3:-}" '$2 == o && (d == "" || $3 == d)' "$1" | wc -l; }
# Whole: nothing wrong, and not dirty. Leaks waste space and harm nothing.
whole() { awk '($2 == "clean" || $2 == "leaking") && $3 == 0 { print $1 }' "$1"; }

# --- Ours

read_pool "$pool" before
echo "read after $SECONDS s" >&2
sums > "$work/sums-before"
outcomes "$pool" > "$work/before"
# A scan, the plan, the repair, a scan.
qedscan scan -q "$pool" >/dev/null 2>&1 || true
qedscan repair -n --also clone-tables,clear-autoclear > "$work/plan" 2>&1 || true
start=$(date +%s%N)
qedscan repair --yes --settle 1s --also clone-tables,clear-autoclear > "$work/repair" 2>&1 || true
ours_seconds=$(awk -v n=$(($(date +%s%N) - start)) 'BEGIN { printf "%.1f", n / 1e9 }')
repaired=$(rows "SELECT count(*) FROM repair WHERE state = 'done'")
failed=$(grep -c 'not repaired' "$work/repair" || true)
lost_ranges=$(rows "SELECT ifnull(sum(lost_bytes), 0) FROM repair_history")
echo "repaired after $SECONDS s" >&2
read_pool "$pool" after
outcomes "$pool" > "$work/after"
read -r our_lossy our_compared our_lost < <(losses before after)

mapfile -t ids < <(rows "SELECT id FROM repair WHERE state = 'done' AND undoes_repair_id IS NULL ORDER BY id")
qedscan undo --yes -q --settle 0s "${ids[@]}" > "$work/undo" 2>&1 || true
sums > "$work/sums-undone"
identical=$(comm -12 <(sort "$work/sums-before") <(sort "$work/sums-undone") | wc -l)

echo "undone after $SECONDS s" >&2

# --- QEMU's

start=$(date +%s%N)
for name in "${images[@]}"; do
    qemu-img check -q -f qed -r all "$work/peer/$name" >/dev/null 2>&1 || true
done
peer_seconds=$(awk -v n=$(($(date +%s%N) - start)) 'BEGIN { printf "%.1f", n / 1e9 }')
read_pool "$work/peer" peer
outcomes "$work/peer" > "$work/peer-after"
read -r peer_lossy peer_compared peer_lost < <(losses before peer)

# --- The table

broken() { awk '$2 == "corrupt" || $2 == "invalid" || $2 == "incomplete" || $2 == "unsupported" { print $1 }' "$1"; }
made_whole() { comm -13 <(whole "$work/before" | sort) <(whole "$1" | sort) | wc -l; }
# Images that were dirty, are not any more, and are broken still.
falsely_clean() {
    awk 'NR == FNR { dirty[$1] = $3; next } dirty[$1] == 1 && $3 == 0 && $2 != "clean" && $2 != "leaking"' \
        "$work/before" "$1" | wc -l
}
# Images that qemu-img check calls free of corruption: POOL
passes_qemu() {
    local name status n=0
    for name in "${images[@]}"; do
        status=0
        qemu-img check -q -f qed "$1/$name" >/dev/null 2>&1 || status=$?
        if [ "$status" = 0 ] || [ "$status" = 3 ]; then n=$((n + 1)); fi
    done
    echo "$n"
}
peer_passes=$(passes_qemu "$work/peer")

{
    echo "$(date -u +'%Y-%m-%d %H:%M UTC'), $("$bin/qedscan" version | tr '\n' ' ')and $(qemu-img --version | head -n 1)"
    echo
    echo "${#images[@]} images: each of $(wc -w <<< "$defects") defects on two layouts where it applies, several at once, crashes."
    echo
    echo '| | before | `qedscan repair` | `qemu-img check -r all` |'
    echo '|---|---|---|---|'
    for outcome in clean leaking corrupt incomplete invalid unsupported; do
        printf '| %s | %s | %s | %s |\n' "$outcome" "$(count "$work/before" $outcome)" \
            "$(count "$work/after" $outcome)" "$(count "$work/peer-after" $outcome)"
    done
    printf '| dirty | %s | %s | %s |\n' "$(awk '$3 == 1' "$work/before" | wc -l)" \
        "$(awk '$3 == 1' "$work/after" | wc -l)" "$(awk '$3 == 1' "$work/peer-after" | wc -l)"
    printf '| **whole**: no corruption, not dirty | %s | **%s** | %s |\n' "$(whole "$work/before" | wc -l)" \
        "$(whole "$work/after" | wc -l)" "$(whole "$work/peer-after" | wc -l)"
    printf '| made whole | | **%s** | %s |\n' "$(made_whole "$work/after")" "$(made_whole "$work/peer-after")"
    printf '| left broken | | %s | %s |\n' "$(broken "$work/after" | wc -l)" "$(broken "$work/peer-after" | wc -l)"
    printf '| images that lost a readable guest byte | | **%s** of %s compared | %s of %s |\n' \
        "$our_lossy" "$our_compared" "$peer_lossy" "$peer_compared"
    printf '| readable guest bytes lost | | **%s** | %s |\n' "$our_lost" "$peer_lost"
    printf '| dirty bit cleared with something wrong left | | **%s** | %s |\n' "$(falsely_clean "$work/after")" \
        "$(falsely_clean "$work/peer-after")"
    printf '| files identical (SHA-256) after `undo` | | **%s of %s** | - |\n' "$identical" "${#images[@]}"
    printf '| seconds | | %s | %s |\n' "$ours_seconds" "$peer_seconds"
    echo
    echo "$repaired repaired, $failed refused in the midst; guest bytes whose mapping could not be used, each listed: $lost_ranges."
    echo "\`qemu-img check\` finds no corruption in $peer_passes of its own."
    echo "Guest bytes are those that \`qemu-img convert --salvage\` reads before and after, the backing file left out;"
    echo "$((${#images[@]} - our_compared)) images were not compared: QEMU opens none with a table size of 1 or a header that cannot be used."
} | tee "$runs/repair.md"

# The claims that must hold.
if [ "$our_lost" != 0 ] || [ "$identical" != "${#images[@]}" ] || [ "$(falsely_clean "$work/after")" != 0 ]; then
    grep -v '^0 ' "$work/losses-after" >&2 || true
    cat "$work/undo" >&2
    diff "$work/sums-before" "$work/sums-undone" >&2 || true
    exit 1
fi
