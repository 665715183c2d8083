-- What could not be checked, and why?
--
-- path: an image, or a path that could not be read
-- problem: the outcome of the image, or the system call that failed
-- message: the reason
-- seen_at: UTC; errors of paths are those of each host's latest scan, or of the latest scan of each of its shards
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    problem,
    message,
    seen_at,
    host
FROM (
    SELECT
        host,
        path,
        outcome AS problem,
        message,
        checked_at AS seen_at
    FROM latest_check
    WHERE present AND outcome IN ('incomplete', 'invalid', 'unsupported', 'in_use', 'changing')
    UNION ALL
    SELECT
        scan.host,
        path_error.path,
        path_error.operation,
        path_error.message,
        max(scan.started_at)
    FROM path_error
    JOIN scan ON scan.id = path_error.scan_id
    WHERE scan.id IN (SELECT scan_id FROM latest_scan)
    -- A directory that cannot be read is met by each shard.
    GROUP BY scan.host, path_error.path, path_error.path_bytes, path_error.operation, path_error.message
)
ORDER BY host, path, problem, message;
