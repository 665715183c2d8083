-- How many images have each outcome, and how much space do they take up?
--
-- outcome: outcome of the latest check; 'total' for all images
-- images: images that are present
-- dirty: images marked as not closed cleanly; images in use are left out, and so are their leaks and corruptions
-- leaks, corruptions: leaked clusters, and corruptions
-- leaked_bytes: bytes in leaked clusters
-- virtual_bytes: bytes that guests see
-- disk_bytes: bytes used on disk
WITH totals AS (
    SELECT
        outcome,
        count(*) AS images,
        total(iif(outcome = 'in_use', 0, dirty)) AS dirty,
        total(iif(outcome = 'in_use', 0, leaks)) AS leaks,
        total(iif(outcome = 'in_use', 0, corruptions)) AS corruptions,
        total(iif(outcome = 'in_use', 0, leaks * cluster_size)) AS leaked_bytes,
        total(CASE WHEN outcome NOT IN ('invalid', 'unsupported') THEN image_size END) AS virtual_bytes,
        total(disk_size) AS disk_bytes
    FROM latest_check
    WHERE present
    GROUP BY outcome
)
SELECT
    outcome,
    CAST(images AS INTEGER) AS images,
    CAST(dirty AS INTEGER) AS dirty,
    CAST(leaks AS INTEGER) AS leaks,
    CAST(corruptions AS INTEGER) AS corruptions,
    CAST(leaked_bytes AS INTEGER) AS leaked_bytes,
    CAST(virtual_bytes AS INTEGER) AS virtual_bytes,
    CAST(disk_bytes AS INTEGER) AS disk_bytes
FROM (
    SELECT *, 0 AS is_total FROM totals
    UNION ALL
    SELECT
        'total', total(images), total(dirty), total(leaks), total(corruptions), total(leaked_bytes),
        total(virtual_bytes), total(disk_bytes), 1
    FROM totals
)
ORDER BY is_total, images DESC, outcome;
