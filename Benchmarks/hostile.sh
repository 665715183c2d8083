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

# Seconds and peak resident KiB of a command, through the kernel's own accounting.
measure() {
    python3 - "$@" <<'PYTHON'
import os, resource, subprocess, sys, time
start = time.monotonic()
try:
    status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=200).returncode
except subprocess.TimeoutExpired:
    status = "time-out"
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(f"{time.monotonic() - start:.2f} s, {usage.ru_maxrss // 1024} MiB, status {status}")
PYTHON
}

{
    echo '| file | disk | qedscan check | qemu-img check |'
    echo '|---|---|---|---|'
    for file in "$work"/pool/*; do
        [ -f "$file" ] && [ ! -L "$file" ] || continue
        printf '| %q | %s | %s | %s |\n' "$(basename "$file")" "$(du -h "$file" | cut -f1)" \
            "$(measure "$bin/qedscan" check "$file")" "$(measure qemu-img check -f qed "$file")"
    done
    echo
    echo "All of them in one scan: $(measure "$bin/qedscan" scan --db "$work/store.db" "$work/pool")"
} | tee "$runs/hostile.md"
