-- Which images were not closed cleanly?
--
-- path: the image
-- outcome: what the check gave all the same
-- corruptions, leaks: of the latest check
-- file_bytes: length of the file
-- checked_at: UTC
SELECT
    path,
    outcome,
    corruptions,
    leaks,
    file_size AS file_bytes,
    checked_at
FROM latest_check
WHERE present AND dirty
ORDER BY host, path;
