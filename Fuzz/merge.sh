#!/usr/bin/env bash
# Makes the corpus anew: the fewest, shortest inputs, of it and of all that was found, that reach as much.
# Use: merge.sh DIRECTORY-OF-PROGRAMS TARGET...
set -euo pipefail
programs=$(realpath "$1")
shift
directory=$(realpath "$(dirname "$0")")
found=$(dirname "$directory")/.build/fuzz-found
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=malloc_context_size=2:detect_leaks=0
for target in "$@"; do
    mkdir -p "$found/$target" "$directory/corpus/$target" "$scratch/$target"
    "$programs/fuzz-$target" -merge=1 -timeout=60 -rss_limit_mb=1024 \
        "$scratch/$target" "$directory/corpus/$target" "$found/$target" >"$scratch/log" 2>&1 || {
        tail "$scratch/log"
        exit 1
    }
    rm -f "$directory/corpus/$target"/*
    cp "$scratch/$target"/* "$directory/corpus/$target/"
    echo "$target: $(ls "$directory/corpus/$target" | wc -l) inputs, $(cat "$directory/corpus/$target"/* | wc -c) bytes"
done
