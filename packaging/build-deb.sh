#!/bin/sh
# Makes the Debian package in .build/deb from a program that is already built, and checks it with lintian. `make deb` calls it.
#
# Usage: build-deb.sh DIRECTORY-OF-THE-PROGRAMS
set -eu

QEDSCAN_BIN=$(cd "$1" && pwd)
QEDSCAN_CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
export QEDSCAN_BIN QEDSCAN_CHECKOUT
results=$QEDSCAN_CHECKOUT/.build/deb

# A fresh directory with the same name each time: dpkg-buildpackage leaves many files in it and puts its results beside it.
# The times in the package are those of the last entry in its changelog, unless SOURCE_DATE_EPOCH says otherwise.
rm -rf "$results"
mkdir -p "$results/qedscan"
cp -R "$QEDSCAN_CHECKOUT/packaging/debian" "$results/qedscan/debian"
cd "$results/qedscan"
# -d: Debian has no package of Swift.
dpkg-buildpackage -us -uc -b -d > "$results/build.log" 2>&1 || { cat "$results/build.log" >&2; exit 1; }
cd "$results"
rm -rf qedscan

# lintian of Debian 12 leaves files in its temporary directory.
mkdir "$results/tmp"
trap 'rm -rf "$results/tmp"' EXIT
TMPDIR=$results/tmp lintian --allow-root --fail-on error,warning --info ./*.changes
ls -l "$results"/*.deb
