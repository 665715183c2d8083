#!/bin/sh
# Installs those of the Debian packages that are missing.
#
# Usage: packages.sh [-w WHY] PACKAGE...
#   WHY            what does not work without them, to begin the message with
#   a|b            either is enough; apt installs the first that it knows
#   libgcc-*-dev   any version is enough; apt installs the one that this Debian's g++ has
set -eu

why=
if test "${1:-}" = -w; then
    why="$2: "
    shift 2
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM

is_installed() {
    dpkg-query -W -f '${db:Status-Status}\n' "$1" 2> /dev/null | grep -qx installed
}

# Whether one of a|b is installed.
is_there() {
    for name in $(echo "$1" | tr '|' ' '); do
        if is_installed "$name"; then return 0; fi
    done
    return 1
}

# The name to install for an operand.
choice() {
    case $1 in
        *\**)
            version=$(apt-cache depends g++ 2> /dev/null | sed -n 's/^ *Depends: g++-\([0-9]*\)$/\1/p' | head -n 1)
            # It brings both, whatever their versions.
            if test -n "$version"; then echo "$1" | sed "s/\*/$version/"; else echo g++; fi
            ;;
        *)
            for name in $(echo "$1" | tr '|' ' '); do
                if apt-cache policy "$name" 2> /dev/null | grep -q '^ *Candidate: [^(]'; then
                    echo "$name"
                    return
                fi
            done
            echo "${1%%|*}"
            ;;
    esac
}

choices() { for operand in "$@"; do choice "$operand"; done | awk '!seen[$0]++' | tr '\n' ' ' | sed 's/ $//'; }

# What apt says first of all, without its letter; or what sudo says.
reason() { sed -n -e 's/^[EW]: //p' -e 's/^sudo: /sudo: /p' "$log" | head -n 1; }

set -f  # The operands have *.
if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
    echo "${why}not checked, since there is no apt here: whether there is what Debian has in $*" >&2
    exit 0
fi
missing=
for operand in "$@"; do
    if ! is_there "$operand"; then missing="$missing $operand"; fi
done
if test -z "$missing"; then exit 0; fi

# The operands are words without blanks.
# shellcheck disable=SC2086
set -- $missing
if test "$(id -u)" = 0; then
    as_root=
elif command -v sudo > /dev/null && { test -t 0 || sudo -n true 2> /dev/null; }; then
    as_root=sudo
else
    echo "${why}packages are missing; run this as root, then make again:" \
        "apt-get update && apt-get install --no-install-recommends $(choices "$@")" >&2
    exit 1
fi

run_apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -qq -o DPkg::Lock::Timeout=300 "$@" < /dev/null >> "$log" 2>&1
}
echo "${why}installing $(choices "$@") with apt, which takes up to a few minutes"
# A list that cannot be fetched need not be one that matters. What is wrong shows below.
run_apt update -o APT::Update::Error-Mode=any || true
names=$(choices "$@")
# shellcheck disable=SC2086
run_apt install -y --no-install-recommends $names || {
    echo "apt cannot install $names: $(reason)" >&2
    exit 1
}
