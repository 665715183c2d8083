#!/usr/bin/env bash
# Runs fuzz targets: first each input of the corpus, then, for some seconds, what libFuzzer makes of them.
# Use: fuzz.sh DIRECTORY-OF-PROGRAMS SECONDS TARGET...          SEED=N begins the same way each time
set -euo pipefail
programs=$(realpath "$1") seconds=$2
shift 2
directory=$(realpath "$(dirname "$0")")
# What is found stays here: inputs that reach something new, and those that break something.
found=$(dirname "$directory")/.build/fuzz-found
scratch=$(mktemp -d "$([ -w /dev/shm ] && echo /dev/shm || echo "${TMPDIR:-/tmp}")/fuzz-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch
# A backtracer would take the signal that libFuzzer is to see.
export SWIFT_BACKTRACE=enable=no
export ASAN_OPTIONS=malloc_context_size=2:quarantine_size_mb=16:detect_leaks=0

# Longer inputs than these do not reach more.
declare -A longest=([header]=128 [tables]=512 [image]=512 [backing]=512 [store]=256 [command-line]=512)
status=0
for target in "$@"; do
    mkdir -p "$found/$target" "$found/crashes"
    arguments=(
        -seed="${SEED:-0}" -max_total_time="$seconds" -max_len="${longest[$target]}" -timeout=20 -rss_limit_mb=1024 -detect_leaks=0
        -artifact_prefix="$found/crashes/$target-")
    # No time at all is only the corpus.
    [ "$seconds" -gt 0 ] || arguments+=(-runs=0)
    dictionary=$directory/dictionaries/$target.dict
    [ ! -e "$dictionary" ] || arguments+=(-dict="$dictionary")
    log=$scratch/log
    if "$programs/fuzz-$target" "${arguments[@]}" "$found/$target" "$directory/corpus/$target" >"$log" 2>&1; then
        sed -nE "s/^#([0-9]+)[[:space:]]+DONE +/$target: \1 runs, /; T; s/ lim: [0-9]+//p" "$log"
    else
        status=1
        echo "$target: FOUND"
        # What libFuzzer and the target say, and the lines of ours that lead there.
        grep -aE "FOUND|ERROR|Fatal error|^    #[0-9]+ .*$(dirname "$directory")" "$log" | head -n 20 || tail -n 20 "$log"
        file=$(sed -nE 's/.*Test unit written to //p' "$log" | tail -n 1)
        echo "again: SWIFT_BACKTRACE=enable=no $programs/fuzz-$target $file"
    fi
done
exit $status
