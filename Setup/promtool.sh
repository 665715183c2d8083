#!/bin/sh
# Puts Debian's promtool into .build/tools/bin, for the two tests that need it. Nothing is installed: where promtool has no
# package of its own, in Debian 12, that of prometheus would start a server.
set -eu
cd "$(dirname "$0")/.."

target=$PWD/.build/tools/bin/promtool
if command -v promtool > /dev/null || test -x "$target"; then exit 0; fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

give_up() {
    echo "promtool cannot be fetched, so its two tests are skipped: $1"
    exit 0
}

command -v apt-get > /dev/null || give_up "there is no apt here"
echo "fetching promtool with apt, without installing it"
cd "$scratch"
fetch() {
    LC_ALL=C apt-get -qq download promtool > log 2>&1 || LC_ALL=C apt-get -qq download prometheus > log 2>&1
}
if ! fetch && ! { test "$(id -u)" = 0 && apt-get -qq update > /dev/null 2>&1 && fetch; }; then
    give_up "$(sed -n 's/^E: //p' log | head -n 1)"
fi
dpkg-deb --fsys-tarfile prom*.deb | tar -x ./usr/bin/promtool 2> /dev/null || give_up "it is not in the package"
./usr/bin/promtool --version > /dev/null 2>&1 || give_up "it does not run here"
mkdir -p "$(dirname "$target")"
mv usr/bin/promtool "$target"
