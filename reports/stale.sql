-- Which images have not been checked for long?
--
-- :days (default 30): how long
--
-- path: the image
-- last_outcome, last_checked_at: of the last check that could tell; UTC; none if it has always been in use
-- last_seen_at: the start of the last scan that saw it; one that used an old result again did not check it; UTC
-- host: where it is: a machine, or 'pool:' and the name of a pool
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
