#!/usr/bin/env bash
# Times every report on a made-up store of 100,000 images and 30 scans, and writes the figures to
# Benchmarks/runs/DATE/reports.md. The store is a scan's of an empty directory, filled by SQL. Fails if a report takes a
# second of processor time or more.
#
# Usage: reports.sh DIRECTORY-OF-THE-PROGRAMS
set -euo pipefail

bin=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/qedscan-reports.XXXXXX")
runs=$here/runs/$(date -u +%Y-%m-%d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$runs" "$work/pool"
export QEDSCAN_DB=$work/store.db
images=100000 scans=30

"$bin/qedscan" scan "$work/pool" >/dev/null 2>&1
sqlite3 "$QEDSCAN_DB" <<SQL
PRAGMA foreign_keys = ON;
BEGIN;
DELETE FROM scan_root;
DELETE FROM scan;

-- A scan a day, the last one today.
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $scans)
INSERT INTO scan (id, uuid, host, started_at, finished_at, state, roots, options, version, files_seen, images_seen, clean)
SELECT i, 'scan-' || i, 'bench', strftime('%Y-%m-%d %H:%M:%f', 'now', (i - $scans) || ' days'),
    strftime('%Y-%m-%d %H:%M:%f', 'now', (i - $scans) || ' days'), 'completed', '["/pool"]', '{}', '0', $images, $images,
    $images * 9 / 10
FROM n;

-- Images in 500 directories; 2 in 100 came with later scans, 1 in 100 vanished.
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $images)
INSERT INTO image (id, host, path, device, inode, first_scan_id, last_scan_id)
SELECT i, 'bench', printf('/pool/customer-%03d/volume-%06d.qed', i % 500, i), 3, i,
    iif(i % 50 = 0, 1 + i % ($scans - 1), 1), $scans
FROM n;

-- A result for each image, and for 1 in 20 of them each later scan; 1 in 10 is damaged, some in use.
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $scans),
made (image_id, scan_id, dice) AS (
    SELECT image.id, image.first_scan_id, image.id * 7919 % 1000 FROM image
    UNION ALL
    SELECT image.id, n.i, (image.id * 7919 + n.i * 104729) % 1000
    FROM n CROSS JOIN image
    WHERE n.i > image.first_scan_id AND (image.id + n.i * 7) % 20 = 0
)
INSERT INTO check_result (
    image_id, scan_id, checked_at, duration_us, checker_version, outcome, message, device, inode, file_size, mtime_ns,
    ctime_ns, disk_size, dirty, cluster_size, table_size, header_size, image_size, l1_table_offset, features,
    compat_features, autoclear_features, leaks, corruptions, check_errors, total_clusters, allocated_clusters,
    zero_clusters, fragmented_clusters, qemu_leaks)
SELECT
    image_id, scan_id, strftime('%Y-%m-%d %H:%M:%f', 'now', (scan_id - $scans) || ' days'), 1000, 1,
    CASE
        WHEN dice < 900 THEN 'clean' WHEN dice < 950 THEN 'leaking' WHEN dice < 980 THEN 'corrupt'
        WHEN dice < 985 THEN 'incomplete' WHEN dice < 988 THEN 'invalid' WHEN dice < 990 THEN 'unsupported'
        WHEN dice < 997 THEN 'in_use' ELSE 'changing' END,
    CASE WHEN dice >= 980 THEN 'a reason of some words' END,
    3, image_id, 10737418240 + dice * 65536, 1700000000000000000, 1700000000000000000, 1073741824 + dice * 65536,
    dice % 50 = 0, 65536, 4, 1, 107374182400, 65536, iif(dice BETWEEN 988 AND 989, 8, 0), 0, 0,
    iif(dice BETWEEN 900 AND 979, 1 + dice % 40, 0), iif(dice BETWEEN 950 AND 984, 1 + dice % 30, 0), 0, 1638400,
    163840, 100, dice * 100, iif(dice BETWEEN 900 AND 979, 1 + dice % 40, 0)
FROM made ORDER BY scan_id, image_id;

-- 10 findings for each damaged result.
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10)
INSERT INTO finding (
    check_result_id, number, kind, l1_index, l2_index, entry_value, file_offset, cluster_count, guest_offset, guest_length)
SELECT id, n.i, iif(outcome = 'leaking', 'cluster-leaked', iif(n.i % 2, 'data-cluster-shared', 'data-offset-beyond-file')),
    0, n.i, 0, n.i * 65536, 1, iif(outcome = 'leaking', NULL, n.i * 65536), iif(outcome = 'leaking', NULL, 65536)
FROM check_result CROSS JOIN n WHERE outcome IN ('leaking', 'corrupt', 'incomplete');

-- 1 in 5 is an overlay, in chains of up to 5.
INSERT INTO backing (
    image_id, name, kind, is_raw_flag, virtual_size, inode, birth_ns, base_path, state, base_type, base_device, base_inode,
    base_mtime_ns, base_is_qed, base_virtual_size, base_image_id, scan_id)
SELECT overlay.id, 'base.qed', 'file', overlay.id % 100 = 0, 107374182400, overlay.id, 1700000000000000000,
    base.path, 'found', 'regular', 3, base.id, 1600000000000000000, 1, 107374182400, base.id, 1
FROM image AS overlay JOIN image AS base ON base.id = overlay.id - 1
WHERE overlay.id % 25 BETWEEN 1 AND 5 AND overlay.id > 1;

-- 1 in 1000 repaired, 1 in 100 vanished, half of these at the last scan; a few paths cannot be read.
INSERT INTO repair (
    image_id, state, host, version, actions, is_undoable, started_at, finished_at, check_result_before_id, device, inode,
    size_before, mtime_ns_before, ctime_ns_before, header_before, metadata_sha256_before, size_after, device_after,
    inode_after, mtime_ns_after, ctime_ns_after, header_after, metadata_sha256_after)
SELECT id, 'done', 'bench', '0', '["clear-invalid"]', 1, '2026-01-01 00:00:00.000', '2026-01-01 00:00:01.000', id, 3, id,
    1, 1, 1, x'00', zeroblob(32), 1, 3, id, 2, 2, x'00', zeroblob(32)
FROM image WHERE id % 1000 = 0;
INSERT INTO repair_write (repair_id, number, phase, action, kind, file_offset, length, before, after)
SELECT id, number, 'pointer', 'clear-invalid', 'words', number * 8, 8, zeroblob(8), zeroblob(8)
FROM repair JOIN (SELECT 1 AS number UNION SELECT 2 UNION SELECT 3);
UPDATE image SET missing_since_scan_id = iif(id % 200 = 7, $scans, 2 + id % ($scans - 2)) WHERE id % 100 = 7;
INSERT INTO path_error (scan_id, path, operation, errno, message)
SELECT scan.id, '/pool/locked-' || image.id, 'open', 13, 'Permission denied' FROM scan JOIN image ON image.id <= 10;
COMMIT;
SQL

# --- The figures

slow=0
{
    echo "# Reports"
    echo
    echo "$(sqlite3 "$QEDSCAN_DB" 'SELECT count(*) FROM image') images," \
        "$(sqlite3 "$QEDSCAN_DB" 'SELECT count(*) FROM scan') scans," \
        "$(sqlite3 "$QEDSCAN_DB" 'SELECT count(*) FROM check_result') results," \
        "$(sqlite3 "$QEDSCAN_DB" 'SELECT count(*) FROM finding') findings;" \
        "the store has $(($(stat -c %s "$QEDSCAN_DB") >> 20)) MiB. The one of three runs with the least processor time, of the whole program, its rows" \
        "written as CSV."
    echo
    grep -m1 'model name' /proc/cpuinfo | sed 's/.*: //'
    echo
    echo "| report | seconds | processor seconds | rows |"
    echo "| --- | ---: | ---: | ---: |"
    TIMEFORMAT='%R %U %S'
    for file in "$here"/../reports/*.sql; do
        report=$(basename "$file" .sql) best=
        for _ in 1 2 3; do
            read -r elapsed user system < <({ time "$bin/qedscan" report "$report" --format csv >"$work/rows"; } 2>&1)
            busy=$((10#${user/./} + 10#${system/./}))
            if [ -z "$best" ] || [ "$busy" -lt "$best" ]; then best=$busy shortest=$elapsed; fi
        done
        if [ "$best" -ge 1000 ]; then
            echo "reports.sh: $report takes $best ms" >&2
            slow=1
        fi
        printf '| %s | %s | %d.%03d | %d |\n' \
            "$report" "$shortest" $((best / 1000)) $((best % 1000)) $(($(wc -l <"$work/rows") - 1))
    done
} >"$runs/reports.md"
cat "$runs/reports.md"
exit "$slow"
