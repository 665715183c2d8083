-- Which images have disappeared, or are no longer QED images?
--
-- path: the image
-- last_outcome: outcome of its latest check
-- dirty: 1 if it was marked as not closed cleanly
-- last_checked_at, missing_since: UTC; missing_since is the start of the first scan that should have seen the image
-- host: where the image was: a machine, or 'pool:' and the name of a pool
SELECT
    latest_check.path,
    latest_check.outcome AS last_outcome,
    latest_check.dirty,
    latest_check.checked_at AS last_checked_at,
    scan.started_at AS missing_since,
    latest_check.host
FROM image
CROSS JOIN scan ON scan.id = image.missing_since_scan_id  -- in this order: few images are missing
CROSS JOIN latest_check ON latest_check.image_id = image.id
ORDER BY missing_since DESC, latest_check.host, latest_check.path;
