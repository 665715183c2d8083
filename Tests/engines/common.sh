# What the tests of the engines share: namespaces of their own, a pool, and the comparison of two stores.
# shellcheck shell=bash disable=SC2034,SC2154
set -euo pipefail
export LC_ALL=C

skip() {
    echo "skipped: $1"
    exit 0
}

fail() {
    ((BASH_SUBSHELL > 0)) || tail -n 12 "$work"/*.log "$work"/*.out >&2 2>/dev/null || true
    echo "FAILED: $1" >&2
    exit 1
}

# need COMMAND...: ends the test, which has not failed, if one is not installed.
need() {
    local command
    for command; do
        command -v "$command" >/dev/null || skip "$command is not installed"
    done
}

# enter SCRIPT BIN: runs the script anew, as init of its own processes, with a network, host name, mounts and a directory
# ($work) of its own. When it ends, or this shell is killed, all that it started is gone with it.
enter() {
    if [ -n "${QEDSCAN_ENGINES_WORK:-}" ]; then
        work=$QEDSCAN_ENGINES_WORK
        set -E
        trap 'fail "line $LINENO: $BASH_COMMAND"' ERR
        hostname engines
        ip link set lo up
        # getaddrinfo() gives no address to listen on where there are only those of lo. This one is for documentation.
        ip link add engines type bridge
        ip address add 192.0.2.1/24 dev engines
        ip link set engines up
        # Of their own: sockets, names of network namespaces, what programs keep for root; and the pool, so that the speed
        # of the disk does not matter.
        mount -t tmpfs -o mode=755 engines /run
        mount -t tmpfs -o mode=755,size=2g engines "$work"
        export HOME=$work/home
        mkdir -p "$HOME"
        return
    fi
    [ "$(id -u)" = 0 ] || skip "needs root"
    need unshare ip sqlite3
    unshare --net --mount --uts --pid --fork --mount-proc \
        -- sh -c 'hostname engines && ip link add engines type bridge && mount -t tmpfs -o mode=755 engines /run' 2>/dev/null \
        || skip "namespaces are refused"
    work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-engines.XXXXXX")
    trap 'if [ -n "${inner:-}" ]; then kill -KILL "$inner" 2>/dev/null || true; wait; fi; rm -rf "$work"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    local status=0
    QEDSCAN_ENGINES_WORK=$work unshare --net --mount --uts --pid --fork --kill-child --mount-proc \
        -- "$1" "$(cd "$2" && pwd)" &
    inner=$!
    wait "$inner" || status=$?
    inner=
    exit "$status"
}

# await SECONDS WHAT COMMAND...: waits until the command succeeds.
await() {
    local seconds=$1 what=$2 end
    shift 2
    end=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        ((SECONDS < end)) || fail "waited $seconds s for this: $what"
        sleep 0.2
    done
}

# since START: seconds since $EPOCHREALTIME was START.
since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f s\n", b - a }'; }

# make_pool_and_scan DIR IMAGES: in one store, with the status single_status.
make_pool_and_scan() {
    local start=$EPOCHREALTIME
    make_pool "$1" "$2"
    echo "a pool of $2 images: $(since "$start")"
    start=$EPOCHREALTIME
    single_status=0
    "$bin/qedscan" scan --quiet --pool engines --db "$work/single.db" "$1" > "$work/single.out" 2>&1 || single_status=$?
    ((single_status < 16)) || fail "the single scan ended with status $single_status"
    echo "a single scan: $(since "$start"), status $single_status"
}

# make_pool DIR IMAGES: eight copies of a pool that has every kind of damage.
make_pool() {
    mkdir "$1"
    "$bin/qedlab" pool "$1/part-1" --images "$(($2 / 8))" --damaged 20% --dirty 5% --seed 2010 --other-files 25 > /dev/null
    local part
    for part in 2 3 4 5 6 7 8; do cp -r "$1/part-1" "$1/part-$part"; done
    # Results of images that are younger than two seconds are not used again.
    sleep 2.1
}

# checked_in STORE: how many images a store has results of, also while it is written.
checked_in() { sqlite3 -readonly "file:${1//%/%25}?mode=ro" 'SELECT count(*) FROM check_result' 2>/dev/null || echo 0; }

# damage STORE: no page but the first is one any more.
damage() { printf 'x%.0s' {1..9000} | dd of="$1" bs=4096 seek=1 conv=notrunc status=none; }

# compare A B COLUMN...: both stores must have the same rows of latest_check but for these columns. Sets compared to
# their number.
compare() {
    local a=$1 b=$2 columns differences
    shift 2
    columns=$(sqlite3 "$a" "SELECT name FROM pragma_table_info('latest_check')" \
        | grep -vxF -f <(printf '%s\n' "$@") | paste -sd , -)
    differences=$(sqlite3 "$a" "ATTACH '${b//\'/\'\'}' AS other" "
        SELECT 'only in the first', * FROM (SELECT $columns FROM main.latest_check EXCEPT SELECT $columns FROM other.latest_check);
        SELECT 'only in the second', * FROM (SELECT $columns FROM other.latest_check EXCEPT SELECT $columns FROM main.latest_check);")
    if [ -n "$differences" ]; then
        head -n 6 <<< "$differences" >&2
        fail "$(wc -l <<< "$differences") rows of latest_check differ in $a and $b"
    fi
    # EXCEPT knows no second row that is the same.
    compared=$(sqlite3 "$a" 'SELECT count(*) FROM latest_check')
    [ "$compared" = "$(sqlite3 "$b" 'SELECT count(*) FROM latest_check')" ] || fail "$a and $b have not as many rows"
    ((compared > 0)) || fail "nothing was compared"
    echo "$compared rows of latest_check are the same in: $columns"
}
