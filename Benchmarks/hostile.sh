#!/usr/bin/env bash
# Time and peak memory of each hostile file, ours beside qemu-img's, and of all of them in one scan.
#
# Usage: hostile.sh DIRECTORY-OF-THE-PROGRAMS
#   PATIENCE  seconds after which a program is ended (60)
set -euo pipefail

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-hostile.XXXXXX")
runs=$here/runs/$(date -u +%Y-%m-%d)
patience=${PATIENCE:-60}
# Nobody but root may look into what is closed.
trap 'chmod -R u+rwX "$work" 2>/dev/null; rm -rf "$work"' EXIT
mkdir -p "$runs"

"$bin/qedlab" hostile "$work/pool" >/dev/null

# Seconds, peak resident memory and exit status of a command, by the kernel's own accounting. Without a terminal, and
# ended when its time is over: some files are waited for until somebody writes to them.
measure() {
    "$bin/qedlab" measure -- timeout -k 5 "$patience" "$@" 2>&1 >/dev/null </dev/null | tail -n 1 |
        awk '{ printf "%.2f s, %d MiB, status %s", $2, ($4 + 1023) / 1024, $7 == 124 || $7 == 137 ? "time-out" : $7 }'
}

# Without what acts on a terminal, or ends a cell.
shown() {
    printf '%q' "$(basename "$1" | cut -c1-40)" | tr -d '`|'
}

{
    echo '| file | disk | qedscan check | qemu-img check |'
    echo '|---|---|---|---|'
    for file in "$work"/pool/*; do
        # Directories are for the scan alone. A device is opened by neither.
        if [ -b "$file" ] || [ -c "$file" ] || { [ -d "$file" ] && [ ! -L "$file" ] && [[ $file != *.qed ]]; }; then
            continue
        fi
        printf '| `%s` | %s KiB | %s | %s |\n' "$(shown "$file")" "$(($(stat -c %b "$file") / 2))" \
            "$(measure "$bin/qedscan" check "$file")" "$(measure qemu-img check -f qed "$file")"
    done
    echo
    patience=600
    echo "All of them in one scan: $(measure "$bin/qedscan" scan --db "$work/store.db" "$work/pool")"
} | tee "$runs/hostile.md"
