-- Was every shard of each pool scanned recently, and do the shards cover all files?
--
-- host: a machine, or 'pool:' and the name of a pool that machines share
-- roots: the directories of the scans
-- shard, shards: the number of the shard, and the number of shards in the newest scan of the same directories
-- state: state of the shard's latest scan: running, completed, interrupted or failed; never if this store has none
-- fault: late, unread (directories not readable or not mounted), gap (next to it are paths that belong to no shard) or overlap
-- node: the machine that scanned it
-- started_at, finished_at: UTC; a scan is late if it began more than a day before the newest one of the directories
-- images: images that the scan saw
-- problems: those of them that are not clean
WITH RECURSIVE
pool (host, roots, shard_count) AS (
    SELECT host, roots, shard_count
    FROM scan
    WHERE id IN (SELECT max(id) FROM scan GROUP BY host, roots) AND shard_count IS NOT NULL
),
expected (host, roots, shard_count, shard_number) AS (
    SELECT host, roots, shard_count, 1 FROM pool
    UNION ALL
    SELECT host, roots, shard_count, shard_number + 1 FROM expected WHERE shard_number < shard_count
),
latest AS MATERIALIZED (
    SELECT max(id) AS id, host, roots, shard_count, shard_number
    FROM scan
    WHERE shard_count IS NOT NULL
    GROUP BY host, roots, shard_count, shard_number
),
shard AS (
    SELECT
        expected.host,
        expected.roots,
        expected.shard_number,
        expected.shard_count,
        ifnull(scan.state, 'never') AS state,
        scan.node,
        scan.started_at,
        scan.finished_at,
        scan.images_seen,
        scan.images_seen - scan.clean AS problems,
        scan.shard_lower,
        scan.shard_upper,
        -- Where it should begin: where the one before it ended, which is not known of one that was never scanned.
        lag(scan.shard_upper, 1, 0) OVER neighbours AS expected_lower,
        EXISTS (SELECT 1 FROM scan_root WHERE scan_id = scan.id AND scan_root.state IN ('unreadable', 'not-mounted'))
            AS is_unread,
        julianday(scan.started_at) < julianday(max(scan.started_at) OVER siblings) - 1 AS is_late
    FROM expected
    LEFT JOIN latest ON latest.host = expected.host AND latest.roots = expected.roots
        AND latest.shard_count = expected.shard_count AND latest.shard_number = expected.shard_number
    LEFT JOIN scan ON scan.id = latest.id
    WINDOW
        siblings AS (PARTITION BY expected.host, expected.roots),
        neighbours AS (PARTITION BY expected.host, expected.roots ORDER BY expected.shard_number)
),
judged AS (
    SELECT
        *,
        ifnull(
            shard_lower > expected_lower OR shard_number = shard_count AND shard_upper < 4294967296, 0) AS has_gap,
        ifnull(shard_lower < expected_lower, 0) AS has_overlap
    FROM shard
)
SELECT
    host,
    (SELECT group_concat(value, ' ') FROM json_each(roots)) AS roots,
    shard_number AS shard,
    shard_count AS shards,
    state,
    nullif(
        ltrim(
            iif(is_unread, ', unread', '') || iif(has_gap, ', gap', '') || iif(has_overlap, ', overlap', '')
                || iif(is_late, ', late', ''),
            ', '),
        '') AS fault,
    node,
    started_at,
    finished_at,
    images_seen AS images,
    problems
FROM judged
ORDER BY
    CASE
        WHEN state IN ('never', 'failed', 'interrupted') THEN 0
        WHEN is_unread OR has_gap OR has_overlap THEN 1
        WHEN is_late THEN 2
        WHEN state = 'running' THEN 3
        ELSE 4
    END,
    host,
    judged.roots,
    shard_number;
