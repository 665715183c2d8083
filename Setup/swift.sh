#!/bin/sh
# Runs a Swift toolchain so that what it keeps is in the checkout's .build: nothing is left in /tmp or in a home directory.
#
# Usage: swift.sh SWIFT build|test ARGUMENT...
#        swift.sh SWIFT OTHER-COMMAND ARGUMENT...
#   exits as Swift does; `test` fails also if a test has left something behind
set -eu

swift=$1
command=$2
shift 2
build=$(cd "$(dirname "$0")/.." && pwd)/.build
kept=$build/swiftpm
mkdir -p "$kept/tmp"
export XDG_CACHE_HOME="$kept/cache" XDG_DATA_HOME="$kept/data" XDG_CONFIG_HOME="$kept/config"

case $command in
    build | test)
        set -- "$command" --cache-path "$kept/cache" --config-path "$kept/config" --security-path "$kept/security" "$@"
        ;;
    *) set -- "$command" "$@" ;;
esac
if test "$command" != test; then
    TMPDIR=$kept/tmp exec "$swift" "$@"
fi

# The tests run programs as other users, who may not reach the checkout.
scratch=$(mktemp -d "${TMPDIR:-/tmp}/qedscan.XXXXXX")
trap 'chmod -R u+rwX "$scratch"; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
chmod 755 "$scratch"
status=0
TMPDIR=$scratch "$swift" "$@" || status=$?
# All else in there is Swift's own.
left=$(find "$scratch" -mindepth 1 -maxdepth 1 ! -name 'TemporaryDirectory.*' ! -name '*.lock' ! -name 'swift-*')
if test -n "$left"; then
    echo "the tests have left something behind:" >&2
    find "$scratch" -maxdepth 3 ! -name 'TemporaryDirectory.*' ! -name '*.lock' >&2
    test "$status" != 0 || status=1
fi
exit "$status"
