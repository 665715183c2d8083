#!/usr/bin/env bash
# Creates a pool of QED images with real QEMU tools, damages some, keeps one open as a virtual machine would,
# scans the pool, and shows its problems. If a step fails, the demo stops and lists the steps that it did not show.
#
# Usage: demo.sh DIRECTORY-OF-THE-PROGRAMS
set -Eeuo pipefail

bin=$1
here=$(cd "$(dirname "$0")/.." && pwd)
demo=$here/.build/demo
pool=$demo/pool
store=$demo/qedscan.db
qedscan=$bin/qedscan
qedlab=$bin/qedlab

titles=(
    "Creating a pool of QED images in $pool"
    "Scanning the pool"
    "What is in the pool?"
    "What is damaged?"
    "What could not be checked?"
    "Scanning again: only images that have changed or could not be checked are checked"
    "What can be repaired, and what would be lost?"
    "Repairing: images in use are left alone, and no image may have changed in the last 10 s"
    "Undoing the last repair"
)
step=-1

holder=
trap 'test -z "$holder" || kill "$holder" 2>/dev/null || true' EXIT
trap 'stop "a command of line $LINENO ended with $?"' ERR

# The next step begins.
next() {
    step=$((step + 1))
    printf '\n\033[1m%s\033[0m\n' "${titles[step]}"
}

# Ends the demo, which could not show the step that it is in: WHY
stop() {
    test "$BASH_SUBSHELL" = 0 || exit 1
    trap - ERR
    {
        printf '\nThe demo stops: %s. These steps are missing:\n' "$1"
        printf '  %s\n' "${titles[@]:step < 0 ? 0 : step}"
    } >&2
    exit 1
}

# A command of ours that must end with a status: STATUS COMMAND...
run() {
    local expected=$1 status=0
    shift
    printf '$ %s\n' "${*/#$qedscan/qedscan}"
    "$@" || status=$?
    test "$status" = "$expected" || stop "qedscan $2 ended with $status, and not with $expected"
}

# An image written by QEMU: NAME SIZE CREATE-OPTIONS WRITES...
written() {
    local name=$1 size=$2 options=$3
    shift 3
    qemu-img create -q -f qed -o "$options" "$pool/$name" "$size"
    local commands=()
    for write in "$@"; do commands+=(-c "$write"); done
    qemu-io -f qed "${commands[@]}" "$pool/$name" >/dev/null
}

# A write that a crash cuts short: NAME EVENT
crashed() {
    local file="json:{\"driver\":\"qed\",\"file\":{\"driver\":\"blkdebug\",\"image\":{\"driver\":\"file\",\"filename\":\"$pool/$1\"}}}"
    (qemu-io -c "break $2 A" -c 'aio_write -P1 1M 64k' -c 'wait_break A' -c abort "$file" || true) >/dev/null 2>&1
}

rm -rf "$demo"
mkdir -p "$pool"/{web,mail,build,archive/2019,templates}

next
for n in $(seq -w 1 20); do
    written "web/web-$n.qed" 1G cluster_size=65536 "write -P 0x$n 0 $((10#$n))M" "write -z 64M 4M"
done
for n in $(seq -w 1 12); do
    written "mail/mail-$n.qed" 512M cluster_size=4096,table_size=4 "write -P 0x4$((10#$n % 10)) 0 2M" "write 100M 64k" "write 30M 64k"
done
for n in $(seq -w 1 8); do
    written "archive/2019/disk-$n.img" 2G cluster_size=131072,table_size=2 "write 0 3M"
done
written templates/base.qed 1G cluster_size=65536 'write -P 0x42 0 8M'
for n in $(seq -w 1 6); do
    qemu-img create -q -f qed -b ../templates/base.qed -F qed "$pool/build/overlay-$n.qed"
    qemu-io -f qed -c "write -P 0x5$n ${n}M 256k" "$pool/build/overlay-$n.qed" >/dev/null
done
"$qedlab" pool "$pool/made" --images 20 --damaged 40% --dirty 10% --seed 2010 >/dev/null

written web/crash-leak.qed 1G cluster_size=65536 'write 0 1M'
crashed web/crash-leak.qed l2_update
written web/dirty.qed 1G cluster_size=65536 'write 0 1M'
crashed web/dirty.qed write_aio
for defect in data-offset-beyond-file data-cluster-shared l2-offset-unaligned l1-wiped truncated-in-data; do
    cp "$pool/mail/mail-03.qed" "$pool/mail/$defect.qed"
    "$qedlab" damage "$pool/mail/$defect.qed" "$defect" --seed 7
done
echo 'not an image' > "$pool/README.txt"

# As a running virtual machine holds its image: open for writing, with QEMU's locks.
coproc HOLDER { exec qemu-io -f qed "$pool/web/web-07.qed" 2>&1; }
holder=$HOLDER_PID
echo 'write -P 1 0 64k' >&"${HOLDER[1]}"
read -r -u "${HOLDER[0]}" _
# A result is used again only if the image is older than two seconds when it is checked.
sleep 3
echo "$(find "$pool" -type f | wc -l) files, $(du -sh "$pool" | cut -f1)"

next
run 14 "$qedscan" scan --db "$store" "$pool"
echo "exit status 14: bits as fsck's; 2 leaks, 4 corruption, 8 something could not be checked"

next
run 0 "$qedscan" report summary --db "$store"

next
run 0 "$qedscan" report damaged --db "$store"

next
run 0 "$qedscan" report errors --db "$store"

next
run 14 "$qedscan" scan --db "$store" "$pool"

next
run 14 "$qedscan" repair --db "$store" --dry-run

next
run 11 "$qedscan" repair --db "$store" --yes --quiet
run 0 "$qedscan" report summary --db "$store"

next
# The last ID, after a line with the name of the column.
last=$("$qedscan" query --db "$store" --format csv 'SELECT max(id) FROM repair' | tail -n 1 | tr -d '\r')
run 1 "$qedscan" undo --db "$store" --yes "$last"

printf '\nThe store is %s. Try next:\n' "$store"
cat <<NEXT
  sqlite3 -box $store "SELECT kind, count(*), sum(cluster_count) FROM finding GROUP BY kind ORDER BY 2 DESC"
  $qedscan repair --list --db $store
  $qedscan show --db $store $pool/mail/data-cluster-shared.qed
NEXT
