-- Which images are damaged, the worst first?
--
-- path: the image
-- outcome: corrupt, leaking, incomplete or invalid
-- dirty: 1 if it is marked as not closed cleanly
-- corruptions: bad or shared entries
-- leaks: clusters that nothing refers to
-- leaked_bytes: bytes in them
-- message: why it could not be checked to its end
-- checked_at: UTC
-- host: where it is: a machine, or 'pool:' and the name of a pool
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
