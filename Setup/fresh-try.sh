#!/bin/bash
# Tries `make demo`, `make test` and `make deb` where nothing has been prepared: on bare Debian systems that have only make,
# git and the toolchain. By root, with the checkout below /root; by an ordinary user; and where something lacks, which one
# sentence must say. `make fresh-try` calls it. It needs root, namespaces, debootstrap and a Debian mirror; without them it
# says so and ends with 0.
#
# Usage: fresh-try.sh SWIFT RELEASE...
#   PARTS     of: lacks root user (all)
#   COMMANDS  of: demo test deb (all)
#   MIRROR    from where (the first that apt here has)
#   WORK      where the systems are made, 8 GB each (TMPDIR); they are removed, unless KEEP=1
set -euo pipefail

checkout=$(cd "$(dirname "$0")/.." && pwd)
swift=$1
shift
releases=("$@")
read -r -a parts <<< "${PARTS:-lacks root user}"
read -r -a commands <<< "${COMMANDS:-demo test deb}"

skip() {
    echo "fresh-try is skipped: $*"
    exit 0
}
test "$(id -u)" = 0 || skip "only root can make a system and enter it"
command -v debootstrap > /dev/null || skip "debootstrap is not installed"
unshare --mount --pid --uts --ipc --net --fork true 2> /dev/null || skip "there are no namespaces here"
found=$(command -v "$swift") || skip "there is no $swift"
toolchain=$(cd "$(dirname "$(readlink -f "$found")")/../.." && pwd)
test -x "$toolchain/usr/bin/swift" || skip "$toolchain is no toolchain: name the real program, not one that chooses it"
# shellcheck disable=SC2016
mirror=${MIRROR:-$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 2> /dev/null | awk '$1 $2 == "DebianDebian" { print $3; exit }')}
test -n "$mirror" || skip "apt here has no Debian mirror; name one with MIRROR"

work=$(mktemp -d "${WORK:-${TMPDIR:-/tmp}}/qedscan-fresh.XXXXXX")
chmod 755 "$work"
# Mounts are in namespaces of their own, which end with what runs there.
trap 'test -n "${KEEP:-}" || rm -rf --one-file-system "$work"' EXIT
trap 'exit 130' INT TERM
table=$work/table
skipped_test='^[^ ]+ Test [^ ]+ (skipped|was cancelled)'
failures=0

say() { printf '\n%s\n' "$*"; }
wrong() {
    echo "fresh-try: $*" >&2
    failures=$((failures + 1))
}

# MARK: A system

# Runs in new namespaces, before the root directory is changed. The toolchain is read-only; HIDE names what is not there.
# shellcheck disable=SC2016
enter='
    set -e
    root=$1 toolchain=$2
    shift 2
    hostname fresh
    mount --bind "$root" "$root"
    cd "$root"
    mkdir -p opt/swift old
    mount -t proc proc proc
    mount --rbind /sys sys
    mount -t tmpfs -o mode=755 tmpfs dev
    mkdir dev/shm dev/pts
    for device in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${device%:*}" c 1 "${device#*:}"; done
    mknod -m 666 dev/tty c 5 0
    ln -s /proc/self/fd dev/fd
    ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
    mount -t tmpfs -o mode=1777 tmpfs dev/shm
    mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    case " ${HIDE:-} " in *" swift "*) ;; *)
        mount --bind "$toolchain" opt/swift
        mount -o remount,bind,ro opt/swift ;;
    esac
    case " ${HIDE:-} " in *" linker "*)
        for program in usr/bin/ld* usr/bin/*-ld* opt/swift/usr/bin/lld; do
            test -L "$program" || ! test -x "$program" || mount --bind dev/null "$program"
        done ;;
    esac
    pivot_root . old
    umount -l /old
    cd /
    exec "$@"
'

# Runs a command in the system: ROOT USER COMMAND...
inside() {
    local root=$1 user=$2 home=/root net=()
    shift 2
    test "$user" = root || home=/home/$user
    if [[ " ${HIDE:-} " == *" network "* ]]; then net=(--net); fi
    HIDE=${HIDE:-} unshare --mount --pid --uts --ipc "${net[@]}" --fork --kill-child --propagation private \
        sh -c "$enter" sh "$root" "$toolchain" \
        setpriv --reuid="$user" --regid="$user" --init-groups \
        env -i PATH=/opt/swift/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        HOME="$home" USER="$user" LOGNAME="$user" LANG=C.UTF-8 TERM=dumb "$@" < /dev/null
}

# A bare Debian with make, git, and a user: RELEASE ROOT
make_system() {
    local release=$1 root=$2
    debootstrap --variant=minbase "$release" "$root" "$mirror" > "$work/log" 2>&1 || {
        echo "fresh-try: $release is skipped: debootstrap cannot make it from $mirror: $(tail -n 1 "$work/log")"
        return 1
    }
    # As the host reaches the mirror.
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    apt-config dump | grep -i '^Acquire::https\?::Proxy' > "$root/etc/apt/apt.conf.d/proxy" || true
    # Nothing in there may start a service.
    printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d"
    chmod +x "$root/usr/sbin/policy-rc.d"
    inside "$root" root sh -c 'apt-get -qq update && apt-get -qq install -y --no-install-recommends make git &&
        apt-get clean && useradd -m -s /bin/bash dev' > "$work/log" 2>&1 || {
        tail -n 3 "$work/log" >&2
        wrong "$release: make and git cannot be installed"
        return 1
    }
}

# The checkout's last commit: ROOT DIRECTORY USER
clone() {
    local root=$1 directory=$2 user=$3
    # It may belong to another user.
    GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
        git clone -q --no-local "$checkout" "$root$directory"
    inside "$root" root chown -R "$user:$user" "$directory"
}

# MARK: What is tried

# Everything in /tmp, /var/tmp and the home directories, but the checkout, and what the package of systemd makes: ROOT
left() {
    inside "$1" root sh -c 'find /tmp /var/tmp /root /home -mindepth 1 ! -path "*/qedscan/*" ! -path /root/.ssh | sort'
}

# A command that succeeds, and leaves nothing behind: RELEASE ROOT USER TARGET
try() {
    local release=$1 root=$2 user=$3 target=$4 status=0 begin=$SECONDS log=$work/$1-$3-$4.log home=/root
    test "$user" = root || home=/home/$user
    say "$release, $user: make $target"
    left "$root" > "$work/before"
    # What is on no disk goes with the namespace, so it is listed there.
    inside "$root" "$user" sh -c "cd $home/qedscan && make $target; status=\$?; ls -A /dev/shm | sed 's|^|LEFT: /dev/shm/|'
        exit \$status" > "$log" 2>&1 || status=$?
    left "$root" > "$work/after"
    local seconds=$((SECONDS - begin)) tests skipped failed left
    tests=$(sed -n 's/^.*Test run with \([0-9]*\) tests.*$/\1/p' "$log" | tail -n 1)
    skipped=$(grep -cE "$skipped_test" "$log" || true)
    failed=$(grep -E '^[^ ]+ Test .* failed after' "$log" | grep -vc ' Test run with ' || true)
    test "$target" = test || { tests=- skipped=- failed=-; }
    echo "$release | $user | make $target | $status | $seconds | ${tests:-0} | $skipped | $failed" >> "$table"
    tail -n 1 "$table"
    if test "$status" != 0; then
        grep -E '^[^ ]+ Test .* (failed|recorded an issue)|rror:|The demo stops' "$log" | head -n 20 >&2 || true
        tail -n 15 "$log" >&2
        wrong "$release, $user: make $target ended with $status"
    elif test "$target" = test; then
        test "${tests:-0}" -gt 1000 || wrong "$release, $user: only ${tests:-0} tests were run"
        grep -E "$skipped_test" "$log" | sed -E 's/^[^ ]+ Test ([^ ]+) (skipped|was cancelled[^:]*): /  skipped: \1: /' || true
    fi
    left=$(comm -13 "$work/before" "$work/after"; sed -n 's/^LEFT: //p' "$log")
    if test -n "$left"; then
        echo "$left" | head -n 20 >&2
        wrong "$release, $user: make $target has left these behind"
    fi
}

# The packages that are there: ROOT
packages() { dpkg-query --admindir "$1/var/lib/dpkg" -W -f '${Package} ${db:Status-Status}\n' | sort; }

# A command that must fail with one line, which has these words, and install nothing:
# NAME ROOT USER DIRECTORY WORDS [TARGET AND VARIABLES]
expect_sentence() {
    local name=$1 root=$2 user=$3 directory=$4 words=$5 target=${6:-demo} status=0 lines
    packages "$root" > "$work/packages"
    inside "$root" "$user" sh -c "cd $directory && make --no-print-directory $target" > "$work/log" 2>&1 || status=$?
    # make's own line follows; one of apt's progress may come before.
    lines=$(grep -vE '^make: |^[^:]*: installing |^installing ' "$work/log" || true)
    echo "$release | $user, $name | make $target | $status | | | | " >> "$table"
    printf '%s\n  %s\n' "$name:" "$lines"
    test "$status" != 0 || wrong "$name: make $target ended with 0"
    test "$(printf '%s\n' "$lines" | wc -l)" = 1 || wrong "$name: that is not one line"
    packages "$root" | cmp -s - "$work/packages" || wrong "$name: packages have been installed"
    [[ $lines == *"$words"* ]] || wrong "$name: the line does not say '$words'"
}

# What lacks something: RELEASE ROOT. Nothing is installed by these.
try_without() {
    local release=$1 root=$2
    say "$release: what lacks is said in one sentence"
    clone "$root" /home/dev/lacks dev
    clone "$root" /root/lacks root
    HIDE=swift expect_sentence "without Swift" "$root" root /root/lacks "install Swift"
    mkdir -p "$root/opt/old"
    printf '#!/bin/sh\necho "Swift version 5.10.1 (swift-5.10.1-RELEASE)"\n' > "$root/opt/old/swift"
    chmod +x "$root/opt/old/swift"
    expect_sentence "with an old Swift" "$root" root /root/lacks "is Swift 5.10.1" "demo SWIFT=/opt/old/swift"
    HIDE=network expect_sentence "without a network" "$root" root /root/lacks "apt cannot install"
    expect_sentence "without sudo, and without packages" "$root" dev /home/dev/lacks "apt-get install --no-install-recommends"
    expect_sentence "without sudo, and without packages" "$root" dev /home/dev/lacks "chromium" test
    rm -rf "$root/home/dev/lacks" "$root/root/lacks" "$root/opt/old"
}

# What lacks something though the packages are there: RELEASE ROOT
try_broken() {
    local release=$1 root=$2
    say "$release: what is wrong with what is there is said in one sentence"
    clone "$root" /home/dev/lacks dev
    HIDE=linker expect_sentence "without a linker" "$root" dev /home/dev/lacks "cannot link a program"
    inside "$root" root sh -c 'mkdir -p /home/dev/lacks/.build && touch /home/dev/lacks/.build/lock'
    expect_sentence "after root has built there" "$root" dev /home/dev/lacks "was made by root"
    rm -rf "$root/home/dev/lacks"
}

has() { [[ " $1 " == *" $2 "* ]]; }

for release in "${releases[@]}"; do
    root=$work/$release
    say "A bare Debian $release from $mirror"
    make_system "$release" "$root" || continue
    if has "${parts[*]}" lacks; then try_without "$release" "$root"; fi
    for user in root dev; do
        if test "$user" = root; then has "${parts[*]}" root || continue; else has "${parts[*]}" user || continue; fi
        if test "$user" = root; then home=/root; else home=/home/dev; fi
        clone "$root" "$home/qedscan" "$user"
        # Who is not root finds the packages there.
        if test "$user" != root && ! has "${parts[*]}" root; then
            inside "$root" root sh -c 'cp -r /home/dev/qedscan /root/packages && cd /root/packages &&
                make -s packages && rm -rf /root/packages' > "$work/log" 2>&1 || wrong "$release: no packages"
        fi
        for target in "${commands[@]}"; do try "$release" "$root" "$user" "$target"; done
        rm -rf "$root$home/qedscan"
    done
    if has "${parts[*]}" lacks && { has "${parts[*]}" root || has "${parts[*]}" user; }; then try_broken "$release" "$root"; fi
    test -n "${KEEP:-}" || rm -rf --one-file-system "$root"
done

test -e "$table" || skip "no system could be made"
say "What was tried"
{
    echo "release | who | command | status | seconds | tests | skipped | failed"
    cat "$table"
} | column -t -s '|' -o '|'
test "$failures" = 0 || {
    echo "fresh-try: $failures things are wrong" >&2
    exit 1
}
