#!/usr/bin/env bash
# Time and peak memory of each hostile file, ours beside qemu-img's.
#
# Usage: hostile.sh DIRECTORY-OF-THE-PROGRAMS
set -euo pipefail

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-hostile.XXXXXX")
runs=$here/runs/$(date -u +%Y-%m-%d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$runs"

"$bin/qedlab" hostile "$work/pool" >/dev/null

# Seconds, peak resident memory and exit status of a command, by the kernel's own accounting. Ends it after 200 s.
measure() {
    local status=0
    /usr/bin/time -q -o "$work/usage" -f '%e %M' timeout 200 "$@" >/dev/null 2>&1 || status=$?
    awk -v status="$status" '{ printf "%.2f s, %d MiB, status %s", $1, ($2 + 1023) / 1024, status == 124 ? "time-out" : status }' "$work/usage"
}

{
    echo '| file | disk | qedscan check | qemu-img check |'
    echo '|---|---|---|---|'
    for file in "$work"/pool/*; do
        [ -f "$file" ] && [ ! -L "$file" ] || continue
        printf '| `%q` | %s KiB | %s | %s |\n' "$(basename "$file" | cut -c1-40)" "$(($(stat -c %b "$file") / 2))" \
            "$(measure "$bin/qedscan" check "$file")" "$(measure qemu-img check -f qed "$file")"
    done
    echo
    echo "All of them in one scan: $(measure "$bin/qedscan" scan --db "$work/store.db" "$work/pool")"
} | tee "$runs/hostile.md"
