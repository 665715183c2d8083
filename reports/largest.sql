-- Which images take the most space on disk?
--
-- :limit (default 20): how many of them
--
-- path: the image
-- outcome: of its latest check
-- disk_bytes: bytes of disk in use
-- file_bytes: length of the file
-- virtual_bytes: bytes that the guest sees
-- host: where it is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    outcome,
    disk_size AS disk_bytes,
    file_size AS file_bytes,
    CASE WHEN outcome NOT IN ('invalid', 'unsupported') THEN image_size END AS virtual_bytes,
    host
FROM latest_check
WHERE present
ORDER BY disk_size DESC, host, path
LIMIT :limit;
