#!/bin/bash
# Installs the Debian package into a bare Debian without Swift, uses it there, and purges it. `make deb-try` calls it.
# Needs root and a Debian mirror. However the script ends, it removes what it made.
#
# Usage: try-in-debootstrap.sh DIRECTORY-OF-THE-PROGRAMS
#   SUITE   which Debian (bookworm)
#   MIRROR  the mirror (the first one of Debian that apt on this machine has)
set -euo pipefail

bin=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
suite=${SUITE:-bookworm}
# shellcheck disable=SC2016
mirror=${MIRROR:-$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' | awk '$1 $2 == "DebianDebian" { print $3; exit }')}
test -n "$mirror" || { echo "try-in-debootstrap: apt here has no Debian mirror; name one with MIRROR" >&2; exit 1; }

work=$(mktemp -d)
root=$work/root
mounted=()
clean_up() {
    local mount
    for mount in "${mounted[@]}"; do umount "$mount" || umount --lazy "$mount"; done
    # Do not remove anything that is still mounted.
    if ! findmnt --noheadings --list --output TARGET | grep -qF "$work/"; then rm -rf "$work"; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

fail() { echo "try-in-debootstrap: $*" >&2; exit 1; }
say() { printf '\n%s\n' "$*"; }
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive TERM=dumb "$@"; }

say "The package, built twice"
mkdir "$work/first"
"$here/build-deb.sh" "$bin" > /dev/null
cp "$here"/../.build/deb/*.deb "$work/first"
"$here/build-deb.sh" "$bin" > /dev/null
for package in "$work"/first/*.deb; do
    cmp "$package" "$here/../.build/deb/$(basename "$package")" || fail "not the same bytes when built twice"
done
deb=$(ls "$work"/first/qedscan_*.deb)
(cd "$work/first" && sha256sum ./*.deb && ls -l ./*.deb)

say "A bare Debian $suite from $mirror"
debootstrap --variant=minbase "$suite" "$root" "$mirror" > "$work/debootstrap.log" 2>&1 \
    || { tail -20 "$work/debootstrap.log" >&2; fail "debootstrap failed"; }
mount -t proc proc "$root/proc"
mounted+=("$root/proc")
# Nothing in the new system may start a service.
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/resolv.conf"
cp "$deb" "$root/tmp/qedscan.deb"
# Minimal images drop manual pages from packages; keep them.
rm -f "$root/etc/dpkg/dpkg.cfg.d/"*
inside apt-get install -y -qq man-db bash-completion > "$work/apt.log" 2>&1 || fail "$(tail -5 "$work/apt.log")"
dpkg-query --admindir "$root/var/lib/dpkg" -W -f '${Package}\n' | sort > "$work/before"
find "$root/etc" "$root/usr" "$root/lib" "$root/var/lib" -path "$root/var/lib/dpkg" -prune -o -print | sort > "$work/files"
cp "$root/etc/passwd" "$work/passwd"

say "apt install ./qedscan.deb"
inside apt-get install -y /tmp/qedscan.deb > "$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; fail "apt install failed"; }
echo "packages that came with it: $(dpkg-query --admindir "$root/var/lib/dpkg" -W -f '${Package}\n' | sort \
    | comm -13 "$work/before" - | grep -vx qedscan | tr '\n' ' ')"
if inside sh -c 'command -v swift || ls /usr/lib/swift' 2>/dev/null; then fail "there is a Swift in there"; fi
inside ldd /usr/bin/qedscan
if inside ldd /usr/bin/qedscan | grep -q 'not found'; then fail "a library is missing"; fi
inside qedscan version
inside id qedscan
inside ls -la /var/lib/qedscan
test "$(inside stat -c '%a %U' /var/lib/qedscan)" = "700 qedscan" || fail "/var/lib/qedscan is not private"
if ls "$root"/etc/systemd/system/*.wants/qedscan* 2>/dev/null; then fail "a timer is enabled"; fi

say "man and completion"
inside sh -c 'man qedscan | cat' > "$work/page"
grep -q 'check pools of QED images offline' "$work/page" || fail "no manual page"
echo "man qedscan: $(wc -l < "$work/page") lines"
inside bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader qedscan
    COMP_WORDS=(qedscan re); COMP_CWORD=1; COMP_LINE="qedscan re"; COMP_POINT=10
    $(complete -p qedscan | sed "s/.*-F \([^ ]*\).*/\1/"); echo "qedscan re<TAB>: ${COMPREPLY[*]}"' | tee "$work/completion"
grep -q 'repair report' "$work/completion" || fail "no completion"

say "Scan a pool: as root, then as the unit does"
"$bin/qedlab" pool "$root/srv/vm" --images 200 --damaged 10% --seed 2010 > /dev/null
chmod -R go= "$root/srv/vm"
status=0; inside qedscan scan /srv/vm || status=$?
test "$status" = 14 || fail "scan: status $status, not 14 (leaks, corruption, unusable images)"
# The unit's own command line; a shell splits the variables as systemd does.
command=$(sed -n 's/^ExecStart=//p' "$root/usr/lib/systemd/system/qedscan-scan@.service")
echo "$command"
status=0
inside QEDSCAN_DB=/var/lib/qedscan/qedscan.db QEDSCAN_OPTIONS=--full QEDSCAN_PATHS=/srv/vm \
    setpriv --reuid=qedscan --regid=qedscan --clear-groups --no-new-privs --inh-caps=-all,+dac_read_search \
    --ambient-caps=-all,+dac_read_search --bounding-set=-all,+dac_read_search sh -c "exec $command" || status=$?
test "$status" = 14 || fail "scan as qedscan: status $status, not 14"
inside qedscan query "SELECT outcome, count(*) AS images FROM latest_check GROUP BY outcome ORDER BY outcome"
test "$(inside stat -c %U /var/lib/qedscan/qedscan.db)" = qedscan || fail "the store has changed hands"

say "Start-up, the best of 20"
for _ in $(seq 20); do
    start=$(date +%s%N)
    "$root/usr/bin/qedscan" version > /dev/null
    echo $((($(date +%s%N) - start) / 1000))
done | sort -n | sed -n '1s/$/ µs from fork to end/p'

say "Purge keeps a store that was used"
inside apt-get purge -y qedscan > "$work/apt.log" 2>&1 || { cat "$work/apt.log" >&2; fail "purge failed"; }
grep 'qedscan: ' "$work/apt.log" || fail "purge does not tell that the store is kept"
test -s "$root/var/lib/qedscan/qedscan.db" || fail "purge has removed a store"
inside sh -c 'rm -r /var/lib/qedscan && deluser --quiet --system qedscan'

say "A store that root made before is handed over"
inside sh -c 'mkdir -m 700 /var/lib/qedscan && : > /var/lib/qedscan/qedscan.db && : > /var/lib/qedscan/qedscan.db.lock'
inside apt-get install -y -qq /tmp/qedscan.deb > /dev/null 2>&1
test "$(inside stat -c %U /var/lib/qedscan/qedscan.db.lock)" = qedscan || fail "it is still root's"
inside ls -la /var/lib/qedscan

say "Purge leaves nothing of a package that was never used"
touch "$root/etc/qedscan/vm.conf"
inside apt-get purge -y -qq qedscan > "$work/apt.log" 2>&1
diff "$work/passwd" "$root/etc/passwd" || fail "the user is left"
if find "$root" -xdev -name '*qedscan*' -not -path "$root/tmp/*" -not -path "$root/var/cache/*" \
    -not -path "$root/var/log/*" | grep .; then fail "purge has left that"; fi
echo "nothing of qedscan is left"
