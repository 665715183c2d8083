-- Which images were not closed cleanly?
--
-- path: the image
-- outcome: the outcome of the check; images in use are not listed, because they are open
-- corruptions, leaks: results of the latest check
-- file_bytes: size of the file
-- checked_at: time of the check, UTC
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    outcome,
    corruptions,
    leaks,
    file_size AS file_bytes,
    checked_at,
    host
FROM latest_check
WHERE present AND dirty AND outcome <> 'in_use'
-- +: sorted at the end. By the index of paths, all results would be read in the order of the paths, and that is slow.
ORDER BY +host, path;
