-- Which hosts and pools are in the worst state, and when was each last scanned?
--
-- :at (default now): the time from which ages are counted, in seconds since 1970
--
-- host: a machine, or 'pool:' and the name of a pool that machines share; '(all)' for the sum
-- images: images that are present
-- clean, leaking, corrupt: images with that outcome
-- not_checked: all other images: incomplete, invalid, unsupported, in use or changing
-- dirty: images marked as not closed cleanly; images in use are left out, and so are their leaks and corruptions
-- leaked_bytes: bytes in leaked clusters
-- corruptions: invalid or shared entries
-- disk_bytes: bytes used on disk
-- missing: images that are no longer there
-- completed_at: end of the latest complete scan that read anything, UTC; with shards, that of the oldest one, if all were scanned
-- age_days: whole days since then
-- nodes: the machines that scanned it; if there are more than three, their number
WITH
known AS (
    SELECT
        host,
        total(present) AS images,
        total(present AND outcome = 'clean') AS clean,
        total(present AND outcome = 'leaking') AS leaking,
        total(present AND outcome = 'corrupt') AS corrupt,
        total(present AND outcome NOT IN ('clean', 'leaking', 'corrupt')) AS not_checked,
        total(iif(present AND outcome <> 'in_use', dirty, 0)) AS dirty,
        total(iif(present AND outcome <> 'in_use', leaks * cluster_size, 0)) AS leaked_bytes,
        total(iif(present AND outcome <> 'in_use', corruptions, 0)) AS corruptions,
        total(iif(present, disk_size, 0)) AS disk_bytes,
        total(NOT present) AS missing
    FROM latest_check
    GROUP BY host
),
newest AS (SELECT host, max(id) AS id FROM scan GROUP BY host),
-- Of each shard, if the newest scan is of one; else of all scans.
part AS (
    SELECT scan.host, scan.shard_count, max(scan.finished_at) AS completed_at
    FROM newest
    JOIN scan AS like_it ON like_it.id = newest.id
    JOIN scan ON scan.host = newest.host AND scan.shard_count IS like_it.shard_count
    WHERE scan.state = 'completed' AND (
        EXISTS (SELECT 1 FROM scan_root WHERE scan_id = scan.id AND scan_root.state = 'read')
        OR NOT EXISTS (SELECT 1 FROM scan_root WHERE scan_id = scan.id))
    GROUP BY scan.host, scan.shard_number
),
ended AS (
    SELECT host, iif(count(*) = ifnull(max(shard_count), 1), min(completed_at), NULL) AS completed_at
    FROM part
    GROUP BY host
),
node AS (
    SELECT host, iif(count(*) > 3, CAST(count(*) AS TEXT), group_concat(node, ', ')) AS nodes
    FROM (SELECT DISTINCT host, node FROM scan ORDER BY host, node)
    GROUP BY host
),
whole AS (
    SELECT
        newest.host,
        ifnull(images, 0) AS images,
        ifnull(clean, 0) AS clean,
        ifnull(leaking, 0) AS leaking,
        ifnull(corrupt, 0) AS corrupt,
        ifnull(not_checked, 0) AS not_checked,
        ifnull(dirty, 0) AS dirty,
        ifnull(leaked_bytes, 0) AS leaked_bytes,
        ifnull(corruptions, 0) AS corruptions,
        ifnull(disk_bytes, 0) AS disk_bytes,
        ifnull(missing, 0) AS missing,
        completed_at,
        nodes
    FROM newest
    LEFT JOIN known ON known.host = newest.host
    LEFT JOIN ended ON ended.host = newest.host
    LEFT JOIN node ON node.host = newest.host
)
SELECT
    host,
    CAST(images AS INTEGER) AS images,
    CAST(clean AS INTEGER) AS clean,
    CAST(leaking AS INTEGER) AS leaking,
    CAST(corrupt AS INTEGER) AS corrupt,
    CAST(not_checked AS INTEGER) AS not_checked,
    CAST(dirty AS INTEGER) AS dirty,
    CAST(leaked_bytes AS INTEGER) AS leaked_bytes,
    CAST(corruptions AS INTEGER) AS corruptions,
    CAST(disk_bytes AS INTEGER) AS disk_bytes,
    CAST(missing AS INTEGER) AS missing,
    completed_at,
    CAST(julianday(ifnull(:at, strftime('%s', 'now')), 'unixepoch') - julianday(completed_at) AS INTEGER) AS age_days,
    nodes
FROM (
    SELECT *, 0 AS is_total FROM whole
    UNION ALL
    SELECT
        '(all)', total(images), total(clean), total(leaking), total(corrupt), total(not_checked), total(dirty),
        total(leaked_bytes), total(corruptions), total(disk_bytes), total(missing), NULL, NULL, 1
    FROM whole
)
ORDER BY
    is_total,
    corrupt DESC,
    corruptions DESC,
    leaking DESC,
    not_checked DESC,
    leaked_bytes DESC,
    dirty DESC,
    completed_at,
    host;
