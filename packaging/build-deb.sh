#!/bin/sh
# Makes the Debian package from a program that is built, in .build/deb, and has lintian look at it. `make deb` calls it.
#
# Usage: build-deb.sh DIRECTORY-OF-THE-PROGRAMS
set -eu

QEDSCAN_BIN=$(cd "$1" && pwd)
QEDSCAN_CHECKOUT=$(cd "$(dirname "$0")/.." && pwd)
export QEDSCAN_BIN QEDSCAN_CHECKOUT
results=$QEDSCAN_CHECKOUT/.build/deb

# A fresh folder under the same name each time: dpkg-buildpackage leaves much in it and puts its results beside it. The
# times in the package are that of its changelog's last entry, unless SOURCE_DATE_EPOCH says otherwise.
rm -rf "$results"
mkdir -p "$results/qedscan"
cp -R "$QEDSCAN_CHECKOUT/packaging/debian" "$results/qedscan/debian"
cd "$results/qedscan"
# -d: Swift is no package of Debian's.
dpkg-buildpackage -us -uc -b -d > "$results/build.log" 2>&1 || { cat "$results/build.log" >&2; exit 1; }
cd "$results"
rm -rf qedscan

lintian --allow-root --fail-on error,warning --info ./*.changes
ls -l "$results"/*.deb
