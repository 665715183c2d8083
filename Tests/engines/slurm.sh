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

# refused STATUS WHAT ARGUMENT...: qedscan-submit must end with the status, and say what.
refused() {
    local expected=$1 what=$2 status=0
    shift 2
    "$scripts/qedscan-submit" --pool engines "$@" > /dev/null 2> "$work/submit.err" || status=$?
    ((status == expected)) || fail "qedscan-submit $* ended with $status, not $expected"
    grep -q "$what" "$work/submit.err" || fail "qedscan-submit $* says: $(cat "$work/submit.err")"
}
ln -s "$stores" "$work/link"
for name in "$stores" "$work/./stores 100%/" "$work/link"; do
    refused 8 "has not ended" -n "$shards" --stores "$name" "$pool"
done
refused 16 "for other shards" -n 9 --stores "$stores" "$pool"
refused 16 "for other shards" -n "$shards" --stores "$stores" "$pool/part-1"
refused 16 "for other shards" -n "$shards" --pool other --stores "$stores" "$pool"
refused 16 "10000 at most" -n 10001 --stores "$stores" "$pool"

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

# run_task SHARD PATH: one task, by hand; sets status. Slurm knows no such job, and so nothing is tried again.
run_task() {
    status=0
    # Not a first attempt: those are slow.
    SLURM_ARRAY_TASK_ID=$1 SLURM_ARRAY_JOB_ID=hand SLURM_JOB_ID=999999 SLURM_RESTART_COUNT=1 \
        "$scripts/qedscan-array.sbatch" "$stores" "$shards" count engines "$2" > "$work/task.out" 2>&1 || status=$?
}
# came_to SHARD: what its result says.
came_to() { cut -d ' ' -f 1,2 "$stores/shard-$1-of-$shards.result"; }

# A damaged store is put aside, and what its shard has is in the merged store as before.
store=$stores/shard-1-of-$shards.db
damage "$store"
cp "$store" "$work/damaged.db"
run_task 1 "$pool"
((status == 0)) || fail "a task with a damaged store ended with status $status"
grep -q 'its store is damaged' "$work/task.out" || fail "a task does not say that its store is damaged"
cmp "$work/damaged.db" "$store.damaged" || fail "the damaged store was not put aside"
[ "$(came_to 1)" = "hand ended" ] || fail "a task with a damaged store has not ended"
qedscan store verify --quiet --db "$store" || fail "the new store of the shard is not whole"

# A newer store stays as it is, one of an older program is used.
store=$stores/shard-2-of-$shards.db
cp "$store" "$work/sound.db"
sqlite3 "$store" "INSERT INTO schema_migration SELECT max(version) + 1, 'later', '', '' FROM schema_migration"
cp "$store" "$work/newer.db"
run_task 2 "$pool"
((status == 8)) || fail "a task with a newer store ended with status $status, not 8"
cmp "$work/newer.db" "$store" || fail "a newer store was changed"
migrations=("$(dirname "$0")"/../../migrations/*.sql)
{
    echo "PRAGMA application_id = 0x51454453;"
    sqlite3 "$work/sound.db" "SELECT sql || ';' FROM sqlite_schema WHERE name = 'schema_migration'"
    for ((i = 0; i < ${#migrations[@]} - 1; i++)); do
        cat "${migrations[i]}"
        echo "INSERT INTO schema_migration" \
            "VALUES ($((i + 1)), '$(basename "${migrations[i]}" .sql)'," \
            "CAST(readfile('${migrations[i]}') AS TEXT), '');"
    done
} | sqlite3 "$work/older.db"
cp "$work/older.db" "$store"
run_task 2 "$pool"
((status == 0)) || fail "a task with an older store ended with status $status"
[ ! -e "$store.damaged" ] || fail "an older store was taken for a damaged one"

# A PATH that is not there is no result.
run_task 3 "$pool/none"
((status == 8)) || fail "a task that cannot read its PATH ended with status $status, not 8"
[ "$(came_to 3)" = "hand failed" ] || fail "a task that cannot read its PATH: $(came_to 3)"

# A merge without one of its shards says so, as of those that have not ended in its run, and merges the rest.
rm "$stores/shard-5-of-$shards.db"
: > "$stores/shard-6-of-$shards.result"
status=0
(cd "$stores" && exec "$scripts/qedscan-merge.sbatch" . "$shards" "$array") \
    > "$work/merge.out" 2> "$work/merge.err" || status=$?
((status == 8)) || fail "a merge that lacks a shard ended with status $status, not 8"
grep -q "shard 5 of $shards: no store" "$work/merge.err" || fail "a merge does not say which shard it lacks"
grep -q "shard 6 of $shards: not scanned in run $array" "$work/merge.err" || fail "an empty result stops a merge"
grep -q "7 of $shards stores merged into $stores/merged.db" "$work/merge.out" || fail "$(cat "$work/merge.out")"
compare "$work/single.db" "$stores/merged.db" checked_at duration_us image_id scan_id check_result_id
echo "well"
