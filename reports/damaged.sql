-- Which images are damaged, worst first?
--
-- path: the image
-- outcome: corrupt, leaking, incomplete or invalid
-- dirty: 1 if the image is marked as not closed cleanly
-- corruptions: invalid or shared entries
-- leaks: clusters that nothing refers to
-- leaked_bytes: bytes in those clusters
-- message: why the check could not be completed
-- checked_at: time of the check, UTC
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    outcome,
    dirty,
    corruptions,
    leaks,
    leaked_bytes,
    message,
    checked_at,
    host
FROM damaged_image
ORDER BY
    outcome = 'leaking',
    corruptions DESC,
    leaks DESC,
    host,
    path;
