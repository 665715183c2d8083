-- How has the pool changed from scan to scan?
--
-- scan_id, host: the scan, and the owner of the images: a machine, or 'pool:' and the name of a pool
-- shard: the part of the images that the scan saw, such as 3/8; none if it saw all of its directories
-- started_at: UTC
-- state: running, completed, interrupted or failed
-- images: images that the scan saw, in its own shard only
-- clean, leaking, corrupt, incomplete, invalid, unsupported, in_use, changing: images with that outcome
-- dirty: images marked as not closed cleanly
-- corruptions: invalid or shared entries in all images of the host, as known after the scan; NULL if the scan was pruned
-- leaked_bytes: bytes in leaked clusters, likewise; for images in use, as known before; repairs show in the next scan
WITH
-- The scan that first shows what a check gave: its own, or for a repair's the next one on the host.
damage (image_id, result_id, scan_id, corruptions, leaked_bytes) AS MATERIALIZED (
    SELECT
        image_id,
        id,
        CASE WHEN repair_id IS NULL THEN scan_id ELSE (
            SELECT min(later.id) FROM scan AS later
            JOIN scan AS own ON own.id = check_result.scan_id
            WHERE later.host = own.host AND later.id > own.id)
        END,
        ifnull(corruptions, 0),
        ifnull(leaks * cluster_size, 0)
    FROM check_result
    WHERE (leaks > 0 OR corruptions > 0) AND outcome NOT IN ('in_use', 'changing')
),
step (scan_id, corruptions, leaked_bytes) AS (
    SELECT scan_id, corruptions, leaked_bytes FROM damage
    UNION ALL
    -- It ends with the next check that can tell.
    SELECT
        CASE WHEN next.repair_id IS NULL THEN next.scan_id ELSE (
            SELECT min(later.id) FROM scan AS later
            JOIN scan AS own ON own.id = next.scan_id
            WHERE later.host = own.host AND later.id > own.id)
        END,
        -damage.corruptions,
        -damage.leaked_bytes
    FROM damage
    CROSS JOIN check_result AS next ON next.id = (
        SELECT min(id) FROM check_result
        WHERE image_id = damage.image_id AND id > damage.result_id AND outcome NOT IN ('in_use', 'changing'))
    UNION ALL
    -- An image that has vanished counts no more, one that has returned counts again.
    SELECT
        image_event.scan_id,
        iif(image_event.event = 'vanished', -damage.corruptions, damage.corruptions),
        iif(image_event.event = 'vanished', -damage.leaked_bytes, damage.leaked_bytes)
    FROM image_event
    CROSS JOIN damage ON damage.result_id = (
        SELECT max(id) FROM check_result
        WHERE image_id = image_event.image_id AND outcome NOT IN ('in_use', 'changing')
            AND (
                scan_id < image_event.scan_id
                OR image_event.event = 'vanished' AND scan_id = image_event.scan_id AND repair_id IS NULL))
    WHERE image_event.event IN ('vanished', 'returned')
),
change AS (
    SELECT scan_id, total(corruptions) AS corruptions, total(leaked_bytes) AS leaked_bytes
    FROM step
    GROUP BY scan_id
)
SELECT
    scan.id AS scan_id,
    scan.host,
    scan.shard_number || '/' || scan.shard_count AS shard,
    scan.started_at,
    scan.state,
    scan.images_seen AS images,
    scan.clean,
    scan.leaking,
    scan.corrupt,
    scan.incomplete,
    scan.invalid,
    scan.unsupported,
    scan.in_use,
    scan.changing,
    scan.dirty,
    iif(scan.pruned_at IS NULL, CAST(total(change.corruptions) OVER known AS INTEGER), NULL) AS corruptions,
    iif(scan.pruned_at IS NULL, CAST(total(change.leaked_bytes) OVER known AS INTEGER), NULL) AS leaked_bytes
FROM scan
LEFT JOIN change ON change.scan_id = scan.id
WINDOW known AS (PARTITION BY scan.host ORDER BY scan.id)
ORDER BY scan.id;
