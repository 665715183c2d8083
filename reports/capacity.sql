-- How much space do the images in each directory take up, and how much could they take up?
--
-- directory: where the images are; '(all)' for the sum
-- images: images directly in the directory
-- virtual_bytes: bytes that guests see
-- file_bytes: sum of the file sizes
-- disk_bytes: bytes used on disk
-- host: where the directory is: a machine, or 'pool:' and the name of a pool
WITH
located AS (
    SELECT
        host,
        -- Without what follows the last slash, and the slash.
        ifnull(nullif(rtrim(rtrim(path, replace(path, '/', '')), '/'), ''), '/') AS directory,
        CASE WHEN outcome NOT IN ('invalid', 'unsupported') THEN image_size END AS virtual_size,
        file_size,
        disk_size
    FROM latest_check
    WHERE present
),
totals AS (
    SELECT
        host,
        directory,
        count(*) AS images,
        total(virtual_size) AS virtual_bytes,
        total(file_size) AS file_bytes,
        total(disk_size) AS disk_bytes
    FROM located
    GROUP BY host, directory
)
SELECT
    directory,
    CAST(images AS INTEGER) AS images,
    CAST(virtual_bytes AS INTEGER) AS virtual_bytes,
    CAST(file_bytes AS INTEGER) AS file_bytes,
    CAST(disk_bytes AS INTEGER) AS disk_bytes,
    host
FROM (
    SELECT *, 0 AS is_total FROM totals
    UNION ALL
    SELECT NULL, '(all)', total(images), total(virtual_bytes), total(file_bytes), total(disk_bytes), 1 FROM totals
)
ORDER BY is_total, disk_bytes DESC, directory, host;
