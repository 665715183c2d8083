#!/usr/bin/env bash
# Fourteen nights of a changing pool: prints the mail that `scan --only-changes` makes of each, the size of the store,
# and how long a night in which nothing changed takes, against a `find` that lists the same tree. Writes them to
# Benchmarks/runs/DATE-nights/.
#
# Usage: nights.sh DIRECTORY-OF-THE-PROGRAMS
#   ROUNDS (default 9), IMAGES (default 2000)
set -euo pipefail

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
rounds=${ROUNDS:-9}
images=${IMAGES:-2000}
work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-nights.XXXXXX")
runs=$here/runs/$(date -u +%Y-%m-%d)-nights
export QEDSCAN_DB=$work/store.db
guest=
clean_up() {
    if [ -n "$guest" ]; then kill "$guest" 2>/dev/null || true; fi
    umount -l "$work/b" 2>/dev/null || true
    umount -l "$work/disk" 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
mkdir -p "$runs" "$work/a" "$work/b" "$work/disk"

# The second pool is a file system of its own, where that can be mounted, so that it can be gone one night.
mounts=no
if mount -t tmpfs -o size=512m qedscan-nights "$work/disk" 2>/dev/null; then
    mount --bind "$work/disk" "$work/b" && mounts=yes
fi

make_image() { "$bin/qedlab" image --size 16M --allocated 10% --no-data "$@"; }
damage() { "$bin/qedlab" damage "$1" "$2" >/dev/null; }
write_guest() { qemu-io -f qed -c "write -P $2 0 1M" "$1" >/dev/null; }

# What happens before each night's scan, and what a person would call it.
day() {
    case $1 in
        1) what="the pool is new" ;;
        2) what="nothing" ;;
        3) what="guests write to five images"
            for i in 1 2 3 4 5; do write_guest "$work/a/vm-$i.qed" "$i"; done ;;
        4) what="two images are damaged"
            damage "$work/a/vm-1.qed" data-offset-beyond-file; damage "$work/b/disk-2.qed" cluster-leaked ;;
        5) what="nothing; the damage is still there" ;;
        6) what="three new images, one of them damaged; one is removed, one is renamed"
            make_image "$work/a/new-1.qed"; make_image "$work/a/new-2.qed"
            make_image --defect data-cluster-shared "$work/a/new-3.qed"
            rm "$work/a/vm-6.qed"; mv "$work/a/vm-7.qed" "$work/a/web.qed" ;;
        7) what="a guest runs in an image"
            coproc GUEST { exec qemu-io -f qed "$work/a/vm-8.qed"; }
            guest=$GUEST_PID
            echo 'write -P 9 0 64k' >&"${GUEST[1]}"
            sleep 1 ;;
        8) what="the guest has ended; one image is repaired but for a leak, one is restored"
            kill "$guest" 2>/dev/null || true; wait "$guest" 2>/dev/null || true; guest=
            "$bin/qedscan" repair --yes -q --settle 0s "$work/a/vm-1.qed" >/dev/null || true
            rm "$work/b/disk-2.qed"; make_image "$work/b/disk-2.qed" ;;
        9) what="the second pool is not mounted"
            if [ $mounts = yes ]; then umount "$work/b"; fi ;;
        10) what="it still is not"  ;;
        11) what="it is mounted again, and one image has come back"
            if [ $mounts = yes ]; then mount --bind "$work/disk" "$work/b"; fi
            make_image "$work/a/vm-6.qed" ;;
        12) what="25 images are damaged at once"
            for i in $(seq 20 44); do damage "$work/a/vm-$i.qed" dirty; damage "$work/a/vm-$i.qed" cluster-leaked; done ;;
        13) what="nothing" ;;
        14) what="a name that would act on a terminal"
            make_image --defect data-offset-unaligned "$work/a/$(printf 'evil\033[31m.qed')" ;;
    esac
}

size_of_store() { stat -c %s "$QEDSCAN_DB"; }

for i in $(seq "$images"); do make_image "$work/a/vm-$i.qed"; done
for i in $(seq 50); do make_image "$work/b/disk-$i.qed"; done

{
    echo "# Fourteen nights"
    echo
    echo "$images images in one pool, 50 in another$([ $mounts = yes ] && echo ', which is a file system of its own')." \
        "Each night: \`qedscan scan -q --only-changes A B\`, as cron would mail it."
    for night in $(seq 14); do
        day "$night"
        # A result is used again only if the file was at least two seconds old.
        sleep 3
        status=0
        mail=$("$bin/qedscan" scan -q --only-changes "$work/a" "$work/b" 2>&1) || status=$?
        echo
        echo "## Night $night: $what"
        echo
        if [ -z "$mail" ]; then echo "No mail."; else printf '```\n%s\n```\n' "${mail//$work/}"; fi
        echo
        echo "Status $status; the store has $(size_of_store) bytes."
    done
    echo
    before=$(size_of_store)
    "$bin/qedscan" store prune -q --keep-scans 3
    echo "After \`store prune --keep-scans 3\`: $before bytes before, $(size_of_store) after;" \
        "\`store verify\`: $("$bin/qedscan" store verify -q >/dev/null && echo whole)."
} | tee "$runs/nights.md"

# --- A night in which nothing changed, and find

sleep 3
"$bin/qedscan" scan -q --only-changes "$work/a" "$work/b" >/dev/null 2>&1 || true
find "$work/a" "$work/b" -printf '%s %T@\n' >/dev/null
seconds() {
    local start end
    start=$(date +%s%N)
    "$@" >/dev/null 2>&1 || true
    end=$(date +%s%N)
    awk -v n=$((end - start)) 'BEGIN { printf "%.6f", n / 1e9 }'
}
for round in $(seq "$rounds"); do
    printf '%s\t%s\t%s\n' "$round" \
        "$(seconds "$bin/qedscan" scan -q --only-changes "$work/a" "$work/b")" \
        "$(seconds find "$work/a" "$work/b" -printf '%s %T@\n')"
done > "$runs/raw.tsv"
{
    echo
    echo "## A night in which nothing changed"
    echo
    grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //' || true
    echo
    sort -t "$(printf '\t')" -k1n "$runs/raw.tsv" | awk -F'\t' '
        function sort(a, n,   i, j, t) {
            for (i = 2; i <= n; i++) { t = a[i]; for (j = i - 1; j > 0 && a[j] > t; j--) a[j + 1] = a[j]; a[j + 1] = t }
        }
        function median(a, n) { return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }
        { a[++n] = $2; b[n] = $3; r[n] = $2 / $3 }
        END {
            sort(a, n); sort(b, n); sort(r, n)
            printf "%d rounds in turn, median (min-max): the scan %.4f s (%.4f-%.4f), `find -printf` %.4f s (%.4f-%.4f),", \
                n, median(a, n), a[1], a[n], median(b, n), b[1], b[n]
            printf " the scan takes %.1f (%.1f-%.1f) times as long.\n", median(r, n), r[1], r[n]
        }'
} | tee -a "$runs/nights.md"
