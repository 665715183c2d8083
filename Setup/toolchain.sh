#!/bin/sh
# Checks that a Swift toolchain can build this checkout, before anything is compiled, and installs the Debian packages
# that it and the operands need.
#
# Usage: toolchain.sh SWIFT PACKAGE...     packages as packages.sh takes them
set -eu
cd "$(dirname "$0")/.."
set -f  # The packages have *.

swift=$1
shift
# What the toolchains of swift.org need of Debian: their own libraries, a linker, what programs are linked to.
packages='libncurses6 libcurl4t64|libcurl4 libxml2 binutils libgcc-*-dev libstdc++-*-dev'
least=$(sed -n '1s/^.*swift-tools-version: *//p' Package.swift)

fail() {
    echo "$*" >&2
    exit 1
}

made=
if test "$(id -u)" != 0 && test -e .build; then made=$(find .build -maxdepth 2 ! -user "$(id -u)" -print -quit); fi
if test -n "$made"; then
    fail "$PWD/.build was made by $(stat -c %U "$made"): remove it as that user, or build in a clone of your own"
fi
test -w . || fail "$PWD belongs to $(stat -c %U .): build in a clone of your own"

found=$(command -v "$swift") || fail "there is no '$swift': install Swift $least or later from https://swift.org/install," \
    "or name yours: make SWIFT=/path/to/swift"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM
# The compiler is beside the program, which may be a link.
compiler() {
    for path in "$(dirname "$found")/swiftc" "$(dirname "$(readlink -f "$found")")/swiftc"; do
        if test -x "$path"; then
            echo "$path"
            return
        fi
    done
    echo swiftc
}

runs() { TMPDIR=$scratch "$swift" --version > "$scratch/version" 2> "$scratch/errors"; }

# As our programs are linked: to Swift's static libraries, which need those of C++.
links() {
    # The answer holds until packages change.
    if test -e .build/toolchain && test "$(cat .build/toolchain)" = "$found $version" &&
        test .build/toolchain -nt /var/lib/dpkg/status; then
        return 0
    fi
    printf '%s\n' 'import Dispatch' 'import Synchronization' 'let one = Atomic<Int>(1)' \
        'DispatchQueue(label: "x").sync { print(one.load(ordering: .relaxed)) }' > "$scratch/main.swift"
    # By the linker that Swift takes for the manifest and the tests, and by the one that the Makefile names.
    for linker in '' -use-ld=lld; do
        TMPDIR=$scratch "$(compiler)" -module-cache-path "$scratch" -static-stdlib ${linker:+"$linker"} \
            -o "$scratch/program" "$scratch/main.swift" > "$scratch/errors" 2>&1 || return 1
        test "$("$scratch/program")" = 1 || return 1
    done
    mkdir -p .build
    echo "$found $version" > .build/toolchain
}

check_version() {
    version=$(sed -n 's/^.*Swift version \([0-9][0-9.]*\).*$/\1/p' "$scratch/version" | head -n 1)
    test -n "$version" || fail "$found does not tell its version as Swift does"
    test "$(printf '%s\n' "$least" "$version" | sort -V | head -n 1)" = "$least" \
        || fail "$found is Swift $version, and Swift $least or later is needed: make SWIFT=/path/to/swift names another"
}

# The line that says why, among all that a compiler or a linker prints.
reason() {
    grep -m 1 -E 'error|cannot|not found|undefined' "$scratch/errors" || head -n 1 "$scratch/errors"
}

why=
if ! runs; then
    why="$found cannot run yet"
else
    check_version
    links || why="$found cannot link a program yet"
fi
if test -z "$why"; then
    Setup/packages.sh "$@"
    exit
fi
# shellcheck disable=SC2086
Setup/packages.sh -w "$why" $packages "$@"
runs || fail "$found cannot run: $(reason)"
check_version
links || fail "$found cannot link a program with the C++ library: $(reason)"
