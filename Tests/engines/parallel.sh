#!/usr/bin/env bash
# Scans a pool with GNU parallel over ssh on three hosts, which are network namespaces of this machine with a name, an
# sshd and a home of their own. One loses its power halfway; the merged store must be that of a single scan all the same.
# Then each host's own store is fetched and merged.
#
# Usage: parallel.sh DIRECTORY-OF-THE-PROGRAMS
#   IMAGES (4000)
# Needs root, parallel, openssh-server, iproute2 and rsync. Neither needs nor disturbs an sshd that runs on this machine.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need parallel ssh ssh-keygen rsync /usr/sbin/sshd
enter "$0" "$1"
bin=$1
scripts=$(cd "$(dirname "$0")/../../contrib/parallel" && pwd)
pool="$work/the pool's \"images\" {}"
stores="$work/stores 100%"
shards=9

# --- The pool, and what a single scan says of it

make_pool_and_scan "$pool" "${IMAGES:-4000}"

# --- Three hosts

mkdir /run/sshd "$work/ssh"
ssh-keygen -q -t ed25519 -N '' -f "$work/ssh/key"
cat > "$work/ssh/config" <<END
Host a b c
    User root
    IdentityFile $work/ssh/key
    UserKnownHostsFile $work/ssh/known_hosts
    StrictHostKeyChecking yes
    BatchMode yes
    ConnectTimeout 5
    ServerAliveInterval 2
    ServerAliveCountMax 3
Host a
    Hostname 192.0.2.11
Host b
    Hostname 192.0.2.12
Host c
    Hostname 192.0.2.13
END
export PARALLEL_SSH="ssh -F $work/ssh/config"
on() { ssh -F "$work/ssh/config" "$@"; }

# The program there: as long as `slow` is there, scans on c are so slow that they can be ended halfway.
touch "$work/slow"
mkdir "$work/bin"
# A copy: what is in root's home is not there on the hosts, which have homes of their own.
cp "$bin/qedscan" "$work/bin/program"
cat > "$work/bin/qedscan" <<END
#!/bin/sh
if [ "\$1" = scan ] && [ "\$(uname -n)" = c ] && [ -e '$work/slow' ]; then shift; set -- scan --rate 64K "\$@"; fi
# As long as \`meet\` is there, scans on a wait for another there.
if [ "\$1" = scan ] && [ "\$(uname -n)" = a ] && [ -e '$work/meet' ]; then
    touch "$work/meet/\$\$"
    for _ in \$(seq 200); do [ "\$(ls '$work/meet' | wc -l)" -ge 2 ] && break; sleep 0.1; done
    if [ "\$(ls '$work/meet' | wc -l)" -lt 2 ]; then echo alone >&2; exit 8; fi
fi
exec '$work/bin/program' "\$@"
END
chmod +x "$work/bin/qedscan"

declare -A host_pid
# start_host NAME ADDRESS: its processes are its own, so that all end with it.
start_host() {
    ip netns add "$1"
    ip link add "to-$1" type veth peer name eth0 netns "$1"
    ip link set "to-$1" master engines up
    ip -netns "$1" address add "$2/24" dev eth0
    ip -netns "$1" link set eth0 up
    ip -netns "$1" link set lo up
    mkdir "$work/$1"
    ssh-keygen -q -t ed25519 -N '' -f "$work/$1/host_key"
    echo "$2 $(cut -d ' ' -f 1,2 "$work/$1/host_key.pub")" >> "$work/ssh/known_hosts"
    cat > "$work/$1/sshd_config" <<END
ListenAddress $2
HostKey $work/$1/host_key
PidFile none
AuthorizedKeysFile $work/ssh/key.pub
StrictModes no
PermitRootLogin yes
UsePAM no
LogLevel ERROR
SetEnv PATH=$work/bin:/usr/local/bin:/usr/bin:/bin QEDSCAN_DB=$work/$1/own.db
END
    power_on "$1"
}
# power_on NAME: root's home is the host's own.
power_on() {
    mkdir -p "$work/$1/home"
    ip netns exec "$1" unshare --uts --mount --pid --fork --kill-child --mount-proc -- sh -c \
        "hostname $1 && mount --bind '$work/$1/home' /root && exec /usr/sbin/sshd -D -e -f '$work/$1/sshd_config'" \
        2> "$work/$1.log" &
    host_pid[$1]=$!
    await 60 "sshd on $1" on "$1" true
}
power_off() { { kill -KILL "${host_pid[$1]}" && wait "${host_pid[$1]}"; } 2>/dev/null || true; }
start_host a 192.0.2.11
start_host b 192.0.2.12
start_host c 192.0.2.13

# --- The scan

export PATH=$work/bin:$PATH
run_parallel() { "$scripts/qedscan-parallel" "$@" --hosts a,b,c -n "$shards" --by size --pool engines --stores "$stores" "$pool"; }
store_of_c() { ls "$work"/c/home/.parallel/tmp/*/scan.*/*.db; }
is_halfway() { (($(checked_in "$(store_of_c)") >= 20)); }

# One host loses its power, and no shard is tried twice: the one that it had is missing, and the next run has only that.
start=$EPOCHREALTIME
(QEDSCAN_RETRIES=0 run_parallel || exit) > "$work/first.out" 2>&1 &
first=$!
await 120 "host c is halfway in a shard" is_halfway
power_off c
rm "$work/slow"
echo "host c loses its power"
status=0
wait "$first" || status=$?
((status & 8)) || fail "a run without one of its hosts ended with status $status"
missing=$(awk -F '\t' 'NR > 1 && ($7 != 0 || $8 != 0) { n++ } END { print n + 0 }' "$stores/joblog")
((missing > 0)) || fail "no shard has failed"
echo "$missing of $shards shards have failed"
grep -q "^qedscan: shard . of $shards: " "$work/first.out" || fail "the missing shards are not named"

# The host is still gone: its shards are tried on others.
status=0
run_parallel --resume > "$work/second.out" 2>&1 || status=$?
((status == single_status)) || fail "the second run ended with status $status, the single scan with $single_status"
again=$(awk -F '\t' -v n="$shards" 'NR > 1 + n' "$stores/joblog" | cut -f 1 | sort -u | wc -l)
((again == missing)) || fail "$missing shards had failed, and $again were scanned again"
echo "three hosts, and what one had not done on two: $(since "$start")"
compare "$work/single.db" "$stores/merged.db" checked_at duration_us image_id scan_id check_result_id
nodes=$(sqlite3 "$stores/merged.db" 'SELECT group_concat(node) FROM (SELECT DISTINCT node FROM scan ORDER BY node)')
[[ $nodes =~ ^a,b(,c)?$ ]] || fail "it was scanned on: $nodes"
[ -z "$(find "$stores" -perm /077)" ] || fail "others may read: $(find "$stores" -perm /077)"

# It comes back, with what it had begun on its disk; nothing is left behind after the next run, which checks nothing twice.
power_on c
[ -e "$(store_of_c)" ] || fail "host c has lost its disk"
before=$(sqlite3 "$stores/merged.db" 'SELECT count(*) FROM check_result')
status=0
run_parallel > "$work/third.out" 2>&1 || status=$?
((status == single_status)) || fail "the third run ended with status $status"
left=$(find "$work"/[abc]/home -name 'shard-*' -o -name 'qedscan*')
[ -z "$left" ] || fail "left behind: $left"
again=$(($(sqlite3 "$stores/merged.db" 'SELECT count(*) FROM check_result') - before))
((again == 0)) || fail "$again images of an unchanged pool have new results"
# Results of images that cannot be used are not used again.
looked_at=$(sqlite3 "$stores/merged.db" \
    "SELECT sum(images_seen - reused) FROM (SELECT * FROM scan ORDER BY started_at DESC, id DESC LIMIT $shards)")
unusable=$(sqlite3 "$work/single.db" "SELECT count(*) FROM latest_check WHERE outcome IN ('invalid', 'unsupported')")
((looked_at == unusable)) || fail "the third run looked at $looked_at images, not at $unusable"
grep -q "$shards of $shards stores merged into $stores/merged.db" "$work/third.out" \
    || fail "the merge does not say what it has merged"

# --- Two shards at once on a host, one that has not mounted the pool, a damaged store, other arguments

mkdir "$work/few"
make_pool "$work/few/pool" 80
few_status=0
"$bin/qedscan" scan -q --pool few --db "$work/few.db" "$work/few/pool" > /dev/null 2>&1 || few_status=$?
on c "mount -t tmpfs few '$work/few'"
run_few() { "$scripts/qedscan-parallel" --hosts a,c,a -n 4 --pool few --stores "$work/few stores" "$@"; }
compare_few() {
    compare "$work/few.db" "$work/few stores/merged.db" checked_at duration_us image_id scan_id check_result_id
}
mkdir "$work/meet"
status=0
QEDSCAN_RETRIES=2 run_few "$work/few/pool" > "$work/few1.out" 2>&1 || status=$?
rm -r "$work/meet"
if grep -q alone "$work/few1.out"; then fail "a host that is named twice does not scan two shards at once"; fi
((status == few_status)) || fail "a run with a host that has no pool ended with $status, a single scan with $few_status"
sqlite3 "$work/few stores/merged.db" 'SELECT DISTINCT node FROM scan' | grep -q c || fail "host c was not tried"
compare_few
damage "$work/few stores/shard-2-of-4.db"
status=0
# Parallel shows nothing of an attempt that it makes again.
run_few --hosts a "$work/few/pool" > "$work/few2.out" 2>&1 || status=$?
((status == few_status)) || fail "a run with a damaged store ended with $status, a single scan with $few_status"
grep -q 'shard 2 of 4: its store is damaged' "$work/few2.out" || fail "it is not said that a store is damaged"
grep -q '4 of 4 stores merged' "$work/few2.out" || fail "a damaged store was not replaced"
compare_few
# refused WHAT ARGUMENT...: qedscan-parallel must end with 16, and say what.
refused() {
    local what=$1 status=0
    shift
    run_few "$@" > "$work/refused.out" 2>&1 || status=$?
    ((status == 16)) || fail "qedscan-parallel $* ended with $status, not 16"
    grep -q "$what" "$work/refused.out" || fail "qedscan-parallel $* says: $(cat "$work/refused.out")"
}
refused "for other shards" -n 5 "$work/few/pool"
refused "for other shards" --pool other "$work/few/pool"
refused "for other shards" "$work/few"
refused "10000 at most" -n 10001 "$work/few/pool"

# --- A fleet

seed=0
for host in a b c; do
    seed=$((seed + 1))
    "$bin/qedlab" pool "$work/$host/pool" --images 20 --damaged 50% --seed "$seed" > /dev/null
    on "$host" "qedscan scan -q '$work/$host/pool'" > /dev/null 2>&1 || true
done
"$scripts/qedscan-fleet" --hosts a,b,c "$work/fleet" "$work/fleet.db" 2>&1 || fail "the fleet: $?"
for host in a b c; do
    mine="host = '$host' ORDER BY path"
    [ "$(sqlite3 "$work/fleet.db" "SELECT path, outcome, leaks, corruptions FROM latest_check WHERE $mine")" \
        = "$(sqlite3 "$work/$host/own.db" "SELECT path, outcome, leaks, corruptions FROM latest_check WHERE $mine")" ] \
        || fail "the merged store does not have what host $host has"
done
power_off b
status=0
"$scripts/qedscan-fleet" --hosts a,b,c "$work/fleet" "$work/fleet.db" > "$work/fleet.out" 2>&1 || status=$?
((status == 8)) || fail "a fleet without one of its hosts ended with status $status"
grep -q 'b: its store could not be fetched' "$work/fleet.out" || fail "the missing host is not named"
grep -q '2 of 3 stores merged into' "$work/fleet.out" || fail "the fleet says: $(cat "$work/fleet.out")"
[ "$(sqlite3 "$work/fleet.db" 'SELECT count(DISTINCT host) FROM latest_check')" = 3 ] || fail "a host's images are gone"

# A store that was fetched and is left out is not counted, and what is not there is not named.
sqlite3 "$work/a/own.db" 'DELETE FROM scan'
status=0
"$scripts/qedscan-fleet" --hosts a,b,c "$work/fleet" "$work/fleet.db" > "$work/fleet.out" 2>&1 || status=$?
((status == 8)) || fail "a fleet with a damaged store ended with status $status"
grep -q '1 of 3 stores merged into' "$work/fleet.out" || fail "the fleet says: $(cat "$work/fleet.out")"
status=0
"$scripts/qedscan-fleet" --hosts b "$work/fleet" "$work/none.db" > "$work/fleet.out" 2>&1 || status=$?
((status == 8)) || fail "a fleet without a host ended with status $status"
grep -q '0 of 1 stores merged$' "$work/fleet.out" || fail "the fleet says: $(cat "$work/fleet.out")"
status=0
"$scripts/qedscan-fleet" --hosts a,c,a "$work/fleet" "$work/none.db" > "$work/fleet.out" 2>&1 || status=$?
((status == 16)) || fail "a fleet with a host twice ended with status $status, not 16"
echo "well"
