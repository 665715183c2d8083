#!/usr/bin/env bash
# Scans a pool with a real Slurm, of two nodes on this machine, as an array of 8 tasks. One task's scan is killed, one is
# told to end, as at its time limit, and one loses its node; the merged store must be that of a single scan all the same.
#
# Usage: slurm.sh DIRECTORY-OF-THE-PROGRAMS
#   IMAGES (20000)
# Needs root, slurm-wlm and munge. Neither needs nor disturbs a Slurm that runs on this machine.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "$(dirname "$0")/common.sh"
need sbatch slurmctld slurmd munged pgrep
enter "$0" "$1"
bin=$1
scripts=$(cd "$(dirname "$0")/../../contrib/slurm" && pwd)
pool="$work/the pool's \"images\""
stores="$work/stores 100%"
shards=8

# --- The pool, and what a single scan says of it

make_pool_and_scan "$pool" "${IMAGES:-20000}"

# --- Slurm

export SLURM_CONF=$work/slurm.conf QEDSCAN_SCRATCH=$work/scratch
mkdir -m 700 "$work/munge" "$work/state" "$QEDSCAN_SCRATCH"
head -c 1024 /dev/urandom > "$work/munge/key"
chmod 600 "$work/munge/key"
cat > "$SLURM_CONF" <<END
ClusterName=engines
SlurmctldHost=engines(127.0.0.1)
SlurmUser=root
SlurmctldPort=26817
AuthInfo=socket=$work/munge/socket,cred_expire=5
StateSaveLocation=$work/state
SlurmctldPidFile=$work/slurmctld.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdSpoolDir=$work/spool.%n
SlurmdPidFile=$work/slurmd.%n.pid
SlurmdLogFile=$work/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
ReturnToService=1
NodeName=n1,n2 NodeHostname=engines NodeAddr=127.0.0.1 Port=[26818-26819] CPUs=2
PartitionName=all Nodes=n1,n2 Default=YES
END

# The nodes have processes of their own, so that one can die with all of them.
declare -A node_pid
start_node() {
    unshare --pid --fork --kill-child --mount-proc -- slurmd -D -N "$1" > /dev/null 2>&1 &
    node_pid[$1]=$!
}
munged --foreground --force --socket="$work/munge/socket" --key-file="$work/munge/key" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed" > "$work/munge/out" 2>&1 &
await 60 "munged" test -S "$work/munge/socket"
slurmctld -D > /dev/null 2>&1 &
start_node n1
start_node n2
are_idle() { [ "$(sinfo --noheader --Node --format %t | sort -u)" = idle ]; }
await 60 "two idle nodes" are_idle

# --- The scan

# The first attempts of three tasks read so slowly that they can be ended halfway.
mkdir "$work/bin"
cat > "$work/bin/qedscan" <<END
#!/bin/sh
case \$1-\${SLURM_RESTART_COUNT:-0}-\${SLURM_ARRAY_TASK_ID:-} in
    scan-0-[234]) shift; exec '$bin/qedscan' scan --rate 256K "\$@" ;;
esac
exec '$bin/qedscan' "\$@"
END
chmod +x "$work/bin/qedscan"
export PATH=$work/bin:$PATH

start=$EPOCHREALTIME
"$scripts/qedscan-submit" -n "$shards" --pool engines --stores "$stores" "$pool" -- --partition=all > "$work/jobs"
cat "$work/jobs"
array=$(sed -n 's/^scan: job \([0-9]*\),.*/\1/p' "$work/jobs")
merge=$(sed -n 's/^merge: job \([0-9]*\),.*/\1/p' "$work/jobs")

status=0
"$scripts/qedscan-submit" --pool engines --stores "$stores" "$pool" 2>/dev/null || status=$?
((status == 8)) || fail "a second scan into the same folder ended with $status, not 8"

# store_of SHARD: where its scan is.
store_of() { ls "$QEDSCAN_SCRATCH"/qedscan-task.*/"shard-$1-of-$shards.db"; }
is_halfway() { (($(checked_in "$(store_of "$1")") >= 20)); }
has_restarted() { grep -q 'attempt 2' "$stores/log/${array}_$1.out"; }
for shard in 2 3 4; do await 120 "shard $shard is halfway" is_halfway "$shard"; done

is_requeued() { grep -q 'back into the queue' "$stores/log/${array}_$1.out"; }
are_requeued() { is_requeued 2 && is_requeued 3; }
scan_of() { pgrep -f " scan .*--db .*/shard-$1-of-$shards\.db "; }
# A scan that crashes.
kill -KILL "$(scan_of 2)"
# A task that comes to its time limit: `--signal=B:TERM` has Slurm send this to its shell. (scancel may send it thrice.)
kill -TERM "$(awk '/^PPid:/ { print $2 }' "/proc/$(scan_of 3)/status")"
await 120 "shards 2 and 3 are back in the queue" \
    are_requeued
# A node that dies with all that runs on it, and somebody who tells slurmctld before its time limit for that.
node=$(squeue --noheader --array --jobs "${array}_4" --format %N)
echo "shard 4 loses its node, $node"
{ kill -KILL "${node_pid[$node]}" && wait "${node_pid[$node]}"; } 2>/dev/null || true
scontrol update "nodename=$node" state=down reason=dead
for shard in 2 3 4; do await 300 "shard $shard is tried again" has_restarted "$shard"; done

is_over() { [ -z "$(squeue --noheader)" ]; }
await 600 "the end of all jobs" is_over
echo "the array and the merge: $(since "$start")"

# --- What came of it

grep -hE '^qedscan: (shard|[0-9]+ of)' "$stores"/log/*.out
scontrol show job "$merge" | grep -q JobState=COMPLETED || fail "the merge has failed"
compare "$work/single.db" "$stores/merged.db" checked_at duration_us image_id scan_id check_result_id

# What the task that was told to end had checked was not checked again.
twice=$(sqlite3 "$stores/shard-3-of-$shards.db" 'SELECT count(*) - count(DISTINCT image_id) FROM check_result')
[ "$twice" = 0 ] || fail "$twice images of shard 3 were checked twice"
states=$(sqlite3 "$stores/shard-3-of-$shards.db" 'SELECT group_concat(state) FROM (SELECT state FROM scan ORDER BY id)')
[[ $states =~ ^(interrupted,)+completed$ ]] || fail "shard 3 has not gone on from an interrupted scan: $states"

[ -z "$(find "$stores" -perm /077)" ] || fail "others may read: $(find "$stores" -perm /077)"
[ -z "$(ls -A "$QEDSCAN_SCRATCH")" ] || fail "left behind: $(ls -A "$QEDSCAN_SCRATCH")"

# A merge without one of its shards says so, and merges the rest.
rm "$stores/shard-5-of-$shards.db"
status=0
"$scripts/qedscan-merge.sbatch" "$stores" "$shards" "$array" > /dev/null 2> "$work/merge.err" || status=$?
((status == 8)) || fail "a merge that lacks a shard ended with status $status, not 8"
grep -q "shard 5 of $shards: no store" "$work/merge.err" || fail "a merge does not say which shard it lacks"
echo "well"
