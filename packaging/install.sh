#!/bin/sh
# Installs the program that was built and everything that belongs to it. `make install` calls it.
#
# Usage: install.sh DIRECTORY-OF-THE-PROGRAMS
#   PREFIX      where the program will be at run time (/usr/local)
#   DESTDIR     a directory to prepend to every path, as packagers do
#   SYSCONFDIR  where the configuration is (/etc)
#   UNITDIR     systemd units (PREFIX/lib/systemd/system)
#   ZSHDIR      completions for zsh (PREFIX/share/zsh/site-functions)
#   DOCDIR      documentation (PREFIX/share/doc/qedscan)
set -eu

bin=$1
source=$(cd "$(dirname "$0")/.." && pwd)
prefix=${PREFIX:-/usr/local}
destdir=${DESTDIR:-}
sysconfdir=${SYSCONFDIR:-/etc}
unitdir=${UNITDIR:-$prefix/lib/systemd/system}
zshdir=${ZSHDIR:-$prefix/share/zsh/site-functions}
docdir=${DOCDIR:-$prefix/share/doc/qedscan}
umask 022

made=$(mktemp)
trap 'rm -f "$made"' EXIT

# put FILE MODE TARGET: installs a file with @names@ replaced by the paths of this installation.
put() {
    sed -e "s|@bindir@|$prefix/bin|g" -e "s|@libexecdir@|$prefix/libexec|g" -e "s|@sysconfdir@|$sysconfdir|g" \
        "$1" > "$made"
    install -D -m "$2" "$made" "$destdir$3"
}

# write TARGET ARGUMENT...: installs what the program prints for the arguments. None of that is ever checked in.
write() {
    target=$1
    shift
    "$bin/qedscan" "$@" > "$made"
    install -D -m 644 "$made" "$destdir$target"
}

install -D -m 755 "$bin/qedscan" "$destdir$prefix/bin/qedscan"
write "$prefix/share/man/man1/qedscan.1" man
write "$prefix/share/bash-completion/completions/qedscan" completions bash
write "$zshdir/_qedscan" completions zsh
write "$prefix/share/fish/vendor_completions.d/qedscan.fish" completions fish

for unit in "$source"/packaging/systemd/*.service "$source"/packaging/systemd/*.timer; do
    put "$unit" 644 "$unitdir/$(basename "$unit")"
done
for script in "$source"/packaging/libexec/*; do
    put "$script" 755 "$prefix/libexec/qedscan/$(basename "$script")"
done
put "$source/packaging/systemd/sysusers.conf" 644 "$prefix/lib/sysusers.d/qedscan.conf"
put "$source/packaging/systemd/tmpfiles.conf" 644 "$prefix/lib/tmpfiles.d/qedscan.conf"
install -d -m 755 "$destdir$sysconfdir/qedscan"

for text in README.md CHANGELOG.md SECURITY.md LICENSE; do
    install -D -m 644 "$source/$text" "$destdir$docdir/$text"
done
for text in "$source"/docs/*.md; do
    install -D -m 644 "$text" "$destdir$docdir/docs/$(basename "$text")"
done
put "$source/packaging/POOL.conf" 644 "$docdir/examples/POOL.conf"
put "$source/packaging/cron/qedscan" 644 "$docdir/examples/cron/qedscan"
for report in "$source"/reports/*.sql; do
    install -D -m 644 "$report" "$destdir$docdir/examples/reports/$(basename "$report")"
done
for file in "$source"/contrib/datasette/metadata.json "$source"/contrib/prometheus/qedscan.rules.yml; do
    install -D -m 644 "$file" "$destdir$prefix/share/qedscan/$(basename "$(dirname "$file")")/$(basename "$file")"
done
# They call each other by ../slurm/, so the directories stay side by side.
for script in "$source"/contrib/slurm/* "$source"/contrib/parallel/*; do
    install -D -m 755 "$script" "$destdir$prefix/share/qedscan/$(basename "$(dirname "$script")")/$(basename "$script")"
done
