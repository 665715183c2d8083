-- Which images could not be checked because they were in use or changing?
--
-- path: the image
-- outcome: in_use or changing
-- message: who has the image open, or what changed
-- last_outcome, last_checked_at: of the latest check that gave a result; UTC
-- seen_at: time of the attempt that gave none; UTC
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    latest_check.path,
    latest_check.outcome,
    latest_check.message,
    known.outcome AS last_outcome,
    known.checked_at AS last_checked_at,
    latest_check.checked_at AS seen_at,
    latest_check.host
FROM latest_check
LEFT JOIN check_result AS known ON known.id = (
    SELECT max(id) FROM check_result
    WHERE image_id = latest_check.image_id AND outcome NOT IN ('in_use', 'changing'))
WHERE latest_check.present AND latest_check.outcome IN ('in_use', 'changing')
-- +: sorted at the end. By the index of paths, all results would be read in the order of the paths, and that is slow.
ORDER BY +latest_check.host, latest_check.path;
