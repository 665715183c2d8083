-- Which images use features that this program does not know?
--
-- path: the image
-- features: the unknown bits, in hexadecimal
-- message: the reason
-- file_bytes: size of the file
-- checked_at: time of the check, UTC
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    printf('0x%x', features & ~7) AS features,
    message,
    file_size AS file_bytes,
    checked_at,
    host
FROM latest_check
WHERE present AND outcome = 'unsupported'
-- +: sorted at the end. By the index of paths, all results would be read in the order of the paths, and that is slow.
ORDER BY +host, path;
