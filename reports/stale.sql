-- Which images have not been checked for a long time?
--
-- :days (default 30): number of days
--
-- path: the image
-- last_outcome, last_checked_at: of the latest check that gave a result; UTC; none if the image has always been in use
-- last_seen_at: start of the latest scan that saw the image, even if it reused an old result; UTC
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    image.path,
    known.outcome AS last_outcome,
    known.checked_at AS last_checked_at,
    last_scan.started_at AS last_seen_at,
    image.host
FROM image
JOIN scan AS first_scan ON first_scan.id = image.first_scan_id
JOIN scan AS last_scan ON last_scan.id = image.last_scan_id
LEFT JOIN check_result AS known ON known.id = (
    SELECT max(id) FROM check_result WHERE image_id = image.id AND outcome NOT IN ('in_use', 'changing'))
WHERE image.missing_since_scan_id IS NULL
    AND ifnull(known.checked_at, first_scan.started_at)
        < strftime('%Y-%m-%d %H:%M:%f', 'now', '-' || :days || ' days')
ORDER BY last_checked_at, image.host, image.path;
