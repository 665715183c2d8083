-- Which images take up the most space on disk?
--
-- :limit (default 20): number of images to list
--
-- path: the image
-- outcome: outcome of its latest check
-- disk_bytes: bytes used on disk
-- file_bytes: size of the file
-- virtual_bytes: bytes that the guest sees
-- host: where the image is: a machine, or 'pool:' and the name of a pool
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
