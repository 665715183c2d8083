-- Which images were not closed cleanly?
--
-- path: the image
-- outcome: what the check gave all the same; an image in use is not listed, as it is open
-- corruptions, leaks: of the latest check
-- file_bytes: length of the file
-- checked_at: UTC
-- host: where it is: a machine, or 'pool:' and the name of a pool
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
