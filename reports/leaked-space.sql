-- How much space do leaked clusters waste, and in which images?
--
-- path: the image; '(all)' for the sum
-- leaks: leaked clusters
-- leaked_bytes: bytes in those clusters
-- share_percent: percentage of the file size
-- qemu_leaks: number of leaks that qemu-img check would print
-- host: where the image is: a machine, or 'pool:' and the name of a pool
SELECT
    path,
    leaks,
    leaked_bytes,
    share_percent,
    qemu_leaks,
    host
FROM (
    SELECT
        0 AS is_total,
        host,
        path,
        leaks,
        leaks * cluster_size AS leaked_bytes,
        round(100.0 * leaks * cluster_size / file_size, 2) AS share_percent,
        qemu_leaks
    FROM latest_check
    WHERE present AND outcome <> 'in_use' AND leaks > 0
    UNION ALL
    SELECT
        1,
        NULL,
        '(all)',
        CAST(total(leaks) AS INTEGER),
        CAST(total(leaks * cluster_size) AS INTEGER),
        round(100.0 * total(leaks * cluster_size) / sum(file_size), 2),
        CAST(total(qemu_leaks) AS INTEGER)
    FROM latest_check
    WHERE present AND outcome <> 'in_use' AND leaks > 0
)
ORDER BY is_total, leaked_bytes DESC, host, path;
